// Package config turns the environment and a .env file into one checked
// Config. It reads everything once, at start, and reports every mistake at
// once, so that nobody has to restart the server to learn of the next one.
package config

import (
	"errors"
	"log/slog"
	"time"
)

// Config is everything that can be set from outside, checked and with its
// defaults filled in. It is not changed after [Load] and so can be read from
// any goroutine.
type Config struct {
	// Production is true if APP_ENV says so or the server runs on Render.
	Production bool
	// Listen is the address to serve on, as net.Listen takes it. An empty
	// host means all interfaces, port 0 any free port.
	Listen string
	// MetricsAddr is the address of the private listener for metrics; empty
	// means none.
	MetricsAddr string
	LogLevel    slog.Level

	// Secret is the secret from which all keys are derived. It is never empty. If none is
	// set, it is made for this run: sessions end when the process does.
	Secret Secret

	// TemplatesDir and StaticDir are folders to use in place of the embedded
	// ones; empty means embedded. They exist, and TemplatesDir holds every
	// template of Templates.
	TemplatesDir, StaticDir string
	// ContentSecurityPolicy and ContentSecurityPolicyForeign replace the
	// policy that is sent with the embedded pages and with the pages of
	// TemplatesDir; empty means the built-in policy.
	ContentSecurityPolicy, ContentSecurityPolicyForeign string

	// OperatorName, OperatorURL and PrivacyURL are for the embedded start page: who runs the
	// server, how to reach them, and what they say about privacy. The addresses are of https or
	// mailto. Each may be empty.
	OperatorName, OperatorURL, PrivacyURL string
	// SourceURL is where the source code of this server is, by https; empty if nobody knows.
	SourceURL string

	CodeRotation    time.Duration // at least a second
	RoomTTL         time.Duration
	ApprovalTimeout time.Duration
	AbsenceGrace    time.Duration
	ReturnGrace     time.Duration

	MaxRooms           int
	MaxRoomsPerIP      int
	MaxMembers         int // of one room
	MaxMessageLength   int // in characters
	MaxMessagesPerRoom int

	// MessageMemory is how many bytes the messages of all rooms together may take;
	// 0 leaves it to the store.
	MessageMemory int

	MaxConnections      int
	MaxConnectionsPerIP int

	// RateLimits is false only in load tests.
	RateLimits bool
	// AllowedOrigins are the origins besides the server's own whose pages may
	// connect, written as browsers send them.
	AllowedOrigins []string
	TrustedProxies Proxies

	// Warnings tell of settings that work but should be changed. They are for the
	// log and hold no secret.
	Warnings []string
}

// Load reads the variables from environ, which has the form of os.Environ, and
// from the file dotenv. The environment wins over the file, and a blank value
// means the default. A missing file is no mistake. An empty dotenv means no file.
//
// The error joins one *[Mistake] for each problem. No mistake and no warning shows
// the value of a secret.
func Load(environ []string, dotenv string) (Config, error) {
	s, unreadable := readSettings(environ, dotenv)
	v, mistakes := parse(s.values)
	mistakes = append(mistakes, v.contradictions(s.values)...)
	if unreadable == nil {
		mistakes = append(mistakes, v.refusals()...)
	} else { // a missing variable may stand in the file that cannot be read
		mistakes = append(mistakes, unreadable)
	}
	if len(mistakes) > 0 {
		return Config{}, errors.Join(mistakes...)
	}
	cfg := v.config(s.values)
	cfg.Secret = v.secret()
	if len(cfg.Secret) == 0 {
		cfg.Secret = generateSecret()
	}
	cfg.Warnings = v.warnings(s)
	return cfg, nil
}

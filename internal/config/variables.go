package config

import (
	"log/slog"
	"net"
	"strconv"
	"time"
)

// variables has a field for every variable of the environment, with its default.
// Numbers and durations have their bounds in the tags min and max. For all others the
// tag takes tells a person which values are allowed. A variable without a default is
// empty unless set.
type variables struct {
	AppEnv environment `env:"APP_ENV" envDefault:"development" takes:"production or development"`
	Render string      `env:"RENDER"`

	RenderRepo   string `env:"RENDER_GIT_REPO_SLUG"`
	RenderCommit string `env:"RENDER_GIT_COMMIT"`

	Port        int     `env:"PORT" envDefault:"5000" min:"0" max:"65535"`
	Host        host    `env:"HOST" takes:"an IP address or a host name, without a port"`
	MetricsAddr address `env:"METRICS_ADDR" takes:"host:port, or a port alone for 127.0.0.1"`
	LogLevel    level   `env:"LOG_LEVEL" envDefault:"WARNING" takes:"DEBUG, INFO, WARNING, WARN, ERROR, CRITICAL, FATAL or NOTSET"`

	SecretKey      string `env:"SECRET_KEY"`
	FlaskSecretKey string `env:"FLASK_SECRET_KEY"`

	TemplatesDir templatesDir  `env:"TEMPLATES_DIR" takes:"a folder with index.html, waiting_approval.html and chatroom.html"`
	StaticDir    staticDir     `env:"STATIC_DIR" takes:"a folder"`
	CSP          contentPolicy `env:"CONTENT_SECURITY_POLICY" takes:"a Content-Security-Policy in one line of ASCII"`
	CSPForeign   contentPolicy `env:"CONTENT_SECURITY_POLICY_FOREIGN" takes:"a Content-Security-Policy in one line of ASCII"`

	OperatorName label   `env:"OPERATOR_NAME" takes:"a name of up to 100 characters in one line"`
	OperatorURL  contact `env:"OPERATOR_URL" takes:"an address that begins with https:// or mailto:"`
	PrivacyURL   contact `env:"PRIVACY_URL" takes:"an address that begins with https:// or mailto:"`
	SourceURL    webLink `env:"SOURCE_URL" takes:"an address that begins with https://"`

	CodeRotation    duration `env:"CODE_ROTATION" envDefault:"300s" min:"1s" max:"8760h"`
	RoomTTL         duration `env:"ROOM_TTL" envDefault:"24h" min:"1ms" max:"8760h"`
	ApprovalTimeout duration `env:"APPROVAL_TIMEOUT" envDefault:"60s" min:"1ms" max:"8760h"`
	AbsenceGrace    duration `env:"ABSENCE_GRACE" envDefault:"10s" min:"1ms" max:"8760h"`
	ReturnGrace     duration `env:"RETURN_GRACE" envDefault:"10m" min:"1ms" max:"8760h"`

	// The bound keeps a code that is guessed at random from opening a room too
	// often: there are 900,000 codes, and two of them may hold for a room.
	MaxRooms           int `env:"MAX_ROOMS" envDefault:"100" min:"1" max:"100000"`
	MaxRoomsPerIP      int `env:"MAX_ROOMS_PER_IP" envDefault:"3" min:"1" max:"100000"`
	MaxMembers         int `env:"MAX_MEMBERS" envDefault:"50" min:"2" max:"10000"`
	MaxMessageLength   int `env:"MAX_MESSAGE_LENGTH" envDefault:"1000" min:"1" max:"100000"`
	MaxMessagesPerRoom int `env:"MAX_MESSAGES_PER_ROOM" envDefault:"1000" min:"1" max:"100000"`

	MessageMemory size `env:"MESSAGE_MEMORY" takes:"a size from 1MiB to 1TiB, such as 64MiB"`

	// The default holds what MAX_ROOMS and MAX_MEMBERS allow by default, and a fifth more.
	MaxConnections      int `env:"MAX_CONNECTIONS" envDefault:"6000" min:"10" max:"1000000"`
	MaxConnectionsPerIP int `env:"MAX_CONNECTIONS_PER_IP" envDefault:"1000" min:"10" max:"1000000"`

	RateLimits     onOff   `env:"RATE_LIMITS" envDefault:"on" takes:"on or off"`
	AllowedOrigins origins `env:"ALLOWED_ORIGINS" takes:"a comma-separated list of scheme://host[:port] with http or https and nothing after it"`
	TrustedProxies proxies `env:"TRUSTED_PROXIES" takes:"the number of proxies in front of the server, 0 to 10, or a comma-separated list of their addresses and CIDR ranges"`
	RedisURL       string  `env:"REDIS_URL"`
}

// production reports whether the server refuses mistakes that it forgives on a
// developer's machine.
func (v *variables) production() bool {
	return bool(v.AppEnv) || v.Render != ""
}

// listen returns the address to serve on. set tells whether PORT was set: a chosen
// port is meant to be reached from outside.
func (v *variables) listen(set bool) string {
	host := string(v.Host)
	if host == "" && !set {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, strconv.Itoa(v.Port))
}

// proxies returns the trusted proxies. On Render there is always one.
func (v *variables) proxies(set bool) Proxies {
	if !set && v.Render != "" {
		return Proxies{Hops: 1}
	}
	return v.TrustedProxies.Proxies
}

// source returns the address of the source code. Render says of which commit of a repository on
// GitHub it has built the program.
func (v *variables) source() string {
	if v.SourceURL != "" || v.Render == "" || !repository.MatchString(v.RenderRepo) || !commit.MatchString(v.RenderCommit) {
		return string(v.SourceURL)
	}
	return "https://github.com/" + v.RenderRepo + "/tree/" + v.RenderCommit
}

func (v *variables) config(values map[string]string) Config {
	return Config{
		Production:                   v.production(),
		Listen:                       v.listen(values["PORT"] != ""),
		MetricsAddr:                  string(v.MetricsAddr),
		LogLevel:                     slog.Level(v.LogLevel),
		TemplatesDir:                 string(v.TemplatesDir),
		StaticDir:                    string(v.StaticDir),
		ContentSecurityPolicy:        string(v.CSP),
		ContentSecurityPolicyForeign: string(v.CSPForeign),
		OperatorName:                 string(v.OperatorName),
		OperatorURL:                  string(v.OperatorURL),
		PrivacyURL:                   string(v.PrivacyURL),
		SourceURL:                    v.source(),
		CodeRotation:                 time.Duration(v.CodeRotation),
		RoomTTL:                      time.Duration(v.RoomTTL),
		ApprovalTimeout:              time.Duration(v.ApprovalTimeout),
		AbsenceGrace:                 time.Duration(v.AbsenceGrace),
		ReturnGrace:                  time.Duration(v.ReturnGrace),
		MaxRooms:                     v.MaxRooms,
		MaxRoomsPerIP:                v.MaxRoomsPerIP,
		MaxMembers:                   v.MaxMembers,
		MaxMessageLength:             v.MaxMessageLength,
		MaxMessagesPerRoom:           v.MaxMessagesPerRoom,
		MessageMemory:                int(v.MessageMemory),
		MaxConnections:               v.MaxConnections,
		MaxConnectionsPerIP:          v.MaxConnectionsPerIP,
		RateLimits:                   bool(v.RateLimits),
		AllowedOrigins:               v.AllowedOrigins,
		TrustedProxies:               v.proxies(values["TRUSTED_PROXIES"] != ""),
	}
}

package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

const longSecret = "canary-secret-0123456789"

// load reads an environment and the text of a .env file.
func load(t *testing.T, environ []string, dotenv string) (Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(path, []byte(dotenv), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(environ, path)
}

func mustLoad(t *testing.T, environ []string, dotenv string) Config {
	t.Helper()
	cfg, err := load(t, environ, dotenv)
	if err != nil {
		t.Fatalf("Load(%q) = %v", environ, err)
	}
	return cfg
}

// folder makes a folder with files of these names.
func folderWith(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// withLink puts a link named "out" into a folder, and returns the folder.
func withLink(t *testing.T, dir, target string) string {
	t.Helper()
	if err := os.Symlink(target, filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestDefaults(t *testing.T) {
	cfg := mustLoad(t, nil, "")
	if again := mustLoad(t, nil, ""); len(cfg.Secret) != 32 || bytes.Equal(cfg.Secret, again.Secret) {
		t.Errorf("Secret has %d bytes; want 32, other ones each time", len(cfg.Secret))
	}
	if len(cfg.Warnings) != 1 || !strings.Contains(cfg.Warnings[0], "SECRET_KEY") {
		t.Errorf("Warnings = %q, want one on SECRET_KEY", cfg.Warnings)
	}
	cfg.Secret, cfg.Warnings = nil, nil
	want := Config{
		Listen:              "127.0.0.1:5000",
		LogLevel:            slog.LevelWarn,
		CodeRotation:        300 * time.Second,
		RoomTTL:             24 * time.Hour,
		ApprovalTimeout:     60 * time.Second,
		AbsenceGrace:        10 * time.Second,
		ReturnGrace:         10 * time.Minute,
		MaxRooms:            100,
		MaxRoomsPerIP:       3,
		MaxMembers:          50,
		MaxMessageLength:    1000,
		MaxMessagesPerRoom:  1000,
		MaxConnections:      6000,
		MaxConnectionsPerIP: 1000,
		RateLimits:          true,
	}
	if !reflect.DeepEqual(cfg, want) {
		t.Errorf("Load of nothing\n got %+v\nwant %+v", cfg, want)
	}
}

func TestGeneratedSecretsDiffer(t *testing.T) {
	if a, b := mustLoad(t, nil, ""), mustLoad(t, nil, ""); string(a.Secret) == string(b.Secret) {
		t.Error("two runs made the same secret")
	}
}

func TestValues(t *testing.T) {
	templates := folderWith(t, Templates()...)
	static := folderWith(t)
	for name, test := range map[string]struct {
		environ []string
		dotenv  string
		got     func(Config) any
		want    any
	}{
		"unset port is for this machine only": {nil, "", listen, "127.0.0.1:5000"},
		"set port is for everybody":           {with("PORT=5000"), "", listen, ":5000"},
		"port in the file is set too":         {nil, "PORT=8000", listen, ":8000"},
		"host without a port":                 {with("HOST=10.0.0.1"), "", listen, "10.0.0.1:5000"},
		"host with a port":                    {with("HOST=localhost", "PORT=0"), "", listen, "localhost:0"},
		"host of IPv6":                        {with("HOST=::1", "PORT=80"), "", listen, "[::1]:80"},
		"host of IPv6 in brackets":            {with("HOST=[::1]", "PORT=80"), "", listen, "[::1]:80"},
		"the environment wins":                {with("PORT=1"), "PORT=2", listen, ":1"},
		"blank in the environment wins":       {with("PORT= "), "PORT=2", listen, "127.0.0.1:5000"},
		"space around a value":                {with("PORT= 7 "), "", listen, ":7"},
		"a duration":                          {with("ROOM_TTL=2h30m"), "", func(c Config) any { return c.RoomTTL }, 150 * time.Minute},
		"a bare number is seconds":            {with("CODE_ROTATION=30"), "", func(c Config) any { return c.CodeRotation }, 30 * time.Second},
		"a bare fraction is seconds":          {with("ABSENCE_GRACE=0.5"), "", func(c Config) any { return c.AbsenceGrace }, 500 * time.Millisecond},
		"a default may exceed a short room":   {with("ROOM_TTL=5s"), "", func(c Config) any { return c.ReturnGrace }, 10 * time.Minute},
		"approval timeout":                    {with("APPROVAL_TIMEOUT=2m"), "", func(c Config) any { return c.ApprovalTimeout }, 2 * time.Minute},
		"return grace":                        {with("RETURN_GRACE=1h"), "", func(c Config) any { return c.ReturnGrace }, time.Hour},
		"rooms":                               {with("MAX_ROOMS=100000"), "", func(c Config) any { return c.MaxRooms }, 100000},
		"rooms of an address":                 {with("MAX_ROOMS_PER_IP=7"), "", func(c Config) any { return c.MaxRoomsPerIP }, 7},
		"members":                             {with("MAX_MEMBERS=2"), "", func(c Config) any { return c.MaxMembers }, 2},
		"message length":                      {with("MAX_MESSAGE_LENGTH=5"), "", func(c Config) any { return c.MaxMessageLength }, 5},
		"messages":                            {with("MAX_MESSAGES_PER_ROOM=6"), "", func(c Config) any { return c.MaxMessagesPerRoom }, 6},
		"connections":                         {with("MAX_CONNECTIONS=10"), "", func(c Config) any { return c.MaxConnections }, 10},
		"connections of an address":           {with("MAX_CONNECTIONS_PER_IP=50"), "", func(c Config) any { return c.MaxConnectionsPerIP }, 50},
		"memory":                              {with("MESSAGE_MEMORY=128MiB"), "", func(c Config) any { return c.MessageMemory }, 128 << 20},
		"memory in bytes":                     {with("MESSAGE_MEMORY=1048576"), "", func(c Config) any { return c.MessageMemory }, 1 << 20},
		"much memory":                         {with("MESSAGE_MEMORY=1 TiB"), "", func(c Config) any { return c.MessageMemory }, 1 << 40},
		"templates":                           {with("TEMPLATES_DIR=" + templates), "", func(c Config) any { return c.TemplatesDir }, templates},
		"static":                              {with("STATIC_DIR=" + static), "", func(c Config) any { return c.StaticDir }, static},
		"policy":                              {with("CONTENT_SECURITY_POLICY=default-src 'self'"), "", func(c Config) any { return c.ContentSecurityPolicy }, "default-src 'self'"},
		"policy of a foreign folder":          {with("CONTENT_SECURITY_POLICY_FOREIGN=default-src *"), "", func(c Config) any { return c.ContentSecurityPolicyForeign }, "default-src *"},
		"the operator":                        {with("OPERATOR_NAME= Verein für Chat e. V. "), "", func(c Config) any { return c.OperatorName }, "Verein für Chat e. V."},
		"the operator's site":                 {with("OPERATOR_URL=https://chat.example/imprint?lang=en#us"), "", func(c Config) any { return c.OperatorURL }, "https://chat.example/imprint?lang=en#us"},
		"the operator's mail":                 {with("OPERATOR_URL=mailto:hello@chat.example?subject=The%20chat"), "", func(c Config) any { return c.OperatorURL }, "mailto:hello@chat.example?subject=The%20chat"},
		"a scheme in capitals":                {with("PRIVACY_URL=HTTPS://chat.example/privacy"), "", func(c Config) any { return c.PrivacyURL }, "https://chat.example/privacy"},
		"a host with a port":                  {with("PRIVACY_URL=https://[2001:db8::1]:8443/"), "", func(c Config) any { return c.PrivacyURL }, "https://[2001:db8::1]:8443/"},
		"the source":                          {with("SOURCE_URL=https://git.example/chat"), "", source, "https://git.example/chat"},
		"the source on Render":                {onRender("my-org/chat.go", someCommit), "", source, "https://github.com/my-org/chat.go/tree/" + someCommit},
		"the source is not what Render built": {append(onRender("a/b", someCommit), "SOURCE_URL=https://git.example/chat"), "", source, "https://git.example/chat"},
		"not on Render":                       {with("RENDER_GIT_REPO_SLUG=a/b", "RENDER_GIT_COMMIT="+someCommit), "", source, ""},
		"no commit":                           {onRender("a/b", ""), "", source, ""},
		"a commit that is none":               {onRender("a/b", "main"), "", source, ""},
		"no repository":                       {onRender("", someCommit), "", source, ""},
		// Threat: whatever stands in the environment becomes a link.
		"a repository that is none":            {onRender("a/b/../../evil", someCommit), "", source, ""},
		"a repository of dots":                 {onRender("a/..", someCommit), "", source, ""},
		"a repository with markup":             {onRender(`a/b"><script>`, someCommit), "", source, ""},
		"limits off":                           {with("RATE_LIMITS=OFF"), "", func(c Config) any { return c.RateLimits }, false},
		"metrics on a port":                    {with("METRICS_ADDR=9090"), "", func(c Config) any { return c.MetricsAddr }, "127.0.0.1:9090"},
		"metrics on an address":                {with("METRICS_ADDR=[::1]:9090"), "", func(c Config) any { return c.MetricsAddr }, "[::1]:9090"},
		"metrics on the server's port, apart":  {with("METRICS_ADDR=127.0.0.2:5000"), "", func(c Config) any { return c.MetricsAddr }, "127.0.0.2:5000"},
		"metrics and server on any free port":  {with("METRICS_ADDR=0", "PORT=0"), "", func(c Config) any { return c.MetricsAddr }, "127.0.0.1:0"},
		"the new secret wins":                  {with("SECRET_KEY="+longSecret, "FLASK_SECRET_KEY=other"), "", secret, longSecret},
		"the old secret works":                 {with("FLASK_SECRET_KEY=" + longSecret), "", secret, longSecret},
		"the new secret in the file wins":      {with("FLASK_SECRET_KEY=other"), "SECRET_KEY=" + longSecret, secret, longSecret},
		"a secret keeps its space":             {with("SECRET_KEY= " + longSecret), "", secret, " " + longSecret},
		"a blank secret is none":               {with("SECRET_KEY=  ", "FLASK_SECRET_KEY="+longSecret), "", secret, longSecret},
		"a secret with a dollar stays whole":   {nil, "A=x\nSECRET_KEY=0123$A${A}456789abcdef", secret, "0123$A${A}456789abcdef"},
		"so does one in double quotes":         {nil, "SECRET_KEY=\"0123$PATH 456789abc#def\"", secret, "0123$PATH 456789abc#def"},
		"a file of Windows":                    {nil, "\ufeffSECRET_KEY=" + longSecret + "\r\nPORT=3\r\n", listen, ":3"},
		"a file for a shell":                   {nil, "# note\nexport PORT='3' # note\n", listen, ":3"},
		"development is not production":        {with("APP_ENV=Development"), "", func(c Config) any { return c.Production }, false},
		"production":                           {with("APP_ENV=Production", "SECRET_KEY="+longSecret), "", func(c Config) any { return c.Production }, true},
		"Render is production":                 {with("RENDER=true", "SECRET_KEY="+longSecret), "", func(c Config) any { return c.Production }, true},
		"Render is one proxy":                  {with("RENDER=true", "SECRET_KEY="+longSecret), "", func(c Config) any { return c.TrustedProxies }, Proxies{Hops: 1}},
		"Render with other proxies":            {with("RENDER=true", "TRUSTED_PROXIES=2", "SECRET_KEY="+longSecret), "", func(c Config) any { return c.TrustedProxies }, Proxies{Hops: 2}},
		"Render with no proxy":                 {with("RENDER=true", "TRUSTED_PROXIES=0", "SECRET_KEY="+longSecret), "", func(c Config) any { return c.TrustedProxies }, Proxies{}},
		"no Render, no proxy":                  {nil, "", func(c Config) any { return c.TrustedProxies.None() }, true},
		"proxies of one's own are not nothing": {with("TRUSTED_PROXIES=::1"), "", func(c Config) any { return c.TrustedProxies.None() }, false},
		"proxies by address": {with("TRUSTED_PROXIES=10.1.2.3/8, 127.0.0.1,::ffff:192.0.2.1, 2001:db8::1/32"), "", func(c Config) any { return c.TrustedProxies }, Proxies{Prefixes: []netip.Prefix{
			netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.1/32"),
			netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("2001:db8::/32"),
		}}},
		"origins": {with("ALLOWED_ORIGINS=https://Example.com:443, http://localhost:3000,http://[::1]:8080,https://example.com,"), "", func(c Config) any { return c.AllowedOrigins }, []string{
			"https://example.com", "http://localhost:3000", "http://[::1]:8080",
		}},
		"origins that are the same":        {with("ALLOWED_ORIGINS=wss://A.b:443,https://a.b.,ws://a.b:80,http://a.b"), "", func(c Config) any { return c.AllowedOrigins }, []string{"https://a.b", "http://a.b"}},
		"an origin of IPv6 without a port": {with("ALLOWED_ORIGINS=http://[2001:DB8::1]"), "", func(c Config) any { return c.AllowedOrigins }, []string{"http://[2001:db8::1]"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := mustLoad(t, test.environ, test.dotenv)
			if got := test.got(cfg); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %#v, want %#v", got, test.want)
			}
		})
	}
}

func with(pairs ...string) []string { return pairs }
func source(c Config) any           { return c.SourceURL }
func listen(c Config) any           { return c.Listen }
func secret(c Config) any           { return string(c.Secret) }

const someCommit = "0123456789abcdef0123456789abcdef01234567"

func onRender(repo, commit string) []string {
	return with("RENDER=true", "SECRET_KEY="+longSecret, "RENDER_GIT_REPO_SLUG="+repo, "RENDER_GIT_COMMIT="+commit)
}

func TestLogLevels(t *testing.T) {
	for name, want := range map[string]slog.Level{
		"DEBUG": slog.LevelDebug, "debug": slog.LevelDebug,
		"INFO": slog.LevelInfo, "Info": slog.LevelInfo,
		"WARNING": slog.LevelWarn, "WARN": slog.LevelWarn, "warn": slog.LevelWarn,
		"ERROR": slog.LevelError, "CRITICAL": slog.LevelError + 4, "fatal": slog.LevelError + 4,
		"NOTSET": slog.LevelDebug - 4,
	} {
		if got := mustLoad(t, with("LOG_LEVEL="+name), "").LogLevel; got != want {
			t.Errorf("LOG_LEVEL=%s gives %v, want %v", name, got, want)
		}
	}
}

// The .env of somebody who comes from the Flask app works as it is.
func TestFlaskFile(t *testing.T) {
	cfg := mustLoad(t, nil, `
# Flask
FLASK_SECRET_KEY=your-own-secret-of-old
FLASK_ENV=development
FLASK_APP=main.py
WEB_CONCURRENCY=1
PYTHONWARNINGS=ignore
LOG_LEVEL=WARNING
`)
	if string(cfg.Secret) != "your-own-secret-of-old" {
		t.Error("the secret was not taken from FLASK_SECRET_KEY")
	}
	if len(cfg.Warnings) != 0 {
		t.Errorf("Warnings = %q, want none", cfg.Warnings)
	}
}

func TestMissingFileIsFine(t *testing.T) {
	for _, path := range []string{"", filepath.Join(t.TempDir(), "none")} {
		if _, err := Load(nil, path); err != nil {
			t.Errorf("Load(nil, %q) = %v", path, err)
		}
	}
}

func TestMistakes(t *testing.T) {
	production := []string{"APP_ENV=production", "SECRET_KEY=" + longSecret}
	flaskApp := folderWith(t, "templates/index.html", "templates/waiting_approval.html", "templates/chatroom.html")
	file := filepath.Join(folderWith(t, "file"), "file")
	for name, test := range map[string]struct {
		environ  []string
		variable string
		problem  string // part of it
		fix      string // part of it
	}{
		"port is no number":    {with("PORT=http"), "PORT", `"http" is not a whole number`, "0 to 65535"},
		"port out of range":    {with("PORT=65536"), "PORT", "65536 is out of range", "0 to 65535"},
		"port beyond integers": {with("PORT=99999999999999999999"), "PORT", "out of range", "0 to 65535"},
		"negative port":        {with("PORT=-1"), "PORT", "-1 is out of range", "0 to 65535"},
		"host with a port":     {with("HOST=localhost:80"), "HOST", `"localhost:80"`, "without a port"},
		"host with a scheme":   {with("HOST=http://localhost"), "HOST", "not an address", "without a port"},
		"level":                {with("LOG_LEVEL=LOUD"), "LOG_LEVEL", `"LOUD" is not a log level`, "CRITICAL"},
		"environment":          {with("APP_ENV=prod"), "APP_ENV", `"prod"`, "production or development"},
		"limits":               {with("RATE_LIMITS=maybe"), "RATE_LIMITS", `"maybe"`, "on or off"},
		"duration":             {with("ROOM_TTL=soon"), "ROOM_TTL", `"soon" is not a duration`, "24h"},
		"zero duration":        {with("ABSENCE_GRACE=0"), "ABSENCE_GRACE", "0s is out of range", "from 1ms"},
		"negative duration":    {with("RETURN_GRACE=-5m"), "RETURN_GRACE", "-5m0s is out of range", "from 1ms"},
		"endless duration":     {with("ROOM_TTL=9999999h"), "ROOM_TTL", "not a duration", "8760h"},
		"too long a duration":  {with("ROOM_TTL=10000h"), "ROOM_TTL", "10000h0m0s is out of range", "8760h"},
		"code of an instant":   {with("CODE_ROTATION=999ms"), "CODE_ROTATION", "out of range", "from 1s"},
		"rotation beyond life": {with("ROOM_TTL=1h", "CODE_ROTATION=2h"), "CODE_ROTATION", "longer than a room lives", "1h0m0s"},
		"approval beyond life": {with("APPROVAL_TIMEOUT=25h"), "APPROVAL_TIMEOUT", "longer than a room lives", "ROOM_TTL"},
		"absence beyond life":  {with("ABSENCE_GRACE=25h"), "ABSENCE_GRACE", "longer than a room lives", "ROOM_TTL"},
		"return beyond life":   {with("RETURN_GRACE=25h"), "RETURN_GRACE", "longer than a room lives", "ROOM_TTL"},
		"no rooms":             {with("MAX_ROOMS=0"), "MAX_ROOMS", "0 is out of range", "1 to 100000"},
		"too many rooms":       {with("MAX_ROOMS=100001"), "MAX_ROOMS", "out of range", "1 to 100000"},
		"rooms of an address":  {with("MAX_ROOMS_PER_IP=x"), "MAX_ROOMS_PER_IP", "not a whole number", "1 to"},
		"one member":           {with("MAX_MEMBERS=1"), "MAX_MEMBERS", "out of range", "2 to"},
		"message length":       {with("MAX_MESSAGE_LENGTH=1.5"), "MAX_MESSAGE_LENGTH", "not a whole number", "1 to"},
		"messages":             {with("MAX_MESSAGES_PER_ROOM=0"), "MAX_MESSAGES_PER_ROOM", "out of range", "1 to"},
		"no connections":       {with("MAX_CONNECTIONS=0"), "MAX_CONNECTIONS", "0 is out of range", "10 to 1000000"},
		"connections of an IP": {with("MAX_CONNECTIONS_PER_IP=all"), "MAX_CONNECTIONS_PER_IP", "not a whole number", "10 to"},
		"memory in words":      {with("MESSAGE_MEMORY=much"), "MESSAGE_MEMORY", `"much" is not a size`, "64MiB"},
		"memory of a fraction": {with("MESSAGE_MEMORY=1.5GiB"), "MESSAGE_MEMORY", "not a size", "64MiB"},
		"too little memory":    {with("MESSAGE_MEMORY=1023KiB"), "MESSAGE_MEMORY", "out of range", "from 1MiB"},
		"no memory":            {with("MESSAGE_MEMORY=0"), "MESSAGE_MEMORY", "out of range", "from 1MiB"},
		"too much memory":      {with("MESSAGE_MEMORY=9223372036854775807TiB"), "MESSAGE_MEMORY", "out of range", "to 1TiB"},
		"no such templates":    {with("TEMPLATES_DIR=/no/such/folder"), "TEMPLATES_DIR", "does not exist", "index.html"},
		"templates in a file":  {with("TEMPLATES_DIR=" + file), "TEMPLATES_DIR", "is not a folder", "index.html"},
		"template missing":     {with("TEMPLATES_DIR=" + folderWith(t, "index.html")), "TEMPLATES_DIR", "has no readable waiting_approval.html, chatroom.html", "index.html"},
		"the app's folder":     {with("TEMPLATES_DIR=" + flaskApp), "TEMPLATES_DIR", "did you mean", "index.html"},
		"no such static":       {with("STATIC_DIR=/no/such/folder"), "STATIC_DIR", "does not exist", "a folder"},
		// Threat: a link in the folder shows strangers what is beside it, secrets for one.
		"link out of static":     {with("STATIC_DIR=" + withLink(t, folderWith(t), "../secret")), "STATIC_DIR", "out\" (to \"../secret\")", "a folder"},
		"absolute link":          {with("STATIC_DIR=" + withLink(t, folderWith(t), "/etc/passwd")), "STATIC_DIR", "out\" (to \"/etc/passwd\")", "a folder"},
		"link out of templates":  {with("TEMPLATES_DIR=" + withLink(t, folderWith(t, Templates()...), "/etc/passwd")), "TEMPLATES_DIR", "out\" (to \"/etc/passwd\")", "index.html"},
		"metrics without a port": {with("METRICS_ADDR=localhost"), "METRICS_ADDR", "not an address with a port", "host:port"},
		"metrics port":           {with("METRICS_ADDR=localhost:http"), "METRICS_ADDR", "no port", "host:port"},
		"metrics host":           {with("METRICS_ADDR=a b:80"), "METRICS_ADDR", "host", "host:port"},
		"metrics on our port":    {with("METRICS_ADDR=5000"), "METRICS_ADDR", "the server itself", "another port"},
		"metrics beside all":     {with("METRICS_ADDR=5000", "PORT=5000"), "METRICS_ADDR", "the server itself", "another port"},
		"metrics over all":       {with("METRICS_ADDR=0.0.0.0:5000"), "METRICS_ADDR", "the server itself", "another port"},

		// Threat: a line break in a header would let a setting forge others.
		"policy of two lines": {with("CONTENT_SECURITY_POLICY=a\nSet-Cookie: b"), "CONTENT_SECURITY_POLICY", "line break", "one line"},
		"foreign policy":      {with("CONTENT_SECURITY_POLICY_FOREIGN=ä"), "CONTENT_SECURITY_POLICY_FOREIGN", "line break", "ASCII"},

		// Threat: people are led to a script, or to a page that anybody on the way can change.
		"operator by http":          {with("OPERATOR_URL=http://chat.example"), "OPERATOR_URL", `"http://chat.example" does not begin with`, "https:// or mailto:"},
		"operator by script":        {with("OPERATOR_URL=javascript:alert(1)"), "OPERATOR_URL", "does not begin with", "https:// or mailto:"},
		"operator by data":          {with("OPERATOR_URL=data:text/html,x"), "OPERATOR_URL", "does not begin with", "https:// or mailto:"},
		"operator without scheme":   {with("OPERATOR_URL=chat.example"), "OPERATOR_URL", "does not begin with", "https:// or mailto:"},
		"operator on no host":       {with("OPERATOR_URL=https:///imprint"), "OPERATOR_URL", "no host", "https:// or mailto:"},
		"operator not in ASCII":     {with("OPERATOR_URL=https://bücher.de"), "OPERATOR_URL", "xn--", "https:// or mailto:"},
		"operator's port":           {with("OPERATOR_URL=https://a.b:65536"), "OPERATOR_URL", "no port", "https:// or mailto:"},
		"https without slashes":     {with("OPERATOR_URL=https:chat.example"), "OPERATOR_URL", "no host", "https:// or mailto:"},
		"mail to nobody":            {with("OPERATOR_URL=mailto:"), "OPERATOR_URL", "no mail address", "https:// or mailto:"},
		"mail to no address":        {with("OPERATOR_URL=mailto:hello"), "OPERATOR_URL", "no mail address", "https:// or mailto:"},
		"privacy by ftp":            {with("PRIVACY_URL=ftp://a.b"), "PRIVACY_URL", "does not begin with", "https:// or mailto:"},
		"privacy with a space":      {with("PRIVACY_URL=https://a.b/c d"), "PRIVACY_URL", "not an address of this form", "https:// or mailto:"},
		"privacy too long":          {with("PRIVACY_URL=https://a.b/" + strings.Repeat("x", 2000)), "PRIVACY_URL", "2012 bytes", "https:// or mailto:"},
		"source by mail":            {with("SOURCE_URL=mailto:a@b.c"), "SOURCE_URL", "does not begin with https://", "https://"},
		"source by http":            {with("SOURCE_URL=http://a.b"), "SOURCE_URL", "does not begin with https://", "https://"},
		"operator of two lines":     {with("OPERATOR_NAME=a\nb"), "OPERATOR_NAME", "line break", "one line"},
		"operator that turns texts": {with("OPERATOR_NAME=a\u202eb"), "OPERATOR_NAME", "can't be seen", "one line"},
		"operator of no letters":    {with("OPERATOR_NAME=\xff"), "OPERATOR_NAME", "UTF-8", "one line"},
		"operator with a long name": {with("OPERATOR_NAME=" + strings.Repeat("ä", 101)), "OPERATOR_NAME", "101 characters", "up to 100"},

		// Threat: any website could act in the visitor's name.
		"any origin":            {with("ALLOWED_ORIGINS=*"), "ALLOWED_ORIGINS", "every website", "scheme://host[:port]"},
		"no origin":             {with("ALLOWED_ORIGINS=null"), "ALLOWED_ORIGINS", "http://", "scheme://host[:port]"},
		"origin without scheme": {with("ALLOWED_ORIGINS=example.com"), "ALLOWED_ORIGINS", "does not begin", "scheme://host[:port]"},
		"origin of a file":      {with("ALLOWED_ORIGINS=file:///x"), "ALLOWED_ORIGINS", "does not begin", "scheme://host[:port]"},
		"origin with a path":    {with("ALLOWED_ORIGINS=https://a.b/c"), "ALLOWED_ORIGINS", "something after", "scheme://host[:port]"},
		"origin with a slash":   {with("ALLOWED_ORIGINS=https://a.b/"), "ALLOWED_ORIGINS", "something after", "scheme://host[:port]"},
		"origin with a query":   {with("ALLOWED_ORIGINS=https://a.b?c"), "ALLOWED_ORIGINS", "something after", "scheme://host[:port]"},
		"origin with a hash":    {with("ALLOWED_ORIGINS=https://a.b#c"), "ALLOWED_ORIGINS", "something after", "scheme://host[:port]"},
		"origin without host":   {with("ALLOWED_ORIGINS=https://"), "ALLOWED_ORIGINS", "no host", "scheme://host[:port]"},
		"origin with wildcard":  {with("ALLOWED_ORIGINS=https://*.a.b"), "ALLOWED_ORIGINS", "no host", "scheme://host[:port]"},
		"origin not in ASCII":   {with("ALLOWED_ORIGINS=https://bücher.de"), "ALLOWED_ORIGINS", "xn--", "scheme://host[:port]"},
		"origin's port":         {with("ALLOWED_ORIGINS=https://a.b:0"), "ALLOWED_ORIGINS", "no port", "scheme://host[:port]"},
		"origin's empty port":   {with("ALLOWED_ORIGINS=https://a.b:99999"), "ALLOWED_ORIGINS", "no port", "scheme://host[:port]"},
		"two bad origins":       {with("ALLOWED_ORIGINS=https://a.b/c,d"), "ALLOWED_ORIGINS", `, "d" does`, "scheme://host[:port]"},

		// Threat: whoever is trusted too much can choose their address and
		// escape every limit.
		"proxies in words":     {with("TRUSTED_PROXIES=all"), "TRUSTED_PROXIES", `"all"`, "CIDR"},
		"too many proxies":     {with("TRUSTED_PROXIES=11"), "TRUSTED_PROXIES", "11", "0 to 10"},
		"less than no proxies": {with("TRUSTED_PROXIES=-1"), "TRUSTED_PROXIES", "-1", "0 to 10"},
		"number among them":    {with("TRUSTED_PROXIES=1,10.0.0.0/8"), "TRUSTED_PROXIES", `"1"`, "CIDR"},
		"everybody":            {with("TRUSTED_PROXIES=0.0.0.0/0"), "TRUSTED_PROXIES", "everyone", "CIDR"},
		"everybody of IPv6":    {with("TRUSTED_PROXIES=::/0"), "TRUSTED_PROXIES", "everyone", "CIDR"},
		"mapped range":         {with("TRUSTED_PROXIES=::ffff:10.0.0.0/104"), "TRUSTED_PROXIES", "IPv4", "CIDR"},
		"proxy with a zone":    {with("TRUSTED_PROXIES=fe80::1%eth0"), "TRUSTED_PROXIES", "fe80", "CIDR"},

		// Threat: sessions anybody can forge.
		"no secret":           {with("APP_ENV=production"), "SECRET_KEY", "not set", "16 random bytes"},
		"no secret on Render": {with("RENDER=true"), "SECRET_KEY", "not set", "16 random bytes"},
		"short secret":        {with("APP_ENV=production", "SECRET_KEY=123456789012345"), "SECRET_KEY", "15 of at least 16 bytes", "16 random bytes"},
		"short old secret":    {with("RENDER=1", "FLASK_SECRET_KEY=short"), "FLASK_SECRET_KEY", "5 of at least 16 bytes", "16 random bytes"},
		"short new secret":    {with("RENDER=1", "SECRET_KEY=short", "FLASK_SECRET_KEY="+longSecret), "SECRET_KEY", "5 of at least 16 bytes", "16 random bytes"},
		"no limits":           {append(production, "RATE_LIMITS=off"), "RATE_LIMITS", "guess room codes", "on in production"},
		"Redis":               {with("REDIS_URL=redis://:canary@localhost"), "REDIS_URL", "not supported yet", "Leave it unset"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, err := Load(test.environ, "")
			if !reflect.DeepEqual(cfg, Config{}) {
				t.Errorf("Load returned %+v with an error", cfg)
			}
			var mistake *Mistake
			if !errors.As(err, &mistake) {
				t.Fatalf("Load = %v, want a *Mistake", err)
			}
			if mistake.Variable != test.variable || !strings.Contains(mistake.Problem, test.problem) || !strings.Contains(mistake.Fix, test.fix) {
				t.Errorf("got %+v\nwant a mistake of %s with %q and %q", mistake, test.variable, test.problem, test.fix)
			}
			if lines := strings.Split(err.Error(), "\n"); len(lines) != 1 {
				t.Errorf("got %d lines, want 1:\n%v", len(lines), err)
			}
		})
	}
}

func TestAllMistakesAtOnce(t *testing.T) {
	_, err := load(t, with(
		"PORT=x", "LOG_LEVEL=x", "ROOM_TTL=x", "CODE_ROTATION=0", "MAX_ROOMS=x", "TEMPLATES_DIR=/x",
		"ALLOWED_ORIGINS=x", "TRUSTED_PROXIES=x", "REDIS_URL=x", "RATE_LIMITS=off", "APP_ENV=production",
	), "SECRET_KEY=short\nMAX_MEMBERS=x")
	if err == nil {
		t.Fatal("Load found no mistake")
	}
	var variables []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		name, rest, _ := strings.Cut(line, ": ")
		variables = append(variables, name)
		if !regexp.MustCompile(`^.+[^.]\. [A-Z].+[^.]\.$`).MatchString(rest) {
			t.Errorf("the line does not say what is wrong and what to do: %s", line)
		}
	}
	want := []string{
		"PORT", "LOG_LEVEL", "TEMPLATES_DIR", "CODE_ROTATION", "ROOM_TTL", "MAX_ROOMS", "MAX_MEMBERS",
		"ALLOWED_ORIGINS", "TRUSTED_PROXIES", "REDIS_URL", "SECRET_KEY", "RATE_LIMITS",
	}
	if !reflect.DeepEqual(variables, want) {
		t.Errorf("mistakes of\n     %v\nwant %v", variables, want)
	}
}

// Threat: the log of a failed start is shown to hosting staff and pasted into
// questions.
func TestMistakesAndWarningsHideSecrets(t *testing.T) {
	const canary = "canary"
	for name, test := range map[string]struct {
		environ []string
		dotenv  string
	}{
		"short secret in production": {with("APP_ENV=production", "SECRET_KEY="+canary), ""},
		"short secret":               {with("SECRET_KEY=" + canary), ""},
		"short old secret":           {with("FLASK_SECRET_KEY=" + canary), ""},
		"Redis":                      {with("REDIS_URL=redis://:" + canary + "@localhost"), ""},
		"origin with a password":     {with("ALLOWED_ORIGINS=https://user:" + canary + "@a.b"), ""},
		"origin that is no URL":      {with("ALLOWED_ORIGINS=https://" + canary + "@[a"), ""},
		"operator with a password":   {with("OPERATOR_URL=https://user:" + canary + "@a.b"), ""},
		"source with a password":     {with("SOURCE_URL=https://" + canary + "@a.b"), ""},
		"file with a bad name":       {nil, "SECRET KEY=" + canary},
		"file with an open quote":    {nil, "SECRET_KEY='" + canary},
		"file with a lone value":     {nil, "PORT=1\n-" + canary + "\nROOM_TTL=1h"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, err := load(t, test.environ, test.dotenv)
			if text := fmt.Sprint(err, cfg.Warnings); strings.Contains(text, canary) {
				t.Errorf("the secret is shown: %s", text)
			}
		})
	}
}

func TestUnreadableFile(t *testing.T) {
	for name, test := range map[string]struct {
		dotenv string
		want   string
	}{
		"bad name":              {"PORT=1\nSECRET KEY=x\nHOST=a\n", "line 2 "},
		"first line":            {"-\n", "line 1 "},
		"open quote":            {"PORT=1\n\n# note\nHOST='a\nb\n", "line 4 "},
		"after a quoted break":  {"HOST='a\nb'\nPORT=1\n?\n", "line 4 "},
		"without a line break":  {"PORT=1\nHOST", "line 2 "},
		"name without an equal": {"HOST\nPORT=1\n", "line 1 "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, with("ROOM_TTL=x", "APP_ENV=production"), test.dotenv)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("Load = %v, want %q", err, test.want)
			}
			if !strings.Contains(err.Error(), "ROOM_TTL") {
				t.Errorf("the environment's mistake is missing: %v", err)
			}
			if strings.Contains(err.Error(), "SECRET_KEY") {
				t.Errorf("a secret that may stand in the file is called missing: %v", err)
			}
		})
	}
	if _, err := Load(nil, t.TempDir()); err == nil || !strings.Contains(err.Error(), "can't be read") {
		t.Errorf("Load of a folder = %v, want that it can't be read", err)
	}
}

func TestWarnings(t *testing.T) {
	safe := "SECRET_KEY=" + longSecret
	for name, test := range map[string]struct {
		environ []string
		dotenv  string
		want    []string // a part of each warning
	}{
		"none":                       {with(safe), "", nil},
		"no secret":                  {nil, "", []string{"random"}},
		"short secret":               {with("SECRET_KEY=123456789012345"), "", []string{"SECRET_KEY is shorter"}},
		"long enough secret":         {with("SECRET_KEY=1234567890123456"), "", nil},
		"short old secret":           {with("FLASK_SECRET_KEY=x"), "", []string{"FLASK_SECRET_KEY is shorter"}},
		"limits off":                 {with(safe, "RATE_LIMITS=off"), "", []string{"RATE_LIMITS is off"}},
		"production, no proxy named": {with(safe, "APP_ENV=production"), "", []string{"TRUSTED_PROXIES"}},
		"production, no proxy":       {with(safe, "APP_ENV=production", "TRUSTED_PROXIES=0"), "", nil},
		"Render":                     {with(safe, "RENDER=true"), "", nil},
		"metrics for everybody":      {with(safe, "METRICS_ADDR=:9090"), "", []string{"METRICS_ADDR"}},
		"metrics in IPv6":            {with(safe, "METRICS_ADDR=[::]:9090"), "", []string{"METRICS_ADDR"}},
		"metrics for this machine":   {with(safe, "METRICS_ADDR=9090"), "", nil},
		"Flask's production":         {with(safe, "FLASK_ENV=production"), "", []string{"APP_ENV=production"}},
		"Flask's and ours":           {with(safe, "FLASK_ENV=production", "RENDER=true"), "", nil},
		"as many members as fit":     {with(safe, "MAX_ROOMS=40", "MAX_MEMBERS=50", "MAX_CONNECTIONS=2000"), "", nil},
		"more members than fit":      {with(safe, "MAX_ROOMS=40", "MAX_MEMBERS=51", "MAX_CONNECTIONS=2000"), "", []string{"MAX_ROOMS x MAX_MEMBERS is more than MAX_CONNECTIONS"}},
		"fewer connections":          {with(safe, "MAX_CONNECTIONS=4999"), "", []string{"MAX_CONNECTIONS"}},
		"all at their most":          {with(safe, "MAX_ROOMS=100000", "MAX_MEMBERS=10000", "MAX_CONNECTIONS=1000000"), "", []string{"MAX_CONNECTIONS"}},
		"misspelled in the file":     {with(safe), "MAX_ROOM=5\nA=1", []string{"[A MAX_ROOM]"}},
		"unknown in the environment": {with(safe, "MAX_ROOM=5"), "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := mustLoad(t, test.environ, test.dotenv).Warnings
			if len(got) != len(test.want) {
				t.Fatalf("Warnings = %q, want %d", got, len(test.want))
			}
			for i, part := range test.want {
				if !strings.Contains(got[i], part) {
					t.Errorf("Warnings[%d] = %q, want %q in it", i, got[i], part)
				}
			}
		})
	}
}

// Threat: somebody logs or prints the whole Config.
func TestSecretHidesItself(t *testing.T) {
	const canary = "canary-canary-canary"
	cfg := mustLoad(t, with("SECRET_KEY="+canary), "")
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%U"} {
		fmt.Fprintf(&out, verb+"\n", cfg.Secret)
		fmt.Fprintf(&out, verb+"\n", cfg)
		fmt.Fprintf(&out, verb+"\n", &cfg)
	}
	encoded, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(encoded)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "a", cfg.Secret, "b", cfg)
	for _, form := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), "99 97 110", "Y2FuYXJ5"} {
		if strings.Contains(out.String(), form) {
			t.Errorf("the secret is shown as %q:\n%s", form, out.String())
		}
	}
	if !strings.Contains(out.String(), hidden) {
		t.Error("the placeholder is missing")
	}
}

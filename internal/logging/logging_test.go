package logging

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The values that no log may show.
const (
	canary  = "canary"
	uuid    = "6f1ed002-ab5a-4b62-9f3e-0d7a1c2b3d4e"
	code    = "482915"
	address = "203.0.113.77"
	six     = "2001:db8:85a3::8a2e:370:7334"
	lookup  = "jLx3Zk0mQ2y-7_PvTnB1sA"
)

var secrets = []string{canary, uuid, code, address, six, lookup}

// logger returns a logger and what it has written.
func logger(json bool) (*slog.Logger, *bytes.Buffer) {
	var out bytes.Buffer
	return New(&out, Options{Level: slog.LevelDebug, JSON: json, Key: []byte("key")}), &out
}

// bothFormats runs a test with text and with JSON.
func bothFormats(t *testing.T, test func(t *testing.T, l *slog.Logger, out *bytes.Buffer)) {
	t.Helper()
	for name, json := range map[string]bool{"text": false, "JSON": true} {
		t.Run(name, func(t *testing.T) {
			l, out := logger(json)
			test(t, l, out)
		})
	}
}

// times are those of the records. Their digits can be those of a code.
var times = regexp.MustCompile(`(?m)^(\{"time":"|time=)[^" ]+`)

func mustHide(t *testing.T, out *bytes.Buffer) {
	t.Helper()
	if out.Len() == 0 {
		t.Error("nothing was logged")
	}
	written := times.ReplaceAllString(out.String(), "")
	for _, secret := range secrets {
		if strings.Contains(written, secret) {
			t.Errorf("%q is in the log: %s", secret, out)
		}
	}
}

// valuer logs itself as the value it holds.
type valuer struct{ value slog.Value }

func (v valuer) LogValue() slog.Value { return v.value }

type stringer struct{ text string }

func (s stringer) String() string { return s.text }

type brokenError struct{ text *string }

func (e *brokenError) Error() string { return *e.text }

func TestPrivateKeys(t *testing.T) {
	for _, key := range []string{
		"name", "display_name", "displayName", "DisplayName", "user_name", "names", "nickname",
		"message", "content", "text", "body", "payload", "envelope", "invite", "invitation", "lookup", "inviteLookup", "invitations", "code", "new_code", "display-code", "codes",
		"cookie", "set.cookie", "csrf_token", "secret", "SECRET_KEY", "encryptionKey", "password", "authorization",
		"headers", "url", "referer", "query",
		"room", "room_id", "roomID", "RoomId", "rooms", "seat", "knock", "member", "members", "session", "session_id",
		"user", "user_id", "userID", "sender", "id", "IDs", "uuid", "sid", "socket", "conn",
		"address", "addresses", "addr", "remote_addr", "remoteAddr", "ip", "client_ip", "clientIP", "IPs", "peer", "x_forwarded_for",
	} {
		t.Run(key, func(t *testing.T) {
			bothFormats(t, func(t *testing.T, l *slog.Logger, out *bytes.Buffer) {
				l.Info("x", key, canary)
				l.Info("x", slog.Any(key, stringer{canary}))
				l.Info("x", slog.Any(key, []string{canary}))
				l.Info("x", slog.Any(key, errors.New(canary)))
				l.Info("x", slog.Any(key, valuer{slog.StringValue(canary)}))
				l.With(key, canary).Info("x")
				l.WithGroup("g").With(key, canary).Info("x")
				l.WithGroup("g").Info("x", key, canary)
				l.WithGroup(key).Info("x", "a", canary)
				l.Info("x", slog.Group("g", slog.Group("h", key, canary)))
				l.Info("x", slog.Group(key, slog.Group("h", "a", canary)))
				l.Info("x", slog.Group("", key, canary))
				l.Info("x", "g", valuer{slog.GroupValue(slog.String(key, canary))})
				l.Info("x", "g", valuer{slog.AnyValue(valuer{slog.GroupValue(slog.String(key, canary))})})
				mustHide(t, out)
				if lines := strings.Count(out.String(), "\n"); lines != 14 {
					t.Errorf("got %d lines, want 14", lines)
				}
			})
		})
	}
}

func TestPrivateNumbers(t *testing.T) {
	bothFormats(t, func(t *testing.T, l *slog.Logger, out *bytes.Buffer) {
		l.Info("x", "code", 482915)
		l.Info("x", "code", uint64(482915))
		l.Info("x", "user_id", 482915)
		l.Info("x", "code", 482915.0)
		mustHide(t, out)
	})
}

func TestOpenValues(t *testing.T) {
	l, out := logger(true)
	l.Info("room closed",
		"rooms", 3, "members", 4, "messages", uint64(5), "status_code", 404, "event", "join", "count", 482915,
		"took", 1500*time.Millisecond, "session_new", true, "reason", "timed out", "path", "/room/"+uuid+"/status",
		"clock", "12:34:56", "share", 0.5, "state", http.StateActive, "kinds", []string{"a", "b"}, "nothing", nil)
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if _, err := time.Parse(time.RFC3339Nano, got["time"].(string)); err != nil {
		t.Errorf("time = %v: %v", got["time"], err)
	}
	delete(got, "time")
	want := map[string]any{
		"level": "INFO", "msg": "room closed", "rooms": 3.0, "members": 4.0, "messages": 5.0, "status_code": 404.0,
		"event": "join", "count": 482915.0, "took": 1.5e9, "session_new": true, "reason": "timed out",
		"path": "/room/[id]/status", "clock": "12:34:56", "share": 0.5, "state": "active", "kinds": "a, b", "nothing": nil,
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("logged\n     %v\nwant %v", got, want)
	}
}

func TestHashes(t *testing.T) {
	hashOf := func(key string, value any, options Options) string {
		var out bytes.Buffer
		options.JSON = true
		New(&out, options).Info("x", key, value)
		var got map[string]any
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		return got[key].(string)
	}
	one, two := Options{Key: []byte("one")}, Options{Key: []byte("two")}
	if a, b := hashOf("room", uuid, one), hashOf("room", uuid, one); a != b || len(a) != len("#0123456789") {
		t.Errorf("equal values give %q and %q, want the same short hash", a, b)
	}
	if a, b := hashOf("room", uuid, one), hashOf("room_id", uuid, one); a != b {
		t.Errorf("two keys give %q and %q for one value, want the same", a, b)
	}
	if hashOf("room", "a", one) == hashOf("room", "b", one) {
		t.Error("different values give the same hash")
	}
	// Threat: with a known key all IPv4 addresses can be tried.
	if hashOf("ip", address, one) == hashOf("ip", address, two) {
		t.Error("the hash does not depend on the key")
	}
	if a, b := hashOf("ip", address, Options{}), hashOf("ip", address, Options{}); a == b {
		t.Error("two loggers without a key made the same one")
	}
	if got := hashOf("room", "", one); got != "" {
		t.Errorf("the hash of nothing is %q, want nothing", got)
	}
}

// Structs and the like may hold anything: they are not written out.
func TestCompositeValues(t *testing.T) {
	type seat struct{ Name string }
	bothFormats(t, func(t *testing.T, l *slog.Logger, out *bytes.Buffer) {
		for _, value := range []any{
			seat{canary}, &seat{canary}, []seat{{canary}}, map[string]string{"a": canary}, []byte(canary),
			[]any{canary}, stringer{canary}, netip.MustParseAddr(address), net.ParseIP(six),
			&net.TCPAddr{IP: net.ParseIP(address)}, json.RawMessage(canary),
			http.Header{"Cookie": {canary}}, func() string { return canary },
		} {
			l.Info("x", "value", value)
		}
		mustHide(t, out)
		if !strings.Contains(out.String(), "[redacted logging.seat]") {
			t.Errorf("the type is not named: %s", out)
		}
	})
}

// texts are the ways that identifiers get into messages and errors.
var texts = []string{
	"room " + uuid + " closed", "/room/" + strings.ToUpper(uuid), "x" + uuid + "y",
	"code " + code, "code" + code + "x", code, code + "," + code,
	"from " + address, "from " + address + ":8080", "x" + address + "y",
	"from " + six, "from [" + six + "]:443", "from:" + six + ": x", six + "%eth0",
	lookup, "invite=" + lookup, "https://chat.example/#" + lookup, "/#" + lookup + "." + lookup, `{"lookup":"` + lookup + `"}`, "(" + lookup + ")",
	"http: TLS handshake error from " + address + ":4711: EOF",
}

func TestTexts(t *testing.T) {
	for _, text := range texts {
		t.Run(text, func(t *testing.T) {
			bothFormats(t, func(t *testing.T, l *slog.Logger, out *bytes.Buffer) {
				err := errors.New(text)
				l.Info(text)
				l.InfoContext(context.Background(), text)
				l.Info("x", "error", err)
				l.Info("x", "error", fmt.Errorf("outer: %w", err))
				l.Info("x", "error", errors.Join(err, err))
				l.Info("x", "error", &net.OpError{Op: "read", Err: err})
				l.Info("x", "error", valuer{slog.AnyValue(err)})
				l.Info("x", "reason", text)
				l.Info("x", "reasons", []string{text})
				l.With("error", err).WithGroup("g").With("reason", text).Info("x")
				l.Info("x", slog.Group("g", "error", err))
				mustHide(t, out)
				if upper := strings.ToUpper(uuid); strings.Contains(out.String(), upper) {
					t.Errorf("%q is in the log: %s", upper, out)
				}
			})
		})
	}
}

func TestScrub(t *testing.T) {
	for text, want := range map[string]string{
		"":                                       "",
		"room " + uuid:                           "room [id]",
		uuid + uuid:                              "[id][id]",
		"code 482915.":                           "code [code].",
		"482915 482916":                          "[code] [code]",
		"12345 1234567":                          "12345 1234567",
		"10.0.0.1":                               "[address]",
		"at 10.0.0.1:80: refused":                "at [address]: refused",
		"127.0.0.1":                              "[address]",
		"1.2.10.0.0.1":                           "[address]",
		"v1.26.8":                                "v1.26.8",
		"::1":                                    "[address]",
		"[::1]:443 x":                            "[address] x",
		"[2001:db8::1%eth0]:443":                 "[address]",
		"fe80::1%eth0":                           "[address]",
		"2001:db8:1:2:3:4:5:6":                   "[address]",
		"2001:DB8:1:2:3:4:10.0.0.1":              "[address]",
		"::ffff:10.0.0.1":                        "[address]",
		"at 12:34:56 and [12:34:56]":             "at 12:34:56 and [12:34:56]",
		"main.go:12:34: x":                       "main.go:12:34: x",
		"asked by " + lookup + ", in vain":       "asked by [invitation], in vain",
		"/#" + lookup + "." + lookup:             "/#[invitation].[invitation]",
		"invite=" + lookup + "&x=1":              "invite=[invitation]&x=1",
		"AAAAAAAAAAAAAAAAAAAAAA":                 "[invitation]",
		"---------------------A":                 "[invitation]",
		lookup[:21]:                              lookup[:21],
		lookup[:21] + "B":                        lookup[:21] + "B", // no lookup ends so
		"x" + lookup:                             "x" + lookup,
		"counterrevolutionary-ag":                "counterrevolutionary-ag",
		"no-capital-or-digit-ag":                 "no-capital-or-digit-ag",
		strings.Repeat("a1", 16):                 "[token]",
		strings.Repeat("a1", 15):                 strings.Repeat("a1", 15),
		"session=" + strings.Repeat("Az_9-", 20): "session=[token]",
		"an ordinary error: no such file":        "an ordinary error: no such file",
	} {
		if got := Scrub(text); got != want {
			t.Errorf("Scrub(%q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzScrub(f *testing.F) {
	f.Add("", "")
	f.Add("0", "f")
	f.Add("12345678-", "-90ab")
	f.Add("::", "%")
	f.Fuzz(func(t *testing.T, before, after string) {
		for _, secret := range []string{uuid, address} {
			if strings.Contains(before+after, secret) {
				continue
			}
			if got := Scrub(before + secret + after); strings.Contains(got, secret) {
				t.Errorf("Scrub(%q) = %q", before+secret+after, got)
			}
		}
	})
}

// An error that cannot even be asked for its text must not take the caller down.
func TestBrokenErrors(t *testing.T) {
	bothFormats(t, func(t *testing.T, l *slog.Logger, out *bytes.Buffer) {
		var none *brokenError
		l.Info("x", "error", none)
		l.Info("x", "error", &brokenError{})
		if lines := strings.Count(out.String(), "\n"); lines != 2 {
			t.Errorf("got %d lines, want 2: %s", lines, out)
		}
	})
}

// Threat: a line break in a value would forge a line of the log.
func TestOneLineEach(t *testing.T) {
	bothFormats(t, func(t *testing.T, l *slog.Logger, out *bytes.Buffer) {
		l.Info("a\nb", "c", "d\ne", "error", errors.New("f\ng"))
		if lines := strings.Count(out.String(), "\n"); lines != 1 {
			t.Errorf("got %d lines, want 1: %s", lines, out)
		}
	})
}

func TestLevels(t *testing.T) {
	var out bytes.Buffer
	l := New(&out, Options{Level: slog.LevelWarn})
	l.Info("quiet")
	l.Warn("loud")
	if got := out.String(); strings.Contains(got, "quiet") || !strings.Contains(got, "level=WARN msg=loud") {
		t.Errorf("logged %q", got)
	}
	if l := New(io.Discard, Options{}); l.Enabled(t.Context(), slog.LevelDebug) || !l.Enabled(t.Context(), slog.LevelInfo) {
		t.Error("without a level, not everything from info on is written")
	}
}

// The standard log package goes the same way once the logger is the default.
func TestStandardLog(t *testing.T) {
	l, out := logger(false)
	before, flags := slog.Default(), log.Flags()
	slog.SetDefault(l)
	t.Cleanup(func() {
		slog.SetDefault(before)
		log.SetOutput(io.Discard)
		log.SetFlags(flags)
	})
	log.Printf("http: from %s", address)
	slog.Info("x", "room", uuid)
	mustHide(t, out)
}

func TestErrorLogLevels(t *testing.T) {
	for line, want := range map[string]string{
		"http: panic serving 203.0.113.77:1: oh\ngoroutine 1": "level=ERROR msg=\"http: panic serving [address]: oh\\ngoroutine 1\"\n",
		"http: TLS handshake error from 203.0.113.77:1: EOF":  "level=DEBUG msg=\"http: TLS handshake error from [address]: EOF\"\n",
		"http: Accept error: too many open files":             "level=WARN msg=\"http: Accept error: too many open files\"\n",
	} {
		l, out := logger(false)
		ErrorLog(l).Print(line)
		if _, got, _ := strings.Cut(out.String(), " "); got != want {
			t.Errorf("%q is logged as\n     %q\nwant %q", line, got, want)
		}
	}
}

// A real server whose handler panics, asked by a client with an address.
func TestErrorLogOfServer(t *testing.T) {
	written := make(lines, 1)
	l := New(written, Options{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic("no room " + uuid)
	}))
	server.Config.ErrorLog = ErrorLog(l)
	server.Start()
	defer server.Close()
	if response, err := server.Client().Get(server.URL); err == nil {
		response.Body.Close()
		t.Fatal("the handler did not panic")
	}
	line := <-written
	for _, secret := range []string{uuid, "127.0.0.1"} {
		if strings.Contains(line, secret) {
			t.Errorf("%q is in the log: %s", secret, line)
		}
	}
	if !strings.Contains(line, "http: panic serving [address]: no room [id]") {
		t.Errorf("logged %s", line)
	}
}

// lines is a writer that passes on each line.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

func BenchmarkInfo(b *testing.B) {
	l := New(io.Discard, Options{Key: []byte("key")})
	b.ReportAllocs()
	for b.Loop() {
		l.Info("member joined", "room", uuid, "count", 3, "took", time.Millisecond)
	}
}

// Threat: a lookup in an address or in JSON stands behind a sign that is written by letters and digits.
func TestScrubFindsLookupsBehindQuotedSigns(t *testing.T) {
	const lookup = "AAECAwQFBgcICQoLDA0ODw"
	for _, sign := range []string{"%23", "%3D", "%2f", `\u0023`, `\x23`, `\n`, `\t`} {
		for _, end := range []string{"", `"`, ".more", `\n`} {
			if got, want := Scrub("/"+sign+lookup+end), "/"+sign+"[invitation]"+end; got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
	}
}

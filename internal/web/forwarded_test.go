package web

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

func TestParseNode(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.1":                  "192.0.2.1",
		" 192.0.2.1\t":               "192.0.2.1",
		"192.0.2.1:8080":             "192.0.2.1", // Azure
		`"192.0.2.1:47011"`:          "192.0.2.1",
		"::ffff:192.0.2.1":           "192.0.2.1",
		"2001:db8::1":                "2001:db8::1", // X-Forwarded-For has no brackets
		"[2001:db8::1]":              "2001:db8::1",
		`"[2001:db8::1]:4711"`:       "2001:db8::1", // RFC 7239
		`"[2001:DB8:0:0:0:0:0:1]"`:   "2001:db8::1",
		"[fe80::1%eth0]":             "fe80::1",
		`"192.0.2.1:_port"`:          "192.0.2.1", // RFC 7239, section 6.3
		"":                           "",
		"unknown":                    "",
		"_hidden":                    "",
		"_SEVKISEK":                  "",
		"[2001:db8::1":               "",
		"[2001:db8::1]x":             "",
		"2001:db8::1]:80":            "",
		"192.0.2.1:80:80":            "",
		"192.0.2.1:8 0":              "",
		"192.0.2.300":                "",
		"0192.0.2.1":                 "",
		"chat.example":               "",
		"192.0.2.1/24":               "",
		strings.Repeat("1.", 10_000): "",
	} {
		got, ok := parseNode(text)
		if ok != (want != "") || ok && got != netip.MustParseAddr(want) {
			t.Errorf("%.40q is %v (%v), want %q", text, got, ok, want)
		}
	}
}

func TestParseForwarded(t *testing.T) {
	type e = forwardedElement
	for _, test := range []struct {
		lines []string
		want  []e // nil if malformed
	}{
		{[]string{`for=192.0.2.1`}, []e{{node: "192.0.2.1"}}},
		{[]string{`For="[2001:db8::1]:47";Proto=https;host=chat.example;by=10.0.0.1`}, []e{{"[2001:db8::1]:47", "chat.example", "https"}}},
		{[]string{`for=192.0.2.1, for=198.51.100.1`}, []e{{node: "192.0.2.1"}, {node: "198.51.100.1"}}},
		{[]string{`for=192.0.2.1`, `for=198.51.100.1;host="a.example:8443"`}, []e{{node: "192.0.2.1"}, {node: "198.51.100.1", host: "a.example:8443"}}},
		{[]string{`for="a, for=b;\"c"; proto=http ,for=d`}, []e{{node: `a, for=b;"c`, proto: "http"}, {node: "d"}}},
		{[]string{`;;for=a;, ,for=b,`}, []e{{node: "a"}, {node: "b"}}},
		{[]string{`host=x`}, []e{{host: "x"}}},
		{[]string{`for=a, by=b`}, []e{{node: "a"}, {}}}, // a proxy that says nothing of who came to it
		{[]string{`for=a b`}, nil},
		{[]string{`for="a`}, nil},
		{[]string{`for="a\`}, nil},
		{[]string{`for=a"b`}, nil},
		{[]string{`for`}, nil},
		{[]string{`=a`}, nil},
		{[]string{`"for"=a`}, nil},
		{[]string{`for="a"b`}, nil},
		{[]string{`for="1.2.3.4, for=5.6.7.8`, `for=192.0.2.1"`}, nil}, // a quote over two lines
	} {
		got, ok := parseForwarded(test.lines)
		if ok != (test.want != nil) || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%q: %+v (%v), want %+v", test.lines, got, ok, test.want)
		}
	}
}

func FuzzParseForwarded(f *testing.F) {
	for _, seed := range []string{`for=192.0.2.1;host=x`, `for="[::1]:2"`, `;,="\`, "", "a=b;c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		elements, ok := parseForwarded([]string{line})
		if !ok && elements != nil {
			t.Error("something was made of a malformed header")
		}
		for _, e := range elements {
			parseNode(e.node)
			parseHost(e.host)
		}
	})
}

// addressOf returns what requests with these headers are counted by, one after the other.
func addressOf(t *testing.T, proxies Proxies, peer string, headers ...http.Header) (got []string) {
	t.Helper()
	h := newHandler(t, &fakeService{}, func(o *Options) {
		o.Proxies = proxies
		o.Socket = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = append(got, Networks(r)[0].Key) })
	})
	b := newBrowser(t, h)
	for _, header := range headers {
		b.get("/socket.io/", from(peer), func(r *http.Request) {
			for name, values := range header {
				r.Header[http.CanonicalHeaderKey(name)] = values
			}
		})
	}
	return got
}

func TestAddressByEveryForm(t *testing.T) {
	prefixes := Proxies{Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	const client, peer = "192.0.2.1", "10.0.0.1"
	long := strings.Repeat("203.0.113.5, ", 1000)
	for _, test := range []struct {
		name    string
		proxies Proxies
		header  http.Header
		want    string
	}{
		{"Forwarded", Proxies{Hops: 1}, http.Header{"Forwarded": {"for=192.0.2.1;proto=https"}}, client},
		{"Forwarded, quoted with a port", Proxies{Hops: 1}, http.Header{"Forwarded": {`for="192.0.2.1:4711"`}}, client},
		{"Forwarded, IPv6", Proxies{Hops: 1}, http.Header{"Forwarded": {`For="[2001:db8:1:2:3::4]:4711"`}}, "2001:db8:1:2::"},
		{"Forwarded, forged in front", Proxies{Hops: 1}, http.Header{"Forwarded": {"for=203.0.113.5, for=192.0.2.1"}}, client},
		{"Forwarded, forged on a line of its own", Proxies{Hops: 1}, http.Header{"Forwarded": {"for=203.0.113.5", "for=192.0.2.1"}}, client},
		{"Forwarded, an open quote in front", Proxies{Hops: 1}, http.Header{"Forwarded": {`for="203.0.113.5`, "for=192.0.2.1"}}, peer},
		{"Forwarded over trusted ones", prefixes, http.Header{"Forwarded": {"for=203.0.113.5, for=192.0.2.1, for=10.2.2.2"}}, client},
		{"Forwarded, hidden", Proxies{Hops: 1}, http.Header{"Forwarded": {"for=_hidden"}}, peer},
		{"Forwarded, unknown before a trusted one", prefixes, http.Header{"Forwarded": {"for=192.0.2.1, for=unknown, for=10.2.2.2"}}, peer},
		{"Forwarded without for", Proxies{Hops: 1}, http.Header{"Forwarded": {"proto=https"}}, peer},

		{"a port", Proxies{Hops: 1}, http.Header{"X-Forwarded-For": {"192.0.2.1:4711"}}, client},
		{"IPv6 in brackets with a port", Proxies{Hops: 1}, http.Header{"X-Forwarded-For": {"[2001:db8:1:2::3]:4711"}}, "2001:db8:1:2::"},
		{"empty entries", Proxies{Hops: 1}, http.Header{"X-Forwarded-For": {"203.0.113.5,, 192.0.2.1 ,"}}, client},
		{"two lines", Proxies{Hops: 2}, http.Header{"X-Forwarded-For": {"203.0.113.5, 192.0.2.1", "10.9.9.9"}}, client},
		{"fewer than there are proxies", Proxies{Hops: 3}, http.Header{"X-Forwarded-For": {"203.0.113.5, 192.0.2.1"}}, peer},
		{"an absurd chain", Proxies{Hops: 1}, http.Header{"X-Forwarded-For": {long + client}}, client},
		{"an absurd chain of trusted ones", prefixes, http.Header{"X-Forwarded-For": {client + strings.Repeat(",10.0.0.2", 1500)}}, client},
		// Somebody within the proxies' own network, where the chain begins.
		{"nobody but trusted ones", prefixes, http.Header{"X-Forwarded-For": {"10.0.0.2, 10.0.0.3"}}, "10.0.0.2"},
		{"Forwarded, nobody but trusted ones", prefixes, http.Header{"Forwarded": {"for=10.0.0.2, for=10.0.0.3"}}, "10.0.0.2"},
		{"garbage", Proxies{Hops: 1}, http.Header{"X-Forwarded-For": {client + ", <script>"}}, peer},

		{"X-Real-IP", Proxies{Hops: 1}, http.Header{"X-Real-IP": {client}}, client},
		{"X-Real-IP twice", prefixes, http.Header{"X-Real-IP": {"203.0.113.5", client}}, client},
		{"X-Real-IP behind two", Proxies{Hops: 2}, http.Header{"X-Real-IP": {client}}, peer},
		{"X-Real-IP beside a chain", Proxies{Hops: 1}, http.Header{"X-Real-IP": {"203.0.113.5"}, "X-Forwarded-For": {client}}, client},
		// A client wrote it into the header that our proxy does not know.
		{"a forged Forwarded", Proxies{Hops: 1}, http.Header{"Forwarded": {"for=203.0.113.5"}, "X-Forwarded-For": {client}}, client},
		{"a header of Cloudflare's alone", Proxies{Hops: 1}, http.Header{"CF-Connecting-IP": {client}}, peer},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := addressOf(t, test.proxies, peer+":5", test.header)[0]; got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
			// Somebody who found the way around the proxy cannot name an address.
			for _, none := range []Proxies{{}, {Prefixes: []netip.Prefix{netip.MustParsePrefix("10.99.0.0/16")}}} {
				if got := addressOf(t, none, peer+":5", test.header)[0]; got != peer {
					t.Errorf("believed from a stranger: %q", got)
				}
			}
		})
	}
}

// A proxy that writes Forwarded passes on the other header as the client wrote it.
func TestTheHeaderThatTheProxyWritesIsBelieved(t *testing.T) {
	forwarded, xff := http.Header{"Forwarded": {"for=192.0.2.1"}}, http.Header{"X-Forwarded-For": {"192.0.2.2"}}
	both := http.Header{"Forwarded": {"for=192.0.2.1"}, "X-Forwarded-For": {"192.0.2.2"}}
	for name, test := range map[string]struct {
		headers []http.Header
		want    string
	}{
		"Forwarded":                     {[]http.Header{forwarded, both}, "192.0.2.1"},
		"X-Forwarded-For":               {[]http.Header{xff, both}, "192.0.2.2"},
		"now the one and now the other": {[]http.Header{xff, forwarded, both}, "10.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			got := addressOf(t, Proxies{Hops: 1}, "10.0.0.1:5", test.headers...)
			if last := got[len(got)-1]; last != test.want {
				t.Errorf("%q, want %q", last, test.want)
			}
		})
	}
}

func TestSecureByEveryForm(t *testing.T) {
	for _, test := range []struct {
		header http.Header
		want   bool
	}{
		{http.Header{"X-Forwarded-Proto": {"https"}}, true},
		{http.Header{"X-Forwarded-Proto": {"https,http"}}, true},
		{http.Header{"X-Forwarded-Proto": {"wss"}}, true}, // Traefik, of a websocket
		{http.Header{"X-Forwarded-Proto": {"ws"}}, false},
		{http.Header{"X-Forwarded-Proto": {"http"}, "X-Forwarded-Ssl": {"on"}}, false},
		{http.Header{"X-Forwarded-Protocol": {"https"}}, true},
		{http.Header{"X-Forwarded-Scheme": {"https"}}, true},
		{http.Header{"X-Scheme": {"https"}}, true},
		{http.Header{"X-Forwarded-Ssl": {"on"}}, true},
		{http.Header{"X-Forwarded-Ssl": {"off"}}, false},
		{http.Header{"Front-End-Https": {"On"}}, true},
		{http.Header{"CloudFront-Forwarded-Proto": {"https"}}, true},
		{http.Header{"Forwarded": {`for=192.0.2.1;proto=https`}}, true},
		{http.Header{"Forwarded": {`for=192.0.2.1;Proto="HTTPS"`}}, true},
		{http.Header{"Forwarded": {`for=192.0.2.1;proto=http`}}, false},
		{http.Header{"Forwarded": {`for=203.0.113.5;proto=https, for=192.0.2.1;proto=http`}}, false},
		{http.Header{"Forwarded": {`proto=https;for="`}}, false},
		{http.Header{"X-Forwarded-Port": {"443"}}, false},
		{http.Header{"X-Forwarded-For": {"192.0.2.1"}, "Forwarded": {"for=192.0.2.1;proto=https"}}, false}, // the client's own
	} {
		for _, proxies := range []Proxies{{}, {Hops: 1}} {
			h := newHandler(t, &fakeService{}, func(o *Options) { o.Proxies = proxies })
			page := newBrowser(t, h).get("/", func(r *http.Request) {
				for name, values := range test.header {
					r.Header[http.CanonicalHeaderKey(name)] = values
				}
			})
			want := test.want && proxies.Hops > 0
			for _, c := range page.Cookies() {
				if c.Secure != want || strings.HasPrefix(c.Name, "__Host-") != want {
					t.Errorf("%v, %d trusted: cookie %s, Secure %v", test.header, proxies.Hops, c.Name, c.Secure)
				}
			}
			if len(page.Cookies()) == 0 {
				t.Error("no cookie")
			}
		}
	}
}

func TestEqualOriginsAreEqual(t *testing.T) {
	for _, test := range []struct {
		name, host, origin string
		header             http.Header
		want, trusted      bool // from anybody, from a trusted proxy
	}{
		{"the same", "chat.example", "https://chat.example", nil, true, true},
		{"default port in the origin", "chat.example", "https://chat.example:443", nil, true, true},
		{"default port of http", "chat.example", "http://chat.example:80", nil, true, true},
		{"default port in the host", "chat.example:443", "https://chat.example", nil, true, true},
		{"the proxy's own port", "chat.example:80", "https://chat.example", nil, true, true},
		{"case", "Chat.Example", "HTTPS://chat.EXAMPLE", nil, true, true},
		{"a dot at the end", "chat.example.", "https://chat.example", nil, true, true},
		{"a websocket's scheme", "chat.example", "wss://chat.example", nil, true, true},
		{"a websocket's scheme, plain", "chat.example:8080", "ws://chat.example:8080", nil, true, true},
		{"a websocket's default port", "chat.example", "wss://chat.example:443", nil, true, true},
		{"IPv6", "[::1]:5000", "http://[0:0:0:0:0:0:0:1]:5000", nil, true, true},
		{"another port", "chat.example", "https://chat.example:8443", nil, false, false},
		{"the other scheme's port", "chat.example", "https://chat.example:80", nil, false, false},
		{"the other scheme's port in both", "chat.example:80", "https://chat.example:80", nil, true, true},
		{"the port of https, plain", "chat.example:443", "http://chat.example:443", nil, true, true},
		{"the other default port", "chat.example:443", "https://chat.example:80", nil, false, false},
		{"a port in the host alone", "chat.example:8443", "https://chat.example", nil, false, false},
		{"another host", "chat.example", "https://chat.example.evil.example", nil, false, false},
		{"a user", "chat.example", "https://chat.example@evil.example", nil, false, false},
		{"a host in the user", "chat.example", "https://evil.example:1@chat.example", nil, false, false},
		{"a path", "chat.example", "https://chat.example/x", nil, false, false},
		{"another scheme", "chat.example", "ftp://chat.example", nil, false, false},
		{"an extension", "chat.example", "chrome-extension://chat.example", nil, false, false},
		{"no scheme", "chat.example", "//chat.example", nil, false, false},
		{"nothing but a scheme", "chat.example", "https://", nil, false, false},
		{"no host", "", "https://", nil, false, false},
		{"an allowed one", "internal", "https://other.example", nil, true, true},
		{"an allowed one with its port", "internal", "wss://OTHER.example:443", nil, true, true},

		{"X-Forwarded-Host", "internal:5000", "https://chat.example", http.Header{"X-Forwarded-Host": {"chat.example"}}, false, true},
		{"with the default port", "internal:5000", "https://chat.example", http.Header{"X-Forwarded-Host": {"chat.example:443"}}, false, true},
		{"with a port", "internal:5000", "https://chat.example:8443", http.Header{"X-Forwarded-Host": {"chat.example:8443"}}, false, true},
		{"several", "internal", "https://chat.example", http.Header{"X-Forwarded-Host": {"chat.example, internal"}}, false, true},
		{"X-Original-Host", "internal", "https://chat.example", http.Header{"X-Original-Host": {"chat.example"}}, false, true},
		{"X-Forwarded-Port", "chat.example", "https://chat.example:8443", http.Header{"X-Forwarded-Port": {"8443"}}, false, true},
		{"X-Forwarded-Port and -Host", "internal:5000", "https://chat.example:8443", http.Header{"X-Forwarded-Host": {"chat.example"}, "X-Forwarded-Port": {"8443"}}, false, true},
		{"X-Forwarded-Port of the proxy's own", "chat.example", "https://chat.example", http.Header{"X-Forwarded-Port": {"8080"}}, true, true},
		{"X-Forwarded-Port of another", "chat.example", "https://chat.example:9", http.Header{"X-Forwarded-Port": {"8080"}}, false, false},
		{"X-Forwarded-Port of nonsense", "chat.example", "https://chat.example:8443", http.Header{"X-Forwarded-Port": {"8443x"}}, false, false},
		{"Forwarded", "internal", "https://chat.example:8443", http.Header{"Forwarded": {`for=192.0.2.1;host="chat.example:8443";proto=https`}}, false, true},
		{"Forwarded of the client's own", "chat.example", "https://chat.example", http.Header{"X-Forwarded-For": {"192.0.2.1"}, "Forwarded": {"for=192.0.2.1;host=evil.example"}}, true, true},
		{"http to what is https", "chat.example", "http://chat.example", http.Header{"X-Forwarded-Proto": {"https"}}, true, false},
		{"the origin twice", "chat.example", "https://chat.example", http.Header{"Origin": {"https://chat.example", "https://evil.example"}}, false, false},
		{"the judgement twice", "chat.example", "https://evil.example", http.Header{"Sec-Fetch-Site": {"same-origin", "cross-site"}}, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := http.NewRequest(http.MethodPost, "http://internal/", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Host, r.RemoteAddr = test.host, "10.0.0.1:5"
			r.Header.Set("Origin", test.origin)
			for name, values := range test.header {
				r.Header[http.CanonicalHeaderKey(name)] = values
			}
			allowed := []string{"https://other.example"}
			if got := NewOrigins(Proxies{}, allowed).Accept(r); got != test.want {
				t.Errorf("from anybody: %v", got)
			}
			if got := NewOrigins(Proxies{Hops: 1}, allowed).Accept(r); got != test.trusted {
				t.Errorf("from a trusted proxy: %v", got)
			}
		})
	}
}

// A proxy that nobody configured is told of once, without anybody's address.
func TestUntrustedProxyIsToldOfOnce(t *testing.T) {
	for _, test := range []struct {
		proxies Proxies
		header  string
		warns   int
	}{
		{Proxies{}, "X-Forwarded-For", 1},
		{Proxies{}, "Forwarded", 1},
		{Proxies{}, "X-Real-Ip", 1},
		{Proxies{}, "X-Nothing", 0},
		{Proxies{Hops: 1}, "X-Forwarded-For", 0},
		{Proxies{Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, "X-Forwarded-For", 1},
	} {
		var log bytes.Buffer
		b := newBrowser(t, newHandler(t, &fakeService{}, func(o *Options) {
			o.Proxies, o.Log = test.proxies, slog.New(slog.NewTextHandler(&log, nil))
		}))
		for range 3 {
			b.get("/", header(test.header, "198.51.100.7"))
		}
		if n := strings.Count(log.String(), "TRUSTED_PROXIES"); n != test.warns {
			t.Errorf("%v, %s: %d warnings, want %d", test.proxies, test.header, n, test.warns)
		}
		if strings.Contains(log.String(), "198.51.100.7") || strings.Contains(log.String(), "192.0.2.1") {
			t.Errorf("an address is in the log: %s", &log)
		}
	}
}

package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
)

func TestSecurityHeaders(t *testing.T) {
	b := newBrowser(t, newHandler(t, &fakeService{}))
	for _, path := range []string{"/", "/nothing", "/static/nothing", "/socket.io/socket.io.min.js", "/healthz"} {
		h := b.get(path).Header
		for name, want := range map[string]string{
			"X-Content-Type-Options":     "nosniff",
			"Referrer-Policy":            "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin",
			"X-Frame-Options":            "DENY",
			"Strict-Transport-Security":  "",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s %q, want %q", path, name, got, want)
			}
		}
		if h.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: no policy", path)
		}
		// The pages use these.
		for _, feature := range []string{"clipboard", "vibrate", "notifications", "fullscreen", "autoplay"} {
			if strings.Contains(h.Get("Permissions-Policy"), feature) {
				t.Errorf("%s is denied", feature)
			}
		}
	}
	b.tls = true
	if b.get("/").Header.Get("Strict-Transport-Security") == "" {
		t.Error("no Strict-Transport-Security on TLS")
	}
}

// Threat: a file of somebody's own STATIC_DIR is opened by its address, and runs a script as this site
// without a policy. So all that can run or load something has one, and only what cannot goes without.
func TestPoliciesOfStaticFiles(t *testing.T) {
	const all, own, none = "everywhere", "not on the embedded pages", "nowhere"
	names := map[string]string{
		"a.html": all, "a.HTML": all, "a.htm": all, "a.xhtml": all, "a.xml": all, "a.svg": all, "a.SVG": all, "a.pdf": all, "a.rss": all,
		"a.wasm": all, "a.unknown": all, "a": all, "a.txt.html": all, "a.png.svg": all,
		"a.js": own, "a.mjs": own, "a.css": own,
		"a.png": none, "a.PNG": none, "a.ico": none, "a.woff2": none, "a.json": none, "a.map": none, "a.txt": none, "a.webmanifest": none,
	}
	files := fstest.MapFS{}
	for name := range names {
		files[name] = &fstest.MapFile{Data: []byte("<script>alert(1)</script>")}
	}
	policies := []string{"Content-Security-Policy", "Cross-Origin-Opener-Policy", "Permissions-Policy", "Referrer-Policy", "X-Frame-Options"}
	for _, foreign := range []bool{false, true} {
		for _, fixed := range []bool{false, true} {
			b := newBrowser(t, newHandler(t, &fakeService{}, func(o *Options) { o.Static, o.StaticFixed, o.Foreign = files, fixed, foreign }))
			b.tls = true
			page := b.get("/")
			for name, where := range names {
				path := "/static/" + name
				got := b.get(path)
				for what, h := range map[string]http.Header{
					"GET": got.Header, "HEAD": b.do("HEAD", path, nil).Header, "packed": b.get(path, header("Accept-Encoding", "br")).Header,
					"part": b.get(path, header("Range", "bytes=0-1")).Header, "unchanged": b.get(path, header("If-None-Match", got.Header.Get("ETag"))).Header,
				} {
					if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Strict-Transport-Security") == "" {
						t.Errorf("%s %s: %v", what, name, h)
					}
					for _, policy := range policies {
						want := page.Header.Get(policy)
						if where == none || where == own && !foreign {
							want = ""
						}
						if h.Get(policy) != want {
							t.Errorf("%s %s, foreign %v: %s %q, want %q", what, name, foreign, policy, h.Get(policy), want)
						}
					}
				}
				if kind := got.Header.Get("Content-Type"); where == none && strings.Contains(kind, "ml") {
					t.Errorf("%s has no policies and is %s", name, kind)
				}
			}
		}
	}
}

// Each header that says what an answer depends on says it once.
func TestVaryNamesNothingTwice(t *testing.T) {
	own := fstest.MapFS{"sw.js": {Data: []byte("self")}, "a.css": {Data: []byte("a {}")}}
	for _, foreign := range []bool{false, true} {
		b := newBrowser(t, newHandler(t, &fakeService{}, func(o *Options) { o.Static, o.Foreign = own, foreign }))
		for _, path := range []string{"/", "/sw.js", "/static/a.css", "/nothing", "/static/nothing", "/socket.io/socket.io.min.js", "/healthz"} {
			for _, asked := range []func(*http.Request){header("Accept-Encoding", "br, gzip"), header("Service-Worker", "script"), header("Accept", "application/json")} {
				varies := map[string]bool{}
				for name := range strings.SplitSeq(strings.Join(b.get(path, asked).Header.Values("Vary"), ","), ",") {
					if name = strings.TrimSpace(name); varies[name] {
						t.Errorf("%s, foreign %v: %s twice", path, foreign, name)
					}
					varies[name] = true
				}
			}
		}
	}
}

// directives returns the policy of a page by directive.
func directives(t *testing.T, policy string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for directive := range strings.SplitSeq(policy, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), " ")
		if _, twice := all[name]; twice || name == "" {
			t.Errorf("directive %q in %q", name, policy)
		}
		all[name] = value
	}
	return all
}

func TestContentSecurityPolicy(t *testing.T) {
	own := newBrowser(t, newHandler(t, &fakeService{}))
	policy := directives(t, own.get("/").Header.Get("Content-Security-Policy"))
	for name, want := range map[string]string{
		"default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self' data:",
		"connect-src": "'self' ws://chat.example", "form-action": "'self'", "base-uri": "'none'", "frame-ancestors": "'none'",
		"worker-src": "'self'", "require-trusted-types-for": "'script'", "trusted-types": "inert-markup service-worker",
	} {
		if policy[name] != want {
			t.Errorf("own: %s %q, want %q", name, policy[name], want)
		}
	}
	own.tls = true
	policy = directives(t, own.get("/").Header.Get("Content-Security-Policy"))
	if policy["connect-src"] != "'self' wss://chat.example" {
		t.Errorf("own, TLS: connect-src %q", policy["connect-src"])
	}

	foreign := newBrowser(t, newHandler(t, &fakeService{}, func(o *Options) { o.Foreign = true }))
	policy = directives(t, foreign.get("/").Header.Get("Content-Security-Policy"))
	for name, sources := range map[string][]string{
		"script-src":      {"'self'", "https:", "'unsafe-inline'"},
		"style-src":       {"'self'", "https:", "'unsafe-inline'"},
		"default-src":     {"'self'", "https:", "data:"}, // fonts and images
		"connect-src":     {"'self'", "https:", "ws://chat.example"},
		"form-action":     {"'self'"},
		"frame-ancestors": {"'none'"},
	} {
		for _, source := range sources {
			if !strings.Contains(" "+policy[name]+" ", " "+source+" ") {
				t.Errorf("foreign: %s %q lacks %s", name, policy[name], source)
			}
		}
	}
	// With a nonce or hash, browsers would ignore 'unsafe-inline', and so would onclick attributes.
	if strings.Contains(policy["script-src"], "sha256-") || strings.Contains(policy["script-src"], "nonce-") {
		t.Errorf("foreign: script-src %q", policy["script-src"])
	}

	custom := newBrowser(t, newHandler(t, &fakeService{}, func(o *Options) { o.ContentSecurityPolicy = "default-src *" }))
	if got := custom.get("/").Header.Get("Content-Security-Policy"); got != "default-src *" {
		t.Errorf("custom: %q", got)
	}
	// The error page is ours in any case.
	if got := custom.get("/nothing").Header.Get("Content-Security-Policy"); got != plainErrorPolicy {
		t.Errorf("custom, error page: %q", got)
	}
}

// The Host header is the client's choice: it must not write the policy.
func TestPolicyWithHostileHost(t *testing.T) {
	b := newBrowser(t, newHandler(t, &fakeService{}))
	for _, host := range []string{"x; script-src *", "x' 'unsafe-inline", "[2001:db8::1]:5000", "", "a b", "*", "x\r\ny"} {
		got := b.get("/", func(r *http.Request) { r.Host = host }).Header.Get("Content-Security-Policy")
		if directives(t, got)["connect-src"] != "'self'" || directives(t, got)["script-src"] != "'self'" {
			t.Errorf("host %q: %s", host, got)
		}
	}
}

// Redirects and errors of forms hold what one person typed or has.
func TestNothingPersonalIsStored(t *testing.T) {
	b := newBrowser(t, newHandler(t, &fakeService{}))
	for name, got := range map[string]answer{
		"start":    b.get("/"),
		"redirect": b.create("Anna"),
		"waiting":  b.join("123456", "Anna"),
		"room":     b.get("/room/" + roomID),
		"status":   b.get("/room/" + roomID + "/status"),
		"error":    b.do("POST", "/", url.Values{}),
		"missing":  b.get("/nothing"),
		"health":   b.get("/healthz"),
	} {
		if cache := got.Header.Get("Cache-Control"); cache != "no-store" {
			t.Errorf("%s: Cache-Control %q", name, cache)
		}
	}
}

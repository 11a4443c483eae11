package web

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

func joinForm(token string) url.Values {
	return url.Values{"csrf_token": {token}, "room_code": {"123456"}, "display_name": {"Anna"}}
}

func TestTokenIsRequired(t *testing.T) {
	service := &fakeService{}
	h := newHandler(t, service)
	stranger := newBrowser(t, h)
	theirs := stranger.token()

	for name, form := range map[string]url.Values{
		"none":       {"room_code": {"123456"}, "display_name": {"Anna"}},
		"empty":      joinForm(""),
		"noise":      joinForm("AAAA"),
		"of another": joinForm(theirs),
		"no base64":  joinForm("%%%"),
		"very long":  joinForm(strings.Repeat("A", maxFormBytes-1000)),
	} {
		t.Run(name, func(t *testing.T) {
			b := newBrowser(t, h)
			b.token()
			b.do(http.MethodPost, "/join", form).want(t, 400, "has expired", "reload", `href="/"`)
			b.do(http.MethodPost, "/", form).want(t, 400)
		})
	}
	t.Run("without cookies", func(t *testing.T) {
		fresh := newBrowser(t, h)
		fresh.do(http.MethodPost, "/join", joinForm(theirs)).want(t, 400)
	})
	t.Run("in the address", func(t *testing.T) {
		b := newBrowser(t, h)
		token := b.token()
		b.do(http.MethodPost, "/join?csrf_token="+url.QueryEscape(token), joinForm("")).want(t, 400)
	})
	if len(service.applications)+len(service.creations) != 0 {
		t.Error("something happened nevertheless")
	}
}

// A token is required for every path and every method that changes something.
func TestTokenIsRequiredEverywhere(t *testing.T) {
	b := newBrowser(t, newHandler(t, &fakeService{}))
	for _, path := range []string{"/", "/join", "/room/" + roomID, "/room/" + roomID + "/status", "/static/x", "/healthz", "/nothing", "//join", "/join/", "/socket.iox/", "/socket.iox"} {
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "BREW"} {
			b.do(method, path, url.Values{"a": {"b"}}).want(t, 400)
		}
	}
}

// Two tabs, the back button, a double click.
func TestTokenCanBeUsedAgain(t *testing.T) {
	b := newBrowser(t, newHandler(t, &fakeService{}))
	first, second := b.token(), b.token()
	if first == second {
		t.Error("tokens are not masked: compression would give them away")
	}
	for _, token := range []string{first, second, first, second} {
		b.do(http.MethodPost, "/join", joinForm(token)).want(t, 200)
	}
}

func TestTokenElsewhere(t *testing.T) {
	b := newBrowser(t, newHandler(t, &fakeService{}))
	token := b.token()
	form := joinForm("")
	for _, name := range []string{"X-CSRFToken", "X-CSRF-Token", "x-csrftoken"} {
		b.do(http.MethodPost, "/join", form, header(name, token)).want(t, 200)
	}
	b.do(http.MethodPost, "/join", form, header("X-CSRFToken", "wrong")).want(t, 400)

	t.Run("multipart form", func(t *testing.T) {
		var body bytes.Buffer
		parts := multipart.NewWriter(&body)
		for name, values := range joinForm(token) {
			if err := parts.WriteField(name, values[0]); err != nil {
				t.Fatal(err)
			}
		}
		parts.Close()
		b.do(http.MethodPost, "/join", nil, func(r *http.Request) {
			r.Body = io.NopCloser(&body)
			r.ContentLength = int64(body.Len())
			r.Header.Set("Content-Type", parts.FormDataContentType())
		}).want(t, 200)
	})
	t.Run("plus sign not encoded", func(t *testing.T) {
		token := b.token()
		for !strings.Contains(token, "+") {
			token = b.token()
		}
		body := "room_code=123456&display_name=Anna&csrf_token=" + token
		b.do(http.MethodPost, "/join", nil, func(r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader(body))
			r.ContentLength = int64(len(body))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}).want(t, 200)
	})
}

func TestTokenCookie(t *testing.T) {
	h := newHandler(t, &fakeService{})
	for _, overTLS := range []bool{false, true} {
		b := newBrowser(t, h)
		b.tls = overTLS
		var found bool
		for _, c := range b.get("/").Cookies() {
			if !strings.HasSuffix(c.Name, "csrf_token") {
				continue
			}
			found = true
			if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Secure != overTLS || c.Domain != "" {
				t.Errorf("TLS %v: cookie %+v", overTLS, c)
			}
			if strings.HasPrefix(c.Name, "__Host-") != overTLS {
				t.Errorf("TLS %v: cookie %s", overTLS, c.Name)
			}
		}
		if !found {
			t.Error("no cookie")
		}
		b.do(http.MethodPost, "/join", joinForm(b.token())).want(t, 200)
	}
}

func TestOrigins(t *testing.T) {
	proxied := Proxies{Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	type headers map[string]string
	for _, test := range []struct {
		name    string
		host    string
		tls     bool
		proxies Proxies
		peer    string
		headers headers
		want    bool
	}{
		{name: "curl: neither header", want: true},
		{name: "same origin", headers: headers{"Origin": "http://chat.example"}, want: true},
		{name: "other case", host: "Chat.Example", headers: headers{"Origin": "http://chat.example"}, want: true},
		{name: "another site", headers: headers{"Origin": "http://evil.example"}},
		{name: "a site whose name begins alike", headers: headers{"Origin": "http://chat.example.evil.example"}},
		{name: "a user named like us", headers: headers{"Origin": "http://chat.example@evil.example"}},
		{name: "another port", host: "localhost:5000", headers: headers{"Origin": "http://localhost:8000"}},
		{name: "forwarded port", host: "localhost:8080", headers: headers{"Origin": "http://localhost:8080"}, want: true},
		{name: "IPv4 address", host: "192.168.1.7:5000", headers: headers{"Origin": "http://192.168.1.7:5000"}, want: true},
		{name: "IPv6 address", host: "[2001:db8::1]:5000", headers: headers{"Origin": "http://[2001:db8::1]:5000"}, want: true},
		{name: "no URL", headers: headers{"Origin": "http://%zz"}},
		{name: "allowed", headers: headers{"Origin": "https://friend.example"}, want: true},
		{name: "allowed, says the browser's own judgement", headers: headers{"Origin": "https://friend.example", "Sec-Fetch-Site": "cross-site"}, want: true},
		{name: "allowed with another scheme", headers: headers{"Origin": "http://friend.example"}},

		// Pages with Referrer-Policy: no-referrer send this to their own server.
		{name: "null", headers: headers{"Origin": "null"}, want: true},
		{name: "null from another site", headers: headers{"Origin": "null", "Sec-Fetch-Site": "cross-site"}},
		{name: "null from the same origin", headers: headers{"Origin": "null", "Sec-Fetch-Site": "same-origin"}, want: true},

		{name: "browser says same origin", headers: headers{"Sec-Fetch-Site": "same-origin"}, want: true},
		{name: "browser says the person typed it", headers: headers{"Sec-Fetch-Site": "none"}, want: true},
		{name: "browser says a neighbour", headers: headers{"Sec-Fetch-Site": "same-site", "Origin": "http://neighbour.chat.example"}},
		{name: "browser says another site", headers: headers{"Sec-Fetch-Site": "cross-site"}},
		{name: "browser says nonsense", headers: headers{"Sec-Fetch-Site": "x"}},

		// A proxy that ends TLS without anybody telling us.
		{name: "https though we see http", headers: headers{"Origin": "https://chat.example"}, want: true},
		{name: "http though we have TLS", tls: true, headers: headers{"Origin": "http://chat.example"}},
		{name: "https and TLS", tls: true, headers: headers{"Origin": "https://chat.example"}, want: true},
		{name: "http though the proxy has TLS", proxies: Proxies{Hops: 1}, headers: headers{"Origin": "http://chat.example", "X-Forwarded-Proto": "https"}},
		{name: "http, and the proxy is not trusted", headers: headers{"Origin": "http://chat.example", "X-Forwarded-Proto": "https"}, want: true},

		// A proxy that changes the Host header.
		{name: "changed host, modern browser", host: "127.0.0.1:5000", headers: headers{"Origin": "https://chat.example", "Sec-Fetch-Site": "same-origin"}, want: true},
		{name: "changed host, older browser", host: "127.0.0.1:5000", headers: headers{"Origin": "https://chat.example"}},
		{name: "changed host, told by a trusted proxy", host: "127.0.0.1:5000", proxies: proxied, peer: "10.1.2.3:99",
			headers: headers{"Origin": "https://chat.example", "X-Forwarded-Host": "chat.example, inner.example"}, want: true},
		{name: "changed host, told by anybody", host: "127.0.0.1:5000", proxies: proxied, peer: "192.0.2.1:99",
			headers: headers{"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			service := &fakeService{}
			refused := &refusals{}
			b := newBrowser(t, newHandler(t, service, func(o *Options) {
				o.Proxies = test.proxies
				o.AllowedOrigins = []string{"https://friend.example"}
				o.Metrics = refused
			}))
			b.tls = test.tls
			if test.peer != "" {
				b.address = test.peer
			}
			set := func(r *http.Request) {
				if test.host != "" {
					r.Host = test.host
				}
				for name, value := range test.headers {
					r.Header.Set(name, value)
				}
			}
			// The page is opened over the same connection, by somebody who types the address.
			page := b.get("/", func(r *http.Request) {
				set(r)
				r.Header.Del("Origin")
				r.Header.Del("Sec-Fetch-Site")
			})
			token := tokenPattern.FindStringSubmatch(page.body)[1]
			got := b.do(http.MethodPost, "/join", joinForm(token), set)
			if test.want {
				got.want(t, 200)
				return
			}
			got.want(t, 400, "another site")
			if len(service.applications) != 0 || refused.counts["form/origin"] != 1 {
				t.Errorf("asked %d times, counted %v", len(service.applications), refused.counts)
			}
		})
	}
}

func TestForms(t *testing.T) {
	service := &fakeService{}
	b := newBrowser(t, newHandler(t, service))
	token := b.token()
	raw := func(body, contentType string) answer {
		return b.do(http.MethodPost, "/join", nil, func(r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader(body))
			r.ContentLength = -1
			r.Header.Set("Content-Type", contentType)
			r.Header.Set("X-CSRFToken", token)
		})
	}
	const urlencoded = "application/x-www-form-urlencoded"
	raw("room_code=123456&display_name=Anna", urlencoded).want(t, 200)
	raw("a="+strings.Repeat("x", maxFormBytes), urlencoded).want(t, 413, "more than a form can hold", `href="/"`)
	raw("a=%zz", urlencoded).want(t, 400, "couldn’t be read")
	raw("a=1;b=2", urlencoded).want(t, 400)
	raw("--x\r\nbroken", "multipart/form-data; boundary=x").want(t, 400)
	raw("", "multipart/form-data").want(t, 400)
	raw("--x\r\nContent-Disposition: form-data; name=a\r\n\r\n"+strings.Repeat("x", maxFormBytes)+"\r\n--x--", "multipart/form-data; boundary=x").want(t, 413)
	b.do(http.MethodPost, "/join?a=%zz", joinForm(token)).want(t, 400)
	if len(service.applications) != 1 {
		t.Errorf("%d forms came through, want the one that was in order", len(service.applications))
	}
}

// The socket's handler gets what it needs: all requests, without a token, and
// a connection that can be taken over.
func TestSocketIsExempt(t *testing.T) {
	var paths []string
	socket := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.Method+" "+r.URL.Path)
		if _, ok := w.(http.Hijacker); !ok {
			t.Errorf("%s: no Hijacker", r.URL.Path)
		}
		if _, ok := w.(http.Flusher); !ok {
			t.Errorf("%s: no Flusher", r.URL.Path)
		}
		if Networks(r)[0].Key != "127.0.0.1" {
			t.Errorf("address key %q", Networks(r)[0].Key)
		}
		io.WriteString(w, strings.Repeat("x", 5000))
	})
	srv := httptest.NewServer(newHandler(t, &fakeService{}, func(o *Options) { o.Socket = socket }))
	defer srv.Close()
	for _, request := range []string{
		"GET /socket.io/?EIO=4&transport=polling", "POST /socket.io/?EIO=4&transport=polling&sid=x", "GET /socket.io/deeper",
		"POST /socket.io/..%2fjoin", "POST /socket.io/../join",
	} {
		method, path, _ := strings.Cut(request, " ")
		r, err := http.NewRequest(method, srv.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", "gzip")
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Encoding") != "" || len(resp.Header["Set-Cookie"]) != 0 {
			t.Errorf("%s: %d %v", request, resp.StatusCode, resp.Header)
		}
	}
	if len(paths) != 5 {
		t.Errorf("the socket saw %q", paths)
	}
}

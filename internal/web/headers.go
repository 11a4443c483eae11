package web

import (
	"net/http"
	"regexp"
	"strings"
)

// Content security policies. ownPolicy is for the embedded pages. They load everything
// from this server, have no inline script, style or handler, turn text into markup in one
// place alone (static/js/room/content.js), and name the one script that a browser runs beside
// them in another (static/js/room/worker.js). foreignPolicy is for pages that were
// written without any policy in mind. They may have inline scripts and handlers, and
// libraries, fonts and styles of any CDN. Neither policy lets other sites frame the chat
// or receive its forms.
//
// %SOCKET% stands for this host's WebSocket address, which older browsers do
// not count as 'self'.
const (
	ownPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
		"connect-src 'self'%SOCKET%; manifest-src 'self'; media-src 'self'; worker-src 'self'; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; " +
		"require-trusted-types-for 'script'; trusted-types inert-markup service-worker"
	foreignPolicy = "default-src 'self' https: data: blob:; script-src 'self' https: 'unsafe-inline'; " +
		"style-src 'self' https: 'unsafe-inline'; connect-src 'self' https: wss:%SOCKET%; worker-src 'self' blob:; " +
		"object-src 'none'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'"
)

// permissions denies the features of browsers that a chat has no use for. Notifications,
// vibration and the clipboard stay allowed.
const permissions = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), " +
	"microphone=(), midi=(), payment=(), serial=(), usb=(), browsing-topics=()"

// dropPolicies leaves out the headers that mean something in a document or a worker alone. A
// page has dozens of other files, and HTTP/1.1 packs no headers.
func dropPolicies(h http.Header) {
	for _, name := range []string{"Content-Security-Policy", "Cross-Origin-Opener-Policy", "Permissions-Policy", "Referrer-Policy", "X-Frame-Options"} {
		h.Del(name)
	}
}

// headers is a middleware that sets the security headers of pages and files.
func (s *server) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		secure := s.proxies.Secure(r)
		h.Set("Content-Security-Policy", strings.ReplaceAll(s.policy, "%SOCKET%", socketSources(s.proxies.hosts(r), secure)))
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", permissions)
		// A polling connection tells its page by the Referer, so no-referrer would be too strict.
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		if secure {
			h.Set("Strict-Transport-Security", "max-age=15552000") // 180 days
		}
		next.ServeHTTP(w, r)
	})
}

// plainHost is a host that may stand in a policy or a page. Clients choose the Host header, and the
// grammar of policies has no IPv6 addresses.
var plainHost = regexp.MustCompile(`^[A-Za-z0-9.-]+(:[0-9]+)?$`)

// site returns the address of this site as the browser knows it, without a slash at the end;
// "" if its host cannot stand in an address.
//
// The client chooses the Host header, and so may lie. Then the lie is in the page of this client
// alone, which nobody may keep. Everybody else gets their own.
func (s *server) site(r *http.Request) string {
	host := s.proxies.hosts(r)[0]
	if !plainHost.MatchString(host) {
		return ""
	}
	return s.scheme(r) + "://" + host
}

func socketSources(hosts []string, secure bool) string {
	scheme, sources := " ws://", ""
	if secure {
		scheme = " wss://"
	}
	for _, host := range hosts {
		if plainHost.MatchString(host) {
			sources += scheme + host
		}
	}
	return sources
}

// noStore is a middleware for answers that are made for one person.
func noStore(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

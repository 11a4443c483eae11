package web

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Origins tells requests of our own pages from those of other sites. It is safe
// for concurrent use.
type Origins struct {
	proxies Proxies
	allowed map[origin]bool
}

// NewOrigins returns Origins that also accept the given origins, such as
// https://chat.example or http://127.0.0.1:8080. A text that is no origin allows nothing.
func NewOrigins(proxies Proxies, allowed []string) *Origins {
	o := &Origins{proxies: proxies, allowed: make(map[origin]bool, len(allowed))}
	for _, text := range allowed {
		if from, ok := parseOrigin(text); ok {
			o.allowed[from] = true
		}
	}
	return o
}

// Accept reports whether a request that changes something comes from a page that may
// send it. Browsers tell the page's origin in one of two ways:
//
//   - Sec-Fetch-Site is the browser's own judgement. It holds even if a proxy changed the
//     Host header. Browsers send it with TLS and on localhost.
//   - Otherwise Origin has to name the host that was asked. The schemes are not compared,
//     because a proxy may end TLS without our knowledge. One case is refused: a page by
//     http asks an address that we know to be https. Anybody who controls the network
//     could have written that page.
//
// If there is neither header, or the origin is "null", no other site is known to be
// involved. Clients that are no browsers send neither, and browsers send "null" for our own
// pages if those forbid the Referer. Such requests depend on their token or session alone.
// A header that comes twice does not come from a browser, and is refused.
func (o *Origins) Accept(r *http.Request) bool {
	if len(r.Header["Sec-Fetch-Site"]) > 1 || len(r.Header["Origin"]) > 1 {
		return false
	}
	site, said := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
	switch {
	case site == "same-origin" || site == "none":
		return true
	case said == "" || said == "null":
		return site == ""
	}
	from, ok := parseOrigin(said)
	switch {
	case !ok:
		return false
	case o.allowed[from]:
		return true
	case site != "":
		return false
	}
	if from.scheme != "https" && o.proxies.Secure(r) {
		return false
	}
	return slices.ContainsFunc(o.proxies.hosts(r), from.isHost)
}

// origin is a web origin in a form in which equal origins compare as equal: in lower case
// and without the default port of its scheme. A websocket has the scheme of its page.
type origin struct{ scheme, host, port string }

// isHost reports whether the origin's host is the one that a request names. Schemes are
// not compared, so the default ports of http and https count as the same.
func (o origin) isHost(text string) bool {
	host, port, ok := parseHost(text)
	if !ok || host != o.host {
		return false
	}
	return port == o.port || o.port == "" && (port == "80" || port == "443")
}

func parseOrigin(text string) (origin, bool) {
	u, err := url.Parse(text)
	if err != nil || u.User != nil || u.Path != "" || u.RawQuery != "" || u.ForceQuery || strings.Contains(text, "#") {
		return origin{}, false
	}
	schemes := map[string]struct{ page, port string }{
		"http": {"http", "80"}, "ws": {"http", "80"}, "https": {"https", "443"}, "wss": {"https", "443"},
	}
	scheme, known := schemes[strings.ToLower(u.Scheme)]
	host, port, ok := parseHost(u.Host)
	if !known || !ok {
		return origin{}, false
	}
	if port == scheme.port {
		port = ""
	}
	return origin{scheme.page, host, port}, true
}

// parseHost splits a host into a name or address and a port, which is "" if there is none.
// Equal names and addresses compare as equal.
func parseHost(text string) (host, port string, ok bool) {
	host, port = strings.ToLower(text), portOf(text)
	if port != "" {
		host = strings.TrimSuffix(host, ":"+port)
	}
	host = strings.TrimSuffix(host, ":") // a port may be left empty
	if inside, bracketed := strings.CutPrefix(host, "["); bracketed {
		address, err := netip.ParseAddr(strings.TrimSuffix(inside, "]"))
		return address.String(), port, err == nil
	}
	host = strings.TrimSuffix(host, ".") // the name of the same host
	return host, port, host != ""
}

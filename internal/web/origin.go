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
// https://chat.example or http://127.0.0.1:8080. What is no origin allows nothing.
func NewOrigins(proxies Proxies, allowed []string) *Origins {
	o := &Origins{proxies: proxies, allowed: make(map[origin]bool, len(allowed))}
	for _, text := range allowed {
		if from, ok := parseOrigin(text); ok {
			o.allowed[from] = true
		}
	}
	return o
}

// Accept reports whether a request that changes something may come from where
// it comes from. Browsers say so, in one of two ways:
//
//   - Sec-Fetch-Site, where they send it (on TLS and on localhost), is the
//     browser's own judgement and holds whatever a proxy did to the Host header.
//   - Otherwise Origin has to name the host that was asked. Its scheme is not
//     compared, because a proxy may end TLS without our knowing; only from http to
//     what we know to be https is refused, since whoever controls the network
//     could have written that page.
//
// If there is neither, or the origin is "null", nobody else's page is known to
// be involved: clients that are no browsers send nothing, and browsers send
// "null" for our own pages too if those forbid the Referer. Such requests
// depend on their token or session alone. A header that comes twice was put together by
// somebody else than a browser, and is refused.
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
	return slices.ContainsFunc(o.proxies.Hosts(r), from.isHost)
}

// origin is a web origin in a form in which equal ones are equal: in lower case, without
// the default port of its scheme. A websocket's scheme is that of its page.
type origin struct{ scheme, host, port string }

// isHost reports whether that is what a request calls its host. The default port of either
// scheme is the origin's, as the scheme is not compared.
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

// parseHost takes a host apart into a name or address in the form in which equal ones are
// equal, and the port, "" if there is none.
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

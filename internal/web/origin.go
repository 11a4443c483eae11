package web

import (
	"net/http"
	"net/url"
	"strings"
)

// Origins tells requests of our own pages from those of other sites. It is safe
// for concurrent use.
type Origins struct {
	proxies Proxies
	allowed map[string]bool
}

// NewOrigins returns Origins that also accept the given origins, written as
// browsers send them: https://chat.example or http://127.0.0.1:8080.
func NewOrigins(proxies Proxies, allowed []string) *Origins {
	o := &Origins{proxies: proxies, allowed: make(map[string]bool, len(allowed))}
	for _, origin := range allowed {
		o.allowed[strings.ToLower(origin)] = true
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
// depend on their token or session alone.
func (o *Origins) Accept(r *http.Request) bool {
	site, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
	switch {
	case site == "same-origin" || site == "none":
		return true
	case origin == "" || origin == "null":
		return site == ""
	case o.allowed[strings.ToLower(origin)]:
		return true
	case site != "":
		return false
	}
	from, err := url.Parse(origin)
	if err != nil || !strings.EqualFold(from.Host, o.proxies.Host(r)) {
		return false
	}
	return from.Scheme == "https" || !o.proxies.Secure(r)
}

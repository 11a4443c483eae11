package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/go-chi/chi/v5/middleware"

	"securechat/internal/network"
)

// Proxies says which reverse proxies are believed when they tell who the client
// is and how it came. The zero value believes nobody, which is right for a
// server that clients reach directly. Prefixes take precedence over Hops.
type Proxies struct {
	// Hops is the number of proxies between the internet and this server; every
	// connection is taken to come from the last of them, so the network has to
	// see to it that clients cannot come in by themselves.
	Hops int
	// Prefixes are the addresses of the proxies; headers that come from any
	// other peer are ignored.
	Prefixes []netip.Prefix
}

// Secure reports whether the browser uses TLS: with this process, or with a
// trusted proxy that says so in X-Forwarded-Proto.
func (p Proxies) Secure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	return p.believed(r) && strings.EqualFold(first(r.Header.Get("X-Forwarded-Proto")), "https")
}

// Host returns the host, with the port if it is not the default, that the
// browser addressed: a trusted proxy may have changed the Host header and say so in
// X-Forwarded-Host.
func (p Proxies) Host(r *http.Request) string {
	if p.believed(r) {
		if host := first(r.Header.Get("X-Forwarded-Host")); host != "" {
			return host
		}
	}
	return r.Host
}

// first returns the first of several values, the one that the proxy next to the
// browser set. A client can write anything there, but only about itself:
// browsers let no page set these headers for a form.
func first(header string) string {
	value, _, _ := strings.Cut(header, ",")
	return strings.TrimSpace(value)
}

// believed reports whether the request's forwarding headers count.
func (p Proxies) believed(r *http.Request) bool {
	if len(p.Prefixes) == 0 {
		return p.Hops > 0
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	peer, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	peer = peer.Unmap().WithZone("")
	for _, prefix := range p.Prefixes {
		if prefix.Contains(peer) {
			return true
		}
	}
	return false
}

// resolve is a middleware that notes the client's address for AddressKey. If
// the forwarding headers are missing or malformed, the peer is the client: that
// is the truth about somebody who came directly, and a bucket of their own for
// all who came through a proxy in disorder.
func (p Proxies) resolve(next http.Handler) http.Handler {
	switch {
	case len(p.Prefixes) > 0:
		prefixes := make([]string, len(p.Prefixes))
		for i, prefix := range p.Prefixes {
			prefixes[i] = prefix.String()
		}
		next = middleware.ClientIPFromXFF(prefixes...)(next)
	case p.Hops > 0:
		next = middleware.ClientIPFromXFFTrustedProxies(p.Hops)(next)
	}
	return middleware.ClientIPFromRemoteAddr(next)
}

// Networks returns what a client is counted by, the narrowest first: its IPv4 address,
// or the /64, /56 and /48 of its IPv6 address. It works for requests that came through
// the handler of New, those passed on to Options.Socket included.
func Networks(r *http.Request) []network.Network {
	return network.Of(middleware.GetClientIP(r.Context()))
}

// AddressKey returns the key of the narrowest of a client's [Networks].
func AddressKey(r *http.Request) string { return Networks(r)[0].Key }

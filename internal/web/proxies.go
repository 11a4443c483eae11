package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"securechat/internal/connlimit"
	"securechat/internal/network"
)

// Proxies says which reverse proxies are believed about the client's address and about
// the scheme and host that it used. The zero value believes nobody, which is right for a
// server that clients reach directly. Prefixes take precedence over Hops.
type Proxies struct {
	// Hops is the number of proxies between the internet and this server. Every
	// connection is taken to come from the last of them. So the network must not let
	// clients connect by themselves.
	Hops int
	// Prefixes are the addresses of the proxies; headers that come from any
	// other peer are ignored.
	Prefixes []netip.Prefix
}

// Trust reports whether a peer is a proxy that is believed.
func (p Proxies) Trust(peer netip.Addr) bool {
	if len(p.Prefixes) == 0 {
		return p.Hops > 0
	}
	return p.within(peer)
}

func (p Proxies) within(address netip.Addr) bool {
	address = address.Unmap().WithZone("")
	for _, prefix := range p.Prefixes {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

// believed reports whether the request's forwarding headers count.
func (p Proxies) believed(r *http.Request) bool { return p.Trust(peerOf(r)) }

// peerOf returns the address at the other end of the connection; the zero Addr if it is
// not known.
func peerOf(r *http.Request) netip.Addr {
	peer, _ := parseNode(r.RemoteAddr)
	return peer
}

// schemeHeaders tell the scheme that the browser used, each in the words of some proxies.
// The first header that is there counts.
var schemeHeaders = []string{
	"X-Forwarded-Proto", "X-Forwarded-Protocol", "X-Forwarded-Scheme", "X-Scheme", "X-Url-Scheme",
	"Cloudfront-Forwarded-Proto", "X-Forwarded-Ssl", "Front-End-Https",
}

// Secure reports whether the browser uses TLS, either with this process or with a
// trusted proxy that says so. Traefik says wss of a websocket.
func (p Proxies) Secure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	if !p.believed(r) {
		return false
	}
	scheme := p.forwarded(r).proto
	for _, name := range schemeHeaders {
		if value := first(r.Header.Get(name)); value != "" {
			scheme = value
			break
		}
	}
	switch strings.ToLower(scheme) {
	case "https", "wss", "on":
		return true
	}
	return false
}

// hosts returns the hosts that the browser may have addressed, the likeliest first. Each
// has its port unless that is the default. A trusted proxy may have changed the Host header
// and tell the one before. It may tell a port separately, which is the browser's or its own.
func (p Proxies) hosts(r *http.Request) []string {
	if !p.believed(r) {
		return []string{r.Host}
	}
	host := r.Host
	for _, told := range []string{first(r.Header.Get("X-Forwarded-Host")), first(r.Header.Get("X-Original-Host")), p.forwarded(r).host} {
		if told != "" {
			host = told
			break
		}
	}
	port := first(r.Header.Get("X-Forwarded-Port"))
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 80 || n == 443 || portOf(host) != "" {
		return []string{host}
	}
	return []string{host, host + ":" + port}
}

// portOf returns the port of a host, "" if it has none.
func portOf(host string) string {
	if at := strings.LastIndexByte(host, ':'); at > strings.LastIndexByte(host, ']') {
		return host[at+1:]
	}
	return ""
}

// first returns the first of several values, the one that the proxy next to the browser
// set. A client can write anything there, but only about itself, since browsers let no page
// set these headers for a form.
func first(header string) string {
	value, _, _ := strings.Cut(header, ",")
	return strings.Trim(strings.TrimSpace(value), `"`)
}

// forwarded returns the element of the header Forwarded that the farthest trusted proxy
// appended. It is the zero value if there is none, if the header is malformed, or if it is
// not the proxies' own.
func (p Proxies) forwarded(r *http.Request) forwardedElement {
	if c, resolved := r.Context().Value(clientKey{}).(client); resolved {
		return c.forwarded
	}
	if len(r.Header["X-Forwarded-For"]) > 0 {
		return forwardedElement{}
	}
	return p.byForwarded(r)
}

func (p Proxies) byForwarded(r *http.Request) forwardedElement {
	elements, ok := parseForwarded(r.Header["Forwarded"])
	if !ok {
		return forwardedElement{}
	}
	at := p.client(len(elements), func(i int) string { return elements[i].node })
	if at < 0 {
		return forwardedElement{}
	}
	return elements[at]
}

func (p Proxies) byXFF(r *http.Request) (netip.Addr, bool) {
	var nodes []string
	for node := range strings.SplitSeq(strings.Join(r.Header["X-Forwarded-For"], ","), ",") {
		if node = strings.TrimSpace(node); node != "" {
			nodes = append(nodes, node)
		}
	}
	at := p.client(len(nodes), func(i int) string { return nodes[i] })
	if at < 0 {
		return netip.Addr{}, false
	}
	return parseNode(nodes[at])
}

// client returns the index of the client among the n nodes of a chain. Each proxy appended
// the peer that came to it, so only the nodes behind the client are believed. If all nodes
// are trusted, the client is within the proxies' own network, at the beginning of the
// chain. The index is below 0 if no node can be the client.
func (p Proxies) client(n int, node func(i int) string) int {
	if len(p.Prefixes) == 0 {
		return n - p.Hops
	}
	for i := n - 1; i >= 0; i-- {
		address, ok := parseNode(node(i))
		if !ok {
			return -1 // nobody knows who wrote the nodes before it
		}
		if !p.within(address) {
			return i
		}
	}
	if n > 0 {
		return 0
	}
	return -1
}

// forwardingHeaders are the headers that only requests through a proxy have.
var forwardingHeaders = []string{
	"X-Forwarded-For", "Forwarded", "X-Real-Ip", "X-Forwarded-Proto", "X-Forwarded-Host",
	"Cf-Connecting-Ip", "True-Client-Ip", "Fly-Client-Ip", "Via",
}

func isForwarded(r *http.Request) bool {
	for _, name := range forwardingHeaders {
		if len(r.Header[name]) > 0 {
			return true
		}
	}
	return false
}

// client is the sender of a request, as far as it is known.
type client struct {
	address netip.Addr
	// forwarded is the trusted proxies' element of the header Forwarded, if the header is theirs.
	forwarded forwardedElement
}

type clientKey struct{}

// resolver notes the client of a request.
//
// Two headers have chains of addresses, X-Forwarded-For and Forwarded. A proxy appends to
// one of them and may pass on the other as the client wrote it. So Forwarded counts only if
// it comes alone, as it does behind proxies that write it. Once it has come alone, and the
// other header never has, it counts also when both come.
type resolver struct {
	proxies Proxies
	log     *slog.Logger
	warned  sync.Once
	// Each is true once a believed request had that header without the other.
	xffAlone, forwardedAlone atomic.Bool
}

// client returns the client of a request. If the forwarding headers are missing or
// malformed, the peer is the client. That is right for clients that came directly. Those
// behind a proxy in disorder are counted together, under the proxy's address.
func (v *resolver) client(r *http.Request) client {
	c := client{address: peerOf(r)}
	if !v.proxies.believed(r) {
		return c
	}
	address, ok := netip.Addr{}, false
	switch xff, forwarded := v.chains(r); {
	case xff:
		address, ok = v.proxies.byXFF(r)
	case forwarded:
		c.forwarded = v.proxies.byForwarded(r)
		address, ok = parseNode(c.forwarded.node)
	case v.proxies.Hops <= 1 && len(r.Header["X-Forwarded-For"]) == 0:
		// This header is no chain. With several proxies the inner ones would name the outer ones.
		if values := r.Header["X-Real-Ip"]; len(values) > 0 {
			address, ok = parseNode(values[len(values)-1])
		}
	}
	if ok {
		c.address = address
	}
	return c
}

// chains returns the chain that is the proxies' own, if one is known to be.
func (v *resolver) chains(r *http.Request) (xff, forwarded bool) {
	xff, forwarded = len(r.Header["X-Forwarded-For"]) > 0, len(r.Header["Forwarded"]) > 0
	switch {
	case xff && forwarded:
		forwarded = v.forwardedAlone.Load()
		return !forwarded, forwarded && !v.xffAlone.Load()
	case xff:
		v.xffAlone.Store(true)
	case forwarded:
		v.forwardedAlone.Store(true)
	}
	return xff, forwarded
}

// resolve is a middleware that notes the client for Networks and Proxies, and for the
// limiter of connections.
func (v *resolver) resolve(next http.Handler, full http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(context.WithValue(r.Context(), clientKey{}, v.client(r)))
		if c := connlimit.Of(r); c != nil && v.proxies.believed(r) && !c.CarriesFor(Networks(r)) {
			full(w, r)
			return
		}
		if v.proxies.shared(r) {
			v.warn()
			if c := connlimit.Of(r); c != nil {
				c.FoundShared()
			}
		}
		next.ServeHTTP(w, r)
	})
}

// warn tells the operator, once, of a proxy that is not configured.
func (v *resolver) warn() {
	v.warned.Do(func() {
		v.log.Warn("a request came through a proxy that is not trusted: if the proxy is yours, set TRUSTED_PROXIES; " +
			"until then all visitors share one address, and only MAX_CONNECTIONS limits their connections")
	})
}

// Networks returns the networks that a client is counted by, the narrowest first: its
// IPv4 address, or the /64, /56 and /48 of its IPv6 address. It works for requests that
// came through the handler of New, including those passed on to Options.Socket.
func Networks(r *http.Request) []network.Network {
	c, _ := r.Context().Value(clientKey{}).(client)
	if !c.address.IsValid() {
		return network.Of("")
	}
	return network.Of(c.address.String())
}

// Distinct returns the [Networks] of a request. It returns none if the request comes from a
// peer that forwards other people's requests without being trusted: the networks are the
// peer's, and do not tell those people apart.
func (p Proxies) Distinct(r *http.Request) []network.Network {
	if p.shared(r) {
		return nil
	}
	return Networks(r)
}

// shared reports whether a request comes from a peer that forwards other people's requests
// without being trusted. The peer's address does not tell those people apart.
func (p Proxies) shared(r *http.Request) bool { return isForwarded(r) && !p.believed(r) }

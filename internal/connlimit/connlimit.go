// Package connlimit bounds the TCP connections of a server: in all, and for each of the
// networks that a client is counted by (package network).
//
// The package promises:
//
//  1. There are never more connections than [Limits.Total].
//  2. A network has no more connections than [Limits.PerAddress] times its share, unless
//     it has been found to be shared; see [Conn.FoundShared].
//  3. A bound that is reached refuses nobody while another connection within it serves a
//     lesser [Purpose] than [Seated]. The connections with the least purpose are looked
//     at, and the one that has had it the longest is closed for the newcomer.
//  4. The header of a request has no more than maxHeaderLines lines: a header of many
//     short lines takes ten times its size in memory. No more than maxArriving headers
//     are arriving at a time; the connection whose header takes the longest is closed.
//  5. A connection of a trusted proxy counts as that of the client whose request it
//     carries, from [Conn.CarriesFor] to the end of the request; between requests it
//     counts in the total alone.
package connlimit

import (
	"container/list"
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"securechat/internal/network"
)

// Purpose is what a connection is used for; a higher one is displaced later.
type Purpose int

// The purposes. The first two follow from [Limiter.ConnState], the others are set by
// [Conn.Serve].
const (
	Idle        Purpose = iota // no request is under way
	Busy                       // a request is under way, or a socket is open
	Waiting                    // somebody waits at a room's door, or is about to come back to one
	Dispensable                // a member is in a room by it, and by a newer one as well
	Seated                     // the newest by which a member is in a room: never displaced
	purposes
)

const (
	// maxArriving is how many headers may be arriving at a time. A header usually
	// arrives in an instant.
	maxArriving = 256
	// maxHeaderLines is more than people need: browsers send some 30 lines, proxies 20.
	maxHeaderLines = 128
)

// sendBuffer bounds the bytes of an unread answer that the system keeps. The system may
// take twice as much. It is enough for 300 KB a second over a line with a delay of 200 ms.
const sendBuffer = 64 << 10

// Limits are the bounds of a [Limiter]. Zero means no bound.
type Limits struct {
	Total      int
	PerAddress int
}

// Limiter counts connections. Its methods are safe for concurrent use.
type Limiter struct {
	limits  Limits
	proxy   func(netip.Addr) bool
	refused func()

	mu       sync.Mutex
	all      group
	networks map[string]*group
	arriving list.List // connections whose header is arriving, the longest first
}

// group has the connections that share a bound.
type group struct {
	key    string
	limit  int
	shared bool
	count  int
	// waiting has the connections of each purpose, the one that has had it the longest first.
	waiting [purposes]list.List
}

func (g *group) full() bool { return g.limit > 0 && !g.shared && g.count >= g.limit }

// New returns a Limiter. Proxy reports whether a peer is a proxy that is believed about
// its clients. Refused is called for each connection that is closed because of a bound;
// it must not block.
func New(limits Limits, proxy func(netip.Addr) bool, refused func()) *Limiter {
	return &Limiter{
		limits: limits, proxy: proxy, refused: refused,
		all: group{limit: limits.Total}, networks: make(map[string]*group),
	}
}

// Listen listens on a TCP address. No more of its connections are open than the bounds
// allow.
func (l *Limiter) Listen(ctx context.Context, address string) (net.Listener, error) {
	inner, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return listener{inner.(*net.TCPListener), l}, nil //nolint:forcetypeassert // the network is tcp
}

type listener struct {
	*net.TCPListener
	limiter *Limiter
}

// Accept returns the next connection that there is a place for.
func (l listener) Accept() (net.Conn, error) {
	for {
		tcp, err := l.AcceptTCP()
		if err != nil {
			return nil, err
		}
		_ = tcp.SetWriteBuffer(sendBuffer) // an error means that the connection is gone
		if c := l.limiter.admit(tcp); c != nil {
			return c, nil
		}
	}
}

// Conn is a connection that is counted until it is closed. Its methods are safe for
// concurrent use.
type Conn struct {
	*net.TCPConn
	limiter *Limiter
	proxy   bool

	// Guarded by limiter.mu.
	purpose Purpose
	places  []place       // the first is in Limiter.all; empty when closed
	arrives *list.Element // in Limiter.arriving; nil if no header is arriving
}

// place is the position of a connection in a group.
type place struct {
	group   *group
	element *list.Element
}

// admit counts a connection, or closes it and returns nil.
func (l *Limiter) admit(tcp *net.TCPConn) *Conn {
	peer := peerOf(tcp)
	c := &Conn{TCPConn: tcp, limiter: l, proxy: l.proxy(peer)}
	var networks []network.Network
	if !c.proxy {
		networks = network.Of(peer.String())
	}
	l.mu.Lock()
	c.enterLocked(&l.all)
	displaced, ok := l.makeRoomLocked(c, networks)
	l.mu.Unlock()
	l.close(displaced)
	if !ok {
		l.close([]*Conn{c})
		return nil
	}
	return c
}

func peerOf(tcp *net.TCPConn) netip.Addr {
	a, ok := tcp.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return a.AddrPort().Addr().Unmap().WithZone("")
}

// makeRoomLocked adds a connection to the groups of its networks; it is in l.all already.
// It returns the connections to close for it. It is not ok if there is no place.
func (l *Limiter) makeRoomLocked(c *Conn, networks []network.Network) (displaced []*Conn, ok bool) {
	groups := []*group{}
	if l.limits.PerAddress > 0 {
		for _, n := range networks {
			groups = append(groups, l.groupLocked(n))
		}
	}
	ok = true
	for _, g := range groups {
		if g.full() {
			if ok = l.displaceLocked(g, c, &displaced); !ok {
				break
			}
			l.networks[g.key] = g // displacing its only connection may have removed it
		}
		c.enterLocked(g)
	}
	if ok && l.all.limit > 0 && l.all.count > l.all.limit {
		ok = l.displaceLocked(&l.all, c, &displaced)
	}
	for _, g := range groups {
		l.forgetLocked(g)
	}
	return displaced, ok
}

// displaceLocked takes a connection out of a group: of the connections with the least
// purpose, the one that has had it the longest. It is never the newcomer.
func (l *Limiter) displaceLocked(g *group, newcomer *Conn, displaced *[]*Conn) bool {
	for purpose := range Seated {
		for e := g.waiting[purpose].Front(); e != nil; e = e.Next() {
			c := e.Value.(*Conn) //nolint:forcetypeassert // nothing else is in it
			if c == newcomer {
				continue
			}
			c.leaveLocked(0)
			*displaced = append(*displaced, c)
			return true
		}
	}
	return false
}

func (l *Limiter) groupLocked(n network.Network) *group {
	g, ok := l.networks[n.Key]
	if !ok {
		g = &group{key: n.Key, limit: l.limits.PerAddress * n.Share}
		l.networks[n.Key] = g
	}
	return g
}

// forgetLocked removes a network that has no connection.
func (l *Limiter) forgetLocked(g *group) {
	if g != &l.all && g.count == 0 {
		delete(l.networks, g.key)
	}
}

// close closes connections that are displaced or refused, and counts them as refused.
func (l *Limiter) close(conns []*Conn) {
	for _, c := range conns {
		l.refused()
		_ = c.Close() // it may be closed already
	}
}

// arrive notes that a header has begun to arrive.
func (l *Limiter) arrive(c *Conn) {
	l.mu.Lock()
	var displaced []*Conn
	if c.arrives == nil && len(c.places) > 0 {
		c.arrives = l.arriving.PushBack(c)
	}
	if l.arriving.Len() > maxArriving {
		slow := l.arriving.Front().Value.(*Conn) //nolint:forcetypeassert // nothing else is in it
		slow.arrivedLocked()
		displaced = append(displaced, slow)
	}
	l.mu.Unlock()
	l.close(displaced)
}

// arrivedLocked notes that the header has arrived, or is not waited for any more.
func (c *Conn) arrivedLocked() {
	if c.arrives != nil {
		c.limiter.arriving.Remove(c.arrives)
		c.arrives = nil
	}
}

// Handler returns a handler to put before next. It notes that a header has arrived, and
// refuses a header of too many lines.
func (l *Limiter) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c := Of(r); c != nil {
			l.mu.Lock()
			c.arrivedLocked()
			l.mu.Unlock()
		}
		lines := 0
		for _, values := range r.Header {
			lines += len(values)
		}
		if lines > maxHeaderLines {
			l.refused()
			_ = http.NewResponseController(w).SetReadDeadline(time.Now()) // its body is not waited for
			w.Header().Set("Connection", "close")
			http.Error(w, "This request has too many header fields.", http.StatusRequestHeaderFieldsTooLarge)
			clear(r.Header) // the server keeps the request for another half second
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (c *Conn) enterLocked(g *group) {
	g.count++
	c.places = append(c.places, place{g, g.waiting[c.purpose].PushBack(c)})
}

// leaveLocked takes the connection out of its groups. It stays in the first few, as many as keep says.
func (c *Conn) leaveLocked(keep int) {
	if len(c.places) <= keep {
		return
	}
	for _, p := range c.places[keep:] {
		p.group.waiting[c.purpose].Remove(p.element)
		p.group.count--
		c.limiter.forgetLocked(p.group)
	}
	c.places = c.places[:keep]
}

// Close closes the connection and stops counting it.
func (c *Conn) Close() error {
	c.limiter.mu.Lock()
	c.leaveLocked(0)
	c.arrivedLocked()
	c.limiter.mu.Unlock()
	return c.TCPConn.Close()
}

// Serve notes what the connection is used for from now on.
func (c *Conn) Serve(purpose Purpose) {
	c.limiter.mu.Lock()
	defer c.limiter.mu.Unlock()
	if purpose == c.purpose {
		return
	}
	for i, p := range c.places {
		p.group.waiting[c.purpose].Remove(p.element)
		c.places[i].element = p.group.waiting[purpose].PushBack(c)
	}
	c.purpose = purpose
}

// CarriesFor notes the client whose request a trusted proxy's connection carries. It
// reports whether the client may have one more connection; if not, refuse the request. A
// connection that is no trusted proxy's belongs to its peer, so nothing changes for it.
func (c *Conn) CarriesFor(networks []network.Network) bool {
	if !c.proxy {
		return true
	}
	l := c.limiter
	l.mu.Lock()
	if len(c.places) == 0 { // closed
		l.mu.Unlock()
		return false
	}
	c.leaveLocked(1)
	displaced, ok := l.makeRoomLocked(c, networks)
	if !ok {
		c.leaveLocked(1)
	}
	l.mu.Unlock()
	l.close(displaced)
	return ok
}

// FoundShared notes that a peer forwards requests without being a trusted proxy. All of
// its visitors would share the bound of one address. So only the total bounds it, for as
// long as it has a connection.
func (c *Conn) FoundShared() {
	c.limiter.mu.Lock()
	defer c.limiter.mu.Unlock()
	if c.proxy {
		return
	}
	for _, p := range c.places {
		p.group.shared = p.group != &c.limiter.all
	}
}

// ConnState is for http.Server. It notes which connections are between requests.
func (l *Limiter) ConnState(conn net.Conn, state http.ConnState) {
	c, ok := conn.(*Conn)
	if !ok {
		return
	}
	switch state {
	case http.StateActive:
		c.Serve(Busy)
		l.arrive(c)
	case http.StateIdle:
		c.Serve(Idle)
		if c.proxy {
			l.mu.Lock()
			defer l.mu.Unlock()
			c.leaveLocked(min(1, len(c.places)))
		}
	case http.StateNew, http.StateHijacked, http.StateClosed:
	}
}

type contextKey struct{}

// ConnContext is for http.Server. It lets Of find the connection.
func ConnContext(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, contextKey{}, conn)
}

// Of returns the connection of a request; nil if it is not counted.
func Of(r *http.Request) *Conn {
	c, _ := r.Context().Value(contextKey{}).(*Conn)
	return c
}

// Package connlimit bounds the TCP connections of a server: in all, and for each of the
// networks that a client is counted by (package network).
//
// What holds:
//
//  1. There are never more connections than [Limits.Total].
//  2. A network has no more connections than [Limits.PerAddress] times its share, unless
//     it has been found to be shared; see [Conn.FoundShared].
//  3. A bound that is reached refuses nobody while another connection within it serves a
//     lesser [Purpose] than [Seated]: of those with the least, the one that has had it
//     the longest is closed for the newcomer.
//  4. The header of a request has no more than a hundred or so lines, and no more than a
//     few hundred are arriving at a time: the one that takes the longest is closed. A
//     header of many short lines takes ten times its size.
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

// The purposes. The first two follow from [Limiter.ConnState], the others are said by
// [Conn.Serve].
const (
	Idle    Purpose = iota // no request yet, or none at the moment
	Busy                   // a request is under way, or a socket is open
	Waiting                // somebody waits at a room's door, or is about to come back to one
	Spare                  // a member is in a room by it, and by a newer one as well
	Seated                 // a member is in a room by it alone: never displaced
	purposes
)

const (
	// maxArriving is how many headers may be arriving at a time. One usually does so in
	// an instant.
	maxArriving = 256
	// maxHeaderLines is more than browsers and proxies send: some 30 and 20.
	maxHeaderLines = 128
)

// sendBuffer bounds what the system keeps of an answer that nobody reads, in bytes. The
// system may take twice as much. It is enough for 300 KB a second over a line with a
// delay of 200 ms.
const sendBuffer = 64 << 10

// Limits are the bounds of a [Limiter]; zero is none.
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
	arriving list.List // of connections with a header on its way, the first one first
}

// group is the connections that one bound is about.
type group struct {
	key    string
	limit  int
	shared bool
	count  int
	// waiting has the connections by purpose, those that have had it the longest first.
	waiting [purposes]list.List
}

func (g *group) full() bool { return g.limit > 0 && !g.shared && g.count >= g.limit }

// New returns a Limiter. Proxy reports whether a peer is a proxy whose word is taken for
// whom it brings. Refused is called for each connection that is closed because of a
// bound; it must not block.
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
	return listener{inner.(*net.TCPListener), l}, nil //nolint:forcetypeassert // it is what listens for TCP
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
	places  []place       // the first in all; none when closed
	arrives *list.Element // in arriving
}

// place is where a connection stands in a group.
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

// makeRoomLocked enters a connection, which is in all already, into the groups of its
// networks. It returns whom to close for it, and false if there is no place.
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
			l.networks[g.key] = g // it may have lost its only connection, and been forgotten
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

// displaceLocked takes out the connection of a group that has waited the longest of
// those with the least purpose, but not the newcomer.
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

// forgetLocked lets go of a network that has no connection.
func (l *Limiter) forgetLocked(g *group) {
	if g != &l.all && g.count == 0 {
		delete(l.networks, g.key)
	}
}

// close closes connections that a bound has no place for.
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

// arrivedLocked notes that the header is there, or never will be.
func (c *Conn) arrivedLocked() {
	if c.arrives != nil {
		c.limiter.arriving.Remove(c.arrives)
		c.arrives = nil
	}
}

// Handler returns a handler that stands before the others: it notes that a header has
// arrived, and refuses one of too many lines.
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
			clear(r.Header) // the server keeps the request for half a second yet
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (c *Conn) enterLocked(g *group) {
	g.count++
	c.places = append(c.places, place{g, g.waiting[c.purpose].PushBack(c)})
}

// leaveLocked takes the connection out of its groups but for the first few.
func (c *Conn) leaveLocked(but int) {
	if len(c.places) <= but {
		return
	}
	for _, p := range c.places[but:] {
		p.group.waiting[c.purpose].Remove(p.element)
		p.group.count--
		c.limiter.forgetLocked(p.group)
	}
	c.places = c.places[:but]
}

// Close closes the connection, which is not counted any more.
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

// CarriesFor notes which client's request a trusted proxy's connection carries, and
// reports whether that one may have it; if not, the request is to be refused. Other
// connections are their peer's, and it changes nothing for them.
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

// FoundShared notes that a peer who is no trusted proxy forwards requests. All of its
// visitors would share the bound of one address, so it keeps to the total alone, for as
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

// ConnState is to be http.Server's. It notes which connections are between requests.
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

// ConnContext is to be http.Server's, so that Of finds the connection.
func ConnContext(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, contextKey{}, conn)
}

// Of returns the connection that a request came by, nil if nobody counts it.
func Of(r *http.Request) *Conn {
	c, _ := r.Context().Value(contextKey{}).(*Conn)
	return c
}

package gateway

import (
	"cmp"
	"net/http"
	"slices"
	"sync"

	"github.com/gorilla/websocket"

	"securechat/internal/connlimit"
	"securechat/internal/engine"
	"securechat/internal/network"
)

// Bounds of sockets that are in no room: waiting pages, pages that are loading, and
// whoever opens sockets for the sake of it. Those in a room are the room's to bound.
const (
	maxVisitors      = 200  // of an address
	maxVisitorsInAll = 2000 // of all; each takes some 30 KB
)

// visitor is a socket. It is one until it is in a room, and again when it is no more.
type visitor struct {
	link     *engine.Session
	networks []network.Network
	tcp      *connlimit.Conn // of its websocket; nil while it polls, or if nobody counts
	purpose  connlimit.Purpose
}

// seated reports whether the socket is in a room.
func (v *visitor) seated() bool { return v.purpose >= connlimit.Spare }

// visitors knows the purpose of every socket, and counts those that are in no room. A full
// bound refuses nobody, who may be a member on their way back: the one that has waited the
// longest without a purpose goes. Its methods are safe for concurrent use.
type visitors struct {
	mu     sync.Mutex
	known  map[string]*visitor // by Engine.IO session
	inNone map[*visitor]struct{}
	counts map[string]int // of those in no room, by network
	// unbounded is true if there may be any number of them; set before first use.
	unbounded bool
	// most is how many sockets there may be, in rooms or not; 0 is any number. Those that
	// poll hold no connection, so that no bound of connections is one of sockets. Set
	// before first use.
	most int
}

// arrive counts a socket until it leaves, and returns those that have to go for it.
func (v *visitors) arrive(newcomer *visitor) (displaced []*engine.Session) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.known == nil {
		v.known, v.inNone, v.counts = make(map[string]*visitor), make(map[*visitor]struct{}), make(map[string]int)
	}
	v.known[newcomer.link.Id()] = newcomer
	displaced = v.enterLocked(newcomer)
	if v.most > 0 && len(v.known) > v.most {
		displaced = append(displaced, v.dispensableLocked(newcomer))
	}
	return displaced
}

// dispensableLocked takes out the socket that is the least loss: of those with the least
// purpose the oldest, but never a member's only one. If there is no other it is the newcomer.
func (v *visitors) dispensableLocked(newcomer *visitor) *engine.Session {
	found := newcomer
	for _, x := range v.known {
		if x == newcomer || x.purpose >= connlimit.Seated {
			continue
		}
		if found == newcomer || cmp.Or(cmp.Compare(x.purpose, found.purpose), cmp.Compare(x.link.Number(), found.link.Number())) < 0 {
			found = x
		}
	}
	v.exitLocked(found)
	delete(v.known, found.link.Id())
	return found.link
}

// enterLocked counts a socket that is in no room. Where limits are off there are no
// networks, and none in all.
func (v *visitors) enterLocked(newcomer *visitor) (displaced []*engine.Session) {
	v.inNone[newcomer] = struct{}{}
	for _, n := range newcomer.networks {
		v.counts[n.Key]++
	}
	for _, n := range newcomer.networks {
		if v.counts[n.Key] > maxVisitors*n.Share {
			displaced = append(displaced, v.displaceLocked(newcomer, n.Key))
		}
	}
	if !v.unbounded && len(v.inNone) > maxVisitorsInAll {
		displaced = append(displaced, v.displaceLocked(newcomer, ""))
	}
	return displaced
}

// displaceLocked takes out the one of a network, or of all, that has waited the longest
// with the least purpose. There is one besides the newcomer, or it would not be full.
func (v *visitors) displaceLocked(newcomer *visitor, key string) *engine.Session {
	var found *visitor
	for x := range v.inNone {
		if x == newcomer || key != "" && !slices.ContainsFunc(x.networks, func(n network.Network) bool { return n.Key == key }) {
			continue
		}
		if found == nil || cmp.Or(cmp.Compare(x.purpose, found.purpose), cmp.Compare(x.link.Number(), found.link.Number())) < 0 {
			found = x
		}
	}
	v.exitLocked(found)
	return found.link
}

// exitLocked counts a socket no longer.
func (v *visitors) exitLocked(x *visitor) {
	if _, counted := v.inNone[x]; !counted {
		return
	}
	delete(v.inNone, x)
	for _, n := range x.networks {
		if v.counts[n.Key]--; v.counts[n.Key] == 0 {
			delete(v.counts, n.Key)
		}
	}
}

// leave forgets a socket that is gone.
func (v *visitors) leave(id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if x := v.known[id]; x != nil {
		v.exitLocked(x)
		delete(v.known, id)
	}
}

// serve notes what a socket is good for, and returns those that have to go if it is in no
// room any more.
func (v *visitors) serve(id string, purpose connlimit.Purpose) (displaced []*engine.Session) {
	v.mu.Lock()
	defer v.mu.Unlock()
	x := v.known[id]
	if x == nil {
		return nil
	}
	before := x.seated()
	x.purpose = purpose
	if x.tcp != nil {
		x.tcp.Serve(purpose)
	}
	switch {
	case x.seated():
		v.exitLocked(x)
	case before:
		return v.enterLocked(x)
	}
	return nil
}

// carry notes a request of a socket's: the connection that it came by is worth as much
// as the socket is.
func (v *visitors) carry(id string, r *http.Request) {
	tcp := connlimit.Of(r)
	if tcp == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	x := v.known[id]
	if x == nil {
		return
	}
	tcp.Serve(x.purpose)
	if websocket.IsWebSocketUpgrade(r) {
		x.tcp = tcp
	}
}

// least returns the connection of the least purpose, of those the oldest, but not the
// newcomer. There is another one.
func (v *visitors) least(conns []*conn, newcomer *conn) *conn {
	v.mu.Lock()
	defer v.mu.Unlock()
	purpose := func(c *conn) connlimit.Purpose {
		if x := v.known[c.link.Id()]; x != nil {
			return x.purpose
		}
		return connlimit.Idle // it is gone
	}
	var found *conn
	for _, c := range conns {
		if c == newcomer {
			continue
		}
		if found == nil || cmp.Or(cmp.Compare(purpose(c), purpose(found)), cmp.Compare(c.link.Number(), found.link.Number())) < 0 {
			found = c
		}
	}
	return found
}

// visit begins to count a connection.
func (g *Gateway) visit(conn *engine.Session) {
	r := conn.Request().Request()
	x := &visitor{link: conn, purpose: connlimit.Busy}
	if g.Networks != nil && g.RateLimits {
		x.networks = g.Networks(r)
	}
	if websocket.IsWebSocketUpgrade(r) {
		x.tcp = connlimit.Of(r)
	}
	g.displace(g.visitors.arrive(x))
	_ = conn.Once("close", func(...any) {
		g.visitors.leave(conn.Id())
		g.replays.leave(conn)
	})
	if conn.ReadyState() == "closed" { // before we listened
		g.visitors.leave(conn.Id())
	}
}

// displace ends sockets that have to go for others. Their pages come back by themselves.
func (g *Gateway) displace(sockets []*engine.Session) {
	for _, s := range sockets {
		g.Metrics.Refused("connection", "displaced")
		s.Close(false)
	}
}

// serve notes what a connection is good for.
func (c *conn) serve(purpose connlimit.Purpose) {
	c.g.displace(c.g.visitors.serve(c.link.Id(), purpose))
}

// rank notes which of a member's connections they could do without: all but the newest.
func rank(conns []*conn) {
	slices.SortFunc(conns, func(a, b *conn) int { return cmp.Compare(a.link.Number(), b.link.Number()) })
	for i, c := range conns {
		if i == len(conns)-1 {
			c.serve(connlimit.Seated)
		} else {
			c.serve(connlimit.Spare)
		}
	}
}

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

// Bounds of sockets that are in no room: waiting pages, pages that are loading, and sockets
// that somebody opens for the sake of it. Rooms bound the sockets that are in them.
const (
	maxVisitors      = 200  // of a network, times its share
	maxVisitorsInAll = 2000 // each takes some 30 KB
)

// visitor is a socket, in a room or not.
type visitor struct {
	link     *engine.Session
	networks []network.Network
	tcp      *connlimit.Conn // of its websocket; nil while it polls, or if connections are not counted
	purpose  connlimit.Purpose
}

// seated reports whether the socket is in a room.
func (v *visitor) seated() bool { return v.purpose >= connlimit.Dispensable }

// visitors has every socket with its purpose, and counts those in no room. A socket beyond
// a bound is not refused, since it may be that of a member on their way back. The oldest of the
// sockets with the least purpose goes in its place. The methods are safe for concurrent use.
type visitors struct {
	mu       sync.Mutex
	all      map[string]*visitor // by Engine.IO session
	roomless map[*visitor]struct{}
	counts   map[string]int // of the roomless ones, by network
	// unbounded is true if any number may be in no room. It is set before first use.
	unbounded bool
	// most bounds all sockets, in rooms or not; 0 sets no bound. Sockets that poll hold no
	// connection, so a bound of connections does not bound them. It is set before first use.
	most int
}

// add begins to count a socket, and returns those that have to go for it.
func (v *visitors) add(newcomer *visitor) (displaced []*engine.Session) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.all == nil {
		v.all, v.roomless, v.counts = make(map[string]*visitor), make(map[*visitor]struct{}), make(map[string]int)
	}
	v.all[newcomer.link.Id()] = newcomer
	displaced = v.countLocked(newcomer)
	if v.most > 0 && len(v.all) > v.most {
		displaced = append(displaced, v.dispensableLocked(newcomer))
	}
	return displaced
}

// dispensableLocked takes out the oldest of the sockets with the least purpose. A member's only
// socket stays. If all others are such, the newcomer is taken out.
func (v *visitors) dispensableLocked(newcomer *visitor) *engine.Session {
	found := newcomer
	for _, x := range v.all {
		if x == newcomer || x.purpose >= connlimit.Seated {
			continue
		}
		if found == newcomer || cmp.Or(cmp.Compare(x.purpose, found.purpose), cmp.Compare(x.link.Number(), found.link.Number())) < 0 {
			found = x
		}
	}
	v.uncountLocked(found)
	delete(v.all, found.link.Id())
	return found.link
}

// countLocked begins to count a socket as one in no room, and returns those that have to go
// for it. With limits off none has to: sockets have no networks then, and visitors is unbounded.
func (v *visitors) countLocked(newcomer *visitor) (displaced []*engine.Session) {
	v.roomless[newcomer] = struct{}{}
	for _, n := range newcomer.networks {
		v.counts[n.Key]++
	}
	for _, n := range newcomer.networks {
		if v.counts[n.Key] > maxVisitors*n.Share {
			displaced = append(displaced, v.displaceLocked(newcomer, n.Key))
		}
	}
	if !v.unbounded && len(v.roomless) > maxVisitorsInAll {
		displaced = append(displaced, v.displaceLocked(newcomer, ""))
	}
	return displaced
}

// displaceLocked takes out the oldest of the roomless sockets with the least purpose: one of a
// network, or any if key is "". There is one besides the newcomer, or the bound would not be
// reached.
func (v *visitors) displaceLocked(newcomer *visitor, key string) *engine.Session {
	var found *visitor
	for x := range v.roomless {
		if x == newcomer || key != "" && !slices.ContainsFunc(x.networks, func(n network.Network) bool { return n.Key == key }) {
			continue
		}
		if found == nil || cmp.Or(cmp.Compare(x.purpose, found.purpose), cmp.Compare(x.link.Number(), found.link.Number())) < 0 {
			found = x
		}
	}
	v.uncountLocked(found)
	return found.link
}

// uncountLocked no longer counts a socket as one in no room.
func (v *visitors) uncountLocked(x *visitor) {
	if _, counted := v.roomless[x]; !counted {
		return
	}
	delete(v.roomless, x)
	for _, n := range x.networks {
		if v.counts[n.Key]--; v.counts[n.Key] == 0 {
			delete(v.counts, n.Key)
		}
	}
}

// remove forgets a socket that is closed.
func (v *visitors) remove(id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if x := v.all[id]; x != nil {
		v.uncountLocked(x)
		delete(v.all, id)
	}
}

// serve notes a socket's purpose. If it has left its room, serve returns the sockets that
// have to go for it.
func (v *visitors) serve(id string, purpose connlimit.Purpose) (displaced []*engine.Session) {
	v.mu.Lock()
	defer v.mu.Unlock()
	x := v.all[id]
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
		v.uncountLocked(x)
	case before:
		return v.countLocked(x)
	}
	return nil
}

// carry notes that a connection carries a request of a socket. The connection then serves
// the socket's purpose.
func (v *visitors) carry(id string, r *http.Request) {
	tcp := connlimit.Of(r)
	if tcp == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	x := v.all[id]
	if x == nil {
		return
	}
	tcp.Serve(x.purpose)
	if websocket.IsWebSocketUpgrade(r) {
		x.tcp = tcp
	}
}

// least returns the oldest of the connections with the least purpose. It is not the newcomer:
// conns has others.
func (v *visitors) least(conns []*conn, newcomer *conn) *conn {
	v.mu.Lock()
	defer v.mu.Unlock()
	purpose := func(c *conn) connlimit.Purpose {
		if x := v.all[c.link.Id()]; x != nil {
			return x.purpose
		}
		return connlimit.Idle // it has been closed
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

// track counts a socket until it is closed.
func (g *Gateway) track(link *engine.Session) {
	r := link.Request()
	x := &visitor{link: link, purpose: connlimit.Busy}
	if g.options.Networks != nil && g.options.RateLimits {
		x.networks = g.options.Networks(r)
	}
	if websocket.IsWebSocketUpgrade(r) {
		x.tcp = connlimit.Of(r)
	}
	g.displace(g.visitors.add(x))
	link.OnClose(func() {
		g.visitors.remove(link.Id())
		g.replays.endAllOf(link)
	})
}

// displace closes sockets that have to go for others. Their pages connect again.
func (g *Gateway) displace(sockets []*engine.Session) {
	for _, s := range sockets {
		g.options.Metrics.Refused("connection", "displaced")
		s.Close(false)
	}
}

// serve notes the purpose of a connection's socket.
func (c *conn) serve(purpose connlimit.Purpose) {
	c.g.displace(c.g.visitors.serve(c.link.Id(), purpose))
}

// rank notes the purposes of a member's connections: all but the newest are dispensable.
func rank(conns []*conn) {
	slices.SortFunc(conns, func(a, b *conn) int { return cmp.Compare(a.link.Number(), b.link.Number()) })
	for i, c := range conns {
		if i == len(conns)-1 {
			c.serve(connlimit.Seated)
		} else {
			c.serve(connlimit.Dispensable)
		}
	}
}

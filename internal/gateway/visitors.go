package gateway

import (
	"net/http"
	"sync"

	"securechat/internal/engine"
)

// maxVisitors is how many connections an address may have that are in no room:
// waiting pages, pages that are loading, and whoever opens connections for the
// sake of it. Those in a room are the room's to bound.
const maxVisitors = 200

// visitors counts the connections that are in no room, by address. Its methods
// are safe for concurrent use.
type visitors struct {
	mu     sync.Mutex
	from   map[string]string // address by Engine.IO session
	counts map[string]int    // by address
}

// arrive counts a connection until it leaves.
func (v *visitors) arrive(id, address string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.from == nil {
		v.from, v.counts = make(map[string]string), make(map[string]int)
	}
	v.from[id] = address
	v.counts[address]++
}

// leave counts a connection no longer: it is gone, or in a room.
func (v *visitors) leave(id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	address, ok := v.from[id]
	if !ok {
		return
	}
	delete(v.from, id)
	if v.counts[address]--; v.counts[address] == 0 {
		delete(v.counts, address)
	}
}

// full reports whether an address has all the connections it may have.
func (v *visitors) full(address string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.counts[address] >= maxVisitors
}

// visit begins to count a connection.
func (g *Gateway) visit(conn *engine.Session) {
	g.visitors.arrive(conn.Id(), g.Address(conn.Request().Request()))
	_ = conn.Once("close", func(...any) { g.visitors.leave(conn.Id()) })
	if conn.ReadyState() == "closed" { // before we listened
		g.visitors.leave(conn.Id())
	}
}

// tooMany reports whether a handshake is one too many from its address.
func (g *Gateway) tooMany(r *http.Request) bool {
	return g.RateLimits && g.Address != nil && r.URL.Query().Get("sid") == "" && g.visitors.full(g.Address(r))
}

package gateway

import "slices"

// countConn counts a connection of a session.
func (g *Gateway) countConn(c *conn) {
	if c.session == "" {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sessions[c.session] = append(g.sessions[c.session], c)
}

// capSession ends one connection of a session if a new one is too many: the one that the
// session can do without first. Its page is told, and does not come back by itself, or two tabs
// would put each other out for ever. Connections that are about to end, since their pages go on
// by others, do not count, and a new one that is such puts out none.
func (g *Gateway) capSession(c *conn) {
	if c.session == "" || !g.options.RateLimits || c.replaced.Load() {
		return
	}
	g.mu.Lock()
	var displaced *conn
	stay := slices.DeleteFunc(slices.Clone(g.sessions[c.session]), func(other *conn) bool { return other.replaced.Load() })
	if len(stay) > maxConnections {
		displaced = g.visitors.least(stay, c)
		g.sessions[c.session] = without(g.sessions[c.session], displaced)
	}
	g.mu.Unlock()
	if displaced != nil {
		displaced.fail(errTooManyConnections)
		go displaced.socket.Disconnect(true)
	}
}

// connsOfSession returns the open connections of a session; none if it is "".
func (g *Gateway) connsOfSession(session string) []*conn {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.sessions[session])
}

// uncountConn counts a connection no longer.
func (g *Gateway) uncountConn(c *conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	conns := without(g.sessions[c.session], c)
	if g.sessions[c.session] = conns; len(conns) == 0 {
		delete(g.sessions, c.session)
	}
}

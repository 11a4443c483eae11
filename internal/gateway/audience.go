package gateway

import (
	"slices"

	"securechat/room"
)

// enter puts a connection into the audience of its member's room, and returns the
// connections that the member has there.
func (g *Gateway) enter(seat room.Seat, c *conn) []*conn {
	g.mu.Lock()
	// A new list each time: somebody may be going through the one before.
	g.rooms[seat.Room] = slices.Concat(g.rooms[seat.Room], []*conn{c})
	g.mu.Unlock()
	return g.connsOf(seat)
}

// exit takes a connection out of the audience, and returns those that the member has left.
func (g *Gateway) exit(seat room.Seat, c *conn) []*conn {
	g.mu.Lock()
	left := without(slices.Clone(g.rooms[seat.Room]), c)
	if g.rooms[seat.Room] = left; len(left) == 0 {
		delete(g.rooms, seat.Room)
	}
	g.mu.Unlock()
	return g.connsOf(seat)
}

// audienceOf returns the connections of this process that are in a room. The slice must
// not be changed.
func (g *Gateway) audienceOf(roomID string) []*conn {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.rooms[roomID]
}

// connsOf returns a member's connections.
func (g *Gateway) connsOf(s room.Seat) []*conn {
	var conns []*conn
	for _, c := range g.audienceOf(s.Room) {
		if c.isBoundTo(s.Room, s.ID) {
			conns = append(conns, c)
		}
	}
	return conns
}

// without takes a connection out of a list, in place.
func without(conns []*conn, c *conn) []*conn {
	return slices.DeleteFunc(conns, func(other *conn) bool { return other == c })
}

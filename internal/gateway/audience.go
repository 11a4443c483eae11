package gateway

import (
	"maps"
	"slices"

	"securechat/room"
)

// audience is the connections of this process that are in one room.
type audience struct {
	conns map[*conn]struct{}
	list  []*conn            // the same, never changed; nil if it has to be made
	seats map[string][]*conn // by member
}

// enter puts a connection into the audience of its member's room, and returns the
// connections that the member has there.
func (g *Gateway) enter(seat room.Seat, c *conn) []*conn {
	g.mu.Lock()
	defer g.mu.Unlock()
	a := g.rooms[seat.Room]
	if a == nil {
		a = &audience{conns: make(map[*conn]struct{}), seats: make(map[string][]*conn)}
		g.rooms[seat.Room] = a
	}
	a.conns[c] = struct{}{}
	a.seats[seat.ID] = append(a.seats[seat.ID], c)
	a.list = nil
	return slices.Clone(a.seats[seat.ID])
}

// exit takes a connection out of the audience, and returns those that the member has left.
func (g *Gateway) exit(seat room.Seat, c *conn) []*conn {
	g.mu.Lock()
	defer g.mu.Unlock()
	a := g.rooms[seat.Room]
	if a == nil {
		return nil
	}
	delete(a.conns, c)
	a.list = nil
	left := slices.DeleteFunc(a.seats[seat.ID], func(other *conn) bool { return other == c })
	a.seats[seat.ID] = left
	if len(left) == 0 {
		delete(a.seats, seat.ID)
	}
	if len(a.conns) == 0 {
		delete(g.rooms, seat.Room)
	}
	return slices.Clone(left)
}

// audienceOf returns the connections in a room. The slice must not be changed.
func (g *Gateway) audienceOf(roomID string) []*conn {
	g.mu.Lock()
	defer g.mu.Unlock()
	a := g.rooms[roomID]
	if a == nil {
		return nil
	}
	if a.list == nil {
		a.list = slices.Collect(maps.Keys(a.conns))
	}
	return a.list
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

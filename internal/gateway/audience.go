package gateway

import (
	"slices"
	"sync"

	"securechat/room"
)

// audience is the one record of who listens in this process: the connections that are
// in each chat room, and those of pages that wait for the verdict on each knock. The lists are
// where to look for connections; each decides under its own lock whether it hears (conn.hear).
// The methods are safe for concurrent use.
type audience struct {
	mu     sync.Mutex
	rooms  listeners
	knocks listeners
}

// listeners are connections by what they listen to. A list is never changed, since
// somebody may be going through it: a new one takes its place.
type listeners map[string][]*conn

func (l *listeners) add(key string, c *conn) {
	if *l == nil {
		*l = make(listeners)
	}
	(*l)[key] = slices.Concat((*l)[key], []*conn{c})
}

func (l listeners) remove(key string, c *conn) {
	left := slices.Clone(l[key])
	if i := slices.Index(left, c); i >= 0 { // one entry: it may have entered again
		left = slices.Delete(left, i, i+1)
	}
	if len(left) == 0 {
		delete(l, key)
		return
	}
	l[key] = left
}

// enter puts a connection into its member's room, and returns the connections that the
// member has there.
func (a *audience) enter(seat room.Seat, c *conn) []*conn {
	a.mu.Lock()
	a.rooms.add(seat.Room, c)
	a.mu.Unlock()
	return a.connsOf(seat)
}

// exit takes a connection out of the room, and returns those that the member has left.
func (a *audience) exit(seat room.Seat, c *conn) []*conn {
	a.mu.Lock()
	a.rooms.remove(seat.Room, c)
	a.mu.Unlock()
	return a.connsOf(seat)
}

// listenTo has a connection listen to a knock.
func (a *audience) listenTo(knock string, c *conn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.knocks.add(knock, c)
}

// ignore has a connection listen to a knock no longer.
func (a *audience) ignore(knock string, c *conn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.knocks.remove(knock, c)
}

// of returns the connections that are in a room. The slice must not be changed.
func (a *audience) of(roomID string) []*conn {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.rooms[roomID]
}

// with returns the connections that are in a room or listen to a knock, each once. The
// slice must not be changed.
func (a *audience) with(roomID, knock string) []*conn {
	a.mu.Lock()
	defer a.mu.Unlock()
	inside := a.rooms[roomID]
	all := slices.Clip(inside)
	for _, c := range a.knocks[knock] {
		if !slices.Contains(inside, c) {
			all = append(all, c)
		}
	}
	return all
}

// connsOf returns a member's connections.
func (a *audience) connsOf(s room.Seat) []*conn {
	var conns []*conn
	for _, c := range a.of(s.Room) {
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

// attach lets a connection hear what happens in its member's room from here on. Its page
// does not wait for verdicts any more. It reports false for a connection that is
// elsewhere, or gone, by now.
func (c *conn) attach(roomID, member string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone || c.seat == nil || c.seat.Room != roomID || c.seat.ID != member {
		return false
	}
	c.attached = true
	c.ignoreKnocksLocked()
	return true
}

// heardKnock is a knock that a connection hears of.
type heardKnock struct {
	knock   string
	unwatch func() // has its room watched no longer for it
}

// ignoreKnocksLocked lets a connection hear of knocks no longer.
func (c *conn) ignoreKnocksLocked() {
	for _, k := range c.knocks {
		c.g.audience.ignore(k.knock, c)
		k.unwatch()
	}
	c.knocks = nil
}

// ignoreKnock lets a connection hear of a knock no longer, and reports whether it did until now.
func (c *conn) ignoreKnock(knock string) (heard bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ignoreKnockLocked(knock)
}

func (c *conn) ignoreKnockLocked(knock string) (heard bool) {
	i := c.knockIndex(knock)
	if i < 0 {
		return false
	}
	c.g.audience.ignore(knock, c)
	c.knocks[i].unwatch()
	c.knocks = slices.Delete(c.knocks, i, i+1)
	return true
}

// decideLocked ends the listening to a knock whose verdict the connection has just been told.
func (c *conn) decideLocked(knock string) {
	if c.ignoreKnockLocked(knock) {
		c.noteToldLocked(knock)
	}
}

func (c *conn) hearsOf(knock string) bool { return c.knockIndex(knock) >= 0 }

func (c *conn) knockIndex(knock string) int {
	return slices.IndexFunc(c.knocks, func(k heardKnock) bool { return k.knock == knock })
}

// heardKnocks returns the knocks that the connection hears of.
func (c *conn) heardKnocks() (knocks []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.knocks {
		knocks = append(knocks, k.knock)
	}
	return knocks
}

// listenToKnock lets a connection hear what happens to the knock of a seat from here on, until
// it is told the verdict. The verdict may have been told to all others before: who calls this
// looks for it afterwards, or the connection would have the room watched for ever.
func (c *conn) listenToKnock(seat room.Seat) error {
	unwatch, err := c.g.watches.watch(c.ctx, seat.Room)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone || c.hearsOf(seat.ID) {
		unwatch()
		return nil
	}
	c.knocks = append(c.knocks, heardKnock{seat.ID, unwatch})
	c.g.audience.listenTo(seat.ID, c)
	return nil
}

// deafen lets a connection that ends hear nothing more.
func (c *conn) deafen() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone, c.attached = true, false
	c.ignoreKnocksLocked()
}

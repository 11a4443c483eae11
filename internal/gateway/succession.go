package gateway

import (
	"sync"
	"time"

	"securechat/room"
)

// patience is how long a connection that may be half-open gets to answer before a new one of
// the same member takes its place. endPatience is how long the new one then waits for the old
// one's end to be reported. Together they must stay well below the ten seconds of silence that a
// page takes for the end.
const (
	patience    = 3 * time.Second
	endPatience = time.Second
)

// succeed ends the connections of this process that the page of a new one has given up for it,
// so that everything that has come by them counts and comes first. When the new one enters, the
// room takes out those of other processes. If the page has made a later connection than this
// one, this one is marked as replaced.
func (c *conn) succeed() {
	if !c.named() {
		return
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	for _, other := range c.g.connsOfSession(c.session) {
		switch {
		case other == c || other.page != c.page:
		case other.link == c.link: // a page may connect twice by one session
		case other.isAfter(c):
			c.replaced.Store(true)
		default:
			wg.Go(func() {
				seen := other.giveWay()
				mu.Lock()
				defer mu.Unlock()
				if c.seen == nil {
					c.seen = seen
				}
			})
		}
	}
	wg.Wait()
}

// isAfter reports whether the page made this connection after another one of its own. A page
// that says the same count again does not count.
func (c *conn) isAfter(other *conn) bool {
	if c.nth > 0 && other.nth > 0 && c.nth != other.nth {
		return c.nth > other.nth
	}
	return c.link.Number() > other.link.Number()
}

// takeOver ends a connection of the member that is dead but still open on the server's side.
// It returns the sequence number up to which that connection's page has certainly got, nil if
// there is none. The page is taken to be the one behind the new connection, which so resumes
// where it was left. If several are dead, say two tabs of a laptop that slept, the one that got
// least far is taken, and the others wait for their own pages. Connections that are certainly
// another page's are left alone, and so are those of pages that name themselves: succeed has
// found them.
//
// If the new connection ends before all have answered, takeOver returns at once, so that
// everything that came by it is handled. Its page may be that of any that has not answered:
// otherwise is the sequence number up to which all of those have got.
func (c *conn) takeOver(seat room.Seat) (resume, otherwise *uint64) {
	ctx, cancel := c.whileOpen()
	defer cancel()
	var wg sync.WaitGroup
	var mu sync.Mutex
	var dead *conn
	for _, other := range c.g.audience.connsOf(seat) {
		if other == c || other.named() || other.pageKey() != c.pageKey() {
			continue
		}
		wg.Go(func() {
			if other.link.Alive(ctx, patience, other.provoke) {
				return
			}
			cut := ctx.Err() != nil
			select {
			case <-other.link.Done(): // it ends in the usual way: let that be reported
				if other.awaitEnd() {
					return
				}
			default:
			}
			mu.Lock()
			defer mu.Unlock()
			confirmed := other.marks.confirmed(other.link, seat.Room)
			switch {
			case cut && (otherwise == nil || confirmed < *otherwise):
				otherwise = &confirmed
			case !cut && (dead == nil || confirmed < *resume):
				dead, resume = other, &confirmed
			}
		})
	}
	wg.Wait()
	if dead != nil {
		dead.giveWay()
	}
	return resume, otherwise
}

// giveWay ends a connection whose page goes on by another one, and returns when its loss is
// reported. Everything that has arrived by it counts, and comes before anything that the page
// says by the other. Events that arrive later are ignored, since the page may have said them
// again. It returns how far the page has certainly got, nil if it was in no room.
func (c *conn) giveWay() *offset {
	seat, bound := c.boundTo()
	go c.socket.Conn().Close(true)
	if !c.awaitEnd() {
		c.replaced.Store(true)
		c.g.options.Log.Warn("a connection is taking long to end")
	}
	if !bound || !c.marks.areOf(seat.Room) {
		return nil // it had not heard yet that it is in the room, which knows where its page is
	}
	return &offset{seat.Room, c.marks.confirmed(c.link, seat.Room)}
}

// awaitEnd waits until the end of the connection has been reported, but not for
// ever, and reports whether it has.
func (c *conn) awaitEnd() bool {
	late := time.NewTimer(endPatience)
	defer late.Stop()
	select {
	case <-c.ctx.Done():
		return true
	case <-late.C:
		return false
	}
}

// provoke sends something that the client has to fetch and no page listens to.
//
// It has an argument: newer clients take a last one that is a string, and so the
// bare name of an event, for the offset of a message.
func (c *conn) provoke() { c.emit("are_you_there", struct{}{}) }

package gateway

import (
	"sync"
	"time"

	"securechat/room"
)

// patience is how long a connection that may be half-open gets to answer
// before a new one of the same member takes its place, and endPatience how long that
// one waits for the old one's last event. A page takes ten seconds of silence for the
// end: all of it together must be well below.
const (
	patience    = 3 * time.Second
	endPatience = time.Second
)

// succeed ends the connections of this process that the page of a new one has given up for
// it, so that all that has come by them counts and comes first. Those of other processes the
// room takes out when this one enters. If it is this one that was overtaken on its way, it ends.
func (c *conn) succeed() {
	if c.page == "" {
		return
	}
	for _, other := range c.g.connsOfSession(c.session) {
		switch {
		case other == c || other.page != c.page:
		case other.link == c.link: // a page may connect twice by one session
		case other.isAfter(c):
			c.replaced.Store(true)
		default:
			if seen := other.giveWay(); c.seen == nil {
				c.seen = seen
			}
		}
	}
}

// isAfter reports whether the page made this connection after another one of its own.
func (c *conn) isAfter(other *conn) bool {
	if c.count > 0 && other.count > 0 {
		return c.count > other.count
	}
	return c.link.Number() > other.link.Number()
}

// takeOver ends a connection of the member that is open on our side alone, and
// returns up to where its page has certainly got, nil if there is none. That page is
// taken to be the one behind this connection, so it resumes where it was left. If
// there are several, say two tabs of a laptop that slept, the one that has got least
// is taken, and the others are left to their own pages, as are those of pages that
// name themselves: they are known when they come.
//
// If this connection ends before that is known, what it brings is handled without delay.
// Its page may be that of any that has not answered, so otherwise is up to where all of
// those have got.
func (c *conn) takeOver(seat room.Seat) (resume, otherwise *uint64) {
	ctx, cancel := c.whileOpen()
	defer cancel()
	var wg sync.WaitGroup
	var mu sync.Mutex
	var dead *conn
	for _, other := range c.g.audience.connsOf(seat) {
		if other == c || other.page != "" {
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

// giveWay ends a connection whose page goes on by another one, as if it were lost
// this moment, and returns when that is reported: what has arrived by it counts, and
// comes before anything that the page says by the other. What arrives later is not
// heard, since the page may have said it again. It returns up to where the page has
// certainly got, nil if it was in no room.
func (c *conn) giveWay() *offset {
	seat, bound := c.boundTo()
	go c.socket.Conn().Close(true)
	if !c.awaitEnd() {
		c.replaced.Store(true)
		c.g.Log.Warn("a connection takes long to end")
	}
	if !bound {
		return nil
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

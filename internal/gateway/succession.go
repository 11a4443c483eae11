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

// succession knows the newest connection of each page that names itself. A page
// has one at a time: when it makes another, it has given up the one before, which
// may be open on our side for long. Its methods are safe for concurrent use.
type succession struct {
	mu     sync.Mutex
	newest map[pageKey]*conn
}

// enter notes a connection and returns the one that its page had before, nil if
// there is none. If the page has a newer one already, since connections can overtake
// each other, it is this one that is replaced.
func (s *succession) enter(c *conn) (before *conn) {
	if c.session == "" || c.page == "" {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := pageKey{c.session, c.page}
	other := s.newest[key]
	switch {
	case other == nil || other.link == c.link: // a page may connect twice by one session
	case other.link.Number() > c.link.Number():
		c.replaced.Store(true)
		return nil
	default:
		before = other
	}
	if s.newest == nil {
		s.newest = make(map[pageKey]*conn)
	}
	s.newest[key] = c
	return before
}

// leave forgets a connection that has ended.
func (s *succession) leave(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := pageKey{c.session, c.page}
	if s.newest[key] == c {
		delete(s.newest, key)
	}
}

// takeOver ends a connection of the member that is open on our side alone, and
// returns up to where its page has certainly got, nil if there is none. That page is
// taken to be the one behind this connection, so it resumes where it was left. If
// there are several, say two tabs of a laptop that slept, the one that has got least
// is taken, and the others are left to their own pages, as are those of pages that
// name themselves: they are known when they come.
func (c *conn) takeOver(seat room.Seat) (resume *uint64) {
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
			if other.link.Alive(ctx, patience, other.provoke) || ctx.Err() != nil {
				return
			}
			select {
			case <-other.link.Done(): // it ends in the usual way: let that be reported
				other.awaitEnd()
				return
			default:
			}
			mu.Lock()
			defer mu.Unlock()
			if confirmed := other.marks.confirmed(other.link, seat.Room); dead == nil || confirmed < *resume {
				dead, resume = other, &confirmed
			}
		})
	}
	wg.Wait()
	if dead != nil {
		dead.giveWay()
	}
	return resume
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

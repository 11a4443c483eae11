package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// admissions is how many rooms are set up at a time.
const admissions = 8

// Rooms says how many people to bring together, and where.
type Rooms struct {
	First   int // the number of the first room; crowds of one server need different ones
	Count   int
	Members int // of each room
}

// Crowd is people in rooms, all of them connected. Its methods are for one
// goroutine.
type Crowd struct {
	crowdState
	rooms []*chatroom
}

// chatroom is one room.
type chatroom struct {
	index, size int
	id          string
	sockets     []*socket
}

// crowdState is what the sockets of a crowd share.
type crowdState struct {
	epoch   time.Time
	from    atomic.Int64 // messages due from here on are measured
	looping atomic.Bool  // who hears their own message sends the next

	failOnce sync.Once
	failed   chan struct{}
	err      error // once failed is closed
}

// now returns the time since the epoch in nanoseconds.
func (c *crowdState) now() int64 { return int64(time.Since(c.epoch)) }

// fail notes what went wrong first.
func (c *crowdState) fail(err error) {
	c.failOnce.Do(func() {
		c.err = err
		close(c.failed)
	})
}

// Err returns what has gone wrong since the crowd was gathered: a connection
// that ended, an error that the server reported, or a message that was lost, out
// of order or not ours. It is nil if nothing has.
func (c *crowdState) Err() error {
	select {
	case <-c.failed:
		return c.err
	default:
		return nil
	}
}

// Gather brings a crowd together on a server. It takes as long as letting
// everybody in does. Close ends it.
func Gather(ctx context.Context, target Target, r Rooms) (*Crowd, error) {
	if r.Count < 1 || r.Members < 1 || r.First+r.Count > maxRooms || r.Members > maxMembers {
		return nil, fmt.Errorf("cannot have %d rooms of %d from number %d on", r.Count, r.Members, r.First)
	}
	c := &Crowd{crowdState: crowdState{epoch: time.Now(), failed: make(chan struct{})}}
	c.from.Store(math.MaxInt64)
	for i := range r.Count {
		c.rooms = append(c.rooms, &chatroom{index: r.First + i, size: r.Members})
	}
	if err := c.fill(ctx, target); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// fill sets up the rooms, some at a time.
func (c *Crowd) fill(ctx context.Context, target Target) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	rooms := make(chan *chatroom)
	var wg sync.WaitGroup
	for range admissions {
		wg.Go(func() {
			for r := range rooms {
				if err := c.open(ctx, target, r); err != nil {
					cancel(fmt.Errorf("setting up room %d: %w", r.index, err))
				}
			}
		})
	}
	for _, r := range c.rooms {
		if ctx.Err() == nil {
			rooms <- r
		}
	}
	close(rooms)
	wg.Wait()
	return context.Cause(ctx)
}

// open sets up one room and has its people listen.
func (c *Crowd) open(ctx context.Context, target Target, r *chatroom) error {
	dialer, err := target.dialer(r.index)
	if err != nil {
		return err
	}
	e := &entrance{target, dialer, c, r}
	enter := e.forms
	if target.Direct {
		enter = e.direct
	}
	if err := enter(ctx); err != nil {
		return err
	}
	for _, s := range r.sockets {
		if err := s.listen(); err != nil {
			return err
		}
	}
	return nil
}

// verify waits until every message has reached everybody in its room. It
// returns an error if that does not happen: if some are missing and none comes
// any more. A server that was given too much may take its time.
func (c *Crowd) verify(ctx context.Context) error {
	late := time.NewTimer(patience)
	defer late.Stop()
	for arrived := c.deliveries(); ; {
		missing := c.missing()
		if missing == nil {
			return c.Err()
		}
		if now := c.deliveries(); now > arrived {
			arrived = now
			late.Reset(patience)
		}
		select {
		case <-c.failed:
			return c.err
		case <-ctx.Done():
			return ctx.Err()
		case <-late.C:
			return missing
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// missing returns an error that says who misses messages; nil if nobody does.
//
// In a closed loop the next message is counted as sent before the one that led to
// it is counted as delivered. So if what has been delivered, which is read
// first, is all that has been sent, then nothing is under way.
func (c *Crowd) missing() error {
	for _, r := range c.rooms {
		last := slices.MinFunc(r.sockets, func(a, b *socket) int {
			return cmp.Compare(a.delivered.Load(), b.delivered.Load())
		})
		got := last.delivered.Load()
		var sent uint64
		for _, s := range r.sockets {
			sent += s.sent.Load()
		}
		if got < sent {
			return fmt.Errorf("%s: lost: %d of %d messages came", last, got, sent)
		}
	}
	return nil
}

// deliveries returns how many messages were received so far.
func (c *Crowd) deliveries() uint64 {
	var sum uint64
	for _, r := range c.rooms {
		for _, s := range r.sockets {
			sum += s.delivered.Load()
		}
	}
	return sum
}

var errClosed = errors.New("closed")

// Close ends all connections.
func (c *Crowd) Close() {
	c.fail(errClosed) // what comes of closing them is no news
	for _, r := range c.rooms {
		for _, s := range r.sockets {
			_ = s.conn.Close()
		}
	}
	for _, r := range c.rooms {
		for _, s := range r.sockets {
			if s.listening != nil {
				<-s.listening
			}
		}
	}
}

package room

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// maxBatch is how many changes of a room are committed together at the most.
const maxBatch = 64

// change is a change of a room that one caller wants, and its outcome.
type change struct {
	// rule may run more than once, on a copy of the room each time. Whatever else it sets, each
	// run has to set anew.
	rule         func(r *Room, now time.Time, log Log) ([]Event, error)
	messagesOnly bool // it does nothing but add messages

	err   error
	batch [1]*change     // the change itself, if it is made alone
	turn  chan []*change // tells a caller who waits the batch to make, or nil when another has made the change
}

// writers queues the changes of each room. One caller at a time makes the changes of all that
// wait, in the order in which they came and in one commit. So a room that fifty people come
// back to at once is written a few times instead of fifty. In a store that several processes
// share, one of them then seldom finds that another was quicker. The methods are safe for
// concurrent use.
type writers struct {
	// write makes the changes of a batch and notes in each what became of it; set before use.
	write func(ctx context.Context, room string, batch []*change) error

	mu    sync.Mutex
	rooms map[string][]*change // those that wait, of rooms in which somebody writes
}

// do makes a change, and returns when it is committed, and told, or has failed. If ctx ends
// before its turn has come nothing is done.
func (w *writers) do(ctx context.Context, room string, c *change) error {
	if batch := w.await(ctx, room, c); batch != nil {
		w.lead(ctx, room, batch)
	}
	return c.err
}

// await waits for the turn of a change, and returns what is to be made then. It returns nil
// when another caller has made it, or ctx has ended before.
func (w *writers) await(ctx context.Context, room string, c *change) []*change {
	w.mu.Lock()
	waiting, busy := w.rooms[room]
	if !busy {
		if w.rooms == nil {
			w.rooms = make(map[string][]*change)
		}
		w.rooms[room] = nil
		w.mu.Unlock()
		c.batch[0] = c
		return c.batch[:]
	}
	c.turn = make(chan []*change, 1)
	w.rooms[room] = append(waiting, c)
	w.mu.Unlock()
	select {
	case batch := <-c.turn:
		return batch
	case <-ctx.Done():
	}
	if w.cancel(room, c) {
		c.err = ctx.Err()
		return nil
	}
	return <-c.turn // too late: it is being made
}

// cancel takes a change back that nobody has begun to make.
func (w *writers) cancel(room string, c *change) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.Index(w.rooms[room], c)
	if i < 0 {
		return false
	}
	w.rooms[room] = slices.Delete(w.rooms[room], i, i+1)
	return true
}

// lead makes a batch that begins with the caller's own change, and hands the turn on.
func (w *writers) lead(ctx context.Context, room string, batch []*change) {
	defer w.handTurnOn(room, batch)
	// The others' changes must not end with the context of the caller who makes them.
	if err := w.survive(context.WithoutCancel(ctx), room, batch); err != nil {
		for _, c := range batch {
			c.err = err
		}
	}
}

// survive writes a batch. A fault outside of the rules may be one before the commit or after it,
// say in telling those who watch the room. So nobody may take their change for made, or for not
// made, and whoever happens to write for all must not pay for it.
func (w *writers) survive(ctx context.Context, room string, batch []*change) (err error) {
	defer contain(ErrUncertain, &err)
	return w.write(ctx, room, batch)
}

// contain is deferred: it makes an error of a fault.
func contain(as error, err *error) {
	if fault := recover(); fault != nil {
		slog.Error("a room could not be changed", "type", fmt.Sprintf("%T", fault), "stack", string(debug.Stack()))
		*err = as
	}
}

// handTurnOn gives the turn to the first who waits, and tells those whose changes were made.
func (w *writers) handTurnOn(room string, made []*change) {
	w.mu.Lock()
	if waiting := w.rooms[room]; len(waiting) == 0 {
		delete(w.rooms, room)
	} else {
		n := min(len(waiting), maxBatch)
		w.rooms[room] = slices.Clone(waiting[n:])
		waiting[0].turn <- waiting[:n:n]
	}
	w.mu.Unlock()
	for _, c := range made[1:] {
		c.turn <- nil
	}
}

// change changes a room by a rule, as every use case does that may do more than post.
func (s *Service) change(ctx context.Context, id string, rule func(r *Room, now time.Time) ([]Event, error)) error {
	return s.writers.do(ctx, id, &change{rule: func(r *Room, now time.Time, _ Log) ([]Event, error) { return rule(r, now) }})
}

// errNotOnlyMessages: a batch is more than messages, since it has another change or something is overdue.
var errNotOnlyMessages = errors.New("room: more than messages is to be committed")

// write commits a batch of changes of a room, after all that is due by now. If the room ends by
// that, its end is committed, and the changes get ErrNotFound.
func (s *Service) write(ctx context.Context, id string, batch []*change) error {
	if err := s.append(ctx, id, batch); !errors.Is(err, errNotOnlyMessages) {
		return err // messages move no deadline
	}
	var due time.Time
	// Also after a fault or a failure, since the change may have been made.
	defer func() { s.alarm.set(due) }()
	_, err := s.store.Update(ctx, id, func(r *Room, log Log) ([]Event, error) {
		due = time.Time{}
		now := time.Now()
		events, err := s.advance(r, now)
		if err != nil {
			return nil, err
		}
		events = runBatch(r, now, log, batch, events)
		if r.Closing == "" {
			due = r.NextDeadline()
		}
		return events, nil
	})
	return err
}

// advance does what is due. Nothing is committed after a fault in it.
func (s *Service) advance(r *Room, now time.Time) (events []Event, err error) {
	defer contain(ErrFault, &err)
	return r.Advance(now, s.options.NewCode), nil
}

// append commits a batch of messages. Errors: errNotOnlyMessages if more than messages is to be committed.
func (s *Service) append(ctx context.Context, id string, batch []*change) error {
	for _, c := range batch {
		if !c.messagesOnly {
			return errNotOnlyMessages
		}
	}
	_, err := s.store.Append(ctx, id, func(r *Room, log Log) ([]Event, error) {
		now := time.Now()
		if !r.NextDeadline().After(now) {
			return nil, errNotOnlyMessages
		}
		return runBatch(r, now, log, batch, nil), nil
	})
	return err
}

// runBatch runs the rules of a batch one after the other. One that fails changes nothing for the
// others. It returns the events that it is given, and after them those of the rules.
func runBatch(r *Room, now time.Time, log Log, batch []*change, events []Event) []Event {
	said := batchLog{log, events}
	for _, c := range batch {
		if r.Closing != "" {
			c.err = ErrNotFound
			continue
		}
		before := *r
		events, err := c.run(r, now, &said)
		switch c.err = err; {
		case err != nil:
			*r = before
		case said.events == nil:
			said.events = events
		default:
			said.events = append(said.events, events...)
		}
	}
	return said.events
}

// run runs the rule. A fault in it must not take the others' changes along.
func (c *change) run(r *Room, now time.Time, log Log) (events []Event, err error) {
	defer contain(ErrFault, &err)
	return c.rule(r, now, log)
}

// batchLog is a log with what was said before in the same batch.
type batchLog struct {
	Log
	events []Event
}

// Said implements Log.
func (l *batchLog) Said(member, ref string) (m Message, found bool, err error) {
	for _, e := range slices.Backward(l.events) {
		if p, ok := e.Body.(MessagePosted); ok && p.Message.Member == member && p.Message.Ref == ref {
			return p.Message, true, nil
		}
	}
	return l.Log.Said(member, ref)
}

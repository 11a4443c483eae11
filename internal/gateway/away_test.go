package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"securechat/internal/refusal"
	"securechat/room"
)

var errAway = errors.New("the store is away")

// unreachable is a service whose store fails once the test says so.
type unreachable struct {
	*room.Service
	away atomic.Bool
}

func (s *unreachable) fails() error {
	if s.away.Load() {
		return errAway
	}
	return nil
}

func (s *unreachable) Seats(ctx context.Context, session string) ([]room.Seat, error) {
	if err := s.fails(); err != nil {
		return nil, err
	}
	return s.Service.Seats(ctx, session)
}

func (s *unreachable) Gone(ctx context.Context, session, id string) error {
	return errors.Join(s.fails(), s.Service.Gone(ctx, session, id))
}

func (s *unreachable) Watch(ctx context.Context, id string, w room.Watcher) (func(), error) {
	if err := s.fails(); err != nil {
		return nil, err
	}
	return s.Service.Watch(ctx, id, w)
}

func (s *unreachable) View(ctx context.Context, c room.Caller, tell func(room.View)) error {
	if err := s.fails(); err != nil {
		return err
	}
	return s.Service.View(ctx, c, tell)
}

func (s *unreachable) ViewKnock(ctx context.Context, session, knock string, tell func(room.Knock)) error {
	if err := s.fails(); err != nil {
		return err
	}
	return s.Service.ViewKnock(ctx, session, knock, tell)
}

func (s *unreachable) Connect(ctx context.Context, a room.Attach) error {
	if err := s.fails(); err != nil {
		return err
	}
	return s.Service.Connect(ctx, a)
}

func (s *unreachable) Leave(ctx context.Context, c room.Caller, delivered uint64, final bool) error {
	if err := s.fails(); err != nil {
		return err
	}
	return s.Service.Leave(ctx, c, delivered, final)
}

func (s *unreachable) Post(ctx context.Context, d room.Draft) (*room.Message, error) {
	if err := s.fails(); err != nil {
		return nil, err
	}
	return s.Service.Post(ctx, d)
}

func (s *unreachable) Approve(ctx context.Context, c room.Caller, knock string) error {
	if err := s.fails(); err != nil {
		return err
	}
	return s.Service.Approve(ctx, c, knock)
}

func (s *unreachable) Decline(ctx context.Context, c room.Caller, knock string) error {
	if err := s.fails(); err != nil {
		return err
	}
	return s.Service.Decline(ctx, c, knock)
}

func (s *unreachable) Reannounce(ctx context.Context, session, knock string) (bool, error) {
	if err := s.fails(); err != nil {
		return false, err
	}
	return s.Service.Reannounce(ctx, session, knock)
}

func (s *unreachable) Withdraw(ctx context.Context, session, knock string) error {
	if err := s.fails(); err != nil {
		return err
	}
	return s.Service.Withdraw(ctx, session, knock)
}

func (s *unreachable) RotateCode(ctx context.Context, c room.Caller) error {
	if err := s.fails(); err != nil {
		return err
	}
	return s.Service.RotateCode(ctx, c)
}

func (s *unreachable) Invite(ctx context.Context, c room.Caller) (lookup string, until time.Time, err error) {
	if err := s.fails(); err != nil {
		return "", time.Time{}, err
	}
	return s.Service.Invite(ctx, c)
}

func (s *unreachable) Revoke(ctx context.Context, c room.Caller, lookup string) error {
	if err := s.fails(); err != nil {
		return err
	}
	return s.Service.Revoke(ctx, c, lookup)
}

func (s *unreachable) RevokeAll(ctx context.Context, c room.Caller) error {
	if err := s.fails(); err != nil {
		return err
	}
	return s.Service.RevokeAll(ctx, c)
}

// verdictsOf are what makes pages leave, or tells people that it is over.
var verdictsOf = []string{"room_error", "room_expired", "join_denied", "join_approved", "room_status"}

// While the store is away nobody is told that their room is gone, that they are in none, or
// that they are not let in: unchanged pages leave for ever at that. Pages that name themselves
// are told of a failure; the others' connections end, and they come back by themselves.
func TestAFailureOfTheStoreIsNoVerdict(t *testing.T) {
	t.Parallel()
	generations := map[string]func(seat room.Seat) visit{
		"says nothing of itself": func(room.Seat) visit { return visit{session: "bob"} },
		"is at its address":      func(seat room.Seat) visit { return visit{session: "bob", page: "/room/" + seat.Path} },
		"asks by its query":      func(seat room.Seat) visit { return visit{session: "bob", query: "&room=" + seat.Room} },
		"names itself":           func(seat room.Seat) visit { return pageOfSeat("bob", seat, "one") },
	}
	events := make([]string, 0, len(handlers))
	for event := range handlers {
		if event != evPing && event != evTyping { // they ask no store
			events = append(events, event)
		}
	}
	slices.Sort(events)
	for name, visitOf := range generations {
		for _, event := range events {
			for _, inside := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s, %s, inside: %t", name, event, inside), func(t *testing.T) {
					t.Parallel()
					s := newServer(t)
					store := &unreachable{Service: s.rooms}
					s.gateway.options.Service = store
					alice, code := s.create("alice", "Alice")
					bob := s.admit("bob", "Bob", code, alice)
					knock := s.knock("bob", "Eve", code)
					v := visitOf(bob)
					v.quiet = true
					c := s.connect(v)
					c.until("connected", func() bool { return c.sid != "" })
					if inside {
						c.emit("join", fmt.Sprintf(`{"room":%q}`, bob.Room))
						c.expect("join_success")
					}
					c.barrier()
					c.forget()
					store.away.Store(true)
					id := knock.ID
					c.emit(event, fmt.Sprintf(`{"room":%q,"user_id":%q,"message":"hello","ref":"r1","final":true}`, bob.Room, id))
					if name == "names itself" {
						c.barrier()
						if told := c.all("room_error"); len(told) != 1 || told[0].field("code") != fmt.Sprintf("%q", refusal.Internal) {
							t.Errorf("told %v", c.names())
						}
					} else {
						c.ended()
					}
					for _, verdict := range verdictsOf {
						if verdict != "room_error" || name != "names itself" {
							if told := c.all(verdict); len(told) > 0 {
								t.Errorf("told %v", told)
							}
						}
					}
				})
			}
		}
		t.Run(name+", it connects", func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			store := &unreachable{Service: s.rooms}
			s.gateway.options.Service = store
			alice, code := s.create("alice", "Alice")
			bob := s.admit("bob", "Bob", code, alice)
			store.away.Store(true)
			v := visitOf(bob)
			v.quiet = true
			c := s.connect(v)
			if name != "names itself" {
				c.ended()
			} else {
				c.expect("room_error")
			}
			for _, verdict := range verdictsOf[1:] {
				if told := c.all(verdict); len(told) > 0 {
					t.Errorf("told %v", told)
				}
			}
			// When the store is back, so is the page.
			store.away.Store(false)
			again := s.connect(visitOf(bob))
			again.join(bob)
			again.say(bob, "here again")
			again.until("the word", func() bool { return slices.Contains(texts(again), "here again") })
		})
	}
}

// The answer to an entrance is lost, and so is the report that nothing came of it: the room has
// the connection, which would hear nothing. Another one does.
func TestAnEntranceOfWhichNobodyHears(t *testing.T) {
	s := newServer(t)
	store := &unanswered{Service: s.rooms}
	s.gateway.options.Service = store
	alice, _ := s.create("alice", "Alice")
	c := s.connect(pageOfSeat("alice", alice, "one"))
	store.lost.Store(true)
	c.emit("join", fmt.Sprintf(`{"room":%q}`, alice.Room))
	c.ended()
	store.lost.Store(false)
	again := s.connect(pageOfSeat("alice", alice, "one")).join(alice)
	again.say(alice, "hello")
	again.until("it", func() bool { return slices.Contains(texts(again), "hello") })
}

// unanswered does what it is asked for, and nobody hears of it.
type unanswered struct {
	*room.Service
	lost atomic.Bool
}

func (s *unanswered) Connect(ctx context.Context, a room.Attach) error {
	err := s.Service.Connect(ctx, a)
	if s.lost.Load() {
		return errAway
	}
	return err
}

func (s *unanswered) Disconnect(ctx context.Context, c room.Caller, delivered uint64, deliberate bool) error {
	if s.lost.Load() {
		return errAway
	}
	return s.Service.Disconnect(ctx, c, delivered, deliberate)
}

// An unchanged page is not told which of its messages could not be posted. So nothing that it
// said after that is posted either: people would see a gap, and not know.
func TestNothingCountsAfterWhatWasLost(t *testing.T) {
	s := newServer(t)
	store := &unreachable{Service: s.rooms}
	s.gateway.options.Service = store
	alice, _ := s.create("alice", "Alice")
	other := s.connect(visit{session: "alice"}).join(alice)
	c := s.connect(visit{session: "alice"}).join(alice)
	conn := s.connOf(c)
	done := make(chan struct{})
	conn.link.Do(func() {
		defer close(done)
		for _, text := range []string{"one", "two"} {
			store.away.Store(text == "one")
			conn.handle([]any{"message", map[string]any{"room": alice.Room, "message": text}})
		}
	})
	<-done
	c.ended()
	other.say(alice, "three")
	other.until("it", func() bool { return slices.Contains(texts(other), "three") })
	equal(t, "the others read", other.texts(), []string{"three"})
}

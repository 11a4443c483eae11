package gateway

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"securechat/room"
)

// outdated answers once with the seats as they were, and has something happen before the answer
// is used.
type outdated struct {
	*room.Service
	armed atomic.Bool
	then  func()
}

func (s *outdated) Seats(ctx context.Context, session string) ([]room.Seat, error) {
	seats, err := s.Service.Seats(ctx, session)
	if s.armed.CompareAndSwap(true, false) {
		s.then()
	}
	return seats, err
}

// Threat: a verdict falls between a look at the session's seats and the listening. It is told
// twice or never, and the room is watched, and kept in memory, for as long as the socket lives.
func TestAVerdictBetweenLookingAndListening(t *testing.T) {
	verdicts := map[string]struct {
		come func(s *server, alice, bob room.Seat)
		told string
	}{
		"declined": {func(s *server, alice, bob room.Seat) {
			s.as(alice, func(r *room.Room, c room.Caller) ([]room.Event, error) { return r.Decline(time.Now(), c, bob.ID) })
		}, "join_denied"},
		"admitted":     {func(s *server, alice, bob room.Seat) { s.approve(alice, bob) }, "join_approved"},
		"the room end": {func(s *server, alice, _ room.Seat) { s.dismiss(alice) }, "join_denied"},
	}
	pages := map[string]struct {
		listens bool // before the verdict
		ask     string
	}{
		"a page that connects":        {},
		"a page that asks":            {listens: true, ask: "join_request"},
		"a page that takes it back":   {listens: true, ask: "withdraw_request"},
		"a page that asks at first":   {ask: "join_request"},
		"one that takes it back then": {ask: "withdraw_request"},
	}
	for what, verdict := range verdicts {
		for who, page := range pages {
			t.Run(what+" for "+who, func(t *testing.T) {
				s := newServer(t)
				look := &outdated{Service: s.rooms}
				s.gateway.options.Service = look
				alice, code := s.create("alice", "Alice")
				connect := func() *client { return s.connect(visit{session: "bob", page: "/join"}) }
				var w *client
				var bob room.Seat
				knock := func() { bob = s.knock("bob", "Bob", code) }
				arm := func() {
					look.then = func() { verdict.come(s, alice, bob) }
					look.armed.Store(true)
				}
				switch {
				case page.ask == "":
					knock()
					arm()
					w = connect()
				case page.listens:
					knock()
					w = connect()
					arm()
				default:
					w = connect()
					knock()
					arm()
				}
				if page.ask != "" {
					w.emit(page.ask, fmt.Sprintf(`{"room":%[1]q,"user_id":%[1]q}`, bob.ID))
				}
				w.barrier()
				equal(t, "it hears", w.names(), []string{verdict.told})
				if left := s.connOf(w).heardKnocks(); len(left) > 0 {
					t.Errorf("it still listens to %v", left)
				}
				s.gateway.watches.mu.Lock()
				defer s.gateway.watches.mu.Unlock()
				if n := len(s.gateway.watches.rooms); n > 0 {
					t.Errorf("%d rooms are watched", n)
				}
			})
		}
	}
}

// A waiting page asks as soon as it is connected. If the verdict is told just then, it is told
// once; who takes the request back has an answer all the same.
func TestAVerdictJustBeforeThePageAsks(t *testing.T) {
	for ask, again := range map[string]bool{"join_request": false, "request_approval": false, "withdraw_request": true} {
		for verdict, told := range map[string]string{"approve": "join_approved", "deny": "join_denied"} {
			t.Run(ask+" after "+verdict, func(t *testing.T) {
				s := newServer(t)
				alice, code := s.create("alice", "Alice")
				a := s.connect(visit{session: "alice", page: "/room/" + alice.Path}).join(alice)
				bob := s.knock("bob", "Bob", code)
				w := s.connect(visit{session: "bob", page: "/join"})
				a.emit(verdict, fmt.Sprintf(`{"room":%q,"user_id":%q}`, alice.Room, bob.ID))
				w.expect(told)
				w.emit(ask, fmt.Sprintf(`{"room":%[1]q,"user_id":%[1]q}`, bob.ID))
				w.barrier()
				want := []string{told}
				if again {
					want = append(want, told)
				}
				equal(t, "it hears", slices.DeleteFunc(w.names(), func(name string) bool { return name == "request_status" }), want)
			})
		}
	}
}

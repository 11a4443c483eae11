package gateway

import (
	"fmt"
	"strings"
	"testing"

	"securechat/room"
)

func TestWaitingPage(t *testing.T) {
	s := newServer(t)
	request := func(seat room.Seat) string { return fmt.Sprintf(`{"room":%[1]q,"user":"?","user_id":%[1]q}`, seat.ID) }
	vote := func(seat room.Seat) string { return fmt.Sprintf(`{"room":%q,"user_id":%q}`, seat.Room, seat.ID) }
	begin := func(t *testing.T) (a *client, bob room.Seat) {
		t.Helper()
		s.t = t
		alice, code := s.create(t.Name()+"alice", "Alice")
		a = s.connect(visit{session: t.Name() + "alice", page: "/room/" + alice.Path}).join(alice)
		bob = s.knock(t.Name()+"bob", "Bob", code)
		a.expect("join_request")
		a.forget()
		return a, bob
	}
	t.Run("admitted while it waits", func(t *testing.T) {
		a, bob := begin(t)
		w := s.connect(visit{session: t.Name() + "bob", page: "/join"})
		w.emit("join_request", request(bob))
		if got := a.expect("join_request").field("user"); got != `"Bob"` {
			t.Errorf("asked for %s", got)
		}
		a.emit("approve_join", vote(bob))
		e := w.expect("join_approved")
		if e.field("user_id") != `"`+bob.ID+`"` || e.field("room") != `"`+bob.Room+`"` {
			t.Error(e)
		}
		a.expect("join_approved")
		a.expect("timer_sync")
		w.barrier()
		equal(t, "it hears", w.names(), []string{"request_status", "join_approved"})
	})
	t.Run("admitted before it connected", func(t *testing.T) {
		a, bob := begin(t)
		a.emit("approve", vote(bob))
		a.barrier()
		w := s.connect(visit{session: t.Name() + "bob"})
		w.emit("request_approval", request(bob)) // as today's do at once
		w.barrier()
		equal(t, "it hears", w.names(), []string{"join_approved"})
		// The room's page itself must not take itself for a waiting one.
		s.load(t.Name()+"bob", bob)
		b := s.connect(visit{session: t.Name() + "bob"})
		equal(t, "the room's page hears", b.names(), nil)
	})
	t.Run("declined", func(t *testing.T) {
		a, bob := begin(t)
		w := s.connect(visit{session: t.Name() + "bob"})
		a.emit("deny", vote(bob))
		e := w.expect("join_denied")
		if e.field("room") != `"`+bob.ID+`"` || e.field("reason") != "" {
			t.Errorf("the applicant hears %v", e)
		}
		if e := a.expect("join_denied"); e.field("room") != `"`+bob.Room+`"` {
			t.Errorf("the members hear %v", e)
		}
		late := s.connect(visit{session: t.Name() + "bob"})
		if e := late.expect("join_denied"); strings.Contains(e.String(), bob.Room) {
			t.Errorf("who was refused learns the room: %v", e)
		}
		// A late vote puts nobody out: pages leave at any room_error.
		a.forget()
		a.emit("approve_join", vote(bob))
		a.barrier()
		equal(t, "the late voter hears", a.names(), nil)
	})
	t.Run("unknown", func(t *testing.T) {
		s.t = t
		w := s.connect(visit{session: "erin"})
		w.emit("join_request", `{"room":"gone","user":"Erin","user_id":"gone"}`)
		if e := w.expect("join_denied"); e.field("reason") == "" || e.field("user_id") != `"gone"` {
			t.Error(e)
		}
	})
}

func TestWithdrawing(t *testing.T) {
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	a := s.connect(visit{session: "alice"}).join(alice)
	request := func(seat room.Seat) string { return fmt.Sprintf(`{"room":%[1]q,"user_id":%[1]q}`, seat.ID) }
	const reason = `"The request was cancelled."`

	bob := s.knock("bob", "Bob", code)
	w := s.connect(visit{session: "bob", page: "/join/" + bob.ID})
	tab := s.connect(visit{session: "bob", page: "/join"})
	stranger := s.connect(visit{session: "mallory"})
	stranger.emit("withdraw_request", request(bob))
	if e := stranger.expect("join_denied"); e.field("reason") == reason {
		t.Errorf("a stranger was told %v", e)
	}
	a.barrier()
	equal(t, "the members hear nothing of a stranger's wish", a.names()[2:], []string{"join_request", "request_status"})

	w.emit("withdraw_request", request(bob))
	w.barrier()
	tab.barrier()
	a.barrier()
	for _, page := range []*client{w, tab} {
		equal(t, "a waiting page hears", page.names(), []string{"join_denied"})
		if e := page.expect("join_denied"); e.field("user_id") != `"`+bob.ID+`"` || e.field("room") != `"`+bob.ID+`"` || e.field("reason") != reason {
			t.Error(e)
		}
	}
	if e := a.expect("join_denied"); e.field("user_id") != `"`+bob.ID+`"` || e.field("room") != `"`+alice.Room+`"` || e.field("reason") != reason {
		t.Error(e)
	}
	a.emit("approve_join", fmt.Sprintf(`{"room":%q,"user_id":%q}`, alice.Room, bob.ID))
	a.barrier()
	w.forget()
	w.emit("withdraw_request", request(bob))
	w.barrier()
	equal(t, "told once more, it hears", w.names(), []string{"join_denied"})

	// Too late: it hears how it was decided.
	carol := s.admit("carol", "Carol", code, alice)
	late := s.connect(visit{session: "carol", page: "/join"})
	late.emit("withdraw_request", request(carol))
	late.expect("join_approved")
	late.barrier()
	equal(t, "who is too late hears", late.names(), []string{"join_approved"})
	if seats, err := s.rooms.Seats(t.Context(), "carol"); err != nil || len(seats) != 1 || seats[0].Standing != room.Admitted {
		t.Errorf("%v, %v", seats, err)
	}
}

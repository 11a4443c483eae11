package room_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"securechat/room"
	"securechat/room/memstore"
)

func invite(t *testing.T, s *service, seat room.Seat) (lookup string) {
	t.Helper()
	lookup, _, err := s.Invite(t.Context(), s.by(seat.Room, seat.ID))
	must(t, err)
	return lookup
}

func ask(t *testing.T, s *service, name, lookup string) (room.Seat, error) {
	t.Helper()
	return s.RequestJoin(t.Context(), room.Application{Session: "s-" + name, Name: name, Lookup: lookup})
}

func TestAskingByAnInvitation(t *testing.T) {
	s, world := newService(room.Options{})
	alice := create(t, s, "s1", "Alice")
	enter(t, s, alice, "c1")
	lookup := invite(t, s, alice)

	must(t, s.RotateCode(t.Context(), alice.Room, alice.ID)) // the link goes on
	bob, err := ask(t, s, "Bob", lookup)
	must(t, err)
	if bob.Room != alice.Room || bob.Standing != room.Waiting {
		t.Errorf("the seat is %+v", bob)
	}
	knocked := last[room.Knocked](t, world.of(alice.Room))
	if knocked.Knock.ID != bob.ID || len(knocked.Voters) != 1 {
		t.Errorf("asked: %+v", knocked)
	}
	// Asking again makes no second request, by whichever way.
	for _, a := range []room.Application{{Lookup: lookup}, {Code: code(t, s, alice, "s1")}} {
		a.Session, a.Name = "s-Bob", "Bob"
		if again, err := s.RequestJoin(t.Context(), a); err != nil || again.ID != bob.ID {
			t.Errorf("again: %+v, err %v", again, err)
		}
	}
	if n := count[room.Knocked](world.of(alice.Room)); n != 1 {
		t.Errorf("%d requests", n)
	}
	must(t, s.Approve(t.Context(), alice.Room, alice.ID, bob.ID))
	// The link is for more than one.
	if _, err := ask(t, s, "Carol", lookup); err != nil {
		t.Error(err)
	}
	if _, err := ask(t, s, "Bob", lookup); err != nil {
		t.Errorf("a member who comes back: %v", err)
	}
	if _, err := s.RequestJoin(t.Context(), room.Application{Session: "s9", Name: "B0b", Lookup: lookup}); !errors.Is(err, room.ErrNameAlike) {
		t.Errorf("a name like another one: %v", err)
	}
}

// Threat: the answer tells whether an invitation has ever been, or what became of it.
func TestAnInvitationThatLeadsNowhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newService(room.Options{})
		run(t, s)
		alice := create(t, s, "s1", "Alice")
		enter(t, s, alice, "c1")
		by := s.by(alice.Room, alice.ID)
		revoked, swept, kept := invite(t, s, alice), invite(t, s, alice), invite(t, s, alice)
		must(t, s.Revoke(t.Context(), by, revoked))
		if _, err := ask(t, s, "Bob", kept); err != nil {
			t.Errorf("one that was not taken back: %v", err)
		}
		must(t, s.RevokeAll(t.Context(), by))
		late := invite(t, s, alice)
		if _, err := ask(t, s, "Carol", late); err != nil {
			t.Error(err)
		}
		for _, lookup := range []string{revoked, swept, room.RandomLookup()} {
			// A wrong code beside it is not looked at, and neither is a right one.
			for _, code := range []string{"", "000000", code(t, s, alice, "s1")} {
				_, err := s.RequestJoin(t.Context(), room.Application{Session: "s9", Name: "Dan", Lookup: lookup, Code: code})
				if !errors.Is(err, room.ErrNoSuchInvitation) {
					t.Errorf("err = %v", err)
				}
			}
		}
		time.Sleep(time.Hour)
		if _, err := ask(t, s, "Dan", late); !errors.Is(err, room.ErrNoSuchInvitation) {
			t.Errorf("after an hour: %v", err)
		}
		last := invite(t, s, alice)
		must(t, s.Leave(t.Context(), alice.Room, alice.ID, "c1", 0, true))
		if _, err := ask(t, s, "Dan", last); !errors.Is(err, room.ErrNoSuchInvitation) {
			t.Errorf("of a member who has left: %v", err)
		}
	})
}

func TestAMalformedInvitation(t *testing.T) {
	s, _ := newService(room.Options{})
	alice := create(t, s, "s1", "Alice")
	enter(t, s, alice, "c1")
	lookup := invite(t, s, alice)
	for _, malformed := range []string{lookup[:21], lookup + "." + lookup, "123456"} {
		if _, err := ask(t, s, "Bob", malformed); !errors.Is(err, room.ErrMalformedLookup) {
			t.Errorf("asking: %v", err)
		}
		if err := s.Revoke(t.Context(), s.by(alice.Room, alice.ID), malformed); !errors.Is(err, room.ErrMalformedLookup) {
			t.Errorf("revoking: %v", err)
		}
	}
	if _, err := ask(t, s, "Bob", lookup); err != nil {
		t.Errorf("the invitation has suffered: %v", err)
	}
}

// An invitation that one process made leads to its room in another one, and ends for both.
func TestInvitationsOfSeveralProcesses(t *testing.T) {
	store := memstore.New()
	one, _ := newService(room.Options{Store: store})
	other, _ := newService(room.Options{Store: store})
	alice := create(t, one, "s1", "Alice")
	enter(t, one, alice, "c1")
	lookup := invite(t, one, alice)
	if _, err := ask(t, other, "Bob", lookup); err != nil {
		t.Error(err)
	}
	must(t, other.Revoke(t.Context(), other.by(alice.Room, alice.ID), lookup))
	if _, err := ask(t, one, "Carol", lookup); !errors.Is(err, room.ErrNoSuchInvitation) {
		t.Errorf("err = %v", err)
	}
}

// The scheduler ends invitations and the memberships that they keep, though nobody asks.
func TestInvitationsAreADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newService(room.Options{})
		run(t, s)
		alice := create(t, s, "s1", "Alice")
		enter(t, s, alice, "c1")
		invite(t, s, alice)
		must(t, s.Disconnect(t.Context(), alice.Room, alice.ID, "c1", 0, false))
		time.Sleep(time.Hour - time.Nanosecond)
		synctest.Wait()
		if rooms, members, err := s.Totals(t.Context()); rooms != 1 || members != 1 || err != nil {
			t.Errorf("before the hour is over: %d rooms, %d members, err %v", rooms, members, err)
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if rooms, _, err := s.Totals(t.Context()); rooms != 0 || err != nil {
			t.Errorf("afterwards: %d rooms, err %v", rooms, err)
		}
	})
}

// Threat: rooms that are made, given a link and left hold all places for an hour.
func TestARoomThatOnlyALinkKeepsGivesWay(t *testing.T) {
	for name, tt := range map[string]struct {
		capacity room.Capacity
		newcomer string
		gone     string // the session whose room gives way
	}{
		"the one that is deserted for longest, of all": {room.Capacity{Rooms: 3, RoomsPerAddress: 3}, "new", "s1"},
		"the newcomer's own":                           {room.Capacity{Rooms: 9, RoomsPerAddress: 1}, "s2", "s2"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, _ := newService(room.Options{Capacity: tt.capacity})
				run(t, s)
				rooms := map[string]string{}
				for _, session := range []string{"s1", "s2", "s3"} {
					seat := create(t, s, session, "Alice")
					enter(t, s, seat, session)
					invite(t, s, seat)
					rooms[session] = seat.Room
					if session != "s3" { // where somebody is present
						must(t, s.Disconnect(t.Context(), seat.Room, seat.ID, session, 0, false))
					}
					time.Sleep(time.Minute)
				}
				newcomer := room.Creation{Session: "n", Networks: []room.Network{{Key: tt.newcomer, Share: 1}}, Name: "Nora"}
				if _, err := s.Create(t.Context(), newcomer); err == nil {
					t.Fatal("a room gives way within the grace")
				}
				time.Sleep(15 * time.Minute)
				if _, err := s.Create(t.Context(), newcomer); err != nil {
					t.Fatal(err)
				}
				for session, id := range rooms {
					_, err := s.Status(t.Context(), id)
					if gone := errors.Is(err, room.ErrNotFound); gone != (session == tt.gone) {
						t.Errorf("the room of %s: err = %v", session, err)
					}
				}
			})
		})
	}
}

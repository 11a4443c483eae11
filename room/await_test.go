package room

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// Threat: somebody has to wait until they are sent what they missed, longer than the grace,
// and strangers are let in without them.
func TestWhoWaitsForTheirTurnIsNotAbsent(t *testing.T) {
	s := founded(t)
	bob := s.admit("bob", "Bob")
	s.Disconnect(s.now, "bob", bob, s.Seq, false)
	s.must(s.Await(s.now, "bob", "waits"))
	s.must(s.Await(s.now, "bob", "waits"))
	s.pass(3 * s.Terms.AbsenceGrace)
	s.knock("carol", "Carol")
	s.must(s.Approve(s.now, "alice", "carol"))
	if s.openKnock("carol") < 0 {
		t.Fatal("Carol is in without Bob's vote")
	}
	out := s.must(s.Connect(s.now, Attach{Member: "bob", Conn: Conn{ID: "waits"}}))
	if _, told := find[MemberReturned](out); told || len(s.Members[1].Awaited) != 0 {
		t.Errorf("Bob, who was not absent, is back: %+v", out)
	}
	s.Forgo(s.now, "bob", "waits") // it is in the room
	if m := s.Members[1]; !m.Present || !m.AbsentDue.IsZero() {
		t.Errorf("Bob is %+v", m)
	}

	// The grace begins when the waiting ends.
	s.Disconnect(s.now, "bob", "waits", s.Seq, false)
	for _, conn := range []string{"one", "two"} {
		s.must(s.Await(s.now, "bob", conn))
	}
	s.pass(30 * time.Second)
	s.Forgo(s.now, "bob", "one")
	s.pass(s.Terms.AbsenceGrace)
	s.Forgo(s.now, "bob", "two")
	if s.pass(s.Terms.AbsenceGrace - 1); !s.Members[1].Present {
		t.Error("Bob had no time to come back")
	}
	if s.pass(1); s.Members[1].Present {
		t.Error("Bob is still present")
	}
}

// A page that takes its leave as it is loaded again has not left if the new one waits, or is
// back as soon as it does.
func TestWhoIsBackAndWaitsIsPresent(t *testing.T) {
	s := founded(t)
	bob := s.admit("bob", "Bob")
	s.must(s.Await(s.now, "bob", "waits"))
	s.want(s.must(s.Leave(s.now, "bob", bob, s.Seq, false)), Detached{Member: "bob", Conns: []string{bob}})
	s.pass(3 * s.Terms.AbsenceGrace)
	s.must(s.Connect(s.now, Attach{Member: "bob", Conn: Conn{ID: "waits"}}))

	s.must(s.Leave(s.now, "bob", "waits", s.Seq, false))
	s.want(s.must(s.Await(s.now, "bob", "again")), MemberReturned{Member: "bob", Name: "Bob", At: s.now}, PresenceChanged{Count: 2})
	out := s.must(s.Connect(s.now, Attach{Member: "bob", Conn: Conn{ID: "again"}}))
	if _, told := find[MemberReturned](out); told {
		t.Errorf("told twice: %+v", out)
	}
	if _, err := s.Await(s.now, "nobody", "x"); !errors.Is(err, ErrNotMember) {
		t.Errorf("err = %v", err)
	}
	s.Forgo(s.now, "nobody", "x")
	s.Forgo(s.now, "bob", "x")
}

// Threat: a member's connections only ever wait, one after the other, so that they are present,
// or at least a member, for ever and listen to nothing.
func TestNobodyIsPresentForEverByWaiting(t *testing.T) {
	for name, test := range map[string]struct {
		overlap bool // the next one waits before the last one does not any more
		leave   bool
	}{
		"one after the other":                  {},
		"always one":                           {overlap: true},
		"one after the other, after a goodbye": {leave: true},
		"always one, after a goodbye":          {overlap: true, leave: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := founded(t)
			bob := s.admit("bob", "Bob")
			if test.leave {
				s.must(s.Leave(s.now, "bob", bob, s.Seq, false))
			} else {
				s.Disconnect(s.now, "bob", bob, s.Seq, false)
			}
			began, last, returns := s.now, "", 0
			var absent, ended time.Duration
			for i := 0; ended == 0 && i < 1000; i++ {
				conn := fmt.Sprint("waits", i)
				if last != "" && !test.overlap {
					s.Forgo(s.now, "bob", last)
				}
				events, err := s.Await(s.now, "bob", conn)
				if _, told := find[MemberReturned](bodies(events)); told {
					returns++
				}
				if last != "" && test.overlap {
					s.Forgo(s.now, "bob", last)
				}
				last = conn
				switch i := s.memberIndex("bob"); {
				case i < 0 || err != nil:
					ended = s.now.Sub(began)
				case absent == 0 && !s.Members[i].Present:
					absent = s.now.Sub(began)
				}
				s.pass(s.Terms.AbsenceGrace / 2)
			}
			if absent == 0 || absent > s.Terms.SlowGrace {
				t.Errorf("absent after %v", absent)
			}
			if most := s.Terms.SlowGrace + s.Terms.ReturnGrace + s.Terms.SlowGrace + s.Terms.AbsenceGrace; ended == 0 || ended > most {
				t.Errorf("a member for %v", ended)
			}
			if returns > 1 {
				t.Errorf("back %d times", returns)
			}
		})
	}
}

// Who comes back at the last moment, and has to wait, is a member still.
func TestAMembershipDoesNotEndWhileItsPageWaits(t *testing.T) {
	s := founded(t)
	bob := s.admit("bob", "Bob")
	s.Disconnect(s.now, "bob", bob, s.Seq, false)
	s.pass(s.Terms.AbsenceGrace + s.Terms.ReturnGrace - time.Second)
	s.must(s.Await(s.now, "bob", "waits"))
	s.pass(s.Terms.SlowGrace)
	s.must(s.Connect(s.now, Attach{Member: "bob", Conn: Conn{ID: "waits"}}))

	// Nobody who never came is kept by it.
	s.knock("carol", "Carol")
	for _, v := range s.voters() {
		s.must(s.Approve(s.now, v, "carol"))
	}
	s.must(s.Await(s.now, "carol", "waits"))
	if s.pass(s.Terms.AbsenceGrace); s.Participants() != 2 {
		t.Error("Carol, who never came, is present")
	}
	if s.pass(s.Terms.ReturnGrace); s.memberIndex("carol") >= 0 {
		t.Error("Carol, who never came, is a member")
	}
}

// Threat: a connection that its page has given up comes late, and has an absent member present
// who is not there: the others are told so, and a vote waits for them.
func TestAnOvertakenConnectionDoesNotWait(t *testing.T) {
	s := founded(t)
	bob := s.admit("bob", "Bob")
	s.must(s.enter("bob", Conn{ID: "two", Page: "p", N: 2}))
	for _, conn := range []string{bob, "two"} {
		s.Disconnect(s.now, "bob", conn, s.Seq, false)
	}
	s.pass(s.Terms.AbsenceGrace)
	events, err := s.Room.Await(s.now, "bob", Conn{ID: "one", Page: "p", N: 1})
	if !errors.Is(err, ErrNotHere) || len(events) > 0 {
		t.Errorf("%+v, %v; want ErrNotHere", events, err)
	}
	if b := s.Members[1]; b.Present || len(b.Awaited) > 0 {
		t.Errorf("Bob is %+v", b)
	}
}

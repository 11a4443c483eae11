package room

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

var start = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// scene plays rules against a room and a clock that it moves itself.
type scene struct {
	*testing.T
	*Room
	now   time.Time
	conns int
	code  int
}

func newScene(t *testing.T) *scene {
	r := New(Founding{
		ID: "room", Code: "111111", Networks: []Network{{Key: "address", Share: 1}},
		MemberID: "alice", MemberName: "Alice", Session: "s-alice",
	}, DefaultTerms(), start)
	return &scene{T: t, Room: r, now: start}
}

// founded is a scene in which the founder's page is connected.
func founded(t *testing.T) *scene {
	s := newScene(t)
	s.join("alice")
	return s
}

func (s *scene) newCode() string {
	s.code++
	return fmt.Sprintf("%06d", 200_000+s.code)
}

func (s *scene) pass(d time.Duration) []Body {
	s.now = s.now.Add(d)
	return bodies(s.Advance(s.now, s.newCode))
}

func (s *scene) must(events []Event, err error) []Body {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
	return bodies(events)
}

// connect opens a connection as a page would that has not asked to join.
func (s *scene) connect(member string) (conn string, out []Body) {
	s.Helper()
	s.conns++
	conn = fmt.Sprintf("conn%d", s.conns)
	return conn, s.must(s.Connect(s.now, Attach{Member: member, Conn: Conn{ID: conn}}))
}

func (s *scene) join(member string) (conn string, out []Body) {
	s.Helper()
	s.conns++
	conn = fmt.Sprintf("conn%d", s.conns)
	return conn, s.must(s.Connect(s.now, Attach{Member: member, Conn: Conn{ID: conn}, Explicit: true}))
}

// by returns a member as a caller, by one of their connections if they have one.
func (s *scene) by(member string) Caller {
	c := Caller{Member: member, Conn: "none"}
	if i := s.memberIndex(member); i >= 0 && len(s.Members[i].Conns) > 0 {
		c.Conn = s.Members[i].Conns[0].ID
	}
	return c
}

func (s *scene) Approve(now time.Time, member, knock string) ([]Event, error) {
	return s.Room.Approve(now, s.by(member), knock)
}

func (s *scene) Decline(now time.Time, member, knock string) ([]Event, error) {
	return s.Room.Decline(now, s.by(member), knock)
}

func (s *scene) Leave(now time.Time, member, conn string, delivered uint64, final bool) ([]Event, error) {
	return s.Room.Leave(now, Caller{Member: member, Conn: conn}, delivered, final)
}

func (s *scene) Await(now time.Time, member, conn string) ([]Event, error) {
	return s.Room.Await(now, member, Conn{ID: conn})
}

func (s *scene) Post(now time.Time, member string, kind Kind, content, ref string) ([]Event, error) {
	posted, err := s.Room.Post(now, s.by(member), kind, content, ref)
	if err != nil {
		return nil, err
	}
	return []Event{posted}, nil
}

func (s *scene) knock(id, name string) []Body {
	s.Helper()
	_, events, err := s.RequestJoin(s.now, id, "s-"+id, name)
	return s.must(events, err)
}

// admit lets somebody in with everybody's yes, and connects them.
func (s *scene) admit(id, name string) (conn string) {
	s.Helper()
	s.knock(id, name)
	for _, v := range s.voters() {
		s.must(s.Approve(s.now, v, id))
	}
	conn, _ = s.join(id)
	return conn
}

func bodies(events []Event) []Body {
	var out []Body
	for _, e := range events {
		out = append(out, e.Body)
	}
	return out
}

func find[T Body](out []Body) (T, bool) {
	for _, b := range out {
		if v, ok := b.(T); ok {
			return v, true
		}
	}
	var zero T
	return zero, false
}

func (s *scene) want(got []Body, want ...Body) {
	s.Helper()
	if !reflect.DeepEqual(got, want) {
		s.Errorf("events:\n got %+v\nwant %+v", got, want)
	}
}

// counted is what is told of an open knock when its votes stand otherwise.
func (s *scene) counted(id string, approvals, required int) Body {
	s.Helper()
	i := s.openKnock(id)
	if i < 0 {
		s.Fatalf("%s is not open", id)
	}
	k := s.Knocks[i]
	var votes Votes
	for _, m := range s.Members {
		switch {
		case m.Present && k.ApprovedBy(m.ID):
			votes.Yes = append(votes.Yes, m.Name)
			votes.By = append(votes.By, m.ID)
		case m.Present:
			votes.Missing = append(votes.Missing, m.Name)
		}
	}
	return KnockCounted{Knock{ID: id, Name: k.Name, Deadline: k.Deadline, Approvals: approvals, Required: required, Votes: votes}}
}

func TestJoinOrder(t *testing.T) {
	s := founded(t)
	s.knock("bob", "Bob")
	s.want(s.must(s.Approve(s.now, "alice", "bob")),
		KnockAdmitted{Knock: "bob", Name: "Bob", At: s.now, By: []string{"Alice"}, Remaining: s.Remaining(s.now)}, PresenceChanged{2})

	since := s.Members[1].Since
	conn, out := s.join("bob")
	s.want(out,
		Attached{Conn: conn, Member: "bob", Explicit: true, Count: 2, Changed: true, After: since, Until: s.Seq, Told: since},
		MemberJoined{"bob", "Bob", s.now}, PresenceChanged{2})

	// Again on the same connection: nobody hears anything, and no number is used up.
	seq := s.Seq
	s.want(s.must(s.Connect(s.now, Attach{Member: "bob", Conn: Conn{ID: conn}, Explicit: true})))
	s.want(s.must(s.Connect(s.now, Attach{Member: "bob", Conn: Conn{ID: conn}})))
	if s.Seq != seq {
		t.Errorf("%d numbers were used up", s.Seq-seq)
	}

	// Another tab changes nothing for the others.
	tab, out := s.join("bob")
	if a, ok := find[Attached](out); !ok || a.Conn != tab || !a.Explicit || a.Count != 2 || a.Changed || len(out) != 1 {
		t.Errorf("events %+v, want Attached alone", out)
	}

	// A reload is no second appearance.
	s.Disconnect(s.now, "bob", conn, s.Seq, false)
	if err := s.Load(s.now, "bob"); err != nil {
		t.Fatal(err)
	}
	_, out = s.join("bob")
	if _, joined := find[MemberJoined](out); joined {
		t.Error("a reload announced the member again")
	}
}

func TestFounderIsNeverAnnounced(t *testing.T) {
	s := newScene(t)
	if _, out := s.join("alice"); len(out) != 2 {
		t.Errorf("events %+v, want Attached, PresenceChanged", out)
	}
}

func TestAbsence(t *testing.T) {
	s := founded(t)
	bob := s.admit("bob", "Bob")

	s.Disconnect(s.now, "bob", bob, s.Seq, false)
	s.want(s.pass(10*time.Second - 1))
	s.want(s.pass(1), MemberLeft{Member: "bob", Name: "Bob", At: s.now, How: Absence}, PresenceChanged{1})

	// Back within the return grace: no vote.
	if _, left := find[MemberLeft](s.pass(10*time.Minute - 1)); left {
		t.Error("left twice")
	}
	_, out := s.connect("bob")
	if back, ok := find[MemberReturned](out); !ok || back.Name != "Bob" {
		t.Errorf("events %+v, want MemberReturned", out)
	}
	if s.Participants() != 2 {
		t.Errorf("participants %d, want 2", s.Participants())
	}
}

func TestAReturnWithinTheGraceIsNotNoticed(t *testing.T) {
	s := founded(t)
	bob := s.admit("bob", "Bob")
	s.Disconnect(s.now, "bob", bob, s.Seq, false)
	s.pass(9 * time.Second)
	_, out := s.connect("bob")
	if _, noticed := find[MemberReturned](out); noticed {
		t.Error("a short loss was announced as a return")
	}
	s.want(s.pass(time.Minute))
}

// Nobody must be made absent by others: who was put out since their line was full has
// time to drain it and to come back. But who is gone blocks votes no longer than that.
func TestWhoIsPutOutIsSpared(t *testing.T) {
	s := founded(t)
	bob := s.admit("bob", "Bob")
	s.Spare(s.now, "bob")
	s.Disconnect(s.now, "bob", bob, 0, false)
	s.pass(30 * time.Second)
	s.knock("carol", "Carol")
	s.must(s.Approve(s.now, "alice", "carol"))
	if s.openKnock("carol") < 0 {
		t.Fatal("Carol is in without Bob's vote")
	}
	if out := s.pass(s.Terms.SlowGrace - 30*time.Second - 1); len(out) != 1 { // Carol's time is over
		t.Errorf("events %+v", out)
	}
	if left, told := find[MemberLeft](s.pass(1)); !told || left.Member != "bob" {
		t.Errorf("Bob is still present: %+v", left)
	}

	// A second tab that is lost meanwhile takes nothing away.
	s = founded(t)
	one := s.admit("bob", "Bob")
	two, _ := s.join("bob")
	s.Spare(s.now, "bob")
	s.Disconnect(s.now, "bob", one, 0, false)
	s.Disconnect(s.now, "bob", two, 0, false)
	s.pass(s.Terms.SlowGrace - 1)
	if got := s.Participants(); got != 2 {
		t.Errorf("%d present, want 2", got)
	}
	// Who leaves has left.
	s = founded(t)
	bob = s.admit("bob", "Bob")
	s.Spare(s.now, "bob")
	s.must(s.Leave(s.now, "bob", bob, s.Seq, false))
	if got := s.Participants(); got != 1 {
		t.Errorf("%d present, want 1", got)
	}
	s.Spare(s.now, "nobody")
}

func TestMembershipEndsAfterTheReturnGrace(t *testing.T) {
	s := founded(t)
	bob := s.admit("bob", "Bob")
	s.Disconnect(s.now, "bob", bob, s.Seq, false)
	s.pass(10*time.Second + 10*time.Minute)
	if _, err := s.Connect(s.now, Attach{Member: "bob", Conn: Conn{ID: "late"}}); !errors.Is(err, ErrNotMember) {
		t.Errorf("err = %v, want ErrNotMember", err)
	}
}

// The original deleted the room when its only member reloaded the page.
func TestAnEmptyRoomLivesForTheReturnGrace(t *testing.T) {
	s := newScene(t)
	conn, _ := s.join("alice")
	s.Disconnect(s.now, "alice", conn, s.Seq, false)
	s.pass(10*time.Second + 10*time.Minute - 1)
	if s.Closing != "" {
		t.Fatal("closed too early")
	}
	out := s.pass(1)
	s.want(out, MemberLeft{Member: "alice", Name: "Alice", At: s.now, How: Departure, Known: 3}, Closed{Emptied})
}

func TestEveryTabCounts(t *testing.T) {
	s := founded(t)
	first := s.admit("bob", "Bob")
	second, _ := s.connect("bob")
	s.Disconnect(s.now, "bob", first, s.Seq, false)
	s.want(s.pass(time.Minute))
	s.want(s.must(s.Leave(s.now, "bob", second, s.Seq, false)),
		Detached{Member: "bob", Conns: []string{second}},
		MemberLeft{Member: "bob", Name: "Bob", At: s.now, How: Pause}, PresenceChanged{1})
}

func TestLeavingOneTabKeepsTheOther(t *testing.T) {
	s := founded(t)
	first := s.admit("bob", "Bob")
	s.connect("bob")
	s.want(s.must(s.Leave(s.now, "bob", first, s.Seq, false)),
		Detached{Member: "bob", Conns: []string{first}})
}

// Threat: a member leaves and comes back without end, and each time has two rows put on
// everybody's page.
func TestWhoLeavesOverAndOverIsToldOfOncePerGrace(t *testing.T) {
	s := founded(t)
	bob := s.admit("bob", "Bob")
	left, back := 0, 0
	count := func(out []Body) {
		_, gone := find[MemberLeft](out)
		_, here := find[MemberReturned](out)
		if gone {
			left++
		}
		if here {
			back++
		}
		if _, counted := find[PresenceChanged](out); counted != (gone || here) {
			t.Fatalf("events %+v: a count without news, or news without a count", out)
		}
	}
	count(s.must(s.Leave(s.now, "bob", bob, s.Seq, false)))
	if left != 1 {
		t.Fatal("who leaves once is not said to have left at once")
	}
	for range 600 { // a minute, at the rate of a connection's events
		s.pass(100 * time.Millisecond)
		bob, out := s.join("bob")
		count(out)
		count(s.must(s.Leave(s.now, "bob", bob, s.Seq, false)))
	}
	if left > 7 || back > 7 {
		t.Errorf("in a minute the others were told %d times that Bob left, and %d times that he is back", left, back)
	}
	// Who has left for the last time is absent after the grace, and said to have left.
	if out := s.pass(DefaultTerms().AbsenceGrace); s.Participants() != 1 {
		t.Errorf("still counted after %+v", out)
	}
	if how := s.Members[1].parting(); how != Pause {
		t.Errorf("said to be %q", how)
	}
}

func TestFinalLeaveEndsTheMembershipAndItsOtherTabs(t *testing.T) {
	s := founded(t)
	first := s.admit("bob", "Bob")
	second, _ := s.connect("bob")
	s.want(s.must(s.Leave(s.now, "bob", first, s.Seq, true)),
		Detached{Member: "bob", Conns: []string{first}},
		Detached{Member: "bob", Conns: []string{second}, Why: Evicted},
		MemberLeft{Member: "bob", Name: "Bob", At: s.now, How: Departure}, PresenceChanged{1})
	if s.memberIndex("bob") >= 0 {
		t.Error("still a member")
	}
}

func TestFinalLeaveOfTheLastMemberClosesTheRoom(t *testing.T) {
	s := newScene(t)
	conn, _ := s.join("alice")
	s.knock("bob", "Bob")
	out := s.must(s.Leave(s.now, "alice", conn, s.Seq, true))
	if refused, ok := find[KnockRefused](out); !ok || refused.Reason != RoomGone {
		t.Errorf("events %+v, want the knock refused", out)
	}
	if out[len(out)-1] != (Closed{Emptied}) || s.Closing != Emptied {
		t.Errorf("events %+v, want Closed at the end", out)
	}
}

// A connection that is not the member's own has nothing to leave.
func TestLeaveNeedsAConnectionInTheRoom(t *testing.T) {
	s := founded(t)
	s.admit("bob", "Bob")
	if _, err := s.Leave(s.now, "bob", "conn1", s.Seq, false); !errors.Is(err, ErrNotHere) {
		t.Errorf("err = %v, want ErrNotHere", err)
	}
}

// Who has left, or never entered, can still give up the place, and the name
// with it.
func TestFinalLeaveNeedsNoConnection(t *testing.T) {
	s := founded(t)
	bob := s.admit("bob", "Bob")
	s.must(s.Leave(s.now, "bob", bob, s.Seq, false))
	s.want(s.must(s.Leave(s.now, "bob", bob, s.Seq, true)),
		MemberLeft{Member: "bob", Name: "Bob", At: s.now, How: Departure, Known: s.Seq - 2})
	if s.memberIndex("bob") >= 0 {
		t.Error("still a member")
	}
	s.knock("rob", "Bob")
	if _, err := s.Leave(s.now, "rob", bob, s.Seq, true); !errors.Is(err, ErrNotMember) {
		t.Errorf("an applicant: err = %v, want ErrNotMember", err)
	}
}

func TestUnanimousApproval(t *testing.T) {
	s := founded(t)
	s.admit("bob", "Bob")
	s.want(s.knock("carol", "Carol"), Knocked{
		Knock{ID: "carol", Name: "Carol", Deadline: s.now.Add(time.Minute), Required: 2, Votes: Votes{Missing: []string{"Alice", "Bob"}}}, []string{"alice", "bob"}})
	s.want(s.must(s.Approve(s.now, "alice", "carol")), KnockVoted{"carol", 1, 2}, s.counted("carol", 1, 2))
	// Voting twice is one vote.
	s.want(s.must(s.Approve(s.now, "alice", "carol")))
	// Shown again only to who has not voted.
	again, err := s.Reannounce(s.now, "s-carol", "carol")
	if k, _ := find[Knocked](s.must(again, err)); !slices.Equal(k.Voters, []string{"bob"}) {
		t.Errorf("shown again to %v, want bob", k.Voters)
	}
	s.want(s.must(s.Approve(s.now, "bob", "carol")),
		KnockAdmitted{"carol", "Carol", s.now, []string{"Alice", "Bob"}, s.Remaining(s.now)}, PresenceChanged{3})
}

// Threat: somebody at the door has everybody inside asked again without end, by as many
// connections as they please.
func TestAKnockIsShownAgainNowAndThen(t *testing.T) {
	s := founded(t)
	s.knock("carol", "Carol")
	shown := func(times int) (n int) {
		for range times {
			seq := s.Seq
			k, ok := find[Knocked](s.must(s.Reannounce(s.now, "s-carol", "carol")))
			if ok != (s.Seq > seq) || ok && (k.Knock.ID != "carol" || len(k.Voters) == 0) {
				t.Fatalf("shown again: %+v, and %d numbers used up", k, s.Seq-seq)
			}
			n += len(k.Voters)
		}
		return n
	}
	if n := shown(100); n != 3 {
		t.Errorf("shown again %d times at once", n)
	}
	s.pass(14 * time.Second)
	if n := shown(100); n != 0 {
		t.Errorf("and %d times soon after", n)
	}
	s.pass(time.Second)
	if n := shown(100); n != 1 {
		t.Errorf("and %d times after a while", n)
	}
	s.pass(31 * time.Second)
	if n := shown(100); n != 2 {
		t.Errorf("and %d times after a longer while", n)
	}
}

// Members are told of each change in how the votes on an open request stand, and of
// nothing else.
func TestTheVotesAreCounted(t *testing.T) {
	begin := func(t *testing.T) (s *scene, bob string) {
		s = founded(t)
		bob = s.admit("bob", "Bob")
		s.knock("carol", "Carol")
		s.must(s.Approve(s.now, "alice", "carol"))
		return s, bob
	}
	t.Run("somebody is admitted", func(t *testing.T) {
		s, _ := begin(t)
		s.want(s.knock("dan", "Dan"), Knocked{
			Knock{ID: "dan", Name: "Dan", Deadline: s.now.Add(time.Minute), Required: 2, Votes: Votes{Missing: []string{"Alice", "Bob"}}}, []string{"alice", "bob"}})
		s.must(s.Approve(s.now, "alice", "dan"))
		s.want(s.must(s.Approve(s.now, "bob", "dan")),
			KnockAdmitted{"dan", "Dan", s.now, []string{"Alice", "Bob"}, s.Remaining(s.now)}, PresenceChanged{3}, s.counted("carol", 1, 3))
		conn, out := s.connect("dan")
		a, _ := find[Attached](out)
		want := []Knock{{ID: "carol", Name: "Carol", Deadline: s.now.Add(time.Minute), Approvals: 1, Required: 3, Votes: Votes{[]string{"Alice"}, []string{"Bob", "Dan"}, []string{"alice"}}}}
		if !reflect.DeepEqual(a.Knocks, want) {
			t.Errorf("shown %+v, want %+v", a.Knocks, want)
		}
		s.want(out, Attached{Conn: conn, Member: "dan", Count: 3, Changed: true, After: a.After, Until: s.Seq, Told: a.After, Knocks: want}, MemberJoined{"dan", "Dan", s.now}, PresenceChanged{3})
	})
	t.Run("somebody goes, and comes back", func(t *testing.T) {
		s, _ := begin(t)
		s.want(s.must(s.Leave(s.now, "alice", "conn1", s.Seq, false)),
			Detached{Member: "alice", Conns: []string{"conn1"}}, MemberLeft{Member: "alice", Name: "Alice", At: s.now, How: Pause}, PresenceChanged{1},
			s.counted("carol", 0, 1))
		conn, out := s.connect("alice")
		a, _ := find[Attached](out)
		approved := []Knock{{ID: "carol", Name: "Carol", Deadline: s.now.Add(time.Minute), Approvals: 1, Required: 2, Votes: Votes{[]string{"Alice"}, []string{"Bob"}, []string{"alice"}}}}
		s.want(out, Attached{Conn: conn, Member: "alice", Count: 2, Changed: true, After: a.After, Until: s.Seq, Told: a.After, Approved: approved}, MemberReturned{"alice", "Alice", s.now}, PresenceChanged{2},
			s.counted("carol", 1, 2))
	})
	t.Run("nobody is left to be asked", func(t *testing.T) {
		s := founded(t)
		s.knock("carol", "Carol")
		s.Disconnect(s.now, "alice", "conn1", s.Seq, false)
		s.want(s.pass(10*time.Second), MemberLeft{Member: "alice", Name: "Alice", At: s.now, How: Absence}, PresenceChanged{0}, s.counted("carol", 0, 0))
	})
	t.Run("who comes back completes one vote and is asked about another", func(t *testing.T) {
		s := founded(t)
		s.admit("bob", "Bob")
		s.knock("carol", "Carol")
		s.knock("dan", "Dan")
		s.must(s.Approve(s.now, "alice", "carol"))
		s.must(s.Leave(s.now, "alice", "conn1", s.Seq, false))
		s.must(s.Leave(s.now, "bob", "conn2", s.Seq, false))
		conn, out := s.connect("alice")
		a, _ := find[Attached](out)
		want := []Knock{{ID: "dan", Name: "Dan", Deadline: s.now.Add(time.Minute), Required: 2, Votes: Votes{Missing: []string{"Alice", "Carol"}}}}
		s.want(out, Attached{Conn: conn, Member: "alice", Count: 1, Changed: true, After: a.After, Until: s.Seq, Told: a.After, Log: a.Log, Knocks: want}, MemberReturned{"alice", "Alice", s.now}, PresenceChanged{1},
			KnockAdmitted{"carol", "Carol", s.now, []string{"Alice"}, s.Remaining(s.now)}, PresenceChanged{2}, s.counted("dan", 0, 2))
	})
	// Threat: the card of a request names somebody who has left, and not the one it waits for.
	t.Run("one comes for another, as many as before", func(t *testing.T) {
		s, bob := begin(t)
		s.knock("dan", "Dan")
		out := s.must(s.Leave(s.now, "bob", bob, s.Seq, false))
		if got, ok := find[KnockCounted](out); !ok || !reflect.DeepEqual(got, s.counted("dan", 0, 2)) || !slices.Equal(got.Knock.Votes.Missing, []string{"Alice", "Carol"}) {
			t.Errorf("told %v, %+v", ok, got)
		}
	})
	t.Run("nothing changes", func(t *testing.T) {
		s, bob := begin(t)
		s.want(s.must(s.Approve(s.now, "alice", "carol")))
		s.connect("bob")
		s.want(s.must(s.Leave(s.now, "bob", bob, s.Seq, false)), Detached{Member: "bob", Conns: []string{bob}})
		s.want(s.must(s.Decline(s.now, "bob", "carol")), KnockRefused{"carol", Declined})
	})
}

func TestWithdraw(t *testing.T) {
	s := founded(t)
	s.knock("bob", "Bob")
	for name, tt := range map[string]struct{ session, knock string }{
		"somebody else's": {"s-alice", "bob"},
		"nobody's":        {"", "bob"},
		"an unknown one":  {"s-bob", "x"},
		"a member":        {"s-alice", "alice"},
	} {
		before := snapshot(t, s.Room)
		if events, err := s.Withdraw(s.now, tt.session, tt.knock); !errors.Is(err, ErrNoSuchKnock) || len(events) > 0 || snapshot(t, s.Room) != before {
			t.Errorf("%s: %+v, err = %v, want ErrNoSuchKnock", name, events, err)
		}
	}
	s.want(s.must(s.Withdraw(s.now, "s-bob", "bob")), KnockRefused{"bob", Withdrawn})
	if _, err := s.Withdraw(s.now, "s-bob", "bob"); !errors.Is(err, ErrNoSuchKnock) {
		t.Errorf("twice: err = %v, want ErrNoSuchKnock", err)
	}
	if seats := s.Seats("s-bob", s.now); len(seats) != 1 || seats[0].Standing != Refused || seats[0].Refusal != Withdrawn {
		t.Errorf("seats %+v, want the refusal", seats)
	}
	// The name is free, and the same person may ask again.
	if _, _, err := s.RequestJoin(s.now, "rob", "s-bob", "Bob"); err != nil {
		t.Error(err)
	}
	s.pass(verdictKept)
	if seats := s.Seats("s-bob", s.now); len(seats) != 1 || seats[0].ID != "rob" {
		t.Errorf("seats %+v, want the second request alone", seats)
	}
}

// Threat: somebody knocks and goes away, over and over, and the members are asked
// without end.
func TestWhatIsWithdrawnKeepsItsPlace(t *testing.T) {
	s := founded(t)
	// knocks withdraws each request at once, until the door takes no more.
	knocks := func() int {
		for n := range 10 * s.Terms.MaxKnocks {
			id := fmt.Sprint("m", s.Seq)
			_, _, err := s.RequestJoin(s.now, id, "s-"+id, "Mallory")
			if errors.Is(err, ErrTooManyKnocks) {
				return n
			}
			if err != nil {
				t.Fatal(err)
			}
			s.must(s.Withdraw(s.now, "s-"+id, id))
		}
		return -1
	}
	for range 2 * refusalsKept {
		if n := knocks(); n != s.Terms.MaxKnocks {
			t.Fatalf("%d knocks, want %d", n, s.Terms.MaxKnocks)
		}
		s.pass(s.Terms.ApprovalTimeout - 1)
		if n := knocks(); n != 0 {
			t.Fatalf("%d knocks more within the time of the first ones", n)
		}
		s.pass(1)
	}
	s.knock("bob", "Bob")
}

// People may change their mind, but not without end.
func TestWithdrawingAFewTimes(t *testing.T) {
	s := founded(t)
	for i := range maxPlacesOfSession {
		id := fmt.Sprint("bob", i)
		if _, _, err := s.RequestJoin(s.now, id, "s-bob", "Bob"); err != nil {
			t.Fatalf("after %d: %v", i, err)
		}
		s.must(s.Withdraw(s.now, "s-bob", id))
	}
	if _, _, err := s.RequestJoin(s.now, "x", "s-bob", "Bob"); !errors.Is(err, ErrTooManyKnocks) {
		t.Errorf("err = %v, want ErrTooManyKnocks", err)
	}
	s.knock("carol", "Carol")
	s.pass(s.Terms.ApprovalTimeout)
	s.knock("bob", "Bob")
}

// Two people with one number would have one colour.
func TestArrivalsAreNotUsedTwice(t *testing.T) {
	s := founded(t)
	bob := s.admit("bob", "Bob")
	s.must(s.Leave(s.now, "bob", bob, s.Seq, true))
	s.admit("carol", "Carol")
	s.knock("dan", "Dan")
	s.must(s.Withdraw(s.now, "s-dan", "dan")) // whoever is not let in has no number
	s.admit("bob2", "Bob")
	var got []int
	for i := range s.Members {
		got = append(got, s.Members[i].Arrival)
	}
	if want := []int{0, 2, 3}; !slices.Equal(got, want) {
		t.Errorf("Alice, Carol and the second Bob have %v, want %v", got, want)
	}
}

func TestView(t *testing.T) {
	s := founded(t)
	bob := s.admit("bob", "Bob")
	s.admit("carol", "Carol")
	s.knock("dan", "Dan")
	s.must(s.Leave(s.now, "bob", bob, s.Seq, false))
	seq := s.Seq
	v, err := s.View(s.now, s.by("carol"))
	want := []Membership{{"alice", "Alice", true, 0}, {"bob", "Bob", false, 1}, {"carol", "Carol", true, 2}}
	if err != nil || v.Seq() != seq || v.Code() != s.Code || !slices.Equal(v.Members(), want) || v.Status() != s.Status(s.now) || v.Remaining() != s.Remaining(s.now) {
		t.Errorf("%+v, err = %v", v, err)
	}
	for _, stranger := range []string{"dan", "mallory", ""} {
		if _, err := s.View(s.now, s.by(stranger)); !errors.Is(err, ErrNotMember) {
			t.Errorf("%q: err = %v, want ErrNotMember", stranger, err)
		}
	}
	if _, err := s.View(s.now, Caller{Member: "bob", Conn: bob}); !errors.Is(err, ErrNotHere) {
		t.Errorf("from outside: err = %v, want ErrNotHere", err)
	}
	if s.Seq != seq {
		t.Errorf("%d numbers were used up", s.Seq-seq)
	}
}

func TestOneNoEndsTheRequest(t *testing.T) {
	s := founded(t)
	s.admit("bob", "Bob")
	s.knock("carol", "Carol")
	s.must(s.Approve(s.now, "alice", "carol"))
	s.want(s.must(s.Decline(s.now, "bob", "carol")), KnockRefused{"carol", Declined})
	if _, err := s.Approve(s.now, "bob", "carol"); !errors.Is(err, ErrNoSuchKnock) {
		t.Errorf("err = %v, want ErrNoSuchKnock", err)
	}
	// The waiting page can still ask, for a while.
	if seats := s.Seats("s-carol", s.now); len(seats) != 1 || seats[0].Standing != Refused || seats[0].Refusal != Declined {
		t.Errorf("seats %+v, want the refusal", seats)
	}
	s.pass(verdictKept)
	if seats := s.Seats("s-carol", s.now); len(seats) != 0 {
		t.Errorf("seats %+v, want none any more", seats)
	}
}

func TestRequestTimesOutByItself(t *testing.T) {
	s := founded(t)
	s.knock("bob", "Bob")
	s.want(s.pass(time.Minute - 1))
	s.want(s.pass(1), KnockRefused{"bob", TimedOut})
}

// The original left a request waiting for ever when a member left.
func TestTheLastMissingVotersLeavingCompletesTheVote(t *testing.T) {
	for _, way := range []string{"leave", "final", "absence"} {
		t.Run(way, func(t *testing.T) {
			s := founded(t)
			bob := s.admit("bob", "Bob")
			s.knock("carol", "Carol")
			s.must(s.Approve(s.now, "alice", "carol"))
			var out []Body
			switch way {
			case "absence":
				s.Disconnect(s.now, "bob", bob, s.Seq, false)
				out = s.pass(10 * time.Second)
			default:
				out = s.must(s.Leave(s.now, "bob", bob, s.Seq, way == "final"))
			}
			if _, admitted := find[KnockAdmitted](out); !admitted {
				t.Errorf("events %+v, want the admission", out)
			}
		})
	}
}

func TestNobodyIsLetIntoAnEmptyRoom(t *testing.T) {
	s := founded(t)
	bob := s.admit("bob", "Bob")
	s.knock("carol", "Carol")
	s.must(s.Approve(s.now, "alice", "carol"))
	s.Disconnect(s.now, "alice", "conn1", s.Seq, false)
	s.pass(time.Second)
	s.Disconnect(s.now, "bob", bob, s.Seq, false)

	// First Alice is absent, then Bob: her yes must not open the empty room.
	out := s.pass(10 * time.Second)
	if _, admitted := find[KnockAdmitted](out); admitted || s.Participants() != 0 {
		t.Fatalf("events %+v with %d present, want no admission", out, s.Participants())
	}
	// She comes back alone: now hers is everybody's yes.
	_, out = s.connect("alice")
	if _, admitted := find[KnockAdmitted](out); !admitted {
		t.Errorf("events %+v, want the admission", out)
	}
}

// Somebody who is admitted and never comes must not hold up later votes.
func TestAnAdmittedApplicantWhoNeverComes(t *testing.T) {
	s := founded(t)
	s.knock("bob", "Bob")
	s.must(s.Approve(s.now, "alice", "bob"))
	s.knock("carol", "Carol")
	s.want(s.must(s.Approve(s.now, "alice", "carol")), KnockVoted{"carol", 1, 2}, s.counted("carol", 1, 2))
	out := s.pass(10 * time.Second)
	s.want(out, PresenceChanged{1}, KnockAdmitted{"carol", "Carol", s.now, []string{"Alice"}, s.Remaining(s.now)}, PresenceChanged{2})
	s.pass(20 * time.Minute)
	if s.memberIndex("bob") >= 0 {
		t.Error("still a member")
	}
}

func TestOnlyMembersPresentVote(t *testing.T) {
	s := founded(t)
	bob := s.admit("bob", "Bob")
	s.must(s.Leave(s.now, "bob", bob, s.Seq, false))
	s.knock("carol", "Carol")
	tests := map[string]string{
		"a stranger":         "mallory",
		"the applicant":      "carol",
		"an absent member":   "bob",
		"somebody's session": "s-alice",
	}
	for name, voter := range tests {
		t.Run(name, func(t *testing.T) {
			before, want := *s.Room, ErrNotMember
			if voter == "bob" {
				want = ErrNotHere
			}
			if _, err := s.Approve(s.now, voter, "carol"); !errors.Is(err, want) {
				t.Errorf("Approve: err = %v, want %v", err, want)
			}
			if _, err := s.Decline(s.now, voter, "carol"); !errors.Is(err, want) {
				t.Errorf("Decline: err = %v, want %v", err, want)
			}
			if !reflect.DeepEqual(before, *s.Room) {
				t.Error("a refused vote changed the room")
			}
		})
	}
}

func TestRequestJoin(t *testing.T) {
	t.Run("a name is held once, whatever its case or form", func(t *testing.T) {
		s := founded(t)
		s.knock("jose", "José")
		for _, name := range []string{"Alice", "ALICE", "ａｌｉｃｅ", "josé", "JOSE\u0301"} {
			if _, _, err := s.RequestJoin(s.now, "x", "s-x", name); !errors.Is(err, ErrNameTaken) {
				t.Errorf("%q: err = %v, want ErrNameTaken", name, err)
			}
		}
	})
	t.Run("nor does anybody look like somebody else", func(t *testing.T) {
		s := founded(t)
		s.knock("bob", "Bob")
		for _, name := range []string{"\u0410lice", "Alice.", "B0b", "\u0412ob"} {
			if _, _, err := s.RequestJoin(s.now, "x", "s-x", name); !errors.Is(err, ErrNameAlike) {
				t.Errorf("%q: err = %v, want ErrNameAlike", name, err)
			}
		}
		s.Knocks[0].look, s.Members[0].look = nil, nil // as from a store that writes down what is exported
		if _, _, err := s.RequestJoin(s.now, "x", "s-x", "B0b"); !errors.Is(err, ErrNameAlike) {
			t.Errorf("after a store: err = %v", err)
		}
	})
	t.Run("asking again is one request", func(t *testing.T) {
		s := founded(t)
		s.knock("bob", "Bob")
		seat, events, err := s.RequestJoin(s.now, "other", "s-bob", "bob")
		if err != nil || len(events) != 0 || seat.ID != "bob" {
			t.Errorf("seat %+v, events %v, err %v", seat, events, err)
		}
	})
	t.Run("one session, two people", func(t *testing.T) {
		s := founded(t)
		for _, name := range []string{"Bob", "Carol"} {
			if _, _, err := s.RequestJoin(s.now, name, "s-alice", name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("a member whose pages are closed comes back", func(t *testing.T) {
		s := founded(t)
		bob := s.admit("bob", "Bob")
		if _, _, err := s.RequestJoin(s.now, "x", "s-bob", "Bob"); !errors.Is(err, ErrNameTaken) {
			t.Errorf("while connected: err = %v, want ErrNameTaken", err)
		}
		s.Disconnect(s.now, "bob", bob, s.Seq, false)
		s.pass(time.Minute)
		seat, _, err := s.RequestJoin(s.now, "x", "s-bob", "Bob")
		if err != nil || seat.Standing != Admitted || seat.ID != "bob" {
			t.Errorf("seat %+v, err %v", seat, err)
		}
		if _, _, err := s.RequestJoin(s.now, "x", "s-mallory", "Bob"); !errors.Is(err, ErrNameTaken) {
			t.Errorf("a stranger under the name: err = %v, want ErrNameTaken", err)
		}
	})
	t.Run("full", func(t *testing.T) {
		s := founded(t)
		s.Terms.MaxMembers = 2
		s.admit("bob", "Bob")
		if _, _, err := s.RequestJoin(s.now, "c", "s-c", "Carol"); !errors.Is(err, ErrRoomFull) {
			t.Errorf("err = %v, want ErrRoomFull", err)
		}
	})
	t.Run("the last place is taken while waiting", func(t *testing.T) {
		s := founded(t)
		s.Terms.MaxMembers = 2
		s.knock("bob", "Bob")
		s.knock("carol", "Carol")
		s.must(s.Approve(s.now, "alice", "bob"))
		s.join("bob")
		s.must(s.Approve(s.now, "alice", "carol"))
		s.want(s.must(s.Approve(s.now, "bob", "carol")), KnockRefused{"carol", RoomFull})
	})
	t.Run("nobody keeps the door busy alone", func(t *testing.T) {
		s := founded(t)
		for i := range maxKnocksOfSession {
			if _, _, err := s.RequestJoin(s.now, fmt.Sprint(i), "s-mallory", fmt.Sprint("m", i)); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := s.RequestJoin(s.now, "x", "s-mallory", "mx"); !errors.Is(err, ErrTooManyKnocks) {
			t.Errorf("err = %v, want ErrTooManyKnocks", err)
		}
		s.knock("bob", "Bob")
	})
	t.Run("refusals are remembered in bounds", func(t *testing.T) {
		s := founded(t)
		var err error
		for i := 0; err == nil; i++ {
			if i > refusalsKept*s.Terms.MaxKnocks {
				t.Fatal("no bound")
			}
			if _, _, err = s.RequestJoin(s.now, fmt.Sprint(i), "s-mallory", "Mallory"); err == nil {
				s.must(s.Decline(s.now, "alice", fmt.Sprint(i)))
			}
		}
		if !errors.Is(err, ErrTooManyKnocks) {
			t.Errorf("err = %v, want ErrTooManyKnocks", err)
		}
		s.pass(verdictKept)
		s.knock("bob", "Bob")
	})
	t.Run("too many at the door", func(t *testing.T) {
		s := founded(t)
		s.Terms.MaxKnocks = 1
		s.knock("bob", "Bob")
		if _, _, err := s.RequestJoin(s.now, "c", "s-c", "Carol"); !errors.Is(err, ErrTooManyKnocks) {
			t.Errorf("err = %v, want ErrTooManyKnocks", err)
		}
	})
}

func TestCodeTurnsOnSchedule(t *testing.T) {
	s := founded(t)
	if got := s.Remaining(s.now); got != 300*time.Second {
		t.Errorf("remaining %v, want 5m", got)
	}
	s.want(s.pass(300*time.Second - 1))
	if got := s.Remaining(s.now); got != time.Second {
		t.Errorf("remaining %v, want never less than a second", got)
	}
	s.want(s.pass(1), CodeChanged{"200001", 300 * time.Second})

	// A requested code restarts the clock.
	s.pass(100 * time.Second)
	s.want(bodies(s.Rotate(s.now, "333333")), CodeChanged{"333333", 300 * time.Second})
	s.want(s.pass(299 * time.Second))
	s.want(s.pass(time.Second), CodeChanged{"200002", 300 * time.Second})

	// Turns missed by a sleeping machine are skipped, the schedule is kept.
	s.want(s.pass(1000*time.Second), CodeChanged{"200003", 200 * time.Second})
}

func TestTheCodeBefore(t *testing.T) {
	codes := func(s *scene, want ...string) {
		t.Helper()
		if got := s.Codes(); !slices.Equal(got, want) {
			t.Errorf("codes %v, want %v", got, want)
		}
	}
	s := founded(t)
	codes(s, "111111")
	s.pass(300 * time.Second)
	codes(s, "200001", "111111")
	s.pass(codeHold - 1)
	codes(s, "200001", "111111")
	revision := s.Revision
	s.want(s.pass(1))
	codes(s, "200001")
	if s.Revision == revision {
		t.Error("no store learns that the code is over")
	}

	// A code that somebody asks to be replaced ends at once, and so does the one before.
	s.pass(240 * time.Second)
	codes(s, "200002", "200001")
	s.Rotate(s.now, "333333")
	codes(s, "333333")

	// A code that turns soon holds no longer than its successor.
	s = founded(t)
	s.Terms.CodeRotation = 20 * time.Second
	s.pass(300 * time.Second)
	s.pass(20 * time.Second)
	codes(s, "200002", "200001")

	// Nobody gets more time because the process slept.
	s = founded(t)
	s.pass(300*time.Second + codeHold - 1)
	codes(s, "200001", "111111")
	s = founded(t)
	s.pass(300*time.Second + codeHold)
	codes(s, "200001")
}

func TestARoomThatNobodyEntersEnds(t *testing.T) {
	s := newScene(t)
	s.knock("bob", "Bob")
	s.pass(60*time.Second - 1)
	if s.Closing != "" {
		t.Fatal("the room ended before its time")
	}
	s.want(s.pass(1), KnockRefused{Knock: "bob", Reason: TimedOut}, Closed{Reason: Unentered})

	for name, leave := range map[string]func(s *scene, conn string){
		"lost": func(s *scene, conn string) { s.Disconnect(s.now, "alice", conn, 0, false) },
		"left": func(s *scene, conn string) { s.must(s.Leave(s.now, "alice", conn, s.Seq, false)) },
	} {
		s := newScene(t)
		s.pass(59 * time.Second)
		conn, _ := s.join("alice")
		leave(s, conn)
		s.pass(5 * time.Minute)
		if s.Closing != "" {
			t.Errorf("%s: a room that was entered ended: %s", name, s.Closing)
		}
	}
}

func TestGiveWay(t *testing.T) {
	s := newScene(t)
	s.knock("bob", "Bob")
	s.want(bodies(s.GiveWay(s.now)), KnockRefused{Knock: "bob", Reason: RoomGone}, Closed{Reason: Unentered})

	s = founded(t)
	s.want(bodies(s.GiveWay(s.now)))
	if s.Closing != "" {
		t.Error("an entered room gave way")
	}
}

func TestExpiry(t *testing.T) {
	s := founded(t)
	s.pass(24*time.Hour - time.Second)
	s.knock("bob", "Bob")
	s.want(s.pass(time.Second), KnockRefused{"bob", RoomGone}, Closed{Expired})
	s.want(s.pass(time.Hour))
}

// A late call must do the same however late it is: a vote that was completed by an
// absence before its deadline is an admission.
func TestLateAdvanceGoesByTheInstantsThingsFellDue(t *testing.T) {
	s := founded(t)
	bob := s.admit("bob", "Bob")
	s.knock("carol", "Carol")
	s.must(s.Approve(s.now, "alice", "carol"))
	s.Disconnect(s.now, "bob", bob, s.Seq, false)
	out := s.pass(5 * time.Minute)
	if _, admitted := find[KnockAdmitted](out); !admitted {
		t.Errorf("events %+v, want the admission at the absence", out)
	}
}

func TestWhatAConnectionIsShown(t *testing.T) {
	post := func(s *scene) uint64 {
		s.must(s.Post(s.now, "alice", KindText, "hello", ""))
		return s.Seq
	}
	after := func(out []Body) uint64 {
		a, _ := find[Attached](out)
		return a.After
	}
	t.Run("a newcomer: nothing from before the admission", func(t *testing.T) {
		s := founded(t)
		before := post(s)
		s.knock("bob", "Bob")
		s.must(s.Approve(s.now, "alice", "bob"))
		between := post(s)
		_, out := s.join("bob")
		if got := after(out); got < before || got >= between {
			t.Errorf("after %d, want from %d up to below %d", got, before, between)
		}
	})
	t.Run("a page that reconnects: what it missed", func(t *testing.T) {
		s := founded(t)
		bob := s.admit("bob", "Bob")
		seen := post(s)
		s.Disconnect(s.now, "bob", bob, seen, false)
		post(s)
		_, out := s.connect("bob")
		if got := after(out); got != seen {
			t.Errorf("after %d, want %d", got, seen)
		}
	})
	t.Run("a half-open connection's successor: what the caller knows", func(t *testing.T) {
		s := founded(t)
		s.admit("bob", "Bob")
		seen := post(s)
		post(s)
		out := s.must(s.Connect(s.now, Attach{Member: "bob", Conn: Conn{ID: "new"}, Resume: &seen}))
		if got := after(out); got != seen {
			t.Errorf("after %d, want %d", got, seen)
		}
	})
	t.Run("a page of which nothing is certain: what it has seen at least", func(t *testing.T) {
		s := founded(t)
		lost := s.admit("bob", "Bob")
		least := post(s)
		more := post(s)
		if got := after(s.must(s.Connect(s.now, Attach{Member: "bob", Conn: Conn{ID: "new"}, Otherwise: &least}))); got != least {
			t.Errorf("after %d, want %d", got, least)
		}
		s.Disconnect(s.now, "bob", lost, more, false)
		if got := after(s.must(s.Connect(s.now, Attach{Member: "bob", Conn: Conn{ID: "newer"}, Otherwise: &least}))); got != more {
			t.Errorf("after %d, want what was reported, %d", got, more)
		}
	})
	t.Run("a page that knows what it has seen leaves the other tab's loss alone", func(t *testing.T) {
		s := founded(t)
		one := s.admit("bob", "Bob")
		two, _ := s.connect("bob")
		little := post(s)
		s.Disconnect(s.now, "bob", one, little, false)
		more := post(s)
		s.Disconnect(s.now, "bob", two, more, false)
		s.must(s.Connect(s.now, Attach{Member: "bob", Conn: Conn{ID: "one again"}, Resume: &little}))
		if _, out := s.connect("bob"); after(out) != more {
			t.Errorf("the other tab is shown from %d on, want %d", after(out), more)
		}
	})
	t.Run("nor does it take the other's for its own if it has seen more than was known", func(t *testing.T) {
		s := founded(t)
		one := s.admit("bob", "Bob")
		two, _ := s.connect("bob")
		little := post(s)
		more := post(s)
		most := post(s)
		s.Disconnect(s.now, "bob", one, more, false)
		s.Disconnect(s.now, "bob", two, little, false)
		s.must(s.Connect(s.now, Attach{Member: "bob", Conn: Conn{ID: "one again"}, Resume: &most}))
		if _, out := s.connect("bob"); after(out) != little {
			t.Errorf("the other tab is shown from %d on, want %d", after(out), little)
		}
	})
	t.Run("a page that is loaded leaves the place of a lost one to it", func(t *testing.T) {
		s := founded(t)
		lost := s.admit("bob", "Bob")
		seen := post(s)
		s.Disconnect(s.now, "bob", lost, seen, false)
		post(s)
		if err := s.Load(s.now, "bob"); err != nil {
			t.Fatal(err)
		}
		s.join("bob")
		if _, out := s.connect("bob"); after(out) != seen {
			t.Errorf("the lost page is shown from %d on, want %d", after(out), seen)
		}
	})
	t.Run("a reloaded page: everything since the admission", func(t *testing.T) {
		s := founded(t)
		bob := s.admit("bob", "Bob")
		since := s.Members[1].Since
		post(s)
		s.Disconnect(s.now, "bob", bob, s.Seq, false)
		if err := s.Load(s.now, "bob"); err != nil {
			t.Fatal(err)
		}
		conn, out := s.join("bob")
		if got := after(out); got != since {
			t.Errorf("after %d, want %d", got, since)
		}
		// And when that page reconnects, only what it missed.
		s.Disconnect(s.now, "bob", conn, s.Seq, false)
		seen := s.Seq
		_, out = s.connect("bob")
		if got := after(out); got != seen {
			t.Errorf("after %d, want %d", got, seen)
		}
	})
	t.Run("a rendered page that never connects is not waited for", func(t *testing.T) {
		s := founded(t)
		bob := s.admit("bob", "Bob")
		if err := s.Load(s.now, "bob"); err != nil {
			t.Fatal(err)
		}
		s.pass(loadingTime)
		seen := post(s)
		s.Disconnect(s.now, "bob", bob, seen, false)
		_, out := s.connect("bob")
		if got := after(out); got != seen {
			t.Errorf("after %d, want %d", got, seen)
		}
	})
	t.Run("a page that returns while another one is loading: what it missed", func(t *testing.T) {
		for _, certain := range []bool{false, true} { // does the page say what it has seen?
			s := founded(t)
			bob := s.admit("bob", "Bob")
			since := s.Members[1].Since
			seen := post(s)
			post(s)
			if err := s.Load(s.now, "bob"); err != nil {
				t.Fatal(err)
			}
			s.Disconnect(s.now, "bob", bob, seen, false)
			e := Attach{Member: "bob", Conn: Conn{ID: "back"}, Returning: true}
			if certain {
				e.Resume = &seen
			}
			if got := after(s.must(s.Connect(s.now, e))); got != seen {
				t.Errorf("certain %v: after %d, want %d", certain, got, seen)
			}
			// The page that was loading is still a new one.
			if _, out := s.join("bob"); after(out) != since {
				t.Errorf("certain %v: the new page is shown from %d on, want %d", certain, after(out), since)
			}
		}
	})
	t.Run("nobody is shown what was before the admission, whatever they claim", func(t *testing.T) {
		s := founded(t)
		post(s)
		s.admit("bob", "Bob")
		since, claim := s.Members[1].Since, uint64(0)
		if got := after(s.must(s.Connect(s.now, Attach{Member: "bob", Conn: Conn{ID: "x"}, Resume: &claim}))); got != since {
			t.Errorf("after %d, want %d", got, since)
		}
	})
	t.Run("after a goodbye: a new page", func(t *testing.T) {
		s := founded(t)
		bob := s.admit("bob", "Bob")
		since := s.Members[1].Since
		post(s)
		s.Disconnect(s.now, "bob", bob, s.Seq, true)
		_, out := s.join("bob")
		if got := after(out); got != since {
			t.Errorf("after %d, want %d", got, since)
		}
	})
	t.Run("a second tab closed long ago does not matter", func(t *testing.T) {
		s := founded(t)
		tab := s.admit("bob", "Bob")
		other, _ := s.connect("bob")
		s.Disconnect(s.now, "bob", other, post(s), false)
		post(s)
		seen := post(s)
		s.Disconnect(s.now, "bob", tab, seen, false)
		_, out := s.connect("bob")
		if got := after(out); got != seen {
			t.Errorf("after %d, want %d", got, seen)
		}
	})
}

func TestSeatAt(t *testing.T) {
	s := founded(t)
	// Two tabs of one browser: Alice made the room, Bob joined it.
	_, events, err := s.RequestJoin(s.now, "bob", "s-alice", "Bob")
	s.must(events, err)
	if _, err := s.SeatAt("s-alice", "bob", s.now); !errors.Is(err, ErrNotFound) {
		t.Errorf("before admission: err = %v, want ErrNotFound", err)
	}
	s.must(s.Approve(s.now, "alice", "bob"))
	tests := []struct {
		name, session, path, want string
	}{
		{"the room's id is its founder's page", "s-alice", "room", "alice"},
		{"the seat's id is the other's page", "s-alice", "bob", "bob"},
		{"the founder's seat id is no page", "s-alice", "alice", ""},
		{"a stranger with the room's id", "s-mallory", "room", ""},
		{"a stranger with a member's id", "s-mallory", "bob", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			seat, err := s.SeatAt(tt.session, tt.path, s.now)
			if seat.ID != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("seat %q, err %v, want %q", seat.ID, err, tt.want)
			}
		})
	}
}

// Threat: whoever asks to join learns who is inside, or a large room makes each seat large.
func TestSeatsNameTheOthers(t *testing.T) {
	s := founded(t)
	want := func(session, path string, count int, names ...string) {
		t.Helper()
		seat, err := s.SeatAt(session, path, s.now)
		if err != nil || !slices.Equal(seat.Others, names) || seat.OtherCount != count {
			t.Errorf("%s: %q of %d, %v; want %q of %d", session, seat.Others, seat.OtherCount, err, names, count)
		}
	}
	want("s-alice", "room", 0)
	s.knock("bob", "Bob")
	if seats := s.Seats("s-bob", s.now); len(seats) != 1 || seats[0].Others != nil || seats[0].OtherCount != 0 {
		t.Errorf("an applicant's seat is %+v", seats)
	}
	s.must(s.Approve(s.now, "alice", "bob"))
	want("s-alice", "room", 1, "Bob")
	want("s-bob", "bob", 1, "Alice")
	s.join("bob")
	for _, name := range []string{"Cleo", "Dora", "Eve"} {
		s.admit(strings.ToLower(name), name)
	}
	want("s-alice", "room", 4, "Bob", "Cleo", "Dora")
	want("s-cleo", "cleo", 4, "Alice", "Bob", "Dora")
	want("s-eve", "eve", 4, "Alice", "Bob", "Cleo")
}

// Random rules in a random order. Whatever happens: a rule that fails changes
// nothing, no rule writes into a copy taken before, sequence numbers have no
// gap, and the bounds hold.
func TestRulesKeepTheInvariants(t *testing.T) {
	for seed := range uint64(80) {
		rng := rand.New(rand.NewPCG(seed, 1))
		s := newScene(t)
		s.Terms.MaxMembers, s.Terms.MaxKnocks = 4, 3
		people := []string{"alice", "b", "c", "d", "e", "f"}
		pick := func() string { return people[rng.IntN(len(people))] }
		conn := func() string { return fmt.Sprintf("conn%d", rng.IntN(s.conns+2)) }
		for range 120 {
			// As the service does it: first what fell due, then a rule.
			s.pass(time.Duration(rng.ExpFloat64() * float64(20*time.Second)))
			if s.Closing != "" {
				break
			}
			before, image := *s.Room, snapshot(t, s.Room)
			var events []Event
			var err error
			switch rng.IntN(14) {
			case 0:
				events = s.Rotate(s.now, s.newCode())
			case 1:
				p := pick()
				_, events, err = s.RequestJoin(s.now, fmt.Sprint(p, s.Seq), "s-"+p, p)
			case 2:
				events, err = s.Approve(s.now, anyMember(rng, s.Room), anyKnock(rng, s.Room))
			case 3:
				events, err = s.Decline(s.now, anyMember(rng, s.Room), anyKnock(rng, s.Room))
			case 4:
				s.conns++
				events, err = s.Connect(s.now, Attach{Member: anyMember(rng, s.Room), Conn: Conn{ID: conn()}, Explicit: rng.IntN(2) == 0})
			case 5:
				s.Disconnect(s.now, anyMember(rng, s.Room), conn(), s.Seq/2, rng.IntN(3) == 0)
			case 6:
				events, err = s.Leave(s.now, anyMember(rng, s.Room), conn(), s.Seq, rng.IntN(4) == 0)
			case 7:
				events, err = s.Post(s.now, anyMember(rng, s.Room), KindText, "text", "")
			case 8:
				events, err = s.Withdraw(s.now, "s-"+pick(), anyKnock(rng, s.Room))
			case 9:
				events, err = s.Await(s.now, anyMember(rng, s.Room), conn())
			case 10:
				s.Forgo(s.now, anyMember(rng, s.Room), conn())
			case 11:
				_, events, err = s.Invite(s.now, s.by(anyMember(rng, s.Room)), hash(byte(s.Seq)))
			case 12:
				of := hash(byte(rng.Uint64N(s.Seq + 1)))
				events, err = s.Revoke(s.by(anyMember(rng, s.Room)), []*LookupHash{nil, &of}[rng.IntN(2)])
			default:
				err = s.Load(s.now, anyMember(rng, s.Room))
			}
			if got := snapshot(t, &before); got != image {
				t.Fatalf("seed %d: a rule wrote into an older copy:\n was %s\n is  %s", seed, image, got)
			}
			if err != nil && (len(events) > 0 || snapshot(t, s.Room) != image) {
				t.Fatalf("seed %d: a failing rule (%v) changed the room", seed, err)
			}
			for i, e := range events {
				if want := before.Seq + uint64(i) + 1; e.Seq != want {
					t.Fatalf("seed %d: event %d has sequence %d, want %d", seed, i, e.Seq, want)
				}
			}
			if s.Seq != before.Seq+uint64(len(events)) {
				t.Fatalf("seed %d: sequence %d after %d and %d events", seed, s.Seq, before.Seq, len(events))
			}
			if s.Revision == before.Revision && !slices.Equal(s.Invitations(), before.Invitations()) {
				t.Fatalf("seed %d: a store's index is not told of an invitation", seed)
			}
			checkInvariants(t, seed, s.Room)
			if s.Closing != "" {
				break
			}
		}
	}
}

func snapshot(t *testing.T, r *Room) string {
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func anyMember(rng *rand.Rand, r *Room) string {
	if len(r.Members) == 0 || rng.IntN(10) == 0 {
		return "stranger"
	}
	return r.Members[rng.IntN(len(r.Members))].ID
}

func anyKnock(rng *rand.Rand, r *Room) string {
	if len(r.Knocks) == 0 || rng.IntN(10) == 0 {
		return "nothing"
	}
	return r.Knocks[rng.IntN(len(r.Knocks))].ID
}

func checkInvariants(t *testing.T, seed uint64, r *Room) {
	t.Helper()
	if len(r.Members) > r.Terms.MaxMembers {
		t.Fatalf("seed %d: %d members", seed, len(r.Members))
	}
	names := map[string]bool{}
	for _, m := range r.Members {
		if names[foldName(m.Name)] {
			t.Fatalf("seed %d: %q twice", seed, m.Name)
		}
		names[foldName(m.Name)] = true
		if len(m.Conns) > 0 && !m.Present {
			t.Fatalf("seed %d: a connected member is absent", seed)
		}
		if m.Present && len(m.Conns) == 0 && m.AbsentDue.IsZero() || !m.Present && m.EndDue.IsZero() {
			t.Fatalf("seed %d: a member without a deadline stays for ever: %+v", seed, m)
		}
		if len(m.Invitations) > maxInvitations {
			t.Fatalf("seed %d: %d invitations", seed, len(m.Invitations))
		}
	}
	open := 0
	for _, k := range r.Knocks {
		if !k.open() {
			continue
		}
		open++
		if r.Closing != "" {
			t.Fatalf("seed %d: a request outlives its room", seed)
		}
		a, n := k.Tally(r.voters())
		if n > 0 && a == n {
			t.Fatalf("seed %d: everybody present said yes and the request is still open", seed)
		}
		if r.Closing == "" && (a != k.Approvals || n != k.Required) {
			t.Fatalf("seed %d: %d of %d yeses, and %d of %d were told", seed, a, n, k.Approvals, k.Required)
		}
	}
	if open > r.Terms.MaxKnocks {
		t.Fatalf("seed %d: %d open knocks", seed, open)
	}
	if (len(r.Members) == 0) != (r.Closing == Emptied) && r.Closing != Expired {
		t.Fatalf("seed %d: %d members, closing %q", seed, len(r.Members), r.Closing)
	}
}

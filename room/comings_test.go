package room_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"securechat/room"
)

// company is a room with Alice and Carol in it, who let others in.
type company struct {
	*testing.T
	*service
	world        *announced
	alice, carol room.Seat
}

func newCompany(t *testing.T) *company { return newCompanyUnder(t, room.DefaultTerms()) }

func newCompanyUnder(t *testing.T, terms room.Terms) *company {
	s, world := newService(room.Options{Terms: terms})
	run(t, s)
	c := &company{T: t, service: s, world: world}
	c.alice = create(t, s, "s-Alice", "Alice")
	enter(t, s, c.alice, "alice 1")
	c.carol = c.letIn("Carol", c.alice)
	enter(t, s, c.carol, "carol 1")
	return c
}

func (c *company) letIn(name string, voters ...room.Seat) room.Seat {
	c.Helper()
	r, err := c.Store.Snapshot(c.Context(), c.alice.Room) // a page that is rendered would be taken to be loading
	must(c.T, err)
	seat, err := c.RequestJoin(c.Context(), room.Application{Session: "s-" + name, Name: name, Code: r.Code})
	must(c.T, err)
	for _, v := range voters {
		must(c.T, c.Approve(c.Context(), c.alice.Room, v.ID, seat.ID))
	}
	return seat
}

// lose cuts a connection that has got everything.
func (c *company) lose(seat room.Seat, conn string) { c.loseAt(seat, conn, c.seq()) }

func (c *company) loseAt(seat room.Seat, conn string, delivered uint64) {
	must(c.T, c.Disconnect(c.Context(), seat.Room, seat.ID, conn, delivered, false))
}

func (c *company) seq() uint64 {
	events := c.world.of(c.alice.Room)
	return events[len(events)-1].Seq
}

func (c *company) leave(seat room.Seat, conn string, final bool) {
	c.leaveAt(seat, conn, c.seq(), final)
}

func (c *company) leaveAt(seat room.Seat, conn string, delivered uint64, final bool) {
	must(c.T, c.Leave(c.Context(), seat.Room, seat.ID, conn, delivered, final))
}

// absent waits until who has no connection is absent, ended until the membership is over.
func absent() { time.Sleep(11 * time.Second); synctest.Wait() }
func ended()  { time.Sleep(10 * time.Minute); synctest.Wait() }

// load enters with a newly loaded page.
func (c *company) load(seat room.Seat, attach room.Attach) string {
	c.Helper()
	_, err := c.Page(c.Context(), "s-"+seat.Name, seat.Path)
	must(c.T, err)
	return c.back(seat, attach)
}

// back enters and returns what the page is told: in brackets what was told before.
func (c *company) back(seat room.Seat, attach room.Attach) string {
	c.Helper()
	attach.Room, attach.Member, attach.Explicit = seat.Room, seat.ID, true
	must(c.T, c.Connect(c.Context(), attach))
	a := last[room.Attached](c.T, c.world.of(seat.Room))
	var told []string
	for _, m := range a.Log {
		said := m.Content
		if m.Kind == room.KindNotice {
			said = string(m.Notice.What) + " " + m.Name
			if m.Notice.By != nil {
				said += " by " + strings.Join(m.Notice.By, "+")
			}
			if !a.Missed(&m) {
				said = "(" + said + ")"
			}
		}
		told = append(told, said)
	}
	return strings.Join(told, ", ")
}

// A newcomer who comes in while somebody is away hears what is said from then on. The
// member who was away must be told of that, in its place and once.
func TestWhoWasAwayIsToldOfTheOthers(t *testing.T) {
	awayThen := func(do func(c *company)) func(c *company) string {
		return func(c *company) string {
			c.lose(c.alice, "alice 1")
			absent()
			do(c)
			return c.back(c.alice, room.Attach{Conn: room.Conn{ID: "alice 2"}})
		}
	}
	for name, test := range map[string]struct {
		play func(c *company) string
		want string
	}{
		"nothing happened": {awayThen(func(*company) {}), ""},
		"somebody was let in, and has come": {awayThen(func(c *company) {
			must(c.T, post(c.service, c.carol, "before"))
			enter(c.T, c.service, c.letIn("Bob", c.carol), "bob 1")
			must(c.T, post(c.service, c.carol, "after"))
		}), "before, admitted Bob by Carol, joined Bob, after"},
		"somebody was let in, and is gone again": {awayThen(func(c *company) {
			bob := c.letIn("Bob", c.carol)
			enter(c.T, c.service, bob, "bob 1")
			must(c.T, post(c.service, c.carol, "between"))
			c.leave(bob, "bob 1", true)
		}), "admitted Bob by Carol, joined Bob, between, left Bob"},
		"somebody was let in and lost the connection": {awayThen(func(c *company) {
			bob := c.letIn("Bob", c.carol)
			enter(c.T, c.service, bob, "bob 1")
			c.lose(bob, "bob 1")
			absent()
		}), "admitted Bob by Carol, joined Bob, lost Bob"},
		"somebody was lost, and is gone for good": {awayThen(func(c *company) {
			bob := c.letIn("Bob", c.carol)
			enter(c.T, c.service, bob, "bob 1")
			c.leave(bob, "bob 1", false)
			c.leave(bob, "", true)
		}), "admitted Bob by Carol, joined Bob, left Bob"},
		"somebody was let in and never came": {awayThen(func(c *company) {
			c.letIn("Bob", c.carol)
			absent()
		}), "admitted Bob by Carol"},
		"somebody closed the page": {awayThen(func(c *company) { c.leave(c.carol, "carol 1", false) }), "away Carol"},
		"somebody came and went, and is there": {awayThen(func(c *company) {
			c.lose(c.carol, "carol 1")
			absent()
			enter(c.T, c.service, c.carol, "carol 2")
		}), ""},
		"who was known to be absent is back": {func(c *company) string {
			c.lose(c.carol, "carol 1")
			absent()
			c.lose(c.alice, "alice 1")
			absent()
			enter(c.T, c.service, c.carol, "carol 2")
			return c.back(c.alice, room.Attach{Conn: room.Conn{ID: "alice 2"}})
		}, "returned Carol"},
		"a page that is loaded then": {func(c *company) string {
			c.lose(c.alice, "alice 1")
			absent()
			enter(c.T, c.service, c.letIn("Bob", c.carol), "bob 1")
			return c.load(c.alice, room.Attach{Conn: room.Conn{ID: "alice 2"}})
		}, "(admitted Carol by Alice), (joined Carol), admitted Bob by Carol, joined Bob"},
		"a page that is loaded once more": {func(c *company) string {
			c.lose(c.alice, "alice 1")
			absent()
			enter(c.T, c.service, c.letIn("Bob", c.carol), "bob 1")
			c.load(c.alice, room.Attach{Conn: room.Conn{ID: "alice 2"}})
			c.lose(c.alice, "alice 2")
			return c.load(c.alice, room.Attach{Conn: room.Conn{ID: "alice 3"}})
		}, "(admitted Carol by Alice), (joined Carol), (admitted Bob by Carol), (joined Bob)"},
		"a page that is loaded once more, before it got that far": {func(c *company) string {
			c.lose(c.alice, "alice 1")
			seen := c.seq()
			absent()
			enter(c.T, c.service, c.letIn("Bob", c.carol), "bob 1")
			c.load(c.alice, room.Attach{Conn: room.Conn{ID: "alice 2"}})
			c.loseAt(c.alice, "alice 2", seen)
			return c.load(c.alice, room.Attach{Conn: room.Conn{ID: "alice 3"}})
		}, "(admitted Carol by Alice), (joined Carol), admitted Bob by Carol, joined Bob"},
		"a page that is loaded beside another one": {func(c *company) string {
			enter(c.T, c.service, c.letIn("Bob", c.alice, c.carol), "bob 1")
			return c.load(c.alice, room.Attach{Conn: room.Conn{ID: "alice 2"}, Heard: c.seq()})
		}, "(admitted Carol by Alice), (joined Carol), (admitted Bob by Alice+Carol), (joined Bob)"},
		"a page that comes back, and another has told": {func(c *company) string {
			must(c.T, c.Connect(c.Context(), room.Attach{Room: c.alice.Room, Member: c.alice.ID, Conn: room.Conn{ID: "alice 2"}}))
			c.lose(c.alice, "alice 1")
			enter(c.T, c.service, c.letIn("Bob", c.alice, c.carol), "bob 1")
			return c.back(c.alice, room.Attach{Conn: room.Conn{ID: "alice 3"}, Heard: c.seq()})
		}, "(admitted Bob by Alice+Carol), (joined Bob)"},
		"a page that was closed before it got that far": {func(c *company) string {
			seen := c.seq()
			enter(c.T, c.service, c.letIn("Bob", c.alice, c.carol), "bob 1")
			c.leaveAt(c.alice, "alice 1", seen, false)
			return c.load(c.alice, room.Attach{Conn: room.Conn{ID: "alice 2"}})
		}, "(admitted Carol by Alice), (joined Carol), admitted Bob by Alice+Carol, joined Bob"},
		"a page that was closed, comes back, and had not got that far": {func(c *company) string {
			seen := c.seq()
			enter(c.T, c.service, c.letIn("Bob", c.alice, c.carol), "bob 1")
			must(c.T, post(c.service, c.carol, "hello"))
			c.leaveAt(c.alice, "alice 1", seen, false)
			return c.back(c.alice, room.Attach{Conn: room.Conn{ID: "alice 2"}})
		}, "admitted Bob by Alice+Carol, joined Bob, hello"},
		"a page that was closed, and another tab had got further": {func(c *company) string {
			must(c.T, c.Connect(c.Context(), room.Attach{Room: c.alice.Room, Member: c.alice.ID, Conn: room.Conn{ID: "alice 2"}}))
			seen := c.seq()
			enter(c.T, c.service, c.letIn("Bob", c.alice, c.carol), "bob 1")
			c.lose(c.alice, "alice 2")
			c.leaveAt(c.alice, "alice 1", seen, false)
			return c.load(c.alice, room.Attach{Conn: room.Conn{ID: "alice 3"}})
		}, "(admitted Carol by Alice), (joined Carol), (admitted Bob by Alice+Carol), (joined Bob)"},
		"a newcomer's own page, loaded again": {func(c *company) string {
			c.lose(c.carol, "carol 1")
			return c.load(c.carol, room.Attach{Conn: room.Conn{ID: "carol 2"}})
		}, ""},
		"a short loss, in which somebody came": {func(c *company) string {
			c.lose(c.alice, "alice 1")
			enter(c.T, c.service, c.letIn("Bob", c.carol, c.alice), "bob 1")
			return c.back(c.alice, room.Attach{Conn: room.Conn{ID: "alice 2"}})
		}, "admitted Bob by Alice+Carol, joined Bob"},
		"whose coming back completes a vote": {func(c *company) string {
			c.lose(c.alice, "alice 1")
			c.lose(c.carol, "carol 1")
			c.letIn("Bob", c.carol)
			absent()
			return c.back(c.carol, room.Attach{Conn: room.Conn{ID: "carol 2"}})
		}, "lost Alice, admitted Bob by Carol"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if got := test.play(newCompany(t)); got != test.want {
					t.Errorf("told %q, want %q", got, test.want)
				}
			})
		})
	}
}

// Somebody whose absence was told of is not said to have left a second time: those
// who know of the absence are told apart by the notice.
func TestADepartureNamesTheAbsenceThatWasTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCompany(t)
		c.lose(c.carol, "carol 1")
		absent()
		lost := last[room.MemberLeft](t, c.world.of(c.alice.Room))
		seq := uint64(0)
		for _, e := range c.world.of(c.alice.Room) {
			if e.Body == room.Body(lost) {
				seq = e.Seq
			}
		}
		ended()
		left := last[room.MemberLeft](t, c.world.of(c.alice.Room))
		if lost.How != room.Absence || left.How != room.Departure || seq == 0 || left.Known != seq {
			t.Errorf("%+v at %d, then %+v", lost, seq, left)
		}
	})
}

// Notices are no messages: they count in no bound of theirs, and none of theirs
// counts in the notices' own.
func TestNoticesAreNotCountedAsMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		terms := room.DefaultTerms()
		terms.MaxMessages, terms.MaxNotices = 2, 3
		s, world := newService(room.Options{Terms: terms})
		c := &company{T: t, service: s, world: world}
		c.alice = create(t, s, "s-Alice", "Alice")
		enter(t, s, c.alice, "alice 1")
		for _, text := range []string{"one", "two", "three"} {
			must(t, post(s, c.alice, text))
		}
		for _, name := range []string{"Bob", "Dan"} {
			seat := c.letIn(name, c.alice)
			enter(t, s, seat, name)
			c.leave(seat, name, true)
		}
		status, err := s.Status(t.Context(), c.alice.Room)
		must(t, err)
		got := c.load(c.alice, room.Attach{Conn: room.Conn{ID: "alice 2"}})
		want := "two, three, admitted Dan by Alice, joined Dan, left Dan"
		if status.Messages != 2 || got != want {
			t.Errorf("%d messages, the log is %q, want %q", status.Messages, got, want)
		}
	})
}

// A member who has others come and go until the log is full of it must not hide who came
// before them and stayed.
func TestNoticesOfMembersOutlastTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		terms := room.DefaultTerms()
		terms.MaxNotices = 3
		c := newCompanyUnder(t, terms)
		c.lose(c.alice, "alice 1")
		absent()
		bob := c.letIn("Bob", c.carol)
		enter(t, c.service, bob, "bob 1")
		must(t, post(c.service, bob, "hello"))
		dan := c.letIn("Dan", c.carol, bob)
		enter(t, c.service, dan, "dan 1")
		c.leave(dan, "dan 1", true)
		got := c.back(c.alice, room.Attach{Conn: room.Conn{ID: "alice 2"}})
		want := "admitted Bob by Carol, joined Bob, hello, admitted Dan by Carol+Bob, joined Dan, left Dan"
		if got != want {
			t.Errorf("told %q, want %q", got, want)
		}
		c.lose(c.alice, "alice 2")
		if again := c.back(c.alice, room.Attach{Conn: room.Conn{ID: "alice 3"}}); again != "" {
			t.Errorf("told once more %q", again)
		}
	})
}

func TestTheKindOfAMessageIsKept(t *testing.T) {
	s, world := newService(room.Options{Clean: func(t room.RawText) (string, room.Kind, error) {
		if strings.HasPrefix(t.Text, "{") {
			return t.Text, room.KindEnvelope, nil
		}
		return t.Text, room.KindText, nil
	}})
	alice := create(t, s, "s1", "Alice")
	enter(t, s, alice, "c1")
	must(t, post(s, alice, "plain"))
	must(t, post(s, alice, "{sealed}"))
	must(t, s.Disconnect(t.Context(), alice.Room, alice.ID, "c1", 0, false))
	enter(t, s, alice, "c2")
	var kinds []room.Kind
	for _, m := range last[room.Attached](t, world.of(alice.Room)).Log {
		kinds = append(kinds, m.Kind)
	}
	if want := []room.Kind{room.KindText, room.KindEnvelope}; !slices.Equal(kinds, want) {
		t.Errorf("kinds %q, want %q", kinds, want)
	}
}

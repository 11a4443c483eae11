package room

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"
)

func (s *scene) enter(member string, c Conn) ([]Event, error) {
	return s.Connect(s.now, Attach{Member: member, Conn: c})
}

// A page has one connection at a time: what comes by the one before does not count once it
// goes on by another, wherever that is.
func TestAPageIsSucceeded(t *testing.T) {
	s := founded(t)
	s.admit("bob", "Bob")
	first := Conn{ID: "one", Node: "n1", Page: "p", N: 1}
	s.must(s.enter("bob", first))
	if _, err := s.Room.Post(s.now, Caller{Member: "bob", Conn: "one"}, KindText, "still counts", ""); err != nil {
		t.Fatal(err)
	}
	out := s.must(s.enter("bob", Conn{ID: "two", Node: "n2", Page: "p", N: 2}))
	if d, ok := find[Detached](out); !ok || !reflect.DeepEqual(d, Detached{Member: "bob", Conns: []string{"one"}, Why: Replaced}) {
		t.Errorf("events %+v", out)
	}
	seq := s.Seq
	old := Caller{Member: "bob", Conn: "one"}
	s.knock("carol", "Carol")
	before := *s.Room
	for what, do := range map[string]func() error{
		"a message":        func() error { _, err := s.Room.Post(s.now, old, KindText, "late", ""); return err },
		"a yes":            func() error { _, err := s.Room.Approve(s.now, old, "carol"); return err },
		"a no":             func() error { _, err := s.Room.Decline(s.now, old, "carol"); return err },
		"a goodbye":        func() error { _, err := s.Room.Leave(s.now, old, 0, false); return err },
		"a question":       func() error { _, err := s.Room.View(s.now, old); return err },
		"a return":         func() error { _, err := s.enter("bob", first); return err },
		"an overtaken one": func() error { _, err := s.enter("bob", Conn{ID: "late", Page: "p", N: 1}); return err },
	} {
		if err := do(); !errors.Is(err, ErrNotHere) {
			t.Errorf("%s: err = %v, want ErrNotHere", what, err)
		}
	}
	s.Disconnect(s.now, "bob", "one", 0, false)
	if !reflect.DeepEqual(before, *s.Room) {
		t.Error("what comes late changed the room")
	}
	// It goes on where the one before was known to be.
	if a, _ := find[Attached](out); a.After != s.Members[1].Conns[0].After && a.After == seq {
		t.Errorf("after %d", a.After)
	}
}

// Connections of other pages, and of pages that do not count theirs, succeed nobody.
func TestOnlyPagesThatCountAreSucceeded(t *testing.T) {
	s := founded(t)
	for _, c := range []Conn{
		{ID: "1", Page: "p", N: 1}, {ID: "2", Page: "q", N: 1}, {ID: "3", Page: "r"}, {ID: "4", Page: "r"}, {ID: "5"}, {ID: "6"}, {ID: "7", N: 3},
	} {
		s.must(s.enter("alice", c))
	}
	if n := len(s.Members[0].Conns); n != 8 {
		t.Errorf("%d connections, want 8", n)
	}
}

// A page that is back gets what it missed, and not what another page of the member did.
func TestALossIsItsPages(t *testing.T) {
	s := founded(t)
	s.must(s.enter("alice", Conn{ID: "p1", Page: "p", N: 1}))
	s.must(s.enter("alice", Conn{ID: "q1", Page: "q", N: 1}))
	var seqs []uint64
	for range 4 {
		events, err := s.Post(s.now, "alice", KindText, "hello", "")
		s.must(events, err)
		seqs = append(seqs, events[0].Seq)
	}
	s.Disconnect(s.now, "alice", "p1", seqs[0], false)
	s.Disconnect(s.now, "alice", "q1", seqs[2], false)
	if want := []Loss{{Seq: seqs[0], Page: "p", N: 1}, {Seq: seqs[2], Page: "q", N: 1}}; !reflect.DeepEqual(s.Members[0].Lost, want) {
		t.Errorf("lost: %+v, want %+v", s.Members[0].Lost, want)
	}
	for _, test := range []struct {
		conn Conn
		want uint64
	}{
		{Conn{ID: "p2", Page: "p", N: 2}, seqs[0]},
		{Conn{ID: "q2", Page: "q", N: 2}, seqs[2]},
	} {
		// Also while another page of the member is being loaded.
		if err := s.Load(s.now, "alice"); err != nil {
			t.Fatal(err)
		}
		a, _ := find[Attached](s.must(s.enter("alice", test.conn)))
		if a.After != test.want {
			t.Errorf("%s goes on after %d, want %d", test.conn.ID, a.After, test.want)
		}
	}
	if len(s.Members[0].Lost) != 0 {
		t.Errorf("left over: %+v", s.Members[0].Lost)
	}
	// One that the page has given up for a later one comes too late.
	s.Disconnect(s.now, "alice", "p2", s.Seq, false)
	if _, err := s.enter("alice", Conn{ID: "late", Page: "p", N: 1}); !errors.Is(err, ErrNotHere) {
		t.Errorf("err = %v, want ErrNotHere", err)
	}
}

// A process that is gone without a word takes its connections along, and nobody's presence
// before the grace.
func TestDropNode(t *testing.T) {
	s := founded(t)
	s.must(s.enter("alice", Conn{ID: "a1", Node: "gone", Page: "p", N: 1}))
	s.admit("bob", "Bob")
	bob := s.Members[1].Conns[0].ID
	s.Disconnect(s.now, "bob", bob, s.Seq, false)
	s.must(s.enter("bob", Conn{ID: "b1", Node: "gone"}))
	s.must(s.enter("bob", Conn{ID: "b2", Node: "gone"}))
	s.must(s.Room.Await(s.now, "bob", Conn{ID: "b3", Node: "gone"}))
	entered := s.Members[1].Conns[1].After
	events, err := s.Post(s.now, "alice", KindText, "hello", "")
	s.must(events, err)
	heard := s.now
	s.pass(5 * time.Second)
	out := bodies(s.DropNode(s.now, "gone", heard, map[string]uint64{"b1": events[0].Seq}))
	s.want(out,
		Detached{Member: "alice", Conns: []string{"a1"}, Why: Dropped},
		Detached{Member: "bob", Conns: []string{"b1", "b2"}, Why: Dropped})
	b := s.Members[1]
	if want := []Loss{{Seq: events[0].Seq}, {Seq: entered}}; !reflect.DeepEqual(b.Lost[len(b.Lost)-2:], want) || len(b.Conns)+len(b.Awaited) != 0 {
		t.Errorf("Bob lost %+v, want %+v; has %+v, %+v", b.Lost, want, b.Conns, b.Awaited)
	}
	if a := s.Members[0]; len(a.Conns) != 1 || a.Conns[0].ID != "conn1" {
		t.Errorf("Alice has %+v, want the connection of another process", a.Conns)
	}
	if again := s.DropNode(s.now, "gone", heard, nil); len(again) != 0 {
		t.Errorf("dropped again: %+v", again)
	}
	s.pass(heard.Add(s.Terms.AbsenceGrace).Sub(s.now) - 1)
	if !s.Members[1].Present {
		t.Error("absent before the grace is over")
	}
	s.pass(1)
	if s.Members[1].Present {
		t.Error("present after the grace")
	}

	// However late it is found out, there is time to come back.
	s.must(s.enter("bob", Conn{ID: "b4", Node: "late"}))
	heard = s.now
	s.pass(time.Hour)
	s.DropNode(s.now, "late", heard, nil)
	s.pass(dropMargin - 1)
	if !s.Members[1].Present {
		t.Error("absent before there was time to come back")
	}
	s.pass(1)
	if s.Members[1].Present {
		t.Error("present for ever")
	}
}

// Other tabs of the member that are closed, however many, take nothing from a page that sleeps.
func TestGoodbyesTakeNoPagesPlace(t *testing.T) {
	s := founded(t)
	s.must(s.enter("alice", Conn{ID: "sleeps", Page: "p"}))
	seen := s.Seq
	s.Disconnect(s.now, "alice", "sleeps", seen, false)
	for i := range 3 * maxLost {
		id := fmt.Sprint("tab", i)
		if err := s.Load(s.now, "alice"); err != nil {
			t.Fatal(err)
		}
		s.must(s.enter("alice", Conn{ID: id, Page: id}))
		events, err := s.Post(s.now, "alice", KindText, "hello", "")
		s.must(events, err)
		s.Disconnect(s.now, "alice", id, s.Seq, true)
		if n := len(s.Members[0].Lost); n > maxLost {
			t.Fatalf("%d losses are remembered", n)
		}
	}
	a, _ := find[Attached](s.must(s.Connect(s.now, Attach{Member: "alice", Conn: Conn{ID: "awake", Page: "p"}})))
	if a.After != seen {
		t.Errorf("it goes on after %d, want %d", a.After, seen)
	}
}

// Threat: the room knows nothing of a page that names itself, takes it to have seen everything,
// and leaves it without what was said.
func TestAPageThatIsNotKnownIsShownEverything(t *testing.T) {
	after := func(t *testing.T, s *scene, c Conn) uint64 {
		t.Helper()
		a, _ := find[Attached](s.must(s.enter("alice", c)))
		return a.After
	}
	say := func(s *scene) {
		events, err := s.Post(s.now, "alice", KindText, "hello", "")
		s.must(events, err)
	}
	t.Run("two that are loaded at once", func(t *testing.T) {
		s := founded(t)
		say(s)
		for range 2 {
			if err := s.Load(s.now, "alice"); err != nil {
				t.Fatal(err)
			}
		}
		for _, page := range []string{"p", "q"} {
			if got := after(t, s, Conn{ID: page, Page: page, N: 1}); got != s.Members[0].Since {
				t.Errorf("page %s is shown what is after %d, want all", page, got)
			}
		}
	})
	t.Run("more that lost their connections than are remembered", func(t *testing.T) {
		s := founded(t)
		tab := func(i, n int) Conn { return Conn{ID: fmt.Sprint(i, ".", n), Page: fmt.Sprint("tab", i), N: uint64(n)} }
		for i := range maxLost + 1 {
			s.must(s.enter("alice", tab(i, 1)))
		}
		seen := s.Seq
		for i := range maxLost + 1 {
			s.Disconnect(s.now, "alice", tab(i, 1).ID, seen, false)
		}
		say(s)
		for i := range maxLost + 1 {
			want := seen
			if i == 0 {
				want = s.Members[0].Since // the one that is forgotten
			}
			if got := after(t, s, tab(i, 2)); got != want {
				t.Errorf("tab %d goes on after %d, want %d", i, got, want)
			}
		}
	})
	t.Run("one that does not count, by a second connection", func(t *testing.T) {
		s := founded(t)
		entered := after(t, s, Conn{ID: "one", Node: "n1", Page: "p"})
		say(s)
		if got := after(t, s, Conn{ID: "two", Node: "n2", Page: "p"}); got != entered {
			t.Errorf("it goes on after %d, want %d", got, entered)
		}
	})
}

// A page without a name goes by the loss of one that has a name, and leaves it to that page.
func TestANamedLossIsNobodyElses(t *testing.T) {
	s := founded(t)
	s.must(s.enter("alice", Conn{ID: "p1", Page: "p", N: 1}))
	seen := s.Seq
	s.Disconnect(s.now, "alice", "p1", seen, false)
	events, err := s.Post(s.now, "alice", KindText, "hello", "")
	s.must(events, err)
	for _, c := range []Conn{{ID: "old"}, {ID: "p2", Page: "p", N: 2}} {
		if a, _ := find[Attached](s.must(s.enter("alice", c))); a.After != seen {
			t.Errorf("%s goes on after %d, want %d", c.ID, a.After, seen)
		}
	}
}

// Threat: a connection is cut before it hears that it has entered, and its page, which had got
// more than that, is sent all of it again.
func TestALossIsNotBeforeTheEntry(t *testing.T) {
	for name, end := range map[string]func(s *scene, conn string, delivered uint64){
		"lost": func(s *scene, conn string, delivered uint64) { s.Disconnect(s.now, "alice", conn, delivered, false) },
		"left": func(s *scene, conn string, delivered uint64) {
			s.must(s.Leave(s.now, "alice", conn, delivered, false))
			s.Members[0].LoadingUntil = time.Time{}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := founded(t)
			s.must(s.enter("alice", Conn{ID: "x"}))
			for range 5 {
				s.must(s.Post(s.now, "alice", KindText, "hello", ""))
			}
			s.Disconnect(s.now, "alice", "x", s.Seq, false)
			entered, _ := find[Attached](s.must(s.enter("alice", Conn{ID: "y"})))
			end(s, "y", 0)
			if a, _ := find[Attached](s.must(s.enter("alice", Conn{ID: "z"}))); a.After < entered.After {
				t.Errorf("it goes on after %d, and had got everything up to %d", a.After, entered.After)
			}
		})
	}
}

// Events that a connection was sent before it left and came back are on their way, and not certain.
func TestWhatIsOnItsWayIsNotCertain(t *testing.T) {
	s := founded(t)
	seen := s.Seq
	for range 5 {
		s.must(s.Post(s.now, "alice", KindText, "hello", ""))
	}
	back := Attach{Member: "alice", Conn: Conn{ID: "x", Node: "n"}, Resume: &seen, Sent: seen + 3}
	if a, _ := find[Attached](s.must(s.Connect(s.now, back))); a.After != seen+3 {
		t.Errorf("it is sent again what is after %d, want %d", a.After, seen+3)
	}
	s.DropNode(s.now, "n", s.now, nil)
	if a, _ := find[Attached](s.must(s.enter("alice", Conn{ID: "y"}))); a.After != seen {
		t.Errorf("its page goes on after %d, want %d", a.After, seen)
	}
	back.Conn.ID, back.Sent = "z", s.Seq+10
	if a, _ := find[Attached](s.must(s.Connect(s.now, back))); a.After >= s.Seq {
		t.Errorf("it is sent what is after %d, at %d", a.After, s.Seq)
	}
}

// Which of two connections a page made later: its own count tells, and within a node their
// numbers if that does not.
func TestWhichConnectionIsTheLater(t *testing.T) {
	for name, test := range map[string]struct {
		one, other Conn
		after      bool
	}{
		"a higher count":            {Conn{Page: "p", N: 2, Number: 1}, Conn{Page: "p", N: 1, Number: 2}, true},
		"a higher count elsewhere":  {Conn{Node: "a", Page: "p", N: 2}, Conn{Node: "b", Page: "p", N: 1}, true},
		"a higher number, no count": {Conn{Page: "p", Number: 2}, Conn{Page: "p", Number: 1}, true},
		"the same count":            {Conn{Page: "p", N: 1, Number: 2}, Conn{Page: "p", N: 1, Number: 1}, true},
		"one does not count":        {Conn{Page: "p", N: 1, Number: 2}, Conn{Page: "p", Number: 1}, true},
		"numbers of different nodes": {
			Conn{Node: "a", Page: "p", Number: 2}, Conn{Node: "b", Page: "p", Number: 1}, false},
		"another page":       {Conn{Page: "p", N: 2, Number: 2}, Conn{Page: "q", N: 1, Number: 1}, false},
		"pages with no name": {Conn{Number: 2}, Conn{Number: 1}, false},
		"all alike":          {Conn{Page: "p", N: 1}, Conn{Page: "p", N: 1}, false},
	} {
		if got := test.one.isAfter(test.other); got != test.after {
			t.Errorf("%s: %v", name, got)
		}
		if test.other.isAfter(test.one) {
			t.Errorf("%s: the other way round as well", name)
		}
	}
}

// A page that does not count is succeeded within a node.
func TestAPageThatDoesNotCountIsSucceeded(t *testing.T) {
	s := founded(t)
	s.must(s.enter("alice", Conn{ID: "one", Node: "n", Page: "p", Number: 1}))
	out := s.must(s.enter("alice", Conn{ID: "two", Node: "n", Page: "p", Number: 2}))
	if d, ok := find[Detached](out); !ok || !reflect.DeepEqual(d.Conns, []string{"one"}) {
		t.Errorf("events %+v", out)
	}
	late := Conn{ID: "late", Node: "n", Page: "p", Number: 1}
	if _, err := s.enter("alice", late); !errors.Is(err, ErrNotHere) {
		t.Errorf("err = %v, want ErrNotHere", err)
	}
	s.Disconnect(s.now, "alice", "two", s.Seq, false)
	if _, err := s.enter("alice", late); !errors.Is(err, ErrNotHere) {
		t.Errorf("after a loss: err = %v, want ErrNotHere", err)
	}
	s.must(s.enter("alice", Conn{ID: "three", Node: "another", Page: "p", Number: 1}))
}

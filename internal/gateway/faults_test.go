package gateway

import (
	"slices"
	"testing"
	"time"

	"securechat/room"
)

// Threat: a fault in telling one event takes all that follow along: those who listen hear
// nothing of it, and nobody tells them that they missed something.
func TestAFaultInTellingAnEvent(t *testing.T) {
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	a := s.connect(pageOfSeat("alice", alice, "a")).join(alice)
	b := s.connect(visit{session: "bob"}).join(bob)
	s.settled(a)
	s.settled(b)
	s.gateway.conns.Store("faulty", new(conn)) // it cannot be told that it is out, nor be ended
	s.as(alice, func(r *room.Room, c room.Caller) ([]room.Event, error) {
		r.Seq++
		fault := room.Event{Seq: r.Seq, Body: room.Detached{Conns: []string{"faulty"}, Why: room.Evicted}}
		posted, err := r.Post(time.Now(), c, room.KindText, "said after it", "")
		return []room.Event{fault, posted}, err
	})
	for name, page := range map[string]struct {
		was  *client
		next visit
	}{"Alice": {a, pageOfSeat("alice", alice, "a")}, "Bob": {b, visit{session: "bob"}}} {
		page.was.ended()
		if told := page.was.all("room_error"); len(told) > 0 {
			t.Errorf("%s is told %v", name, told)
		}
		back := s.connect(page.next)
		back.until("it", func() bool { return slices.Contains(texts(back), "said after it") })
	}
}

// A fault in telling one connection is that one's own: the others hear the event, and its page
// does when it is back.
func TestAFaultInTellingOne(t *testing.T) {
	s, members := newTalk(t)
	alice, bob, a, b := members.alice, members.bob, members.a, members.b
	broken := s.connOf(b)
	heard := 0
	s.gateway.broadcast(bob.Room, "", func(l listener) {
		if l.conn == broken {
			panic("a fault")
		}
		heard++
	})
	if heard != 1 {
		t.Errorf("%d others hear it, want 1", heard)
	}
	s.post(alice, "said after it") // not to be taken for all that there was
	b.ended()
	if texts := b.texts(); len(texts) > 0 {
		t.Errorf("the broken one reads %q", texts)
	}
	a.until("it", func() bool { return slices.Contains(texts(a), "said after it") })
	back := s.connect(visit{session: "bob"})
	back.until("it", func() bool { return slices.Contains(texts(back), "said after it") })
}

// A page whose message may have been posted or not is told nothing: it comes back, and says it
// again.
func TestNothingIsSaidOfWhatIsUncertain(t *testing.T) {
	s := newServer(t)
	alice, _ := s.create("alice", "Alice")
	a := s.connect(pageOfSeat("alice", alice, "a")).join(alice)
	s.connOf(a).failOver(room.ErrUncertain, "ref")
	a.ended()
	if told := a.all("room_error"); len(told) > 0 {
		t.Errorf("it is told %v", told)
	}
}

// unspeakable is something that cannot be put into words.
type unspeakable struct{}

func (unspeakable) MarshalJSON() ([]byte, error) { panic("a fault") }

// A fault in what is said to one connection keeps no lock that the room needs.
func TestAFaultInSayingSomethingToOne(t *testing.T) {
	for name, say := range map[string]func(c *conn){
		"as it enters": func(c *conn) {
			defer c.containTelling("something")
			c.emit("told", unspeakable{})
		},
		"as an answer": func(c *conn) {
			defer c.contain("asked", "")
			c.emit("told", unspeakable{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, members := newTalk(t)
			alice, a, b := members.alice, members.a, members.b
			say(s.connOf(b))
			s.post(alice, "said after it")
			a.until("it", func() bool { return slices.Contains(texts(a), "said after it") })
		})
	}
}

// An event that cannot be put into words is missed by all who were to hear it, not by the first
// alone: the others must not take what comes after it for all that there was.
func TestAFaultInEncodingAnEvent(t *testing.T) {
	s, members := newTalk(t)
	bob, a, b := members.bob, members.a, members.b
	s.gateway.tell(bob.Room, "told", unspeakable{})
	a.ended()
	b.ended()
}

package gateway

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"securechat/internal/engine"
	"securechat/room"
)

// scene is a test in which several pages hear what happens, written down as a transcript.
type scene struct {
	pages []string // their names, in the order of the transcript
	conns map[string]*client
	names []string // ids and what they are called, in the form of strings.NewReplacer
	lines []string
}

func (s *scene) enters(name string, c *client) {
	if s.conns == nil {
		s.conns = make(map[string]*client)
	}
	s.pages, s.conns[name] = append(s.pages, name), c
	c.barrier()
}

func (s *scene) calls(id, name string) { s.names = append(s.names, id, name) }

// passing is what is another one each time.
var passing = regexp.MustCompile(`"(time_remaining|current_time|at|id)":\d+|"(timestamp)":"[^"]*"|(ROOM):\d+`)

// act has something done and notes what each page heard of it, to the byte but for times
// and sequence numbers.
func (s *scene) act(what string, do func()) {
	for _, c := range s.conns {
		c.barrier()
		c.forget()
	}
	do()
	s.lines = append(s.lines, "- "+what)
	for _, page := range s.pages {
		c := s.conns[page]
		c.barrier()
		c.mu.Lock()
		for _, e := range c.log {
			if e.name == "pong" {
				continue
			}
			said := strings.NewReplacer(s.names...).Replace(e.String())
			s.lines = append(s.lines, page+": "+passing.ReplaceAllString(said, "$1$2$3:0"))
		}
		c.mu.Unlock()
	}
}

// A page that is told something is told it once, in the order that old pages were written for.
func TestWhatEachPageHears(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var told scene
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	told.calls(alice.Room, "ROOM")
	told.calls(alice.ID, "ALICE")
	told.calls(bob.ID, "BOB")
	told.enters("alice", s.connect(visit{session: "alice"}).join(alice))
	told.enters("named", s.connect(visit{session: "alice", auth: `{"page":"p"}`}).join(alice))
	told.enters("bob", s.connect(visit{session: "bob"}).join(bob))

	var carol, dan, eve room.Seat
	say := func(page, event, payload string, args ...any) func() {
		return func() {
			told.conns[page].emit(event, fmt.Sprintf(payload, args...))
			told.conns[page].barrier()
		}
	}
	const vote, request = `{"room":%q,"user_id":%q}`, `{"room":%[1]q,"user_id":%[1]q}`
	told.act("Bob says something", say("bob", "message", `{"room":%q,"message":"<hello>"}`, bob.Room))
	told.act("Carol knocks", func() {
		carol = s.knock("carol", "Carol's", code)
		told.calls(carol.ID, "CAROL")
	})
	told.enters("carol", s.connect(visit{session: "carol", page: "/join/" + carol.ID}))
	told.enters("waiting", s.connect(visit{session: "carol", page: "/join/" + carol.ID}))
	told.act("Carol asks again", say("carol", "join_request", request, carol.ID))
	told.act("Alice says yes", say("alice", "approve_join", vote, alice.Room, carol.ID))
	told.act("Carol asks who has not voted", say("carol", "join_request", request, carol.ID))
	told.act("Bob knocks as Dan, by his page in the room", func() {
		dan = s.knock("bob", "Dan", code)
		told.calls(dan.ID, "DAN")
		say("bob", "join_request", request, dan.ID)()
	})
	told.act("Bob says no to Dan", say("bob", "deny_join", vote, bob.Room, dan.ID))
	told.act("Carol knocks as Eve, too", func() {
		eve = s.knock("carol", "Eve", code)
		told.calls(eve.ID, "EVE")
		say("carol", "join_request", request, eve.ID)()
	})
	told.act("Bob says yes", say("bob", "approve_join", vote, bob.Room, carol.ID))
	told.act("Carol enters", func() { told.conns["carol"].join(carol) })
	told.act("Eve withdraws by the other page", say("waiting", "withdraw_request", request, eve.ID))
	told.act("Bob types", say("bob", "typing", `{"room":%q}`, bob.Room))
	told.act("Bob wants another code", func() {
		say("bob", "request_code_update", `{"room":%q}`, bob.Room)()
		told.calls(s.state(bob.Room).Code, "CODE")
	})
	told.act("Carol goes, and comes back", func() {
		say("carol", "leave_room", `{"room":%q}`, carol.Room)()
		told.conns["carol"].join(carol)
	})
	told.act("Bob leaves for good", say("bob", "leave_room", `{"room":%q,"final":true}`, bob.Room))
	told.act("Alice leaves for good", say("alice", "leave_room", `{"room":%q,"final":true}`, alice.Room))
	told.act("Carol leaves for good", say("carol", "leave_room", `{"room":%q,"final":true}`, carol.Room))
	want, err := os.ReadFile("testdata/heard.txt")
	if err != nil {
		t.Fatal(err)
	}
	expected := strings.Split(strings.TrimSpace(string(want)), "\n")
	for i := range max(len(expected), len(told.lines)) {
		if i >= len(expected) || i >= len(told.lines) || told.lines[i] != expected[i] {
			t.Fatalf("line %d of what the pages heard is another one; all of it:\n%s", i+1, strings.Join(told.lines, "\n"))
		}
	}
}

// A connection that has taken leave of its socket is open for a while. What is said
// meanwhile nobody there listens to, and it must not count as heard.
func TestWhoTookLeaveIsSentNothing(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	a := s.connect(visit{session: "alice"}).join(alice)
	b := s.connect(visit{session: "bob"}).join(bob)
	a.barrier()
	c := s.connOf(b)
	release := make(chan struct{})
	c.link.Do(func() { <-release }) // its end has to wait for that
	c.socket.Disconnect(false)
	before, _ := c.link.Account()
	a.say(alice, "hello")
	a.emit("request_code_update", fmt.Sprintf(`{"room":%q}`, alice.Room))
	a.barrier()
	if sent, _ := c.link.Account(); sent != before {
		t.Errorf("it was sent %d events", sent-before)
	}
	close(release)
	s.eventually("it has ended", func() bool { return s.gateway.conn(c.id) == nil })
	equal(t, "by its next connection it reads", s.connect(visit{session: "bob"}).texts(), []string{"hello"})
}

// A connection that has left a room hears nothing of what happens there, even if it was
// looked up before who listens.
func TestWhoHasMovedHearsNothingOfBefore(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	other, _ := s.create("alice", "Alice")
	bob := s.knock("bob", "Bob", code)
	a := s.connect(visit{session: "alice"})
	c := s.connOf(a)
	if err := c.listenToKnock(bob); err != nil {
		t.Fatal(err)
	}
	waiting := s.gateway.audience.with(alice.Room, bob.ID)
	a.join(alice)
	inside := s.gateway.audience.with(alice.Room, "")
	a.join(other)
	if !slices.Equal(waiting, []*conn{c}) || !slices.Equal(inside, []*conn{c}) {
		t.Fatalf("it listened to %v, then %v", waiting, inside)
	}
	for _, listening := range [][]*conn{waiting, inside} {
		for _, c := range listening {
			c.hear(new(pass), alice.Room, bob.ID, func(listener) { t.Error("it hears of where it was before") })
		}
	}
}

// counted counts how often it is encoded.
type counted struct{ times *atomic.Int32 }

func (c counted) MarshalJSON() ([]byte, error) {
	c.times.Add(1)
	return []byte("{}"), nil
}

// However many are told of something, it is encoded once, and not at all for nobody.
func TestWhatIsToldIsEncodedOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.knock("bob", "Bob", code)
	var pages []*client
	for range 3 {
		pages = append(pages, s.connect(visit{session: "alice"}).join(alice), s.connect(visit{session: "bob"}))
	}
	var asked, stands, never atomic.Int32
	first := s.gateway.outgoing(engine.Event{"first", counted{&asked}}, nil)
	second := s.gateway.outgoing(engine.Event{"second", counted{&stands}}, engine.Event{"behind", counted{&stands}})
	nobody := s.gateway.outgoing(engine.Event{"nobody", counted{&never}}, nil)
	s.gateway.broadcast(alice.Room, bob.ID, func(l listener) {
		if l.member != "" {
			l.tell(first)
		}
		l.tell(second)
	})
	s.gateway.broadcast("another room", "another knock", func(l listener) { l.tell(nobody) })
	for i, c := range pages {
		c.expect("behind")
		want := []string{"first", "second", "behind"}[i%2:]
		equal(t, "a page hears", slices.DeleteFunc(c.names(), func(name string) bool { return !slices.Contains(want, name) }), want)
	}
	if asked.Load() != 1 || stands.Load() != 2 || never.Load() != 0 {
		t.Errorf("encoded %d, %d and %d times", asked.Load(), stands.Load(), never.Load())
	}
}

// A connection that ends, leaves or is told the verdict listens to nothing any more.
func TestNobodyIsLeftListening(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	audience := &s.gateway.audience
	nobody := func(where listeners) func() bool {
		return func() bool {
			audience.mu.Lock()
			defer audience.mu.Unlock()
			return len(where) == 0
		}
	}
	founded := func(session string) (alice room.Seat, code string, first *client) {
		alice, code = s.create(session, "Alice")
		return alice, code, s.connect(visit{session: session}).join(alice)
	}

	t.Run("waiting pages", func(t *testing.T) {
		alice, code, first := founded("a waiting page")
		defer first.leave()
		vote := func(knock room.Seat) string { return fmt.Sprintf(`{"room":%q,"user_id":%q}`, alice.Room, knock.ID) }
		for event, end := range map[string]func(knock room.Seat, c *client){
			"let in":       func(knock room.Seat, _ *client) { first.emit("approve_join", vote(knock)) },
			"refused":      func(knock room.Seat, _ *client) { first.emit("deny_join", vote(knock)) },
			"taking leave": func(_ room.Seat, c *client) { c.write("41") },
			"lost":         func(_ room.Seat, c *client) { c.drop() },
		} {
			knock := s.knock(event, "Bob "+event, code)
			c := s.connect(visit{session: event})
			if conns := audience.with("", knock.ID); len(conns) != 1 {
				t.Fatalf("%s: %d listen", event, len(conns))
			}
			waiting := s.connOf(c)
			end(knock, c)
			s.eventually(event+", nobody listens", nobody(audience.knocks))
			waiting.mu.Lock()
			if len(waiting.knocks) > 0 {
				t.Errorf("%s: it still waits for %v", event, waiting.knocks)
			}
			waiting.mu.Unlock()
		}
	})
	t.Run("as it ends", func(t *testing.T) {
		alice, code, first := founded("as it ends")
		defer first.leave()
		knock := s.knock("late", "Late", code)
		seat := s.admit("early", "Early", code, alice)
		c := s.connOf(s.connect(visit{session: "early", page: "/room/" + seat.Path}))
		over := make(chan struct{})
		c.link.Do(func() { c.end(loss{}) })
		c.link.Do(func() {
			defer close(over)
			if err := c.listenToKnock(knock); err != nil {
				t.Fatal(err)
			}
			c.restore(seat)
		})
		<-over
		if conns := audience.with(alice.Room, knock.ID); len(conns) != 1 {
			t.Errorf("%d listen besides the founder", len(conns)-1)
		}
		for _, m := range s.state(alice.Room).Members {
			if m.ID == seat.ID && len(m.Conns) > 0 {
				t.Errorf("the room has %v", m.Conns)
			}
		}
	})
	t.Run("members", func(t *testing.T) {
		alice, _, first := founded("members")
		first.emit("leave_room", fmt.Sprintf(`{"room":%q}`, alice.Room))
		s.eventually("the founder has left", nobody(audience.rooms))
		first.join(alice)
		other, _ := s.create("members", "Alice")
		first.join(other)
		if conns := audience.with(alice.Room, ""); len(conns) > 0 {
			t.Errorf("%d are where nobody is", len(conns))
		}
		first.emit("leave_room", fmt.Sprintf(`{"room":%q,"final":true}`, other.Room)) // which ends with it
		s.eventually("the room has ended", nobody(audience.rooms))
		first.join(alice).drop()
		s.eventually("the connection was lost", nobody(audience.rooms))
	})
}

// The end of a connection may come at the very moment at which the room takes it in.
func TestAConnectionThatEndsAsItEnters(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	c := s.connect(visit{session: "bob", page: "/room/" + bob.Path})
	entering := s.connOf(c)
	s.gateway.options.Service = &service{s.rooms, func() { entering.socket.Disconnect(true) }}
	c.emit("join", fmt.Sprintf(`{"room":%q}`, bob.Room))
	<-entering.ctx.Done() // its end is reported
	if conns := s.gateway.audience.with(alice.Room, ""); len(conns) > 0 {
		t.Errorf("%d listen", len(conns))
	}
	if entering.marks.sent() != (mark{}) {
		t.Error("it was let in as it ended")
	}
}

// Events that happen while a connection enters are before its time.
func TestNothingIsHeardBeforeEntering(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	alice, _ := s.create("alice", "Alice")
	a := s.connect(visit{session: "alice"})
	s.gateway.options.Service = &service{s.rooms, func() {
		s.as(alice, func(r *room.Room, _ room.Caller) ([]room.Event, error) { return r.Rotate(r.CreatedAt, "654321"), nil })
	}}
	a.join(alice)
	equal(t, "she hears", a.names(), []string{"join_success", "update_participants"})
}

// A hint that somebody types must not wait for the next poll, and arrive late.
func TestHintsDoNotWaitForAPoll(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	p := s.poll(visit{session: "alice"})
	p.post(fmt.Sprintf(`42["join",{"room":%q}]`, alice.Room))
	p.until("join_success")
	b := s.connect(visit{session: "bob"}).join(bob)
	p.until("member_joined")
	b.emit("typing", fmt.Sprintf(`{"room":%q}`, bob.Room))
	b.say(bob, "written")
	b.expect("message")
	if heard := p.until("written"); strings.Contains(heard, "typing") {
		t.Errorf("a hint waited: %s", heard)
	}
}

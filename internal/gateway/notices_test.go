package gateway

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"securechat/internal/engine"
	"securechat/room"
)

// told returns what a page was told: messages with the old events, and with the notices.
func told(c *client) (old, notices []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.log {
		name := strings.Trim(e.field("display_name"), `"`)
		switch e.name {
		case "member_joined", "member_left", "member_returned":
			old = append(old, e.name+" "+name)
		case "message":
			old = append(old, strings.Trim(e.field("content"), `"`))
			notices = append(notices, strings.Trim(e.field("content"), `"`))
		case "notice":
			what := strings.Trim(e.field("what"), `"`)
			if by := e.field("by"); by != "" {
				what += " by " + by
			}
			if e.field("missed") != "" {
				what = "missed: " + what
			}
			notices = append(notices, what+" "+name)
		}
	}
	return old, notices
}

// positions returns the places that a page was told, and checks each.
func (c *client) positions() []offset {
	c.t.Helper()
	var places []offset
	for _, e := range c.all("position") {
		var place offset
		ok := len(e.args) == 1
		if ok {
			place, ok = parseOffset(strings.Trim(string(e.args[0]), `"`))
		}
		if !ok {
			c.t.Errorf("no position: %v", e)
		}
		places = append(places, place)
	}
	return places
}

// Old handlers, in languages less forgiving than JavaScript, take one argument.
func TestEveryEventHasTheContractsArguments(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for i, auth := range []string{"", `{"page":"p1"}`} {
		session := fmt.Sprint("alice", i)
		alice, code := s.create(session, "Alice")
		c := s.connect(visit{session: session, auth: auth}).join(alice)
		c.say(alice, "one")
		c.expect("message")
		c.barrier()
		s.admit(fmt.Sprint("bob", i), "Bob", code, alice)
		c.drop()
		s.load(session, alice)
		again := s.connect(visit{session: session, auth: strings.Replace(auth, "p1", "p2", 1)}).join(alice)
		again.expect("message")
		again.barrier()
		for _, c := range []*client{c, again} {
			for _, name := range c.names() {
				for _, e := range c.all(name) {
					want := 1
					if auth != "" && name == "message" {
						want = 2 // its position, from which no cut separates it
					}
					if len(e.args) != want {
						t.Errorf("with %q: %v", auth, e)
					}
				}
			}
			if auth == "" {
				c.expect("position")
				c.positions()
			}
		}
	}
}

// A member who was away is told who came in meanwhile, in order with the messages, and once:
// over cuts, and when the page is loaded again.
func TestWhoWasAwayIsTold(t *testing.T) {
	t.Parallel()
	type end func(t *testing.T, s *server, c *client, alice room.Seat)
	cut := func(_ *testing.T, s *server, c *client, _ room.Seat) {
		s.settled(c)
		c.drop()
	}
	reload := func(t *testing.T, s *server, c *client, alice room.Seat) {
		cut(t, s, c, alice)
		s.load("alice", alice)
	}
	for name, test := range map[string]struct {
		auth         string
		first, again end
		old, notices []string // after the first end, and what is said then
		oldAgain     []string // after the second
		noticesAgain []string
	}{
		"a page that reconnects": {
			first: cut, again: cut,
			old: []string{"before", "member_joined Bob", "between", "member_left Bob", "after"},
		},
		"a page that is loaded": {
			first: reload, again: reload,
			old:      []string{"before", "member_joined Bob", "between", "member_left Bob", "after"},
			oldAgain: []string{"before", "between", "after"},
		},
		"a page that names itself and reconnects": {
			auth:  `{"page":"p1"}`,
			first: cut, again: cut,
			old: []string{"before", "member_joined Bob", "between", "member_left Bob", "after"},
			notices: []string{"before", `missed: admitted by ["Alice","Carol"] Bob`, "missed: joined Bob",
				"between", "missed: left Bob", "after"},
		},
		"a page that names itself and is loaded": {
			auth:  `{"page":"p1"}`,
			first: reload, again: reload,
			old: []string{"before", "member_joined Bob", "between", "member_left Bob", "after"},
			notices: []string{`admitted by ["Alice"] Carol`, "joined Carol",
				"before", `missed: admitted by ["Alice","Carol"] Bob`, "missed: joined Bob", "between", "missed: left Bob", "after"},
			oldAgain: []string{"before", "between", "after"},
			noticesAgain: []string{`admitted by ["Alice"] Carol`, "joined Carol",
				"before", `admitted by ["Alice","Carol"] Bob`, "joined Bob", "between", "left Bob", "after"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			alice, code := s.create("alice", "Alice")
			a := s.connect(visit{session: "alice", auth: test.auth}).join(alice)
			carol := s.admit("carol", "Carol", code, alice)
			c := s.connect(visit{session: "carol"}).join(carol)
			a.expect("member_joined")
			test.first(t, s, a, alice)

			c.say(carol, "before")
			c.barrier()
			bob := s.admit("bob", "Bob", code, alice, carol)
			b := s.connect(visit{session: "bob"}).join(bob)
			c.say(carol, "between")
			c.barrier()
			b.emit("leave_room", fmt.Sprintf(`{"room":%q,"final":true}`, bob.Room))
			c.expect("member_left")
			c.say(carol, "after")
			c.barrier()

			page := 1
			back := func(again end, wantOld, wantNotices []string) {
				t.Helper()
				loaded := s.loading("alice")
				if loaded {
					page++
				}
				a = s.connect(visit{session: "alice", auth: strings.Replace(test.auth, "p1", fmt.Sprint("p", page), 1)})
				if loaded {
					a.join(alice)
				}
				a.barrier()
				old, notices := told(a)
				if !slices.Equal(old, wantOld) {
					t.Errorf("told %q, want %q", old, wantOld)
				}
				if test.auth != "" && !slices.Equal(notices, wantNotices) {
					t.Errorf("notices %q, want %q", notices, wantNotices)
				}
				again(t, s, a, alice)
			}
			back(test.again, test.old, test.notices)
			back(cut, test.oldAgain, test.noticesAgain)
		})
	}
}

// loading reports whether a page of the session is being loaded.
func (s *server) loading(session string) bool {
	s.t.Helper()
	return s.seatOf(session).Rendered
}

// A page that is loaded beside another one of its member is not told what that has told.
func TestATabBesideAnotherIsToldNothingTwice(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	a := s.connect(visit{session: "alice"}).join(alice)
	bob := s.admit("bob", "Bob", code, alice)
	s.connect(visit{session: "bob"}).join(bob)
	a.expect("member_joined")
	s.settled(a)
	s.load("alice", alice)
	second := s.connect(visit{session: "alice", page: "/room/" + alice.Path}).join(alice)
	if old, _ := told(second); old != nil {
		t.Errorf("told %q", old)
	}
}

// A connection was lost, a page was closed, a membership has ended: pages that name
// themselves can tell, and all others hear what they ever heard, once.
func TestLostAndLeftAreToldApart(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(_ *Options, terms *room.Terms) {
		terms.AbsenceGrace, terms.ReturnGrace = time.Millisecond, time.Hour
	})
	stop, cancel := context.WithCancel(t.Context())
	defer cancel()
	go s.rooms.Run(stop)
	alice, code := s.create("alice", "Alice")
	a := s.connect(visit{session: "alice", auth: `{"page":"p1"}`}).join(alice)
	for name, test := range map[string]struct {
		end  func(c *client, seat room.Seat)
		want string
	}{
		"Lea": {func(c *client, _ room.Seat) { c.drop() }, "lost"},
		"Leo": {func(c *client, _ room.Seat) { c.leave() }, "away"},
		"Lin": {func(c *client, seat room.Seat) { c.emit("leave_room", fmt.Sprintf(`{"room":%q}`, seat.Room)) }, "away"},
		"Lou": {func(c *client, seat room.Seat) {
			c.emit("leave_room", fmt.Sprintf(`{"room":%q,"final":true}`, seat.Room))
		}, "left"},
	} {
		seat := s.knock(name, name, code)
		s.approve(alice, seat)
		c := s.connect(visit{session: name}).join(seat)
		c.barrier()
		a.barrier()
		a.forget()
		test.end(c, seat)
		a.expect("notice")
		a.barrier()
		old, notices := told(a)
		if !slices.Contains(old, "member_left "+name) || len(old) != 1 {
			t.Errorf("%s: told %q", name, old)
		}
		if want := []string{test.want + " " + name}; !slices.Equal(notices, want) {
			t.Errorf("%s: notices %q, want %q", name, notices, want)
		}
		if test.want != "left" {
			// Gone for good: old pages were told before.
			a.forget()
			s.dismiss(seat)
			a.barrier()
			old, notices = told(a)
			if want := []string{"left " + name}; old != nil || !slices.Equal(notices, want) {
				t.Errorf("%s, for good: told %q and %q, want nothing and %q", name, old, notices, want)
			}
		}
	}
}

// Who comes back and completes a vote by it hears of that admission once.
func TestAnAdmissionByTheReturnOfAVoter(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	auth := `{"page":"p1"}`
	a := s.connect(visit{session: "alice", auth: auth}).join(alice)
	bob := s.knock("bob", "Bob", code)
	a.emit("approve_join", fmt.Sprintf(`{"room":%q,"user_id":%q}`, alice.Room, bob.ID))
	a.expect("notice")
	carol := s.knock("carol", "Carol", code)
	a.emit("approve_join", fmt.Sprintf(`{"room":%q,"user_id":%q}`, alice.Room, carol.ID))
	a.barrier()
	a.emit("leave_room", fmt.Sprintf(`{"room":%q}`, alice.Room))
	a.barrier()
	s.dismiss(bob)
	a.forget()
	a.join(alice)
	_, notices := told(a)
	admissions := slices.DeleteFunc(notices, func(n string) bool { return !strings.Contains(n, "admitted") || !strings.HasSuffix(n, "Carol") })
	if len(admissions) != 1 {
		t.Errorf("notices %q", notices)
	}
	// Its next connection is sent nothing again.
	s.settled(a)
	a.drop()
	again := s.connect(visit{session: "alice", auth: auth})
	if old, notices := told(again); old != nil || notices != nil {
		t.Errorf("again: %q, %q", old, notices)
	}
}

// Threat: a page goes over a line that is dead by then, say with a tab that is closed in a tunnel.
// What was written into it was not heard: who was let in meanwhile is told when the member is
// back, once.
func TestWhatWasWrittenIntoADeadLineWasNotHeard(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		auth                 string
		old, notices         []string
		oldAgain, afterwards []string
	}{
		"a page that names itself": {
			auth:       `{"page":"p1"}`,
			old:        []string{"heard", "member_joined Bob", "not heard"},
			notices:    []string{"heard", `missed: admitted by ["Alice"] Bob`, "missed: joined Bob", "not heard"},
			oldAgain:   []string{"heard", "not heard"},
			afterwards: []string{"heard", `admitted by ["Alice"] Bob`, "joined Bob", "not heard"},
		},
		"another page": {
			old:      []string{"heard", "member_joined Bob", "not heard"},
			oldAgain: []string{"heard", "not heard"},
		},
	} {
		for _, transport := range []string{"websocket", "polling"} {
			t.Run(name+" by "+transport, func(t *testing.T) {
				t.Parallel()
				s := newServer(t)
				alice, code := s.create("alice", "Alice")
				var goodbye func()
				leave := fmt.Sprintf(`42["leave_room",{"room":%q}]`, alice.Room)
				if transport == "polling" {
					p := s.poll(visit{session: "alice", auth: test.auth})
					p.post(fmt.Sprintf(`42["join",{"room":%q}]`, alice.Room) + "\x1e" + fmt.Sprintf(`42["message",{"room":%q,"message":"heard"}]`, alice.Room))
					p.until("heard")
					p.post(`42["ping"]`)
					p.until("pong") // by asking for it, it has confirmed what came before
					goodbye = func() { p.post(leave) }
				} else {
					c := s.connect(visit{session: "alice", auth: test.auth}).join(alice)
					c.say(alice, "heard")
					c.expect("message")
					s.settled(c)
					c.goSilent() // it answers no ping, and so confirms nothing
					goodbye = func() { c.write(leave) }
				}
				bob := s.admit("bob", "Bob", code, alice)
				b := s.connect(visit{session: "bob"}).join(bob)
				b.say(bob, "not heard")
				b.expect("message")
				goodbye()
				s.eventually("she has left", func() bool { return len(s.state(alice.Room).Members[0].Conns) == 0 })

				load := func(page string) (old, notices []string) {
					s.load("alice", alice)
					c := s.connect(visit{session: "alice", auth: strings.Replace(test.auth, "p1", page, 1)}).join(alice)
					c.until("all", func() bool { return slices.Contains(texts(c), "not heard") })
					c.barrier()
					s.settled(c)
					old, notices = told(c)
					c.leave()
					s.eventually("it has left", func() bool { return len(s.state(alice.Room).Members[0].Conns) == 0 })
					return slices.DeleteFunc(old, func(line string) bool { return strings.HasSuffix(line, "Alice") }), notices
				}
				old, notices := load("p2")
				equal(t, "back, she hears", old, test.old)
				if test.auth != "" {
					equal(t, "with the notices", notices, test.notices)
				}
				old, notices = load("p3")
				equal(t, "once more, she hears", old, test.oldAgain)
				if test.auth != "" {
					equal(t, "with the notices", notices, test.afterwards)
				}
			})
		}
	}
}

// A page that leaves and comes back by the same connection has heard what was sent by it, or
// will: it is sent nothing twice. For others of the member that is not heard before it is confirmed.
func TestWhoComesBackByTheSameConnectionIsToldNothingTwice(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	other, _ := s.create("alice", "Alice")
	s.connect(visit{session: "carol"}).join(s.admit("carol", "Carol", code, alice))
	a := s.connect(visit{session: "alice"}).join(alice)
	s.settled(a)
	a.goSilent()
	bob := s.admit("bob", "Bob", code, alice, s.seatOf("carol"))
	b := s.connect(visit{session: "bob"}).join(bob)
	b.say(bob, "hello")
	a.until("hello", func() bool { return slices.Contains(texts(a), "hello") })
	for _, away := range []func(){
		func() { a.emit("leave_room", fmt.Sprintf(`{"room":%q}`, alice.Room)) },
		func() { a.join(other) },
	} {
		away()
		a.barrier()
		a.forget()
		a.join(alice)
		if old, _ := told(a); slices.Contains(old, "member_joined Bob") || slices.Contains(old, "hello") {
			t.Errorf("told again %q", old)
		}
	}
	a.drop()
	again := s.connect(visit{session: "alice", page: "/room/" + alice.Path})
	again.until("hello", func() bool { return slices.Contains(texts(again), "hello") })
	again.barrier()
	if old, _ := told(again); !slices.Equal(old, []string{"member_joined Bob", "hello"}) {
		t.Errorf("after a cut told %q", old)
	}
}

// seatOf returns the only membership of a session.
func (s *server) seatOf(session string) room.Seat {
	s.t.Helper()
	seats, err := s.rooms.Seats(s.t.Context(), session)
	if err != nil || len(seats) != 1 {
		s.t.Fatal(seats, err)
	}
	return seats[0]
}

// A page that comes back by the same connection is no new one, whatever is being loaded
// beside it: it is sent nothing twice, and the new page is shown everything.
func TestWhoComesBackIsNotTheNewPageBeside(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	alice, _ := s.create("alice", "Alice")
	a := s.connect(visit{session: "alice"}).join(alice)
	a.say(alice, "hello")
	a.expect("message")
	s.settled(a)
	a.emit("leave_room", fmt.Sprintf(`{"room":%q}`, alice.Room))
	a.barrier()
	s.load("alice", alice)
	a.forget()
	a.join(alice)
	equal(t, "back, she reads", a.texts(), nil)
	beside := s.connect(visit{session: "alice", page: "/room/" + alice.Path}).join(alice)
	equal(t, "on the new page she reads", beside.texts(), []string{"hello"})
}

// inFlight has something happen right before a connection is reported lost.
type inFlight struct {
	*room.Service
	beforeDisconnect func()
}

func (s *inFlight) Disconnect(ctx context.Context, c room.Caller, delivered uint64, deliberate bool) error {
	s.beforeDisconnect()
	return s.Service.Disconnect(ctx, c, delivered, deliberate)
}

// A message that is just being said while a connection moves to another room is sent by it
// or not. When the connection is back it is told that message once.
func TestWhatIsSaidWhileAConnectionMovesIsHeardOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	alice, _ := s.create("alice", "Alice")
	other, _ := s.create("alice", "Alice")
	s.load("alice", alice)
	a := s.connect(visit{session: "alice"}).join(alice)
	post := func() uint64 {
		s.post(alice, "just now")
		return s.state(alice.Room).Seq
	}
	listening := s.gateway.audience.of(alice.Room)
	s.gateway.options.Service = &inFlight{s.rooms, sync.OnceFunc(func() {
		at := offset{alice.Room, post()}
		// The one who broadcasts it has looked up who listens before.
		said := s.gateway.outgoing(engine.Event{"message", messageOf(room.Message{Seq: at.seq, Content: "just now"})}, nil)
		var p pass
		for _, c := range listening {
			c.hear(&p, alice.Room, "", func(l listener) { l.deliver(at, said) })
		}
		p.flush()
	})}
	a.join(other)
	a.barrier()
	a.join(alice)
	equal(t, "she reads", a.texts(), []string{"just now"})
}

// How far a page has got in one room says nothing of the room that it is moving to as its
// connection is ended.
func TestAConnectionThatIsEndedWhileItMoves(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	alice, _ := s.create("alice", "Alice")
	other, code := s.create("alice", "Alice")
	a := s.connect(visit{session: "alice"}).join(other).join(alice)
	for range 30 {
		a.say(alice, "a long talk")
	}
	a.until("all", func() bool { return len(texts(a)) == 30 })
	s.settled(a)
	id := s.gateway.node + "." + a.sid
	moving := s.gateway.conn(id).socket
	s.gateway.options.Service = &inFlight{s.rooms, sync.OnceFunc(func() { moving.Disconnect(true) })} // one too many
	a.emit("join", fmt.Sprintf(`{"room":%q}`, other.Room))
	s.eventually("it has ended", func() bool { return s.gateway.conn(id) == nil && len(s.state(other.Room).Members[0].Conns) == 0 })
	bob := s.admit("bob", "Bob", code, other)
	s.connect(visit{session: "bob"}).join(bob).say(bob, "hello")
	s.eventually("Bob has spoken", func() bool { return s.state(other.Room).Messages == 1 })
	back := s.connect(visit{session: "alice", query: "&room=" + other.Room})
	back.until("it is in", func() bool {
		return slices.ContainsFunc(back.log, func(e event) bool { return e.name == "update_participants" })
	})
	back.barrier()
	if old, _ := told(back); !slices.Equal(old, []string{"member_joined Bob", "hello"}) {
		t.Errorf("back, she is told %q", old)
	}
}

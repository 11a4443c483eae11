package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"securechat/internal/engine"
	"securechat/room"
)

// pageOfSeat is how the page of a seat connects that calls itself something.
func pageOfSeat(session string, seat room.Seat, page string) visit {
	return visit{session: session, auth: fmt.Sprintf(`{"seat":%q,"page":%q}`, seat.ID, page)}
}

// hindered lets the first message through when the test says so.
type hindered struct {
	*room.Service
	first    string
	arrived  chan struct{}
	released chan struct{}
}

func (s *hindered) Post(ctx context.Context, d room.Draft) (*room.Message, error) {
	if d.Ref == s.first && !d.Again {
		close(s.arrived)
		<-s.released
	}
	return s.Service.Post(ctx, d)
}

// A page has given up a connection, and said again by the next one what the first
// may have lost. It was not lost, only late.
func TestLateEventsOfAPageThatGoesOn(t *testing.T) {
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	a := s.connect(visit{session: "alice"}).join(alice)
	first := s.connect(pageOfSeat("bob", bob, "one")).join(bob)
	tab := s.connect(pageOfSeat("bob", bob, "another")).join(bob)
	say := func(c *client, text string, again bool) {
		c.emit("message", fmt.Sprintf(`{"room":%q,"message":%q,"ref":%q,"again":%v}`, bob.Room, text, text, again))
	}
	a.barrier() // it has heard of Bob's arrival
	slow := &hindered{s.rooms, "begun", make(chan struct{}), make(chan struct{})}
	s.gateway.options.Service = slow
	say(first, "begun", false)
	<-slow.arrived
	old := s.gateway.conn(s.gateway.node + "." + first.sid)
	old.link.Do(func() { // it has arrived, and is next
		old.handle([]any{"message", map[string]any{"room": bob.Room, "message": "late", "ref": "late"}})
	})
	a.forget()

	v := pageOfSeat("bob", bob, "one")
	v.quiet = true
	second := s.connect(v)
	say(second, "begun", true)
	say(second, "late", true)
	first.ended()
	close(slow.released)
	second.barrier()
	second.say(bob, "done")
	said := []string{"begun", "late", "done"}
	a.until("the last word", func() bool { return slices.Contains(texts(a), "done") })
	equal(t, "the others read", a.texts(), said)
	for _, name := range a.names() {
		if strings.HasPrefix(name, "member_") {
			t.Errorf("the others hear %s", name)
		}
	}
	tab.until("the last word", func() bool { return slices.Contains(texts(tab), "done") })
	equal(t, "the other tab reads", tab.texts(), said)
}

// The page is not kept waiting by a connection that does not come to its end, and what that one
// says then is not heard, so that nothing is said twice. A page need not count for that.
func TestAConnectionThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	for name, count := range map[string]string{"a page that counts": `,"n":%d`, "a page that does not": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			alice, _ := s.create("alice", "Alice")
			page := func(n int) visit {
				v := pageOfSeat("alice", alice, "one")
				if count != "" {
					v.auth = strings.TrimSuffix(v.auth, "}") + fmt.Sprintf(count, n) + "}"
				}
				return v
			}
			slow := &hindered{s.rooms, "slow", make(chan struct{}), make(chan struct{})}
			s.gateway.options.Service = slow
			first := s.connect(page(1)).join(alice)
			old := s.gateway.conn(s.gateway.node + "." + first.sid)
			first.emit("message", fmt.Sprintf(`{"room":%q,"message":"slow","ref":"slow"}`, alice.Room))
			<-slow.arrived
			old.link.Do(func() {
				old.handle([]any{"message", map[string]any{"room": alice.Room, "message": "twice", "ref": "twice"}})
			})
			second := s.connect(page(2))
			for _, text := range []string{"slow", "twice"} {
				second.emit("message", fmt.Sprintf(`{"room":%q,"message":%[2]q,"ref":%[2]q,"again":true}`, alice.Room, text))
			}
			second.until("both", func() bool { return slices.Contains(texts(second), "twice") })
			close(slow.released)
			<-old.ctx.Done()
			second.say(alice, "done")
			second.until("the last word", func() bool { return slices.Contains(texts(second), "done") })
			equal(t, "it reads", second.texts(), []string{"slow", "twice", "done"})
		})
	}
}

// The server knows what a page has missed without waiting for the old connection to show
// that it is dead, and without an offset.
func TestAPageThatGoesOnMissesNothing(t *testing.T) {
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	a := s.connect(visit{session: "alice"}).join(alice)
	first := s.connect(pageOfSeat("bob", bob, "one")).join(bob)
	a.say(alice, "seen")
	first.expect("message")
	s.settled(first)
	first.goSilent()
	for _, text := range []string{"missed", "this too"} {
		a.say(alice, text)
	}
	a.until("both", func() bool { return len(texts(a)) == 3 })
	second := s.connect(pageOfSeat("bob", bob, "one"))
	first.ended()
	second.barrier()
	equal(t, "it reads", second.texts(), []string{"missed", "this too"})

	// Nothing of the first is left.
	s.settled(second)
	conns := func() []string {
		members := s.state(alice.Room).Members
		return idsOf(members[slices.IndexFunc(members, func(m room.Member) bool { return m.ID == bob.ID })].Conns)
	}
	equal(t, "connections", conns(), []string{s.gateway.node + "." + second.sid})
	second.leave()
	s.eventually("nobody is there", func() bool { return len(conns()) == 0 })
}

// Two tabs of a laptop that slept, of which one has got less: each goes on where it was.
func TestNamedTabsGoOnWhereTheyWere(t *testing.T) {
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	a := s.connect(visit{session: "alice"}).join(alice)
	tabs := map[string]*client{"one": nil, "two": nil}
	for _, name := range []string{"one", "two"} {
		tabs[name] = s.connect(pageOfSeat("bob", bob, name)).join(bob)
		s.settled(tabs[name])
	}
	say := func(text string) {
		a.say(alice, text)
		a.until("the word", func() bool { return slices.Contains(texts(a), text) })
	}
	tabs["one"].goSilent()
	say("first")
	tabs["two"].expect("message")
	s.settled(tabs["two"])
	tabs["two"].goSilent()
	say("second")
	for _, tab := range []struct {
		name   string
		missed []string
	}{{"one", []string{"first", "second"}}, {"two", []string{"second"}}} {
		back := s.connect(pageOfSeat("bob", bob, tab.name))
		back.barrier()
		equal(t, tab.name+" has missed", back.texts(), tab.missed)
	}
}

// Connections can overtake each other: the page has given up the one that comes late.
func TestALateConnectionPushesNoneOut(t *testing.T) {
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	s.connect(pageOfSeat("bob", bob, "one")).join(bob).drop()
	v := pageOfSeat("bob", bob, "one")
	late, _, err := websocket.DefaultDialer.Dial(strings.Replace(s.URL, "http", "ws", 1)+"/socket.io/?EIO=4&transport=websocket", v.header())
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	if _, _, err := late.ReadMessage(); err != nil { // the handshake
		t.Fatal(err)
	}
	newer := s.connect(v)
	if err := late.WriteMessage(websocket.TextMessage, []byte("40"+v.auth)); err != nil {
		t.Fatal(err)
	}
	if err := late.SetReadDeadline(time.Now().Add(wait)); err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, _, err = late.ReadMessage()
	}
	if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
		t.Fatal("the late one is still open")
	}
	newer.say(bob, "still here")
	newer.until("the word", func() bool { return slices.Contains(texts(newer), "still here") })
}

// A page that comes and goes at all speed leaves nothing behind.
func TestSuccessionLeavesNothing(t *testing.T) {
	s := newServer(t)
	alice, _ := s.create("alice", "Alice")
	last := s.connect(pageOfSeat("alice", alice, "one")).join(alice)
	for range 50 {
		v := pageOfSeat("alice", alice, "one")
		v.quiet = true
		for range 10 {
			last.emit("join", fmt.Sprintf(`{"room":%q}`, alice.Room))
		}
		next := s.connect(v)
		last.ended()
		last = next
	}
	last.barrier()
	equal(t, "connections", idsOf(s.state(alice.Room).Members[0].Conns), []string{s.gateway.node + "." + last.sid})
	last.leave()
	gone := func() bool {
		s.gateway.watches.mu.Lock()
		defer s.gateway.watches.mu.Unlock()
		return len(s.gateway.watches.rooms) == 0 && len(s.gateway.connsOfSession("alice")) == 0 && len(s.state(alice.Room).Members[0].Conns) == 0
	}
	s.eventually("all is forgotten", gone)
}

// Nobody else's connection ends because of a name.
func TestNamesAreTheSessionsOwn(t *testing.T) {
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	a := s.connect(pageOfSeat("alice", alice, "one")).join(alice)
	s.connect(pageOfSeat("bob", bob, "one")).join(bob)
	s.connect(visit{auth: `{"page":"one"}`})
	s.connect(visit{auth: `{"page":"one"}`})
	a.barrier()

	// Nor the session that carries both, if a page connects twice by it.
	g := &Gateway{sessions: make(map[string][]*conn)}
	first := &conn{g: g, session: "s", page: "p", link: new(engine.Session)}
	second := &conn{g: g, session: "s", page: "p", link: first.link}
	for _, c := range []*conn{first, second} {
		g.sessions["s"] = append(g.sessions["s"], c)
		c.succeed()
		if first.replaced.Load() || second.replaced.Load() {
			t.Error("a session is ended by itself")
		}
	}
}

func idsOf(conns []room.Conn) (ids []string) {
	for _, c := range conns {
		ids = append(ids, c.ID)
	}
	return ids
}

// Connections overtake each other: the page's own count tells which it has given up.
func TestAnOvertakenConnectionEnds(t *testing.T) {
	s := newServer(t)
	alice, _ := s.create("alice", "Alice")
	counted := func(n int) visit {
		v := pageOfSeat("alice", alice, "one")
		v.auth = strings.TrimSuffix(v.auth, "}") + fmt.Sprintf(`,"n":%d}`, n)
		v.quiet = true
		return v
	}
	newer := s.connect(counted(2))
	newer.emit("join", fmt.Sprintf(`{"room":%q}`, alice.Room))
	newer.expect("join_success")
	s.connect(counted(1)).ended()
	newer.say(alice, "still here")
	newer.until("the word", func() bool { return slices.Contains(texts(newer), "still here") })
	next := s.connect(counted(3))
	newer.ended()
	next.say(alice, "and here")
	next.until("the word", func() bool { return slices.Contains(texts(next), "and here") })
}

// Rooms know a page by what tells nobody how it calls itself.
func TestPageKeys(t *testing.T) {
	key := func(session, page, token string) string {
		return (&conn{session: session, page: page, hints: hints{token: token}}).pageKey()
	}
	if key("s", "", "") != "" {
		t.Error("a page without a name has a key")
	}
	same := key("s", "page", "")
	if same == "" || same != key("s", "page", "") || same != key("s", "", "page") || same != key("s", "page", "another") || strings.Contains(same, "page") {
		t.Errorf("key %q", same)
	}
	for _, other := range []string{key("s", "page2", ""), key("t", "page", ""), key("s", "", "x")} {
		if other == same {
			t.Error("another page has the same key")
		}
	}
}

// unreported keeps back what is reported of lost connections, once it is to.
type unreported struct {
	*room.Service
	holds             atomic.Bool
	arrived, released chan struct{}
}

func (s *unreported) Disconnect(ctx context.Context, c room.Caller, delivered uint64, deliberate bool) error {
	if s.holds.Load() {
		s.arrived <- struct{}{}
		<-s.released
	}
	return s.Service.Disconnect(ctx, c, delivered, deliberate)
}

// Threat: on a busy server a page is back before the end of its connection is reported, and
// is taken to have seen what is said until then.
func TestAPageThatIsBackBeforeItsEndIsReported(t *testing.T) {
	t.Parallel()
	for name, visitOf := range map[string]func(room.Seat) visit{
		"of the time before pages had names": func(room.Seat) visit { return visit{session: "bob"} },
		"that names itself":                  func(seat room.Seat) visit { return pageOfSeat("bob", seat, "one") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			slow := &unreported{Service: s.rooms, arrived: make(chan struct{}, 2), released: make(chan struct{})}
			defer close(slow.released)
			s.gateway.options.Service = slow
			alice, code := s.create("alice", "Alice")
			bob := s.admit("bob", "Bob", code, alice)
			a := s.connect(visit{session: "alice"}).join(alice)
			first := s.connect(visitOf(bob)).join(bob)
			a.say(alice, "seen")
			first.expect("message")
			s.settled(first)
			slow.holds.Store(true)
			first.drop()
			<-slow.arrived
			a.say(alice, "missed")
			a.until("it", func() bool { return len(texts(a)) == 2 })
			second := s.connect(visitOf(bob))
			second.say(bob, "done")
			second.until("the last word", func() bool { return slices.Contains(texts(second), "done") })
			equal(t, "it reads", second.texts(), []string{"missed", "done"})
		})
	}
}

// Threat: a page's next connection is cut before the one before is known to be dead, and
// counts as one that has seen everything.
func TestAConnectionThatIsCutBeforeItIsKnownWhose(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	a := s.connect(visit{session: "alice"}).join(alice)
	first := s.connect(visit{session: "bob"}).join(bob)
	a.say(alice, "seen")
	first.expect("message")
	s.settled(first)
	seen := s.state(bob.Room).Seq
	first.goSilent()
	a.say(alice, "missed")
	a.until("it", func() bool { return len(texts(a)) == 2 })

	second := s.connect(visit{session: "bob", quiet: true})
	second.until("connected", func() bool { return second.sid != "" })
	second.drop()
	lost := func() []room.Loss {
		members := s.state(bob.Room).Members
		return members[slices.IndexFunc(members, func(m room.Member) bool { return m.ID == bob.ID })].Lost
	}
	s.eventually("its end is reported", func() bool { return len(lost()) > 0 })
	if got := lost(); got[0].Seq > seen {
		t.Errorf("it has seen the room up to %d, and all that is certain is %d", got[0].Seq, seen)
	}
}

// manyPages opens as many pages as a session may, each by its connection n. page is a connection
// of one of them.
func manyPages(t *testing.T, n int) (s *server, page func(i, n int) visit, pages []*client) {
	t.Helper()
	s = newServer(t, func(o *Options, _ *room.Terms) { o.RateLimits = true })
	alice, _ := s.create("alice", "Alice")
	page = func(i, n int) visit {
		return visit{session: "alice", auth: fmt.Sprintf(`{"seat":%q,"page":"p%d","n":%d}`, alice.ID, i, n), quiet: true}
	}
	for i := range maxConnections {
		c := s.connect(page(i, n))
		c.until("connected", func() bool { return c.sid != "" })
		pages = append(pages, c)
	}
	return s, page, pages
}

// A session may have so many connections, and a page that comes back puts out its own before
// any other's.
func TestAReturnPutsOutNobodyElse(t *testing.T) {
	s, page, pages := manyPages(t, 1)
	last := maxConnections - 1
	again := s.connect(page(last, 2))
	pages[last].ended()
	again.barrier()
	for i, c := range pages[:last] {
		if told := c.all("room_error"); len(told) > 0 {
			t.Errorf("page %d is told %v", i, told)
		}
	}
}

// Threat: a browser opens two tabs of a member at once, and the second shows an empty
// conversation.
func TestTwoPagesThatAreLoadedAtOnce(t *testing.T) {
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	a := s.connect(visit{session: "alice"}).join(alice)
	before := s.connect(pageOfSeat("bob", bob, "before")).join(bob)
	a.say(alice, "said before")
	before.expect("message")
	s.settled(before)
	before.leave()
	for range 2 {
		s.load("bob", bob)
	}
	for _, page := range []string{"one", "two"} {
		equal(t, page+" reads", s.connect(pageOfSeat("bob", bob, page)).join(bob).texts(), []string{"said before"})
	}
}

// Threat: a page that is known by its name is taken for the one behind a dead connection of
// another page, goes on where that was, and misses what it had yet to get.
func TestNoPageTakesOverAnothers(t *testing.T) {
	t.Parallel()
	named := func(seat room.Seat, n int) visit {
		return visit{session: "bob", auth: fmt.Sprintf(`{"seat":%q,"page":"one","n":%d}`, seat.ID, n)}
	}
	withToken := func(token string) visit { return visit{session: "bob", query: "&csrf_token=" + token} }
	for name, test := range map[string]struct {
		page func(seat room.Seat, n int) visit
		dead visit
	}{
		"a name, and a page without one": {named, visit{session: "bob"}},
		"a name, and a token":            {named, withToken("B")},
		"two tokens":                     {func(room.Seat, int) visit { return withToken("A") }, withToken("B")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			alice, code := s.create("alice", "Alice")
			bob := s.admit("bob", "Bob", code, alice)
			a := s.connect(visit{session: "alice"}).join(alice)
			first := s.connect(test.page(bob, 1)).join(bob)
			other := s.connect(test.dead).join(bob)
			s.settled(first)
			first.drop()
			s.eventually("its loss is known", func() bool { return len(s.state(bob.Room).Members[1].Lost) == 1 })
			a.say(alice, "missed")
			other.until("it", func() bool { return slices.Contains(texts(other), "missed") })
			s.settled(other)
			other.goSilent()
			second := s.connect(test.page(bob, 2))
			second.barrier()
			equal(t, "it reads", second.texts(), []string{"missed"})
		})
	}
}

// Nor does a connection that its page has given up, and that comes late: it ends itself. Neither
// it nor those that are about to end count against the bound.
func TestALateConnectionAtTheBoundPutsOutNobody(t *testing.T) {
	s, page, pages := manyPages(t, 2)
	s.connect(page(maxConnections-1, 1)).ended()
	given := s.connOf(pages[0])
	given.replaced.Store(true) // it is about to end
	pages[0] = s.connect(page(maxConnections, 1))
	for i, c := range pages {
		c.barrier()
		if told := c.all("room_error"); len(told) > 0 {
			t.Errorf("page %d is told %v", i, told)
		}
	}
}

// One of two connections with the same count is the later, or each would end the other.
func TestTheSameCountTwice(t *testing.T) {
	s := newServer(t)
	alice, _ := s.create("alice", "Alice")
	v := visit{session: "alice", auth: fmt.Sprintf(`{"seat":%q,"page":"one","n":1}`, alice.ID)}
	first := s.connect(v).join(alice)
	one := s.connOf(first)
	second := s.connect(v)
	first.ended()
	if two := s.connOf(second); one.isAfter(two) || !two.isAfter(one) {
		t.Error("the second is not the later one")
	}
	second.say(alice, "still here")
	second.until("the word", func() bool { return slices.Contains(texts(second), "still here") })
}

// A connection that ends before it has heard that it is in the room says nothing of how far its
// page is: that is not the beginning.
func TestAConnectionThatGivesWayAsItEnters(t *testing.T) {
	s := newServer(t)
	alice, _ := s.create("alice", "Alice")
	s.post(alice, "one")
	a := s.connect(pageOfSeat("alice", alice, "a")).join(alice)
	c := s.connOf(a)
	c.marks.reset("", 0, nil) // as bind does, before the room says that it has entered
	if seen := c.giveWay(); seen != nil {
		t.Errorf("its page is said to be at %v", *seen)
	}
}

package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"securechat/internal/connlimit"
	"securechat/internal/engine"
	"securechat/internal/network"
	"securechat/room"
)

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func TestJoinOrder(t *testing.T) {
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	a := s.connect(visit{session: "alice"})
	equal(t, "before she joins", a.names(), nil)
	a.join(alice)
	equal(t, "the founder hears", a.names(), []string{"join_success", "update_participants"})
	a.say(alice, "before Bob")
	a.expect("message")

	bob := s.admit("bob", "O'Bob", code, alice)
	a.barrier()
	a.forget()
	b := s.connect(visit{session: "bob"}).join(bob)
	equal(t, "the newcomer hears", b.names(), []string{"member_joined", "join_success", "update_participants"})
	a.barrier()
	equal(t, "the others hear", a.names(), []string{"member_joined", "update_participants"})

	// A page that is loaded again is announced to nobody, and sees what was said
	// since it was admitted, after it has joined.
	b.say(bob, "one")
	b.expect("message")
	b.write("41")
	s.load("bob", bob)
	a.barrier()
	a.forget()
	b = s.connect(visit{session: "bob", page: "/room/" + bob.Path})
	equal(t, "before it joins", b.names(), nil)
	b.join(bob)
	equal(t, "the reloaded page hears", b.names(), []string{"join_success", "update_participants", "message"})
	equal(t, "it reads", b.texts(), []string{"one"})
	a.barrier()
	equal(t, "the others hear", a.names(), nil)

	// To join again says so again, and nothing twice.
	b.forget()
	b.join(bob)
	equal(t, "joined again, it hears", b.names(), []string{"join_success", "update_participants"})
}

func TestPageThatReconnectsIsPutBack(t *testing.T) {
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	a := s.connect(visit{session: "alice"}).join(alice)
	b := s.connect(visit{session: "bob"}).join(bob)
	a.say(alice, "seen")
	b.expect("message")
	s.settled(b)
	b.drop()
	a.say(alice, "missed")
	a.until("both", func() bool { return slices.Contains(texts(a), "missed") })

	b = s.connect(visit{session: "bob"})
	equal(t, "it hears", b.names(), []string{"update_participants", "message"})
	equal(t, "it reads", b.texts(), []string{"missed"})
	b.say(bob, "here I am")
	a.until("Bob's word", func() bool { return slices.Contains(texts(a), "here I am") })
	b.barrier()
	equal(t, "it reads", b.texts(), []string{"missed", "here I am"})
	for _, e := range a.names() {
		if e == "member_left" || e == "member_returned" {
			t.Errorf("the others heard %s", e)
		}
	}
}

// texts is c.texts for conditions, which hold the lock.
func texts(c *client) []string {
	var all []string
	for _, e := range c.log {
		if e.name == "message" {
			all = append(all, strings.Trim(e.field("content"), `"`))
		}
	}
	return all
}

// A connection that is open on our side alone: the page has long got another.
func TestHalfOpenConnection(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	a := s.connect(visit{session: "alice"}).join(alice)
	b := s.connect(visit{session: "bob"}).join(bob)
	a.say(alice, "seen")
	b.expect("message")
	s.settled(b)
	b.goSilent()
	for i := range 3 {
		a.say(alice, fmt.Sprint("into the void ", i))
	}
	a.until("all three", func() bool { return len(texts(a)) == 4 })

	back := s.connect(visit{session: "bob"})
	back.until("what was missed", func() bool { return len(texts(back)) == 3 })
	b.ended()
	back.say(bob, "back")
	a.until("Bob's word", func() bool { return slices.Contains(texts(a), "back") })
	back.barrier()
	equal(t, "it reads", back.texts(), []string{"into the void 0", "into the void 1", "into the void 2", "back"})

	// The connection that was given up leaves nothing to be resumed.
	s.settled(back)
	back.drop()
	a.say(alice, "later")
	a.until("Alice's word", func() bool { return slices.Contains(texts(a), "later") })
	back = s.connect(visit{session: "bob"})
	back.until("what was missed", func() bool { return slices.Contains(texts(back), "later") })
	equal(t, "it reads", back.texts(), []string{"later"})
}

// Two tabs of one member: a new connection of one must not push out the other.
func TestSecondTabStays(t *testing.T) {
	s := newServer(t)
	alice, _ := s.create("alice", "Alice")
	one := s.connect(visit{session: "alice"}).join(alice)
	two := s.connect(visit{session: "alice"}).join(alice)
	one.say(alice, "both hear this")
	for _, c := range []*client{one, two} {
		c.expect("message")
		c.barrier()
		equal(t, "a tab reads", c.texts(), []string{"both hear this"})
	}
}

func TestQueryRoom(t *testing.T) {
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	a := s.connect(visit{session: "alice", query: "&room=" + alice.Room})
	equal(t, "the founder hears", a.names(), []string{"update_participants"})
	a.join(alice)
	equal(t, "and, having joined", a.names(), []string{"update_participants", "join_success", "update_participants"})

	bob := s.knock("bob", "Bob", code)
	for _, v := range []visit{
		{session: "bob", query: "&room=" + alice.Room},     // waits
		{session: "mallory", query: "&room=" + alice.Room}, // a stranger who knows the id
		{query: "&room=" + alice.Room},                     // nobody
		{session: "bob", query: "&room=" + bob.ID},
	} {
		c := s.connect(v)
		a.say(alice, "among us")
		a.barrier()
		c.barrier()
		equal(t, fmt.Sprint(v, " hears"), c.names(), []string{"room_error"})
	}
}

// Alice and Bob are two people in two tabs of one browser, over websockets, so
// that no Referer tells them apart.
func TestTwoPeopleInOneBrowser(t *testing.T) {
	s := newServer(t)
	alice, code := s.create("browser", "Alice")
	a := s.connect(visit{session: "browser", query: "&room=" + alice.Room + "&csrf_token=A"})
	a.join(alice)
	bob := s.admit("browser", "Bob", code, alice)
	b := s.connect(visit{session: "browser", query: "&room=" + alice.Room + "&csrf_token=B"})
	b.join(bob)
	speak := func(when string) {
		t.Helper()
		for name, c := range map[string]*client{"Alice": a, "Bob": b} {
			a.forget()
			c.say(alice, "I am "+name)
			if got := a.expect("message").field("sender"); got != `"`+name+`"` {
				t.Errorf("%s, %s speaks as %s", when, name, got)
			}
		}
	}
	speak("at first")

	// Both lose the network and come back, the other way round.
	a.drop()
	b.drop()
	b = s.connect(visit{session: "browser", query: "&room=" + alice.Room + "&csrf_token=B"})
	a = s.connect(visit{session: "browser", query: "&room=" + alice.Room + "&csrf_token=A"})
	speak("back again")

	// A page of today's says a name, of which its own are believed.
	b.drop()
	b = s.connect(visit{session: "browser"})
	b.emit("join", fmt.Sprintf(`{"room":%q,"display_name":"Bob"}`, alice.Room))
	b.expect("join_success")
	speak("by name")
}

func TestLeaving(t *testing.T) {
	s := newServer(t, func(_ *Options, terms *room.Terms) { terms.AbsenceGrace = time.Hour })
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	a := s.connect(visit{session: "alice"}).join(alice)
	leave := fmt.Sprintf(`{"room":%q,"display_name":"Alice"}`, bob.Room)
	ping := fmt.Sprintf(`{"room":%q}`, bob.Room)

	b := s.connect(visit{session: "bob"}).join(bob)
	a.forget()
	b.emit("leave_room", leave)
	if e := a.expect("member_left"); e.field("display_name") != `"Bob"` {
		t.Error(e)
	}
	// Only to join brings this page back.
	b.forget()
	b.say(bob, "still here?")
	b.emit("ping_room", ping)
	b.barrier()
	equal(t, "who left hears", b.names(), []string{"room_error", "room_status"})
	b.forget()
	b.join(bob)
	b.say(bob, "back")
	b.expect("message")
	s.settled(b)
	a.barrier()

	// Client 4.0.1 keeps the goodbye of a page that was about to close and sends
	// it if the person stays.
	b.drop()
	a.forget()
	b = s.connect(visit{session: "bob", quiet: true})
	b.emit("leave_room", leave)
	b.say(bob, "I stayed")
	a.until("Bob's word", func() bool { return slices.Contains(texts(a), "I stayed") })
	equal(t, "the others hear", a.names(), []string{"message"})

	// For good, from one tab, which puts the others out.
	other := s.connect(visit{session: "bob"}).join(bob)
	b.emit("leave_room", fmt.Sprintf(`{"room":%q,"final":true}`, bob.Room))
	other.expect("room_error")
	other.forget()
	other.emit("join", ping)
	other.expect("room_error")
}

// service has something happen right before a connection is let into a room.
type service struct {
	*room.Service
	beforeConnect func()
}

func (s *service) Connect(ctx context.Context, a room.Attach) error {
	s.beforeConnect()
	return s.Service.Connect(ctx, a)
}

// Threat: what is said while a connection comes back into its room belongs to what it
// has missed, and must not be heard before it or twice.
func TestMessageDuringReturn(t *testing.T) {
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	s.connect(visit{session: "alice"}).join(alice)
	post := func(text string) {
		t.Helper()
		s.post(alice, text)
	}
	b := s.connect(visit{session: "bob"}).join(bob)
	b.emit("leave_room", fmt.Sprintf(`{"room":%q}`, bob.Room))
	b.barrier()
	post("one")
	s.gateway.options.Service = &service{s.rooms, func() { post("two") }}
	b.forget()
	b.join(bob)
	b.barrier()
	equal(t, "it reads", b.texts(), []string{"one", "two"})
}

func TestAcks(t *testing.T) {
	s := newServer(t)
	alice, _ := s.create("alice", "Alice")
	a := s.connect(visit{session: "alice"}).join(alice)
	for i, frame := range []string{`["ping"]`, `["join",{"room":1}]`, `["message",null]`, `["no such event",1,2,3]`, `[7]`, `[""]`} {
		a.write(fmt.Sprintf("42%d%s", i+1, frame))
		want := fmt.Sprintf("43%d[]", i+1)
		a.until(want, func() bool { return slices.Contains(a.acks, want) })
	}
}

// faulty cannot post.
type faulty struct{ *room.Service }

func (faulty) Post(context.Context, room.Draft) (*room.Message, error) { panic("a fault of ours") }

// A page takes silence for a dead connection.
func TestAcksOfWhatIsDropped(t *testing.T) {
	s := newServer(t, func(o *Options, _ *room.Terms) { o.RateLimits = true })
	alice, _ := s.create("alice", "Alice")
	a := s.connect(visit{session: "alice"}).join(alice)
	s.gateway.options.Service = faulty{s.rooms}
	const events = 2 * eventsAtOnce
	for i := range events {
		a.write(fmt.Sprintf(`42%d["message",{"room":%q,"message":"hello"}]`, i, alice.Room))
	}
	a.until("all acknowledgements", func() bool { return len(a.acks) == events })
	var faults, refusals int
	for _, e := range a.all("room_error") {
		if strings.Contains(e.field("message"), "too fast") {
			refusals++
		} else {
			faults++
		}
	}
	if faults == 0 || refusals == 0 {
		t.Errorf("%d faults and %d refusals: this tests nothing", faults, refusals)
	}
}

func TestRoomEnds(t *testing.T) {
	s := newServer(t)
	alice, _ := s.create("alice", "Alice")
	a := s.connect(visit{session: "alice"}).join(alice)
	if _, err := s.store.Update(t.Context(), alice.Room, func(r *room.Room, _ room.Log) ([]room.Event, error) {
		r.ExpiresAt = time.Now()
		return nil, nil
	}); err != nil {
		t.Fatal(err)
	}
	go s.rooms.Run(t.Context())
	a.expect("room_expired")
	if e := a.expect("room_status"); e.field("exists") != "false" {
		t.Error(e)
	}
	a.forget()
	a.say(alice, "anybody?")
	a.expect("room_error")
	a.emit("ping_room", fmt.Sprintf(`{"room":%q}`, alice.Room))
	if e := a.expect("room_status"); e.field("exists") != "false" {
		t.Error(e)
	}
}

// Events that arrive right before the end of a connection are handled.
func TestLastWordsAreHeard(t *testing.T) {
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	a := s.connect(visit{session: "alice"}).join(alice)
	for round := range 5 {
		b := s.connect(visit{session: "bob"}).join(bob)
		for i := range 100 {
			b.say(bob, fmt.Sprintf("%d.%d", round, i))
		}
		b.leave()
		last := fmt.Sprintf("%d.99", round)
		a.until(last, func() bool { return slices.Contains(texts(a), last) })
		if got := len(a.texts()); got != 100*(round+1) {
			t.Fatalf("%d messages", got)
		}
	}
}

func TestPolling(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	a := s.connect(visit{session: "alice"}).join(alice)
	p := s.poll(visit{session: "bob", page: "/room/" + bob.Path})
	p.post(fmt.Sprintf(`42["join",{"room":%q}]`, bob.Room) + "\x1e" + fmt.Sprintf(`42["message",{"room":%q,"message":"hello"}]`, bob.Room))
	p.until(`"content":"hello"`)
	a.expect("message")

	// The client has seen this much for certain, and nothing of what follows.
	p.inbox = ""
	p.post(`42["ping"]`)
	p.until(`"pong"`)
	a.say(alice, "missed")
	a.until("Alice's word", func() bool { return slices.Contains(texts(a), "missed") })
	// A new session of the same page, while the old one never polls again.
	again := s.poll(visit{session: "bob", page: "/room/" + bob.Path})
	got := again.until(`"content":"missed"`)
	if strings.Contains(got, "hello") || strings.Count(got, "missed") != 1 {
		t.Errorf("it reads %s", got)
	}
	// The old session is ended, if not at this very moment.
	for status := 0; status != http.StatusBadRequest; {
		status, _ = s.fetch(p.v, http.MethodGet, p.sid, "")
	}
}

func TestForeignOrigin(t *testing.T) {
	s := newServer(t, func(o *Options, _ *room.Terms) { o.AllowedOrigins = []string{"https://friend.example"} })
	alice, _ := s.create("alice", "Alice")
	evil := visit{session: "alice", origin: "http://evil.example"}
	if status, _ := s.fetch(evil, http.MethodGet, "", ""); status != http.StatusForbidden {
		t.Errorf("handshake: %d", status)
	}
	_, resp, err := websocket.DefaultDialer.Dial(strings.Replace(s.URL, "http", "ws", 1)+"/socket.io/?EIO=4&transport=websocket", evil.header())
	if err == nil || resp.StatusCode != http.StatusForbidden {
		t.Errorf("websocket: %v, %v", resp, err)
	}
	// A session id that was learned somehow is of no use either.
	p := s.poll(visit{session: "alice"})
	if status, _ := s.fetch(evil, http.MethodPost, p.sid, fmt.Sprintf(`42["join",{"room":%q}]`, alice.Room)); status != http.StatusForbidden {
		t.Errorf("POST: %d", status)
	}

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/socket.io/?EIO=4&transport=polling", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "https://friend.example")
	req.Header.Set("Access-Control-Request-Method", http.MethodPost)
	for _, method := range []string{http.MethodGet, http.MethodOptions} {
		req.Method = method
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode >= 300 || resp.Header.Get("Access-Control-Allow-Origin") != "https://friend.example" || resp.Header.Get("Access-Control-Allow-Credentials") != "true" {
			t.Errorf("%s by a friend: %d %v", method, resp.StatusCode, resp.Header)
		}
	}
}

func TestFlood(t *testing.T) {
	s := newServer(t, func(o *Options, _ *room.Terms) { o.RateLimits = true })
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	a := s.connect(visit{session: "alice"}).join(alice)
	b := s.connect(visit{session: "bob"}).join(bob)
	for i := range 5000 {
		b.say(bob, fmt.Sprint("flood ", i))
	}
	b.barrier() // it is still connected, and its pings are heard
	if n := len(b.all("room_error")); n < 1 || n > 10 {
		t.Errorf("%d errors", n)
	}
	b.say(alice, "and more")
	a.say(alice, "I am not limited")
	a.until("Alice's word", func() bool { return slices.Contains(texts(a), "I am not limited") })
	if n := len(a.texts()); n < 60 || n > 1000 {
		t.Errorf("%d of 5000 came through", n)
	}
	for range 20_000 {
		b.emit("no such event", "")
	}
	b.ended()
	a.barrier()
}

// A message that costs the server more counts for more.
func TestCostOfAMessage(t *testing.T) {
	s := newServer(t, func(o *Options, _ *room.Terms) {
		o.RateLimits = true
		o.Cost = func(text string) (messages, characters int) {
			if text == "dear" {
				return 1000 * int(postsPace.atOnce), len(text)
			}
			return 1, len(text)
		}
	})
	alice, _ := s.create("alice", "Alice")
	a := s.connect(visit{session: "alice"}).join(alice)
	a.say(alice, "dear") // it may be said, and is paid for
	a.say(alice, "cheap")
	a.expect("room_error")
	equal(t, "what came through", a.texts(), []string{"dear"})
}

// One connection too many of a session costs the one that serves least, and never the
// member's place.
func TestTooManyConnections(t *testing.T) {
	s := newServer(t, func(o *Options, _ *room.Terms) { o.RateLimits = true })
	alice, _ := s.create("alice", "Alice")
	a := s.connect(visit{session: "alice"}).join(alice)
	idle := s.connect(visit{session: "alice", page: "/join/nowhere"})
	for range maxConnections - 2 {
		s.connect(visit{session: "alice"}).join(alice)
	}
	c := s.connect(visit{session: "alice"}).join(alice)
	idle.expect("room_error")
	idle.ended()
	a.barrier()
	// All are in the room: the oldest goes, of which the network may have made an end
	// that we have not heard of.
	s.connect(visit{session: "alice"}).join(alice).barrier()
	a.ended()
	c.barrier()
	if seats, err := s.rooms.Seats(t.Context(), "alice"); err != nil || seats[0].Open != maxConnections {
		t.Errorf("%v, %v", seats, err)
	}
}

// Sockets that are in no room shut nobody out: not a member on the way back, and not
// somebody who waits at a door.
func TestTooManyVisitors(t *testing.T) {
	s := newServer(t, func(o *Options, _ *room.Terms) {
		o.RateLimits = true
		o.Networks = func(r *http.Request) []network.Network { return network.Of(r.Header.Get("X-Address")) }
	})
	from := func(address string, v visit) *client {
		v.address = address
		return s.connect(v)
	}
	alice, code := s.create("alice", "Alice")
	a := from("192.0.2.1", visit{session: "alice"}).join(alice)
	s.knock("bob", "Bob", code)
	bob := from("192.0.2.1", visit{session: "bob"})
	bob.barrier()
	var idle []*client
	for range maxVisitors - 1 {
		idle = append(idle, from("192.0.2.1", visit{}))
	}
	elsewhere := from("192.0.2.2", visit{})
	idle[0].barrier()

	a.drop()
	back := from("192.0.2.1", visit{session: "alice"}).join(alice) // displaces the first, and is no visitor any more
	idle[0].ended()
	idle[1].barrier()
	from("192.0.2.1", visit{})
	from("192.0.2.1", visit{})
	idle[1].ended()
	for _, c := range []*client{bob, back, elsewhere, idle[2]} {
		c.barrier()
	}
	// Who leaves the room is a visitor again.
	back.emit("leave_room", fmt.Sprintf(`{"room":%q}`, alice.Room))
	back.barrier()
	idle[2].ended()
	s.eventually("the count", func() bool {
		s.gateway.visitors.mu.Lock()
		defer s.gateway.visitors.mu.Unlock()
		return s.gateway.visitors.counts["192.0.2.1"] == maxVisitors
	})
}

// Somebody with many addresses gets what their network may have, and no more than all.
func TestVisitorsOfNetworksAndInAll(t *testing.T) {
	sockets := engine.New(engine.Options{PingInterval: time.Minute, PingTimeout: time.Minute, UpgradeTimeout: time.Minute, WriteTimeout: time.Minute, MaxPayload: 1})
	var made []*engine.Session
	sockets.OnSession(func(s *engine.Session) { made = append(made, s) })
	t.Cleanup(func() { sockets.Close() })
	var v visitors
	arrive := func(address string) (link *engine.Session, displaced []*engine.Session) {
		sockets.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/?EIO=4&transport=polling", nil))
		link = made[len(made)-1]
		return link, v.add(&visitor{link: link, networks: network.Of(address), purpose: connlimit.Busy})
	}
	first, _ := arrive("2001:db8:0:1::1")
	for i := range network.Share56*maxVisitors - 1 {
		if _, gone := arrive(fmt.Sprintf("2001:db8:0:%x::1", 2+i%200)); len(gone) > 0 {
			t.Fatalf("%d: the /56 has room for more", i)
		}
	}
	if _, gone := arrive("2001:db8:0:f0::1"); len(gone) != 1 || gone[0] != first {
		t.Errorf("one more than the /56 may have: %v", gone)
	}
	seated, _ := arrive("192.0.2.1")
	v.serve(seated.Id(), connlimit.Seated)
	for i := len(v.roomless); i < maxVisitorsInAll; i++ {
		if _, gone := arrive(fmt.Sprintf("198.51.%d.%d", i/200, i%200)); len(gone) > 0 {
			t.Fatalf("%d: there is room for more in all", i)
		}
	}
	waiting := made[1]
	v.serve(waiting.Id(), connlimit.Waiting)
	if _, gone := arrive("203.0.113.1"); len(gone) != 1 || gone[0] != made[2] {
		t.Error("who waits at a door was put out for one who does nothing")
	}
	v.most = len(v.all)
	for _, x := range v.all {
		v.serve(x.link.Id(), connlimit.Seated)
	}
	if link, gone := arrive("203.0.113.2"); len(gone) != 1 || gone[0] != link {
		t.Error("a member's only socket was put out for a newcomer")
	}
	for _, link := range made {
		v.remove(link.Id())
	}
	if len(v.all)+len(v.roomless)+len(v.counts) != 0 {
		t.Errorf("something is left: %d, %d, %d", len(v.all), len(v.roomless), len(v.counts))
	}
}

// Sockets that poll hold no connection, and members may have many: there is a bound of
// all, which never ends a member's only one.
func TestSocketsInAll(t *testing.T) {
	s := newServer(t, func(o *Options, _ *room.Terms) { o.MaxSockets = 3 })
	alice, _ := s.create("alice", "Alice")
	join := func() *client { return s.connect(visit{session: "alice"}).join(alice) }
	first, second := join(), join()
	idle := s.connect(visit{})
	idle.barrier()
	third := join()
	idle.ended()
	fourth := join()
	first.ended()
	for _, c := range []*client{second, third, fourth} {
		c.barrier()
	}
}

// Only the newest of a member's connections is worth more than anything else.
func TestPurposesOfAMembersConnections(t *testing.T) {
	s := newServer(t)
	alice, _ := s.create("alice", "Alice")
	purposes := func() (list []connlimit.Purpose) {
		conns := s.gateway.audience.connsOf(alice)
		slices.SortFunc(conns, func(a, b *conn) int { return int(a.link.Number()) - int(b.link.Number()) })
		s.gateway.visitors.mu.Lock()
		defer s.gateway.visitors.mu.Unlock()
		for _, c := range conns {
			list = append(list, s.gateway.visitors.all[c.link.Id()].purpose)
		}
		return list
	}
	s.connect(visit{session: "alice"}).join(alice)
	s.connect(visit{session: "alice"}).join(alice)
	newest := s.connect(visit{session: "alice"}).join(alice)
	if got := purposes(); !slices.Equal(got, []connlimit.Purpose{connlimit.Dispensable, connlimit.Dispensable, connlimit.Seated}) {
		t.Errorf("three: %v", got)
	}
	newest.drop()
	s.eventually("the other two", func() bool {
		return slices.Equal(purposes(), []connlimit.Purpose{connlimit.Dispensable, connlimit.Seated})
	})
}

func TestClose(t *testing.T) {
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	a := s.connect(visit{session: "alice"}).join(alice)
	p := s.poll(visit{session: "bob"})
	answer := make(chan string)
	p.post(fmt.Sprintf(`42["join",{"room":%q}]`, bob.Room))
	p.until("update_participants")
	go func() {
		_, body := s.fetch(p.v, http.MethodGet, p.sid, "")
		answer <- body
	}()
	a.barrier()
	for _, c := range s.gateway.audience.connsOf(bob) {
		for !c.link.Socket().Transport().Writable() { // its request has not come yet
			time.Sleep(time.Millisecond)
		}
	}

	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	if err := s.gateway.Close(ctx); err != nil {
		t.Fatal(err)
	}
	a.ended()
	if got := <-answer; !strings.Contains(got, "1") {
		t.Errorf("the waiting request got %q", got)
	}
	if status, _ := s.fetch(visit{session: "alice"}, http.MethodGet, "", ""); status != http.StatusServiceUnavailable {
		t.Errorf("a new handshake got %d", status)
	}
	// The server left, not the members.
	for _, session := range []string{"alice", "bob"} {
		if seats, err := s.rooms.Seats(t.Context(), session); err != nil || len(seats) != 1 || seats[0].Open != 1 {
			t.Errorf("%s: %v, %v", session, seats, err)
		}
	}
}

// A websocket that is refused for its origin looks to people as if the chat did not work,
// and to the operator like nothing at all.
func TestRefusedOriginIsToldOfOnce(t *testing.T) {
	var log strings.Builder
	s := newServer(t, func(o *Options, _ *room.Terms) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	refused := func(origin string) {
		t.Helper()
		header := http.Header{"Origin": {origin}}
		conn, answer, err := websocket.DefaultDialer.Dial(strings.Replace(s.URL, "http", "ws", 1)+"/socket.io/?EIO=4&transport=websocket", header)
		if err == nil {
			_ = conn.Close()
		}
		if answer == nil || answer.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %v, %v", origin, answer, err)
		}
	}
	refused("null")
	if log.Len() > 0 {
		t.Errorf("somebody's file is no proxy: %s", log.String())
	}
	refused("http://evil.example")
	refused("http://evil.example")
	for _, name := range []string{"TRUSTED_PROXIES", "ALLOWED_ORIGINS"} {
		if strings.Count(log.String(), name) != 1 {
			t.Errorf("want %s once in the log: %s", name, log.String())
		}
	}
	if strings.Contains(log.String(), "evil") {
		t.Errorf("the log has what a stranger wrote: %s", log.String())
	}
}

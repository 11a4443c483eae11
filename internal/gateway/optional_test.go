package gateway

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"securechat/room"
)

// The parts of the interface that pages need not know.

// refused counts what was refused, by where and why.
type refused struct {
	noMetrics
	mu     sync.Mutex
	counts map[string]int
}

func (r *refused) Refused(where, reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts == nil {
		r.counts = make(map[string]int)
	}
	r.counts[where+"/"+reason]++
}

func (r *refused) count(what string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts[what]
}

// statuses returns what a client was told of how a request stands, as "yeses/required".
func statuses(c *client, knock room.Seat) []string {
	var told []string
	for _, e := range c.all("request_status") {
		if e.field("user_id") == `"`+knock.ID+`"` {
			told = append(told, e.field("approvals")+"/"+e.field("required"))
		}
	}
	return told
}

func TestRequestStatus(t *testing.T) {
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	a := s.connect(visit{session: "alice"}).join(alice)
	b := s.connect(visit{session: "bob"}).join(bob)
	a.barrier()
	a.forget()
	b.forget()

	carol := s.knock("carol", "Carol", code)
	a.barrier()
	b.barrier()
	for _, c := range []*client{a, b} {
		equal(t, "a member hears", c.names(), []string{"join_request", "request_status"})
		equal(t, "of the votes", statuses(c, carol), []string{"0/2"})
	}
	if e := a.expect("request_status"); e.field("time_remaining") != "60" {
		t.Error(e)
	}

	w := s.connect(visit{session: "carol", page: "/join/" + carol.ID})
	equal(t, "before it says anything, the waiting page hears", w.names(), nil)
	w.emit("join_request", fmt.Sprintf(`{"room":%[1]q,"user_id":%[1]q}`, carol.ID))
	w.barrier()
	equal(t, "the waiting page hears", w.names(), []string{"request_status"})

	b.barrier()
	b.forget()
	a.emit("approve_join", fmt.Sprintf(`{"room":%q,"user_id":%q}`, alice.Room, carol.ID))
	a.barrier()
	b.barrier()
	w.barrier()
	equal(t, "Bob hears of a vote", b.names(), []string{"partial_approval", "request_status"})
	equal(t, "of the votes", statuses(b, carol), []string{"1/2"})
	equal(t, "the waiting page hears", statuses(w, carol), []string{"0/2", "1/2"})

	// A member's page that is loaded again.
	b.write("41")
	s.load("bob", bob)
	b = s.connect(visit{session: "bob"}).join(bob)
	equal(t, "the reloaded page hears", b.names(), []string{"join_success", "update_participants", "join_request", "request_status"})
	equal(t, "of the votes", statuses(b, carol), []string{"1/2"})

	// The one whose yes it was goes, and comes back.
	leave := fmt.Sprintf(`{"room":%q}`, alice.Room)
	a.emit("leave_room", leave)
	a.barrier()
	a.emit("join", leave)
	a.barrier()
	b.barrier()
	w.barrier()
	equal(t, "Bob is told of the votes", statuses(b, carol), []string{"1/2", "0/1", "1/2"})
	equal(t, "the waiting page is told of the votes", statuses(w, carol), []string{"0/2", "1/2", "0/1", "1/2"})
	if text := fmt.Sprint(w.all("request_status")); strings.Contains(text, alice.Room) {
		t.Errorf("who waits learns the room: %s", text)
	}
}

// namesFirst wants a page to know whose votes there are whenever it is told how many there are.
func namesFirst(t *testing.T, c *client) {
	t.Helper()
	told := c.names()
	if !slices.Contains(told, "request_status") {
		t.Errorf("it is told of no request: %v", told)
	}
	for i, name := range told {
		if name == "request_status" && (i == 0 || told[i-1] != "request_votes") {
			t.Errorf("a number comes before its names: %v", told)
		}
	}
}

// Threat: somebody at the door learns who is inside.
func TestWhoseVotesTheyAreIsForMembersOnly(t *testing.T) {
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "B'ob", code, alice)
	a := s.connect(visit{session: "alice", auth: `{"page":"a"}`}).join(alice)
	b := s.connect(visit{session: "bob"}).join(bob)
	carol := s.knock("carol", "C'arol", code)
	w := s.connect(visit{session: "carol", page: "/join/" + carol.ID, auth: `{"page":"w"}`})
	w.emit("join_request", fmt.Sprintf(`{"room":%[1]q,"user_id":%[1]q}`, carol.ID))
	w.barrier()
	a.barrier()
	votes := func(c *client) (told []string) {
		for _, e := range c.all("request_votes") {
			if e.field("user_id") != `"`+carol.ID+`"` || e.field("user") != `"C\u0026#39;arol"` {
				t.Errorf("of somebody else: %v", e)
			}
			told = append(told, e.field("yes")+e.field("missing"))
		}
		return told
	}
	// Asked at the knock, and again because the waiting page has shown it again.
	nobody := `[]["Alice","B\u0026#39;ob"]`
	equal(t, "the votes at first", votes(a), []string{nobody, nobody})
	yes := fmt.Sprintf(`{"room":%q,"user_id":%q}`, alice.Room, carol.ID)
	a.emit("approve_join", yes)
	a.barrier()
	equal(t, "and after a yes", votes(a), []string{nobody, nobody, `["Alice"]["B\u0026#39;ob"]`})
	namesFirst(t, a)

	// The page that is loaded now has nothing to ask, and yet learns of the request.
	a.write("41")
	s.load("alice", alice)
	a = s.connect(visit{session: "alice", auth: `{"page":"a2"}`}).join(alice)
	a.barrier()
	equal(t, "the page that is loaded after its yes", votes(a), []string{`["Alice"]["B\u0026#39;ob"]`})
	if len(a.all("join_request")) > 0 {
		t.Error("somebody who has said yes is asked again")
	}
	// A yes can be taken back: a no ends the request.
	a.emit("deny_join", yes)
	w.barrier()
	if e := w.expect("join_denied"); e.field("code") != `"declined"` {
		t.Error(e)
	}
	namesFirst(t, a)
	for who, c := range map[string]*client{"the applicant": w, "a page that does not name itself": b} {
		c.barrier()
		equal(t, who+" hears", votes(c), nil)
	}
}

func TestTyping(t *testing.T) {
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "O'Bob", code, alice)
	s.knock("carol", "Carol", code)
	other, _ := s.create("dan", "Dan")
	a := s.connect(visit{session: "alice"}).join(alice)
	b := s.connect(visit{session: "bob"}).join(bob)
	tab := s.connect(visit{session: "bob"}).join(bob)
	w := s.connect(visit{session: "carol"})
	d := s.connect(visit{session: "dan"}).join(other)
	gone := s.connect(visit{session: "bob"}).join(bob)
	gone.emit("leave_room", fmt.Sprintf(`{"room":%q}`, bob.Room))
	gone.barrier()
	typing := fmt.Sprintf(`{"room":%q,"display_name":"Alice","member":%q}`, alice.Room, alice.ID)
	before := s.state(alice.Room)

	// A hint is dropped where something waits to be sent, so until it is heard.
	for end := time.Now().Add(wait); len(a.all("typing")) == 0 && time.Now().Before(end); {
		b.emit("typing", typing)
		b.barrier()
		a.barrier()
	}
	if e := a.expect("typing"); e.field("member") != `"`+bob.ID+`"` || e.field("display_name") != `"O\u0026#39;Bob"` {
		t.Error(e)
	}

	// From who is in no room, or in another one, it is nothing, not even an error.
	a.forget()
	for _, c := range []*client{w, d, gone, s.connect(visit{})} {
		c.forget()
		for range 10 {
			c.emit("typing", typing)
			c.barrier()
		}
		equal(t, "a stranger hears", c.names(), nil)
	}
	for _, c := range []*client{a, b, tab} {
		c.barrier()
		if got := c.all("typing"); len(got) > 0 {
			t.Errorf("somebody heard %v", got)
		}
	}
	if after := s.state(alice.Room); after.Seq != before.Seq || after.Messages != before.Messages {
		t.Error("a hint is kept")
	}
}

// Threat: hints without end, which cost the others a word, or the page its own.
func TestTypingIsLimited(t *testing.T) {
	metrics := new(refused)
	s := newServer(t, func(o *Options, _ *room.Terms) { o.RateLimits, o.Metrics = true, metrics })
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	a := s.connect(visit{session: "alice"}).join(alice)
	b := s.connect(visit{session: "bob"}).join(bob)
	a.barrier()
	b.forget()
	began := time.Now()
	const hints = 1000
	for range hints {
		b.emit("typing", fmt.Sprintf(`{"room":%q}`, bob.Room))
	}
	for i := range 50 {
		b.say(bob, fmt.Sprint(i))
	}
	a.until("all messages", func() bool { return len(texts(a)) == 50 })
	b.barrier()
	passed := typingAtOnce + int(time.Since(began).Seconds()*typingPerSecond) + 1
	if n := len(a.all("typing")); n > passed {
		t.Errorf("%d hints came through, want %d at the most", n, passed)
	}
	if n := metrics.count("event/typing"); n < hints-passed {
		t.Errorf("%d of %d were counted as dropped", n, hints)
	}
	if got := b.all("room_error"); len(got) > 0 {
		t.Errorf("the page was told %v", got)
	}
}

func TestMembers(t *testing.T) {
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "O'Bob", code, alice)
	a := s.connect(visit{session: "alice"}).join(alice)
	b := s.connect(visit{session: "bob"}).join(bob)
	b.emit("leave_room", fmt.Sprintf(`{"room":%q}`, bob.Room))
	b.barrier()
	b.forget()
	a.emit("request_members", fmt.Sprintf(`{"room":%q}`, alice.Room))
	a.barrier()
	want := fmt.Sprintf(`[{"member":%q,"display_name":"Alice","present":true,"you":true},{"member":%q,"display_name":"O\u0026#39;Bob","present":false,"you":false}]`, alice.ID, bob.ID)
	if got := a.expect("members").field("members"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	// A page that has named itself is told in which order they came.
	p := s.connect(visit{session: "alice", auth: `{"page":"p"}`}).join(alice)
	p.emit("request_members", fmt.Sprintf(`{"room":%q}`, alice.Room))
	if got := p.expect("members").field("members"); !strings.Contains(got, `"you":true,"arrival":0}`) || !strings.Contains(got, `"you":false,"arrival":1}`) {
		t.Errorf("a named page is told %s", got)
	}
	// Who has left, and who waits, learns nothing.
	carol := s.knock("carol", "Carol", code)
	w := s.connect(visit{session: "carol"})
	for _, c := range []*client{b, w} {
		for _, id := range []string{alice.Room, carol.ID, bob.ID} {
			c.emit("request_members", fmt.Sprintf(`{"room":%q}`, id))
		}
		c.barrier()
		equal(t, "they hear", c.names(), []string{"room_error", "room_error", "room_error"})
	}
	if n := len(a.all("members")); n != 1 {
		t.Errorf("told %d times", n)
	}
}

func TestRefs(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	a := s.connect(visit{session: "alice"}).join(alice)
	b := s.connect(visit{session: "bob"}).join(bob)
	say := func(c *client, fields string) {
		t.Helper()
		c.emit("message", fmt.Sprintf(`{"room":%q,%s}`, alice.Room, fields))
		c.barrier()
	}
	say(a, `"message":"one","ref":"r1"`)
	say(a, `"message":"two","ref":"r2","again":true`)
	say(a, `"message":"three","ref":"r1","again":"true"`) // it does not say so
	say(a, `"message":"four","again":true`)
	say(a, fmt.Sprintf(`"message":"five","ref":%q,"again":true`, strings.Repeat("x", maxRef+1)))
	say(b, `"message":"six","ref":"r2","again":true`)
	b.barrier()
	a.barrier()
	for _, c := range []*client{a, b} {
		equal(t, "a page reads", c.texts(), []string{"one", "two", "three", "four", "five", "six"})
		var refs []string
		for _, e := range c.all("message") {
			refs = append(refs, e.field("ref"))
		}
		equal(t, "under the refs", refs, []string{`"r1"`, `"r2"`, `"r1"`, "", "", `"r2"`})
	}

	// Posted again: its own page alone hears of it, and of the earlier one.
	two := a.all("message")[1]
	a.forget()
	b.forget()
	say(a, `"message":"never said","ref":"r2","again":true`)
	b.barrier()
	equal(t, "the page hears", a.names(), []string{"message"})
	equal(t, "the others hear", b.names(), nil)
	got := a.all("message")[0]
	if string(got.args[0]) != string(two.args[0]) {
		t.Errorf("got %v, want %v", got, two)
	}
	if len(got.args) != 1 {
		t.Errorf("an offset makes the page forget what it has seen since: %v", got)
	}

	// A page that comes back is sent the refs of what it missed.
	s.settled(a)
	a.drop()
	say(b, `"message":"seven","ref":"r7"`)
	a = s.connect(visit{session: "alice"})
	if e := a.expect("message"); e.field("ref") != `"r7"` {
		t.Error(e)
	}
}

// A message that is no text says nothing, and the page that waits for it is told so.
func TestWhatIsNoText(t *testing.T) {
	s := newServer(t)
	alice, _ := s.create("alice", "Alice")
	a := s.connect(visit{session: "alice"}).join(alice)
	a.barrier()
	a.forget()
	for i, text := range []string{`null`, `7`, `true`, `["a"]`, `{"toString":"x"}`} {
		a.emit("message", fmt.Sprintf(`{"room":%q,"message":%s}`, alice.Room, text))
		a.emit("message", fmt.Sprintf(`{"room":%q,"message":%s,"ref":"r%d"}`, alice.Room, text, i))
	}
	a.emit("message", fmt.Sprintf(`{"room":%q,"ref":"nothing"}`, alice.Room))
	a.barrier()
	var refs []string
	for _, e := range a.all("room_error") {
		refs = append(refs, strings.Trim(e.field("ref"), `"`))
	}
	equal(t, "errors about", refs, []string{"r0", "r1", "r2", "r3", "r4", "nothing"})
	equal(t, "and nothing else is heard", a.names(), slices.Repeat([]string{"room_error"}, len(refs)))
}

package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"securechat/room"
)

// lineBound is what may wait for one connection (package engine).
const lineBound = 2 << 20

// getsThrough counts the bytes that get through of messages of one size that are posted without
// pause by members of one room, for some seconds after they had been quiet.
func getsThrough(members, size int, during time.Duration) (bytes int) {
	var b budgets
	now := time.Unix(0, 0)
	for elapsed := time.Duration(0); elapsed <= during; elapsed += 100 * time.Millisecond {
		for m := range members {
			for b.post("room", fmt.Sprint(m), 1, size, now.Add(elapsed)) {
				bytes += size
			}
		}
	}
	return bytes
}

// Threat: a member fills a slower member's line with the longest messages, who is put
// out; or all the others do it together.
func TestNobodyFillsALine(t *testing.T) {
	for _, tt := range []struct{ members, size, atOnce, perSecond int }{
		{1, 64 << 10, 256 << 10, 34 << 10},
		{1, 500, 60 * 500, 10 * 500}, // the count bounds it
		{50, 64 << 10, lineBound, 228 << 10},
		{50, 1000, lineBound, 228 << 10},
		{50, 10_000, lineBound, 228 << 10},
	} {
		if n := getsThrough(tt.members, tt.size, 0); n > tt.atOnce {
			t.Errorf("%d members, %d bytes each time: %d at once, want %d", tt.members, tt.size, n, tt.atOnce)
		}
		const seconds = 60
		if n := getsThrough(tt.members, tt.size, seconds*time.Second); n > tt.atOnce+seconds*tt.perSecond {
			t.Errorf("%d members, %d bytes each time: %d in a minute, want %d", tt.members, tt.size, n, tt.atOnce+seconds*tt.perSecond)
		}
	}
}

// However much the others say, everybody can say something.
func TestNobodyIsSilenced(t *testing.T) {
	var b budgets
	now := time.Unix(0, 0)
	for i := range 100 {
		for m := range 49 {
			b.post("room", fmt.Sprint("loud", m), 1, 4<<10, now.Add(time.Duration(i)*100*time.Millisecond))
		}
	}
	now = now.Add(10 * time.Second)
	for i := range 20 {
		if !b.post("room", "quiet", 1, 600, now) {
			t.Fatalf("message %d of somebody else was refused", i)
		}
	}
	if !b.post("another room", "elsewhere", 1, 64<<10, now) {
		t.Error("another room pays for it")
	}
}

// A message that is refused costs nothing, and leaving and coming back gives nothing.
func TestBudgetsAreKeptAndForgotten(t *testing.T) {
	var b budgets
	now := time.Unix(0, 0)
	for b.post("room", "m", 1, 64<<10, now) {
	}
	for i := range 10 * leastKept {
		b.post("room", fmt.Sprint(i), 1, 1, now)
	}
	if b.post("room", "m", 1, 64<<10, now.Add(time.Second)) {
		t.Error("a spent budget was forgotten")
	}
	if len(b.members) < 10*leastKept {
		t.Errorf("only %d are kept", len(b.members))
	}
	later := now.Add(budgetKept + 2*time.Second)
	for i := range 21 * leastKept {
		b.post(fmt.Sprint("room", i), fmt.Sprint("new", i), 1, 64<<10, later)
	}
	if b.members["m"] != nil || b.rooms["room"] != nil {
		t.Error("what is full again is kept for ever")
	}
}

// A message counts for no less than the others get of it.
func TestCostOf(t *testing.T) {
	const longest = 64 << 10
	for name, text := range map[string]string{
		"plain":          strings.Repeat("word ", 200),
		"signs":          strings.Repeat(`<&>"'`, 200),
		"another script": strings.Repeat("日本語", 300),
		"controls":       strings.Repeat("\n\t\x01", 300),
		"separators":     strings.Repeat("\u2028", 300),
		"backslashes":    strings.Repeat(`\`, 1000),
	} {
		frame, err := json.Marshal([]any{"message", messageOf(room.Message{
			Seq: 1 << 40, Member: strings.Repeat("m", 36), Name: "Alice", Content: html.EscapeString(text), At: time.Now(), Ref: strings.Repeat("r", 64),
		}), offset{strings.Repeat("r", 36), 1 << 40}.String()})
		if err != nil {
			t.Fatal(err)
		}
		if cost := costOf(text, longest, len(text)); cost < len(frame) || cost > 2*(len(frame)+messageOverhead) {
			t.Errorf("%s: counts %d bytes, is sent as %d", name, cost, len(frame))
		}
	}
	if cost := costOf(strings.Repeat("<", longest), longest, 1000); cost > 10_000+messageOverhead {
		t.Errorf("what is cut counts %d, as if it were not", cost)
	}
	if cost := costOf(strings.Repeat("x", longest+1), longest, longest); cost > messageOverhead {
		t.Errorf("what is refused for its length counts %d", cost)
	}
}

// Threat: where the longest messages are allowed, a burst of them is more than what may
// wait for one connection, and a member on a slow line is put out by it.
func TestABurstOfTheLongestMessagesFitsALine(t *testing.T) {
	const longest, longestBytes = 100_000, 800_000 // the greatest MAX_MESSAGE_LENGTH
	for name, text := range map[string]string{
		"plain":          strings.Repeat("word ", longest/5),
		"another script": strings.Repeat("語", longest),
		"angle brackets": strings.Repeat("<", longest),
		"quotes":         strings.Repeat(`'`, longest),
		"controls":       strings.Repeat("\x01", longest),
		"beyond the BMP": strings.Repeat("😀", longest),
	} {
		frame, err := json.Marshal(html.EscapeString(text))
		if err != nil {
			t.Fatal(err)
		}
		var b budgets
		cost := costOf(text, longestBytes, longest)
		now, sent := time.Unix(0, 0), 0
		for range 100 {
			for m := range 50 {
				if b.post("room", fmt.Sprint(m), 1, cost, now) {
					sent += len(frame) + messageOverhead
				}
			}
		}
		if sent == 0 || sent > lineBound {
			t.Errorf("%s: a room sends %d bytes at once", name, sent)
		}
		// A member who has said it can do so again after a while, alone.
		if later := now.Add(time.Minute); !b.post("room", "0", 1, cost, later) {
			t.Errorf("%s: it cannot be said again", name)
		}
	}
	// The same for an envelope that is looked into, which counts as many messages.
	var b budgets
	if !b.post("room", "m", 3+longestBytes/(8<<10), longestBytes, time.Unix(0, 0)) {
		t.Error("the longest envelope can never be said")
	}
}

// Where longer messages are allowed they are counted as well.
func TestLongMessagesAreCounted(t *testing.T) {
	g, err := New(Options{
		Session: func(*http.Request) (string, bool) { return "", false }, Accept: func(*http.Request) bool { return true },
		RateLimits: true, MaxText: 400 << 10,
	})
	if err != nil {
		t.Fatal(err)
	}
	said := 0
	for range 10 {
		if text := strings.Repeat("x", 300<<10); g.mayPost("room", "m", text) {
			said += len(text)
		}
	}
	if said > 1<<20 {
		t.Errorf("a member says %d bytes at once", said)
	}
}

// A page that is loaded over and over waits for what it has missed, and gets it.
func TestReplaysHaveARate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b budgets
		const log = 4 << 20
		began := time.Now()
		for range 6 {
			done, err := b.replayTurn(t.Context(), "m")
			if err != nil {
				t.Fatal(err)
			}
			b.replayed("m", log, time.Now())
			done()
		}
		// Two are had at once and one on credit; three more take eight seconds each.
		if took := time.Since(began); took != 3*8*time.Second {
			t.Errorf("six whole logs took %v", took)
		}
		// Another member does not wait.
		began = time.Now()
		if done, err := b.replayTurn(t.Context(), "other"); err != nil || time.Since(began) > 0 {
			t.Errorf("another member waited %v, err %v", time.Since(began), err)
		} else {
			done()
		}
		// Who is gone meanwhile holds up nobody.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := b.replayTurn(ctx, "m"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("err = %v, want the context's", err)
		}
		time.Sleep(time.Minute)
		done, err := b.replayTurn(t.Context(), "m")
		if err != nil {
			t.Fatal(err)
		}
		// One at a time: the next one has its turn when this one is counted.
		var order []string
		waited := make(chan struct{})
		go func() {
			defer close(waited)
			done, err := b.replayTurn(t.Context(), "m")
			if err != nil {
				t.Error(err)
				return
			}
			order = append(order, "second")
			done()
		}()
		synctest.Wait()
		order = append(order, "first")
		done()
		<-waited
		if !slices.Equal(order, []string{"first", "second"}) {
			t.Errorf("order %v", order)
		}
	})
}

func TestLongMessagesAreRefusedAsTooFast(t *testing.T) {
	s := newServer(t, func(o *Options, _ *room.Terms) { o.RateLimits = true })
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	a := s.connect(visit{session: "alice"}).join(alice)
	b := s.connect(visit{session: "bob"}).join(bob)
	long := strings.Repeat("x", 60<<10)
	for i := range 60 {
		payload, err := json.Marshal(map[string]string{"room": bob.Room, "message": long, "ref": fmt.Sprint(i)})
		if err != nil {
			t.Fatal(err)
		}
		b.emit("message", string(payload))
	}
	b.barrier()
	errors := b.all("room_error")
	if len(errors) < 40 || !strings.Contains(errors[0].field("message"), "too fast") {
		t.Fatalf("%d errors %v", len(errors), errors)
	}
	if got := len(b.all("message")) + len(errors); got != 60 {
		t.Errorf("%d of 60 messages were answered", got)
	}
	a.say(alice, "I am not limited")
	b.until("Alice's word", func() bool { return slices.Contains(texts(b), "I am not limited") })
}

// Threat: somebody fills a slower member's line, who is put out and then absent, without
// knowing it, and a stranger comes in without their vote.
func TestWhoIsPutOutAsTooSlowKeepsTheirVote(t *testing.T) {
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	s.connect(visit{session: "alice"}).join(alice)
	b := s.connect(visit{session: "bob"}).join(bob)
	member := func() room.Member {
		for _, m := range s.state(bob.Room).Members {
			if m.ID == bob.ID {
				return m
			}
		}
		t.Fatal("Bob is no member any more")
		return room.Member{}
	}
	b.mu.Lock() // it reads nothing any more
	defer b.mu.Unlock()
	long := strings.Repeat("x", 60<<10)
	s.eventually("Bob is put out", func() bool {
		for range 20 {
			s.post(alice, long)
		}
		return len(member().Conns) == 0
	})
	m := member()
	if spared := m.AbsentDue.Sub(m.LastSeen); !m.Present || spared < time.Minute {
		t.Errorf("present %v, absent %v after the end", m.Present, spared)
	}
}

// Threat: a page is loaded over and over, each time with the whole log. Later ones wait
// for their turn, hear everything then, and nothing that is said meanwhile comes first.
func TestAPageThatIsLoadedOverAndOver(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(o *Options, _ *room.Terms) { o.RateLimits = true })
	alice, _ := s.create("alice", "Alice")
	post := func(text string) {
		t.Helper()
		s.post(alice, text)
	}
	post("first")
	first := s.connect(visit{session: "alice"}).join(alice)
	// As if it had been sent a log of the greatest length many times.
	s.gateway.budgets.replayed(alice.ID, int(replayPace.atOnce+replayPace.perSecond), time.Now())
	s.load("alice", alice)
	second := s.connect(visit{session: "alice"})
	second.emit("join", fmt.Sprintf(`{"room":%q}`, alice.Room))
	post("meanwhile")
	first.until("the message", func() bool { return slices.Contains(texts(first), "meanwhile") })
	second.expect("join_success")
	post("later")
	second.until("everything", func() bool { return slices.Contains(texts(second), "later") })
	equal(t, "the page that waited reads", second.texts(), []string{"first", "meanwhile", "later"})

	// A connection that ends while it waits leaves the turn to the next one.
	s.gateway.budgets.replayed(alice.ID, int(2*replayPace.perSecond), time.Now())
	gone := s.connect(visit{session: "alice"})
	gone.emit("join", fmt.Sprintf(`{"room":%q}`, alice.Room))
	gone.drop()
	s.load("alice", alice)
	s.connect(visit{session: "alice"}).join(alice).expect("message")
}

// Threat: somebody whose page waits for its turn is taken for absent, and strangers are let
// in without them.
func TestWhoWaitsForTheirTurnKeepsTheirVote(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(o *Options, terms *room.Terms) {
		o.RateLimits = true
		terms.AbsenceGrace = time.Millisecond // over long before the turn comes
	})
	go s.rooms.Run(t.Context())
	alice, code := s.create("alice", "Alice")
	a := s.connect(visit{session: "alice"}).join(alice)
	bob := s.admit("bob", "Bob", code, alice)
	s.connect(visit{session: "bob"}).join(bob)
	member := func() *room.Member { return &s.state(alice.Room).Members[0] }
	// Its turn waits for another connection of hers, which is just entering.
	hold := func() (done func()) {
		done, err := s.gateway.budgets.replayTurn(t.Context(), alice.ID)
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	for name, begin := range map[string]func() *client{
		"a page that is loaded": func() *client {
			s.load("alice", alice)
			c := s.connect(visit{session: "alice", page: "/room/" + alice.Path})
			c.emit("join", fmt.Sprintf(`{"room":%q}`, alice.Room))
			return c
		},
		"a page that reconnects": func() *client { return s.connect(visit{session: "alice", quiet: true}) },
	} {
		done := hold()
		waiting := begin()
		s.eventually("it waits", func() bool { return len(member().Awaited) == 1 })
		a.drop()
		s.eventually("the grace of the other one is over", func() bool {
			return len(member().Conns) == 0 && time.Since(member().LastSeen) > time.Millisecond
		})
		knock := s.knock("dan", "Dan", code)
		s.approve(bob, knock)
		if r := s.state(alice.Room); !r.Members[0].Present || len(r.Members) != 2 {
			t.Errorf("%s: present %v, %d members", name, r.Members[0].Present, len(r.Members))
		}
		if err := s.rooms.Withdraw(t.Context(), "dan", knock.ID); err != nil {
			t.Fatal(err)
		}
		done()
		s.eventually("it has entered", func() bool { return len(member().Conns) == 1 && len(member().Awaited) == 0 })
		a = waiting
	}
	// Who gives up waiting is absent as ever.
	done := hold()
	defer done()
	gone := s.connect(visit{session: "alice", quiet: true})
	s.eventually("it waits", func() bool { return len(member().Awaited) == 1 })
	gone.drop()
	a.drop()
	s.eventually("she is absent", func() bool { return !member().Present && len(member().Awaited) == 0 })
}

// Threat: somebody opens fifty tabs, each with an allowance of its own for what reaches
// everybody.
func TestMoreTabsGiveNoMore(t *testing.T) {
	for name, tt := range map[string]struct {
		take func(b *budgets, member string, now time.Time) bool
		most int // in a minute
	}{
		"new codes":            {(*budgets).newCode, 35},
		"typing":               {(*budgets).typing, 32},
		"lists of the members": {(*budgets).list, 100 + 4*60},
	} {
		var b budgets
		now, had := time.Unix(0, 0), 0
		for second := range 60 {
			for range 50 {
				if tt.take(&b, "m", now.Add(time.Duration(second)*time.Second)) {
					had++
				}
			}
		}
		if had > tt.most {
			t.Errorf("%s: %d in a minute", name, had)
		}
		if !tt.take(&b, "other", now) {
			t.Errorf("%s: another member pays for it", name)
		}
	}
}

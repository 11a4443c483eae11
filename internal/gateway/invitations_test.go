package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"securechat/room"
)

// invite has a page ask for an invitation, and returns its lookup.
func (c *client) invite(seat room.Seat) (lookup string) {
	c.t.Helper()
	c.emit("request_invite", fmt.Sprintf(`{"room":%q}`, seat.Room))
	c.barrier()
	told := c.all("invite")
	if len(told) == 0 {
		c.t.Fatalf("there is no invitation; got %v", c.names())
	}
	lookup, err := strconv.Unquote(told[len(told)-1].field("lookup"))
	if err != nil {
		c.t.Fatal(err)
	}
	return lookup
}

// invites reports whether the lookup is that of an invitation.
func (s *server) invites(lookup string) bool {
	s.t.Helper()
	hash, err := room.HashLookup(lookup)
	if err != nil {
		s.t.Fatal(err)
	}
	_, err = s.store.ByInvitation(s.t.Context(), hash)
	if err != nil && !errors.Is(err, room.ErrNoSuchInvitation) {
		s.t.Fatal(err)
	}
	return err == nil
}

func TestInvitations(t *testing.T) {
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	a := s.connect(visit{session: "alice"}).join(alice)
	tab := s.connect(visit{session: "alice"}).join(alice)
	b := s.connect(visit{session: "bob"}).join(bob)
	for _, c := range []*client{a, tab, b} {
		c.barrier()
		c.forget()
	}
	before := time.Now()
	lookup := a.invite(alice)
	after := time.Now()
	until, err := strconv.ParseInt(a.expect("invite").field("until"), 10, 64)
	if err != nil || until < before.Add(time.Hour).UnixMilli() || until > after.Add(time.Hour).UnixMilli() {
		t.Errorf("until %d, err %v; asked at %d", until, err, before.UnixMilli())
	}
	if got := payloads(a, "invite")[0]; got != fmt.Sprintf(`[{"lookup":%q,"until":%d}]`, lookup, until) {
		t.Errorf("the payload is %s", got)
	}
	// Nobody else is told, not even another page of the same member.
	for _, c := range []*client{tab, b} {
		c.barrier()
		equal(t, "the others hear", c.names(), nil)
	}

	carol, err := s.rooms.RequestJoin(t.Context(), room.Application{Session: "carol", Name: "Carol", Lookup: lookup})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []*client{a, b} {
		if got := c.expect("join_request").field("user_id"); got != strconv.Quote(carol.ID) {
			t.Errorf("asked about %s", got)
		}
	}
	// The request stays when the invitation ends.
	a.emit("revoke_invite", fmt.Sprintf(`{"room":%q,"lookup":%q}`, alice.Room, lookup))
	a.barrier()
	if s.invites(lookup) {
		t.Error("it was not taken back")
	}
	for _, c := range []struct {
		*client
		room.Seat
	}{{a, alice}, {b, bob}} {
		c.emit("approve_join", fmt.Sprintf(`{"room":%q,"user_id":%q}`, c.Room, carol.ID))
	}
	a.expect("join_approved")
}

// Threat: a page shows a link that was ended in another tab, or while it was away, as one that works.
func TestPagesOfTheMemberHearWhichInvitationsHold(t *testing.T) {
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	named := func(session, page string) visit {
		return visit{session: session, auth: fmt.Sprintf(`{"page":%q}`, page)}
	}
	a := s.connect(named("alice", "one")).join(alice)
	tab := s.connect(named("alice", "two")).join(alice)
	old := s.connect(visit{session: "alice"}).join(alice)
	b := s.connect(named("bob", "three")).join(bob)
	all := []*client{a, tab, old, b}
	for _, c := range all {
		c.barrier()
		c.forget()
	}
	hash := func(lookup string) string {
		h, err := room.HashLookup(lookup)
		if err != nil {
			t.Fatal(err)
		}
		return strconv.Quote(h.String())
	}
	heard := func(when string, c *client, want ...string) {
		t.Helper()
		c.barrier()
		equal(t, when, payloads(c, "invites"), want)
		c.forget()
	}

	first := a.invite(alice)
	told := a.expect("invite")
	if got, want := payloads(a, "invite")[0], fmt.Sprintf(`[{"lookup":%q,"until":%s,"lasts":%s,"hash":%s}]`, first, told.field("until"), told.field("lasts"), hash(first)); got != want {
		t.Errorf("a page that names itself is told %s, want %s", got, want)
	}
	until, _ := strconv.ParseInt(told.field("until"), 10, 64)
	if lasts, err := strconv.Atoi(told.field("lasts")); err != nil || lasts > 3600 || time.Now().Add(time.Duration(lasts)*time.Second).UnixMilli() < until-1000 {
		t.Errorf("it lasts %d s until %d, %v", lasts, until, err)
	}
	for _, c := range all {
		heard("nothing ended", c)
	}
	var others []string
	for range 5 {
		others = append(others, hash(tab.invite(alice)))
	}
	left := fmt.Sprintf(`[{"hashes":[%s]}]`, strings.Join(others, ","))
	heard("a sixth ended the first", a, left)
	heard("a sixth ended the first", tab, left)
	tab.emit("revoke_invite", fmt.Sprintf(`{"room":%q}`, alice.Room))
	tab.barrier()
	heard("all were ended", a, `[{"hashes":[]}]`)
	heard("all were ended", tab, `[{"hashes":[]}]`)
	tab.emit("revoke_invite", fmt.Sprintf(`{"room":%q}`, alice.Room))
	tab.barrier()
	heard("there was none to end", a)

	// A page that comes back is told what it may have missed.
	last := hash(tab.invite(alice))
	again := s.connect(visit{session: "alice", auth: `{"page":"one","n":2}`}).join(alice)
	heard("back", again, fmt.Sprintf(`[{"hashes":[%s]}]`, last))
	heard("somebody else", b)
	heard("a page without a name", old)
	if got := s.connect(visit{session: "alice"}).join(alice); len(payloads(got, "invites")) > 0 {
		t.Error("a page without a name is told when it enters")
	}
}

func TestTakingInvitationsBack(t *testing.T) {
	const malformed = `"too short"`
	for name, tt := range map[string]struct {
		fields string // {one} stands for the lookup of the first, {other} for that of somebody else's
		want   []bool // whether the first, the second and somebody else's hold
	}{
		"one":        {`"lookup":"{one}"`, []bool{false, true, true}},
		"all":        {``, []bool{false, false, true}},
		"somebody's": {`"lookup":"{other}"`, []bool{true, true, true}},
		"nobody's":   {`"lookup":"AAAAAAAAAAAAAAAAAAAAAA"`, []bool{true, true, true}},
		// Threat: a page's mistake ends all links instead of one.
		"malformed":       {`"lookup":` + malformed, []bool{true, true, true}},
		"empty":           {`"lookup":""`, []bool{true, true, true}},
		"a number":        {`"lookup":7`, []bool{true, true, true}},
		"null":            {`"lookup":null`, []bool{true, true, true}},
		"true":            {`"lookup":true`, []bool{true, true, true}},
		"a list":          {`"lookup":["{one}"]`, []bool{true, true, true}},
		"the last counts": {`"lookup":"{one}","lookup":{}`, []bool{true, true, true}},
		"too long":        {`"lookup":"` + strings.Repeat("x", 1<<19) + `"`, []bool{true, true, true}},
		"with a secret":   {`"lookup":"{one}.{one}"`, []bool{true, true, true}},
	} {
		t.Run(name, func(t *testing.T) {
			s, m := newTalk(t)
			one, two, other := m.a.invite(m.alice), m.a.invite(m.alice), m.b.invite(m.bob)
			payload := fmt.Sprintf(`{"room":%q`, m.alice.Room)
			if tt.fields != "" {
				payload += "," + strings.NewReplacer("{one}", one, "{other}", other).Replace(tt.fields)
			}
			m.a.emit("revoke_invite", payload+"}")
			m.a.barrier()
			if got := []bool{s.invites(one), s.invites(two), s.invites(other)}; !slices.Equal(got, tt.want) {
				t.Errorf("they hold: %v, want %v", got, tt.want)
			}
			if errs := m.a.all("room_error"); len(errs) > 0 && name != "too long" {
				t.Errorf("the page is told %v", errs)
			}
		})
	}
}

// Threat: somebody outside makes a way in, or closes one.
func TestInvitationsAreForMembers(t *testing.T) {
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	a := s.connect(visit{session: "alice"}).join(alice)
	lookup := a.invite(alice)
	carol := s.knock("carol", "Carol", code)
	own, _ := s.create("mallory", "Mallory")
	for _, v := range []visit{{}, {session: "mallory", page: "/room/" + own.Path}, {session: "carol"}} {
		c := s.connect(v)
		for _, id := range []string{alice.Room, alice.ID, carol.ID} {
			c.emit("request_invite", fmt.Sprintf(`{"room":%q}`, id))
			c.emit("revoke_invite", fmt.Sprintf(`{"room":%q}`, id))
			c.emit("revoke_invite", fmt.Sprintf(`{"room":%q,"lookup":%q}`, id, lookup))
		}
		c.barrier()
		equal(t, "they hear", c.names(), slices.Repeat([]string{"room_error"}, 9))
	}
	if !s.invites(lookup) {
		t.Error("a stranger has ended it")
	}
	if n := len(s.state(alice.Room).Members[0].Invitations); n != 1 {
		t.Errorf("%d invitations", n)
	}
}

// Threat: a member has the room written again and again. Taking back is never refused.
func TestInvitationsAreLimited(t *testing.T) {
	metrics := new(refused)
	s := newServer(t, func(o *Options, _ *room.Terms) { o.RateLimits, o.Metrics = true, metrics })
	alice, _ := s.create("alice", "Alice")
	pages := []*client{s.connect(visit{session: "alice"}).join(alice), s.connect(visit{session: "alice"}).join(alice)}
	began := time.Now()
	const asked = 30
	for i := range asked {
		c := pages[i%2] // more tabs give no more
		c.emit("request_invite", fmt.Sprintf(`{"room":%q}`, alice.Room))
	}
	got := 0
	for _, c := range pages {
		c.barrier()
		got += len(c.all("invite"))
		if errs := c.all("room_error"); len(errs) != 1 || !strings.Contains(errs[0].String(), "too fast") {
			t.Errorf("a page is told %v", errs)
		}
	}
	most := int(invitationsPace.atOnce + time.Since(began).Seconds()*invitationsPace.perSecond)
	if got < int(invitationsPace.atOnce) || got > most {
		t.Errorf("%d of %d, want %v to %d", got, asked, invitationsPace.atOnce, most)
	}
	pages[0].emit("revoke_invite", fmt.Sprintf(`{"room":%q}`, alice.Room))
	pages[0].barrier()
	if left := s.state(alice.Room).Members[0].Invitations; len(left) > 0 {
		t.Errorf("%d are left", len(left))
	}
}

// An untouched budget is forgotten: by then it has to be full again.
func TestTheBudgetOfInvitationsComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b budgets
		taken := func() (n int) {
			for b.invitation("m", time.Now()) {
				n++
			}
			return n
		}
		if n := taken(); n != int(invitationsPace.atOnce) {
			t.Errorf("%d at once", n)
		}
		time.Sleep(5 * time.Second)
		if n := taken(); n != 1 {
			t.Errorf("%d after five seconds", n)
		}
		time.Sleep(budgetKept)
		if n := taken(); n != int(invitationsPace.atOnce) {
			t.Errorf("%d at once, after a rest", n)
		}
	})
}

// revoking is a service in which another page of the member ends an invitation just after it was made.
type revoking struct{ *room.Service }

func (s revoking) Invite(ctx context.Context, c room.Caller) (lookup string, until time.Time, err error) {
	lookup, until, err = s.Service.Invite(ctx, c)
	return lookup, until, errors.Join(err, s.RevokeAll(ctx, c))
}

// Threat: an invitation that ended while its page was being told of it looks as if it lived.
func TestAnInvitationThatEndedBeforeItWasTold(t *testing.T) {
	s := newServer(t)
	s.gateway.options.Service = revoking{s.rooms}
	alice, _ := s.create("alice", "Alice")
	page := s.connect(visit{session: "alice", auth: `{"page":"one"}`}).join(alice)
	old := s.connect(visit{session: "alice"}).join(alice)
	for _, c := range []*client{page, old} {
		c.barrier()
		c.forget()
	}
	page.invite(alice)
	equal(t, "the page that names itself hears", page.names(), []string{"invites", "invite", "invites"})
	equal(t, "of no invitation that holds", payloads(page, "invites"), []string{`[{"hashes":[]}]`, `[{"hashes":[]}]`})
	old.invite(alice)
	equal(t, "another one hears", old.names(), []string{"invite"})
}

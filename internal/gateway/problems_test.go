package gateway

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"securechat/internal/refusal"
	"securechat/room"
)

func TestProblems(t *testing.T) {
	for _, err := range []error{
		room.ErrUnentered, room.ErrNotFound, room.ErrNotMember, room.ErrNoSuchKnock, room.ErrMessageTooLong,
		room.ErrMessageBlank, errRateLimited, errTooManyConnections, errLeft, fmt.Errorf("more: %w", room.ErrNotMember),
	} {
		if code, reason := problemOf(err); code == refusal.Internal || reason == "internal" || len(code.Sentence(nil)) < 20 {
			t.Errorf("%v: %s, %s: %q", err, code, reason, code.Sentence(nil))
		}
	}
	code, reason := problemOf(errors.New("dial tcp 10.0.0.1: secret"))
	if said := code.Sentence(nil); code != refusal.Internal || reason != "internal" || strings.Contains(said, "secret") || len(said) < 20 {
		t.Errorf("what went wrong inside is nobody's business: %s, %s: %q", code, reason, said)
	}
}

// A message that is refused is told from the others by its ref.
func TestErrorsNameTheirMessage(t *testing.T) {
	s := newServer(t, func(o *Options, _ *room.Terms) { o.RateLimits = true })
	alice, _ := s.create("alice", "Alice")
	a := s.connect(visit{session: "alice"}).join(alice)
	refs := func() (refs []string) {
		for _, e := range a.all("room_error") {
			refs = append(refs, strings.Trim(e.field("ref"), `"`))
		}
		return refs
	}
	a.emit("message", `{"room":"x","message":"hello","ref":"elsewhere"}`)
	a.emit("message", `{"room":"x","message":"hello"}`)
	a.emit("message", fmt.Sprintf(`{"room":%q,"message":%q,"ref":"long"}`, alice.Room, strings.Repeat("x", 1<<20+1)))
	a.emit("join", `{"room":"x","ref":"no message"}`)
	a.barrier()
	equal(t, "errors about", refs(), []string{"elsewhere", "", "long", ""})

	a.forget()
	var want []string
	for i := range 500 {
		ref := fmt.Sprint("r", i)
		want = append(want, ref)
		a.emit("message", fmt.Sprintf(`{"room":%q,"message":"hello","ref":%q}`, alice.Room, ref))
	}
	a.barrier()
	got := refs()
	for _, e := range a.all("message") {
		got = append(got, strings.Trim(e.field("ref"), `"`))
	}
	slices.Sort(got)
	slices.Sort(want)
	equal(t, "each is heard of once", got, want)
	if len(a.all("room_error")) == 0 {
		t.Error("none of 500 was dropped")
	}

	// They do not use up the complaint about the others.
	a.forget()
	for range 500 {
		a.emit("request_members", fmt.Sprintf(`{"room":%q}`, alice.Room))
	}
	a.barrier()
	if len(a.all("room_error")) == 0 {
		t.Error("500 other events were dropped in silence")
	}
}

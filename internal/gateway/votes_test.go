package gateway

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"securechat/room"
)

// Threat: members with long names and many requests fill the others' lines by leaving and coming back.
func TestVotesNameNoMoreThanThereIsRoomFor(t *testing.T) {
	crowd := func(n int, name string) (names []string) {
		for range n {
			names = append(names, name)
		}
		return names
	}
	for what, tt := range map[string]struct {
		yes, missing []string
		named        [2]int
	}{
		"nobody":             {nil, nil, [2]int{0, 0}},
		"short names":        {crowd(20, "Alice Meier"), crowd(30, "Bob Schulze"), [2]int{20, 30}},
		"just enough":        {crowd(4, strings.Repeat("n", 128)), nil, [2]int{4, 0}},
		"one too many":       {crowd(5, strings.Repeat("n", 128)), nil, [2]int{4, 0}},
		"long names":         {crowd(20, strings.Repeat("👨‍👩‍👧‍👦", 11)), crowd(29, strings.Repeat("👨‍👩‍👧‍👦", 11)), [2]int{1, 1}},
		"counted as escaped": {crowd(20, strings.Repeat("'", 20)), nil, [2]int{5, 0}},
	} {
		told := votesOf(room.Knock{Votes: room.Votes{Yes: tt.yes, Missing: tt.missing}}, false)
		if got := [2]int{len(told.Yes), len(told.Missing)}; got != tt.named {
			t.Errorf("%s: %v are named, want %v", what, got, tt.named)
		}
		if got, want := [2]int{told.YesMore, told.MissingMore}, [2]int{len(tt.yes) - tt.named[0], len(tt.missing) - tt.named[1]}; got != want {
			t.Errorf("%s: %v are counted beside them, want %v", what, got, want)
		}
		if told.Yes == nil || told.Missing == nil {
			t.Errorf("%s: a list is null", what)
		}
	}
}

// A member whose name is not in the list still hears of the own yes, in every tab and after a reload.
func TestVotesTellWhetherOneHasSaidYes(t *testing.T) {
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	carol := s.admit("carol", "Carol", code, alice, bob)
	a := s.connect(visit{session: "alice", auth: `{"page":"a"}`}).join(alice)
	tab := s.connect(visit{session: "alice", auth: `{"page":"tab"}`}).join(alice)
	b := s.connect(visit{session: "bob", auth: `{"page":"b"}`}).join(bob)
	s.connect(visit{session: "carol"}).join(carol)
	s.knock("dora", "Dora", code)
	dave := s.knock("dave", "Dave", code)
	own := func(c *client) (told []string) {
		c.barrier()
		for _, e := range c.all("request_votes") {
			if e.field("user_id") == fmt.Sprintf("%q", dave.ID) {
				told = append(told, e.field("own"))
			}
		}
		return slices.Compact(told)
	}
	a.emit("approve_join", fmt.Sprintf(`{"room":%q,"user_id":%q}`, alice.Room, dave.ID))
	equal(t, "who has said yes hears", own(a), []string{"", "true"})
	equal(t, "and so does their other tab", own(tab), []string{"", "true"})
	equal(t, "but nobody else", own(b), []string{""})

	s.load("alice", alice)
	again := s.connect(visit{session: "alice", auth: `{"page":"a2"}`}).join(alice)
	equal(t, "a page that is loaded after its yes hears", own(again), []string{"true"})
	s.load("bob", bob)
	other := s.connect(visit{session: "bob", auth: `{"page":"b2"}`}).join(bob)
	equal(t, "one that is loaded before it hears", own(other), []string{""})
}

package gateway

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

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

// Whoever is told something is told it once, in the order that old pages were written for.
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

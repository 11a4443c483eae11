package gateway

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// eventNames are all events that clients send, by both names.
func eventNames() []string {
	var names []string
	for name := range handlers {
		names = append(names, name)
	}
	for name := range aliases {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// A payload that makes no sense changes nothing and ends nothing, whoever sends
// it: here a member, who could do all of it with a payload that does.
func TestMalformedPayloads(t *testing.T) {
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.knock("bob", "Bob", code)
	a := s.connect(visit{session: "alice"}).join(alice)
	before := s.state(alice.Room)

	huge := strings.Repeat("x", 64<<10)
	payloads := []string{
		``, `null`, `true`, `7`, `-1.5e308`, `"text"`, `[]`, `[[]]`, `{}`, `{"room":null}`, `{"room":7}`, `{"room":{}}`, `{"room":["` + alice.Room + `"]}`,
		`{"room":""}`, `{"room":"x"}`, `{"room":"` + huge + `"}`, `{"ROOM":"` + alice.Room + `"}`, `{"room":"` + strings.ToUpper(alice.Room) + `"}`,
		`{"room":" ` + alice.Room + `"}`, `{"room":"room:` + alice.Room + `"}`, `{"user_id":"` + bob.ID + `"}`, `{"message":"hello"}`,
		`{"__proto__":{"room":"` + alice.Room + `"}}`, `{"room":"\u0000"}`, `{"room":"\ud800"}`, `"` + alice.Room + `"`, `null,{"room":"` + alice.Room + `"}`,
		`{"room":` + strings.Repeat(`{"room":`, 2000) + `1` + strings.Repeat(`}`, 2000) + `}`,
	}
	for _, name := range append(eventNames(), "", "no such event", "error", "__proto__") {
		for _, p := range payloads {
			a.emit(name, p)
		}
	}
	// With a room that is theirs, but nothing sensible besides.
	for _, name := range []string{"approve", "approve_join", "deny", "deny_join"} {
		for _, id := range []string{`null`, `7`, `[]`, `{}`, `""`, `"x"`, `"` + alice.ID + `"`, `["` + bob.ID + `"]`, `"` + huge + `"`} {
			a.emit(name, fmt.Sprintf(`{"room":%q,"user_id":%s}`, alice.Room, id))
		}
	}
	for _, text := range []string{`null`, `7`, `true`, `[]`, `["a"]`, `{}`, `{"toString":"x"}`, `""`, `" "`, `"\n\t\u00a0"`} {
		a.emit("message", fmt.Sprintf(`{"room":%q,"message":%s}`, alice.Room, text))
	}
	a.emit("message", fmt.Sprintf(`{"room":%q,"message":%q}`, alice.Room, strings.Repeat("x", 2<<20))) // refused by its size
	a.barrier()
	if after := s.state(alice.Room); !reflect.DeepEqual(before, after) {
		t.Errorf("the room was\n%+v\nand is now\n%+v", before, after)
	}
	for _, e := range a.all("room_error") {
		if len(e.field("message")) < 20 {
			t.Errorf("an error that tells nothing: %v", e)
		}
	}
	a.say(alice, "works")
	a.expect("message")
}

// Somebody who knows every id, but whose session holds nothing in the room, can
// neither do anything there nor hear anything.
func TestStrangers(t *testing.T) {
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	carol := s.knock("carol", "Carol", code)
	a := s.connect(visit{session: "alice"}).join(alice)
	b := s.connect(visit{session: "bob"}).join(bob)
	own, _ := s.create("mallory", "Mallory")

	for who, v := range map[string]visit{
		"nobody":                     {},
		"a member of another room":   {session: "mallory", page: "/room/" + own.Path},
		"with the founder's address": {session: "mallory", page: "/room/" + alice.Path},
		"with a member's address":    {session: "mallory", page: "/room/" + bob.Path, query: "&seat=" + bob.ID},
		"with a member's seat":       {session: "mallory", auth: fmt.Sprintf(`{"seat":%q,"offset":"%s:0"}`, bob.ID, alice.Room)},
		"with the room in the query": {session: "mallory", query: "&room=" + alice.Room},
		"the applicant":              {session: "carol"},
	} {
		t.Run(who, func(t *testing.T) {
			s.t = t
			m := s.connect(v)
			before := s.state(alice.Room)
			for _, name := range eventNames() {
				if name == "join_request" || name == "request_approval" || name == "withdraw_request" && who == "the applicant" {
					continue // Carol may
				}
				for _, roomID := range []string{alice.Room, bob.ID, alice.ID, carol.ID} {
					for _, user := range []string{carol.ID, bob.ID, alice.ID} {
						m.emit(name, fmt.Sprintf(`{"room":%q,"user_id":%q,"user":"Alice","display_name":"Alice","sender":"Alice","message":"I am Alice","final":true}`, roomID, user))
					}
				}
			}
			m.barrier()
			if after := s.state(alice.Room); !reflect.DeepEqual(before, after) {
				t.Errorf("the room was\n%+v\nand is now\n%+v", before, after)
			}
			a.say(alice, "among us")
			a.barrier()
			m.barrier()
			for _, name := range m.names() {
				if name != "room_error" && name != "room_status" && name != "join_denied" {
					t.Errorf("heard %s", name)
				}
			}
			for _, e := range m.all("room_status") {
				if e.field("exists") != "false" {
					t.Errorf("heard %v", e)
				}
			}
			if len(m.all("room_error")) == 0 {
				t.Error("was not told that this is not allowed")
			}
		})
	}
	b.barrier()
	for _, e := range append(b.all("message"), a.all("message")...) {
		if e.field("content") != `"among us"` {
			t.Errorf("somebody said %v", e)
		}
	}
}

// A member acts as themselves alone, whatever name they say.
func TestForgedNames(t *testing.T) {
	s := newServer(t)
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	a := s.connect(visit{session: "alice"}).join(alice)
	b := s.connect(visit{session: "bob"})
	b.emit("join", fmt.Sprintf(`{"room":%q,"display_name":"Alice"}`, alice.Room))
	b.expect("join_success")
	if e := a.expect("member_joined"); e.field("display_name") != `"Bob"` {
		t.Error(e)
	}
	b.emit("message", fmt.Sprintf(`{"room":%q,"message":"hi","sender":"Alice","display_name":"Alice","member":%q}`, alice.Room, alice.ID))
	if e := a.expect("message"); e.field("sender") != `"Bob"` || e.field("member") != `"`+bob.ID+`"` {
		t.Error(e)
	}
	// Bob's yes counts once, and is no yes of Alice's.
	carol := s.knock("carol", "Carol", code)
	for range 3 {
		b.emit("approve_join", fmt.Sprintf(`{"room":%q,"user_id":%q,"display_name":"Alice"}`, alice.Room, carol.ID))
	}
	b.barrier()
	a.barrier()
	if n := len(a.all("partial_approval")); n != 1 || len(a.all("join_approved")) != 0 {
		t.Errorf("%d votes counted; %v", n, a.names())
	}
	// Alice is not put out by Bob saying her name.
	b.emit("leave_room", fmt.Sprintf(`{"room":%q,"display_name":"Alice","final":true}`, alice.Room))
	if e := a.expect("member_left"); e.field("display_name") != `"Bob"` {
		t.Error(e)
	}
	a.say(alice, "still here")
	a.until("Alice's word", func() bool { return slices.Contains(texts(a), "still here") })
}

// FuzzEvent lets a stranger who is in a room of their own send anything: the
// connection must hold, and another room must not change.
func FuzzEvent(f *testing.F) {
	s := newServer(f)
	alice, code := s.create("alice", "Alice")
	knock := s.knock("bob", "Bob", code)
	own, _ := s.create("mallory", "Mallory")
	for _, name := range eventNames() {
		f.Add(name, fmt.Sprintf(`{"room":%q,"user_id":%q,"display_name":"Alice","message":"x","final":true}`, alice.Room, knock.ID))
		f.Add(name, fmt.Sprintf(`{"room":%q,"message":"<b>","user_id":7}`, own.Room))
		f.Add(name, `[null,{"room":{}}]`)
	}
	before := s.state(alice.Room)
	m := s.connect(visit{session: "mallory"})
	f.Fuzz(func(t *testing.T, name, payload string) {
		if !json.Valid([]byte(payload)) || reserved[name] {
			t.Skip("the library ends a connection that does not speak the protocol")
		}
		event, err := json.Marshal(name)
		if err != nil {
			t.Fatal(err)
		}
		s.t, m.t = t, t
		m.write(fmt.Sprintf("42[%s,%s]", event, payload))
		m.barrier()
		m.forget()
		after := s.state(alice.Room)
		after.CodeDue, after.Code, after.Seq, after.Revision = before.CodeDue, before.Code, before.Seq, before.Revision // the code turns by itself
		if !reflect.DeepEqual(before, after) {
			t.Errorf("the room was\n%+v\nand is now\n%+v", before, after)
		}
	})
}

// reserved are the names of the library's own events.
var reserved = map[string]bool{
	"connect": true, "connect_error": true, "disconnect": true, "disconnecting": true, "newListener": true, "removeListener": true,
}

package gateway

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"securechat/room"
)

// Threat: a founder whose page takes too long to load is told that they are no member, and
// to join with a code that nobody has.
func TestFoundersHearThatNobodyEntered(t *testing.T) {
	ends := map[string]func(r *room.Room) []room.Event{
		"ended before": func(r *room.Room) []room.Event { return r.GiveWay(time.Now()) },
		"overdue":      func(r *room.Room) []room.Event { r.EntryDue = time.Now().Add(-time.Second); return nil },
	}
	asks := map[string]func(s *server, session string, seat room.Seat) *client{
		"join": func(s *server, session string, seat room.Seat) *client {
			c := s.connect(visit{session: session, page: "/room/" + seat.Path})
			c.emit("join", fmt.Sprintf(`{"room":%q}`, seat.Room))
			return c
		},
		"another event": func(s *server, session string, seat room.Seat) *client {
			c := s.connect(visit{session: session})
			c.emit("request_timer_sync", fmt.Sprintf(`{"room":%q}`, seat.Room))
			return c
		},
		"the query": func(s *server, session string, seat room.Seat) *client {
			return s.connect(visit{session: session, query: "&room=" + seat.Room})
		},
	}
	for end, done := range ends {
		for how, ask := range asks {
			t.Run(end+", "+how, func(t *testing.T) {
				s := newServer(t)
				alice, _ := s.create("alice", "Alice")
				_, err := s.store.Update(t.Context(), alice.Room, func(r *room.Room, _ room.Log) ([]room.Event, error) { return done(r), nil })
				if err != nil {
					t.Fatal(err)
				}
				told := func(session string) string {
					return ask(s, session, alice).expect("room_error").field("message")
				}
				if said := told("alice"); !strings.Contains(said, "nobody entered it in time") {
					t.Errorf("the founder is told %s", said)
				}
				if said := told("mallory"); !strings.Contains(said, "You’re not in this chat.") {
					t.Errorf("somebody else is told %s", said)
				}
			})
		}
	}
}

package gateway

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"securechat/room"
)

// Threat: connections ask for whole logs and take nothing of them. What all of them keep
// in memory is bounded: of the room that keeps most, the oldest go.
func TestReplaysUnderWayAreBoundedTogether(t *testing.T) {
	entry := []room.Message{{Content: strings.Repeat("x", 1000)}}
	r := replays{limit: 10 * takenBy(entry)}
	quiet := &conn{}
	small, _ := r.begin(quiet, "small", entry)
	loud := make([]*conn, 5000)
	for i := range loud {
		loud[i] = &conn{}
		_, displaced := r.begin(loud[i], "large", entry)
		if r.bytes > r.limit {
			t.Fatalf("%d bytes, want %d at most", r.bytes, r.limit)
		}
		if want := i - 9; want < 0 && displaced != nil || want >= 0 && !slices.Equal(displaced, []*conn{loud[want]}) {
			t.Fatalf("for replay %d others than the oldest of the room went", i)
		}
	}
	if _, held := r.held[small]; !held {
		t.Error("another room paid for it")
	}
	r.end(small)
	r.end(small)
	for x := range r.held {
		r.end(x)
	}
	if r.bytes != 0 || len(r.held) != 0 || len(r.rooms) != 0 {
		t.Errorf("left: %d bytes, %d replays, %d rooms", r.bytes, len(r.held), len(r.rooms))
	}
	// One that is larger than all of it cannot wait for anybody.
	if _, displaced := r.begin(quiet, "small", slices.Repeat(entry, 100)); displaced != nil {
		t.Error("somebody went who was not there")
	}
}

// A member who is ended for it has not left, and hears everything when they are back.
func TestWhoIsEndedForAReplayLosesNothing(t *testing.T) {
	s := newServer(t, func(o *Options, _ *room.Terms) { o.RateLimits = true })
	s.gateway.replays.limit = replayOverhead // less than two of them take
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	s.connect(visit{session: "bob"}).join(bob)
	want := []string{"one", "two", "three"}
	for _, text := range want {
		s.post(alice, text)
	}
	underWay := func() int {
		s.gateway.replays.mu.Lock()
		defer s.gateway.replays.mu.Unlock()
		return len(s.gateway.replays.held)
	}
	join := fmt.Sprintf(`42["join",{"room":%q}]`, alice.Room)
	slow := s.poll(visit{session: "alice"})
	slow.post(join)
	s.eventually("its replay waits to be fetched", func() bool { return underWay() == 1 })
	s.load("bob", bob)
	if quick := s.connect(visit{session: "bob"}).join(bob); !slices.Equal(quick.texts(), want) {
		t.Errorf("Bob reads %q", quick.texts())
	}
	s.eventually("the slow one is out, and the quick one is through", func() bool {
		return len(s.state(alice.Room).Members[0].Conns) == 0 && underWay() == 0
	})
	if m := s.state(alice.Room).Members[0]; !m.Present || m.SparedUntil.IsZero() {
		t.Errorf("present %v, spared until %v", m.Present, m.SparedUntil)
	}
	if back := s.connect(visit{session: "alice"}).join(alice); !slices.Equal(back.texts(), want) {
		t.Errorf("back, Alice reads %q", back.texts())
	}
	// A session that ends with its replay under way gives its part back.
	s.load("alice", alice)
	gone := s.poll(visit{session: "alice"})
	gone.post(join)
	s.eventually("its replay waits to be fetched", func() bool { return underWay() == 1 })
	gone.post("1")
	s.eventually("it is counted no longer", func() bool { return underWay() == 0 })
}

package room

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// ip is a single address.
func ip(key string) []Network { return []Network{{Key: key, Share: 1}} }

// ip6 is an address of IPv6 in a /64, a /56 and a /48.
func ip6(narrow, middle, wide string) []Network {
	return []Network{{Key: narrow, Share: 1}, {Key: middle + "/56", Share: 4}, {Key: wide + "/48", Share: 16}}
}

// arrive knocks from somewhere, as somebody new.
func (s *scene) arrive(id string, from []Network) ([]Body, error) {
	s.Helper()
	_, events, err := s.RequestJoin(s.now, id, "s-"+id, "Guest "+id, from...)
	return bodies(events), err
}

// fill has as many arrive as are let, up to n, each in a session of their own.
func (s *scene) fill(n int, from func(i int) []Network) (arrived int) {
	s.Helper()
	for i := range n {
		if _, err := s.arrive(fmt.Sprintf("f%d-%d", s.Seq, i), from(i)); err == nil {
			arrived++
		} else if !errors.Is(err, ErrTooManyKnocks) {
			s.Fatal(err)
		}
	}
	return arrived
}

// Threat: one address fills the door with twenty sessions, for as long as the code
// lasts, and nobody else can knock.
func TestAnAddressDoesNotKeepTheDoorBusy(t *testing.T) {
	everywhere := func(int) []Network { return ip("mallory") }
	s := founded(t)
	if n := s.fill(100, everywhere); n != maxKnocksOfAddress {
		t.Errorf("one address has %d knocks, want %d", n, maxKnocksOfAddress)
	}
	if _, err := s.arrive("bob", ip("bob")); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	// Nor does who withdraws, or is sent away, ask without end.
	for _, end := range []func(id string) ([]Event, error){
		func(id string) ([]Event, error) { return s.Withdraw(s.now, "s-"+id, id) },
		func(id string) ([]Event, error) { return s.Decline(s.now, "alice", id) },
	} {
		s.pass(s.Terms.ApprovalTimeout)
		asked := 0
		for i := range 100 {
			id := fmt.Sprintf("e%d-%d", s.Seq, i)
			if _, err := s.arrive(id, ip("mallory")); err == nil {
				asked++
				s.must(end(id))
			}
		}
		if asked != maxKnocksOfAddress {
			t.Errorf("one address asked %d times within the time of a request, want %d", asked, maxKnocksOfAddress)
		}
	}
}

func TestAFullDoorDisplaces(t *testing.T) {
	mostly := func(i int) []Network {
		if i < maxKnocksOfAddress {
			return ip("a")
		}
		return ip(fmt.Sprint(i))
	}
	for name, tt := range map[string]struct {
		fill     func(i int) []Network // twenty of them
		from     []Network
		want     int // index of who has to go, -1 if nobody
		withdraw int // who withdraws before, if not 0
	}{
		"the latest of the address with most":  {fill: mostly, from: ip("c"), want: 9},
		"what is withdrawn first":              {fill: mostly, from: ip("c"), want: 4, withdraw: 4},
		"nobody, if all came alone":            {fill: func(i int) []Network { return ip(fmt.Sprint(i)) }, from: ip("c"), want: -1},
		"nobody for one more of the same":      {fill: func(i int) []Network { return ip(fmt.Sprint(i % 2)) }, from: ip("1"), want: -1},
		"one of a /56 for somebody else":       {fill: func(i int) []Network { return ip6(fmt.Sprint(i), "m", "m") }, from: ip6("x", "x", "x"), want: 19},
		"one of a /48 for somebody else":       {fill: func(i int) []Network { return ip6(fmt.Sprint(i), fmt.Sprint(i), "m") }, from: ip("x"), want: 19},
		"nobody for one more of the same /56":  {fill: func(i int) []Network { return ip6(fmt.Sprint(i), "m", "m") }, from: ip6("x", "m", "m"), want: -1},
		"a network that has its share is safe": {fill: func(i int) []Network { return ip6(fmt.Sprint(i), fmt.Sprint(i/4), fmt.Sprint(i/10)) }, from: ip("x"), want: -1},
	} {
		t.Run(name, func(t *testing.T) {
			s := founded(t)
			for i := range s.Terms.MaxKnocks {
				if _, err := s.arrive(fmt.Sprint("g", i), tt.fill(i)); err != nil {
					t.Fatalf("guest %d: %v", i, err)
				}
			}
			if tt.withdraw != 0 {
				id := fmt.Sprint("g", tt.withdraw)
				s.must(s.Withdraw(s.now, "s-"+id, id))
			}
			before := snapshot(t, s.Room)
			out, err := s.arrive("new", tt.from)
			if tt.want < 0 {
				if !errors.Is(err, ErrTooManyKnocks) || snapshot(t, s.Room) != before {
					t.Errorf("err = %v, want ErrTooManyKnocks and nothing changed", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			id := fmt.Sprint("g", tt.want)
			refused, told := find[KnockRefused](out)
			if tt.withdraw == tt.want { // nobody needs to hear of it
				if told {
					t.Errorf("told %+v of a request that was over", refused)
				}
			} else if refused != (KnockRefused{Knock: id, Reason: Displaced}) {
				t.Errorf("refused %+v, want %s", refused, id)
			}
			if _, knocked := find[Knocked](out); !knocked || s.openKnock("new") < 0 {
				t.Errorf("the newcomer is not at the door: %+v", out)
			}
			if places := s.places(); places != s.Terms.MaxKnocks {
				t.Errorf("%d at the door, want %d", places, s.Terms.MaxKnocks)
			}
		})
	}
}

// places counts who holds a place at the door.
func (s *scene) places() (n int) {
	for i := range s.Knocks {
		if s.Knocks[i].atDoor(s.now) {
			n++
		}
	}
	return n
}

// Two that displace each other, over and over, must come to an end: the members are
// asked each time.
func TestDisplacingComesToAnEnd(t *testing.T) {
	s := founded(t)
	asked := 0
	for range 50 {
		for from := range 5 {
			asked += s.fill(10, func(int) []Network { return ip(fmt.Sprint(from)) })
		}
	}
	if most := 5 * maxKnocksOfAddress; asked > most {
		t.Errorf("five addresses asked %d times, want %d at most", asked, most)
	}
}

// Threat: while the door is full a stranger tries names and learns who is inside.
func TestAFullDoorTellsNoNames(t *testing.T) {
	full := founded(t)
	full.fill(full.Terms.MaxKnocks, func(i int) []Network { return ip(fmt.Sprint(i)) })
	crowded := founded(t)
	crowded.Terms.MaxMembers = 1
	for name, tt := range map[string]struct {
		scene *scene
		want  error
	}{"at the door": {full, ErrTooManyKnocks}, "in the room": {crowded, ErrRoomFull}} {
		for _, tried := range []string{"Alice", "A1ice", "Nobody"} {
			if _, _, err := tt.scene.RequestJoin(tt.scene.now, "x", "s-x", tried, ip("x")...); !errors.Is(err, tt.want) {
				t.Errorf("%s, %s: err = %v, want %v", name, tried, err, tt.want)
			}
		}
	}
	// Nor is anybody pushed out by a name that cannot be had.
	s := founded(t)
	s.fill(s.Terms.MaxKnocks, func(i int) []Network { return ip(fmt.Sprint(i % 2)) })
	before := snapshot(t, s.Room)
	if _, _, err := s.RequestJoin(s.now, "x", "s-x", "Alice", ip("x")...); !errors.Is(err, ErrNameTaken) || snapshot(t, s.Room) != before {
		t.Errorf("err = %v, want ErrNameTaken and nothing changed", err)
	}
}

// Threat: many are refused, so many that as much as may be is remembered, and the door
// is closed to everybody for as long.
func TestRefusalsDoNotCloseTheDoor(t *testing.T) {
	s := founded(t)
	for i := range 3 * refusalsKept * s.Terms.MaxKnocks {
		id := fmt.Sprint("m", i)
		if _, err := s.arrive(id, ip(fmt.Sprint(i/5))); err != nil {
			t.Fatalf("after %d: %v", i, err)
		}
		s.must(s.Decline(s.now, "alice", id))
		if len(s.Knocks) > refusalsKept*s.Terms.MaxKnocks {
			t.Fatalf("%d refusals are remembered", len(s.Knocks))
		}
	}
	if seats := s.Seats("s-m299", s.now); len(seats) != 1 || seats[0].Refusal != Declined {
		t.Errorf("the latest refusal is forgotten: %+v", seats)
	}
	s.pass(time.Hour)
}

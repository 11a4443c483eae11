package gateway

import (
	"testing"
	"time"

	"securechat/room"
)

func TestChoose(t *testing.T) {
	now := time.Now()
	// Alice founded r1 and Bob joined it from the same browser; both have a page
	// open. Carla is in another room, Dan still waits at r1's door.
	alice := room.Seat{ID: "a", Room: "r1", Path: "r1", Name: "Alice", Standing: room.Admitted, Open: 1}
	bob := room.Seat{ID: "b", Room: "r1", Path: "b", Name: "O'Bob", Standing: room.Admitted, Open: 1}
	carla := room.Seat{ID: "c", Room: "r2", Path: "r2", Name: "Carla", Standing: room.Admitted, Open: 1}
	dan := room.Seat{ID: "d", Room: "r1", Path: "d", Name: "Dan", Standing: room.Waiting}
	eve := room.Seat{ID: "e", Room: "r1", Path: "e", Name: "Eve", Standing: room.Refused}
	lost := func(s room.Seat, ago time.Duration) room.Seat {
		s.Open, s.LastSeen = 0, now.Add(-ago)
		return s
	}
	loading := func(s room.Seat) room.Seat {
		s.Loading = true
		return s
	}
	all := []room.Seat{alice, bob, carla, dan, eve}

	for name, test := range map[string]struct {
		seats []room.Seat
		hints hints
		want  string // "" for none
	}{
		"no seats":                         {nil, hints{room: "r1"}, ""},
		"a stranger's room":                {all, hints{room: "r3"}, ""},
		"a stranger's room, own page":      {all, hints{room: "r3", path: "b"}, ""},
		"a stranger's room, own seat":      {all, hints{room: "r3", seat: "b"}, ""},
		"who waits is in no room":          {[]room.Seat{dan}, hints{room: "r1"}, ""},
		"not by the knock's id either":     {[]room.Seat{dan}, hints{room: "d"}, ""},
		"nor who was refused":              {[]room.Seat{eve}, hints{room: "r1", seat: "e"}, ""},
		"by the room's id":                 {all, hints{room: "r2"}, "c"},
		"by the page's address":            {all, hints{room: "b"}, "b"},
		"by the page, the founder":         {all, hints{room: "r1", path: "r1"}, "a"},
		"by the page, who joined":          {all, hints{room: "r1", path: "b"}, "b"},
		"by the name":                      {all, hints{room: "r1", name: "Alice"}, "a"},
		"by the name as it is rendered":    {all, hints{room: "r1", name: "O&#39;Bob"}, "b"},
		"a false name decides nothing":     {all, hints{room: "r1", name: "Carla"}, "b"},
		"the page before the name":         {all, hints{room: "r1", path: "r1", name: "O'Bob"}, "a"},
		"the seat before the page":         {all, hints{room: "r1", path: "r1", seat: "b"}, "b"},
		"somebody else's seat is no hint":  {all, hints{room: "r1", seat: "x", name: "Alice"}, "a"},
		"the one whose page is lost":       {[]room.Seat{lost(alice, time.Second), bob}, hints{room: "r1"}, "a"},
		"the one that was lost last":       {[]room.Seat{lost(alice, time.Second), lost(bob, time.Minute)}, hints{room: "r1"}, "a"},
		"a new page of one that is open":   {[]room.Seat{loading(alice), bob}, hints{room: "r1"}, "a"},
		"the newest of several":            {[]room.Seat{alice, bob}, hints{room: "r1"}, "b"},
		"a page that was here before":      {[]room.Seat{lost(alice, time.Minute), lost(bob, time.Second)}, hints{room: "r1", token: "x", lastSeat: "a"}, "a"},
		"a page that was not, is new":      {[]room.Seat{lost(alice, time.Second), loading(lost(bob, time.Minute))}, hints{room: "r1", token: "x"}, "b"},
		"a page known under another's":     {all, hints{room: "r1", token: "x", lastSeat: "c", name: "Alice"}, "a"},
		"no room: only hints among all":    {all, hints{path: "b"}, "b"},
		"no room and no hints: the newest": {all, hints{}, "c"},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := choose(test.seats, test.hints)
			if ok != (test.want != "") || got.ID != test.want {
				t.Errorf("got %q, %t", got.ID, ok)
			}
		})
	}
}

func TestHinted(t *testing.T) {
	alice := room.Seat{ID: "a", Room: "r1", Path: "r1", Standing: room.Admitted}
	bob := room.Seat{ID: "b", Room: "r1", Path: "b", Standing: room.Admitted}
	dan := room.Seat{ID: "d", Room: "r2", Path: "d", Standing: room.Waiting}
	for name, test := range map[string]struct {
		seats []room.Seat
		hints hints
		want  string
	}{
		"the page":                            {[]room.Seat{alice, bob}, hints{path: "b"}, "b"},
		"somebody else's page":                {[]room.Seat{alice, bob}, hints{path: "x"}, ""},
		"somebody else's, though it is one":   {[]room.Seat{alice}, hints{path: "x"}, ""},
		"the seat":                            {[]room.Seat{alice, bob}, hints{seat: "a"}, "a"},
		"the seat of a knock":                 {[]room.Seat{alice, dan}, hints{seat: "d"}, ""},
		"a seat that is gone, beside another": {[]room.Seat{alice}, hints{seat: "x"}, ""},
		"the only one":                        {[]room.Seat{alice}, hints{}, "a"},
		"not from a waiting page":             {[]room.Seat{alice}, hints{waiting: true}, ""},
		"one of two":                          {[]room.Seat{alice, bob}, hints{}, ""},
		"one, but there is a knock":           {[]room.Seat{alice, dan}, hints{}, ""},
		"only a knock":                        {[]room.Seat{dan}, hints{}, ""},
		"none":                                {nil, hints{path: "b", seat: "b"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := hinted(test.seats, test.hints)
			if ok != (test.want != "") || got.ID != test.want {
				t.Errorf("got %q, %t", got.ID, ok)
			}
		})
	}
}

func TestPageOf(t *testing.T) {
	for referer, want := range map[string]struct {
		path    string
		waiting bool
	}{
		"":                              {},
		"http://x/":                     {},
		"http://x/room/abc":             {path: "abc"},
		"https://x:8080/room/abc?a=1#b": {path: "abc"},
		"http://x/room/":                {},
		"http://x/room/a/b":             {},
		"http://x/rooms/abc":            {},
		"http://x/join":                 {waiting: true},
		"http://x/join/":                {},
		"http://x/join/abc?a=1#b":       {waiting: true},
		"http://x/join/a/b":             {},
		"http://x/joining/abc":          {},
		"http://evil.example/room/abc":  {path: "abc"}, // chooses among one's own, so whose page it is does not matter
		"::":                            {},
		"http://[":                      {},
	} {
		path, waiting := pageOf(referer)
		if path != want.path || waiting != want.waiting {
			t.Errorf("%q: %q, %t", referer, path, waiting)
		}
	}
}

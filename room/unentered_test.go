package room

import (
	"fmt"
	"testing"
)

// Threat: a founder whose page takes a second to load loses the room to a few addresses
// that make one room after the other and enter none.
func TestToGiveWay(t *testing.T) {
	alone := func(i int) []Network { return ip6(fmt.Sprint("narrow", i), fmt.Sprint("middle", i), "wide") }
	for name, tt := range map[string]struct {
		unentered [][]Network // oldest first
		newcomer  []Network
		want      int // index of who gives way; -1 if nobody
	}{
		"none":                             {nil, ip("a"), -1},
		"all equal: the oldest":            {[][]Network{ip("a"), ip("b"), ip("c")}, ip("d"), 0},
		"who has two, the older of them":   {[][]Network{ip("a"), ip("b"), ip("c"), ip("b")}, ip("d"), 1},
		"who has most":                     {[][]Network{ip("a"), ip("b"), ip("b"), ip("c"), ip("c"), ip("c")}, ip("d"), 3},
		"two of equal weight: the oldest":  {[][]Network{ip("a"), ip("b"), ip("c"), ip("c"), ip("b")}, ip("d"), 1},
		"the newcomer's own":               {[][]Network{ip("a"), ip("b"), ip("c")}, ip("c"), 2},
		"not the newcomer's, who has less": {[][]Network{ip("c"), ip("b"), ip("b"), ip("b")}, ip("c"), 1},
		"nobody's network":                 {[][]Network{nil, ip("b"), ip("b")}, nil, 1},
		"five of a /56, each of a /64 of its own": {[][]Network{
			ip("a"), ip6("1", "m", "w"), ip6("2", "m", "w"), ip6("3", "m", "w"), ip6("4", "m", "w"),
		}, ip6("5", "m", "w"), 1},
		"four of a /56 weigh as one address": {[][]Network{
			ip("a"), ip6("1", "m", "w"), ip6("2", "m", "w"), ip6("3", "m", "w"),
		}, ip6("4", "m", "w"), 0},
		"seventeen of a /48": {append([][]Network{ip("a")}, times(16, alone)...), alone(16), 1},
		"sixteen of a /48":   {append([][]Network{ip("a")}, times(15, alone)...), alone(15), 0},
	} {
		rooms := make([]*Room, len(tt.unentered))
		for i, networks := range tt.unentered {
			rooms[i] = &Room{ID: fmt.Sprint(i), Networks: networks}
		}
		got := -1
		for i, r := range rooms {
			if r == ToGiveWay(rooms, tt.newcomer) {
				got = i
			}
		}
		if got != tt.want {
			t.Errorf("%s: %d gives way, want %d", name, got, tt.want)
		}
	}
}

func times(n int, network func(i int) []Network) (all [][]Network) {
	for i := range n {
		all = append(all, network(i))
	}
	return all
}

// How many networks it takes to push out the one room of a founder, however often they
// make rooms: as many as there are places. 34 addresses, or six /48, never do.
func TestALoneFounderGivesWayToManyNetworksOnly(t *testing.T) {
	const places = 100
	founder := ip("founder")
	for name, tt := range map[string]struct {
		networks int
		network  func(i int) []Network
		stays    bool
	}{
		"34 addresses":                {34, func(i int) []Network { return ip(fmt.Sprint(i)) }, true},
		"99 addresses":                {99, func(i int) []Network { return ip(fmt.Sprint(i)) }, true},
		"100 addresses":               {100, func(i int) []Network { return ip(fmt.Sprint(i)) }, false},
		"every /64 of one /48":        {1000, func(i int) []Network { return ip6(fmt.Sprint(i), fmt.Sprint(i/256), "wide") }, true},
		"every /64 of one /56":        {256, func(i int) []Network { return ip6(fmt.Sprint(i), "middle", "wide") }, true},
		"the /64s of six /48":         {6000, func(i int) []Network { return ip6(fmt.Sprint(i), fmt.Sprint(i), fmt.Sprint(i%6)) }, true},
		"the /64s of seven /48":       {7000, func(i int) []Network { return ip6(fmt.Sprint(i), fmt.Sprint(i), fmt.Sprint(i%7)) }, false},
		"as many /64s of one address": {100, func(int) []Network { return ip("one") }, true},
	} {
		var rooms []*Room
		create := func(from []Network) *Room {
			if len(rooms) == places {
				gone := ToGiveWay(rooms, from)
				for i, r := range rooms {
					if r == gone {
						rooms = append(rooms[:i:i], rooms[i+1:]...)
						break
					}
				}
			}
			r := &Room{Networks: from}
			rooms = append(rooms, r)
			return r
		}
		for i := range 2 * places { // they have had time to take all places
			create(tt.network(i % tt.networks))
		}
		lone := create(founder)
		for i := range 10 * places {
			create(tt.network((2*places + i) % tt.networks))
		}
		stays := false
		for _, r := range rooms {
			stays = stays || r == lone
		}
		if stays != tt.stays {
			t.Errorf("%s: the founder's room stays %v, want %v", name, stays, tt.stays)
		}
	}
}

package gateway

import (
	"html"
	"net/url"
	"slices"
	"strings"

	"securechat/room"
)

// hints are what a connection lets us know of the page behind it. They come
// from the client and only choose among the seats of its session.
type hints struct {
	path string // of the page, from the Referer of a polling handshake
	seat string // a seat's id, said by pages that know theirs
	room string // a room's id, or the path of a page
	name string // as typed or as rendered, that is HTML-escaped
}

// choose returns the membership that the hints speak of. A room that is named
// must match; all else only breaks ties, the surest first, so that two people
// in one browser are told apart as far as anything can tell.
func choose(seats []room.Seat, h hints) (room.Seat, bool) {
	var found []room.Seat
	for _, s := range seats {
		if s.Standing == room.Admitted && (h.room == "" || isAt(s, h.room)) {
			found = append(found, s)
		}
	}
	if len(found) == 0 {
		return room.Seat{}, false
	}
	return slices.MaxFunc(found, func(a, b room.Seat) int {
		for _, better := range []func(room.Seat) bool{
			func(s room.Seat) bool { return h.seat != "" && s.ID == h.seat },
			func(s room.Seat) bool { return h.path != "" && s.Path == h.path },
			func(s room.Seat) bool { return s.Path == h.room },
			func(s room.Seat) bool { return h.name != "" && isNamed(s, h.name) },
			func(s room.Seat) bool { return s.Open == 0 },
		} {
			if x, y := better(a), better(b); x != y {
				if x {
					return 1
				}
				return -1
			}
		}
		return a.LastSeen.Compare(b.LastSeen)
	}), true
}

// hinted returns the membership that a handshake certainly belongs to: the one
// that the page names, or the only one that the session has.
func hinted(seats []room.Seat, h hints) (room.Seat, bool) {
	for _, s := range seats {
		if s.Standing == room.Admitted && h.seat != "" && s.ID == h.seat {
			return s, true
		}
	}
	if h.path != "" {
		return choose(seats, hints{room: h.path, path: h.path})
	}
	if len(seats) == 1 {
		return choose(seats, hints{})
	}
	return room.Seat{}, false
}

// isAt reports whether a page of the seat can be meant by a room's name.
func isAt(s room.Seat, name string) bool {
	return name == s.Room || name == s.Path || name == s.ID
}

func isNamed(s room.Seat, name string) bool {
	return name == s.Name || name == html.EscapeString(s.Name)
}

// pathOf returns the last segment of the address of a room's page, "" if the
// address is another one.
func pathOf(referer string) string {
	u, err := url.Parse(referer)
	if err != nil {
		return ""
	}
	path, ok := strings.CutPrefix(u.Path, "/room/")
	if !ok || strings.Contains(path, "/") {
		return ""
	}
	return path
}

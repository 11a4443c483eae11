package gateway

import (
	"html"
	"net/url"
	"slices"
	"strings"

	"securechat/room"
)

// hints tell which page is behind a connection. They come from the client, so they prove
// nothing, and only choose among the seats of its session.
type hints struct {
	path     string // the page's path, from the Referer of a polling handshake
	waiting  bool   // the Referer is a waiting page
	seat     string // a seat's id, from pages that know theirs
	room     string // a room's id, or a page's path
	name     string // a member's name, as typed or as rendered, that is HTML-escaped
	token    string // the page's form token, from the query: no other page has it
	lastSeat string // the seat that this page was in before
}

// hints returns the hints of a handshake with those of an event in their place.
func (p payload) hints(h hints) hints {
	h.room, h.name = p.field("room"), p.field("display_name")
	return h
}

// choose returns the admitted seat that fits the hints best; false if none is in the room
// that they name. All other hints break ties, the surest first: they tell two people in one
// browser apart.
func choose(seats []room.Seat, h hints) (room.Seat, bool) {
	var found []room.Seat
	for _, s := range slices.Backward(seats) { // the newest first
		if s.Standing == room.Admitted && (h.room == "" || isAt(s, h.room)) {
			found = append(found, s)
		}
	}
	if len(found) == 0 {
		return room.Seat{}, false
	}
	return slices.MaxFunc(found, h.compare), true
}

// compare is positive if a fits the hints better than b does, and negative if it fits worse.
func (h hints) compare(a, b room.Seat) int {
	for _, better := range []func(room.Seat) bool{
		func(s room.Seat) bool { return h.seat != "" && s.ID == h.seat },
		func(s room.Seat) bool { return h.path != "" && s.Path == h.path },
		func(s room.Seat) bool { return h.name != "" && isNamed(s, h.name) },
		func(s room.Seat) bool { return h.lastSeat != "" && s.ID == h.lastSeat },
		// A page that says its token and was in no seat was just loaded.
		func(s room.Seat) bool { return h.token != "" && h.lastSeat == "" && s.Loading },
		func(s room.Seat) bool { return s.Open == 0 },
		// The old connection of a reloaded page may still be open.
		func(s room.Seat) bool { return s.Open > 0 && s.Loading },
	} {
		if x, y := better(a), better(b); x != y {
			if x {
				return 1
			}
			return -1
		}
	}
	return a.LastSeen.Compare(b.LastSeen)
}

// hinted returns the seat that a handshake certainly belongs to: the one that the page
// names, or the session's only one. It is false if that is uncertain.
func hinted(seats []room.Seat, h hints) (room.Seat, bool) {
	for _, s := range seats {
		if s.Standing == room.Admitted && h.seat != "" && s.ID == h.seat {
			return s, true
		}
	}
	if h.path != "" {
		h.room = h.path
		return choose(seats, h)
	}
	// A page that names a seat belongs to no other, even if that seat is gone.
	if len(seats) == 1 && !h.waiting && h.seat == "" {
		return choose(seats, hints{})
	}
	return room.Seat{}, false
}

// isAt reports whether pages of the seat may call their room by a name: the room's id, the
// page's path, or the seat's id.
func isAt(s room.Seat, name string) bool {
	return name == s.Room || name == s.Path || name == s.ID
}

// isNamed reports whether a name is the seat's, as typed or as rendered.
func isNamed(s room.Seat, name string) bool {
	return name == s.Name || name == html.EscapeString(s.Name)
}

// pageOf tells which page a request comes from. A room's page has a path, the last segment
// of its address. A waiting page is at /join after its form was posted, and at
// /join/<request> when it is opened.
func pageOf(referer string) (path string, waiting bool) {
	u, err := url.Parse(referer)
	if err != nil {
		return "", false
	}
	if path, ok := segmentAfter("/room/", u.Path); ok {
		return path, false
	}
	_, opened := segmentAfter("/join/", u.Path)
	return "", opened || u.Path == "/join"
}

// segmentAfter returns what follows a prefix in a path; false if that is not one segment.
func segmentAfter(prefix, path string) (segment string, ok bool) {
	segment, ok = strings.CutPrefix(path, prefix)
	return segment, ok && segment != "" && !strings.Contains(segment, "/")
}

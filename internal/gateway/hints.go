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
	path    string // of the page, from the Referer of a polling handshake
	waiting bool   // the Referer is a waiting page
	seat    string // a seat's id, said by pages that know theirs
	room    string // a room's id, or the path of a page
	name    string // as typed or as rendered, that is HTML-escaped
	page    string // something in the query that no other page has
	known   string // the seat that this page was in before
}

func (p payload) hints(h hints) hints {
	h.room, h.name = p.claim("room"), p.claim("display_name")
	return h
}

// choose returns the membership that the hints speak of. A room that is named
// must match; all else only breaks ties, the surest first, so that two people
// in one browser are told apart as far as anything can tell.
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

// compare is positive if the hints rather mean a than b.
func (h hints) compare(a, b room.Seat) int {
	for _, better := range []func(room.Seat) bool{
		func(s room.Seat) bool { return h.seat != "" && s.ID == h.seat },
		func(s room.Seat) bool { return h.path != "" && s.Path == h.path },
		func(s room.Seat) bool { return h.name != "" && isNamed(s, h.name) },
		func(s room.Seat) bool { return h.known != "" && s.ID == h.known },
		// A page that was never seen before is one that was just loaded.
		func(s room.Seat) bool { return h.page != "" && h.known == "" && s.Loading },
		func(s room.Seat) bool { return s.Open == 0 },
		// All are open: the old connection of a reloaded page may yet have to end.
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

// hinted returns the membership that a handshake certainly belongs to: the one
// that the page names, or the only one that the session has.
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
	// A page that names a seat that is gone is not of another one.
	if len(seats) == 1 && !h.waiting && h.seat == "" {
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

// pageOf takes apart the address of the page that a request comes from: the
// last segment if it is a room's page, or else whether it is a waiting page,
// which is at /join when it was posted and at /join/<request> when it is opened.
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

// segmentAfter returns the one segment that a path has after a prefix, if so.
func segmentAfter(prefix, path string) (segment string, ok bool) {
	segment, ok = strings.CutPrefix(path, prefix)
	return segment, ok && segment != "" && !strings.Contains(segment, "/")
}

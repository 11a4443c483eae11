package web

import (
	"cmp"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"securechat/internal/web/jinja"
	"securechat/internal/web/words"
	"securechat/room"
)

// maxListed bounds what the start page lists of a session, which can hold a seat in every room.
const maxListed = 20

// seatVars are the variables of the start page about what the session holds: "chats" has its
// memberships, and "requests" its open requests to join, oldest room first.
//
// There are maxListed of them at the most: all open requests first, and then the newest chats.
//
// Only who is a member is told the names of the others. Requests name nobody.
func seatVars(seats []room.Seat, l *words.Language, now time.Time) map[string]any {
	var chats, requests []any
	var admitted []room.Seat
	for _, seat := range seats {
		switch {
		case seat.Standing == room.Admitted && now.Before(seat.ExpiresAt):
			admitted = append(admitted, seat)
		case seat.Standing == room.Waiting && now.Before(seat.Deadline) && len(requests) < maxListed:
			requests = append(requests, jinja.Dict{
				"path": "/join/" + seat.ID,
				"name": seat.Name,
				"ends": instant(seat.Deadline),
			})
		}
	}
	for _, seat := range admitted[max(0, len(admitted)+len(requests)-maxListed):] {
		chats = append(chats, chatVars(seat, l, now))
	}
	return map[string]any{"chats": jinja.NewList(chats...), "requests": jinja.NewList(requests...)}
}

// chatVars are the variables of one membership. Times are there twice: as instants, for
// scripts, and in words.
func chatVars(seat room.Seat, l *words.Language, now time.Time) jinja.Dict {
	vars := jinja.Dict{
		"path":         pathOf(seat),
		"leave":        pathOf(seat) + "/leave",
		"name":         seat.Name,
		"title":        titleOf(seat, l),
		"alone":        seat.OtherCount == 0,
		"people":       seat.Participants,
		"people_words": l.Counted("start.chats.people", seat.Participants),
		"ends":         instant(seat.ExpiresAt),
		"left":         max(0, int(seat.ExpiresAt.Sub(now)/time.Second)),
		"ends_words":   withSpan(l, "start.chats.ends", seat.ExpiresAt.Sub(now)),
		"held":         "",
		"held_words":   "",
	}
	if seat.Participants == 0 {
		vars["people_words"] = l.Page("start.chats.nobody", "")
	}
	if !seat.HeldUntil.IsZero() {
		vars["held"] = instant(seat.HeldUntil)
		vars["held_words"] = withSpan(l, "start.chats.held", seat.HeldUntil.Sub(now))
	}
	return vars
}

// maxNamed is how many others a chat's title has the names of. Of more it has one less, and their
// number, as the title in the chat itself (static/js/room/names.js).
const maxNamed = 3

// titleOf returns the names of the others in a chat, each kept apart from the direction of what is
// around it.
func titleOf(seat room.Seat, l *words.Language) string {
	if len(seat.Others) == 0 {
		return l.Page("room.just-you", "")
	}
	named := seat.Others
	if seat.OtherCount > maxNamed {
		named = named[:min(maxNamed-1, len(named))]
	}
	names := "\u2068" + strings.Join(named, "\u2069, \u2068") + "\u2069"
	if more := seat.OtherCount - len(named); more > 0 {
		return strings.ReplaceAll(cmp.Or(l.Counted("names.more", more), "{names}"), "{names}", names)
	}
	return names
}

// instant returns an instant as the attribute datetime takes it.
func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func withSpan(l *words.Language, name string, d time.Duration) string {
	return strings.ReplaceAll(l.Page(name, ""), "{span}", span(l, d))
}

// span returns how long something still takes, in words. It promises no more time than there
// is, except for the last minute.
func span(l *words.Language, d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return l.Counted("span.days", int(d/(24*time.Hour)))
	case d >= time.Hour:
		return l.Counted("span.hours", int(d/time.Hour))
	}
	return l.Counted("span.minutes", max(1, int(d/time.Minute)))
}

// quit serves POST /room/{id}/leave.
func (s *server) quit(w http.ResponseWriter, r *http.Request) {
	if path := chi.URLParam(r, "id"); isID(path) {
		err := s.service.Quit(r.Context(), s.sessions.Ensure(w, r), path)
		// To have left already is no mistake, and nobody outside a room learns of it.
		if err != nil && !errors.Is(err, room.ErrNotFound) {
			s.refuseUse(w, r, "leave", err)
			return
		}
	}
	lead(w, r, "/")
}

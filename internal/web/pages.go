package web

import (
	"errors"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"securechat/internal/refusal"
	"securechat/room"
)

// home serves GET /.
func (s *server) home(w http.ResponseWriter, r *http.Request) {
	session, vars := s.sessions.Ensure(w, r), indexVars(token(r))
	if l := s.words.For(r.Header.Get("Accept-Language")); worded(l) {
		seats, err := s.service.Seats(r.Context(), session)
		if err != nil {
			s.refuseUse(w, r, "page", err)
			return
		}
		maps.Copy(vars, seatVars(seats, l, time.Now()))
	}
	s.endFlash(w, r)
	s.render(w, r, indexPage, vars)
}

// create serves POST /.
func (s *server) create(w http.ResponseWriter, r *http.Request) {
	name := r.PostFormValue(nameField)
	if strings.TrimSpace(name) == "" && !wantsJSON(r) {
		toStart(w, r)
		return
	}
	seat, err := s.service.Create(r.Context(), room.Creation{
		Session:  s.sessions.Ensure(w, r),
		Networks: s.networks(r),
		Name:     name,
	})
	if err != nil {
		s.refuseUse(w, r, "create", err)
		return
	}
	lead(w, r, pathOf(seat))
}

// join serves POST /join.
func (s *server) join(w http.ResponseWriter, r *http.Request) {
	application := room.Application{
		Session: s.sessions.Ensure(w, r),
		Name:    r.PostFormValue(nameField),
		Code:    strings.TrimSpace(r.PostFormValue(codeField)),
		Lookup:  strings.TrimSpace(r.PostFormValue(inviteField)),
	}
	if s.limited {
		application.Networks = s.networks(r)
	}
	seat, retry, err := s.ask(r, application)
	switch {
	case retry > 0:
		s.refuse(w, r, tooManyGuesses(retry))
		return
	case err != nil:
		s.refuseJoin(w, r, application, err)
		return
	}
	switch {
	case seat.Standing == room.Admitted:
		lead(w, r, pathOf(seat))
	case wantsJSON(r):
		lead(w, r, "/join/"+seat.ID)
	default:
		s.render(w, r, waitingPage, waitingVars(token(r), seat))
	}
}

// ask asks to be let in, unless the client's networks have guessed codes too often: then retry
// is when to try again. Invitations are too long to be guessed, so who has guessed codes, or
// shares a network with somebody who does, still comes in by one.
func (s *server) ask(r *http.Request, a room.Application) (seat room.Seat, retry time.Duration, err error) {
	ctx := r.Context()
	check := func() (wrong bool) {
		seat, err = s.service.RequestJoin(ctx, a)
		return errors.Is(err, room.ErrNoSuchCode)
	}
	if !s.limited || a.Lookup != "" {
		check()
		return seat, 0, err
	}
	retry, limitErr := s.guesses.try(Networks(r), check)
	if limitErr != nil {
		err = limitErr
	}
	return seat, retry, err
}

// refuseJoin answers with the problem of an application. One by an invitation has no code for
// it to be about.
func (s *server) refuseJoin(w http.ResponseWriter, r *http.Request, a room.Application, err error) {
	p := s.problemIn("join", err)
	if a.Lookup != "" && p.field == codeField {
		p.field = ""
	}
	s.refuse(w, r, p)
}

// waiting serves GET /join/{id}, the waiting page of the session's own request.
func (s *server) waiting(w http.ResponseWriter, r *http.Request) {
	seats, err := s.service.Seats(r.Context(), s.sessions.Ensure(w, r))
	if err != nil {
		s.refuseUse(w, r, "page", err)
		return
	}
	id := chi.URLParam(r, "id")
	for _, seat := range seats {
		if seat.ID != id {
			continue
		}
		if seat.Standing == room.Admitted {
			http.Redirect(w, r, pathOf(seat), http.StatusFound) // an id of ours, and below /room/
			return
		}
		s.render(w, r, waitingPage, waitingVars(token(r), seat)) // the page's script is told of a refusal
		return
	}
	toStart(w, r)
}

// toStart sends people to the start page.
func toStart(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) }

// lead answers a form with the address of the next page: a redirect for a browser,
// JSON for a script that wants it.
func lead(w http.ResponseWriter, r *http.Request, path string) {
	if !wantsJSON(r) {
		http.Redirect(w, r, path, http.StatusFound)
		return
	}
	w.Header().Add("Vary", "Accept")
	writeJSON(w, http.StatusOK, map[string]any{"location": path})
}

func wantsJSON(r *http.Request) bool { return preferred(r.Header.Get("Accept")) == "application/json" }

// chat serves GET /room/{id}.
func (s *server) chat(w http.ResponseWriter, r *http.Request) {
	session, path := s.sessions.Ensure(w, r), chi.URLParam(r, "id")
	if !isID(path) {
		toStart(w, r)
		return
	}
	page, err := s.service.Page(r.Context(), session, path)
	switch {
	case errors.Is(err, room.ErrUnentered):
		s.dismiss(w, r, refusal.Unentered)
	case errors.Is(err, room.ErrExpired):
		s.dismiss(w, r, refusal.Expired)
	case errors.Is(err, room.ErrNotFound), errors.Is(err, room.ErrNotMember):
		// Both get the same answer, so that nobody outside a room learns of it.
		s.dismiss(w, r, refusal.Ended)
	case err != nil:
		s.refuseUse(w, r, "page", err)
	default:
		s.render(w, r, roomPage, roomVars(token(r), page))
	}
}

// dismiss sends people from a room's page to the start page, which says why. A script that only
// asks whether there is such a page goes nowhere, so the next page has nothing to explain.
func (s *server) dismiss(w http.ResponseWriter, r *http.Request, why refusal.Code) {
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode == "" || mode == "navigate" {
		s.flash(w, r, why)
	}
	toStart(w, r)
}

// status serves GET /room/{id}/status.
func (s *server) status(w http.ResponseWriter, r *http.Request) {
	var status room.Status
	id, err := chi.URLParam(r, "id"), room.ErrNotFound
	if isID(id) {
		status, err = s.service.Status(r.Context(), id)
	}
	if err != nil && !errors.Is(err, room.ErrNotFound) {
		s.refuseUse(w, r, "status", err)
		return
	}
	code, answer := http.StatusOK, map[string]any{
		"status":            "active",
		"participant_count": status.Participants,
		"message_count":     status.Messages,
		"expires_in":        max(0, int(status.ExpiresIn.Seconds())),
	}
	if err != nil {
		code, answer = http.StatusNotFound, map[string]any{"status": "not_found"}
	}
	writeJSON(w, code, answer)
}

// refuseUse answers with the problem that an error of a use case means to people.
func (s *server) refuseUse(w http.ResponseWriter, r *http.Request, where string, err error) {
	s.refuse(w, r, s.problemIn(where, err))
}

// problemIn returns what an error of a use case means to people, and logs one that nobody has
// foreseen.
func (s *server) problemIn(where string, err error) problem {
	p, foreseen := problemOf(err, where)
	if !foreseen {
		s.log.Error("a request failed", "where", where, "error", err)
	}
	return p
}

func pathOf(seat room.Seat) string { return "/room/" + seat.Path }

// maxIDBytes is more than the length of any id of ours. A UUID has 36 bytes.
const maxIDBytes = 64

// isID reports whether s can be an id. Anything else does not reach the store. A
// segment with an escape in it is never an id.
func isID(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return 0 < len(s) && len(s) <= maxIDBytes
}

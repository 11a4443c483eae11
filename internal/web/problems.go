package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"securechat/internal/refusal"
	"securechat/internal/web/words"
	"securechat/room"
)

// problem is an answer that tells a person why they do not get the page they asked for.
type problem struct {
	status int
	code   refusal.Code
	values refusal.Values
	// minutes, if not zero, is the sentence's {wait}.
	minutes int
	// retry, if not zero, is when it makes sense to try again.
	retry time.Duration
	// field is the name of the form's field that it is about, if it is about one.
	field string
	// where and reason are for the metrics; empty means not counted.
	where, reason string
}

// The fields of the forms.
const (
	nameField   = "display_name"
	codeField   = "room_code"
	inviteField = "invite"
)

// problems maps the errors of the use cases to statuses and codes.
var problems = []struct {
	err error
	problem
}{
	{room.ErrMalformedCode, problem{status: http.StatusBadRequest, code: refusal.InvalidCode, field: codeField, reason: "malformed code"}},
	{room.ErrNoSuchCode, problem{status: http.StatusNotFound, code: refusal.NoSuchCode, field: codeField, reason: "no such code"}},
	{room.ErrMalformedLookup, problem{status: http.StatusBadRequest, code: refusal.InvalidInvite, field: inviteField, reason: "malformed invitation"}},
	{room.ErrNoSuchInvitation, problem{status: http.StatusNotFound, code: refusal.NoSuchInvite, field: inviteField, reason: "no such invitation"}},
	{room.ErrNameTaken, problem{status: http.StatusConflict, code: refusal.NameTaken, field: nameField, reason: "name taken"}},
	{room.ErrNameAlike, problem{status: http.StatusConflict, code: refusal.NameAlike, field: nameField, reason: "name alike"}},
	{room.ErrRoomFull, problem{status: http.StatusForbidden, code: refusal.RoomFull, field: codeField, reason: "room full"}},
	{room.ErrTooManyKnocks, problem{status: http.StatusTooManyRequests, code: refusal.TooManyJoinRequests, retry: time.Minute, reason: "too many knocks"}},
	{room.ErrTooManyRooms, problem{status: http.StatusServiceUnavailable, code: refusal.TooManyRooms, retry: 10 * time.Minute, reason: "too many rooms"}},
	{room.ErrTooManyRoomsHere, problem{status: http.StatusForbidden, code: refusal.TooManyRoomsHere, reason: "too many rooms here"}},
	{room.ErrNotFound, problem{status: http.StatusNotFound, code: refusal.RoomGone, reason: "not found"}},
	{room.ErrNotMember, problem{status: http.StatusForbidden, code: refusal.NotMember, reason: "not a member"}},
	{context.Canceled, problem{status: http.StatusServiceUnavailable, code: refusal.Cancelled, reason: "cancelled"}},
	{context.DeadlineExceeded, problem{status: http.StatusServiceUnavailable, code: refusal.Busy, retry: 10 * time.Second, reason: "timeout"}},
}

// in returns the sentence in a language.
func (p *problem) in(l *words.Language) string {
	values := p.values
	if p.minutes > 0 {
		values = refusal.Values{"wait": cmp.Or(l.Counted("minutes", p.minutes), strconv.Itoa(p.minutes)+" min")}
	}
	return l.Refusal(p.code, values)
}

var internalProblem = problem{
	status: http.StatusInternalServerError,
	code:   refusal.Internal,
	reason: "internal",
}

// problemOf returns the problem for an error of a use case. It is not ok if problems
// does not have the error.
func problemOf(err error, where string) (p problem, ok bool) {
	if name := (*room.NameError)(nil); errors.As(err, &name) {
		p = nameProblem(name)
		p.where = where
		return p, true
	}
	for _, entry := range problems {
		if errors.Is(err, entry.err) {
			p = entry.problem
			p.where = where
			return p, true
		}
	}
	p = internalProblem
	p.where = where
	return p, false
}

// nameCodes are the codes of all mistakes in a name, except for a bad character.
var nameCodes = map[room.NameProblem]refusal.Code{
	room.NameBlank:    refusal.NameBlank,
	room.NameTooLong:  refusal.NameTooLong,
	room.NameBadMarks: refusal.NameMarks,
}

func nameProblem(err *room.NameError) problem {
	p := problem{status: http.StatusBadRequest, code: nameCodes[err.Problem], field: nameField, reason: "name"}
	if err.Problem != room.NameBadCharacter {
		return p
	}
	if p.code = refusal.NameCharacter; err.IsSign() {
		p.code, p.values = refusal.NameSign, refusal.Values{"character": string(err.Char)}
	}
	return p
}

// refuse answers with the problem, in the form that the client asked for: a
// page for a browser, JSON for a script that wants it, plain text for the rest.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, p problem) {
	if p.where != "" && p.reason != "" {
		s.metrics.Refused(p.where, p.reason)
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept")
	l := s.speak(w.Header(), r)
	text := p.in(l)
	h.Del("ETag")
	h.Del("Last-Modified")
	if p.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.retry.Seconds()))))
	}
	switch preferred(r.Header.Get("Accept")) {
	case "text/html":
		s.writeErrorPage(w, l, p, text)
	case "application/json":
		answer := map[string]any{"error": text, "code": p.code, "status": p.status}
		if p.field != "" {
			answer["field"] = p.field
		}
		writeJSON(w, p.status, answer)
	default:
		write(w, p.status, "text/plain; charset=utf-8", []byte(text))
	}
}

func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	// An error means that the client is gone, which changes nothing for us.
	_, _ = w.Write(body)
}

// writeJSON sends strings and numbers.
func writeJSON(w http.ResponseWriter, status int, answer map[string]any) {
	body, err := json.Marshal(answer)
	if err != nil {
		panic(err) // strings and numbers
	}
	write(w, status, "application/json; charset=utf-8", append(body, '\n'))
}

// preferred returns the form of an answer that an Accept header names with the highest
// weight: text/html, application/json, or text/plain if it names neither. Wildcards do not
// count. They come from clients that take anything, and the bare sentence is best there.
func preferred(accept string) string {
	best, form := 0.0, "text/plain"
	for part := range strings.SplitSeq(accept, ",") {
		media, params, _ := strings.Cut(part, ";")
		media = strings.ToLower(strings.TrimSpace(media))
		if media == "application/xhtml+xml" {
			media = "text/html"
		}
		if media != "text/html" && media != "application/json" {
			continue
		}
		if weight := weightOf(params); weight > best {
			best, form = weight, media
		}
	}
	return form
}

// weightOf returns the q among a media range's parameters, 1 if there is none,
// 0 if it is malformed.
func weightOf(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		weight, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(weight >= 0 && weight <= 1) {
			return 0
		}
		return weight
	}
	return 1
}

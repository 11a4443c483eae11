package web

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"html/template"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"securechat/internal/web/words"
	"securechat/room"
)

// problem is what a person is told instead of what they asked for.
type problem struct {
	status int
	text   string // what happened and what to do, in whole sentences
	// retry, if not zero, is when it makes sense to try again.
	retry time.Duration
	// field is the name of the form's field that it is about, if it is about one.
	field string
	// where and reason are for the metrics; empty means not counted.
	where, reason string
}

// The fields of the forms.
const (
	nameField = "display_name"
	codeField = "room_code"
)

// problems maps the errors of the use cases to statuses and texts.
var problems = []struct {
	err error
	problem
}{
	{room.ErrMalformedCode, problem{status: http.StatusBadRequest, text: "Invalid input.", field: codeField, reason: "malformed code"}},
	{room.ErrNoSuchCode, problem{status: http.StatusNotFound, text: "Room not found. Codes change every few minutes. Please ask somebody in the room for the current one.", field: codeField, reason: "no such code"}},
	{room.ErrNameTaken, problem{status: http.StatusConflict, text: "Somebody in this room already has this name. Please choose another one.", field: nameField, reason: "name taken"}},
	{room.ErrNameAlike, problem{status: http.StatusConflict, text: "This name is too much like a name in this room. Please choose another one.", field: nameField, reason: "name alike"}},
	{room.ErrRoomFull, problem{status: http.StatusForbidden, text: "This room is full. Somebody has to leave it before you can join.", field: codeField, reason: "room full"}},
	{room.ErrTooManyKnocks, problem{status: http.StatusTooManyRequests, text: "Too many people are asking to join this room. Please try again in a minute.", retry: time.Minute, reason: "too many knocks"}},
	{room.ErrTooManyRooms, problem{status: http.StatusServiceUnavailable, text: "This server has all the rooms it can hold. Please try again later.", retry: 10 * time.Minute, reason: "too many rooms"}},
	{room.ErrTooManyRoomsHere, problem{status: http.StatusForbidden, text: "There are already as many rooms from your address as one may open. Please leave one of them first.", reason: "too many rooms here"}},
	{room.ErrNotFound, problem{status: http.StatusNotFound, text: "There is no such room.", reason: "not found"}},
	{room.ErrNotMember, problem{status: http.StatusForbidden, text: "You are not in this room.", reason: "not a member"}},
	{context.Canceled, problem{status: http.StatusServiceUnavailable, text: "The request was cancelled.", reason: "cancelled"}},
	{context.DeadlineExceeded, problem{status: http.StatusServiceUnavailable, text: "The server is too busy at the moment. Please try again.", retry: 10 * time.Second, reason: "timeout"}},
}

var internalProblem = problem{
	status: http.StatusInternalServerError,
	text:   "Something went wrong on this server. Please try again.",
	reason: "internal",
}

// problemOf returns what to tell about an error of a use case. It is not ok if
// the error is none that anybody foresaw.
func problemOf(err error, where string) (p problem, ok bool) {
	if name := (*room.NameError)(nil); errors.As(err, &name) {
		return problem{status: http.StatusBadRequest, text: name.Error(), field: nameField, where: where, reason: "name"}, true
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

//go:embed error.html
var errorSource string

var errorPage = template.Must(template.New("error").Parse(errorSource))

// errorPolicy allows the error page its one style, wherever the other pages come from.
var errorPolicy = "default-src 'none'; style-src 'sha256-" + styleHash(errorSource) +
	"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func styleHash(page string) string {
	_, rest, _ := strings.Cut(page, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	return base64.StdEncoding.EncodeToString(sum[:])
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
	p.text = l.Translate(p.text)
	h.Del("ETag")
	h.Del("Last-Modified")
	if p.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.retry.Seconds()))))
	}
	switch preferred(r.Header.Get("Accept")) {
	case "text/html":
		h.Set("Content-Security-Policy", errorPolicy)
		s.writeErrorPage(w, l, p)
	case "application/json":
		answer := map[string]any{"error": p.text, "status": p.status}
		if p.field != "" {
			answer["field"] = p.field
		}
		writeJSON(w, p.status, answer)
	default:
		write(w, p.status, "text/plain; charset=utf-8", []byte(p.text))
	}
}

func (s *server) writeErrorPage(w http.ResponseWriter, l *words.Language, p problem) {
	var page bytes.Buffer
	err := errorPage.Execute(&page, struct{ Lang, Name, Text, Home string }{
		cmp.Or(l.Tag, "en"), l.Page("name", "Secure Chat"), p.text, l.Page("error.home", "Back to the start page"),
	})
	if err != nil {
		panic(err) // a constant template, strings and a buffer
	}
	write(w, p.status, "text/html; charset=utf-8", page.Bytes())
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

// preferred returns which of our forms of an answer an Accept header names with
// the highest weight: text/html, application/json, or text/plain if it names
// neither. Wildcards do not count: they come from clients that take anything,
// and a person is best served with the bare sentence there.
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

package gateway

import (
	"errors"
	"html"
	"math"
	"time"

	"securechat/room"
)

// The events that clients send. Several have a second name.
const (
	evJoin        = "join"
	evMessage     = "message"
	evJoinRequest = "join_request"
	evApprove     = "approve_join"
	evDeny        = "deny_join"
	evNewCode     = "request_code_update"
	evTimerSync   = "request_timer_sync"
	evPingRoom    = "ping_room"
	evPing        = "ping"
	evLeave       = "leave_room"
)

var aliases = map[string]string{
	"request_approval": evJoinRequest,
	"approve":          evApprove,
	"deny":             evDeny,
	"code_refresh":     evNewCode,
}

// maxClaim bounds the ids and names in a payload, in bytes; more is nobody's.
const maxClaim = 512

// payload is the first argument of an event, if it is an object. All its
// methods make do with whatever a client sent.
type payload map[string]any

// decode takes an event apart. Nothing is certain about it: not even that it
// has a name. The last argument is an acknowledgement if one was asked for.
func decode(event []any) (name string, p payload, ack func([]any, error)) {
	if n := len(event); n > 0 {
		if fn, ok := event[n-1].(func([]any, error)); ok {
			ack, event = fn, event[:n-1]
		}
	}
	if len(event) > 0 {
		name, _ = event[0].(string)
	}
	if len(event) > 1 {
		p, _ = event[1].(map[string]any)
	}
	if real, ok := aliases[name]; ok {
		name = real
	}
	return name, p, ack
}

// claim returns an id or a name, "" if there is none.
func (p payload) claim(key string) string {
	s, _ := p[key].(string)
	if len(s) > maxClaim {
		return ""
	}
	return s
}

func (p payload) hints(h hints) hints {
	h.room, h.name = p.claim("room"), p.claim("display_name")
	return h
}

// fields is a payload to send.
type fields = map[string]any

func countFields(count int) fields { return fields{"count": count} }

func nameFields(member, name string) fields {
	return fields{"display_name": html.EscapeString(name), "member": member}
}

// messageFields: the pages compare sender with the name in their template and
// put both it and the content into innerHTML.
func messageFields(m room.Message) fields {
	return fields{
		"sender":    html.EscapeString(m.Name),
		"content":   m.Content,
		"timestamp": m.At.Format(time.TimeOnly),
		"id":        m.Seq,
		"name":      m.Name,
		"member":    m.Member,
		"at":        m.At.UnixMilli(),
	}
}

func codeFields(code string, remaining time.Duration) fields {
	return fields{"new_code": code, "code": code, "time_remaining": seconds(remaining)}
}

func timerFields(remaining time.Duration) fields {
	return fields{"time_remaining": seconds(remaining)}
}

func knockFields(roomID string, k room.Knock) fields {
	return fields{
		"user": html.EscapeString(k.Name), "user_id": k.ID, "room": roomID,
		"expires_in": max(0, seconds(time.Until(k.Deadline))),
	}
}

func votedFields(v room.KnockVoted) fields {
	return fields{"user_id": v.Knock, "approvals": v.Approvals, "required": v.Required}
}

func admittedFields(roomID, knock string, at time.Time) fields {
	return fields{"user_id": knock, "room": roomID, "current_time": at.Unix()}
}

// refusedFields carry the room's id for its members, and the knock's own for
// the applicant, who does not get to know the room.
func refusedFields(roomID, knock string, why room.Refusal) fields {
	f := fields{"user_id": knock, "room": roomID}
	if text := refusals[why]; text != "" {
		f["reason"] = text
	}
	return f
}

// refusals are the reasons that pages show to an applicant. That somebody said
// no has none: the pages have their own words for that.
var refusals = map[room.Refusal]string{
	room.TimedOut: "Request timed out",
	room.RoomFull: "The room is full. Somebody has to leave it before you can join.",
	room.RoomGone: "The room no longer exists.",
}

const noSuchRequest = "Your request is no longer open. Please go back and ask again."

func statusFields(s room.Status) fields {
	return fields{"exists": true, "participant_count": s.Participants, "expires_in": seconds(s.ExpiresIn)}
}

func goneFields() fields {
	return fields{"exists": false, "participant_count": 0, "expires_in": 0}
}

// seconds rounds up, so that a countdown never reads zero before its time.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// Errors of the gateway's own.
var (
	errRateLimited        = errors.New("gateway: too many events")
	errTooManyConnections = errors.New("gateway: too many connections of a session")
	errLeft               = errors.New("gateway: left for good in another tab")
)

// problems maps errors to what a person is told, and to a word for programs.
var problems = []struct {
	err        error
	code, text string
}{
	{room.ErrNotFound, "not_found", "This room does not exist any more. Please go back to the start page."},
	{room.ErrNotMember, "not_member", "You are not in this room. Please join it with its code."},
	{room.ErrNoSuchKnock, "no_such_request", "This request to join has already ended."},
	{room.ErrMessageTooLong, "too_long", "Your message is too long and was not sent. Please split it."},
	{errRateLimited, "rate_limited", "You are sending too fast, and something was not delivered. Please wait a few seconds."},
	{errTooManyConnections, "too_many_connections", "This browser has too many connections open. Please close some tabs."},
	{errLeft, "left", "You left this room in another tab."},
}

func errorFields(err error) (f fields, code string) {
	for _, p := range problems {
		if errors.Is(err, p.err) {
			return fields{"message": p.text, "code": p.code}, p.code
		}
	}
	return fields{"message": "Something went wrong on this server. Please try again.", "code": "internal"}, "internal"
}

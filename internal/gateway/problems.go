package gateway

import (
	"context"
	"errors"
	"runtime/debug"

	"securechat/room"
)

// Errors of the gateway's own.
var (
	errRateLimited        = errors.New("gateway: too many events")
	errTooManyConnections = errors.New("gateway: too many connections of a session")
	errLeft               = errors.New("gateway: left for good in another tab")
)

// problems maps errors to what a person is told, and to a word for the metrics.
var problems = []struct {
	err        error
	code, text string
}{
	{room.ErrUnentered, "unentered", "Your room was closed because nobody entered it in time. Please create it again."},
	{room.ErrNotFound, "not_found", "This room does not exist any more. Please go back to the start page."},
	{room.ErrNotMember, "not_member", "You are not in this room. Please join it with its code."},
	{room.ErrNoSuchKnock, "no_such_request", "This request to join has already ended."},
	{room.ErrMessageTooLong, "too_long", "Your message is too long and was not sent. Please split it."},
	{room.ErrMessageBlank, "blank", "There is nothing to see in your message, so it was not sent."},
	{errRateLimited, "rate_limited", "You are sending too fast, and something was not delivered. Please wait a few seconds."},
	{errTooManyConnections, "too_many_connections", "This browser has too many connections open. Please close some tabs."},
	{errLeft, "left", "You left this room in another tab."},
}

// problemOf returns what to tell about an error, and the word for it.
func problemOf(err error) (p errorPayload, code string) {
	for _, known := range problems {
		if errors.Is(err, known.err) {
			return errorPayload{Message: known.text}, known.code
		}
	}
	return errorPayload{Message: "Something went wrong on this server. Please try again."}, "internal"
}

// refusals are the reasons that pages show to an applicant. That somebody said
// no has none: the pages have their own words for that.
var refusals = map[room.Refusal]string{
	room.TimedOut:  "Request timed out",
	room.RoomFull:  "The room is full. Somebody has to leave it before you can join.",
	room.RoomGone:  "The room no longer exists.",
	room.Withdrawn: "The request was withdrawn.",
	room.Displaced: "Too many requests came from your network at once, so somebody else got your place. Please ask again in a minute.",
}

const noSuchRequest = "Your request is no longer open. Please go back and ask again."

// fail tells the client of an error.
func (c *conn) fail(err error) { c.failOver(err, "") }

// failOver tells the client of an error about the message that its page calls
// ref, if it is about one.
func (c *conn) failOver(err error, ref string) {
	if errors.Is(err, context.Canceled) {
		return // it is gone
	}
	p, code := problemOf(err)
	if code == "internal" {
		c.g.Log.Error("an event failed", "error", err)
	}
	c.g.Metrics.Refused("event", code)
	p.Ref = ref
	c.emit("room_error", p)
}

// contain keeps a fault in the handling of an event from ending more than the
// event.
func (c *conn) contain(event, ref string) {
	if fault := recover(); fault != nil {
		c.g.Log.Error("an event could not be handled", "event", event, "stack", string(debug.Stack()))
		c.failOver(errors.New("gateway: fault"), ref)
	}
}

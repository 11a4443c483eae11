package gateway

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"securechat/internal/refusal"
	"securechat/room"
)

// These errors are the gateway's own.
var (
	errRateLimited        = errors.New("gateway: too many events")
	errTooManyConnections = errors.New("gateway: too many connections of a session")
	errLeft               = errors.New("gateway: left for good in another tab")
)

// problems maps errors to codes, and to the metrics' words for them.
var problems = []struct {
	err    error
	code   refusal.Code
	reason string
}{
	{room.ErrUnentered, refusal.Unentered, "unentered"},
	{room.ErrNotFound, refusal.RoomGone, "not_found"},
	{room.ErrNotMember, refusal.NotMember, "not_member"},
	{room.ErrNoSuchKnock, refusal.NoSuchRequest, "no_such_request"},
	{room.ErrMessageTooLong, refusal.MessageTooLong, "too_long"},
	{room.ErrMessageBlank, refusal.MessageBlank, "blank"},
	{errRateLimited, refusal.TooFast, "rate_limited"},
	{errTooManyConnections, refusal.TooManyTabs, "too_many_connections"},
	{errLeft, refusal.LeftElsewhere, "left"},
}

// problemOf returns the code of an error, and the metrics' word for it.
func problemOf(err error) (code refusal.Code, reason string) {
	for _, known := range problems {
		if errors.Is(err, known.err) {
			return known.code, known.reason
		}
	}
	return refusal.Internal, "internal"
}

// verdicts are the codes of refused requests to join.
var verdicts = map[room.Refusal]refusal.Code{
	room.Declined:  refusal.Declined,
	room.TimedOut:  refusal.TimedOut,
	room.RoomFull:  refusal.RoomFull,
	room.RoomGone:  refusal.RoomGone,
	room.Withdrawn: refusal.Withdrawn,
	room.Displaced: refusal.Displaced,
}

// reasonOf returns the reason for pages that know no codes. These have words of their own for a
// request that was declined, and compare the reason of one that timed out.
func reasonOf(code refusal.Code) string {
	switch code {
	case refusal.Declined:
		return ""
	case refusal.TimedOut:
		return "Request timed out"
	default:
		return code.Sentence(nil)
	}
}

// refusedOf returns how a request to join ended. The code is for pages that name themselves.
func refusedOf(knock, room string, code refusal.Code, named bool) refusedPayload {
	p := refusedPayload{UserID: knock, Room: room, Reason: reasonOf(code)}
	if named {
		p.Code = code
	}
	return p
}

// fail tells the client of an error.
func (c *conn) fail(err error) { c.failOver(err, "") }

// failOver tells the client of an error. If it is about a message, ref is what the page
// calls that.
func (c *conn) failOver(err error, ref string) {
	if errors.Is(err, context.Canceled) {
		return // it is gone
	}
	if errors.Is(err, room.ErrNotHere) {
		c.hangUp()
		return
	}
	code, reason := problemOf(err)
	c.g.options.Metrics.Refused("event", reason)
	if code == refusal.Internal {
		c.g.options.Log.Error("an event failed", "error", err)
		if errors.Is(err, room.ErrUncertain) || !c.named() && !errors.Is(err, room.ErrFault) {
			// It was no answer, and pages without a name leave the room for ever at any error.
			// All come back by themselves when the connection ends, and ask again.
			c.hangUp()
			return
		}
	}
	p := errorPayload{Message: code.Sentence(nil), Ref: ref}
	if c.named() {
		p.Code = code
	}
	c.emit("room_error", p)
}

// hangUp ends the session that carries the connection, and says nothing. The page makes a new
// one, if it has not done so already.
func (c *conn) hangUp() {
	c.replaced.Store(true) // what comes after something that was dropped must not count
	go c.link.Close(true)  // not here: somebody may hold what the end needs
}

// stumble ends a connection that could not be told something. Nothing that it would be told after
// that counts as told, so the page is sent all of it when it comes back.
func (c *conn) stumble(what string) {
	c.g.options.Log.Error("a connection could not be told something", "what", what, "stack", string(debug.Stack()))
	c.marks.tear()
	c.hangUp()
}

// containTelling keeps a fault in telling a room's event from ending more than the connections
// that were to hear it.
func (g *Gateway) containTelling(roomID string, e *room.Event) {
	if fault := recover(); fault != nil {
		what := fmt.Sprintf("%T", e.Body)
		for _, c := range g.audience.with(roomID, knockIn(e)) {
			c.stumble(what)
		}
	}
}

// containTelling keeps a fault in telling one connection something from ending more than that.
func (c *conn) containTelling(what string) {
	if fault := recover(); fault != nil {
		c.stumble(what)
	}
}

// contain keeps a fault in the handling of an event from ending more than the
// event.
func (c *conn) contain(event, ref string) {
	if fault := recover(); fault != nil {
		c.g.options.Log.Error("an event could not be handled", "event", event, "stack", string(debug.Stack()))
		c.failOver(room.ErrFault, ref)
	}
}

package gateway

import (
	"context"
	"errors"
	"html"
	"strings"
	"time"

	"securechat/internal/engine"
	"securechat/room"
)

// handle handles one event. It is called with one at a time, and with whatever the
// client sent.
func (c *conn) handle(event []any) {
	if c.replaced.Load() {
		return
	}
	name, p, ack := decode(event)
	handler := handlers[name]
	start := time.Now()
	var ref string
	if name == evMessage {
		ref = p.ref()
	}
	defer c.contain(name, ref)
	if ack != nil {
		defer ack([]any{}, nil)
	}
	c.events++
	if !c.allowance.event(name) {
		c.tooFast(name, ref)
		return
	}
	if handler == nil {
		return
	}
	handler(c, p)
	c.g.Metrics.ObserveEvent(name, time.Since(start))
}

// tooFast drops an event and says so now and then: of a message that can be
// told by its ref always, and of a hint that somebody types never.
func (c *conn) tooFast(event, ref string) {
	switch {
	case event == evTyping:
		c.g.Metrics.Refused("event", "typing")
	case ref != "" && !c.flooded, c.allowance.complain():
		c.failOver(errRateLimited, ref)
	}
	if c.allowance.enough() && !c.flooded {
		c.flooded = true
		c.g.Metrics.Refused("event", "flood")
		// Not at once: the error must reach a polling client first.
		go c.socket.Conn().Close(false)
	}
}

var handlers = map[string]func(*conn, payload){
	evJoin:        (*conn).onJoin,
	evMessage:     (*conn).onMessage,
	evTyping:      (*conn).onTyping,
	evMembers:     (*conn).onMembers,
	evCode:        (*conn).onCode,
	evJoinRequest: (*conn).onJoinRequest,
	evWithdraw:    (*conn).onWithdraw,
	evApprove:     (*conn).onApprove,
	evDeny:        (*conn).onDeny,
	evNewCode:     (*conn).onNewCode,
	evTimerSync:   (*conn).onTimerSync,
	evPingRoom:    (*conn).onPingRoom,
	evPing:        (*conn).onPing,
	evLeave:       (*conn).onLeave,
}

// onJoin: a page asks to enter a room.
func (c *conn) onJoin(p payload) {
	h := p.hints(c.hints)
	if h.room == "" {
		c.fail(room.ErrNotMember)
		return
	}
	seat, bound := c.boundTo()
	if !bound || !isAt(seat, h.room) || c.meansAnother(seat, h) {
		found, ok := c.find(h)
		if !ok {
			c.fail(c.noSeat(h.room))
			return
		}
		seat = found
	}
	if err := c.bind(seat, true); err != nil {
		c.fail(err)
	}
}

// meansAnother reports whether a connection that is in the room says the name
// of another membership: the page knows better than the handshake did.
func (c *conn) meansAnother(bound room.Seat, h hints) bool {
	if h.name == "" || isNamed(bound, h.name) || bound.ID == h.seat || h.path != "" && bound.Path == h.path {
		return false
	}
	other, ok := c.find(h)
	return ok && other.ID != bound.ID
}

// find looks the hints up among what the session holds.
func (c *conn) find(h hints) (room.Seat, bool) {
	if c.session == "" {
		return room.Seat{}, false
	}
	seats, err := c.g.service.Seats(c.ctx, c.session)
	if err != nil {
		c.g.Log.Error("looking up a session", "error", err)
		return room.Seat{}, false
	}
	return choose(seats, h)
}

// member returns the membership that an event of a room's member is about, and
// puts the connection into the room if the page was there and got lost. Who has
// asked to leave must ask to join.
func (c *conn) member(p payload) (room.Seat, error) {
	h := p.hints(c.hints)
	if h.room == "" {
		return room.Seat{}, room.ErrNotMember
	}
	if seat, bound := c.boundTo(); bound {
		if isAt(seat, h.room) {
			return seat, nil
		}
		return room.Seat{}, room.ErrNotMember
	}
	seat, ok := c.find(h)
	if !ok {
		return room.Seat{}, c.noSeat(h.room)
	}
	if c.left[seat.Room] {
		return room.Seat{}, room.ErrNotMember
	}
	return seat, c.bind(seat, false)
}

// noSeat returns why the session has no membership of a room: who created it is told if
// it was closed because nobody entered it. Nobody else learns whether there is such a room.
func (c *conn) noSeat(id string) error {
	if c.session == "" {
		return room.ErrNotMember
	}
	if err := c.g.service.Gone(c.ctx, c.session, id); !errors.Is(err, room.ErrNotFound) || errors.Is(err, room.ErrUnentered) {
		return err
	}
	return room.ErrNotMember
}

// mayEnter reports whether the session has a membership of the room.
func (c *conn) mayEnter(p payload) bool {
	h := p.hints(c.hints)
	_, ok := c.find(h)
	return h.room != "" && ok
}

// asMember does something with the membership that an event is about.
func (c *conn) asMember(p payload, do func(room.Seat) error) {
	seat, err := c.member(p)
	if err == nil {
		err = do(seat)
	}
	if err != nil {
		c.fail(err)
	}
}

func (c *conn) onMessage(p payload) {
	text, _ := p["message"].(string) // what is no text says nothing
	ref := p.ref()
	if p.tooLong() {
		c.failOver(room.ErrMessageTooLong, ref)
		return
	}
	// Old pages leave the room at any error, and this one is none of theirs: only
	// a page that waits for its message is told.
	if ref == "" && strings.TrimSpace(text) == "" {
		return
	}
	err := c.post(p, text, ref)
	if err != nil && (ref != "" || !errors.Is(err, room.ErrMessageBlank)) {
		c.failOver(err, ref)
	}
}

// post says something to the room. Of a message that is posted again and was
// there already, the page learns here: it may have been sent it and not know.
func (c *conn) post(p payload, text, ref string) error {
	s, err := c.member(p)
	if err != nil {
		return err
	}
	if !c.g.mayPost(s.Room, s.ID, text) {
		c.tooFast(evMessage, ref)
		return nil
	}
	again, _ := p["again"].(bool)
	earlier, err := c.g.service.Post(c.ctx, room.Draft{Room: s.Room, Member: s.ID, Text: text, Ref: ref, Again: again})
	if earlier != nil {
		c.g.budgets.echo(s.ID, len(earlier.Content), time.Now())
		// Without the position: the page has seen later ones.
		c.emit("message", messageOf(*earlier))
	}
	return err
}

// onTyping: somebody is writing. It is no affair of the room's rules, and
// whatever is wrong with it is nobody's: a hint must never end a page.
//
// Volatile: it is dropped for a connection that has something waiting, or whose
// next poll has not come, rather than to wait there and arrive late.
func (c *conn) onTyping(p payload) {
	s, bound := c.boundTo()
	if !bound || !isAt(s, p.claim("room")) {
		return
	}
	if c.g.RateLimits && !c.g.budgets.typing(s.ID, time.Now()) {
		c.g.Metrics.Refused("event", "typing")
		return
	}
	typing := c.g.outgoing(engine.Event{evTyping, typingPayload{s.ID, html.EscapeString(s.Name)}}, nil)
	c.g.broadcast(s.Room, "", func(l listener) {
		if l.member != s.ID {
			l.offer(typing)
		}
	})
}

// onCode: a page asks for the room's code.
func (c *conn) onCode(p payload) {
	c.asMember(p, func(s room.Seat) error {
		return c.g.service.TellCode(c.ctx, s.Room, s.ID, c.id)
	})
}

// onMembers: a page asks who is in the room.
func (c *conn) onMembers(p payload) {
	c.asMember(p, func(s room.Seat) error {
		if c.g.RateLimits && !c.g.budgets.list(s.ID, time.Now()) {
			c.tooFast(evMembers, "")
			return nil
		}
		return c.g.service.ListMembers(c.ctx, s.Room, s.ID, c.id)
	})
}

func (c *conn) onApprove(p payload) { c.vote(p, c.g.service.Approve) }

func (c *conn) onDeny(p payload) { c.vote(p, c.g.service.Decline) }

func (c *conn) vote(p payload, cast func(ctx context.Context, room, member, knock string) error) {
	c.asMember(p, func(s room.Seat) error {
		err := cast(c.ctx, s.Room, s.ID, p.claim("user_id"))
		if errors.Is(err, room.ErrNoSuchKnock) {
			// Two members click at the same moment, and one comes too late. That
			// is no mistake of theirs, and old pages leave the room at any error.
			c.g.Metrics.Refused("event", "no such request")
			return nil
		}
		return err
	})
}

func (c *conn) onNewCode(p payload) {
	c.asMember(p, func(s room.Seat) error {
		if !c.allowance.favour() || c.g.RateLimits && !c.g.budgets.newCode(s.ID, time.Now()) {
			c.tooFast(evNewCode, "")
			return nil
		}
		return c.g.service.RotateCode(c.ctx, s.Room, s.ID)
	})
}

func (c *conn) onTimerSync(p payload) {
	c.asMember(p, func(s room.Seat) error {
		remaining, err := c.g.service.TimeRemaining(c.ctx, s.Room)
		if err == nil {
			c.emit("timer_sync", timerPayload{seconds(remaining)})
		}
		return err
	})
}

func (c *conn) onPingRoom(p payload) {
	var status room.Status
	seat, err := c.member(p)
	if err == nil {
		status, err = c.g.service.Status(c.ctx, seat.Room)
	}
	switch {
	case errors.Is(err, context.Canceled): // it is the page that is gone
	case err != nil:
		c.emit("room_status", gonePayload{})
	default:
		c.emit("room_status", statusOf(status))
	}
}

func (c *conn) onPing(payload) { c.emit("pong") }

// onLeave: a page takes its leave.
//
// From a connection that was put back into its room and says nothing else
// first, this is stale. Client 4.0.1 closes its transport when the page is about to
// unload and keeps the event; if the person then decides to stay, the client
// reconnects and sends it. A page that still talks has not left. Nor has one
// anything to leave that has not entered.
func (c *conn) onLeave(p payload) {
	final, _ := p["final"].(bool)
	_, bound := c.boundTo()
	if !final && (c.restored && c.events == 1 || !bound && c.mayEnter(p)) {
		c.g.Log.Debug("ignored a goodbye of a page that stayed")
		return
	}
	seat, err := c.leaving(p, final)
	if err == nil {
		// What was only sent may never arrive.
		err = c.g.service.Leave(c.ctx, seat.Room, seat.ID, c.id, c.marks.confirmed(c.link, seat.Room), final)
	}
	if err != nil {
		c.fail(err)
		return
	}
	if !final {
		c.hasLeft(seat)
	}
	if c.left == nil {
		c.left = make(map[string]bool)
	}
	c.left[seat.Room] = true
}

// leaving returns the membership that a goodbye is about. Whoever leaves for
// good need not enter for it, and may have left the room before.
func (c *conn) leaving(p payload, final bool) (room.Seat, error) {
	if _, bound := c.boundTo(); bound || !final {
		return c.member(p)
	}
	h := p.hints(c.hints)
	if seat, ok := c.find(h); ok && h.room != "" {
		return seat, nil
	}
	return room.Seat{}, room.ErrNotMember
}

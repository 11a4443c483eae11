package gateway

import (
	"context"
	"errors"
	"html"
	"slices"
	"strings"
	"time"

	"securechat/internal/engine"
	"securechat/room"
)

// handle handles one event, whatever the client has put into it. It is called with one
// event of a connection at a time.
func (c *conn) handle(event []any) {
	if c.replaced.Load() {
		return
	}
	name, p, ack := unpack(event)
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
	c.g.options.Metrics.ObserveEvent(name, time.Since(start))
}

// tooFast notes that an event is dropped, and tells the page now and then. A page hears of
// each message that has a ref, and of no hint that somebody types.
func (c *conn) tooFast(event, ref string) {
	switch {
	case event == evTyping:
		c.g.options.Metrics.Refused("event", "typing")
	case ref != "" && !c.flooded, c.allowance.mayComplain():
		c.failOver(errRateLimited, ref)
	}
	if c.allowance.tooManyDropped() && !c.flooded {
		c.flooded = true
		c.g.options.Metrics.Refused("event", "flood")
		// The error has to reach a polling client first, so the connection may not end here.
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
	evInvite:      (*conn).onInvite,
	evRevoke:      (*conn).onRevoke,
	evTimerSync:   (*conn).onTimerSync,
	evPingRoom:    (*conn).onPingRoom,
	evPing:        (*conn).onPing,
	evLeave:       (*conn).onLeave,
}

// onJoin lets a page into a room.
func (c *conn) onJoin(p payload) {
	h := p.hints(c.hints)
	if h.room == "" {
		c.fail(room.ErrNotMember)
		return
	}
	seat, bound := c.boundTo()
	if !bound || !isAt(seat, h.room) || c.meansAnother(seat, h) {
		found, err := c.find(h)
		if err != nil {
			c.fail(err)
			return
		}
		seat = found
	}
	if err := c.enter(seat, true); err != nil {
		c.fail(err)
	}
}

// meansAnother reports whether the page of a connection that is in a room says the name of
// another of the session's members: the page knows better than the handshake did.
func (c *conn) meansAnother(bound room.Seat, h hints) bool {
	if h.name == "" || isNamed(bound, h.name) || bound.ID == h.seat || h.path != "" && bound.Path == h.path {
		return false
	}
	other, err := c.find(h)
	return err == nil && other.ID != bound.ID
}

// find returns the membership that fits the hints. Errors: those of noSeat, and of the service
// if it could not answer.
func (c *conn) find(h hints) (room.Seat, error) {
	if c.session == "" {
		return room.Seat{}, room.ErrNotMember
	}
	seats, err := c.g.options.Service.Seats(c.ctx, c.session)
	if err != nil {
		return room.Seat{}, err
	}
	c.recognise(seats)
	h.lastSeat = c.hints.lastSeat
	if seat, ok := choose(seats, h); ok {
		return seat, nil
	}
	return room.Seat{}, c.noSeat(h.room)
}

// member returns the membership that an event is about. A connection in no room is put into
// the room, since its page may have been there before; one that has asked to leave has to
// ask to join.
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
	seat, err := c.find(h)
	if err != nil {
		return room.Seat{}, err
	}
	if c.left[seat.Room] {
		return room.Seat{}, room.ErrNotMember
	}
	return seat, c.enter(seat, false)
}

// noSeat returns why the session has no membership of a room. The creator of a room that was
// closed because nobody entered it gets ErrUnentered. All others get ErrNotMember, and do
// not learn whether there is such a room.
func (c *conn) noSeat(id string) error {
	if c.session == "" {
		return room.ErrNotMember
	}
	if err := c.g.options.Service.Gone(c.ctx, c.session, id); !errors.Is(err, room.ErrNotFound) || errors.Is(err, room.ErrUnentered) {
		return err
	}
	return room.ErrNotMember
}

// mayEnter reports whether the session has a membership of the room that an event names.
func (c *conn) mayEnter(p payload) bool {
	h := p.hints(c.hints)
	_, err := c.find(h)
	return h.room != "" && err == nil
}

// asMember calls do with the membership that an event is about, and tells the page of errors.
func (c *conn) asMember(p payload, do func(room.Seat) error) {
	seat, err := c.member(p)
	if err == nil {
		err = do(seat)
	}
	if err != nil {
		c.fail(err)
	}
}

// onMessage relays a message.
func (c *conn) onMessage(p payload) {
	text, _ := p["message"].(string) // anything but a string counts as blank
	ref := p.ref()
	if p.tooLong() {
		c.failOver(room.ErrMessageTooLong, ref)
		return
	}
	// Old pages leave the room at any error, and say blank messages. Only a page that waits
	// for its message is told.
	if ref == "" && strings.TrimSpace(text) == "" {
		return
	}
	err := c.post(p, text, ref)
	if err != nil && (ref != "" || !errors.Is(err, room.ErrMessageBlank)) {
		c.failOver(err, ref)
	}
}

// post posts a message. A repeat that is already in the log is echoed to this page only: its
// first echo may have been lost.
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
	earlier, err := c.g.options.Service.Post(c.ctx, room.Draft{Caller: c.caller(s), Kind: room.KindText, Content: text, Ref: ref, Again: again})
	if err == nil && earlier == nil {
		c.g.options.Metrics.MessageRelayed()
	}
	if earlier != nil {
		c.g.budgets.echo(s.ID, len(earlier.Content), time.Now())
		// The echo has no position, since the page has seen later ones.
		c.emit("message", messageOf(*earlier))
	}
	return err
}

// onTyping tells the other members that somebody is writing. The rules of a room know
// nothing of it. Errors are not told, since old pages leave the room at any error.
//
// The event is volatile: a connection that has something waiting, or whose next poll has not
// come, is not sent it, since it would arrive late.
func (c *conn) onTyping(p payload) {
	s, bound := c.boundTo()
	if !bound || !isAt(s, p.field("room")) {
		return
	}
	if c.g.options.RateLimits && !c.g.budgets.typing(s.ID, time.Now()) {
		c.g.options.Metrics.Refused("event", "typing")
		return
	}
	typing := c.g.outgoing(engine.Event{evTyping, typingPayload{s.ID, html.EscapeString(s.Name)}}, nil)
	c.g.broadcast(s.Room, "", func(l listener) {
		if l.member != s.ID {
			l.offer(typing)
		}
	})
}

// onCode tells a page the room's code.
func (c *conn) onCode(p payload) {
	c.asMember(p, func(s room.Seat) error {
		return c.g.options.Service.View(c.ctx, c.caller(s), func(v room.View) {
			c.emit("code_update", codeOf(v.Code()))
		})
	})
}

// onMembers tells a page who is in the room.
func (c *conn) onMembers(p payload) {
	c.asMember(p, func(s room.Seat) error {
		if c.g.options.RateLimits && !c.g.budgets.list(s.ID, time.Now()) {
			c.tooFast(evMembers, "")
			return nil
		}
		return c.g.options.Service.View(c.ctx, c.caller(s), func(v room.View) {
			c.emit("members", membersOf(s.ID, v.Members(), c.named()))
		})
	})
}

func (c *conn) onApprove(p payload) { c.vote(p, c.g.options.Service.Approve) }

func (c *conn) onDeny(p payload) { c.vote(p, c.g.options.Service.Decline) }

// vote casts a yes or a no.
func (c *conn) vote(p payload, cast func(ctx context.Context, c room.Caller, knock string) error) {
	c.asMember(p, func(s room.Seat) error {
		err := cast(c.ctx, c.caller(s), p.field("user_id"))
		if errors.Is(err, room.ErrNoSuchKnock) {
			// Two members may click at the same moment, and one comes too late. That is
			// no mistake of theirs, and old pages leave the room at any error.
			c.g.options.Metrics.Refused("event", "no such request")
			return nil
		}
		return err
	})
}

// onNewCode gives the room a new code.
func (c *conn) onNewCode(p payload) {
	c.asMember(p, func(s room.Seat) error {
		if !c.allowance.favour() || c.g.options.RateLimits && !c.g.budgets.newCode(s.ID, time.Now()) {
			c.tooFast(evNewCode, "")
			return nil
		}
		return c.g.options.Service.RotateCode(c.ctx, c.caller(s))
	})
}

// onInvite makes an invitation. Only the page that asked is told of it, since the lookup is
// kept nowhere.
func (c *conn) onInvite(p payload) {
	c.asMember(p, func(s room.Seat) error {
		if c.g.options.RateLimits && !c.g.budgets.invitation(s.ID, time.Now()) {
			c.tooFast(evInvite, "")
			return nil
		}
		lookup, until, err := c.g.options.Service.Invite(c.ctx, c.caller(s))
		if err != nil {
			return err
		}
		told, err := inviteOf(lookup, until, time.Now(), c.named())
		if err != nil {
			return err
		}
		// Told in the room's order: it may have ended since it was made, and the page has heard of that too early.
		return c.g.options.Service.View(c.ctx, c.caller(s), func(v room.View) {
			c.emit("invite", told)
			if left := invitesOf(v.Invitations(s.ID)); c.named() && !slices.Contains(left.Hashes, told.Hash) {
				c.emit("invites", left)
			}
		})
	})
}

// onRevoke ends one of the member's invitations, or all if the payload names none. There is
// no budget for it: whoever wants a link to end must not be told that they are too fast.
func (c *conn) onRevoke(p payload) {
	c.asMember(p, func(s room.Seat) error {
		if _, one := p["lookup"]; !one {
			return c.g.options.Service.RevokeAll(c.ctx, c.caller(s))
		}
		err := c.g.options.Service.Revoke(c.ctx, c.caller(s), p.field("lookup"))
		if errors.Is(err, room.ErrMalformedLookup) {
			return nil // it is no invitation's, and must not end all
		}
		return err
	})
}

// onTimerSync tells a page how long the room's code still holds.
func (c *conn) onTimerSync(p payload) {
	c.asMember(p, func(s room.Seat) error {
		return c.g.options.Service.View(c.ctx, c.caller(s), func(v room.View) {
			c.emit("timer_sync", timerPayload{seconds(v.Remaining())})
		})
	})
}

// onPingRoom tells a page whether the room is still there. Unchanged pages leave for ever if it
// is not, so they are told that only if the service has answered so.
func (c *conn) onPingRoom(p payload) {
	seat, err := c.member(p)
	if err == nil {
		err = c.g.options.Service.View(c.ctx, c.caller(seat), func(v room.View) {
			c.emit("room_status", statusOf(v.Status()))
		})
	}
	switch {
	case err == nil:
	case errors.Is(err, room.ErrNotFound), errors.Is(err, room.ErrNotMember):
		c.emit("room_status", gonePayload{})
	default:
		c.fail(err)
	}
}

func (c *conn) onPing(payload) { c.emit("pong") }

// onLeave makes a member absent, or ends the membership if the page says that it is final.
//
// A goodbye may be stale. Client 4.0.1 closes its transport when its page is about to
// unload, and keeps the event. If the person then decides to stay, the client reconnects
// and sends it. A goodbye is therefore ignored as the first event of a connection that was
// put back into its room, and from one that is in no room.
func (c *conn) onLeave(p payload) {
	final, _ := p["final"].(bool)
	_, bound := c.boundTo()
	if !final && (c.restored && c.events == 1 || !bound && c.mayEnter(p)) {
		c.g.options.Log.Debug("ignored a goodbye from a page that stayed")
		return
	}
	seat, err := c.leaving(p, final)
	if err == nil {
		// The page is known to have got only what it has confirmed: the rest may never arrive.
		err = c.g.options.Service.Leave(c.ctx, c.caller(seat), c.marks.confirmed(c.link, seat.Room), final)
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

// leaving returns the membership that a goodbye is about. A final one may come from a
// connection that is not in the room, or has left it before.
func (c *conn) leaving(p payload, final bool) (room.Seat, error) {
	if _, bound := c.boundTo(); bound || !final {
		return c.member(p)
	}
	h := p.hints(c.hints)
	if h.room == "" {
		return room.Seat{}, room.ErrNotMember
	}
	return c.find(h)
}

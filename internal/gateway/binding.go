package gateway

import (
	"context"
	"errors"
	"slices"

	"securechat/internal/connlimit"
	"securechat/room"
)

// begin finds the page's place: a page that reconnects is put back into its
// room, one that waits is told the verdict, and a new one says what it wants.
func (c *conn) begin() {
	if c.session == "" {
		if c.hints.room != "" {
			c.fail(room.ErrNotMember)
		}
		return
	}
	seats, err := c.g.options.Service.Seats(c.ctx, c.session)
	if err != nil {
		c.fail(err)
		return
	}
	c.recognise(seats)
	if len(seats) > 0 {
		c.serve(connlimit.Waiting)
	}
	if slices.ContainsFunc(seats, func(s room.Seat) bool { return s.Standing == room.Admitted }) {
		c.link.Vouch() // what a member's page says as soon as it is back must not wait for strangers
	}
	if c.hints.room != "" { // it asks to enter at once
		if seat, ok := choose(seats, c.hints); ok {
			c.restore(seat)
			return
		}
		c.fail(c.noSeat(c.hints.room))
		c.listenForVerdicts(seats)
		return
	}
	seat, known := hinted(seats, c.hints)
	switch {
	case known && (!seat.Loading || c.returnsTo(seat)):
		c.restore(seat)
	case known && c.hints.path != "":
		// This is a new page of the room, which will say join.
	default:
		c.listenForVerdicts(seats)
	}
}

// recognise notes in which seat the page was before, by what the rooms know of it.
func (c *conn) recognise(seats []room.Seat) {
	key := c.pageKey()
	if key == "" || c.hints.token == "" {
		return
	}
	for _, s := range seats {
		if slices.Contains(s.Pages, key) {
			c.hints.lastSeat = s.ID
		}
	}
}

// returnsTo reports whether the page has certainly been in the seat before, even
// if another page of the member is being loaded.
func (c *conn) returnsTo(seat room.Seat) bool {
	return c.seen != nil && c.seen.room == seat.Room || c.hints.lastSeat != "" && c.hints.lastSeat == seat.ID
}

// restore brings the connection into its room without being asked by an event.
func (c *conn) restore(seat room.Seat) {
	err := c.enter(seat, false)
	if errors.Is(err, errNotYet) {
		c.link.Do(func() {
			<-c.begun
			if _, bound := c.boundTo(); !bound { // no event has brought it in meanwhile
				c.restore(seat)
			}
		})
		return
	}
	if err != nil {
		c.fail(err)
		return
	}
	c.restored = !seat.Loading || c.hints.lastSeat == seat.ID
}

// enter brings the connection into the room of a membership. If it is in
// another room it leaves that one; if it is in this one already, its request to
// join is confirmed again.
func (c *conn) enter(seat room.Seat, explicit bool) error {
	if c.ended {
		return context.Canceled // its turn has come too late
	}
	c.resumes = nil
	old, bound := c.boundTo()
	if bound && old.ID == seat.ID {
		return c.g.options.Service.View(c.ctx, c.caller(seat), func(v room.View) {
			c.confirm(v.Status().Participants, explicit, true)
		})
	}
	done, err := c.replayTurn(seat)
	if err != nil {
		return err
	}
	defer done()
	was := c.was
	if bound {
		c.unbind()
		c.report(old, loss{})
		c.hasLeft(old) // not before the report: what was just being said may have been sent to it
	}
	attach := c.attachTo(seat, explicit)
	switch {
	case c.seen != nil && c.seen.room == seat.Room:
		attach.Resume = &c.seen.seq
		c.seen = nil // of the next room it has seen nothing
	case was.member == seat.ID: // a new page has a new connection
		c.resumes, attach.Resume, attach.Sent = &was, &was.seen, was.sent.seq
	case !seat.Loading || attach.Returning:
		attach.Resume, attach.Otherwise = c.takeOver(seat)
	}
	if c.replaced.Load() {
		return context.Canceled // its page is elsewhere by now
	}
	if err := c.bind(seat); err != nil {
		return c.orGone(err, seat.Room)
	}
	if err := c.connect(attach); err != nil {
		c.unbind()
		c.report(seat, loss{})
		return err
	}
	return nil
}

func (c *conn) attachTo(seat room.Seat, explicit bool) room.Attach {
	return room.Attach{
		Room: seat.Room, Member: seat.ID, Conn: c.inRoom(), Explicit: explicit,
		Returning: c.returnsTo(seat), Heard: c.g.heardBy(seat),
	}
}

// connect reports to the service that the connection is in the room.
func (c *conn) connect(attach room.Attach) error {
	c.link.Vouch() // before it is sent what a member is
	if err := c.g.options.Service.Connect(c.ctx, attach); err != nil {
		return c.orGone(err, attach.Room)
	}
	delete(c.left, attach.Room)
	c.hints.lastSeat = attach.Member
	return nil
}

// orGone returns why there is no such room, in place of ErrNotFound: the room has ended
// meanwhile.
func (c *conn) orGone(err error, roomID string) error {
	if errors.Is(err, room.ErrNotFound) {
		return c.g.options.Service.Gone(c.ctx, c.session, roomID)
	}
	return err
}

// errNotYet: the connection would have to wait for its turn, and has not begun yet, which must
// not take long.
var errNotYet = errors.New("gateway: not the connection's turn yet")

// replayTurn waits until the connection may be sent what the member has missed. It is called
// before the connection enters, so that nothing that is said meanwhile overtakes that. Errors:
// errNotYet while the connection begins, else the context's if it ends, or the service's.
//
// The room is told of the wait, since a member must not go absent because the server lets
// their page wait.
func (c *conn) replayTurn(seat room.Seat) (done func(), err error) {
	if !c.g.options.RateLimits {
		return func() {}, nil
	}
	if done = c.g.budgets.replayNow(seat.ID); done != nil {
		return done, nil
	}
	select {
	case <-c.begun:
	default:
		return nil, errNotYet
	}
	if err := c.g.options.Service.Await(c.ctx, seat.Room, seat.ID, c.inRoom()); err != nil {
		return nil, err
	}
	ctx, cancel := c.whileOpen()
	defer cancel()
	turned, err := c.g.budgets.replayTurn(ctx, seat.ID)
	if err != nil {
		c.forgo(seat)
		return nil, err
	}
	return func() {
		turned()
		c.forgo(seat) // if it has not entered
	}, nil
}

// forgo tells the service that the connection does not wait for its turn any more.
func (c *conn) forgo(seat room.Seat) {
	if err := c.g.options.Service.Forgo(context.WithoutCancel(c.ctx), seat.Room, seat.ID, c.id); err != nil {
		c.g.options.Log.Error("the end of a wait could not be reported", "error", err)
	}
}

// boundTo returns the membership that the connection is bound to.
func (c *conn) boundTo() (room.Seat, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seat == nil {
		return room.Seat{}, false
	}
	return *c.seat, true
}

func (c *conn) isBoundTo(roomID, member string) bool {
	seat, bound := c.boundTo()
	return bound && seat.Room == roomID && seat.ID == member
}

// bind binds the connection to a membership, and puts it into the audience. The connection
// hears nothing of the room before attach: until then its marks are of no room.
func (c *conn) bind(seat room.Seat) error {
	unwatch, err := c.g.watches.watch(c.ctx, seat.Room)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.seat, c.unwatch = &seat, unwatch
	c.mu.Unlock()
	c.marks.reset("", 0, nil)
	rank(c.g.audience.enter(seat, c))
	return nil
}

// unbind takes the connection out of its room.
func (c *conn) unbind() {
	c.mu.Lock()
	seat, unwatch := c.seat, c.unwatch
	c.seat, c.unwatch, c.attached = nil, nil, false
	c.mu.Unlock()
	if seat == nil {
		return
	}
	rank(c.g.audience.exit(*seat, c))
	unwatch()
	c.serve(connlimit.Busy)
}

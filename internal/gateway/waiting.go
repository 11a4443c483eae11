package gateway

import (
	"errors"
	"time"

	"securechat/internal/refusal"
	"securechat/room"
)

// verdictPause is the least time between telling a connection a verdict twice.
const verdictPause = 2 * time.Second

// listenForVerdicts has the connection told about the session's requests, and at once
// about verdicts that it has missed.
func (c *conn) listenForVerdicts(seats []room.Seat) {
	waits := make(map[string]bool)
	for _, s := range seats {
		if s.Standing != room.Waiting {
			continue
		}
		err := c.listenToKnock(s)
		if err != nil && !errors.Is(err, room.ErrNotFound) { // its end is found below
			c.fail(err)
			return
		}
		waits[s.ID] = err == nil
	}
	c.tellMissed(waits)
}

// tellMissed tells the connection the verdicts that came before it listened. waits has the
// requests that were open when the session's seats were read, and whether the connection has
// listened to each.
func (c *conn) tellMissed(waits map[string]bool) {
	seats, err := c.g.options.Service.Seats(c.ctx, c.session)
	if err != nil {
		c.fail(err)
		return
	}
	for _, s := range seats {
		listened := waits[s.ID]
		delete(waits, s.ID)
		// A page that has gone to the room need not hear that it was admitted.
		unopened := s.Path == s.ID && s.Loading && !s.Rendered && s.Open == 0
		switch {
		case s.Standing == room.Waiting:
		case s.Standing == room.Refused, unopened:
			c.tellVerdict(s, listened)
		default:
			c.ignoreKnock(s.ID)
		}
	}
	for knock, listened := range waits { // their rooms have ended
		c.tellVerdict(room.Seat{ID: knock, Standing: room.Refused, Refusal: room.RoomGone}, listened)
	}
}

// tellVerdict tells this connection alone how a request ended, but not twice within
// verdictPause. A waiting page asks as soon as it is connected, when it has just been told, and
// would show the verdict to the person twice. For the same reason it tells nothing if the
// connection has listened to the request and does so no longer: it was told with all others.
func (c *conn) tellVerdict(s room.Seat, listened bool) {
	if listens := c.ignoreKnock(s.ID); listened && !listens || c.toldLately(s.ID) {
		return
	}
	if c.told == nil {
		c.told = make(map[string]time.Time)
	}
	c.told[s.ID] = time.Now()
	switch s.Standing {
	case room.Admitted:
		c.emit("join_approved", admittedPayload{s.ID, s.Room, time.Now().Unix()})
	case room.Refused:
		c.emit("join_denied", refusedOf(s.ID, s.ID, verdicts[s.Refusal], c.named()))
	case room.Waiting:
	}
}

func (c *conn) toldLately(knock string) bool { return time.Since(c.told[knock]) < verdictPause }

// onJoinRequest shows the request of a waiting page to the members again, or tells the page how
// it stands.
func (c *conn) onJoinRequest(p payload) {
	c.asApplicant(p, func(knock string) error {
		if !c.allowance.favour() {
			return nil
		}
		shown, err := c.g.options.Service.Reannounce(c.ctx, c.session, knock)
		if err != nil || shown {
			return err
		}
		return c.g.options.Service.ViewKnock(c.ctx, c.session, knock, func(k room.Knock) {
			c.emit("request_status", requestOf(k, time.Now()))
		})
	})
}

// onWithdraw ends the request of somebody who no longer wants to be let in.
func (c *conn) onWithdraw(p payload) {
	c.asApplicant(p, func(knock string) error {
		return c.g.options.Service.Withdraw(c.ctx, c.session, knock)
	})
}

// asApplicant calls do with the open request that an event is about. If it is no longer open, the
// page is told the verdict instead.
func (c *conn) asApplicant(p payload, do func(knock string) error) {
	if c.session == "" {
		c.noRequest(p)
		return
	}
	waits := make(map[string]bool)
	for _, knock := range c.heardKnocks() {
		waits[knock] = true
	}
	seats, err := c.g.options.Service.Seats(c.ctx, c.session)
	if err != nil {
		c.fail(err)
		return
	}
	id, alias := p.field("user_id"), p.field("room")
	for _, s := range seats {
		if s.ID != id && s.ID != alias {
			continue
		}
		if s.Standing != room.Waiting {
			c.tellVerdict(s, waits[s.ID])
			return
		}
		if !waits[s.ID] {
			err = c.listenToKnock(s)
			waits[s.ID] = err == nil
		}
		if err == nil {
			err = do(s.ID)
		}
		switch {
		case err == nil:
		case errors.Is(err, room.ErrNoSuchKnock), errors.Is(err, room.ErrNotFound): // it was decided this very moment
			c.tellMissed(waits)
		default:
			c.fail(err)
		}
		return
	}
	c.noRequest(p)
}

// noRequest answers a waiting page whose request is no longer known. Such a
// page says the same id twice; others have no business here.
func (c *conn) noRequest(p payload) {
	id := p.field("user_id")
	if id == "" || id != p.field("room") {
		c.fail(room.ErrNoSuchKnock)
		return
	}
	if !c.toldLately(id) {
		c.emit("join_denied", refusedOf(id, id, refusal.NoSuchRequest, c.named()))
	}
}

package gateway

import (
	"errors"
	"maps"
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
			c.tellVerdict(s, listened, false)
		default:
			c.ignoreKnock(s.ID)
		}
	}
	for knock, listened := range waits { // their rooms have ended
		c.tellVerdict(room.Seat{ID: knock, Standing: room.Refused, Refusal: room.RoomGone}, listened, false)
	}
}

// tellVerdict tells this connection alone how a request ended. It tells nothing if the
// connection has listened to the request and does so no longer: it was told with all others.
// Unless it is an answer, it tells nothing twice within verdictPause either. A waiting page asks
// as soon as it is connected, when it has just been told, and would show the verdict to the
// person twice.
func (c *conn) tellVerdict(s room.Seat, listened, answer bool) {
	if !c.isToTell(s.ID, listened, answer) {
		return
	}
	switch s.Standing {
	case room.Admitted:
		c.emit("join_approved", admittedPayload{s.ID, s.Room, time.Now().Unix()})
	case room.Refused:
		c.emit("join_denied", refusedOf(s.ID, s.ID, verdicts[s.Refusal], c.named()))
	case room.Waiting:
	}
}

// isToTell ends the listening to a knock that is over, and reports whether the verdict is to be
// told to this connection alone.
func (c *conn) isToTell(knock string, listened, answer bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	listens := c.ignoreKnockLocked(knock)
	if listened && !listens || !answer && c.toldLatelyLocked(knock) {
		return false
	}
	c.noteToldLocked(knock)
	return true
}

// noteToldLocked notes that the connection is told a verdict.
func (c *conn) noteToldLocked(knock string) {
	maps.DeleteFunc(c.told, func(knock string, _ time.Time) bool { return !c.toldLatelyLocked(knock) })
	if c.told == nil {
		c.told = make(map[string]time.Time)
	}
	c.told[knock] = time.Now()
}

func (c *conn) toldLatelyLocked(knock string) bool { return time.Since(c.told[knock]) < verdictPause }

// onJoinRequest shows the request of a waiting page to the members again, or tells the page how
// it stands.
func (c *conn) onJoinRequest(p payload) {
	c.asApplicant(p, false, func(knock string) error {
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
	c.asApplicant(p, true, func(knock string) error {
		return c.g.options.Service.Withdraw(c.ctx, c.session, knock)
	})
}

// asApplicant calls do with the open request that an event is about. If it is no longer open, the
// page is told the verdict instead: in any case if answer is true, else if it was not just told.
func (c *conn) asApplicant(p payload, answer bool, do func(knock string) error) {
	if c.session == "" {
		c.noRequest(p, answer)
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
			c.tellVerdict(s, waits[s.ID], answer)
			return
		}
		listened := waits[s.ID]
		if !listened {
			err = c.listenToKnock(s)
			waits[s.ID] = err == nil
		}
		if err == nil {
			err = do(s.ID)
		}
		switch {
		case err == nil && listened:
		case err == nil: // a verdict may have come before it listened
			c.tellMissed(waits)
		case errors.Is(err, room.ErrNoSuchKnock), errors.Is(err, room.ErrNotFound): // it was decided this very moment
			c.tellMissed(waits)
		default:
			c.fail(err)
		}
		return
	}
	c.noRequest(p, answer)
}

// noRequest answers a waiting page whose request is no longer known. Such a
// page says the same id twice; others have no business here.
func (c *conn) noRequest(p payload, answer bool) {
	id := p.field("user_id")
	if id == "" || id != p.field("room") {
		c.fail(room.ErrNoSuchKnock)
		return
	}
	c.mu.Lock()
	tell := answer || !c.toldLatelyLocked(id)
	c.mu.Unlock()
	if tell {
		c.emit("join_denied", refusedOf(id, id, refusal.NoSuchRequest, c.named()))
	}
}

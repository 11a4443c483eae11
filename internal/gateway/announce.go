package gateway

import (
	"slices"
	"time"

	"securechat/internal/engine"
	"securechat/room"
)

// Announce implements room.Watcher.
//
// A connection that enters hears in this order: that its member has come, if they were not
// there; that it is in the room; the entries of the log up to its Until; and everything after.
// Events that are in no log are not held back for it.
func (g *Gateway) Announce(roomID string, events []room.Event) {
	var entering []*entrance
	for _, e := range events {
		entering = g.proceed(roomID, entering, &e)
		if a, ok := e.Body.(room.Attached); !ok {
			g.announce(roomID, &e)
		} else if c := g.attach(roomID, a); c != nil {
			entering = append(entering, &entrance{Attached: a, conn: c})
		}
	}
	g.proceed(roomID, entering, nil)
}

// entrance is a connection that has entered, and what it has yet to hear of that.
type entrance struct {
	room.Attached
	conn      *conn
	confirmed bool
}

// proceed tells the connections that enter what they are to hear before the next event, or all
// if that is nil. It returns those that have yet to hear something.
func (g *Gateway) proceed(roomID string, entering []*entrance, next *room.Event) []*entrance {
	for _, x := range entering {
		if !x.confirmed && (next == nil || !isComingOf(next, x.Member)) {
			x.confirmed = true
			x.confirm()
		}
	}
	for len(entering) > 0 && (next == nil || entering[0].Until < next.Seq) {
		entering[0].catchUp(roomID)
		entering = entering[1:]
	}
	return entering
}

func (x *entrance) confirm() {
	defer x.conn.containTelling("that it is in the room")
	x.conn.confirm(x.Count, x.Explicit, !x.Changed)
}

// isComingOf reports whether an event tells of a member's arrival or return.
func isComingOf(e *room.Event, member string) bool {
	switch b := e.Body.(type) {
	case room.MemberJoined:
		return b.Member == member
	case room.MemberReturned:
		return b.Member == member
	default:
		return false
	}
}

// announce tells everybody whom an event concerns.
func (g *Gateway) announce(roomID string, e *room.Event) {
	defer g.containTelling(roomID, e)
	if notice, ok := e.Notice(); ok {
		g.tellNotice(roomID, notice)
	}
	switch b := e.Body.(type) {
	case room.PresenceChanged:
		g.tell(roomID, "update_participants", countPayload{b.Count})
	case room.MessagePosted:
		g.tellMessage(roomID, b.Message)
	case room.CodeChanged:
		g.tell(roomID, "code_update", codeOf(b.Code))
	case room.InvitationsEnded:
		g.tellInvitations(roomID, b)
	case room.Knocked:
		g.tellKnock(roomID, b)
	case room.KnockCounted:
		g.tellCount(roomID, b.Knock)
	case room.KnockVoted:
		g.tell(roomID, "partial_approval", votedPayload{b.Knock, b.Approvals, b.Required})
	case room.KnockAdmitted:
		g.tellAdmission(roomID, b)
	case room.KnockRefused:
		g.tellRefusal(roomID, b)
	case room.Detached:
		g.detach(b)
	case room.Closed:
		g.closeRoom(roomID, b)
	}
}

// knockIn returns the request that an event is about, "" if it is about none.
func knockIn(e *room.Event) string {
	switch b := e.Body.(type) {
	case room.Knocked:
		return b.Knock.ID
	case room.KnockCounted:
		return b.Knock.ID
	case room.KnockAdmitted:
		return b.Knock
	case room.KnockRefused:
		return b.Knock
	default:
		return ""
	}
}

// tellInvitations tells all pages of a member that know the event which invitations still hold.
func (g *Gateway) tellInvitations(roomID string, ended room.InvitationsEnded) {
	left := g.outgoing(engine.Event{"invites", invitesOf(ended.Left)}, nil)
	g.broadcast(roomID, "", func(l listener) {
		if l.member == ended.Member && l.named() {
			l.tell(left)
		}
	})
}

// tellKnock asks the voters about a request, and tells them and the applicant how it stands.
func (g *Gateway) tellKnock(roomID string, k room.Knocked) {
	asked := g.outgoing(engine.Event{"join_request", knockOf(roomID, k.Knock)}, nil)
	stands, votes := g.standing(k.Knock)
	g.broadcast(roomID, k.Knock.ID, func(l listener) {
		voter := slices.Contains(k.Voters, l.member)
		if voter {
			l.tell(asked)
			l.tell(votes.of(l))
		}
		if voter || l.applicant {
			l.tell(stands)
		}
	})
}

// tellCount tells the members and the applicant how the votes on a knock stand, and the members
// whose they are.
func (g *Gateway) tellCount(roomID string, k room.Knock) {
	stands, votes := g.standing(k)
	g.broadcast(roomID, k.ID, func(l listener) {
		if l.member != "" {
			l.tell(votes.of(l))
		}
		l.tell(stands)
	})
}

// standing returns how a knock stands, and for members whose votes that are. Only pages
// that name themselves are told the latter.
func (g *Gateway) standing(k room.Knock) (stands *outgoing, votes ballot) {
	stands = g.outgoing(engine.Event{"request_status", requestOf(k, time.Now())}, nil)
	return stands, g.ballot(k)
}

// ballot is the two forms of the votes on a knock: for who has said yes to it, and for all others.
type ballot struct {
	by        []string // who have said yes
	yes, open versions
}

func (g *Gateway) ballot(k room.Knock) ballot {
	version := func(own bool) versions {
		return versions{named: g.outgoing(engine.Event{"request_votes", votesOf(k, own)}, nil), others: g.outgoing(nil, nil)}
	}
	return ballot{k.Votes.By, version(true), version(false)}
}

func (b ballot) of(l listener) *outgoing {
	if slices.Contains(b.by, l.member) {
		return b.yes.of(l)
	}
	return b.open.of(l)
}

// tellAdmission tells the members and the applicant that somebody was let in.
func (g *Gateway) tellAdmission(roomID string, k room.KnockAdmitted) {
	approved := g.outgoing(engine.Event{"join_approved", admittedPayload{k.Knock, roomID, k.At.Unix()}}, nil)
	timer := g.outgoing(engine.Event{"timer_sync", timerPayload{seconds(k.Remaining)}}, nil)
	g.broadcast(roomID, k.Knock, func(l listener) {
		l.tell(approved)
		if l.member != "" {
			l.tell(timer)
		}
		l.decideLocked(k.Knock)
	})
}

// tellRefusal tells the members and the applicant that somebody was not let in. The
// applicant does not get to know the room.
func (g *Gateway) tellRefusal(roomID string, k room.KnockRefused) {
	verdict := func(name string) versions {
		version := func(named bool) *outgoing {
			return g.outgoing(engine.Event{"join_denied", refusedOf(k.Knock, name, verdicts[k.Reason], named)}, nil)
		}
		return versions{named: version(true), others: version(false)}
	}
	inside, outside := verdict(roomID), verdict(k.Knock)
	g.broadcast(roomID, k.Knock, func(l listener) {
		if l.member != "" {
			l.tell(inside.of(l))
		}
		if l.applicant {
			l.tell(outside.of(l))
		}
		l.decideLocked(k.Knock)
	})
}

// closeRoom tells everybody that the room is gone, and takes them out of it.
func (g *Gateway) closeRoom(roomID string, why room.Closed) {
	if why.Reason == room.Expired {
		g.tell(roomID, "room_expired", expiredPayload{roomID})
	}
	g.tell(roomID, "room_status", gonePayload{})
	for _, c := range g.audience.of(roomID) {
		c.unbind()
	}
}

// tellMessage sends a message to everybody in the room, to pages that name themselves
// with the position in it.
func (g *Gateway) tellMessage(roomID string, m room.Message) {
	at, event := offset{roomID, m.Seq}, engine.Event{"message", messageOf(m)}
	said := versions{named: g.outgoing(at.within(event), nil), others: g.outgoing(event, at.event())}
	g.broadcast(roomID, "", func(l listener) { l.deliver(at, said.of(l)) })
}

func (g *Gateway) conn(id string) *conn {
	c, _ := g.conns.Load(id)
	found, _ := c.(*conn)
	return found
}

// attach lets a connection hear what happens in the room from here on. It returns nil if the
// connection has left the room meanwhile.
func (g *Gateway) attach(roomID string, a room.Attached) *conn {
	c := g.conn(a.Conn)
	if c == nil || !c.attach(roomID, a.Member) {
		return nil
	}
	if was := c.resumes; was != nil && was.sent.seq == a.After {
		c.marks.reset(roomID, was.seen, &was.sent)
	} else {
		c.marks.reset(roomID, a.After, nil)
	}
	return c
}

// confirm tells a connection that it is in the room: that it has joined, if its page asked
// for it, and how many are present, unless everybody is about to be told.
func (c *conn) confirm(present int, asked, counted bool) {
	if asked {
		c.emit("join_success", countPayload{present})
	}
	if counted {
		c.emit("update_participants", countPayload{present})
	}
}

// catchUp sends a connection what it has missed.
func (x *entrance) catchUp(roomID string) {
	c, g := x.conn, x.conn.g
	defer c.containTelling("what it has missed")
	c.replay(roomID, x.Attached)
	if g.options.RateLimits {
		g.budgets.replayed(x.Member, bytesOf(x.Log), time.Now())
	}
	if c.named() {
		c.emit("invites", invitesOf(x.Invitations))
	}
	for _, k := range x.Knocks {
		c.emit("join_request", knockOf(roomID, k))
		c.showKnock(k, false)
	}
	for _, k := range x.Approved {
		c.showKnock(k, true)
	}
}

// showKnock tells the connection of a member who has said yes to a knock, or has not, how it stands.
func (c *conn) showKnock(k room.Knock, own bool) {
	if c.named() {
		c.emit("request_votes", votesOf(k, own))
	}
	c.emit("request_status", requestOf(k, time.Now()))
}

// detach takes connections out of the room, and tells those that did not ask
// for it.
func (g *Gateway) detach(d room.Detached) {
	for _, id := range d.Conns {
		if c := g.conn(id); c != nil {
			c.detach(d.Why)
		}
	}
}

func (c *conn) detach(why room.Detachment) {
	defer c.containTelling("that it is out of the room")
	c.unbind()
	switch why {
	case room.Parted:
	case room.Evicted:
		c.fail(errLeft)
	case room.Replaced, room.Dropped:
		c.fail(room.ErrNotHere)
	}
}

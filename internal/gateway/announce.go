package gateway

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zishang520/socket.io/servers/socket/v3"
	"github.com/zishang520/socket.io/v3/pkg/types"

	"securechat/internal/engine"
	"securechat/room"
)

// The Socket.IO rooms: of a chat room's members, of one member's tabs, and of
// the pages that wait for a verdict.
func membersRoom(roomID string) socket.Room { return socket.Room("room:" + roomID) }
func memberRoom(member string) socket.Room  { return socket.Room("member:" + member) }
func knockRoom(knock string) socket.Room    { return socket.Room(knockPrefix + knock) }

const knockPrefix = "knock:"

// Announce implements room.Announcer. It is called with the room's lock held,
// so events of a room never overtake each other; it does not wait.
func (g *Gateway) Announce(roomID string, events []room.Event) {
	var attached []room.Attached
	for _, e := range events {
		if a, ok := e.Body.(room.Attached); ok {
			g.attach(roomID, a)
			attached = append(attached, a)
			continue
		}
		g.announce(roomID, e)
	}
	// Only now: a page first hears that it has joined. No message can have
	// come between, the room is locked.
	for _, a := range attached {
		g.catchUp(roomID, a)
	}
}

// announce tells everybody whom an event concerns.
//
//nolint:gocyclo // one case a type of event
func (g *Gateway) announce(roomID string, e room.Event) {
	members := membersRoom(roomID)
	if notice, ok := e.Notice(); ok {
		g.tellNotice(roomID, notice)
	}
	switch b := e.Body.(type) {
	case room.CodeTold:
		g.answer(b.Conn, "code_update", codeOf(b.Code))
	case room.MembersListed:
		g.answer(b.Conn, "members", membersOf(b))
	case room.JoinConfirmed:
		g.answer(b.Conn, "join_success", countPayload{b.Count})
	case room.PresenceChanged:
		g.tell("update_participants", countPayload{b.Count}, members)
	case room.PresenceTold:
		g.answer(b.Conn, "update_participants", countPayload{b.Count})
	case room.MessagePosted:
		g.Metrics.MessageRelayed()
		g.tellMessage(roomID, b.Message)
	case room.CodeChanged:
		g.tell("code_update", codeOf(b.Code), members)
	case room.Knocked:
		to := []socket.Room{knockRoom(b.Knock.ID)}
		for _, voter := range b.Voters {
			g.tell("join_request", knockOf(roomID, b.Knock), memberRoom(voter))
			to = append(to, memberRoom(voter))
		}
		g.tell("request_status", requestOf(b.Knock, time.Now()), to...)
	case room.KnockCounted:
		g.tell("request_status", requestOf(b.Knock, time.Now()), members, knockRoom(b.Knock.ID))
	case room.KnockVoted:
		g.tell("partial_approval", votedPayload{b.Knock, b.Approvals, b.Required}, members)
	case room.KnockAdmitted:
		g.tell("join_approved", admittedPayload{b.Knock, roomID, b.At.Unix()}, members, knockRoom(b.Knock))
		g.tell("timer_sync", timerPayload{seconds(b.Remaining)}, members)
	case room.KnockRefused:
		g.tellRefused(b, roomID, members)
		g.tellRefused(b, b.Knock, knockRoom(b.Knock)) // the applicant does not get to know the room
	case room.Detached:
		g.detach(b)
	case room.Closed:
		if b.Reason == room.Expired {
			g.tell("room_expired", expiredPayload{roomID}, members)
		}
		g.tell("room_status", gonePayload{}, members)
		for _, c := range g.audienceOf(roomID) {
			c.unbind()
		}
	}
}

// tell sends an event to everybody in the Socket.IO rooms, once.
func (g *Gateway) tell(event string, payload any, to ...socket.Room) {
	if err := g.io.To(to...).Emit(event, payload); err != nil {
		g.Log.Error("announcing an event", "event", event, "error", err)
	}
}

// tellRefused tells everybody in a Socket.IO room how a request ended, each in the form that
// their page takes. They hear of it as of a request for the chat room of the name.
func (g *Gateway) tellRefused(b room.KnockRefused, name string, to socket.Room) {
	for _, id := range g.io.Sockets().Adapter().Sockets(types.NewSet(to)).Keys() {
		if c := g.conn(g.idOf(id)); c != nil {
			c.emit("join_denied", refusedOf(b.Knock, name, verdicts[b.Reason], c.named()))
		}
	}
}

// answer sends an event to one connection, if it is still there.
func (g *Gateway) answer(id, event string, payload any) {
	if c := g.conn(id); c != nil {
		c.emit(event, payload)
	}
}

// tellMessage sends a message to everybody in the room.
func (g *Gateway) tellMessage(roomID string, m room.Message) {
	said, at := messageOf(m), offset{roomID, m.Seq}
	g.spread(at, func(named bool) *engine.Broadcast {
		event := engine.Event{"message", said}
		if named {
			return g.broadcast(nil, at.within(event))
		}
		return g.broadcast(at.event(), event)
	}, nil)
}

// spread sends what happened to everybody in a room but those for whom except is true,
// and notes for each that it was sent. What pages are sent that name themselves and
// what others are is made once, if there is somebody to send it to; nil is nothing.
func (g *Gateway) spread(at offset, broadcast func(named bool) *engine.Broadcast, except func(*conn) bool) {
	forms := [2]func() *engine.Broadcast{
		sync.OnceValue(func() *engine.Broadcast { return broadcast(false) }),
		sync.OnceValue(func() *engine.Broadcast { return broadcast(true) }),
	}
	var used [2]*engine.Broadcast
	for _, c := range g.audienceOf(at.room) {
		form := 0
		if c.page != "" {
			form = 1
		}
		b := forms[form]()
		if used[form] = b; b == nil || except != nil && except(c) {
			continue
		}
		c.marks.deliver(at.room, at.seq, func() (position, confirmed uint64) { return b.To(c.link) })
	}
	for _, b := range used {
		if b != nil {
			b.Flush()
		}
	}
}

// broadcast makes a broadcast of those of the events that are not nil; nil if none is.
func (g *Gateway) broadcast(trailer engine.Event, events ...engine.Event) *engine.Broadcast {
	events = slices.DeleteFunc(events, func(e engine.Event) bool { return e == nil })
	if len(events) == 0 {
		return nil
	}
	b, err := engine.NewBroadcast(g.io.Sockets(), trailer, events...)
	if err != nil {
		g.Log.Error("announcing an event", "event", events[0][0], "error", err)
		return nil
	}
	return b
}

// idOf returns the id of the connection that a socket is.
func (g *Gateway) idOf(id socket.SocketId) string { return g.node + "." + string(id) }

func (g *Gateway) conn(id string) *conn {
	c, _ := g.conns.Load(id)
	found, _ := c.(*conn)
	return found
}

// attach lets a connection hear what is said in the room from here on.
func (g *Gateway) attach(roomID string, a room.Attached) {
	c := g.conn(a.Conn)
	if c == nil {
		return
	}
	if was := c.resumes; was != nil && was.sent.seq == a.After {
		c.marks.reset(roomID, was.seen, &was.sent)
	} else {
		c.marks.reset(roomID, a.After, nil)
	}
	for _, other := range c.socket.Rooms().Keys() {
		if strings.HasPrefix(string(other), knockPrefix) {
			c.socket.Leave(other) // it does not wait any more
		}
	}
	c.socket.Join(membersRoom(roomID), memberRoom(a.Member))
	if !c.socket.Connected() {
		c.unbindSocket(roomID, a.Member) // it ended meanwhile, and must not stay in the rooms
	}
}

// catchUp sends a connection what it has missed.
func (g *Gateway) catchUp(roomID string, a room.Attached) {
	c := g.conn(a.Conn)
	if c == nil {
		return
	}
	c.replay(roomID, a)
	if g.RateLimits {
		g.budgets.replayed(a.Member, bytesOf(a.Log), time.Now())
	}
	for _, k := range a.Knocks {
		c.emit("join_request", knockOf(roomID, k))
		c.emit("request_status", requestOf(k, time.Now()))
	}
	for _, k := range a.Approved {
		c.emit("request_status", requestOf(k, time.Now()))
	}
}

// detach takes connections out of the room, and tells those that did not ask
// for it.
func (g *Gateway) detach(d room.Detached) {
	for _, id := range d.Conns {
		c := g.conn(id)
		if c == nil {
			continue
		}
		c.unbind()
		if d.Evicted {
			c.fail(errLeft)
		}
	}
}

package gateway

import (
	"securechat/internal/engine"
)

// broadcast goes once through those who listen to a room and, unless it is "", to a
// knock, and calls tell with each of them. It waits for none. It is the only way by which
// several connections are told of something.
func (g *Gateway) broadcast(roomID, knock string, tell func(l listener)) {
	var p pass
	for _, c := range g.audience.with(roomID, knock) {
		c.hear(&p, roomID, knock, tell)
	}
	p.flush()
}

// tell sends an event to everybody in a room.
func (g *Gateway) tell(roomID, event string, payload any) {
	said := g.outgoing(engine.Event{event, payload}, nil)
	g.broadcast(roomID, "", func(l listener) { l.tell(said) })
}

// emit sends an event to this connection.
func (c *conn) emit(event string, payload ...any) {
	var p pass
	said := c.g.outgoing(append(engine.Event{event}, payload...), nil)
	c.tellAlone(&p, said)
	p.flush()
}

func (c *conn) tellAlone(p *pass, said *outgoing) {
	c.mu.Lock()
	defer c.mu.Unlock() // whatever happens: the room would stand still
	if !c.gone {
		listener{conn: c, pass: p}.tell(said)
	}
}

// hear calls tell if the connection listens to a room or to a knock. It is taken out of
// neither until tell has returned.
//
// A fault in tell ends this connection only.
func (c *conn) hear(p *pass, roomID, knock string, tell func(l listener)) {
	defer c.containTelling("an event")
	c.mu.Lock()
	defer c.mu.Unlock()
	l := listener{conn: c, pass: p, applicant: c.hearsOf(knock)}
	if c.attached && c.seat.Room == roomID {
		l.member = c.seat.ID
	}
	if l.member != "" || l.applicant {
		tell(l)
	}
}

// pass holds the broadcasts of one pass through the audience, which have to be flushed.
type pass []*engine.Broadcast

func (p pass) flush() {
	for _, b := range p {
		b.Flush()
	}
}

// listener is a connection in a broadcast.
type listener struct {
	*conn
	pass   *pass
	member string // the member's id, "" if the connection is not in the room
	// applicant is true if its page waits for the verdict on the knock.
	applicant bool
}

// tell sends events that no log keeps.
func (l listener) tell(said *outgoing) {
	if b := said.in(l.pass); b != nil {
		b.To(l.link)
	}
}

// offer sends an event that is dropped if it would have to wait, and then arrive late.
func (l listener) offer(said *outgoing) {
	if b := said.in(l.pass); b != nil {
		b.Offer(l.link)
	}
}

// deliver sends a message or notice, if the connection has been sent all before it, and marks it
// as sent.
func (l listener) deliver(at offset, said ...*outgoing) {
	broadcasts := make([]*engine.Broadcast, 0, 2)
	for _, o := range said {
		if b := o.in(l.pass); b != nil {
			broadcasts = append(broadcasts, b)
		}
	}
	if len(broadcasts) == 0 {
		return
	}
	l.marks.deliver(at.room, at.seq, func() (position, confirmed uint64) {
		for _, b := range broadcasts {
			position, confirmed = b.To(l.link)
		}
		return position, confirmed
	})
}

// versions are two forms of one event: that for pages that name themselves, and that for all others.
type versions struct{ named, others *outgoing }

func (v versions) of(l listener) *outgoing {
	if l.named() {
		return v.named
	}
	return v.others
}

// outgoing is an event on its way to many connections, with a trailer behind it if there
// is one (see engine.NewBroadcast). It is encoded once, when the first of them is to hear
// it. An event that is nil is not sent.
type outgoing struct {
	g              *Gateway
	event, trailer engine.Event
	encoded        bool
	broadcast      *engine.Broadcast // nil if there is nothing to send
}

func (g *Gateway) outgoing(event, trailer engine.Event) *outgoing {
	return &outgoing{g: g, event: event, trailer: trailer, encoded: event == nil}
}

// in returns what is sent of the event in a pass, nil if nothing is.
func (o *outgoing) in(p *pass) *engine.Broadcast {
	if o.encoded {
		return o.broadcast
	}
	b, err := engine.NewBroadcast(o.g.io.Sockets(), o.trailer, o.event)
	o.encoded = true // not before: after a fault in it nobody may take the event for one that has nothing to send
	if err != nil {
		o.g.options.Log.Error("an event could not be encoded", "event", o.event[0], "error", err)
		return nil
	}
	o.broadcast = b
	*p = append(*p, b)
	return b
}

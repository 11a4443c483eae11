package gateway

import (
	"strconv"
	"strings"
	"sync"

	"securechat/internal/engine"
	"securechat/room"
)

// offset is a sequence number in a room, as clients are told it. Clients from 4.6 on keep the
// last argument of any event, if it is a string, and say it when they reconnect, as the
// protocol's connection state recovery has it. Older clients take no notice.
type offset struct {
	room string
	seq  uint64
}

// String returns the form that parseOffset reads.
func (o offset) String() string { return o.room + ":" + strconv.FormatUint(o.seq, 10) }

// parseOffset reads an offset that a client says; false if it is none.
func parseOffset(s string) (offset, bool) {
	roomID, digits, ok := strings.Cut(s, ":")
	if !ok || roomID == "" {
		return offset{}, false
	}
	seq, err := strconv.ParseUint(digits, 10, 64)
	return offset{roomID, seq}, err == nil
}

// event returns the event that tells a page where it is: an event of its own, since
// handlers in many languages take no more arguments than they were written for.
//
// A connection can be cut between a message and this event. The message is then sent again.
func (o offset) event() engine.Event { return engine.Event{"position", o.String()} }

// within returns an event with the position as its last argument, for pages that name
// themselves: no cut comes between the two.
func (o offset) within(e engine.Event) engine.Event { return append(e, o.String()) }

// mark relates a sequence number of a room to a position in the session: a page whose client
// has confirmed the position has got everything up to the number.
type mark struct{ seq, position uint64 }

// marks relate a room's sequence numbers to the positions of a session. The
// methods are safe for concurrent use.
type marks struct {
	mu   sync.Mutex
	room string
	base uint64 // certainly seen
	list []mark // sent and not yet known to be seen, oldest first
	torn bool   // a message was not sent, and so none after it will be
	late bool   // the replay is yet to come, and so are all messages after it
}

// account tells marks how many messages a session was sent, and how many it has confirmed.
type account interface {
	Account() (sent, confirmed uint64)
}

// reset begins anew. The page has seen everything up to seq. Everything up to sent, if that is
// not nil, is on its way. The rest is yet to be replayed.
func (m *marks) reset(roomID string, seq uint64, sent *mark) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.room, m.base, m.list, m.torn, m.late = roomID, seq, nil, false, true
	if sent != nil {
		m.list = []mark{*sent}
	}
}

// deliver has a message sent and notes its position. It does nothing if the connection has
// moved to another room, if an earlier message was not sent, or if the message will be
// replayed. send returns the position, 0 if the session has ended, and the position up to
// which the session has confirmed.
func (m *marks) deliver(roomID string, seq uint64, send func() (position, confirmed uint64)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.room != roomID || m.torn || m.late {
		return
	}
	position, confirmed := send()
	if m.torn = position == 0; m.torn {
		return
	}
	m.dropConfirmedLocked(confirmed)
	m.list = append(m.list, mark{seq, position})
}

// replay has the lines of a replay sent and notes their positions, unless the connection has
// moved to another room. send returns the position of the first, 0 if the session has ended.
func (m *marks) replay(roomID string, lines []line, send func() (first uint64)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.room != roomID {
		return
	}
	m.late = false
	if len(lines) == 0 || m.torn {
		return
	}
	first := send()
	if m.torn = first == 0; m.torn {
		return
	}
	for i, l := range lines {
		if l.last {
			m.list = append(m.list, mark{seq: l.entry.Seq, position: first + uint64(i)})
		}
	}
}

// tear has nothing more sent that the page would take for all there is: something was not sent.
func (m *marks) tear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.torn = true
}

// dropConfirmedLocked drops the marks that the session has confirmed.
func (m *marks) dropConfirmedLocked(confirmed uint64) {
	n := 0
	for n < len(m.list) && m.list[n].position <= confirmed {
		m.base = m.list[n].seq
		n++
	}
	if n > 0 {
		m.list = append(m.list[:0], m.list[n:]...)
	}
}

// confirmed returns the sequence number of a room up to which the page has certainly got
// everything; 0 if the connection is in another one. Messages that were on their way when a
// connection ended may have arrived or not: they are sent twice rather than never. They are
// few: only in a rush are there fewer pings than messages.
func (m *marks) confirmed(a account, roomID string) uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.room != roomID {
		return 0
	}
	_, confirmed := a.Account()
	m.dropConfirmedLocked(confirmed)
	return m.base
}

// areOf reports whether the marks are of a room, and so can say how far its page has got there.
func (m *marks) areOf(roomID string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.room == roomID
}

// sent returns the mark up to which everything was sent.
func (m *marks) sent() mark {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := len(m.list); n > 0 {
		return m.list[n-1]
	}
	return mark{seq: m.base}
}

// progress is how far a connection had told its page of a room when the page left it. A page
// that comes back by the same connection is sent nothing again: all that was sent before still
// arrives first, or the connection ends.
type progress struct {
	member string // the membership's id
	seen   uint64 // certainly
	sent   mark
}

// hasLeft notes that the connection has left a membership's room by itself.
func (c *conn) hasLeft(seat room.Seat) {
	c.was = progress{seat.ID, c.marks.confirmed(c.link, seat.Room), c.marks.sent()}
}

// heardBy returns the sequence number up to which some page of a member that is open in this
// process has certainly heard the room.
func (g *Gateway) heardBy(seat room.Seat) (seq uint64) {
	for _, c := range g.audience.connsOf(seat) {
		seq = max(seq, c.marks.confirmed(c.link, seat.Room))
	}
	return seq
}

// line is an event of a replay.
type line struct {
	entry *room.Message
	as    lineKind
	// last is true for the last line of an entry: the page has seen all of it then.
	last bool
}

type lineKind int

const (
	asMessage lineKind = iota
	asComing
	asNotice
)

// linesOf returns what a page is to be sent of the log.
//
// A page that names itself is sent all notices, with those that its member was told
// before by another page: it shows the conversation as it was. Others are only sent
// what is news.
func linesOf(a *room.Attached, named bool) []line {
	lines := make([]line, 0, len(a.Log))
	for i := range a.Log {
		m := &a.Log[i]
		before := len(lines)
		if m.Kind != room.KindNotice {
			lines = append(lines, line{entry: m, as: asMessage})
		}
		// The notice comes first, so that a page that knows notices can ignore the other event.
		if named && m.Kind == room.KindNotice {
			lines = append(lines, line{entry: m, as: asNotice})
		}
		if a.Missed(m) && comingOf(m, a.Told) != nil {
			lines = append(lines, line{entry: m, as: asComing})
		}
		if len(lines) > before {
			lines[len(lines)-1].last = true
		}
	}
	return lines
}

// event returns the line as a page is sent it, and what follows it.
func (l line) event(at offset, a *room.Attached, named bool) (event, trailer engine.Event) {
	switch l.as {
	case asMessage:
		event = engine.Event{"message", messageOf(*l.entry)}
	case asComing:
		event = comingOf(l.entry, a.Told)
	case asNotice:
		event = engine.Event{"notice", noticeOf(l.entry, a.Missed(l.entry))}
	}
	switch {
	case !l.last:
		return event, nil
	case named && l.as == asMessage:
		return at.within(event), nil
	default:
		return event, at.event()
	}
}

// replay sends a connection what it has missed.
func (c *conn) replay(roomID string, a room.Attached) {
	named := c.named()
	lines := linesOf(&a, named)
	if len(lines) == 0 {
		c.marks.replay(roomID, nil, nil)
		return
	}
	begun, displaced := c.g.replays.begin(c, roomID, a.Log)
	for _, other := range displaced {
		go other.outpace() // its end needs locks that we hold
	}
	sent := false
	c.marks.replay(roomID, lines, func() (first uint64) {
		first = c.link.SendSeries(c.socket, len(lines), func(i int) (event, trailer engine.Event) {
			if i == len(lines)-1 {
				c.g.replays.end(begun)
			}
			return lines[i].event(offset{roomID, lines[i].entry.Seq}, &a, named)
		})
		sent = first > 0
		return first
	})
	if !sent {
		c.g.replays.end(begun)
	}
}

package gateway

import (
	"strconv"
	"strings"
	"sync"

	"securechat/internal/engine"
)

// offset names a place in what is said in a room to clients. Those from 4.6 on keep the
// last argument of any event, if it is a string, and say it when they reconnect, in the
// way of the protocol's connection state recovery; others take no notice.
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
// A connection can be cut between what was said and this event, and then that is said
// again.
func (o offset) event() engine.Event { return engine.Event{"position", o.String()} }

// within returns an event with the position as its last argument, for pages that name
// themselves: no cut comes between the two.
func (o offset) within(e engine.Event) engine.Event { return append(e, o.String()) }

// mark says that a connection was sent everything up to a sequence number of
// its room once the session has the position confirmed.
type mark struct{ seq, position uint64 }

// marks relate a room's sequence numbers to the positions of a session. The
// methods are safe for concurrent use.
type marks struct {
	mu   sync.Mutex
	room string
	base uint64 // certainly seen
	list []mark // sent and not yet known to be seen, oldest first
	torn bool   // a message was not sent, and so none after it will be
	late bool   // what was said before is still to be replayed
}

// account is what marks want to know of a session.
type account interface {
	Account() (sent, confirmed uint64)
}

// reset begins anew: the page has seen everything up to seq, and up to sent, if that is not
// nil, it is on its way. What was said since then is to be replayed.
func (m *marks) reset(roomID string, seq uint64, sent *mark) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.room, m.base, m.list, m.torn, m.late = roomID, seq, nil, false, true
	if sent != nil {
		m.list = []mark{*sent}
	}
}

// deliver has a message sent, unless the connection has moved to another room, one before
// was not sent, or it will be replayed, and notes where it is: send returns its position, 0
// if the session has ended, and what the session has confirmed.
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
	m.settleLocked(confirmed)
	m.list = append(m.list, mark{seq, position})
}

// replay has the lines of a replay sent, unless the connection has moved to another
// room, and notes where they are: send returns the position of the first, 0 if the
// session has ended.
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

// settleLocked drops the marks that the session has confirmed.
func (m *marks) settleLocked(confirmed uint64) {
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
// everything; 0 if the connection is in another one. What was on its way at the very end of
// a connection cannot be known; it is sent twice rather than never. That is little: only in
// a rush are there fewer pings than messages.
func (m *marks) confirmed(a account, roomID string) uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.room != roomID {
		return 0
	}
	_, confirmed := a.Account()
	m.settleLocked(confirmed)
	return m.base
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

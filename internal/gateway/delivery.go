package gateway

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"securechat/internal/engine"
	"securechat/room"
)

// offset names a message to clients. Those from 4.6 on keep the last one that
// they have seen and say it when they reconnect, in the way of the protocol's
// connection state recovery; older ones take no notice.
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

// mark says that a connection was sent everything up to a sequence number of
// its room once the link has the position confirmed.
type mark struct {
	seq      uint64
	position uint64
	at       time.Time // when it was sent; zero if that is not known
}

// marks relate a room's sequence numbers to the positions of a link. The
// methods are safe for concurrent use.
type marks struct {
	mu     sync.Mutex
	room   string
	base   uint64 // certainly seen
	list   []mark // sent and not yet known to be seen, oldest first
	before uint64 // the link's position before the message that is being sent
	torn   bool   // a message was not sent, and so none after it will be
}

// positions is what marks want to know of a link.
type positions interface {
	Created() uint64
	Confirmed() uint64
}

// reset begins anew: the page has seen everything up to seq.
func (m *marks) reset(roomID string, seq uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.room, m.base, m.list, m.torn = roomID, seq, nil, false
}

// expect is called right before a message is sent, and add right after it.
func (m *marks) expect(l positions) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.before = l.Created()
}

// add notes that everything up to seq has been sent, if it was. When a
// connection has ended, its conn does not know it yet, and the library drops in
// silence what is sent: then the link has not moved, and where it stands says
// nothing about this message.
func (m *marks) add(roomID string, seq uint64, l positions) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.room != roomID {
		return // it moved to another room meanwhile
	}
	position := l.Created()
	m.torn = m.torn || position == m.before
	if m.torn {
		return
	}
	m.settleLocked(l.Confirmed())
	m.list = append(m.list, mark{seq: seq, position: position, at: time.Now()})
}

// addSeries notes that messages are being sent, the first of them at a position;
// zero if they are not.
func (m *marks) addSeries(roomID string, log []room.Message, first uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.room != roomID {
		return
	}
	m.torn = m.torn || first == 0
	if m.torn {
		return
	}
	for i, message := range log {
		m.list = append(m.list, mark{seq: message.Seq, position: first + uint64(i)})
	}
}

// settleLocked drops the marks that the link has confirmed.
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

// confirmed returns the sequence number up to which the page has certainly got
// everything.
func (m *marks) confirmed(l *engine.Session) uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.settleLocked(l.Confirmed())
	return m.base
}

// sent returns the sequence number up to which everything was sent.
func (m *marks) sent() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := len(m.list); n > 0 {
		return m.list[n-1].seq
	}
	return m.base
}

// saidGoodbye is the library's reason for the end of a connection by a goodbye
// of Socket.IO, after which the client does not reconnect by itself.
const saidGoodbye = "client namespace disconnect"

// moment is what a message may take on a busy machine beyond the round trip.
const moment = 10 * time.Millisecond

// delivered judges, when a connection ends, up to which sequence number the
// page has got everything.
//
// What is confirmed is certain, and that is all but what was on its way at the
// very end: this cannot be known, and it is sent twice rather than never. Only
// after a rush, with fewer pings, is more unconfirmed than that. Of a client
// that said goodbye and owed nothing it is believed that it had what was sent a
// round trip and a moment before. If it owed an answer it is not: it answers in
// order, and its goodbye may have waited in a network that had stopped to
// deliver. The end of a connection without a goodbye says nothing: it may be the
// network's word, long after the client's last.
func (m *marks) delivered(l *engine.Session, reason string) uint64 {
	seq := m.confirmed(l)
	if l.Silence() > 0 || !l.Goodbye() && reason != saidGoodbye {
		return seq
	}
	inFlight := l.RoundTrip() + moment
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, mark := range m.list {
		if mark.at.IsZero() || time.Since(mark.at) < inFlight {
			break
		}
		seq = mark.seq
	}
	return seq
}

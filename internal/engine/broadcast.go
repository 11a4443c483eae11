package engine

import "github.com/zishang520/socket.io/servers/socket/v3"

// Event is an event by its name and arguments, which hold no binary data.
type Event []any

// Broadcast takes an event to many sessions. It is encoded and framed once, however many
// sessions there are. A Broadcast is used by one goroutine.
type Broadcast struct {
	packets  []*message   // the event alone
	flushing []*websocket // to be flushed; see beginFlushLocked
}

// NewBroadcast returns a broadcast of an event of a namespace. A trailer that is not nil
// follows the event. If several trailers would leave in one write, only the last one is
// sent, at its end. Trailers have no position. NewBroadcast fails if one of the two cannot
// be encoded.
func NewBroadcast(n socket.Namespace, trailer, event Event) (*Broadcast, error) {
	m, err := encodeEvent(n.Name(), event)
	if err != nil {
		return nil, err
	}
	if trailer != nil {
		last, err := encodeEvent(n.Name(), trailer)
		if err != nil {
			return nil, err
		}
		m = m.trailedBy(last)
	}
	return &Broadcast{packets: []*message{m}}, nil
}

// To puts the event among the session's messages. It returns the position of the event
// there, and the position up to which all is known to have arrived. The position is 0 if the
// session has ended. The event leaves with Flush.
func (b *Broadcast) To(s *Session) (position, confirmed uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return b.toLocked(s)
}

// Offer adds a session as To does if it could be written to at once. Else it is not sent
// the event, neither now nor later; the protocol calls such events volatile.
func (b *Broadcast) Offer(s *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writableLocked() {
		b.toLocked(s)
	}
}

func (b *Broadcast) toLocked(s *Session) (position, confirmed uint64) {
	if !s.enqueueLocked(b.packets) {
		return 0, s.receipts.confirmed
	}
	if w := s.carrier.beginFlushLocked(); w != nil {
		b.flushing = append(b.flushing, w)
	}
	return s.receipts.created, s.receipts.confirmed
}

// Flush has the event sent to the sessions that were added. It does not wait.
func (b *Broadcast) Flush() {
	if len(b.flushing) > 0 {
		go flushAll(b.flushing)
	}
}

package engine

import "github.com/zishang520/socket.io/servers/socket/v3"

// Event is an event by its name and arguments, which hold no binary data.
type Event []any

// Broadcast takes events to many sessions. They are encoded and framed once,
// however many sessions there are. It is used by one goroutine.
type Broadcast struct {
	packets  []*message
	flushing []*websocket // to be flushed; see beginFlushLocked
}

// NewBroadcast returns a broadcast of events of a namespace. A trailer that is not nil
// follows the last event. If several trailers would leave in one write, only the last one
// is sent, at its end. Trailers have no position. NewBroadcast fails if something
// cannot be encoded.
func NewBroadcast(n socket.Namespace, trailer Event, events ...Event) (*Broadcast, error) {
	b := &Broadcast{packets: make([]*message, len(events))}
	for i, event := range events {
		m, err := encodeEvent(n.Name(), event)
		if err != nil {
			return nil, err
		}
		b.packets[i] = m
	}
	if trailer != nil {
		m, err := encodeEvent(n.Name(), trailer)
		if err != nil {
			return nil, err
		}
		last := &b.packets[len(events)-1]
		*last = (*last).trailedBy(m)
	}
	return b, nil
}

// To puts the events among the session's messages. It returns the position of the last
// event there, and the position up to which all is known to have arrived. The position is
// 0 if the session has ended. The events leave with Flush.
func (b *Broadcast) To(s *Session) (position, confirmed uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return b.toLocked(s)
}

// Offer adds a session as To does if it could be written to at once. Else it is not sent
// the events, neither now nor later; the protocol calls such events volatile.
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

// Flush has the events sent to the sessions that were added. It does not wait.
func (b *Broadcast) Flush() {
	if len(b.flushing) > 0 {
		go flushAll(b.flushing)
	}
}

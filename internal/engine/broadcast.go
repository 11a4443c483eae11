package engine

import "github.com/zishang520/socket.io/servers/socket/v3"

// Broadcast is one event on its way to many sessions: encoded and framed once,
// however many they are. It is used by one goroutine.
type Broadcast struct {
	packets []*message
	waiting []*Session // claimed: to be flushed
}

// NewBroadcast returns a broadcast of an event of a namespace, by its name and
// arguments, which hold no binary data. It fails if they cannot be encoded.
func NewBroadcast(n socket.Namespace, event ...any) (*Broadcast, error) {
	m, err := encodeEvent(n.Name(), event)
	if err != nil {
		return nil, err
	}
	return &Broadcast{packets: []*message{m}}, nil
}

// To adds a session, in whose order of messages the event has its place from here
// on, and returns its position there, and up to which position all is known to have
// arrived. The position is 0 if the session has ended.
func (b *Broadcast) To(s *Session) (position, confirmed uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.acceptLocked(b.packets) {
		return 0, s.receipts.confirmed
	}
	if s.claimLocked() {
		b.waiting = append(b.waiting, s)
	}
	return s.receipts.created, s.receipts.confirmed
}

// Flush has the event sent to the sessions that were added. It does not wait.
func (b *Broadcast) Flush() {
	if len(b.waiting) > 0 {
		go flushAll(b.waiting)
	}
}

package engine

import (
	"errors"
	"os"

	"github.com/zishang520/socket.io/parsers/socket/v3/parser"
	"github.com/zishang520/socket.io/servers/socket/v3"
)

// ErrTooSlow comes with the end of a session whose client does not keep up with
// what it is sent.
var ErrTooSlow = errors.New("engine: the client does not keep up")

// slowIfLate adds ErrTooSlow to an error of writing if the client did not read in time.
func slowIfLate(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errors.Join(ErrTooSlow, err)
	}
	return err
}

// send has packets sent, all of them or none. A closed session drops them.
func (s *Session) send(packets ...*message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.enqueueLocked(packets) {
		s.flushLocked()
	}
}

// enqueueLocked puts packets into the outbox. It reports false if the session has
// ended, or ends because there is no room.
func (s *Session) enqueueLocked(packets []*message) bool {
	if s.state == stateClosed || s.overflowed {
		return false
	}
	if !s.out.push(packets...) {
		s.overflowLocked()
		return false
	}
	for _, m := range packets {
		if m.counts() {
			s.receipts.created++
		}
	}
	return true
}

// overflowLocked ends the session because there is no room for more. It accepts
// nothing from here on: after a gap nothing may follow.
func (s *Session) overflowLocked() {
	s.overflowed = true
	// Not here: the sender may hold locks that the end of a session needs.
	go s.fail(reasonError, ErrTooSlow)
}

// SendSeries sends n events, more than none, of a socket, each with a trailer as in
// [NewBroadcast], nil if it has none. Each is made only when its turn comes, so that much
// that a client has missed need not wait in memory until the client takes it. The
// calls of event come in order, one at a time, and must not block. SendSeries returns
// the position of the first event, or 0 if the session has ended.
func (s *Session) SendSeries(of *socket.Socket, n int, event func(i int) (event, trailer Event)) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == stateClosed || s.overflowed {
		return 0
	}
	encoded := func(e Event) *message {
		// There is no binary data in a series.
		return encode(of.Nsp(), &parser.Packet{Type: parser.EVENT, Data: []any(e)})[0]
	}
	i := -1
	fits := s.out.pushSeries(n, func() *message {
		i++
		e, trailer := event(i)
		m := encoded(e)
		if trailer != nil {
			// Only one in a write is needed.
			m.trailer = func() *message { return encoded(trailer) }
		}
		return m
	})
	if !fits {
		s.overflowLocked()
		return 0
	}
	first := s.receipts.created + 1
	s.receipts.created += uint64(n)
	s.flushLocked()
	return first
}

// flushLocked has the outbox sent.
func (s *Session) flushLocked() {
	if w := s.carrier.beginFlushLocked(); w != nil {
		go w.flush()
	}
}

// writableLocked reports whether nothing waits and the client is there to take more.
func (s *Session) writableLocked() bool { return s.out.empty() && s.carrier.writableLocked() }

// Account returns how many messages were accepted for sending, and how many of them
// are known to have arrived.
func (s *Session) Account() (sent, confirmed uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.receipts.created, s.receipts.confirmed
}

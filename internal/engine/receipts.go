package engine

import (
	"context"
	"time"

	"golang.org/x/time/rate"
)

// pingsPerSecond and pingsAtOnce bound the pings that ask for a receipt. There
// is never more than one under way, so a conversation of people has one after
// every message, and only a rush has less.
const (
	pingsPerSecond = 1
	pingsAtOnce    = 10
)

// receipts is the account of how many of a session's messages are known to
// have arrived. Positions count the messages of the session from 1.
//
// The clients acknowledge nothing, but they answer pings, and a pong proves
// that all that was written before its ping has arrived. So after messages, but
// only so often, a websocket gets a ping, early as it were. A polling client
// proves the same by asking for more.
//
// Its fields and methods are guarded by the session's mutex.
type receipts struct {
	wanted    bool      // whether pings are sent for receipts' sake
	created   uint64    // messages accepted for sending
	handed    uint64    // of these, handed over to the network
	confirmed uint64    // of these, known to have arrived
	sent      uint64    // bytes handed over
	arrived   uint64    // of these, known to have arrived
	pings     []ping    // unanswered, oldest first
	answered  time.Time // when the latest poll was answered; zero while one waits
	pace      *rate.Limiter
	proof     chan struct{} // closed at the next sign of life; nil if nobody waits for one
}

type ping struct {
	covers uint64    // messages handed over before it
	bytes  uint64    // and bytes
	at     time.Time // since when the answer is owed
}

func newReceipts(wanted bool) receipts {
	return receipts{wanted: wanted, pace: rate.NewLimiter(pingsPerSecond, pingsAtOnce)}
}

// outstanding reports whether a receipt is wanted that no ping has asked for.
func (r *receipts) outstanding() bool {
	return r.wanted && r.handed != r.confirmed && len(r.pings) == 0
}

// due reports whether a ping is to follow what has just been handed over, and
// if it is too early for it, after what time.
func (r *receipts) due(now time.Time) (ping bool, in time.Duration) {
	if !r.outstanding() {
		return false, 0
	}
	turn := r.pace.ReserveN(now, 1)
	if in = turn.DelayFrom(now); in > 0 {
		turn.CancelAt(now)
		return false, in
	}
	return true, 0
}

// handOver notes that a packet is handed over to the network.
func (r *receipts) handOver(m *message) {
	r.sent += uint64(len(m.frame))
	if m.counts() {
		r.handed++
	}
}

// pinged notes a ping behind all that has been handed over.
func (r *receipts) pinged(now time.Time) {
	r.pings = append(r.pings, ping{covers: r.handed, bytes: r.sent, at: now})
}

// ponged notes the answer to the oldest ping. It reports false if there was
// none to answer.
func (r *receipts) ponged() bool {
	if len(r.pings) == 0 {
		return false
	}
	p := r.pings[0]
	r.pings = append(r.pings[:0], r.pings[1:]...)
	r.confirm(p.covers, p.bytes)
	return true
}

// caughtUp notes that the client has got all that there was: it polls for more, or
// moves to a websocket, which it does when it has read everything.
func (r *receipts) caughtUp() {
	r.answered = time.Time{}
	r.confirm(r.handed, r.sent)
}

func (r *receipts) confirm(upTo, bytes uint64) {
	r.confirmed, r.arrived = max(r.confirmed, upTo), max(r.arrived, bytes)
	if r.proof != nil {
		close(r.proof)
		r.proof = nil
	}
}

// awaitProof returns what is closed at the next sign of life.
func (r *receipts) awaitProof() <-chan struct{} {
	if r.proof == nil {
		r.proof = make(chan struct{})
	}
	return r.proof
}

// silence returns for how long the client owes an answer; zero if it owes none.
func (r *receipts) silence(now time.Time, polling bool) time.Duration {
	switch {
	case polling && !r.answered.IsZero():
		return now.Sub(r.answered)
	case !polling && len(r.pings) > 0:
		return now.Sub(r.pings[0].at)
	}
	return 0
}

// Account returns how many messages were accepted for sending, and how many of them
// have arrived.
func (s *Session) Account() (sent, confirmed uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.receipts.created, s.receipts.confirmed
}

// Done is closed at the end of the session.
func (s *Session) Done() <-chan struct{} { return s.done }

// Probe asks for a sign of life and reports whether one came before the client
// owed its answer for longer than patience. A polling client that waits for
// data can only be asked by sending it some: that is what provoke does. Probe
// reports false if the session or ctx ends.
func (s *Session) Probe(ctx context.Context, patience time.Duration, provoke func()) bool {
	s.mu.Lock()
	now := time.Now()
	proof, polling := s.receipts.awaitProof(), s.ws == nil
	idle := polling && s.receipts.answered.IsZero()
	if !polling && len(s.receipts.pings) == 0 && !s.closed {
		s.pingLocked(now)
	}
	wait := patience - s.receipts.silence(now, polling)
	s.mu.Unlock()

	if idle {
		provoke()
	}
	late := time.NewTimer(max(wait, 0))
	defer late.Stop()
	select {
	case <-proof:
		return true
	case <-late.C:
	case <-s.done:
	case <-ctx.Done():
	}
	return false
}

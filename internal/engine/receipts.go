package engine

import (
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
	wanted       bool      // whether pings are sent for receipts' sake
	created      uint64    // messages accepted for sending
	handed       uint64    // of these, handed over to the network
	confirmed    uint64    // of these, known to have arrived
	sent         uint64    // bytes handed over
	arrived      uint64    // of these, known to have arrived
	pings        []ping    // unanswered, oldest first
	pollAnswered time.Time // when the latest poll was answered; zero while one waits
	pace         *rate.Limiter
	proof        chan struct{} // closed at the next sign of life; nil if nobody waits for one
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

// caughtUp notes that the client has got all that was handed over. It polls for more, or
// moves to a websocket, which it does when it has read everything.
func (r *receipts) caughtUp() {
	r.pollAnswered = time.Time{}
	r.confirm(r.handed, r.sent)
}

func (r *receipts) confirm(upTo, bytes uint64) {
	r.confirmed, r.arrived = max(r.confirmed, upTo), max(r.arrived, bytes)
	if r.proof != nil {
		close(r.proof)
		r.proof = nil
	}
}

// awaitProof returns a channel that is closed at the next sign of life.
func (r *receipts) awaitProof() <-chan struct{} {
	if r.proof == nil {
		r.proof = make(chan struct{})
	}
	return r.proof
}

// sincePoll returns for how long a client that polls owes its next poll; zero if one waits.
func (r *receipts) sincePoll(now time.Time) time.Duration {
	if r.pollAnswered.IsZero() {
		return 0
	}
	return now.Sub(r.pollAnswered)
}

// sincePing returns for how long the client owes a pong; zero if it owes none.
func (r *receipts) sincePing(now time.Time) time.Duration {
	if len(r.pings) == 0 {
		return 0
	}
	return now.Sub(r.pings[0].at)
}

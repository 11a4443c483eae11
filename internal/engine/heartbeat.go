package engine

import (
	"context"
	"time"
)

// beats is how many there are in a ping interval.
const beats = 250

// nextBeat returns the first beat that is not before a time. Pings that may wait are sent
// then: waking up for each of many costs several times as much as the ping.
func (v *Server) nextBeat(t time.Time) time.Time {
	length := max(v.options.PingInterval/beats, 1)
	if early := t.Sub(v.began) % length; early > 0 {
		return t.Add(length - early)
	}
	return t
}

// beat is called when a ping or its answer is due, or was.
func (s *Session) beat() {
	s.mu.Lock()
	if s.state == stateClosed {
		s.mu.Unlock()
		return
	}
	now := time.Now()
	timeout := s.server.options.PingTimeout
	owed, waiting := s.owedLocked()
	switch overdue := owed.Add(timeout); {
	case waiting && !now.Before(overdue):
		err := s.lagLocked()
		s.mu.Unlock()
		s.fail(reasonTimeout, err)
		return
	case waiting:
		s.heartbeat.Reset(overdue.Sub(now))
	case now.Before(s.nextPing):
		s.heartbeat.Reset(s.nextPing.Sub(now))
	default:
		// From when it was due, so that what is late does not add up.
		s.pingLocked(s.nextPing)
		s.heartbeat.Reset(s.nextPing.Add(timeout).Sub(now))
	}
	s.mu.Unlock()
}

// lagLocked returns ErrTooSlow if the client's silence may come of all that is on its
// way to it: the ping waits behind that, on a line that somebody else has filled.
func (s *Session) lagLocked() error {
	if s.receipts.sent-s.receipts.arrived+uint64(s.out.bytes) > maxLag {
		return ErrTooSlow
	}
	return nil
}

// owedLocked returns since when the client owes the answer to a ping.
func (s *Session) owedLocked() (since time.Time, owes bool) {
	if len(s.receipts.pings) > 0 {
		return s.receipts.pings[0].at, true
	}
	return s.pingDue, s.pingWanted
}

// pingLocked has a ping sent, behind what is sent at the same time.
func (s *Session) pingLocked(due time.Time) {
	if s.pingWanted {
		return
	}
	s.pingWanted, s.pingDue = true, due
	s.flushLocked()
}

// takePingLocked reports whether a ping is to be sent now, behind all that has
// been handed over, and notes it.
func (s *Session) takePingLocked() bool {
	if s.pingWanted {
		s.pingWanted = false
		s.receipts.pinged(s.pingDue)
		return true
	}
	if s.pacing || !s.carrier.confirmsByPingLocked() || !s.receipts.outstanding() {
		return false
	}
	now := time.Now()
	due := s.receiptDueLocked(now)
	if due {
		s.receipts.pinged(now)
	}
	return due
}

// receiptDueLocked reports whether a ping is due for a receipt. If it is too early for
// one, it sees to it that one follows.
func (s *Session) receiptDueLocked(now time.Time) bool {
	if s.pacing || s.state == stateClosed {
		return false
	}
	due, in := s.receipts.due(now)
	if in > 0 {
		s.pacing = true
		time.AfterFunc(s.server.nextBeat(now.Add(in)).Sub(now), s.pingLater)
	}
	return due
}

// pingLater sends the ping that was too early for its pace.
func (s *Session) pingLater() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pacing = false
	if now := time.Now(); !s.pingWanted && s.receiptDueLocked(now) {
		s.pingLocked(now)
	}
}

// receivePong takes the answer to a ping.
func (s *Session) receivePong() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if !s.receipts.ponged() || s.state == stateClosed {
		return // it answers nothing, or nobody
	}
	if len(s.receipts.pings) == 0 {
		s.nextPing = s.server.nextBeat(now.Add(s.server.options.PingInterval))
		s.heartbeat.Reset(s.nextPing.Sub(now))
	}
	if s.receiptDueLocked(now) {
		s.pingLocked(now)
	}
}

// Alive asks for a sign of life and reports whether one came before the client
// owed its answer for longer than patience. A polling client that waits for
// data can only be asked by sending it some: that is what provoke does. Alive
// reports false if the session or ctx ends.
func (s *Session) Alive(ctx context.Context, patience time.Duration, provoke func()) bool {
	s.mu.Lock()
	now := time.Now()
	proof, asked := s.receipts.awaitProof(), s.carrier.askLocked(now)
	wait := patience - s.carrier.silenceLocked(now)
	s.mu.Unlock()

	if !asked {
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

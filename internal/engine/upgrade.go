package engine

import (
	"net/http"
	"time"
)

const (
	// probePause is how long a poll waits that comes while a client is about to move
	// to a websocket. By then it usually has: the two connections may have overtaken
	// each other, and after the move a poll is a mistake.
	probePause = 50 * time.Millisecond
	// upgradePatience is how long a client may take to poll again after its move to a
	// websocket has failed half-way.
	upgradePatience = 5 * time.Second
)

// The packets of a client that moves (Engine.IO protocol 4, section "Upgrade").
const (
	probePacket   = "2probe"
	upgradePacket = "5"
)

// serveUpgrade takes a websocket that the session may move to. One that comes
// when the session cannot move is closed.
func (s *Session) serveUpgrade(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the client was told, or is gone
	}
	candidate := newWebsocket(s, conn)
	if !s.beginUpgrade(candidate) {
		candidate.boundClose()
		candidate.sayGoodbye()
		candidate.cut()
		return
	}
	go func() {
		if !candidate.awaitUpgrade() {
			s.cancelUpgrade(candidate)
			candidate.cut()
			return
		}
		candidate.read()
	}()
}

// beginUpgrade makes the websocket the session's candidate. It reports false if the
// session cannot move.
func (s *Session) beginUpgrade(candidate *websocket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == stateClosed || !s.polling.carriesLocked() || s.candidate != nil {
		return false
	}
	s.candidate = candidate
	return true
}

// awaitUpgrade answers the client's probe, and returns when the client moves to this
// websocket: the session has moved then. It reports false if it does not.
func (w *websocket) awaitUpgrade() bool {
	s := w.session
	_ = w.conn.SetReadDeadline(time.Now().Add(s.server.options.UpgradeTimeout))
	w.conn.SetReadLimit(maxShort)
	defer w.conn.SetReadLimit(s.server.options.MaxPayload)
	for probed := false; ; probed = true {
		_, data, err := w.conn.ReadMessage()
		switch {
		case err != nil:
			return false
		case probed && string(data) == upgradePacket:
			return s.completeUpgrade(w)
		case string(data) != probePacket || !s.answerProbe(w):
			return false
		}
	}
}

// answerProbe answers a probe. A poll that waits is answered as well: the client
// moves when it has no request under way.
func (s *Session) answerProbe(candidate *websocket) bool {
	s.mu.Lock()
	candidate.probed = true
	waiting := s.polling.poll
	s.mu.Unlock()
	if candidate.write(probeReply.frame) != nil {
		return false
	}
	if waiting != nil {
		waiting.wake() // after the reply, so that the client does not poll again
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.candidate == candidate
}

// completeUpgrade moves the session to its candidate.
func (s *Session) completeUpgrade(candidate *websocket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == stateClosed || s.candidate != candidate {
		return false
	}
	_ = candidate.conn.SetReadDeadline(time.Time{}) // of the upgrade; here, before a close sets its own
	s.candidate, s.carrier = nil, candidate
	s.receipts.caughtUp()
	s.polling.wakeLocked()
	if !s.out.empty() || s.pingWanted {
		s.flushLocked()
	}
	return true
}

// cancelUpgrade notes that the client does not move to its candidate. One whose probe was
// answered has stopped polling for the move, and the official clients never begin
// again: such a session is lost, unless a poll proves otherwise.
func (s *Session) cancelUpgrade(candidate *websocket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.candidate != candidate {
		return
	}
	s.candidate = nil
	if since := s.receipts.pollAnswered; candidate.probed && s.polling.poll == nil {
		time.AfterFunc(upgradePatience, func() { s.endUnlessPolled(since) })
	}
}

// endUnlessPolled ends the session if its client has not polled since its poll was
// answered.
func (s *Session) endUnlessPolled(since time.Time) {
	s.mu.Lock()
	lost := s.polling.carriesLocked() && s.polling.poll == nil && s.receipts.pollAnswered.Equal(since)
	s.mu.Unlock()
	if lost {
		s.fail(reasonError, errAbandoned)
	}
}

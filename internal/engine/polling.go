package engine

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// maxPolled is how much one poll is answered with, in bytes. A single packet may
// be more. A page hears nothing of an answer before all of it is there, and takes ten
// seconds of silence for the end: a line of 3.2 kB a second has to be enough.
const maxPolled = 32 << 10

// probePause is how long a poll waits that comes while a client is about to move
// to a websocket. By then it usually has: the two connections may have overtaken
// each other, and after the move a poll is a mistake.
const probePause = 50 * time.Millisecond

// settleTime bounds how long a request with data waits for what it has said to be
// handled.
const settleTime = time.Second

var (
	errTwoPolls  = errors.New("engine: a poll while another one waits")
	errTwoPosts  = errors.New("engine: a request with data while another one is read")
	errAbandoned = errors.New("engine: a request was abandoned")
	errHeartbeat = errors.New("engine: a ping from the client")
)

// ErrTooSlow comes with the end of a session whose client does not keep up with
// what it is sent.
var ErrTooSlow = errors.New("engine: the client does not keep up")

// poll is a request that waits for something to be answered with.
type poll struct{ ready chan struct{} }

func (p *poll) wake() {
	select {
	case p.ready <- struct{}{}:
	default: // it is awake
	}
}

// servePoll answers a request for data, as soon as there is some.
func (s *Session) servePoll(w http.ResponseWriter, r *http.Request) {
	// The client may be quicker to ask again than the last answer is to be written.
	s.answering.Lock()
	s.answering.Unlock() //nolint:staticcheck // it was to be waited for, no more
	p := &poll{ready: make(chan struct{}, 1)}
	gone, mistaken := s.admitPoll(p)
	if mistaken {
		s.fail(reasonError, errTwoPolls)
	}
	if gone || mistaken {
		refuse(w, badRequest)
		return
	}
	select {
	case <-p.ready:
	case <-r.Context().Done():
		s.abandoned() // while it still counts as waiting: no other may take its place
	}
	payload := s.takePayload()
	if r.Context().Err() != nil {
		// It will be asked for again, by another session: nothing of it counts as
		// received.
		s.abandoned()
		return
	}
	if payload == nil {
		refuse(w, badRequest)
		return
	}
	s.answer(w, payload)
}

// admitPoll lets a poll wait, unless the session is not there for it any more, or
// another waits, which the protocol allows no client.
//
// A browser may repeat a poll by itself if its connection broke before the answer. That
// cannot be told from the next poll: the parameter t, which some clients make new
// for each request, is whole seconds for others, and is left out by others still.
func (s *Session) admitPoll(p *poll) (gone, mistaken bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ws != nil || s.closed && s.out.empty() {
		return true, false
	}
	if s.poll != nil {
		return false, true
	}
	s.receipts.caughtUp()
	s.poll = p
	switch {
	case !s.out.empty() || s.asked:
		p.wake()
	case s.probe != nil && s.probe.probed:
		time.AfterFunc(probePause, p.wake)
	}
	return false, false
}

// answer answers a poll. That is written out before the handler ends, so that the
// deadline is for this answer alone, not for the next one on the same connection.
func (s *Session) answer(w http.ResponseWriter, payload []byte) {
	s.answering.Lock()
	defer s.answering.Unlock()
	controller := http.NewResponseController(w)
	err := controller.SetWriteDeadline(time.Now().Add(s.server.WriteTimeout))
	write(w, http.StatusOK, "text/plain; charset=UTF-8", payload)
	err = errors.Join(err, controller.Flush(), controller.SetWriteDeadline(time.Time{}))
	if err != nil {
		s.fail(reasonError, slow(err))
	}
}

// takePayload ends the wait of the poll and returns what it is answered with, nil
// if the session has moved to a websocket meanwhile.
func (s *Session) takePayload() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.poll = nil
	if s.ws != nil {
		return nil
	}
	payload := s.payloadLocked()
	s.receipts.answered = time.Now()
	if payload == nil {
		payload = noopMessage.appendPolled(nil) // the session is about to move
	}
	switch {
	case !s.closed:
	case s.out.empty():
		s.releaseLocked()
	default:
		time.AfterFunc(closeGrace, s.release) // the client may not come for the rest
	}
	return payload
}

func (s *Session) payloadLocked() (payload []byte) {
	add := func(m *message) {
		if payload != nil {
			payload = append(payload, separator)
		}
		payload = m.appendPolled(payload)
	}
	var trailer func() *message
	for m := s.out.first(); m != nil; m = s.out.first() {
		if payload != nil && len(payload)+m.size > maxPolled {
			break
		}
		add(m)
		if m.trailer != nil {
			trailer = m.trailer
		}
		s.receipts.handOver(m)
		s.out.drop()
	}
	if trailer != nil {
		add(trailer())
	}
	if !s.closed && s.takePingLocked() {
		add(pingMessage)
	}
	return payload
}

// abandoned ends the session, as its client ended a request: a closed tab does.
func (s *Session) abandoned() {
	if !s.Upgraded() {
		s.fail(reasonError, errAbandoned)
	}
}

// servePost takes a request with data.
func (s *Session) servePost(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength > s.server.MaxPayload {
		refuse(w, payloadTooLarge)
		return
	}
	s.mu.Lock()
	gone, busy := s.ws != nil || s.closed, s.posting
	if !gone && !busy {
		s.posting, s.body = true, http.NewResponseController(w)
	}
	s.mu.Unlock()
	switch {
	case gone:
		refuse(w, badRequest)
		return
	case busy:
		s.fail(reasonError, errTwoPosts)
		refuse(w, badRequest)
		return
	}
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.posting = false
	}()

	err := s.readBody(http.MaxBytesReader(w, r.Body, s.server.MaxPayload))
	if err != nil {
		// What is left of the body, and the deadline for it, are nobody else's.
		w.Header().Set("Connection", "close")
	}
	switch tooLarge := new(http.MaxBytesError); {
	case err == nil:
		s.settle()
		accept(w)
	case errors.As(err, &tooLarge), errors.Is(err, errTooLong):
		s.fail(reasonParse, errTooLong) // what came before was heard
		refuse(w, payloadTooLarge)
	case isMistake(err):
		s.fail(reasonParse, err)
		refuse(w, badRequest)
	default:
		s.abandoned()
		refuse(w, badRequest) // it may be malformed rather than abandoned
	}
}

// accept answers a request with data.
func accept(w http.ResponseWriter) { write(w, http.StatusOK, "text/html", []byte("ok")) }

// settle waits until what the client has said is handled, so that its next poll
// takes all answers at once and it says no more than is handled. It does not wait
// for long: the client's next request, with a pong for example, waits for this
// one.
func (s *Session) settle() {
	handled := make(chan struct{})
	s.inbox.add(func() { close(handled) })
	late := time.NewTimer(settleTime)
	defer late.Stop()
	select {
	case <-handled:
	case <-s.done:
	case <-late.C:
	}
}

// readBody takes in the body of a request with data, but not for long once the
// session has ended.
func (s *Session) readBody(r io.Reader) (err error) {
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		// If the session has ended there is a deadline. It must not outlive a body that is
		// there: net/http goes on reading to learn of the connection's end, takes the deadline
		// for that, and cancels every later request by the same connection, whosever it is.
		if err == nil {
			_ = s.body.SetReadDeadline(time.Time{}) // recorders of tests have none
		}
		s.body = nil
	}()
	return s.readPayload(r, s.receive)
}

// partLocked sees to it that the client is told of the end: the request that
// waits, or the next one if it comes soon, unless the client made a mistake.
func (s *Session) partLocked() {
	switch {
	case s.poll != nil:
		s.poll.wake()
	case s.graceful || s.goodbye:
		time.AfterFunc(closeGrace, s.release)
	default:
		s.releaseLocked()
	}
}

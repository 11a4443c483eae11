package engine

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/zishang520/socket.io/servers/engine/v3/transports"
)

// maxPolled is how much one poll is answered with, in bytes. A single packet may
// be more. A page hears nothing of an answer before all of it is there, and takes ten
// seconds of silence for the end: a line of 3.2 kB a second has to be enough.
const maxPolled = 32 << 10

// handlePatience bounds how long a request with data waits for what it has said to be
// handled.
const handlePatience = time.Second

var (
	errTwoPolls  = errors.New("engine: a poll while another one waits")
	errTwoPosts  = errors.New("engine: a request with data while another one is read")
	errAbandoned = errors.New("engine: a request was abandoned")
)

// poll is a request that waits for something to be answered with.
type poll struct{ ready chan struct{} }

func (p *poll) wake() {
	select {
	case p.ready <- struct{}{}:
	default: // it is awake
	}
}

// polling carries a session by requests of its client. One waits for data, and is
// answered as soon as there is some; others bring data.
type polling struct {
	session   *Session
	answering sync.Mutex // held while a poll's answer is written

	// These are guarded by session.mu.
	poll    *poll                    // waits for an answer; nil if none does
	body    *http.ResponseController // of the request with data while its body is being read
	posting bool                     // a request with data is being taken
}

func (p *polling) transport() string { return transports.POLLING }

func (p *polling) writableLocked() bool { return p.poll != nil }

// beginFlushLocked wakes the poll that waits, which takes what is in the outbox itself.
func (p *polling) beginFlushLocked() *websocket {
	p.wakeLocked()
	return nil
}

func (p *polling) wakeLocked() {
	if p.poll != nil {
		p.poll.wake()
	}
}

// confirmsByPingLocked is false: the next poll says as much as a pong.
func (p *polling) confirmsByPingLocked() bool { return false }

// askLocked does nothing. A client whose poll was answered owes the next one anyway; one
// whose poll waits can only be sent something.
func (p *polling) askLocked(time.Time) bool { return !p.session.receipts.pollAnswered.IsZero() }

func (p *polling) silenceLocked(now time.Time) time.Duration {
	return p.session.receipts.sincePoll(now)
}

// finishLocked sees to it that the client is told of the end: by the poll that
// waits, or by the next one if it comes soon, unless the client made a mistake.
func (p *polling) finishLocked() {
	s := p.session
	last := closeMessage
	if s.goodbye {
		last = noopMessage // it knows
	}
	s.out.push(last)
	switch {
	case p.poll != nil:
		p.poll.wake()
	case s.graceful || s.goodbye:
		time.AfterFunc(closeGrace, s.release)
	default:
		s.releaseLocked()
	}
}

// cutLocked still has a poll that waits answered: the client has to hear of the end.
func (p *polling) cutLocked() { p.finishLocked() }

// carriesLocked reports whether the session has not moved to a websocket.
func (p *polling) carriesLocked() bool { return p.session.carrier == carrier(p) }

// serveGet answers a poll, as soon as there is something to answer it with.
func (p *polling) serveGet(w http.ResponseWriter, r *http.Request) {
	// The client may poll again before the handler of its last poll has ended.
	p.answering.Lock()
	p.answering.Unlock() //nolint:staticcheck // it is only waited for
	waiting := &poll{ready: make(chan struct{}, 1)}
	gone, mistaken := p.admit(waiting)
	if mistaken {
		p.session.fail(reasonError, errTwoPolls)
	}
	if gone || mistaken {
		refuse(w, badRequest)
		return
	}
	select {
	case <-waiting.ready:
	case <-r.Context().Done():
		p.abandoned() // while it still counts as waiting, so that no other takes its place
	}
	payload := p.takePayload()
	if r.Context().Err() != nil {
		// The answer will be asked for again, by another session. Nothing of it counts as
		// received.
		p.abandoned()
		return
	}
	if payload == nil {
		refuse(w, badRequest)
		return
	}
	p.answer(w, payload)
}

// admit lets a poll wait, unless the session is not there for it any more, or
// another waits, which the protocol allows no client.
//
// A browser may repeat a poll by itself if its connection broke before the answer. That
// cannot be told from the next poll: the parameter t, which some clients make new
// for each request, is whole seconds for others, and is left out by others still.
func (p *polling) admit(waiting *poll) (gone, mistaken bool) {
	s := p.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if !p.carriesLocked() || s.state == stateClosed && s.out.empty() {
		return true, false
	}
	if p.poll != nil {
		return false, true
	}
	s.receipts.caughtUp()
	p.poll = waiting
	switch {
	case !s.out.empty() || s.pingWanted:
		waiting.wake()
	case s.candidate != nil && s.candidate.probed:
		time.AfterFunc(probePause, waiting.wake)
	}
	return false, false
}

// takePayload ends the wait of the poll and returns its answer, nil if the session has
// moved to a websocket meanwhile.
func (p *polling) takePayload() []byte {
	s := p.session
	s.mu.Lock()
	defer s.mu.Unlock()
	p.poll = nil
	if !p.carriesLocked() {
		return nil
	}
	payload := p.payloadLocked()
	s.receipts.pollAnswered = time.Now()
	if payload == nil {
		payload = noopMessage.appendPolled(nil) // the session is about to move
	}
	switch {
	case s.state != stateClosed:
	case s.out.empty():
		s.releaseLocked()
	default:
		time.AfterFunc(closeGrace, s.release) // the client may not come for the rest
	}
	return payload
}

// payloadLocked takes one poll's answer out of the outbox. It is nil if nothing waits.
func (p *polling) payloadLocked() (payload []byte) {
	s := p.session
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
		s.out.pop()
	}
	if trailer != nil {
		add(trailer())
	}
	if s.state != stateClosed && s.takePingLocked() {
		add(pingMessage)
	}
	return payload
}

// answer answers a poll. It writes all of the answer, so that the deadline is for this
// one alone, not for the next one on the same connection.
func (p *polling) answer(w http.ResponseWriter, payload []byte) {
	p.answering.Lock()
	defer p.answering.Unlock()
	controller := http.NewResponseController(w)
	err := controller.SetWriteDeadline(time.Now().Add(p.session.server.options.WriteTimeout))
	respond(w, http.StatusOK, "text/plain; charset=UTF-8", payload)
	err = errors.Join(err, controller.Flush(), controller.SetWriteDeadline(time.Time{}))
	if err != nil {
		p.session.fail(reasonError, slowIfLate(err))
	}
}

// abandoned ends the session, as its client ended a request: a closed tab does.
func (p *polling) abandoned() {
	s := p.session
	s.mu.Lock()
	carries := p.carriesLocked()
	s.mu.Unlock()
	if carries {
		s.fail(reasonError, errAbandoned)
	}
}

// servePost takes a request with data.
func (p *polling) servePost(w http.ResponseWriter, r *http.Request) {
	s := p.session
	if r.ContentLength > s.server.options.MaxPayload {
		refuse(w, payloadTooLarge)
		return
	}
	gone, mistaken := p.beginPost(w)
	if mistaken {
		s.fail(reasonError, errTwoPosts)
	}
	if gone || mistaken {
		refuse(w, badRequest)
		return
	}
	defer p.endPost()

	err := p.readBody(http.MaxBytesReader(w, r.Body, s.server.options.MaxPayload))
	if err != nil {
		// No other request may find the rest of the body, or its deadline.
		w.Header().Set("Connection", "close")
	}
	switch tooLarge := new(http.MaxBytesError); {
	case err == nil:
		p.awaitHandled()
		respond(w, http.StatusOK, "text/html", []byte("ok"))
	case errors.As(err, &tooLarge), errors.Is(err, errTooLong):
		s.fail(reasonParse, errTooLong) // what came before was heard
		refuse(w, payloadTooLarge)
	case isMistake(err):
		s.fail(reasonParse, err)
		refuse(w, badRequest)
	default:
		p.abandoned()
		refuse(w, badRequest) // it may be malformed rather than abandoned
	}
}

// beginPost lets a request with data in, unless the session is not there for it any more,
// or another one is being taken, which the protocol allows no client.
func (p *polling) beginPost(w http.ResponseWriter) (gone, mistaken bool) {
	s := p.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if !p.carriesLocked() || s.state == stateClosed {
		return true, false
	}
	if p.posting {
		return false, true
	}
	p.posting, p.body = true, http.NewResponseController(w)
	return false, false
}

func (p *polling) endPost() {
	p.session.mu.Lock()
	defer p.session.mu.Unlock()
	p.posting = false
}

// readBody takes in the body of a request with data, but not for long once the
// session has ended.
func (p *polling) readBody(r io.Reader) (err error) {
	s := p.session
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		// If the session has ended there is a deadline. It must not outlive a body that is
		// there: net/http goes on reading to learn of the connection's end, takes the deadline
		// for that, and cancels every later request by the same connection, whosever it is.
		if err == nil {
			_ = p.body.SetReadDeadline(time.Time{}) // recorders of tests have none
		}
		p.body = nil
	}()
	return (&intake{session: s}).readPayload(r, s.receive)
}

// boundBodyLocked bounds the time in which the rest of a body may arrive, also after
// a move to a websocket.
func (p *polling) boundBodyLocked() {
	if p.body != nil {
		_ = p.body.SetReadDeadline(time.Now().Add(closeGrace)) // recorders of tests have none
	}
}

// awaitHandled waits until all that the client has said is handled. Its next poll then
// takes all answers at once, and it says no more than is handled. The wait is short,
// since the client's next request, for example with a pong, waits for this one.
func (p *polling) awaitHandled() {
	s := p.session
	handled := make(chan struct{})
	s.inbox.add(func() { close(handled) })
	late := time.NewTimer(handlePatience)
	defer late.Stop()
	select {
	case <-handled:
	case <-s.done:
	case <-late.C:
	}
}

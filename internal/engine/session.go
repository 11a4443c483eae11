package engine

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	ws "github.com/gorilla/websocket"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

// The reasons for the end of a session, in the words of the Socket.IO layer and
// of its documentation.
const (
	reasonClient  = "transport close"
	reasonError   = "transport error"
	reasonParse   = "parse error"
	reasonTimeout = "ping timeout"
	reasonServer  = "forced close"
)

// closeGrace is how long a session that ends may take to send what is under way, to be
// answered, and to be asked for the rest.
const closeGrace = time.Second

// state is where a session stands; see the package's documentation.
type state uint8

const (
	stateOpening state = iota // the Socket.IO layer and OnSession's listeners are told of it; its client is not heard yet
	stateOpen
	stateClosed // nothing is accepted any more, in either direction
)

// String returns the library's word for the state.
func (s state) String() string { return [...]string{"opening", "open", "closed"}[s] }

// Session is an Engine.IO session: what a client has from its handshake until
// it is gone, whichever transport carries it.
//
// All methods are safe for concurrent use. None waits for the network but Alive.
type Session struct {
	server     *Server
	id         string
	number     uint64
	remote     string
	request    atomic.Pointer[types.HttpContext]
	facade     facade
	sockets    sockets
	assembly   assembly // used by the inbox alone
	inbox      inbox
	introduced atomic.Bool   // the client has asked for a Socket.IO connection
	done       chan struct{} // closed at the end

	mu         sync.Mutex
	state      state
	overflowed bool // there was no room for a message, and so nothing more is accepted
	graceful   bool // closed, and what is in the outbox is still sent
	goodbye    bool // the client closed it
	released   bool // see releaseLocked
	vouched    bool // somebody answers for it
	pingWanted bool // a ping is to be sent with what is sent next
	pacing     bool // pingLater is going to be called

	carrier      carrier
	polling      polling
	candidate    *websocket // a websocket that the session may move to; nil if there is none
	out          outbox
	receipts     receipts
	vouching     chan struct{} // closed by Vouch; nil if nobody waits for it
	heartbeat    *time.Timer
	connectTimer *time.Timer
	nextPing     time.Time
	pingDue      time.Time // since when the client owes an answer to the ping that is wanted
}

func newSession(server *Server, id string, r *http.Request) *Session {
	s := &Session{
		server:   server,
		id:       id,
		number:   server.handshakes.Add(1),
		remote:   r.RemoteAddr,
		receipts: newReceipts(server.options.Receipts),
		inbox:    inbox{workers: server.workers},
		out:      outbox{all: &server.strangersBacklogs},
		done:     make(chan struct{}),
	}
	s.facade.session, s.polling.session = s, s
	s.carrier = &s.polling
	s.request.Store(types.NewHttpContext(noResponse{}, handshakeOf(r)))
	return s
}

// handshakeOf returns a session's first request without all that holds the connection's
// buffers.
func handshakeOf(r *http.Request) *http.Request {
	kept := &http.Request{
		Method: r.Method, URL: r.URL, Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor,
		Header: r.Header, Body: http.NoBody, Host: r.Host, RemoteAddr: r.RemoteAddr, RequestURI: r.RequestURI, TLS: r.TLS,
	}
	return kept.WithContext(r.Context())
}

// noResponse is the response of a request that has been answered.
type noResponse struct{}

func (noResponse) Header() http.Header       { return http.Header{} }
func (noResponse) WriteHeader(int)           {}
func (noResponse) Write([]byte) (int, error) { return 0, http.ErrHijacked }

// openPacket is the answer to the handshake.
func (s *Session) openPacket(upgrades ...string) *message {
	if upgrades == nil {
		upgrades = []string{}
	}
	o := &s.server.options
	body, err := json.Marshal(struct {
		Sid          string   `json:"sid"`
		Upgrades     []string `json:"upgrades"`
		PingInterval int64    `json:"pingInterval"` // milliseconds
		PingTimeout  int64    `json:"pingTimeout"`  // milliseconds
		MaxPayload   int64    `json:"maxPayload"`   // bytes
	}{s.id, upgrades, o.PingInterval.Milliseconds(), o.PingTimeout.Milliseconds(), o.MaxPayload})
	if err != nil {
		panic(err) // there is nothing in it that could not be encoded
	}
	return newMessage(frameText, []byte{packetOpen}, body)
}

// Id returns the session's id, which is a secret of the client's.
func (s *Session) Id() string { return s.id }

// Number returns how many sessions began before this one and with it: a later handshake
// has a higher number.
func (s *Session) Number() uint64 { return s.number }

// Request returns the handshake's request, without a body.
func (s *Session) Request() *http.Request { return s.request.Load().Request() }

// Forget lets go of the handshake's request when nothing of it is needed any more.
// From then on Request returns an empty one.
func (s *Session) Forget() { s.request.Store(emptyRequest()) }

var emptyRequest = sync.OnceValue(func() *types.HttpContext {
	over, cancel := context.WithCancel(context.Background())
	cancel()
	r := (&http.Request{URL: &url.URL{}, Header: http.Header{}, Body: http.NoBody}).WithContext(over)
	return types.NewHttpContext(noResponse{}, r)
})

// Vouch notes that somebody answers for the session. Packets that it sends, and messages
// that wait for it, no longer count in the bounds for all strangers.
func (s *Session) Vouch() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.vouched {
		return
	}
	s.vouched = true
	if s.vouching != nil {
		close(s.vouching)
	}
	s.out.transfer(&s.server.backlogs)
}

func (s *Session) isVouched() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.vouched
}

// awaitVouching returns a channel that is closed once somebody answers for the session.
func (s *Session) awaitVouching() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.vouching == nil {
		s.vouching = make(chan struct{})
		if s.vouched {
			close(s.vouching)
		}
	}
	return s.vouching
}

func (s *Session) currentState() state {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// start opens the session: the time begins to count, and the client is heard.
func (s *Session) start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == stateClosed {
		return // by somebody who was told of it
	}
	now := time.Now()
	s.nextPing = s.server.nextBeat(now.Add(s.server.options.PingInterval))
	s.heartbeat = time.AfterFunc(s.nextPing.Sub(now), s.beat)
	if s.server.layer != nil {
		s.connectTimer = time.AfterFunc(s.server.options.ConnectTimeout, s.requireConnect)
	}
	s.state = stateOpen
	s.flushLocked() // a websocket is sent the answer to its handshake
}

// requireConnect ends the session of a client that wants nothing of the Socket.IO
// layer.
func (s *Session) requireConnect() {
	if !s.sockets.any() {
		s.Close(false)
	}
}

// Close ends the session. Unless discard is true, messages that were sent before
// still arrive, if the client takes them in time.
func (s *Session) Close(discard bool) { s.end(reasonServer, nil, discard) }

// fail ends the session because something is wrong with it or its client.
func (s *Session) fail(reason string, err error) { s.end(reason, err, true) }

// receiveClose ends the session because the client says so.
func (s *Session) receiveClose() {
	s.mu.Lock()
	s.noteGoodbyeLocked()
	s.mu.Unlock()
	s.end(reasonClient, nil, true)
}

func (s *Session) noteGoodbyeLocked() {
	s.goodbye = s.goodbye || s.state != stateClosed // afterwards it only answers ours
}

// end ends the session, once. A later call can only discard the messages that the first
// one left to be sent.
func (s *Session) end(reason string, err error, discard bool) {
	s.mu.Lock()
	if s.state == stateClosed {
		if discard && s.graceful {
			s.graceful = false
			s.cutLocked()
		}
		s.mu.Unlock()
		return
	}
	s.state = stateClosed
	s.graceful = !discard
	for _, t := range []*time.Timer{s.heartbeat, s.connectTimer} {
		if t != nil {
			t.Stop()
		}
	}
	if s.candidate != nil {
		s.candidate.cut()
		s.candidate = nil
	}
	s.polling.boundBodyLocked()
	if discard {
		s.cutLocked()
	} else {
		s.carrier.finishLocked()
	}
	close(s.done)
	s.mu.Unlock()

	s.Do(func() { s.facade.Emit("close", reason, err) })
	if err != nil {
		s.server.options.Log.Debug("a session failed", "reason", reason, "error", plain(err))
	}
}

func (s *Session) cutLocked() {
	s.out.clear()
	s.carrier.cutLocked()
}

// Done is closed at the end of the session.
func (s *Session) Done() <-chan struct{} { return s.done }

// OnClose has f called once after the end of the session, also if that has been already.
func (s *Session) OnClose(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == stateClosed {
		s.Do(f)
		return
	}
	_ = s.facade.Once("close", func(...any) { f() }) // cannot fail
}

// release forgets a session when nothing of it is left to be sent.
func (s *Session) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.releaseLocked()
}

func (s *Session) releaseLocked() {
	if s.released {
		return
	}
	s.released = true
	s.out.clear() // nobody comes for it any more
	s.server.sessions.Delete(s.id)
	s.server.count.Add(-1)
}

// plain returns the text of an error for the log, without addresses and without
// anything that the client wrote.
func plain(err error) string {
	var network *net.OpError
	var closed *ws.CloseError
	switch {
	case errors.As(err, &network):
		return network.Err.Error()
	case errors.As(err, &closed):
		return "closed with code " + strconv.Itoa(closed.Code)
	}
	return err.Error()
}

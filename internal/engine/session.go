package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	ws "github.com/gorilla/websocket"
	eiopacket "github.com/zishang520/socket.io/parsers/engine/v3/packet"
	"github.com/zishang520/socket.io/parsers/socket/v3/parser"
	eio "github.com/zishang520/socket.io/servers/engine/v3"
	"github.com/zishang520/socket.io/servers/engine/v3/transports"
	"github.com/zishang520/socket.io/servers/socket/v3"
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

// Session is an Engine.IO session: what a client has from its handshake until
// it is gone, whichever transport carries it. It implements the library's
// [eio.Socket], of which the library's Socket.IO layer uses a part.
//
// All methods are safe for concurrent use. None waits for the network but Probe.
type Session struct {
	emitter // the Socket.IO layer listens

	server    *Server
	id        string
	number    uint64
	request   atomic.Pointer[types.HttpContext]
	remote    string
	inbox     inbox
	answering sync.Mutex // held while a poll is answered
	upper     upper

	introduced atomic.Bool // the client has asked for a Socket.IO connection

	state    atomic.Value // what the Socket.IO layer is told of it
	attached func()       // see Server.attach

	done chan struct{} // closed at the end

	mu       sync.Mutex
	closed   bool // nothing is accepted any more, in either direction
	refused  bool // something was not accepted, and so nothing more is
	graceful bool // what is in the outbox is still sent
	goodbye  bool // the client closed it
	vouched  bool // somebody answers for it
	posting  bool // a request with data is being taken
	flushing bool // somebody is writing to ws
	stuck    bool // and waits for room, or has failed
	asked    bool // a ping is to be sent with what is sent next
	pacing   bool // pingLater is going to be called
	released bool // see releaseLocked

	out          outbox
	ws           *websocket               // nil while polling carries the session
	probe        *websocket               // a websocket that the session may move to
	poll         *poll                    // the request that waits for an answer
	body         *http.ResponseController // of the request with data while its body is being read
	parting      chan struct{}            // closed when nobody writes any more, for the reader, which answers the client's close
	vouching     chan struct{}            // closed by Vouch; nil if nobody waits for it
	receipts     receipts
	timer        *time.Timer // of the heartbeat
	connectTimer *time.Timer
	nextPing     time.Time
	askedAt      time.Time
}

var _ eio.Socket = (*Session)(nil)

func newSession(server *Server, id string, r *http.Request) *Session {
	s := &Session{
		server:   server,
		id:       id,
		number:   server.handshakes.Add(1),
		remote:   r.RemoteAddr,
		receipts: newReceipts(server.Receipts),
		inbox:    inbox{workers: server.workers},
		out:      outbox{all: &server.untrusted},
		done:     make(chan struct{}),
	}
	s.request.Store(types.NewHttpContext(noResponse{}, handshakeOf(r)))
	s.state.Store("opening")
	return s
}

// handshakeOf returns what a session keeps of its first request: nothing that
// holds the connection's buffers.
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

// Construct does nothing: newSession has done it.
func (s *Session) Construct(string, eio.BaseServer, transports.Transport, *types.HttpContext, int) {}

// Id returns the session's id, which is a secret of the client's.
func (s *Session) Id() string { return s.id }

// Number returns how many sessions began before this one and with it: a later handshake
// has a higher number.
func (s *Session) Number() uint64 { return s.number }

// Protocol returns the revision of the protocol, which is 4.
func (s *Session) Protocol() int { return 4 }

// Vouch notes that somebody answers for the session: what it sends, and what waits for
// it, is no longer a part of what strangers may have together.
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
	s.out.move(&s.server.backlogs)
}

func (s *Session) isVouched() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.vouched
}

// awaitVouching returns what is closed once somebody answers for the session.
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

// Request returns the handshake's request, without a body.
func (s *Session) Request() *types.HttpContext { return s.request.Load() }

// Forget lets go of the handshake's request, of which nothing is needed any more.
// From then on Request returns an empty one.
func (s *Session) Forget() { s.request.Store(emptyRequest()) }

var emptyRequest = sync.OnceValue(func() *types.HttpContext {
	over, cancel := context.WithCancel(context.Background())
	cancel()
	r := (&http.Request{URL: &url.URL{}, Header: http.Header{}, Body: http.NoBody}).WithContext(over)
	return types.NewHttpContext(noResponse{}, r)
})

// RemoteAddress returns the address that the handshake came from, which may be
// a proxy's.
func (s *Session) RemoteAddress() string { return s.remote }

// ReadyState returns "opening", "open" or "closed".
func (s *Session) ReadyState() string {
	state := s.state.Load().(string) //nolint:forcetypeassert // nothing else is stored
	if state == "opening" && s.attached != nil {
		s.attached()
	}
	return state
}

// SetReadyState does nothing: the session knows its state.
func (s *Session) SetReadyState(string) {}

// Upgraded reports whether a websocket carries the session.
func (s *Session) Upgraded() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ws != nil
}

// Upgrading reports whether the session may soon move to a websocket.
func (s *Session) Upgrading() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.probe != nil
}

// MaybeUpgrade does nothing: see Server.upgrade.
func (s *Session) MaybeUpgrade(transports.Transport) {}

// Transport returns the name of what carries the session, and whether it could
// write at once; the rest of the library's interface it does not have.
func (s *Session) Transport() transports.Transport { return carrier{session: s} }

type carrier struct {
	transports.Transport
	session *Session
}

func (c carrier) Name() string {
	if c.session.Upgraded() {
		return transports.WEBSOCKET
	}
	return transports.POLLING
}

func (c carrier) Writable() bool {
	s := c.session
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writableLocked()
}

// writableLocked reports whether nothing waits and the client is there to take more.
func (s *Session) writableLocked() bool {
	return s.out.empty() && (s.ws != nil || s.poll != nil)
}

// Send sends a message; see Write.
func (s *Session) Send(data io.Reader, o *eiopacket.Options, fn eio.SendCallback) eio.Socket {
	return s.Write(data, o, fn)
}

// Write sends a message of the Socket.IO layer: text if data is a string
// buffer, else binary. Options and callback have no use here.
func (s *Session) Write(data io.Reader, _ *eiopacket.Options, _ eio.SendCallback) eio.Socket {
	body, err := bytesOf(data)
	if err != nil {
		s.server.Log.Error("a packet could not be read", "error", err)
		return s
	}
	_, text := data.(*types.StringBuffer)
	if text && s.upper.swallows(body) {
		return s
	}
	s.send(newPacket(body, !text))
	return s
}

func bytesOf(data io.Reader) ([]byte, error) {
	if buffer, ok := data.(types.BufferInterface); ok {
		return buffer.Bytes(), nil
	}
	return io.ReadAll(data)
}

// send has packets sent, all of them or none. What is sent to a closed session
// is dropped.
func (s *Session) send(packets ...*message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.acceptLocked(packets) {
		s.wakeLocked()
	}
}

// acceptLocked puts packets into the outbox. It reports false if the session has
// ended, or ends because there is no room.
func (s *Session) acceptLocked(packets []*message) bool {
	if s.closed || s.refused {
		return false
	}
	if !s.out.push(packets...) {
		s.refuseLocked()
		return false
	}
	for _, m := range packets {
		if m.counts() {
			s.receipts.created++
		}
	}
	return true
}

// refuseLocked ends the session because there is no room for more. It accepts
// nothing from here on: after a gap nothing may follow.
func (s *Session) refuseLocked() {
	s.refused = true
	// Not here: whoever sends may hold locks that the end of a session needs.
	go s.fail(reasonError, ErrTooSlow)
}

// SendSeries sends n events, more than none, of a socket, each with a trailer as in
// [NewBroadcast], nil if it has none: each made only when its turn comes, so that much
// that a client has missed need not wait in memory until the client takes it. The
// calls of event come in order, one at a time, and must not block. SendSeries returns
// the position of the first event, or 0 if the session has ended.
func (s *Session) SendSeries(of *socket.Socket, n int, event func(i int) (event, trailer Event)) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.refused {
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
		s.refuseLocked()
		return 0
	}
	first := s.receipts.created + 1
	s.receipts.created += uint64(n)
	s.wakeLocked()
	return first
}

// wakeLocked has what is in the outbox sent.
func (s *Session) wakeLocked() {
	if s.claimLocked() {
		go s.flush()
	}
}

// claimLocked reports whether the caller has to see to it that the session is
// flushed; if not, somebody else does. A poll that waits is woken.
func (s *Session) claimLocked() bool {
	switch {
	case s.ws != nil && !s.flushing:
		s.flushing = true
		return true
	case s.ws == nil && s.poll != nil:
		s.poll.wake()
	}
	return false
}

// Close ends the session. Unless discard is true, what has been sent before
// still arrives, if the client takes it in time.
func (s *Session) Close(discard bool) { s.end(reasonServer, nil, discard) }

// fail ends the session because something is wrong with it or its client.
func (s *Session) fail(reason string, err error) { s.end(reason, err, true) }

// end ends the session, once.
func (s *Session) end(reason string, err error, discard bool) {
	s.mu.Lock()
	if s.closed {
		if discard && s.graceful {
			s.graceful = false
			s.cutLocked()
		}
		s.mu.Unlock()
		return
	}
	s.closed = true
	s.graceful = !discard
	s.state.Store("closed")
	for _, t := range []*time.Timer{s.timer, s.connectTimer} {
		if t != nil {
			t.Stop()
		}
	}
	if s.probe != nil {
		s.probe.cut()
		s.probe = nil
	}
	if s.body != nil {
		_ = s.body.SetReadDeadline(time.Now().Add(closeGrace)) // recorders of tests have none
	}
	if discard {
		s.cutLocked()
	} else {
		s.leaveLocked()
	}
	close(s.done)
	s.mu.Unlock()

	s.Do(func() { s.Emit("close", reason, err) })
	if err != nil {
		s.server.Log.Debug("a session failed", "reason", reason, "error", plain(err))
	}
}

// plain returns what may be logged of an error: no address, and nothing that the
// client wrote.
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

// slow marks an error of writing that comes of the client's not reading.
func slow(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errors.Join(ErrTooSlow, err)
	}
	return err
}

// cutLocked ends what carries the session at once. A poll that waits is still
// answered: the client has to hear of it.
func (s *Session) cutLocked() {
	s.out.clear()
	if s.ws != nil {
		s.ws.cut()
		return
	}
	s.leaveLocked()
}

// leaveLocked has the client told once all else is sent.
func (s *Session) leaveLocked() {
	if s.ws != nil {
		s.ws.hurry()
		s.wakeLocked()
		return
	}
	last := closeMessage
	if s.goodbye {
		last = noopMessage // it knows
	}
	s.out.push(last)
	s.partLocked()
}

// start begins to count the time, and lets the client be heard.
func (s *Session) start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return // by somebody who was told of it
	}
	now := time.Now()
	s.nextPing = s.server.beat(now.Add(s.server.PingInterval))
	s.timer = time.AfterFunc(s.nextPing.Sub(now), s.beat)
	if s.server.layer != nil {
		s.connectTimer = time.AfterFunc(s.server.ConnectTimeout, s.connectBy)
	}
	s.state.Store("open")
	s.wakeLocked() // a websocket is sent the answer to its handshake
}

// connectBy ends the session of a client that wants nothing of the Socket.IO
// layer.
func (s *Session) connectBy() {
	if !s.upper.connected() {
		s.Close(false)
	}
}

// beat is called when a ping or its answer is due, or was.
func (s *Session) beat() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	now := time.Now()
	owed, waiting := s.owedLocked()
	switch overdue := owed.Add(s.server.PingTimeout); {
	case waiting && !now.Before(overdue):
		err := s.lagLocked()
		s.mu.Unlock()
		s.fail(reasonTimeout, err)
		return
	case waiting:
		s.timer.Reset(overdue.Sub(now))
	case now.Before(s.nextPing):
		s.timer.Reset(s.nextPing.Sub(now))
	default:
		// From when it was due, so that what is late does not add up.
		s.pingLocked(s.nextPing)
		s.timer.Reset(s.nextPing.Add(s.server.PingTimeout).Sub(now))
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
	return s.askedAt, s.asked
}

// pingLocked has a ping sent, behind what is sent at the same time.
func (s *Session) pingLocked(due time.Time) {
	if s.asked {
		return
	}
	s.asked, s.askedAt = true, due
	s.wakeLocked()
}

// takePingLocked reports whether a ping is to be sent now, behind all that has
// been handed over, and notes it.
func (s *Session) takePingLocked() bool {
	if s.asked {
		s.asked = false
		s.receipts.pinged(s.askedAt)
		return true
	}
	// The next poll of a client that polls will say as much.
	if s.ws == nil || s.pacing || !s.receipts.outstanding() {
		return false
	}
	now := time.Now()
	due := s.dueLocked(now)
	if due {
		s.receipts.pinged(now)
	}
	return due
}

// dueLocked reports whether a ping is due for a receipt. If it is too early for
// one, it sees to it that one follows.
func (s *Session) dueLocked(now time.Time) bool {
	if s.pacing || s.closed {
		return false
	}
	due, in := s.receipts.due(now)
	if in > 0 {
		s.pacing = true
		time.AfterFunc(s.server.beat(now.Add(in)).Sub(now), s.pingLater)
	}
	return due
}

// pingLater sends the ping that was too early for its pace.
func (s *Session) pingLater() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pacing = false
	if now := time.Now(); !s.asked && s.dueLocked(now) {
		s.pingLocked(now)
	}
}

// receive takes a packet of the client's. It is called by one goroutine at a
// time, and waits while too much of what came before is not handled yet.
func (s *Session) receive(p packet) {
	switch p.kind {
	case packetMessage:
		if len(p.data) > 0 && p.data[0] == sioConnect && !p.binary {
			s.introduced.Store(true)
		}
		if !s.inbox.addWithin(len(p.data), s.done, func() { s.handle(p) }) {
			p.lease.release()
		}
	case packetPong:
		s.pong()
	case packetClose:
		s.bye()
	case packetPing:
		s.fail(reasonError, errHeartbeat) // in this revision they are the server's
	}
}

func (s *Session) pong() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if !s.receipts.ponged() || s.closed {
		return // it answers nothing, or nobody
	}
	if len(s.receipts.pings) == 0 {
		s.nextPing = s.server.beat(now.Add(s.server.PingInterval))
		s.timer.Reset(s.nextPing.Sub(now))
	}
	if s.dueLocked(now) {
		s.pingLocked(now)
	}
}

// bye ends the session because the client says so.
func (s *Session) bye() {
	s.mu.Lock()
	s.noteGoodbyeLocked()
	s.mu.Unlock()
	s.end(reasonClient, nil, true)
}

func (s *Session) noteGoodbyeLocked() {
	s.goodbye = s.goodbye || !s.closed // afterwards it only answers ours
}

// contain keeps a fault in the library's handling of what a client sent from
// ending the process: that session alone is lost. Deferred around the handling.
func (s *Session) contain() {
	if fault := recover(); fault != nil {
		s.server.Log.Error("a packet could not be handled", "type", fmt.Sprintf("%T", fault), "stack", string(debug.Stack()))
		go s.fail(reasonError, nil)
	}
}

// openPacket is the answer to the handshake.
func (s *Session) openPacket(upgrades ...string) *message {
	if upgrades == nil {
		upgrades = []string{}
	}
	body, err := json.Marshal(struct {
		Sid          string   `json:"sid"`
		Upgrades     []string `json:"upgrades"`
		PingInterval int64    `json:"pingInterval"` // milliseconds
		PingTimeout  int64    `json:"pingTimeout"`  // milliseconds
		MaxPayload   int64    `json:"maxPayload"`   // bytes
	}{s.id, upgrades, s.server.PingInterval.Milliseconds(), s.server.PingTimeout.Milliseconds(), s.server.MaxPayload})
	if err != nil {
		panic(err) // there is nothing in it that could not be encoded
	}
	return newMessage(frameText, []byte{packetOpen}, body)
}

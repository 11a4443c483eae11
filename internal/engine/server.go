package engine

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	ws "github.com/gorilla/websocket"
	eio "github.com/zishang520/socket.io/servers/engine/v3"
	"github.com/zishang520/socket.io/servers/engine/v3/transports"
	"github.com/zishang520/socket.io/servers/socket/v3"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

// Options configure a Server. Durations and MaxPayload are required.
type Options struct {
	// PingInterval is the time from a ping's answer to the next ping, which may
	// come a little later, and PingTimeout how long the answer may take.
	PingInterval, PingTimeout time.Duration
	// UpgradeTimeout is how long moving to a websocket may take.
	UpgradeTimeout time.Duration
	// ConnectTimeout is how long a session may live that never asked for a
	// Socket.IO connection.
	ConnectTimeout time.Duration
	// WriteTimeout is how long a client may take to make room for what is
	// written to it.
	WriteTimeout time.Duration
	// MaxPayload bounds what a client may send at once, in bytes.
	MaxPayload int64
	// MaxEvent is how much of an event is held, in bytes of its packet; zero if it is
	// MaxPayload. What is longer is read past by a Skimmer.
	MaxEvent int
	// Decode takes apart the JSON array of an event, and returns its name, a string or a float64,
	// and its arguments. It decides what of a stranger's words takes memory.
	// Attachments are then read past. If Decode is nil, all is decoded as it comes, which may
	// take a hundred times the length: that is for servers among friends.
	Decode func(event []byte) ([]any, error)
	// Skim returns what reads past one event that is longer than MaxEvent. If Skim is nil,
	// such an event ends the session.
	Skim func() Skimmer
	// Receipts is true to ask, by additional pings, what has arrived; see
	// [Session.Account].
	Receipts bool
	// Log may be nil for no log.
	Log *slog.Logger
}

// Server is an Engine.IO server, protocol 4, with the transports polling and
// websocket. It implements http.Handler and the part of the library's
// [eio.BaseServer] that the library's Socket.IO layer uses. It asks nobody where
// a request comes from: check origins before. All methods are safe for
// concurrent use.
type Server struct {
	eio.BaseServer
	Options

	layer      *layer // nil if there is no Socket.IO layer
	began      time.Time
	workers    *workers // of all inboxes
	strangers  *budget
	members    *budget
	backlogs   backlogs
	untrusted  backlogs // of those whom nobody vouches for
	handshakes atomic.Uint64
	sessions   sync.Map     // id → *Session
	count      atomic.Int64 // of them
}

// New returns an Engine.IO server, which emits "connection" with each session.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	v := &Server{BaseServer: eio.MakeBaseServer(), Options: o, began: time.Now(), workers: newWorkers()}
	v.untrusted.strangers = true
	v.strangers, v.members = newBudget(strangersBudget, v.maxEvent()), newBudget(membersBudget, v.maxEvent())
	return v
}

// maxEvent is how much of an event is held. No budget may be smaller.
func (v *Server) maxEvent() int {
	if v.MaxEvent > 0 {
		return v.MaxEvent
	}
	return int(v.MaxPayload)
}

// beats is how many there are in a ping interval.
const beats = 250

// beat returns the first beat that is not before a time. Pings that may wait are sent
// then: waking up for each of many costs several times as much as the ping.
func (v *Server) beat(t time.Time) time.Time {
	length := max(v.PingInterval/beats, 1)
	if early := t.Sub(v.began) % length; early > 0 {
		return t.Add(length - early)
	}
	return t
}

// Bind puts a Socket.IO server on top of the Engine.IO server and returns it.
func (v *Server) Bind(o *socket.ServerOptions) *socket.Server {
	o.SetAdapter(adapterBuilder{})
	// The library's own timer leaks if it is stopped early: let it end at once,
	// without effect. See attach.
	o.SetConnectTimeout(1)
	v.layer = &layer{BaseServer: eio.MakeBaseServer(), server: v}
	return socket.NewServer(nil, o).Bind(v.layer)
}

// layer is what the Socket.IO layer knows of a Server. It hears of sessions
// before all others.
type layer struct {
	eio.BaseServer
	server *Server
}

func (l *layer) Clients() *types.Map[string, eio.Socket] { return l.server.Clients() }
func (l *layer) ClientsCount() uint64                    { return l.server.ClientsCount() }
func (l *layer) Close() eio.BaseServer                   { return l.server.Close() }

// Clients returns the open sessions, at this moment.
func (v *Server) Clients() *types.Map[string, eio.Socket] {
	clients := &types.Map[string, eio.Socket]{}
	v.sessions.Range(func(id, s any) bool {
		clients.Store(id.(string), s.(*Session)) //nolint:forcetypeassert // nothing else is stored
		return true
	})
	return clients
}

// ClientsCount returns how many sessions there are, also those that are about
// to end.
func (v *Server) ClientsCount() uint64 { return uint64(max(v.count.Load(), 0)) }

// Close ends every session at once. For an orderly end see Shutdown.
func (v *Server) Close() eio.BaseServer {
	v.endAll(true)
	return v
}

// Shutdown ends every session, those too that arrive while it works, and returns
// when all are gone or ctx is done. What has been sent still arrives, if the
// client takes it in time. Clients see a lost connection, not a Socket.IO
// goodbye: after a goodbye the pages would never reconnect, to the next process
// for example.
func (v *Server) Shutdown(ctx context.Context) error {
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		v.endAll(false)
		if v.ClientsCount() == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-again.C:
		}
	}
}

func (v *Server) endAll(discard bool) {
	v.sessions.Range(func(_, s any) bool {
		s.(*Session).Close(discard) //nolint:forcetypeassert // nothing else is stored
		return true
	})
}

// ServeHTTP handles every request of every session.
func (v *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	transport, upgrade := query.Get("transport"), ws.IsWebSocketUpgrade(r)
	if transport != transports.POLLING && transport != transports.WEBSOCKET {
		refuse(w, unknownTransport)
		return
	}
	if upgrade != (transport == transports.WEBSOCKET) {
		refuse(w, badRequest)
		return
	}
	id := query.Get("sid")
	if id == "" {
		v.handshake(w, r, query.Get("EIO"), upgrade)
		return
	}
	found, ok := v.sessions.Load(id)
	if !ok {
		refuse(w, unknownSession)
		return
	}
	s := found.(*Session) //nolint:forcetypeassert // nothing else is stored
	switch {
	case upgrade:
		v.upgrade(w, r, s)
	case r.Method == http.MethodGet:
		s.servePoll(w, r)
	case r.Method == http.MethodPost:
		s.servePost(w, r)
	default:
		refuse(w, badRequest)
	}
}

// handshake opens a session.
func (v *Server) handshake(w http.ResponseWriter, r *http.Request, protocol string, upgrade bool) {
	switch {
	case protocol != "4":
		refuse(w, unsupportedProtocol)
		return
	case r.Method != http.MethodGet:
		refuse(w, badMethod)
		return
	}
	if !upgrade {
		s := v.open(r, nil)
		write(w, http.StatusOK, "text/plain; charset=UTF-8", s.openPacket(transports.WEBSOCKET).appendPolled(nil))
		return
	}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the client was told, or is gone
	}
	s := v.open(r, conn)
	go s.ws.read()
}

// open makes a session and begins it. Before it returns nobody is heard.
func (v *Server) open(r *http.Request, conn *ws.Conn) *Session {
	s := newSession(v, rand.Text(), r)
	if conn != nil {
		s.ws = newWebsocket(s, conn)
		s.out.push(s.openPacket())
	}
	v.count.Add(1)
	v.attach(s)
	s.start()
	return s
}

// attach lets the Socket.IO layer listen to a session, and then all others. The
// layer's own timer ends meanwhile: it looks at the session's state, once, and
// finds that it is not open yet. Until then nobody may find and end the session:
// the timer would be stopped, and we would wait for it for ever.
func (v *Server) attach(s *Session) {
	if v.layer != nil {
		looked := make(chan struct{})
		s.attached = sync.OnceFunc(func() { close(looked) })
		v.layer.Emit("connection", s)
		<-looked
		s.attached = nil // nobody else knows of the session yet
	}
	v.sessions.Store(s.id, s)
	v.Emit("connection", s)
}

// upgrade takes a websocket that an open session may move to. One that comes
// when the session cannot move is closed.
func (v *Server) upgrade(w http.ResponseWriter, r *http.Request, s *Session) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the client was told, or is gone
	}
	probe := newWebsocket(s, conn)
	if !s.candidate(probe) {
		probe.hurry()
		probe.leave()
		probe.cut()
		return
	}
	go func() {
		if !probe.await() {
			s.stay(probe)
			probe.cut()
			return
		}
		probe.read()
	}()
}

// candidate reports whether the session may move to the websocket.
func (s *Session) candidate(w *websocket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.ws != nil || s.probe != nil {
		return false
	}
	s.probe = w
	return true
}

// probedBy answers a probe. A poll that waits is answered as well: the client
// moves when it has no request under way.
func (s *Session) probedBy(w *websocket) bool {
	s.mu.Lock()
	w.probed = true
	waiting := s.poll
	s.mu.Unlock()
	if w.write(probeReply.frame) != nil {
		return false
	}
	if waiting != nil {
		waiting.wake() // after the reply, so that the client does not poll again
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.probe == w
}

// moveTo moves the session to the websocket.
func (s *Session) moveTo(w *websocket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.probe != w {
		return false
	}
	_ = w.conn.SetReadDeadline(time.Time{}) // of the upgrade; here, before a close sets its own
	s.probe, s.ws = nil, w
	s.receipts.caughtUp()
	if s.poll != nil {
		s.poll.wake()
	}
	if !s.out.empty() || s.asked {
		s.wakeLocked()
	}
	return true
}

// upgradePatience is how long a client may take to poll again after its move to a
// websocket has failed half-way.
const upgradePatience = 5 * time.Second

// stay notes that the client does not move to the websocket. One whose probe was
// answered has stopped polling for the move, and the official clients never begin
// again: such a session is lost, unless a poll proves otherwise.
func (s *Session) stay(w *websocket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.probe != w {
		return
	}
	s.probe = nil
	if since := s.receipts.answered; w.probed && s.poll == nil {
		time.AfterFunc(upgradePatience, func() { s.endUnlessPolled(since) })
	}
}

// endUnlessPolled ends the session if its client has not polled since its poll was
// answered.
func (s *Session) endUnlessPolled(since time.Time) {
	s.mu.Lock()
	lost := s.ws == nil && s.poll == nil && s.receipts.answered.Equal(since)
	s.mu.Unlock()
	if lost {
		s.fail(reasonError, errAbandoned)
	}
}

// release forgets a session of which nothing is left.
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

// refusal is an answer to a request that cannot be served: the numbers and words
// are those of all Engine.IO servers.
type refusal struct {
	status  int
	code    int
	message string
}

var (
	unknownTransport    = refusal{http.StatusBadRequest, 0, "Transport unknown"}
	unknownSession      = refusal{http.StatusBadRequest, 1, "Session ID unknown"}
	badMethod           = refusal{http.StatusBadRequest, 2, "Bad handshake method"}
	badRequest          = refusal{http.StatusBadRequest, 3, "Bad request"}
	unsupportedProtocol = refusal{http.StatusBadRequest, 5, "Unsupported protocol version"}
	payloadTooLarge     = refusal{http.StatusRequestEntityTooLarge, 3, "Payload too large"}
)

func refuse(w http.ResponseWriter, f refusal) {
	body, err := json.Marshal(struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}{f.code, f.message})
	if err != nil {
		panic(err) // there is nothing in it that could not be encoded
	}
	write(w, f.status, "application/json", body)
}

func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) //nolint:gosec // no page, by its type; and an error means that nobody waits for it any more
}

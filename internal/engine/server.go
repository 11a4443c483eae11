package engine

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	ws "github.com/gorilla/websocket"
	"github.com/zishang520/socket.io/servers/engine/v3/transports"
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
	// MaxEvent is how many bytes of an event's packet are held; zero means MaxPayload.
	// A Skimmer reads past a longer event.
	MaxEvent int
	// Decode takes apart the JSON array of an event, and returns its name, a string or a float64,
	// and its arguments. It decides how much memory a stranger's words take.
	// With it, attachments are read past. If Decode is nil, all is decoded as it comes, which may
	// take a hundred times the length: that is for servers among friends.
	Decode func(event []byte) ([]any, error)
	// Skim returns a Skimmer for one event that is longer than MaxEvent. If Skim is nil,
	// such an event ends the session.
	Skim func() Skimmer
	// Receipts is true to learn by additional pings which messages have arrived; see
	// [Session.Account].
	Receipts bool
	// Log may be nil for no log.
	Log *slog.Logger
}

// maxEvent is how much of an event is held. No budget may be smaller.
func (o *Options) maxEvent() int {
	if o.MaxEvent > 0 {
		return o.MaxEvent
	}
	return int(o.MaxPayload)
}

// Server is an Engine.IO server, protocol 4, with the transports polling and
// websocket. It implements http.Handler. It asks nobody where a request comes
// from: check origins before. All methods are safe for concurrent use, but
// OnSession and Bind, which come before the first request.
type Server struct {
	options   Options
	layer     *layer // nil if there is no Socket.IO layer
	onSession []func(*Session)
	began     time.Time
	workers   *workers // of all inboxes

	strangers         *budget // of sessions that nobody vouches for
	vouched           *budget
	backlogs          backlogs // of sessions that somebody vouches for
	strangersBacklogs backlogs

	handshakes atomic.Uint64
	sessions   sync.Map     // id → *Session
	count      atomic.Int64 // of them
}

// New returns an Engine.IO server.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	v := &Server{options: o, began: time.Now(), workers: newWorkers()}
	v.strangersBacklogs.strangers = true
	v.strangers, v.vouched = newBudget(strangersBudget, o.maxEvent()), newBudget(membersBudget, o.maxEvent())
	return v
}

// OnSession has f called with each new session, before its client is heard. f may
// end the session.
func (v *Server) OnSession(f func(*Session)) { v.onSession = append(v.onSession, f) }

// ClientsCount returns how many sessions there are, also those that are about
// to end.
func (v *Server) ClientsCount() uint64 { return uint64(max(v.count.Load(), 0)) }

// Close ends every session at once. For an orderly end see Shutdown.
func (v *Server) Close() { v.endAll(true) }

// Shutdown ends every session, those too that arrive while it works, and returns
// when all are gone or ctx is done. Messages that have been sent still arrive, if the
// client takes them in time. Clients see a lost connection, not a Socket.IO
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
	for s := range v.all {
		s.Close(discard)
	}
}

// all yields the open sessions, at this moment.
func (v *Server) all(yield func(*Session) bool) {
	v.sessions.Range(func(_, s any) bool {
		return yield(s.(*Session)) //nolint:forcetypeassert // nothing else is stored
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
		s.serveUpgrade(w, r)
	case r.Method == http.MethodGet:
		s.polling.serveGet(w, r)
	case r.Method == http.MethodPost:
		s.polling.servePost(w, r)
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
		respond(w, http.StatusOK, "text/plain; charset=UTF-8", s.openPacket(transports.WEBSOCKET).appendPolled(nil))
		return
	}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the client was told, or is gone
	}
	v.open(r, conn)
}

// open opens a session: by a websocket, or by polling if conn is nil. The client is
// not heard before all have been told of the session.
func (v *Server) open(r *http.Request, conn *ws.Conn) *Session {
	s := newSession(v, rand.Text(), r)
	s.carrier = &s.polling
	var c *websocket
	if conn != nil {
		c = newWebsocket(s, conn)
		s.carrier = c
		s.out.push(s.openPacket())
	}
	v.count.Add(1)
	if v.layer != nil {
		v.layer.introduce(s)
	}
	v.sessions.Store(s.id, s)
	for _, f := range v.onSession {
		f(s)
	}
	s.start()
	if c != nil {
		go c.read()
	}
	return s
}

package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/cors"
	"github.com/zishang520/socket.io/servers/socket/v3"

	"securechat/internal/engine"
	"securechat/internal/network"
	"securechat/room"
)

const (
	pingInterval = 25 * time.Second
	pingTimeout  = 20 * time.Second
	// upgradeTimeout is how long a page may take to move to a websocket.
	upgradeTimeout = 10 * time.Second
	// writeTimeout is how long a page may take to make room for more.
	writeTimeout = 15 * time.Second
	// connectTimeout is how long a session may live that does not ask for its
	// Socket.IO connection. All clients do so at once.
	connectTimeout = 20 * time.Second
	// maxFrame bounds what a client may send at once, in bytes. It is more
	// than any message may have, so that a message that is too long is
	// answered with an error instead of the end of the connection.
	maxFrame = 3 << 20
)

// maxCommit is how much of an event is held at the least, in bytes of JSON: what a commit of
// an encrypted room takes.
const maxCommit = 256 << 10

// maxEscaped is how many bytes JSON may take for one of a text: it may write each as \u0000.
const maxEscaped = 6

// maxEvent returns how much of an event is held, in bytes of JSON: as much as the largest
// honest one takes, which is a message. Longer events are read past.
func maxEvent(maxText int) int {
	const others = 2*maxField + maxRef + 64 // fields, names of fields, the event's own
	return min(max(maxEscaped*(maxText+others), maxCommit), maxFrame)
}

// Service is what the gateway needs of the use cases; *room.Service implements
// it.
type Service interface {
	Seats(ctx context.Context, session string) ([]room.Seat, error)
	Gone(ctx context.Context, session, page string) error
	Watch(ctx context.Context, room string, w room.Watcher) (release func(), err error)
	View(ctx context.Context, c room.Caller, tell func(room.View)) error
	ViewKnock(ctx context.Context, session, knock string, tell func(room.Knock)) error
	Connect(ctx context.Context, a room.Attach) error
	Await(ctx context.Context, room, member string, conn room.Conn) error
	Forgo(ctx context.Context, room, member, conn string) error
	Disconnect(ctx context.Context, c room.Caller, delivered uint64, deliberate bool) error
	Outpaced(ctx context.Context, c room.Caller, delivered uint64) error
	Leave(ctx context.Context, c room.Caller, delivered uint64, final bool) error
	Post(ctx context.Context, d room.Draft) (earlier *room.Message, err error)
	Approve(ctx context.Context, c room.Caller, knock string) error
	Decline(ctx context.Context, c room.Caller, knock string) error
	Reannounce(ctx context.Context, session, knock string) (shown bool, err error)
	Withdraw(ctx context.Context, session, knock string) error
	RotateCode(ctx context.Context, c room.Caller) error
	Invite(ctx context.Context, c room.Caller) (lookup string, until time.Time, err error)
	Revoke(ctx context.Context, c room.Caller, lookup string) error
	RevokeAll(ctx context.Context, c room.Caller) error
}

// Metrics counts what the gateway does. Its methods are called from many
// goroutines at once.
type Metrics interface {
	SocketOpened()
	SocketClosed()
	MessageRelayed()
	Refused(where, reason string)
	ObserveEvent(event string, d time.Duration)
}

// Options configure a Gateway. Service, Session and Accept are required.
type Options struct {
	// Service has the use cases.
	Service Service
	// Session returns the session of a request; false if it has none.
	Session func(*http.Request) (string, bool)
	// Accept reports whether a request may come from where it comes from. It
	// is asked about every request, those of open connections too.
	Accept func(*http.Request) bool
	// AllowedOrigins may read answers besides our own pages.
	AllowedOrigins []string
	// Networks returns the networks that a request comes from, proxies left out. They bound
	// the connections of an address that are in no room. Nil sets no bound, and a request
	// without networks is not bounded.
	Networks func(*http.Request) []network.Network
	// MaxSockets bounds the sockets in all, those that poll as well; 0 sets no bound. For one
	// more, the socket with the least purpose goes (visitors.go).
	MaxSockets int
	// MaxText is the size of the longest message, in bytes; 0 means 64 KiB. An event that is
	// longer than JSON can make such a message is refused unread.
	MaxText int
	// RateLimits is false to let everybody do everything as often as they can.
	RateLimits bool
	// Cost returns how many messages of its member's budget a text takes, and how many
	// characters of it are relayed at most. If it is nil, a text is one message and is not cut.
	Cost func(text string) (messages, characters int)
	// Metrics may be nil.
	Metrics Metrics
	// Log may be nil for no log.
	Log *slog.Logger
}

// Gateway is the Socket.IO server. It implements room.Watcher and
// http.Handler. All methods are safe for concurrent use.
type Gateway struct {
	options  Options
	io       *socket.Server
	engine   *engine.Server
	handler  http.Handler
	node     string // begins the connection ids of this process
	draining atomic.Bool
	warned   sync.Once

	conns    sync.Map // connection id → *conn
	audience audience
	watches  watches
	visitors visitors
	budgets  budgets
	replays  replays

	mu       sync.Mutex
	sessions map[string][]*conn // open connections
}

// New returns a gateway.
func New(o Options) (*Gateway, error) {
	if o.Metrics == nil {
		o.Metrics = noMetrics{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.MaxText == 0 {
		o.MaxText = 64 << 10
	}
	g := &Gateway{options: o, node: rand.Text(), sessions: make(map[string][]*conn)}
	g.watches.begin = func(ctx context.Context, roomID string) (release func(), err error) {
		return g.options.Service.Watch(ctx, roomID, g)
	}
	g.visitors.unbounded = !o.RateLimits
	if o.RateLimits {
		g.replays.limit = replaysBudget
	}
	g.visitors.most = o.MaxSockets
	g.engine = engine.New(engine.Options{
		PingInterval:   pingInterval,
		PingTimeout:    pingTimeout,
		UpgradeTimeout: upgradeTimeout,
		ConnectTimeout: connectTimeout,
		WriteTimeout:   writeTimeout,
		MaxPayload:     maxFrame,
		MaxEvent:       maxEvent(o.MaxText),
		Decode:         decodeEvent,
		Skim:           newSkimmer,
		Receipts:       true,
		Log:            o.Log,
	})
	options := socket.DefaultServerOptions()
	// Only for the client's part of it: clients from 4.6 on then say, when they
	// come back, which message they have seen last (delivery.go).
	options.SetConnectionStateRecovery(socket.DefaultConnectionStateRecovery())
	g.io = g.engine.Bind(options)
	if err := g.io.On("connection", g.connected); err != nil {
		return nil, err
	}
	g.engine.OnSession(g.track)
	g.handler = g.engine
	if len(o.AllowedOrigins) > 0 {
		g.handler = cors.New(cors.Options{AllowedOrigins: o.AllowedOrigins, AllowCredentials: true}).Handler(g.engine)
	}
	return g, nil
}

// ServeHTTP handles the requests below /socket.io/.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.draining.Load() {
		g.options.Metrics.Refused("handshake", "shutting down")
		w.Header().Set("Connection", "close")
		http.Error(w, "The server is restarting. Please try again in a moment.", http.StatusServiceUnavailable)
		return
	}
	// A page of ours has an origin; "null" is somebody's sandbox or file.
	if !g.options.Accept(r) || r.Header.Get("Origin") == "null" {
		g.options.Metrics.Refused("handshake", "origin")
		g.warnOfOrigin(r)
		http.Error(w, "This page can't connect to this server: its origin is not allowed.", http.StatusForbidden)
		return
	}
	if id := r.URL.Query().Get("sid"); id != "" {
		g.visitors.carry(id, r)
	}
	g.handler.ServeHTTP(w, r)
}

// warnOfOrigin tells the operator, once, that a proxy may not be configured: that looks the
// same as an attack. A proxy does not make the origin "null".
func (g *Gateway) warnOfOrigin(r *http.Request) {
	if r.Header.Get("Origin") == "null" {
		return
	}
	g.warned.Do(func() {
		g.options.Log.Warn("a socket was refused because of its origin; if people can't use the chat, a proxy may be changing the Host header: " +
			"set TRUSTED_PROXIES, or add the public address to ALLOWED_ORIGINS")
	})
}

// Close refuses new connections, ends the open ones, and returns when they are
// gone or ctx is done. The members are not reported as leaving: they have not,
// the server has.
func (g *Gateway) Close(ctx context.Context) error {
	g.draining.Store(true)
	return g.engine.Shutdown(ctx)
}

// connected begins to serve a connection. No event of it is handled before it
// returns.
func (g *Gateway) connected(args ...any) {
	s, ok := args[0].(*socket.Socket)
	if !ok {
		return
	}
	c := g.newConn(s)
	defer close(c.begun)
	g.conns.Store(c.id, c)
	g.options.Metrics.SocketOpened()
	g.countConn(c)
	c.succeed()
	g.capSession(c) // without those that have just ended for it
	s.OnAny(func(event ...any) { c.handle(event) })
	_ = s.On("disconnecting", func(args ...any) { // of a reason and, perhaps, an error
		c.deafen()
		l := loss{deliberate: c.link.SaidGoodbye()}
		if err, _ := args[len(args)-1].(error); errors.Is(err, engine.ErrTooSlow) || c.outpaced.Load() {
			g.options.Metrics.Refused("connection", "too slow")
			l.slow = true
		}
		c.endAfterAll(l)
	})
	switch {
	case s.Conn().ReadyState() != "open":
		// It was lost before we listened, and the library may have told nobody.
		c.abandon()
	case c.replaced.Load():
		go s.Conn().Close(true)
	default:
		c.begin()
	}
}

type noMetrics struct{}

func (noMetrics) SocketOpened()                      {}
func (noMetrics) SocketClosed()                      {}
func (noMetrics) MessageRelayed()                    {}
func (noMetrics) Refused(string, string)             {}
func (noMetrics) ObserveEvent(string, time.Duration) {}

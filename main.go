// Command securechat serves temporary chat rooms: the pages over HTTP and the
// conversation over Socket.IO. Everything is set by the environment; see
// .env.example.
package main

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"securechat/internal/config"
	"securechat/internal/connlimit"
	"securechat/internal/folder"
	"securechat/internal/gateway"
	"securechat/internal/logging"
	"securechat/internal/metrics"
	"securechat/internal/sanitize"
	"securechat/internal/session"
	"securechat/internal/version"
	"securechat/internal/web"
	"securechat/room"
	"securechat/room/memstore"
)

//go:embed templates static/css static/img static/js static/manifest.webmanifest static/sw.js all:static/vendor
var embedded embed.FS

// gcPercent is how much the heap may grow before it is collected, unless GOGC says
// otherwise. Compared with Go's own 100 an idle connection costs about a sixth
// less memory, and a delivery hardly more time (`go run ./bench`): memory is what
// small machines run out of.
const gcPercent = 75

// maxHeader bounds the header of a request, in bytes; net/http adds 4 KB to it. Browsers send
// less than 2 KB and what cookies of neighbours there are.
const maxHeader = 8 << 10

// spareFiles is how many files the process may need besides its connections.
const spareFiles = 64

// drainTime is how long everything may take once the process was told to stop.
const drainTime = 8 * time.Second

func main() {
	if status, serve := answer(os.Args[1:], os.Stdout, os.Stderr); !serve {
		os.Exit(status)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	err := run(ctx, os.Environ())
	if err != nil {
		fmt.Fprintln(os.Stderr, "securechat:", err)
		os.Exit(1)
	}
}

// run serves until ctx is done and returns nil after an orderly end.
func run(ctx context.Context, environ []string) error {
	cfg, err := config.Load(environ, ".env")
	if err != nil {
		return fmt.Errorf("these settings, from the environment or .env, have to be changed before it can start:\n%w", err)
	}
	log := logging.New(os.Stderr, logging.Options{Level: cfg.LogLevel, JSON: cfg.Production})
	slog.SetDefault(log)
	for _, w := range cfg.Warnings {
		log.Warn(w) //nolint:sloglint // config writes them and puts no value into them
	}
	app, err := wire(cfg, log) //nolint:contextcheck // the rooms are counted for whoever scrapes, whenever that is
	if err != nil {
		return err
	}
	listener, err := app.conns.Listen(ctx, cfg.Listen)
	if err != nil {
		return fmt.Errorf("can't listen on %s, which HOST and PORT choose: %w", cfg.Listen, err)
	}
	fmt.Printf("Secure Chat %s is at http://%s\n", version.String(), reachable(listener.Addr()))
	return app.serve(ctx, listener, cfg.MetricsAddr)
}

// reachable returns an address that a browser on this machine can open.
func reachable(listening net.Addr) string {
	if a, ok := listening.(*net.TCPAddr); ok && a.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(a.Port))
	}
	return listening.String()
}

// app is the wired program.
type app struct {
	log      *slog.Logger
	rooms    *room.Service
	sockets  *gateway.Gateway
	site     http.Handler
	metrics  *metrics.Metrics
	conns    *connlimit.Limiter
	draining *atomic.Bool
}

func wire(cfg config.Config, log *slog.Logger) (*app, error) {
	a := &app{log: log, draining: new(atomic.Bool)}
	proxies := web.Proxies{Hops: cfg.TrustedProxies.Hops, Prefixes: cfg.TrustedProxies.Prefixes}
	sessions := session.New(cfg.Secret, session.Options{
		Secure: proxies.Secure,
		MaxAge: max(session.DefaultMaxAge, cfg.RoomTTL+time.Hour),
	})
	store := memstore.NewWithin(cmp.Or(cfg.MessageMemory, memstore.DefaultBudget()))
	a.metrics = metrics.New(func() (rooms, members int) {
		rooms, members, err := store.Totals(context.Background())
		if err != nil {
			log.Error("the rooms could not be counted", "error", err)
		}
		return rooms, members
	})

	a.conns = connlimit.New(connectionLimits(cfg, log), proxies.Trust, func() { a.metrics.Refused("connection", "too many") })

	templates, foreign, err := files(cfg.TemplatesDir, "templates")
	if err != nil {
		return nil, err
	}
	keyGiven, err := web.AsksForKey(templates)
	if err != nil {
		return nil, err
	}
	a.rooms = room.NewService(room.Options{
		Store:    store,
		Clean:    cleaner(sanitize.New(sanitize.Options{MaxLength: cfg.MaxMessageLength})),
		KeyGiven: keyGiven,
		Terms:    termsOf(cfg),
		Capacity: room.Capacity{Rooms: cfg.MaxRooms, RoomsPerAddress: cfg.MaxRoomsPerIP},
	})
	a.sockets, err = gateway.New(gateway.Options{
		Service:        a.rooms,
		Session:        sessions.Read,
		Networks:       proxies.Distinct,
		Accept:         web.NewOrigins(proxies, cfg.AllowedOrigins).Accept,
		AllowedOrigins: cfg.AllowedOrigins,
		MaxSockets:     cfg.MaxConnections,
		RateLimits:     cfg.RateLimits,
		Cost:           costOf(keyGiven, cfg.MaxMessageLength),
		MaxText:        sanitize.MaxBytes(cfg.MaxMessageLength),
		Metrics:        a.metrics,
		Log:            log,
	})
	if err != nil {
		return nil, err
	}
	static, staticForeign, err := files(cfg.StaticDir, "static")
	if err != nil {
		return nil, err
	}
	library, err := fs.Sub(embedded, "static/vendor/socket.io")
	if err != nil {
		return nil, err
	}
	policy := cfg.ContentSecurityPolicy
	if foreign {
		policy = cfg.ContentSecurityPolicyForeign
	}
	a.site, err = web.New(web.Options{
		Service:               a.rooms,
		Sessions:              sessions,
		AddressKey:            session.DeriveKey(cfg.Secret, "addresses of room creators"),
		Templates:             templates,
		Foreign:               foreign,
		Static:                static,
		StaticFixed:           !staticForeign,
		Library:               library,
		MaxMessageLength:      cfg.MaxMessageLength,
		ApprovalTimeout:       cfg.ApprovalTimeout,
		About:                 about(cfg),
		Socket:                a.sockets,
		Proxies:               proxies,
		AllowedOrigins:        cfg.AllowedOrigins,
		ContentSecurityPolicy: policy,
		RateLimits:            cfg.RateLimits,
		Ready:                 func() bool { return !a.draining.Load() },
		Metrics:               a.metrics,
		Log:                   log,
	})
	if err != nil {
		return nil, err
	}
	return a, nil
}

// about returns what the pages say of this server.
func about(cfg config.Config) web.About {
	return web.About{
		OperatorName: cfg.OperatorName, OperatorURL: cfg.OperatorURL, PrivacyURL: cfg.PrivacyURL,
		SourceURL:    cfg.SourceURL,
		RoomLifetime: cfg.RoomTTL,
		Version:      version.Number, Commit: version.Commit(),
	}
}

// connectionLimits returns how many connections there may be: no more than the system lets
// the process open, or else it would be members who cannot come back.
func connectionLimits(cfg config.Config, log *slog.Logger) connlimit.Limits {
	limits := connlimit.Limits{Total: cfg.MaxConnections, PerAddress: cfg.MaxConnectionsPerIP}
	if most := max(connlimit.OpenFiles()-spareFiles, 1); most < limits.Total {
		log.Warn("MAX_CONNECTIONS is more than this process may open: raise its limit on open files (ulimit -n)", "connections", most)
		limits.Total = most
	}
	if !cfg.RateLimits {
		limits.PerAddress = 0
	}
	return limits
}

func termsOf(cfg config.Config) room.Terms {
	t := room.DefaultTerms()
	t.CodeRotation = cfg.CodeRotation
	t.TimeToLive = cfg.RoomTTL
	t.ApprovalTimeout = cfg.ApprovalTimeout
	t.AbsenceGrace = cfg.AbsenceGrace
	t.ReturnGrace = cfg.ReturnGrace
	t.MaxMembers = cfg.MaxMembers
	t.MaxMessages = cfg.MaxMessagesPerRoom
	return t
}

// files returns the folder dir or, if there is none, the embedded one.
func files(dir, name string) (fsys fs.FS, foreign bool, err error) {
	if dir != "" {
		// It stays open as long as the process lives.
		fsys, err = folder.Open(dir)
		return fsys, true, err
	}
	fsys, err = fs.Sub(embedded, name)
	return fsys, false, err
}

// cleaner returns the sanitiser in the words of the room.
func cleaner(sanitizer *sanitize.Sanitizer) func(room.RawText) (string, room.Kind, error) {
	return func(t room.RawText) (string, room.Kind, error) {
		kind, clean := room.KindText, sanitizer.Message
		if sanitize.IsEnvelope(t.Text) {
			kind = room.KindEnvelope
			if t.Key != "" {
				clean = func(text string) (string, error) { return sanitizer.Envelope(text, t.Room+t.Key) }
			}
		}
		content, err := clean(t.Text)
		if errors.Is(err, sanitize.ErrTooLong) {
			return "", 0, fmt.Errorf("%w: %w", room.ErrMessageTooLong, err)
		}
		return content, kind, err
	}
}

// costOf returns what a text counts as, and how many characters of it are relayed: plain
// text is cut, and to look into an envelope costs more than all else that is done with one.
func costOf(keyGiven bool, maxLength int) func(text string) (messages, characters int) {
	return func(text string) (messages, characters int) {
		switch {
		case !sanitize.IsEnvelope(text):
			return 1, maxLength
		case keyGiven:
			return sanitize.EnvelopeCost(text), len(text)
		default:
			return 1, len(text)
		}
	}
}

// serve answers on the listener, and on the metrics address if there is one,
// until ctx is done; then it drains.
func (a *app) serve(ctx context.Context, listener net.Listener, metricsAddr string) error {
	background, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	go a.rooms.Run(background)

	failed := make(chan error, 2)
	if metricsAddr != "" {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", metricsAddr)
		if err != nil {
			return fmt.Errorf("can't listen for metrics on %s, which METRICS_ADDR chooses: %w", metricsAddr, err)
		}
		go func() { failed <- a.metrics.Serve(background, l, logging.ErrorLog(a.log)) }()
	}
	server := &http.Server{
		Handler: a.conns.Handler(a.site),
		// No WriteTimeout: it would cut off long polls. The body of a request
		// is bounded by its handler.
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeader,
		ConnState:         a.conns.ConnState,
		ConnContext:       connlimit.ConnContext,
		ErrorLog:          logging.ErrorLog(a.log),
	}
	go func() { failed <- server.Serve(listener) }()

	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return a.drain(context.WithoutCancel(ctx), server)
	}
}

// drain stops taking visitors, says goodbye to the sockets, lets the requests
// in flight finish, and cuts off what takes too long.
func (a *app) drain(ctx context.Context, server *http.Server) error {
	a.log.Info("stopping")
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	a.draining.Store(true)
	if err := a.sockets.Close(ctx); err != nil {
		a.log.Warn("some sockets did not close in time", "error", err)
	}
	if err := server.Shutdown(ctx); err != nil {
		a.log.Warn("some requests did not finish in time", "error", err)
		return server.Close()
	}
	return nil
}

// Package web serves the chat over HTTP: the three pages and their forms, the
// static files, and health checks. Socket.IO is another package's; its handler
// is mounted here.
//
// # Sessions and addresses
//
// A browser is known by its session (package session), and an address by its
// [Networks]. Rooms get an address only as a keyed hash.
//
// # Refusals
//
// A request that changes something needs a token (csrf.go) and stays below limits
// (limits.go). Errors of the use cases have one table (problems.go) that maps
// them to statuses and codes.
package web

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/gorilla/websocket"
	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"

	"securechat/internal/refusal"
	"securechat/internal/session"
	"securechat/internal/web/jinja"
	"securechat/internal/web/words"
	"securechat/room"
)

// Service is what the web needs of the use cases; *room.Service implements it.
type Service interface {
	Create(ctx context.Context, c room.Creation) (room.Seat, error)
	RequestJoin(ctx context.Context, a room.Application) (room.Seat, error)
	Seats(ctx context.Context, session string) ([]room.Seat, error)
	Page(ctx context.Context, session, path string) (room.Page, error)
	Quit(ctx context.Context, session, path string) error
	Status(ctx context.Context, room string) (room.Status, error)
}

// Options are the settings of New. Service, Sessions, AddressKey, Templates and
// MaxMessageLength are required.
type Options struct {
	Service  Service
	Sessions *session.Keeper
	// AddressKey is the key under which addresses are hashed for the service;
	// session.DeriveKey makes one of the secret.
	AddressKey []byte

	// Templates is the folder with index.html, waiting_approval.html and
	// chatroom.html. It is read once.
	Templates fs.FS
	// Foreign is true if Templates are not the embedded ones. They may use
	// inline scripts and CDNs, and do not depend on Library.
	Foreign bool
	// Static is the folder served at /static/; nil means none.
	Static fs.FS
	// StaticFixed is true if the files in Static do not change. Then url_for gives
	// templates addresses that browsers keep for good. The sheet css/app.css is served
	// with the sheets that it imports in it, and the modules below js/ without their
	// comments.
	StaticFixed bool
	// Library is the folder with socket.io.min.js and socket.io.esm.min.js,
	// which are served at /socket.io/. Either may be missing; nil means both are.
	Library fs.FS
	// MaxMessageLength is told to the chat page, in characters.
	MaxMessageLength int
	// ApprovalTimeout is how long a request to join stays open; the pages are
	// told in seconds. Zero stands for a minute.
	ApprovalTimeout time.Duration

	// About is shown by the embedded pages.
	About About

	// Socket handles all other requests at /socket.io and below. They are neither
	// checked for a token nor compressed, and their ResponseWriter is the
	// server's own. Nil means that there is nothing.
	Socket http.Handler

	// Proxies are believed about clients' addresses; none by default.
	Proxies Proxies
	// AllowedOrigins may post forms besides our own pages.
	AllowedOrigins []string
	// ContentSecurityPolicy replaces the built-in policy; empty means keep it.
	ContentSecurityPolicy string
	// RateLimits is false in load tests, where nobody is slowed down.
	RateLimits bool

	// Ready is asked by /readyz; nil means always ready.
	Ready func() bool
	// Metrics may be nil.
	Metrics Metrics
	// Log may be nil for no log.
	Log *slog.Logger
}

type server struct {
	service     Service
	sessions    *session.Keeper
	addressKey  []byte
	pages       *jinja.Set
	words       *words.Set
	foreign     bool
	static      *static
	modules     *neededModules
	clientFiles library
	about       map[string]any // variables of our templates
	lifetime    time.Duration  // of a chat, for our templates
	errorLook   errorLook
	proxies     Proxies
	policy      string
	limited     bool
	guesses     *guesses
	renderers   chan struct{} // has as many in it as pages are being rendered
	ready       func() bool
	metrics     Metrics
	log         *slog.Logger
}

// New returns the handler of the whole site. It is safe for concurrent use, as
// handlers are. The error says what is wrong with the templates, or which
// option is missing.
func New(o Options) (http.Handler, error) {
	if o.Service == nil || o.Sessions == nil || len(o.AddressKey) == 0 || o.Templates == nil || o.MaxMessageLength <= 0 {
		return nil, errors.New("web: Service, Sessions, AddressKey, Templates and MaxMessageLength are required")
	}
	static, err := newStatic(o.Static, o.StaticFixed)
	if err != nil {
		return nil, fmt.Errorf("web: read the static folder: %w", err)
	}
	pages, err := loadPages(o.Templates, o.MaxMessageLength, seconds(cmp.Or(o.ApprovalTimeout, time.Minute)))
	if err != nil {
		return nil, fmt.Errorf("the templates have a mistake: %w", err)
	}
	texts, err := words.Load(o.Templates)
	if err != nil {
		return nil, fmt.Errorf("the templates have a mistake: %w", err)
	}
	library, err := loadLibrary(o.Library)
	if err != nil {
		return nil, fmt.Errorf("web: read the Socket.IO client: %w", err)
	}
	s := &server{
		service: o.Service, sessions: o.Sessions, addressKey: o.AddressKey,
		pages: pages, words: texts, foreign: o.Foreign, static: static, modules: &neededModules{static: static}, clientFiles: library, about: o.About.vars(), lifetime: o.About.RoomLifetime,
		proxies: o.Proxies, policy: policyOf(o), limited: o.RateLimits, guesses: newGuesses(),
		ready: o.Ready, metrics: o.Metrics, log: o.Log,
		renderers: make(chan struct{}, renderersPerCPU*runtime.GOMAXPROCS(0)),
	}
	if !o.Foreign {
		s.errorLook = ownErrorLook(static)
	}
	if s.ready == nil {
		s.ready = func() bool { return true }
	}
	if s.metrics == nil {
		s.metrics = noMetrics{}
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if err := s.tryPages(); err != nil {
		return nil, fmt.Errorf("the templates have a mistake: %w", err)
	}
	return s.handler(o)
}

// bodyTime is how long the body of a request may take.
const bodyTime = 30 * time.Second

func policyOf(o Options) string {
	switch {
	case o.ContentSecurityPolicy != "":
		return o.ContentSecurityPolicy
	case o.Foreign:
		return foreignPolicy
	}
	return ownPolicy
}

// handler parts the sockets from the rest at the very front, so that what is
// exempt from tokens and what reaches the socket handler cannot differ.
func (s *server) handler(o Options) (http.Handler, error) {
	compress, err := gzhttp.NewWrapper(
		gzhttp.CompressionLevel(gzip.BestSpeed), gzhttp.MinSize(1024), gzhttp.EnableZstd(false))
	if err != nil {
		return nil, fmt.Errorf("web: compression: %w", err)
	}
	around := func(h http.Handler) http.Handler {
		return s.observe(deliver(s.headers(s.recoverPages(h))))
	}
	site := s.observe(deliver((&untaken{limit: maxUntaken}).collect(compress(s.headers(s.recoverPages(s.router(o)))))))
	static, worker := around(http.HandlerFunc(s.serveStatic)), around(http.HandlerFunc(s.serveWorker))
	library, socket := around(http.HandlerFunc(s.serveLibrary)), s.socket(o.Socket)
	resolver := &resolver{proxies: s.proxies, log: s.log}
	return timeBody(resolver.resolve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, isLibrary := s.clientFiles[r.URL.Path]
		reads := r.Method == http.MethodGet || r.Method == http.MethodHead
		switch {
		case isLibrary:
			library.ServeHTTP(w, r)
		case r.URL.Path == "/socket.io", strings.HasPrefix(r.URL.Path, "/socket.io/"):
			socket.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, staticPath) && reads:
			static.ServeHTTP(w, r)
		case r.URL.Path == workerPath && reads:
			worker.ServeHTTP(w, r)
		default:
			site.ServeHTTP(w, r)
		}
	}), s.tooManyConnections)), nil
}

// timeBody is a middleware that lets nobody hold a connection by sending a body and never
// ending it. The server's own timeout would end long polls as well.
func timeBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isSafe(r.Method) || r.ContentLength != 0 {
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTime)) // recorders of tests have none
		}
		next.ServeHTTP(w, r)
	})
}

// socket returns the handler of /socket.io/, its handshakes limited.
func (s *server) socket(handler http.Handler) http.Handler {
	if handler == nil {
		return http.HandlerFunc(s.notFound)
	}
	limited := s.limit("handshake", handshakesPerMinute)(handler)
	return s.recoverSocket(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if websocket.IsWebSocketUpgrade(r) {
			hurry(w) // until it is a websocket
		} else {
			_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // a poll may wait; recorders of tests have none
			defer hurry(w)                                                  // what is short is written after the handler
		}
		if r.URL.Query().Get("sid") == "" {
			limited.ServeHTTP(w, r)
			return
		}
		handler.ServeHTTP(w, r)
	}))
}

// router returns the handler of everything else.
func (s *server) router(o Options) http.Handler {
	forms := &csrf{
		origins: NewOrigins(o.Proxies, o.AllowedOrigins),
		secure:  o.Proxies.Secure, refuse: s.refuse, log: s.log,
	}
	router := chi.NewRouter()
	router.Use(forms.guard)
	router.NotFound(s.notFound)
	router.MethodNotAllowed(s.methodNotAllowed(router))

	router.Group(func(pages chi.Router) {
		pages.Use(noStore, s.built, forms.issue)
		views := pages.With(s.limit("page", pagesPerMinute))
		views.Get("/", s.home)
		views.Head("/", s.home)
		views.Get("/join", toStart)
		views.Head("/join", toStart)
		views.Get("/join/", toStart)
		views.Head("/join/", toStart)
		views.Get("/join/{id}", s.waiting)
		views.Head("/join/{id}", s.waiting)
		views.Get("/room/{id}", s.chat) // no HEAD: it would count as a page that is loaded
		pages.With(s.limit("create", createsPerMinute)).Post("/", s.create)
		pages.With(s.limit("join", joinsPerMinute)).Post("/join", s.join)
		pages.With(s.limit("leave", leavesPerMinute)).Post("/room/{id}/leave", s.quit)
	})
	router.With(noStore, s.limit("status", pagesPerMinute)).Get("/room/{id}/status", s.status)
	// GET and HEAD of static files and of the worker never come here. The routes let methodNotAllowed name
	// both methods.
	router.Get(staticPath+"*", s.serveStatic)
	router.Head(staticPath+"*", s.serveStatic)
	router.Get(workerPath, s.serveWorker)
	router.Head(workerPath, s.serveWorker)
	router.With(noStore).Get("/healthz", s.health)
	router.With(noStore).Head("/healthz", s.health)
	router.With(noStore).Get("/readyz", s.readiness)
	router.With(noStore).Head("/readyz", s.readiness)
	return router
}

// health says that the process serves requests.
func (s *server) health(w http.ResponseWriter, _ *http.Request) {
	write(w, http.StatusOK, "text/plain; charset=utf-8", []byte("ok\n"))
}

// readiness says whether new visitors should be sent here.
func (s *server) readiness(w http.ResponseWriter, _ *http.Request) {
	if !s.ready() {
		write(w, http.StatusServiceUnavailable, "text/plain; charset=utf-8", []byte("shutting down\n"))
		return
	}
	write(w, http.StatusOK, "text/plain; charset=utf-8", []byte("ok\n"))
}

// tooManyConnections refuses a request that a trusted proxy brings from an address all of
// whose connections are in use by members.
func (s *server) tooManyConnections(w http.ResponseWriter, r *http.Request) {
	hurry(w)
	s.refuse(w, r, problem{
		status: http.StatusTooManyRequests,
		code:   refusal.TooManyConnections,
		retry:  10 * time.Second,
		where:  "connection", reason: "address",
	})
}

func (s *server) notFound(w http.ResponseWriter, r *http.Request) {
	s.refuse(w, r, problem{status: http.StatusNotFound, code: refusal.NothingHere})
}

var wrongMethod = problem{status: http.StatusMethodNotAllowed, code: refusal.MethodNotAllowed}

// methodNotAllowed answers with the methods that the path does take.
func (s *server) methodNotAllowed(router chi.Routes) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var allowed []string
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
			if router.Match(chi.NewRouteContext(), method, r.URL.Path) {
				allowed = append(allowed, method)
			}
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		s.refuse(w, r, wrongMethod)
	}
}

// networks returns what the client is counted by, as the service may know it.
func (s *server) networks(r *http.Request) []room.Network {
	var networks []room.Network
	for _, n := range Networks(r) {
		networks = append(networks, room.Network{Key: s.hashed(n.Key), Share: n.Share})
	}
	return networks
}

// hashed returns a keyed hash of an address: equal for equal addresses, and of
// no use to anybody without the key, few as IPv4 addresses are.
func (s *server) hashed(address string) string {
	mac := hmac.New(sha256.New, s.addressKey)
	mac.Write([]byte(address))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

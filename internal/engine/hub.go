package engine

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zishang520/socket.io/parsers/engine/v3/packet"
	eio "github.com/zishang520/socket.io/servers/engine/v3"
	"github.com/zishang520/socket.io/servers/engine/v3/transports"
	"github.com/zishang520/socket.io/servers/socket/v3"
	"github.com/zishang520/socket.io/v3/pkg/slices"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

// closeGrace is how long a connection that we close may take to send what is
// under way and to answer the goodbye.
const closeGrace = time.Second

// Hub is what this package adds to one Socket.IO server. Use it in this order:
// [Hub.Configure] on the options, socket.NewServer, ServeHandler, [Hub.Attach],
// and serve what [Hub.Handler] returns.
type Hub struct {
	links   sync.Map     // Engine.IO session id → *Link
	closing atomic.Int64 // connections that are taking their leave
}

// NewHub returns a Hub for one server.
func NewHub() *Hub { return &Hub{} }

// Configure sets the transports and the adapter.
func (h *Hub) Configure(o *socket.ServerOptions) {
	o.SetTransports(types.NewSet[transports.TransportCtor](&pollingBuilder{hub: h}, &websocketBuilder{hub: h}))
	o.SetAdapter(adapterBuilder{})
}

// Attach begins to follow the server's connections. The server's handler must
// have been made, so that the library's own listeners come before ours.
func (h *Hub) Attach(io *socket.Server) error {
	err := io.Engine().On("connection", func(args ...any) {
		if conn := slices.TryGetAny[eio.Socket](args, 0); conn != nil {
			h.connected(conn)
		}
	})
	if err != nil {
		return err
	}
	return io.On("connection", func(args ...any) {
		s := slices.TryGetAny[*socket.Socket](args, 0)
		if s == nil {
			return
		}
		releaseQueue(s, "taskQueue")
		if l := h.Link(s.Conn()); l != nil {
			l.register()
		}
	})
}

// connected runs when the library listens to a new session.
func (h *Hub) connected(conn eio.Socket) {
	t, ok := conn.Transport().(shell)
	if !ok {
		return
	}
	l := t.account()
	h.links.Store(conn.Id(), l)
	_ = conn.On("packetCreate", func(args ...any) {
		if p := slices.TryGetAny[*packet.Packet](args, 0); p != nil && p.Type == packet.MESSAGE {
			l.noteCreated()
		}
	})
	_ = conn.On("close", func(...any) {
		h.links.Delete(conn.Id())
		l.end()
	})
	if conn.ReadyState() == "closed" { // before there was a listener
		h.links.Delete(conn.Id())
		l.end()
	}
	t.begin()
}

// shell is what our transports have in common.
type shell interface {
	account() *Link
	// begin lets frames through, now that the library listens.
	begin()
}

// Link returns the account of an open connection, nil if there is none.
func (h *Hub) Link(conn eio.Socket) *Link {
	l, _ := h.links.Load(conn.Id())
	link, _ := l.(*Link)
	return link
}

// Handler wraps the server's handler.
func (h *Hub) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		guarded := &responder{w: w, header: http.Header{}}
		defer guarded.release()
		r, cancel := held(r)
		defer cancel()
		next.ServeHTTP(guarded, r)
	})
}

// Close closes every connection of the server, those too that arrive while it
// works, and returns when all are gone or ctx is done. What has been sent
// still arrives, if the client takes it in time. Clients see a lost connection, not a
// Socket.IO goodbye: after a goodbye the pages would never reconnect, to the
// next process for example.
func (h *Hub) Close(ctx context.Context, io *socket.Server) error {
	began := time.Now()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		late := time.Since(began) > closeGrace
		io.Engine().Clients().Range(func(_ string, conn eio.Socket) bool {
			conn.Close(late)
			return true
		})
		if io.Engine().ClientsCount() == 0 && h.closing.Load() == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-again.C:
		}
	}
}

// contain keeps a fault in the library's handling of one frame from ending the
// process: that connection alone is lost. Deferred around the handling.
func contain(fail func(string, error)) {
	if fault := recover(); fault != nil {
		slog.Error("a frame could not be handled", "type", fmt.Sprintf("%T", fault), "stack", string(debug.Stack()))
		fail("frame handling failed", nil)
	}
}

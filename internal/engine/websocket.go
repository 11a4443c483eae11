package engine

import (
	gslices "slices"
	"sync"
	"time"

	ws "github.com/gorilla/websocket"
	"github.com/zishang520/socket.io/parsers/engine/v3/packet"
	"github.com/zishang520/socket.io/servers/engine/v3/transports"
	"github.com/zishang520/socket.io/v3/pkg/queue"
	"github.com/zishang520/socket.io/v3/pkg/slices"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

type websocketBuilder struct {
	transports.WebSocketBuilder
	hub *Hub
}

// New is called with the websocket of a new session, or with one that an
// existing session may move to.
func (b *websocketBuilder) New(ctx *types.HttpContext) transports.Transport {
	w := &websocket{
		inner:   inner{transports.MakeWebSocket()},
		relay:   relay{types.NewEventEmitter()},
		hub:     b.hub,
		conn:    ctx.Websocket,
		open:    make(chan struct{}),
		drained: make(chan struct{}),
		lost:    make(chan struct{}),
	}
	if sid := ctx.Query().Peek("sid"); sid != "" {
		w.probing = true
		if l, ok := b.hub.links.Load(sid); ok {
			w.link = l.(*Link) //nolint:forcetypeassert // nothing else is ever stored
		}
	}
	if w.link == nil {
		w.link = newLink()
	}
	if !w.probing {
		w.link.upgraded(w.ping)
	}

	w.Prototype(w)
	w.pass(w.inner.Transport, "ready")
	_ = w.inner.On("packet", w.receive)
	_ = w.inner.On("drain", w.written)
	_ = w.inner.On("error", func(args ...any) { w.lose("error", args) })
	_ = w.inner.On("close", func(args ...any) { w.lose("close", args) })
	w.conn.SetCloseHandler(func(code int, _ string) error {
		if !w.probing { // otherwise the session goes on by polling
			w.link.noteGoodbye()
		}
		// The connection ends in any case; the answer is a courtesy.
		_ = w.conn.WriteControl(ws.CloseMessage, ws.FormatCloseMessage(code, ""), time.Now().Add(closeGrace))
		return nil
	})
	w.inner.Construct(ctx) // begins to read
	w.queue = releaseQueue(w.inner.Transport, "writeQueue")
	return w
}

// inner lifts the methods of a library transport one level below those of the
// shell.
type inner struct{ transports.Transport }

// websocket is the library's websocket in our shell.
type websocket struct {
	inner
	relay
	hub   *Hub
	link  *Link
	conn  *types.WebSocketConn
	queue *queue.Queue

	openOnce  sync.Once
	open      chan struct{} // closed when somebody listens
	leaveOnce sync.Once
	lostOnce  sync.Once
	lost      chan struct{} // closed when the connection is gone
	drained   chan struct{} // closed when, leaving, all is written
	// probing is true until the client has moved to this websocket. Only the
	// reader uses it.
	probing bool

	// Guarded by link.mu.
	pending []bool // batches not yet written; true: a ping of ours alone
	leaving bool
}

func (w *websocket) account() *Link { return w.link }

func (w *websocket) begin() { w.openOnce.Do(func() { close(w.open) }) }

// On notes when the library begins to listen to a websocket that a session may
// move to. It has no other event for that.
func (w *websocket) On(e types.EventName, l ...types.EventListener) error {
	err := w.relay.On(e, l...)
	if e == "packet" && w.probing {
		w.begin()
	}
	return err
}

// Send writes a batch, and a ping behind it if an answer is wanted.
func (w *websocket) Send(batch []*packet.Packet) {
	l := w.link
	l.mu.Lock()
	defer l.mu.Unlock()
	l.countLocked(batch)
	if l.wantsPingLocked() {
		l.notePingLocked()
		batch = append(gslices.Clip(batch), &packet.Packet{Type: packet.PING})
	}
	w.pending = append(w.pending, false)
	w.inner.Send(batch)
}

// takeOver sends what the polling transport could not, before anything else is
// sent here.
func (w *websocket) takeOver() {
	if w.link.leftovers == nil {
		return
	}
	batch := w.link.leftovers()
	if len(batch) == 0 {
		return
	}
	w.link.mu.Lock()
	defer w.link.mu.Unlock()
	w.link.countLocked(batch)
	w.pending = append(w.pending, true) // the library knows of it as sent
	w.inner.Send(batch)
}

// ping sends a ping of ours; link.mu is held.
func (w *websocket) ping() {
	w.pending = append(w.pending, true)
	w.inner.Send([]*packet.Packet{{Type: packet.PING}})
}

// written is called when a batch has been written.
func (w *websocket) written(args ...any) {
	l := w.link
	l.mu.Lock()
	own := false
	if len(w.pending) > 0 {
		own, w.pending = w.pending[0], w.pending[1:]
	}
	if w.leaving && len(w.pending) == 0 {
		w.leaving = false
		close(w.drained)
	}
	l.mu.Unlock()
	if !own {
		w.out.Emit("drain", args...)
	}
}

// receive is called with each frame, by the connection's reader.
func (w *websocket) receive(args ...any) {
	select {
	case <-w.open:
	case <-w.lost:
		return
	}
	p := slices.TryGetAny[*packet.Packet](args, 0)
	if p == nil || p.Data == nil {
		return
	}
	defer contain(w.inner.OnError)
	switch p.Type {
	case packet.PONG:
		w.link.pong(func() {
			defer contain(w.inner.OnError)
			w.out.Emit("packet", p)
		})
		return
	case packet.UPGRADE:
		if w.probing {
			w.probing = false
			w.link.upgraded(w.ping)
			w.takeOver()
		}
	case packet.MESSAGE:
		w.link.admit(p)
	}
	w.out.Emit("packet", p)
}

// lose passes the end of the connection on. The library forgets the write
// queue and the TCP connection of a websocket that the client closed.
func (w *websocket) lose(event types.EventName, args []any) {
	w.lostOnce.Do(func() { close(w.lost) })
	w.out.Emit(event, args...)
	w.queue.TryClose()
	_ = w.conn.Conn.Close() // it is lost: nobody is left to tell
}

// OnRequest refuses a polling request that lost the race with the upgrade; the
// library would leave it hanging. It is also called with the handshake.
func (w *websocket) OnRequest(ctx *types.HttpContext) {
	if ctx.Websocket == nil {
		refuse(ctx)
	}
}

// DoClose takes leave: what is under way is written, a close frame sent and
// its answer awaited, but not for long. It does not block. The library may call
// it twice: two closings can pass its check at once.
func (w *websocket) DoClose(fn types.Callable) {
	w.leaveOnce.Do(func() {
		w.link.mu.Lock()
		if len(w.pending) == 0 {
			close(w.drained)
		} else {
			w.leaving = true
		}
		w.link.mu.Unlock()
		w.hub.closing.Add(1)
		go w.leave()
	})
	if fn != nil {
		fn()
	}
}

func (w *websocket) leave() {
	defer w.hub.closing.Add(-1)
	late := time.NewTimer(closeGrace)
	defer late.Stop()
	select {
	case <-w.drained:
		// An error means that the connection is gone already.
		_ = w.conn.WriteControl(ws.CloseMessage, ws.FormatCloseMessage(ws.CloseNormalClosure, ""), time.Now().Add(closeGrace))
		select {
		case <-w.lost:
		case <-late.C:
		}
	case <-w.lost:
	case <-late.C:
	}
	w.queue.TryClose()
	_ = w.conn.Close()
}

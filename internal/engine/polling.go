package engine

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/zishang520/socket.io/parsers/engine/v3/packet"
	"github.com/zishang520/socket.io/servers/engine/v3/transports"
	"github.com/zishang520/socket.io/v3/pkg/queue"
	args "github.com/zishang520/socket.io/v3/pkg/slices"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

type pollingBuilder struct {
	transports.PollingBuilder
	hub *Hub
}

// New is called with the first request of a session. JSONP is not offered: no
// Socket.IO 4 client needs it, and a script tag carries no Origin.
func (b *pollingBuilder) New(ctx *types.HttpContext) transports.Transport {
	p := &polling{
		innerPolling: innerPolling{transports.MakePolling()},
		relay:        relay{types.NewEventEmitter()},
		link:         newLink(),
	}
	p.link.leftovers = p.takeHeld
	p.Prototype(p)
	p.pass(p.innerPolling.Polling, "drain", "error", "headers")
	_ = p.innerPolling.On("ready", p.ready)
	_ = p.innerPolling.On("packet", p.receive)
	_ = p.innerPolling.On("close", p.close)
	p.innerPolling.Construct(ctx)
	p.queue = releaseQueue(p.innerPolling.Polling, "writeQueue")
	return p
}

type innerPolling struct{ transports.Polling }

// polling is the library's polling transport in our shell.
type polling struct {
	innerPolling
	relay
	link  *Link
	queue *queue.Queue

	mu     sync.Mutex
	begun  bool
	asked  bool             // a poll waits for an answer
	held   []*packet.Packet // for the next answer
	turn   chan struct{}    // closed when the library is done with the latest poll
	closed bool             // no poll is answered any more
}

func (p *polling) account() *Link { return p.link }

// begin answers the handshake. A client that knew its id sooner could speak to
// nobody.
func (p *polling) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begun = true
	p.answerLocked()
}

// Send answers the waiting poll. The library can send twice for one poll while
// a session is upgraded, and ends the session over the second: that is kept for
// the next poll.
func (p *polling) Send(batch []*packet.Packet) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.SetWritable(false)
	p.held = append(p.held, batch...)
	p.answerLocked()
}

// answerLocked answers the waiting poll with what there is, if there is both.
func (p *polling) answerLocked() {
	if !p.begun || p.closed || !p.asked || len(p.held) == 0 {
		return
	}
	batch := p.held
	p.asked, p.held = false, nil
	p.link.answering(batch)
	p.innerPolling.Send(batch)
}

// takeHeld returns what no poll came for, to be sent by another transport.
func (p *polling) takeHeld() []*packet.Packet {
	p.mu.Lock()
	defer p.mu.Unlock()
	held := slices.DeleteFunc(p.held, func(q *packet.Packet) bool { return q.Type == packet.NOOP })
	p.held = nil
	return held
}

// answering notes what the answer to a poll holds.
func (l *Link) answering(batch []*packet.Packet) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.countLocked(batch)
	l.answered = time.Now()
}

// OnRequest is called with each request of the session.
func (p *polling) OnRequest(ctx *types.HttpContext) {
	hold := holdOf(ctx.Request())
	defer hold.release()
	if p.ReadyState() != "open" {
		refuse(ctx)
		return
	}
	if ctx.Method() == http.MethodGet && !p.Writable() {
		if !p.awaitTurn(ctx, hold) {
			return
		}
		p.link.polled()
		p.endWith(ctx)
	}
	defer contain(func(reason string, err error) {
		p.OnError(reason, err)
		refuse(ctx)
	})
	p.innerPolling.OnRequest(ctx)
	if ctx.Method() == http.MethodGet && p.forgotten() {
		refuse(ctx)
	}
}

// forgotten reports whether a poll waits that nobody will answer, because the
// session was closed just as it came.
func (p *polling) forgotten() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed && p.asked
}

// endWith ends the session if the client goes away while its poll waits, as a
// closed tab does. The library means to, but takes its listener away just before
// it would be called, and so keeps the client until its next ping is due.
func (p *polling) endWith(ctx *types.HttpContext) {
	_ = ctx.Once("close", func(event ...any) {
		if err := args.TryGetAny[error](event, 0); err != nil {
			p.OnError("poll connection closed prematurely", err)
		}
	})
}

// ready is called when a poll waits.
func (p *polling) ready(args ...any) {
	p.mu.Lock()
	p.asked = true
	p.mu.Unlock()
	p.out.Emit("ready", args...)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answerLocked() // with what came before it, if the library has no more
}

// awaitTurn waits until the library is done with the poll before this one. It
// cleans up once more after the answer has gone out, and would so forget a
// client that is quick to ask again. It reports false if the client went away.
func (p *polling) awaitTurn(ctx *types.HttpContext, hold *hold) bool {
	mine := make(chan struct{})
	_ = ctx.Once("close", func(...any) { close(mine) }) // emitted after that
	p.mu.Lock()
	before := p.turn
	p.turn = mine
	p.mu.Unlock()
	if before == nil {
		return true
	}
	select {
	case <-before:
		return true
	case <-hold.gone():
		return false
	}
}

// receive is called with each packet of a request with data.
func (p *polling) receive(event ...any) {
	pkt := args.TryGetAny[*packet.Packet](event, 0)
	if pkt == nil || pkt.Data == nil {
		return
	}
	switch pkt.Type {
	case packet.PONG:
		p.link.pong(func() {
			defer contain(p.OnError)
			p.out.Emit("packet", pkt)
		})
		return
	case packet.MESSAGE:
		p.link.admit(pkt)
	}
	p.out.Emit("packet", pkt)
}

// close passes the end of the session on, which is the client's goodbye unless
// it is ours.
func (p *polling) close(args ...any) {
	p.mu.Lock()
	ours := p.closed
	p.closed = true
	p.mu.Unlock()
	if !ours {
		p.link.noteGoodbye()
	}
	p.out.Emit("close", args...)
	p.queue.TryClose()
}

// DoClose answers the waiting request and ends the session at once. The library
// stops its queue first and so leaves the request waiting; and it lets a client
// that is between two requests keep the session for 30 s.
func (p *polling) DoClose(fn types.Callable) {
	last := packet.CLOSE
	if p.link.movedOn() {
		last = packet.NOOP // the session goes on by a websocket
	}
	p.mu.Lock()
	p.held = append(p.held, &packet.Packet{Type: last})
	p.answerLocked()
	p.closed = true
	p.mu.Unlock()
	p.SetWritable(false)
	p.queue.TryClose() // what is in it is still done
	if fn != nil {
		fn()
	}
	p.OnClose()
}

// refuse answers a request that came too late.
func refuse(ctx *types.HttpContext) {
	// Neither can fail but for a response that has been written already.
	_ = ctx.SetStatusCode(http.StatusBadRequest)
	_, _ = ctx.Write(nil)
}

package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zishang520/socket.io/servers/socket/v3"

	"securechat/internal/engine"
	"securechat/room"
)

// conn is one Socket.IO connection. Its beginning, its events and its end are
// handled one after the other, and may wait; the fields below mu are also used by
// whoever announces something.
type conn struct {
	g       *Gateway
	id      string
	socket  *socket.Socket
	link    *engine.Session
	session string // "" if the handshake had none
	hints   hints
	page    string          // the name that its page has given itself, "" if it has none
	nth     uint64          // which of the page's connections this is, from 1; 0 if it does not say
	ctx     context.Context // ends with the connection
	cancel  context.CancelFunc
	begun   chan struct{} // closed when the connection has begun

	allowance allowance
	events    int             // received so far
	flooded   bool            // put out for too many events
	restored  bool            // put back into its room without having asked
	left      map[string]bool // rooms it has asked to leave; nil if none
	seen      *offset         // the last message that its page has seen, if known
	was       progress        // how far its page was told before it left by itself
	resumes   *progress       // the same, if it is being put back there
	ended     bool
	outpaced  atomic.Bool // the server ends it, since it is too slow to take its replay
	replaced  atomic.Bool // its page goes on by another connection: nothing that still arrives counts

	mu       sync.Mutex
	seat     *room.Seat           // the membership it is bound to; nil if none
	unwatch  func()               // has the membership's room watched no longer for it
	attached bool                 // it hears what happens in the membership's room
	knocks   []heardKnock         // that it hears of
	told     map[string]time.Time // when it was told the verdicts of late, by knock
	gone     bool                 // it hears nothing more
	marks    marks
}

func (g *Gateway) newConn(s *socket.Socket) *conn {
	c := &conn{
		g: g, id: g.node + "." + string(s.Id()), socket: s, link: engine.SessionOf(s),
		allowance: allowance{on: g.options.RateLimits}, begun: make(chan struct{}),
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	if r := handshakeRequest(s); r != nil {
		if session, ok := g.options.Session(r); ok {
			c.session = session
		}
		query := r.URL.Query()
		c.hints.path, c.hints.waiting = pageOf(r.Referer())
		c.hints.room = query.Get("room")
		c.hints.seat = query.Get("seat")
		if token := query.Get("csrf_token"); len(token) <= maxField {
			c.hints.token = token
		}
	}
	auth := payload(s.Handshake().Auth)
	if seat := auth.field("seat"); seat != "" {
		c.hints.seat = seat
	}
	c.page = auth.field("page")
	c.nth = auth.count("n")
	if o, ok := parseOffset(auth.field("offset")); ok {
		c.seen = &o
	}
	// All that is needed of the handshake is known. It is kept for as long as the
	// connection otherwise, twice.
	c.link.Forget()
	*s.Handshake() = socket.Handshake{}
	return c
}

// named reports whether the page names itself, and so knows what was added for such pages.
func (c *conn) named() bool { return c.page != "" }

// caller returns the connection as it asks for something in its member's room.
func (c *conn) caller(seat room.Seat) room.Caller {
	return room.Caller{Room: seat.Room, Member: seat.ID, Conn: c.id}
}

// inRoom returns the connection as the room knows it.
func (c *conn) inRoom() room.Conn {
	conn := room.Conn{ID: c.id, Node: c.g.node, Page: c.pageKey(), N: c.nth}
	if c.named() {
		conn.Number = c.link.Number()
	}
	return conn
}

// pageKey returns the name by which rooms know the page, "" if it does not name itself. It is a
// hash of the page's own name and its session: rooms need not know either, and no page of
// another session can have the same.
func (c *conn) pageKey() string {
	name := c.page
	if name == "" {
		name = c.hints.token
	}
	if name == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(c.session + "\x00" + name))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

func handshakeRequest(s *socket.Socket) *http.Request {
	if ctx := s.Request(); ctx != nil {
		return ctx.Request()
	}
	return nil
}

// loss is how a connection has ended.
type loss struct {
	deliberate bool
	slow       bool // the server has ended it, because its client did not keep up
}

// abandon ends a connection that was lost before it began.
func (c *conn) abandon() {
	c.socket.Disconnect(false) // the library may still keep it
	c.endAfterAll(loss{})
}

// endAfterAll ends the connection when it has begun and all events that have
// arrived are handled.
func (c *conn) endAfterAll(l loss) {
	c.link.Do(func() {
		<-c.begun
		c.end(l)
	})
}

// end is called after the last event. The library can report an end more than
// once.
func (c *conn) end(l loss) {
	if c.ended {
		return
	}
	c.ended = true
	defer c.cancel()
	c.deafen()
	c.g.conns.Delete(c.id)
	c.g.options.Metrics.SocketClosed()
	// A page that comes back goes on from what is reported here. Until then its next
	// connection has to find this one, to wait for that.
	defer c.g.uncountConn(c)
	seat, bound := c.boundTo()
	if !bound {
		return
	}
	defer c.unbind()
	if c.g.draining.Load() {
		return // the member does not leave, the server does
	}
	c.report(seat, l)
}

// report tells the service that the connection is no longer in the room, and how far its
// page has got there.
func (c *conn) report(seat room.Seat, l loss) {
	ctx, delivered := context.WithoutCancel(c.ctx), c.marks.confirmed(c.link, seat.Room)
	var err error
	if l.slow {
		err = c.g.options.Service.Outpaced(ctx, c.caller(seat), delivered)
	} else {
		err = c.g.options.Service.Disconnect(ctx, c.caller(seat), delivered, l.deliberate)
	}
	if err != nil {
		c.g.options.Log.Error("the end of a connection could not be reported", "error", err)
		// The room may still have it, and would not let it enter anew: another one can.
		c.hangUp()
	}
}

// whileOpen returns a context that ends when the connection is closed; c.ctx
// ends only when that is reported.
func (c *conn) whileOpen() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(c.ctx)
	go func() {
		select {
		case <-c.link.Done():
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

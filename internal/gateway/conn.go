package gateway

import (
	"context"
	"errors"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zishang520/socket.io/servers/socket/v3"

	"securechat/internal/connlimit"
	"securechat/internal/engine"
	"securechat/room"
)

// patience is how long a connection that may be half-open gets to answer
// before a new one of the same member takes its place, and endPatience how long that
// one waits for the old one's last event. A page takes ten seconds of silence for the
// end: all of it together must be well below.
const (
	patience    = 3 * time.Second
	endPatience = time.Second
)

// verdictPause is the least time between telling a connection a verdict twice.
const verdictPause = 2 * time.Second

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
	page    string          // what its page calls itself, "" if it does not
	ctx     context.Context // ends with the connection
	cancel  context.CancelFunc
	begun   chan struct{} // closed when the connection has begun

	allowance allowance
	events    int                  // received so far
	flooded   bool                 // put out for it
	restored  bool                 // put back into its room without having asked
	left      map[string]bool      // rooms it has asked to leave; nil if none
	seen      *offset              // the last message that its page has seen, if known
	was       place                // where it was before it left by itself
	resumes   *place               // where it was before, if it is being put back there
	told      map[string]time.Time // verdicts, by knock; nil if none
	ended     bool
	outpaced  atomic.Bool // we end it, for what it has yet to be sent
	replaced  atomic.Bool // its page goes on by another connection: nothing more of it counts

	mu    sync.Mutex
	seat  *room.Seat // the membership it is bound to; nil if none
	marks marks
}

func (g *Gateway) newConn(s *socket.Socket) *conn {
	c := &conn{
		g: g, id: g.node + "." + string(s.Id()), socket: s, link: sessionOf(s),
		allowance: allowance{on: g.RateLimits}, begun: make(chan struct{}),
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	if r := handshakeRequest(s); r != nil {
		if session, ok := g.Session(r); ok {
			c.session = session
		}
		query := r.URL.Query()
		c.hints.path, c.hints.waiting = pageOf(r.Referer())
		c.hints.room = query.Get("room")
		c.hints.seat = query.Get("seat")
		if page := query.Get("csrf_token"); len(page) <= maxClaim {
			c.hints.page = page
			c.hints.known = g.pages.seat(c.session, page)
		}
	}
	auth := payload(s.Handshake().Auth)
	if seat := auth.claim("seat"); seat != "" {
		c.hints.seat = seat
	}
	c.page = auth.claim("page")
	if o, ok := parseOffset(auth.claim("offset")); ok {
		c.seen = &o
	}
	// All that is needed of the handshake is known. It is kept for as long as the
	// connection otherwise, twice.
	c.link.Forget()
	*s.Handshake() = socket.Handshake{}
	return c
}

// sessionOf returns what carries a connection.
func sessionOf(s *socket.Socket) *engine.Session {
	session, _ := s.Conn().(*engine.Session)
	return session
}

func handshakeRequest(s *socket.Socket) *http.Request {
	if ctx := s.Request(); ctx != nil {
		return ctx.Request()
	}
	return nil
}

// begin finds the page's place: a page that reconnects is put back into its
// room, one that waits is told the verdict, and a new one says what it wants.
func (c *conn) begin() {
	if c.session == "" {
		if c.hints.room != "" {
			c.fail(room.ErrNotMember)
		}
		return
	}
	seats, err := c.g.service.Seats(c.ctx, c.session)
	if err != nil {
		c.fail(err)
		return
	}
	if len(seats) > 0 {
		c.serve(connlimit.Waiting)
	}
	if slices.ContainsFunc(seats, func(s room.Seat) bool { return s.Standing == room.Admitted }) {
		c.link.Vouch() // what a member's page says as soon as it is back must not wait for strangers
	}
	if c.hints.room != "" { // it asks to enter at once
		if seat, ok := choose(seats, c.hints); ok {
			c.restore(seat)
			return
		}
		c.fail(c.noSeat(c.hints.room))
		c.watch(seats)
		return
	}
	seat, known := hinted(seats, c.hints)
	switch {
	case known && (!seat.Loading || c.returnsTo(seat)):
		c.restore(seat)
	case known && c.hints.path != "":
		// A new page of the room: it will say join.
	default:
		c.watch(seats)
	}
}

// returnsTo reports whether the page has certainly been in the seat before, even
// if another page of the member is being loaded.
func (c *conn) returnsTo(seat room.Seat) bool {
	return c.seen != nil && c.seen.room == seat.Room || c.hints.known != "" && c.hints.known == seat.ID
}

// restore brings the connection into its room without being asked by an event.
func (c *conn) restore(seat room.Seat) {
	err := c.bind(seat, false)
	if errors.Is(err, errNotYet) {
		c.link.Do(func() {
			<-c.begun
			if _, bound := c.boundTo(); !bound { // no event has brought it in meanwhile
				c.restore(seat)
			}
		})
		return
	}
	if err != nil {
		c.fail(err)
		return
	}
	c.restored = !seat.Loading || c.hints.known == seat.ID
}

// watch has the connection told about the session's requests, and at once
// about verdicts that it has missed.
func (c *conn) watch(seats []room.Seat) {
	for _, s := range seats {
		if s.Standing == room.Waiting {
			c.socket.Join(knockRoom(s.ID))
		}
	}
	// What was decided while we began to listen would be heard twice or not at all.
	seats, err := c.g.service.Seats(c.ctx, c.session)
	if err != nil {
		c.fail(err)
		return
	}
	for _, s := range seats {
		// Of an admission, only a page that has not gone to the room needs to hear.
		unopened := s.Path == s.ID && s.Loading && !s.Rendered && s.Open == 0
		if s.Standing == room.Refused || s.Standing == room.Admitted && unopened {
			c.tellVerdict(s)
		}
	}
}

// tellVerdict tells this connection alone how a request ended. A waiting page
// asks as soon as it is connected, when it has just been told: once will do, it
// shows each to the person.
func (c *conn) tellVerdict(s room.Seat) {
	if time.Since(c.told[s.ID]) < verdictPause {
		return
	}
	if c.told == nil {
		c.told = make(map[string]time.Time)
	}
	c.told[s.ID] = time.Now()
	switch s.Standing {
	case room.Admitted:
		c.emit("join_approved", admittedPayload{s.ID, s.Room, time.Now().Unix()})
	case room.Refused:
		c.emit("join_denied", refusedPayload{s.ID, s.ID, refusals[s.Refusal]})
	case room.Waiting:
	}
}

// bind brings the connection into the room of a membership. If it is in
// another room it leaves that one; if it is in this one already, its request to
// join is confirmed again.
func (c *conn) bind(seat room.Seat, explicit bool) error {
	c.resumes = nil
	old, bound := c.boundTo()
	if bound && old.ID == seat.ID {
		return c.connect(c.entryTo(seat, explicit))
	}
	done, err := c.replayTurn(seat)
	if err != nil {
		return err
	}
	defer done()
	was := c.was
	if bound {
		c.unbind()
		c.report(old, loss{})
		c.hasLeft(old) // not before the report: what was just being said may have been sent to it
	}
	entry := c.entryTo(seat, explicit)
	switch {
	case c.seen != nil && c.seen.room == seat.Room:
		entry.Resume = &c.seen.seq
		c.seen = nil // of the next room it has seen nothing
	case was.member == seat.ID: // a new page has a new connection
		c.resumes, entry.Resume = &was, &was.sent.seq
	case !seat.Loading || entry.Returning:
		entry.Resume, entry.Otherwise = c.takeOver(seat)
	}
	if c.replaced.Load() {
		return context.Canceled // its page is elsewhere by now
	}
	c.enter(seat)
	if err := c.connect(entry); err != nil {
		c.unbind()
		c.report(seat, loss{})
		return err
	}
	return nil
}

func (c *conn) entryTo(seat room.Seat, explicit bool) room.Entry {
	return room.Entry{
		Room: seat.Room, Member: seat.ID, Conn: c.id, Explicit: explicit,
		Returning: c.returnsTo(seat), Heard: c.g.heardBy(seat),
	}
}

// connect reports to the service that the connection is in the room.
func (c *conn) connect(entry room.Entry) error {
	c.link.Vouch() // before it is sent what a member is
	err := c.g.service.Connect(c.ctx, entry)
	if errors.Is(err, room.ErrNotFound) {
		return c.g.service.Gone(c.ctx, c.session, entry.Room) // it has ended while we looked
	}
	if err != nil {
		return err
	}
	delete(c.left, entry.Room)
	c.g.pages.remember(c.session, c.hints.page, entry.Member)
	return nil
}

// place is how far a membership's page was told by one connection, up to when that left the
// room. If the page comes back by the same connection it is sent nothing again: what was sent
// arrives before, or the connection ends.
type place struct {
	member string
	seen   uint64 // certainly
	sent   mark
}

// hasLeft notes that the connection has left a membership's room by itself.
func (c *conn) hasLeft(seat room.Seat) {
	c.was = place{seat.ID, c.marks.confirmed(c.link, seat.Room), c.marks.sent()}
}

// heardBy returns up to where the pages of a member that are open here have certainly
// heard the room.
func (g *Gateway) heardBy(seat room.Seat) (seq uint64) {
	for _, c := range g.connsOf(seat) {
		seq = max(seq, c.marks.confirmed(c.link, seat.Room))
	}
	return seq
}

// takeOver ends a connection of the member that is open on our side alone, and
// returns up to where its page has certainly got, nil if there is none. That page is
// taken to be the one behind this connection, so it resumes where it was left. If
// there are several, say two tabs of a laptop that slept, the one that has got least
// is taken, and the others are left to their own pages, as are those of pages that
// name themselves: they are known when they come.
//
// If this connection ends before that is known, what it brings is handled without delay.
// Its page may be that of any that has not answered, so otherwise is up to where all of
// those have got.
func (c *conn) takeOver(seat room.Seat) (resume, otherwise *uint64) {
	ctx, cancel := c.whileOpen()
	defer cancel()
	var wg sync.WaitGroup
	var mu sync.Mutex
	var dead *conn
	for _, other := range c.g.connsOf(seat) {
		if other == c || other.page != "" {
			continue
		}
		wg.Go(func() {
			if other.link.Probe(ctx, patience, other.provoke) {
				return
			}
			cut := ctx.Err() != nil
			select {
			case <-other.link.Done(): // it ends in the usual way: let that be reported
				if other.awaitEnd() {
					return
				}
			default:
			}
			mu.Lock()
			defer mu.Unlock()
			confirmed := other.marks.confirmed(other.link, seat.Room)
			switch {
			case cut && (otherwise == nil || confirmed < *otherwise):
				otherwise = &confirmed
			case !cut && (dead == nil || confirmed < *resume):
				dead, resume = other, &confirmed
			}
		})
	}
	wg.Wait()
	if dead != nil {
		dead.giveWay()
	}
	return resume, otherwise
}

// errNotYet: the connection would have to wait for its turn before it has begun, which
// must not take long.
var errNotYet = errors.New("gateway: not the connection's turn yet")

// replayTurn waits until the connection may be sent what the member has missed, before
// it enters: so nothing that is said meanwhile can overtake that. Errors: errNotYet while
// the connection begins, else the context's if it ends, or the service's.
//
// Somebody whose page is there must not be taken for absent because we let it wait.
func (c *conn) replayTurn(seat room.Seat) (done func(), err error) {
	if !c.g.RateLimits {
		return func() {}, nil
	}
	if done = c.g.budgets.replayNow(seat.ID); done != nil {
		return done, nil
	}
	select {
	case <-c.begun:
	default:
		return nil, errNotYet
	}
	if err := c.g.service.Await(c.ctx, seat.Room, seat.ID, c.id); err != nil {
		return nil, err
	}
	ctx, cancel := c.whileOpen()
	defer cancel()
	turned, err := c.g.budgets.replayTurn(ctx, seat.ID)
	if err != nil {
		c.forgo(seat)
		return nil, err
	}
	return func() {
		turned()
		c.forgo(seat) // if it has not entered
	}, nil
}

// forgo tells the service that the connection does not wait for its turn any more.
func (c *conn) forgo(seat room.Seat) {
	if err := c.g.service.Forgo(context.WithoutCancel(c.ctx), seat.Room, seat.ID, c.id); err != nil {
		c.g.Log.Error("reporting the end of a wait", "error", err)
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

// giveWay ends a connection whose page goes on by another one, as if it were lost
// this moment, and returns when that is reported: what has arrived by it counts, and
// comes before anything that the page says by the other. What arrives later is not
// heard, since the page may have said it again. It returns up to where the page has
// certainly got, nil if it was in no room.
func (c *conn) giveWay() *offset {
	seat, bound := c.boundTo()
	go c.socket.Conn().Close(true)
	if !c.awaitEnd() {
		c.replaced.Store(true)
		c.g.Log.Warn("a connection takes long to end")
	}
	if !bound {
		return nil
	}
	return &offset{seat.Room, c.marks.confirmed(c.link, seat.Room)}
}

// awaitEnd waits until the end of the connection has been reported, but not for
// ever, and reports whether it has.
func (c *conn) awaitEnd() bool {
	late := time.NewTimer(endPatience)
	defer late.Stop()
	select {
	case <-c.ctx.Done():
		return true
	case <-late.C:
		return false
	}
}

// provoke sends something that the client has to fetch and no page listens to.
//
// It has an argument: newer clients take a last one that is a string, and so the
// bare name of an event, for the offset of a message.
func (c *conn) provoke() { c.emit("are_you_there", struct{}{}) }

// loss is what can be said about a connection when it ends.
type loss struct {
	deliberate bool
	slow       bool // we have ended it, because its client did not keep up
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
	c.g.conns.Delete(c.id)
	c.g.leaveSession(c)
	c.g.Metrics.SocketClosed()
	// A page that comes back goes on from what is reported here. Until then its next
	// connection has to find this one, to wait for that.
	defer c.g.succession.leave(c)
	seat, bound := c.boundTo()
	if !bound {
		return
	}
	defer c.unbind()
	if c.g.draining.Load() {
		return // nobody leaves: we do
	}
	c.report(seat, l)
}

// report tells the service that the connection is no longer in the room, and how far its
// page has got there.
func (c *conn) report(seat room.Seat, l loss) {
	ctx, delivered := context.WithoutCancel(c.ctx), c.marks.confirmed(c.link, seat.Room)
	var err error
	if l.slow {
		err = c.g.service.Outpaced(ctx, seat.Room, seat.ID, c.id, delivered)
	} else {
		err = c.g.service.Disconnect(ctx, seat.Room, seat.ID, c.id, delivered, l.deliberate)
	}
	if err != nil {
		c.g.Log.Error("reporting the end of a connection", "error", err)
	}
}

// boundTo returns the membership that the connection is bound to.
func (c *conn) boundTo() (room.Seat, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seat == nil {
		return room.Seat{}, false
	}
	return *c.seat, true
}

func (c *conn) isBoundTo(roomID, member string) bool {
	seat, bound := c.boundTo()
	return bound && seat.Room == roomID && seat.ID == member
}

// enter notes the membership and lets the connection hear what is said to it.
// It is in no broadcast before the service says that it is attached: until then its
// marks are of no room.
func (c *conn) enter(seat room.Seat) {
	c.mu.Lock()
	c.seat = &seat
	c.mu.Unlock()
	c.marks.reset("", 0, nil)
	rank(c.g.enter(seat, c))
}

// unbind takes the connection out of its room.
func (c *conn) unbind() {
	c.mu.Lock()
	seat := c.seat
	c.seat = nil
	c.mu.Unlock()
	if seat == nil {
		return
	}
	rank(c.g.exit(*seat, c))
	c.serve(connlimit.Busy)
	c.unbindSocket(seat.Room, seat.ID)
}

// unbindSocket takes the connection out of the broadcasts.
func (c *conn) unbindSocket(roomID, member string) {
	c.socket.Leave(membersRoom(roomID))
	c.socket.Leave(memberRoom(member))
}

// emit sends an event to this connection.
func (c *conn) emit(event string, payload ...any) {
	if err := c.socket.Emit(event, payload...); err != nil {
		c.g.Log.Error("sending an event", "event", event, "error", err)
	}
}

// fail tells the client of an error.
func (c *conn) fail(err error) { c.failOver(err, "") }

// failOver tells the client of an error about the message that its page calls
// ref, if it is about one.
func (c *conn) failOver(err error, ref string) {
	if errors.Is(err, context.Canceled) {
		return // it is gone
	}
	p, code := problemOf(err)
	if code == "internal" {
		c.g.Log.Error("an event failed", "error", err)
	}
	c.g.Metrics.Refused("event", code)
	p.Ref = ref
	c.emit("room_error", p)
}

// contain keeps a fault in the handling of an event from ending more than the
// event.
func (c *conn) contain(event, ref string) {
	if fault := recover(); fault != nil {
		c.g.Log.Error("an event could not be handled", "event", event, "stack", string(debug.Stack()))
		c.failOver(errors.New("gateway: fault"), ref)
	}
}

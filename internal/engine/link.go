package engine

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/zishang520/socket.io/parsers/engine/v3/packet"
	"github.com/zishang520/socket.io/v3/pkg/types"
	"golang.org/x/time/rate"
)

const (
	// pingsPerSecond and pingsAtOnce bound the pings of our own. There is never
	// more than one under way, so a conversation of people has one after every
	// message, and only a rush has less.
	pingsPerSecond, pingsAtOnce = 4, 20
	// pongHold is for how long the library does not get to see a pong. It arms
	// its timeout only after it has sent the ping, so a pong that comes at once
	// would be forgotten again, and the connection ended by the timeout.
	pongHold = 100 * time.Millisecond
	// registerPatience is how long frames wait for the Socket.IO connection
	// that they belong to.
	registerPatience = 10 * time.Second
)

// Link is the account of one Engine.IO session: how many of the messages
// written to it are known to have arrived.
//
// The clients acknowledge nothing, but they answer pings, and a pong proves
// that all that was written before its ping has arrived. So after messages, but
// only so often, a websocket gets a ping more than the protocol's own; the
// library sees neither it nor its pong. A polling client proves the same by
// asking for more.
//
// Positions count the messages of the session from 1. All methods are safe for
// concurrent use.
type Link struct {
	mu        sync.Mutex
	created   uint64    // messages that the library has made
	handed    uint64    // of these, given to a transport
	confirmed uint64    // of these, known to have arrived
	pings     []ping    // unanswered, oldest first
	answered  time.Time // when the latest poll was answered; zero while one waits
	roundTrip time.Duration
	goodbye   bool
	ended     bool
	connects  bool   // the client has asked for its Socket.IO connection
	barrier   func() // sends a ping of ours; nil unless a websocket carries the session
	pace      *rate.Limiter
	timer     *time.Timer
	proof     chan struct{} // closed and replaced at each sign of life

	// leftovers takes from the polling transport what it could not send; nil if
	// the session began with a websocket. Set once, at the beginning.
	leftovers func() []*packet.Packet

	registered   chan struct{} // closed when the Socket.IO connection is made
	registerOnce sync.Once
	done         chan struct{} // closed at the end
}

type ping struct {
	covers uint64 // messages written before it
	at     time.Time
	own    bool // ours: the library knows nothing of it
}

func newLink() *Link {
	return &Link{
		pace:       rate.NewLimiter(pingsPerSecond, pingsAtOnce),
		proof:      make(chan struct{}),
		registered: make(chan struct{}),
		done:       make(chan struct{}),
	}
}

// Created returns the position of the message made last.
func (l *Link) Created() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.created
}

// Confirmed returns the position up to which everything has arrived.
func (l *Link) Confirmed() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.confirmed
}

// RoundTrip returns the least time that an answer took; zero if there was none.
func (l *Link) RoundTrip() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.roundTrip
}

// Goodbye reports whether the client closed the connection in the way of the
// protocol, rather than being lost.
func (l *Link) Goodbye() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.goodbye
}

// Silence returns for how long the client owes an answer; zero if it owes none.
func (l *Link) Silence() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.silenceLocked()
}

func (l *Link) silenceLocked() time.Duration {
	if l.barrier == nil {
		if l.answered.IsZero() {
			return 0
		}
		return time.Since(l.answered)
	}
	if len(l.pings) == 0 {
		return 0
	}
	return time.Since(l.pings[0].at)
}

// Done is closed at the end of the session.
func (l *Link) Done() <-chan struct{} { return l.done }

// Probe asks for a sign of life and reports whether one came before the client
// owed its answer for longer than patience. A polling client that waits for
// data can only be asked by sending it some: that is what provoke does. Probe
// reports false if the session or ctx ends.
func (l *Link) Probe(ctx context.Context, patience time.Duration, provoke func()) bool {
	l.mu.Lock()
	proof, polling := l.proof, l.barrier == nil
	if !polling && len(l.pings) == 0 && !l.ended {
		l.pingLocked()
	}
	idle := polling && l.answered.IsZero()
	wait := patience - l.silenceLocked()
	l.mu.Unlock()

	if idle {
		provoke()
	}
	late := time.NewTimer(max(wait, 0))
	defer late.Stop()
	select {
	case <-proof:
		return true
	case <-late.C:
	case <-l.done:
	case <-ctx.Done():
	}
	return false
}

// noteCreated counts a message that the library has made.
func (l *Link) noteCreated() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.created++
}

// countLocked notes what a batch holds.
func (l *Link) countLocked(batch []*packet.Packet) {
	for _, p := range batch {
		switch p.Type {
		case packet.MESSAGE:
			l.handed++
		case packet.PING:
			l.pings = append(l.pings, ping{covers: l.handed, at: time.Now()})
		}
	}
}

// wantsPingLocked reports whether a ping is to follow the messages just
// written; if it is too early for it, it is sent later.
func (l *Link) wantsPingLocked() bool {
	if l.barrier == nil || l.ended || l.handed == l.confirmed || len(l.pings) > 0 {
		return false
	}
	turn := l.pace.Reserve()
	wait := turn.Delay()
	if wait == 0 {
		return true
	}
	turn.Cancel()
	if l.timer == nil {
		l.timer = time.AfterFunc(wait, l.pingLater)
	} else {
		l.timer.Reset(wait)
	}
	return false
}

func (l *Link) pingLater() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wantsPingLocked() {
		l.pingLocked()
	}
}

// pingLocked sends a ping of ours on its own.
func (l *Link) pingLocked() {
	l.notePingLocked()
	l.barrier()
}

func (l *Link) notePingLocked() {
	l.pings = append(l.pings, ping{covers: l.handed, at: time.Now(), own: true})
}

// pong notes an answer, and calls forward if the library is to see it. An
// answer that nobody asked for is nobody's business: it would crash the library.
func (l *Link) pong(forward func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.pings) == 0 {
		return
	}
	p := l.pings[0]
	l.pings = l.pings[1:]
	l.noteTripLocked(time.Since(p.at))
	l.confirmLocked(p.covers)
	if l.wantsPingLocked() {
		l.pingLocked()
	}
	if !p.own {
		time.AfterFunc(pongHold, forward)
	}
}

// polled notes that the client asks for more, and so has got what there was.
func (l *Link) polled() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.answered.IsZero() {
		l.noteTripLocked(time.Since(l.answered))
	}
	l.answered = time.Time{}
	l.confirmLocked(l.handed)
}

// upgraded notes that the client has moved to a websocket, having read all that
// was sent by polling.
func (l *Link) upgraded(barrier func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.barrier = barrier
	l.answered = time.Time{}
	l.confirmLocked(l.handed)
}

// movedOn reports whether a websocket carries the session.
func (l *Link) movedOn() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.barrier != nil
}

func (l *Link) noteTripLocked(d time.Duration) {
	if l.roundTrip == 0 || d < l.roundTrip {
		l.roundTrip = d
	}
}

func (l *Link) confirmLocked(upTo uint64) {
	l.confirmed = max(l.confirmed, upTo)
	close(l.proof)
	l.proof = make(chan struct{})
}

func (l *Link) noteGoodbye() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.goodbye = l.goodbye || !l.ended // afterwards it only answers ours
}

func (l *Link) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	l.ended = true
	if l.timer != nil {
		l.timer.Stop()
	}
	close(l.done)
}

// register lets frames through to the Socket.IO connection, now that there is
// one.
func (l *Link) register() { l.registerOnce.Do(func() { close(l.registered) }) }

// admit waits with a message until the library can take it. The library
// answers a request to connect before it has noted the connection, and would
// end the session of a client that is quick to speak.
func (l *Link) admit(p *packet.Packet) {
	l.mu.Lock()
	if !l.connects {
		l.connects = asksToConnect(p)
		l.mu.Unlock()
		return
	}
	l.mu.Unlock()
	select {
	case <-l.registered:
		return
	default:
	}
	late := time.NewTimer(registerPatience)
	defer late.Stop()
	select {
	case <-l.registered:
	case <-l.done:
	case <-late.C:
	}
}

// asksToConnect reports whether a message is the Socket.IO request to connect
// to the main namespace, the only one there is.
func asksToConnect(p *packet.Packet) bool {
	text, ok := p.Data.(*types.StringBuffer)
	if !ok {
		return false
	}
	body := text.Bytes()
	return bytes.Equal(body, []byte("0")) || bytes.HasPrefix(body, []byte("0{"))
}

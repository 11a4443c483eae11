package engine

import (
	"errors"
	"slices"
	"sync"
	"time"
)

const (
	// strangersBudget and membersBudget bound, in bytes, the long packets of all sessions
	// together that are being received or wait to be handled. Members are the sessions
	// that [Session.Vouch] was called for; strangers take nothing from them.
	strangersBudget = 8 << 20
	membersBudget   = 24 << 20
	// leasePatience is how long a packet waits for its part of a budget.
	leasePatience = 10 * time.Second
	// leaseShare is how long a packet may take to arrive while others wait for its
	// part of the budget.
	leaseShare = 2 * time.Second
	// handleShare is how long it may then wait to be handled, for example because the packet
	// before it has to wait for its turn. It is less than leasePatience, so that a packet
	// that waits gains by it.
	handleShare = 5 * time.Second
)

var (
	errBusy       = errors.New("engine: too many long packets at a time")
	errSlowSender = errors.New("engine: a long packet took too long while others waited")
)

// budget is memory that packets share while they arrive. Each of them may come to need as much
// as the longest packet there may be. Those that wait are served in order. The methods are safe
// for concurrent use.
type budget struct {
	mu      sync.Mutex
	left    int // bytes
	longest int // what one packet may need, in bytes
	waiting []*lease
	held    map[*lease]struct{}
}

func newBudget(bytes, longest int) *budget {
	return &budget{left: bytes, longest: longest, held: make(map[*lease]struct{})}
}

// lease is one packet's part of a budget. It lasts from when the packet becomes long until it is
// handled. A nil lease has no bytes.
type lease struct {
	of    *budget
	evict func() // ends the session that holds it; nil once that was called
	ready chan struct{}

	// These are guarded by of.mu.
	bytes    int
	more     int       // bytes that it waits for
	asked    time.Time // when it began to wait for them
	complete bool      // the packet has arrived
	since    time.Time // when its present share of time began, without the time that it waited
}

// lease returns a lease without bytes. While others wait, evict is called of the lease that has
// exceeded leaseShare or handleShare by most.
func (b *budget) lease(evict func()) *lease { return &lease{of: b, evict: evict} }

// grow waits until the lease has so many bytes, and reports whether it does. It reports false
// if there are none in time, or if stop or done is closed before.
func (l *lease) grow(bytes int, stop, done <-chan struct{}) bool {
	b := l.of
	ready := make(chan struct{})
	b.mu.Lock()
	l.more, l.asked, l.ready = bytes-l.bytes, time.Now(), ready
	b.waiting = append(b.waiting, l)
	b.serveLocked()
	b.mu.Unlock()
	select {
	case <-ready:
		return true
	default:
	}
	late := time.NewTimer(leasePatience)
	defer late.Stop()
	again := time.NewTicker(leaseShare / 4)
	defer again.Stop()
	for {
		select {
		case <-ready:
			return true
		case now := <-again.C:
			b.evictOldest(now)
			continue
		case <-late.C:
		case <-stop:
		case <-done:
		}
		return !b.stopWaiting(l)
	}
}

// serveLocked gives bytes to the leases that wait, in order. The lease that holds most does not
// wait behind others, since it is the nearest to giving all back.
func (b *budget) serveLocked() {
	for b.serveOneLocked() {
	}
}

func (b *budget) serveOneLocked() bool {
	most := 0
	for l := range b.held {
		if !l.complete { // others come to their end by themselves
			most = max(most, l.bytes)
		}
	}
	for i, l := range b.waiting {
		if (i == 0 || most > 0 && l.bytes == most) && l.more <= b.left && b.safe(l, most) {
			b.waiting = slices.Delete(b.waiting, i, i+1)
			b.giveLocked(l)
			return true
		}
	}
	return false
}

// safe reports whether some lease can still get as much as the longest packet when this one has
// got the bytes that it waits for. Otherwise each could come to wait for the bytes of the others.
func (b *budget) safe(l *lease, most int) bool {
	return b.left-l.more+max(most, l.bytes+l.more) >= b.longest
}

func (b *budget) giveLocked(l *lease) {
	now := time.Now()
	if l.bytes == 0 {
		l.since = now
	} else {
		l.since = l.since.Add(now.Sub(l.asked))
	}
	b.left -= l.more
	l.bytes += l.more
	l.more = 0
	b.held[l] = struct{}{}
	close(l.ready)
}

// stopWaiting ends the wait of a lease. It reports false if the wait was over already.
func (b *budget) stopWaiting(l *lease) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.Index(b.waiting, l)
	if i < 0 {
		return false
	}
	b.waiting = slices.Delete(b.waiting, i, i+1)
	l.more = 0
	b.serveLocked()
	return true
}

// evictOldest ends the session whose lease has exceeded its share of time by most.
func (b *budget) evictOldest(now time.Time) {
	b.mu.Lock()
	var oldest *lease
	var most time.Duration
	for l := range b.held {
		if excess := l.excess(now); l.evict != nil && l.more == 0 && excess >= most {
			oldest, most = l, excess
		}
	}
	var evict func()
	if oldest != nil {
		evict, oldest.evict = oldest.evict, nil
	}
	b.mu.Unlock()
	if evict != nil {
		evict()
	}
}

// excess returns by how much a lease has exceeded its share of time.
func (l *lease) excess(now time.Time) time.Duration {
	if l.complete {
		return now.Sub(l.since) - handleShare
	}
	return now.Sub(l.since) - leaseShare
}

// holds reports whether the lease has so many bytes.
func (l *lease) holds(bytes int) bool {
	if l == nil {
		return false
	}
	l.of.mu.Lock()
	defer l.of.mu.Unlock()
	return bytes <= l.bytes
}

// arrived notes that the packet is complete, and waits to be handled.
func (l *lease) arrived() {
	if l == nil {
		return
	}
	l.of.mu.Lock()
	defer l.of.mu.Unlock()
	l.complete, l.since = true, time.Now()
	l.of.serveLocked() // another may be the nearest to its end now
}

// release gives all bytes back.
func (l *lease) release() {
	if l == nil {
		return
	}
	l.of.mu.Lock()
	defer l.of.mu.Unlock()
	delete(l.of.held, l)
	l.of.left += l.bytes
	l.bytes = 0
	l.of.serveLocked()
}

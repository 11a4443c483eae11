package engine

import (
	"errors"
	"slices"
	"sync"
	"time"
)

const (
	// strangersBudget and membersBudget bound, in bytes, the long packets that are
	// being received or wait to be handled, of all sessions together. What strangers
	// send takes nothing from those whom [Session.Vouch] was called for.
	strangersBudget = 8 << 20
	membersBudget   = 24 << 20
	// leasePatience is how long a packet waits for its part of a budget.
	leasePatience = 10 * time.Second
	// leaseShare is how long a packet may take to arrive while others wait for its
	// part of the budget.
	leaseShare = 2 * time.Second
	// handleShare is how long it may then wait to be handled, say because the one before it
	// has to wait for its turn. Less than leasePatience: somebody shall gain by it.
	handleShare = 5 * time.Second
)

var (
	errBusy       = errors.New("engine: too many long packets at a time")
	errSlowSender = errors.New("engine: a long packet took too long while others waited")
)

// budget is bytes that several packets share while they arrive, each of which may come to need
// as much as the longest. Whoever waits is served in order. Its methods are safe for concurrent use.
type budget struct {
	mu      sync.Mutex
	left    int
	longest int // what one packet may need, in bytes
	waiting []*lease
	held    map[*lease]struct{}
}

func newBudget(bytes, longest int) *budget {
	return &budget{left: bytes, longest: longest, held: make(map[*lease]struct{})}
}

// lease is one packet's part of a budget, from its first long part until it is handled. A nil lease is
// of nothing.
type lease struct {
	of    *budget
	evict func() // ends who holds it; nil once that was called
	ready chan struct{}

	// These are guarded by of.mu.
	bytes int
	more  int       // that it waits for
	asked time.Time // since when it waits
	whole bool      // the packet has arrived
	since time.Time // since when; before that, since when it arrives, waiting left out
}

// lease returns a part of nothing yet. While others wait, evict is called with whoever has kept
// them waiting for longest beyond leaseShare or handleShare.
func (b *budget) lease(evict func()) *lease { return &lease{of: b, evict: evict} }

// grow waits until the lease has so many bytes, and reports whether it does: false if there
// are none in time, or stop or done is closed.
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
		return !b.withdraw(l)
	}
}

// serveLocked gives those who wait what there is: in order, but whoever is nearest to having all
// need not wait behind others.
func (b *budget) serveLocked() {
	for b.serveOneLocked() {
	}
}

func (b *budget) serveOneLocked() bool {
	most := 0
	for l := range b.held {
		if !l.whole { // others come to their end by themselves
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

// safe reports whether somebody can still get all that a packet may need when the lease has got
// what it waits for. Otherwise each could come to wait for what the others have.
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

// withdraw ends the wait of a lease. It reports false if that was over.
func (b *budget) withdraw(l *lease) bool {
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

// evictOldest ends whoever has exceeded their share of time the most.
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
	if l.whole {
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

// arrived notes that the packet is there, and waits to be handled.
func (l *lease) arrived() {
	if l == nil {
		return
	}
	l.of.mu.Lock()
	defer l.of.mu.Unlock()
	l.whole, l.since = true, time.Now()
	l.of.serveLocked() // another may be the nearest to its end now
}

// release gives back all.
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

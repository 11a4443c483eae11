package engine

import (
	"errors"
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
)

var (
	errBusy       = errors.New("engine: too many long packets at a time")
	errSlowSender = errors.New("engine: a long packet took too long while others waited")
)

// budget is bytes that several share. Whoever waits is served in order. Its methods
// are safe for concurrent use.
type budget struct {
	mu      sync.Mutex
	left    int
	waiting []*lease
	held    map[*lease]struct{} // by packets that are still arriving
}

func newBudget(bytes int) *budget {
	return &budget{left: bytes, held: make(map[*lease]struct{})}
}

// lease is a part of a budget. A nil lease is of nothing.
type lease struct {
	of    *budget
	bytes int
	since time.Time
	evict func() // ends who holds it; nil once that was called
	ready chan struct{}
}

// take waits for a part of the budget, and returns nil if there is none in time or
// done is closed. While others wait, evict is called with whoever has held a part for
// longest, if its packet has not arrived within leaseShare.
func (b *budget) take(bytes int, done <-chan struct{}, evict func()) *lease {
	l := &lease{of: b, bytes: bytes, evict: evict, ready: make(chan struct{})}
	b.mu.Lock()
	b.waiting = append(b.waiting, l)
	b.serveLocked()
	b.mu.Unlock()
	select {
	case <-l.ready:
		return l
	default:
	}
	late := time.NewTimer(leasePatience)
	defer late.Stop()
	again := time.NewTicker(leaseShare / 4)
	defer again.Stop()
	for {
		select {
		case <-l.ready:
			return l
		case now := <-again.C:
			b.evictOldest(now)
			continue
		case <-late.C:
		case <-done:
		}
		return b.withdraw(l)
	}
}

// serveLocked gives those who wait longest what there is.
func (b *budget) serveLocked() {
	for len(b.waiting) > 0 && b.waiting[0].bytes <= b.left {
		l := b.waiting[0]
		b.waiting[0] = nil
		b.waiting = b.waiting[1:]
		b.left -= l.bytes
		l.since = time.Now()
		b.held[l] = struct{}{}
		close(l.ready)
	}
}

// withdraw ends the wait for a lease, and returns nil unless it was given meanwhile.
func (b *budget) withdraw(l *lease) *lease {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, given := b.held[l]; given {
		return l
	}
	for i, other := range b.waiting {
		if other == l {
			b.waiting = append(b.waiting[:i], b.waiting[i+1:]...)
			break
		}
	}
	b.serveLocked()
	return nil
}

// evictOldest ends the packet that has been arriving for longest, if that is too long.
func (b *budget) evictOldest(now time.Time) {
	b.mu.Lock()
	var oldest *lease
	for l := range b.held {
		if l.evict != nil && (oldest == nil || l.since.Before(oldest.since)) {
			oldest = l
		}
	}
	var evict func()
	if oldest != nil && now.Sub(oldest.since) >= leaseShare {
		evict, oldest.evict = oldest.evict, nil
	}
	b.mu.Unlock()
	if evict != nil {
		evict()
	}
}

// arrived gives back what the packet did not need. It is no longer evicted: it waits
// for us.
func (l *lease) arrived(bytes int) {
	if l == nil {
		return
	}
	l.of.mu.Lock()
	defer l.of.mu.Unlock()
	delete(l.of.held, l)
	if bytes < l.bytes {
		l.of.left += l.bytes - bytes
		l.bytes = bytes
		l.of.serveLocked()
	}
}

// release gives back all.
func (l *lease) release() { l.arrived(0) }

package web

import (
	"hash/maphash"
	"sync"
	"time"
)

// maxCounted bounds the keys that a counter remembers of a window. A key takes
// some 40 bytes, and a counter has two windows.
const maxCounted = 1 << 16

// counter counts by key in the present and the previous window. It implements
// httprate.LimitCounter in bounded memory. The library's own counter grows for as
// long as a window lasts if somebody has many addresses.
//
// A full counter forgets some key for each new one, which lets some people do more
// than the limit. The alternative would be that keys share a count, and people
// would pay for the requests of others.
type counter struct {
	max  int
	seed maphash.Seed

	mu               sync.Mutex
	length           time.Duration
	latest           time.Time // the beginning of the present window
	counts, previous map[uint64]int
}

// newCounter returns a counter that remembers up to limit keys of a window.
func newCounter(limit int) *counter {
	return &counter{
		max: limit,
		// The seed keeps clients from choosing addresses whose keys collide.
		seed:     maphash.MakeSeed(),
		counts:   make(map[uint64]int),
		previous: make(map[uint64]int),
	}
}

// Config implements httprate.LimitCounter.
func (c *counter) Config(_ int, length time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.length = length
}

// Increment implements httprate.LimitCounter.
func (c *counter) Increment(key string, window time.Time) error {
	return c.IncrementBy(key, window, 1)
}

// IncrementBy implements httprate.LimitCounter.
func (c *counter) IncrementBy(key string, window time.Time, amount int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turnLocked(window)
	h := maphash.String(c.seed, key)
	if _, known := c.counts[h]; !known && len(c.counts) >= c.max {
		c.forgetOneLocked()
	}
	c.counts[h] += amount
	return nil
}

// Get implements httprate.LimitCounter.
func (c *counter) Get(key string, window, _ time.Time) (current, previous int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turnLocked(window)
	h := maphash.String(c.seed, key)
	return c.counts[h], c.previous[h], nil
}

// turnLocked makes window the present one. A clock that went back changes nothing.
func (c *counter) turnLocked(window time.Time) {
	if !window.After(c.latest) {
		return
	}
	if window.Sub(c.latest) == c.length {
		c.previous, c.counts = c.counts, c.previous
	} else {
		clear(c.previous)
	}
	clear(c.counts)
	c.latest = window
}

func (c *counter) forgetOneLocked() {
	for h := range c.counts {
		delete(c.counts, h)
		return
	}
}

package engine

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// never is a channel that is not closed.
var never chan struct{}

// part returns a lease of so many bytes, which must be there at once.
func part(t *testing.T, b *budget, bytes int, evict func()) *lease {
	t.Helper()
	l := b.lease(evict)
	began := time.Now()
	if !l.grow(bytes, never, never) || time.Since(began) > 0 {
		t.Fatalf("%d bytes are not there", bytes)
	}
	return l
}

// untouched requires that all of a budget is there.
func (b *budget) untouched(t *testing.T, bytes int) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left != bytes || len(b.held) > 0 || len(b.waiting) > 0 {
		t.Errorf("%d are left, %d are held, %d wait", b.left, len(b.held), len(b.waiting))
	}
}

// Those who wait are served in order, and what is given back is there for the next.
func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(100, 60)
		first := part(t, b, 40, func() { t.Error("the first is evicted") })
		first.arrived()
		second := part(t, b, 60, func() { t.Error("the second is evicted") })
		second.arrived()
		order := make(chan int, 3)
		for i, bytes := range []int{60, 50, 60} {
			go func() {
				l := b.lease(func() {})
				l.grow(bytes, never, never)
				order <- i
				l.release()
			}()
			synctest.Wait()
		}
		first.release()
		synctest.Wait()
		if len(order) > 0 {
			t.Fatal("who needs less is served before who waits longer, or more is given than there is")
		}
		second.release()
		for i := range 3 {
			if got := <-order; got != i {
				t.Errorf("served %d as number %d", got, i)
			}
		}
		synctest.Wait()
		b.untouched(t, 100)
	})
}

// Packets that grow never come to wait for what the others have: one of them can always have
// all that it may need, and then the next.
func TestNoPacketsWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const packets, longest = 50, 100
		b := newBudget(3*longest, longest)
		var done sync.WaitGroup
		began := time.Now()
		for range packets {
			done.Go(func() {
				l := b.lease(func() { t.Error("one is evicted, and none is slow") })
				for bytes := 10; bytes <= longest; bytes += 10 {
					if !l.grow(bytes, never, never) {
						t.Error("one has waited in vain")
					}
					time.Sleep(time.Millisecond)
				}
				l.arrived()
				l.release()
			})
		}
		done.Wait()
		if took := time.Since(began); took > leaseShare {
			t.Errorf("it took %v", took)
		}
		b.untouched(t, 3*longest)
	})
}

// Nobody holds a part for ever that others wait for, and nobody waits for ever.
func TestBudgetIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(100, 100)
		var evicted int
		var slow *lease
		slow = part(t, b, 100, func() {
			evicted++
			slow.release()
		})
		time.Sleep(time.Hour) // nobody else wants it
		if evicted > 0 {
			t.Fatal("evicted for nobody")
		}
		began := time.Now()
		next := b.lease(func() {})
		if !next.grow(100, never, never) || evicted != 1 || time.Since(began) > leaseShare {
			t.Fatalf("waited for %v, evicted %d", time.Since(began), evicted)
		}
		next.arrived() // from here on it waits for us
		began = time.Now()
		if b.lease(func() {}).grow(1, never, never) || time.Since(began) != leasePatience {
			t.Errorf("gave up after %v", time.Since(began))
		}
		ended := make(chan struct{})
		close(ended)
		if b.lease(func() {}).grow(1, ended, never) || b.lease(func() {}).grow(1, never, ended) {
			t.Error("given to a session that has ended")
		}
		next.release()
		b.untouched(t, 100)

		// Nor does one whose packet is not handled.
		slow = part(t, b, 100, func() { slow.release() })
		slow.arrived()
		began = time.Now()
		if !b.lease(func() {}).grow(1, never, never) || time.Since(began) != handleShare {
			t.Errorf("waited for %v", time.Since(began))
		}
	})
}

// The time that a packet waits for its own part is not held against it.
func TestWaitingIsNotBeingSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(100, 80)
		other := part(t, b, 80, func() {})
		waits := part(t, b, 20, func() { t.Error("evicted while it waits, or because it has") })
		go func() {
			time.Sleep(2 * leaseShare)
			other.release()
		}()
		if !waits.grow(80, never, never) {
			t.Fatal("waited in vain")
		}
		time.Sleep(leaseShare / 2)
		if b.lease(func() {}).grow(80, closedAfter(leaseShare/4), never) {
			t.Error("more is given than there is")
		}
		waits.release()
	})
}

func closedAfter(d time.Duration) <-chan struct{} {
	c := make(chan struct{})
	time.AfterFunc(d, func() { close(c) })
	return c
}

// ignorant is a Skimmer that knows nothing.
type ignorant struct{}

func (ignorant) Write(part []byte) (int, error) { return len(part), nil }
func (ignorant) Event() []any                   { return []any{"long"} }

// A frame that is never finished ends its connection in time, whatever control frames come
// between its parts.
func TestUnfinishedFramesEnd(t *testing.T) {
	bubble(t, (*server).bind, func(t *testing.T, s *server) {
		conn, r := s.rawWebsocket(t, "")
		began := time.Now()
		go func() {
			for buffer := make([]byte, 1000); ; {
				if _, err := r.Read(buffer); err != nil {
					return
				}
			}
		}()
		_, _ = conn.Write([]byte(rawFrame(0x81, "40") + rawFrame(0x01, `42["`)))
		for {
			_, err := conn.Write([]byte(rawFrame(0x89, "") + rawFrame(0x00, "x")))
			if err != nil {
				break
			}
			time.Sleep(time.Second)
			if time.Since(began) > time.Hour {
				t.Fatal("it is still open")
			}
		}
		if took := time.Since(began); took > s.engine.options.PingInterval+s.engine.options.PingTimeout+5*time.Second {
			t.Errorf("it was open for %v", took)
		}
		receive(t, s.came)
	})
}

// Binary data in text is what it is, by a websocket as well.
func TestBinaryDataInText(t *testing.T) {
	s := newServer(t)
	c := s.dial(t, "")
	c.connect()
	for _, data := range []string{"bAQIDBA==", "bAQIDBA", "b-_8", "b"} {
		c.send(`451-["fine",{"_placeholder":true,"num":0}]`, data)
		if got := receive(t, s.said); got != "fine" {
			t.Error(got)
		}
	}
}

// Before it has asked for a connection a session takes little.
func TestLongPacketsBeforeConnecting(t *testing.T) {
	s := newServer(t)
	for _, text := range []string{"42[", "40{", "3", "6"} {
		c := s.dial(t, "")
		c.tries(text + strings.Repeat(" ", maxShort))
		for range c.frames { // until it is closed
		}
		p := s.poll(t)
		if status, _ := p.do("POST", text+strings.Repeat(" ", maxShort)); status != 413 {
			t.Errorf("%q: got %d", text, status)
		}
	}
}

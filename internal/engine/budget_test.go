package engine

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/gorilla/websocket"
)

// Whoever waits is served in order, and what is given back is there for the next.
func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(100)
		never := make(chan struct{})
		first := b.take(60, never, func() { t.Error("the first is evicted") })
		first.arrived(40) // it needs no more, and is handled
		second := b.take(60, never, func() { t.Error("the second is evicted") })
		second.arrived(60)
		order := make(chan int, 2)
		for i := range 2 {
			go func() {
				l := b.take(30, never, func() {})
				order <- i
				l.release()
			}()
			synctest.Wait()
		}
		if len(order) > 0 {
			t.Fatal("more is given than there is")
		}
		first.release()
		if a, b := <-order, <-order; a != 0 || b != 1 {
			t.Errorf("served %d before %d", a, b)
		}
		second.release()
		synctest.Wait()
		if b.left != 100 || len(b.held) > 0 || len(b.waiting) > 0 {
			t.Errorf("%d are left, %d are held, %d wait", b.left, len(b.held), len(b.waiting))
		}
	})
}

// Nobody holds a part for ever that others wait for, and nobody waits for ever.
func TestBudgetIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(100)
		never := make(chan struct{})
		var evicted atomic.Int32
		var slow *lease
		slow = b.take(100, never, func() {
			evicted.Add(1)
			slow.release()
		})
		time.Sleep(time.Hour) // nobody else wants it
		if evicted.Load() > 0 {
			t.Fatal("evicted for nobody")
		}
		began := time.Now()
		next := b.take(100, never, func() {})
		if next == nil || evicted.Load() != 1 || time.Since(began) > leaseShare {
			t.Fatalf("waited for %v, evicted %d", time.Since(began), evicted.Load())
		}
		next.arrived(100) // it waits for us, which is no fault of its own
		began = time.Now()
		if b.take(1, never, func() {}) != nil || time.Since(began) != leasePatience {
			t.Errorf("gave up after %v", time.Since(began))
		}
		ended := make(chan struct{})
		close(ended)
		if b.take(1, ended, func() {}) != nil {
			t.Error("given to a session that has ended")
		}
		next.release()
		if b.left != 100 || len(b.waiting) > 0 {
			t.Errorf("%d are left, %d wait", b.left, len(b.waiting))
		}
	})
}

// The budget is whole again, however the packets and their connections end.
func TestBudgetIsGivenBack(t *testing.T) {
	s := newServer(t, func(o *Options) { o.MaxEvent = 100_000; o.Skim = func() Skimmer { return ignorant{} } })
	event := func(size int) string { return `42["` + strings.Repeat("x", size) + `"]` }
	for name, say := range map[string]func(c *wsClient){
		"handled":    func(c *wsClient) { c.send(event(50_000)) },
		"too long":   func(c *wsClient) { c.send(event(200_000)) },
		"malformed":  func(c *wsClient) { c.send(event(50_000) + "]") },
		"unfinished": func(c *wsClient) { _, _ = c.conn.NetConn().Write([]byte(rawFrame(0x01, event(50_000)))) },
		"two":        func(c *wsClient) { c.send(event(50_000), event(60_000)) },
	} {
		t.Run(name, func(t *testing.T) {
			c := s.dial(t, "")
			c.connect()
			l := session(t, s.socket(t))
			say(c)
			c.tries("41")
			_ = c.conn.WriteControl(ws.CloseMessage, nil, time.Now().Add(patience))
			_ = c.conn.Close()
			receive(t, l.Done())
			eventually(t, "all is given back", func() bool {
				b := s.engine.strangers
				b.mu.Lock()
				defer b.mu.Unlock()
				return b.left == strangersBudget && len(b.held) == 0
			})
			for len(s.said) > 0 {
				<-s.said
			}
		})
	}
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
		if took := time.Since(began); took > s.engine.PingInterval+s.engine.PingTimeout+5*time.Second {
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

package engine

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/gorilla/websocket"
)

// The library drops, or ends the session over, what a client says before it
// listens.
func TestQuickClients(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	t.Run("websocket", func(t *testing.T) {
		for range 200 {
			s.dial(t, "").send("40", `42["quick"]`)
			if got := receive(t, s.said); got != "quick" {
				t.Fatal(got)
			}
		}
	})
	t.Run("polling", func(t *testing.T) {
		for range 100 {
			c := s.poll(t)
			c.post("40\x1e" + `42["quick"]`)
			if got := receive(t, s.said); got != "quick" {
				t.Fatal(got)
			}
		}
	})
	t.Run("upgrade", func(t *testing.T) {
		for range 100 {
			c := s.poll(t)
			w := s.dial(t, "&sid="+c.sid())
			w.send("2probe")
			w.expect("3probe")
			w.send("5", "40", `42["quick"]`)
			if got := receive(t, s.said); got != "quick" {
				t.Fatal(got)
			}
		}
	})
}

func TestCloseTellsEverybody(t *testing.T) {
	bubble(t, (*server).bind, func(t *testing.T, s *server) {
		var polls sync.WaitGroup
		for range 20 {
			c := s.poll(t)
			c.connect()
			polls.Go(func() {
				if got := c.get(); got != "1" {
					t.Errorf("the waiting request got %q", got)
				}
			})
		}
		between := s.poll(t) // has no request waiting
		between.connect()
		var sockets []*wsClient
		for range 20 {
			c := s.dial(t, "")
			c.connect()
			sockets = append(sockets, c)
		}
		// A client that does not read nor answer must not hold the others up.
		deaf := s.dial(t, "")
		deaf.connect()
		deaf.conn.SetCloseHandler(func(int, string) error {
			<-t.Context().Done()
			return nil
		})
		synctest.Wait() // all requests wait

		began := time.Now()
		if err := s.engine.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 2*closeGrace {
			t.Errorf("took %v", took)
		}
		polls.Wait()
		between.status(http.MethodGet, "", http.StatusBadRequest)
		for _, c := range sockets {
			for range c.frames {
			}
			if !ws.IsCloseError(c.err, ws.CloseNormalClosure) {
				t.Errorf("websocket got %v", c.err)
			}
		}
	})
}

// Messages that are under way when the server closes a connection still arrive.
func TestLastWords(t *testing.T) {
	s := newServer(t)
	for range 20 {
		c := s.dial(t, "")
		c.connect()
		sock := s.socket(t)
		for i := range 50 {
			_ = sock.Emit("word", i)
		}
		sock.Disconnect(true)
		n, goodbye := 0, false
		for f := range c.frames {
			switch {
			case strings.HasPrefix(f, `42["word"`):
				n++
			case f == "41":
				goodbye = true
			}
		}
		if n != 50 || !goodbye {
			t.Fatalf("%d of 50 words, goodbye %t", n, goodbye)
		}
	}
}

// So does what is under way when the server stops.
func TestCloseSendsWhatThereIs(t *testing.T) {
	s := newServer(t)
	c := s.dial(t, "")
	c.connect()
	sock := s.socket(t)
	p := s.poll(t)
	p.connect()
	poller := s.socket(t)
	const n = 500
	for i := range n {
		_ = sock.Emit("word", i, strings.Repeat("x", 1000))
		_ = poller.Emit("word", i)
	}
	closed := make(chan error, 1)
	go func() { closed <- s.engine.Shutdown(t.Context()) }()
	if got := strings.Count(p.get(), `["word"`); got != n {
		t.Errorf("the poll got %d of %d words", got, n)
	}
	words := 0
	for f := range c.frames {
		if strings.HasPrefix(f, `42["word"`) {
			words++
		}
	}
	if words != n {
		t.Errorf("the websocket got %d of %d words", words, n)
	}
	if err := receive(t, closed); err != nil {
		t.Error(err)
	}
}

// Two sockets change places in a room: whoever is in must be found in it.
func TestAdapterLosesNobody(t *testing.T) {
	s := newServer(t)
	s.dial(t, "").connect()
	s.dial(t, "").connect()
	leaver, comer := s.socket(t), s.socket(t)
	a := s.io.Sockets().Adapter().(*adapter)
	for range 5_000 {
		leaver.Join("room")
		var both sync.WaitGroup
		both.Go(func() { leaver.Leave("room") })
		both.Go(func() { comer.Join("room") })
		both.Wait()
		a.mu.RLock()
		in := slices.Clone(a.rooms["room"])
		found := slices.Contains(in, a.subscribers[comer.Id()])
		a.mu.RUnlock()
		if !found || len(in) != 1 || !comer.Rooms().Has("room") {
			t.Fatalf("in the room: %v", in)
		}
		comer.Leave("room")
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	if len(a.rooms["room"]) > 0 {
		t.Error("an empty room is kept")
	}
}

package engine

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/gorilla/websocket"
	"github.com/zishang520/socket.io/servers/socket/v3"
)

// The rules of the two protocols, Engine.IO 4 and Socket.IO 5, each with a test.
// Time is a bubble's, so the instants are exact.

const (
	shortInterval = 300 * time.Millisecond
	shortTimeout  = 200 * time.Millisecond
	shortPatience = time.Second // for an upgrade, or a Socket.IO connection
)

func shortHeartbeat(o *Options) {
	o.PingInterval, o.PingTimeout = shortInterval, shortTimeout
	o.UpgradeTimeout, o.ConnectTimeout = shortPatience, shortPatience
	o.Receipts = false // pings come when the protocol says, and only then
}

// echo has the server send every message back, without a Socket.IO layer.
func (s *server) echo() {
	s.engine.OnSession(func(l *Session) {
		socket := l.Socket()
		_ = socket.On("data", func(args ...any) { socket.Write(args[0].(io.Reader), nil, nil) })
	})
}

// echoEvents has the server send back what it is told, in two namespaces.
func (s *server) echoEvents() {
	s.io = s.engine.Bind(socket.DefaultServerOptions())
	connected := func(args ...any) {
		c := args[0].(*socket.Socket)
		auth := c.Handshake().Auth
		if auth == nil {
			auth = map[string]any{}
		}
		_ = c.Emit("auth", auth)
		_ = c.On("message", func(args ...any) { _ = c.Emit("message-back", args...) })
		_ = c.On("message-with-ack", func(args ...any) { args[len(args)-1].(socket.Ack)(args[:len(args)-1], nil) })
	}
	_ = s.io.On("connection", connected)
	_ = s.io.Of("/custom", nil).On("connection", connected)
}

func echoBubble(t *testing.T, test func(t *testing.T, s *server)) {
	t.Helper()
	bubble(t, (*server).echo, test, shortHeartbeat)
}

func eventBubble(t *testing.T, test func(t *testing.T, s *server)) {
	t.Helper()
	bubble(t, (*server).echoEvents, test, shortHeartbeat)
}

// ask sends a request without a session.
func (s *server) ask(t *testing.T, method, query string) (int, string) {
	t.Helper()
	return (&pollClient{t: t, web: s.web, url: s.URL + "/engine.io/?" + query}).do(method, "")
}

// status requires the answer to a request of the session.
func (c *pollClient) status(method, body string, want int) {
	c.t.Helper()
	if got, text := c.do(method, body); got != want {
		c.t.Fatalf("%s %.50q: %d %s, want %d", method, body, got, text, want)
	}
}

// move does the upgrade.
func (c *pollClient) move(s *server) *wsClient {
	c.t.Helper()
	w := s.dial(c.t, "&sid="+c.sid())
	w.send("2probe")
	w.expect("3probe")
	w.send("5")
	return w
}

// checkOpen requires the answer to a handshake.
func checkOpen(t *testing.T, packet string, upgrades ...string) {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(strings.TrimPrefix(packet, "0")), &fields); err != nil || packet[0] != '0' {
		t.Fatalf("%q: %v", packet, err)
	}
	if sid, _ := fields["sid"].(string); sid == "" {
		t.Errorf("no session id in %v", fields)
	}
	offered := []string{}
	for _, u := range fields["upgrades"].([]any) { // null would not do
		offered = append(offered, u.(string))
	}
	if !slices.Equal(offered, upgrades) {
		t.Errorf("upgrades %v, want %v", offered, upgrades)
	}
	for name, want := range map[string]float64{"pingInterval": 300, "pingTimeout": 200, "maxPayload": 1e6} {
		if fields[name] != want {
			t.Errorf("%s is %v, want %v", name, fields[name], want)
		}
	}
	if len(fields) != 5 {
		t.Errorf("fields %v", fields)
	}
}

// A handshake opens a session and says what the client has to keep to.
func TestHandshake(t *testing.T) {
	for name, prepare := range map[string]func(*server){"Engine.IO": (*server).echo, "Socket.IO": (*server).echoEvents} {
		t.Run(name, func(t *testing.T) {
			bubble(t, prepare, func(t *testing.T, s *server) {
				status, body := s.ask(t, http.MethodGet, "EIO=4&transport=polling")
				if status != http.StatusOK {
					t.Fatal(status, body)
				}
				checkOpen(t, body, "websocket")
				checkOpen(t, s.dial(t, "").expect("0"))
				if n := s.engine.ClientsCount(); n != 2 {
					t.Errorf("%d sessions", n)
				}
			}, shortHeartbeat)
		})
	}
}

// A request that is no handshake is refused, with the code and the words of all servers.
func TestHandshakeIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		method, query string
		want          protocolError
	}{
		"no revision":               {http.MethodGet, "transport=polling", unsupportedProtocol},
		"not a revision":            {http.MethodGet, "EIO=abc&transport=polling", unsupportedProtocol},
		"an older revision":         {http.MethodGet, "EIO=3&transport=polling", unsupportedProtocol},
		"no transport":              {http.MethodGet, "EIO=4", unknownTransport},
		"not a transport":           {http.MethodGet, "EIO=4&transport=abc", unknownTransport},
		"POST":                      {http.MethodPost, "EIO=4&transport=polling", badMethod},
		"PUT":                       {http.MethodPut, "EIO=4&transport=polling", badMethod},
		"a websocket that is none":  {http.MethodGet, "EIO=4&transport=websocket", badRequest},
		"a session that is unknown": {http.MethodGet, "EIO=4&transport=polling&sid=unknown", unknownSession},
	} {
		t.Run(name, func(t *testing.T) {
			echoBubble(t, func(t *testing.T, s *server) {
				status, body := s.ask(t, test.method, test.query)
				var got struct {
					Code    int
					Message string
				}
				if err := json.Unmarshal([]byte(body), &got); err != nil {
					t.Fatalf("%d %q: %v", status, body, err)
				}
				if want := test.want; status != want.status || got.Code != want.code || got.Message != want.message {
					t.Errorf("%d %s, want %v", status, body, want)
				}
				if n := s.engine.ClientsCount(); n != 0 {
					t.Errorf("%d sessions", n)
				}
			})
		})
	}
}

// So is what is no handshake of a websocket: it does not become one.
func TestWebsocketHandshakeIsRefused(t *testing.T) {
	for name, query := range map[string]string{
		"no revision":               "transport=websocket",
		"not a revision":            "EIO=abc&transport=websocket",
		"no transport":              "EIO=4",
		"not a transport":           "EIO=4&transport=abc",
		"polling":                   "EIO=4&transport=polling",
		"a session that is unknown": "EIO=4&transport=websocket&sid=unknown",
	} {
		t.Run(name, func(t *testing.T) {
			echoBubble(t, func(t *testing.T, s *server) {
				_, resp, err := s.tryDial(t, query)
				if err == nil || resp == nil || resp.StatusCode != http.StatusBadRequest {
					t.Errorf("%v, %v", resp, err)
				}
				if n := s.engine.ClientsCount(); n != 0 {
					t.Errorf("%d sessions", n)
				}
			})
		})
	}
}

// Messages arrive as they were sent, whatever number of them a payload has, and
// come back the same.
func TestPolledMessages(t *testing.T) {
	for name, payload := range map[string]string{
		"one":            "4hello",
		"several":        "4test1\x1e4test2\x1e4test3",
		"text, binary":   "4hello\x1ebAQIDBA==",
		"empty":          "4\x1eb",
		"other scripts":  "4ünïcödé\x1e4日本語\x1e4🙂",
		"looks like one": "4b\x1e42probe\x1e41",
	} {
		t.Run(name, func(t *testing.T) {
			echoBubble(t, func(t *testing.T, s *server) {
				c := s.poll(t)
				c.post(payload)
				if got := c.get(); got != payload {
					t.Errorf("%q became %q", payload, got)
				}
			})
		})
	}
}

func TestWebsocketMessages(t *testing.T) {
	echoBubble(t, func(t *testing.T, s *server) {
		c := s.dial(t, "")
		c.expect("0{")
		for _, text := range []string{"4hello", "4", "4日本語🙂"} {
			c.send(text)
			if got := c.expect("4"); got != text {
				t.Errorf("%q became %q", text, got)
			}
		}
		for data, want := range map[string]string{"\x01\x02\x03\x04": "bAQIDBA==", "": "b"} {
			if err := c.conn.WriteMessage(ws.BinaryMessage, []byte(data)); err != nil {
				t.Fatal(err)
			}
			if got := c.expect("b"); got != want {
				t.Errorf("%q became %q", data, got)
			}
		}
	})
}

// A packet that is none ends the session, as its client cannot be understood.
func TestMalformedPacketsEndTheSession(t *testing.T) {
	t.Run("polling", func(t *testing.T) {
		echoBubble(t, func(t *testing.T, s *server) {
			c := s.poll(t)
			c.status(http.MethodPost, "abc", http.StatusBadRequest)
			c.status(http.MethodGet, "", http.StatusBadRequest)
		})
	})
	t.Run("websocket", func(t *testing.T) {
		echoBubble(t, func(t *testing.T, s *server) {
			c := s.dial(t, "")
			c.expect("0{")
			c.send("abc")
			c.ended()
		})
	})
}

// goGet polls meanwhile: the answer comes later.
func (c *pollClient) goGet() <-chan string {
	answer := make(chan string, 1)
	go func() {
		_, body := c.do(http.MethodGet, "")
		answer <- body
	}()
	return answer
}

// Two requests could not be answered in order: the session ends, and the one
// that waited is told.
func TestTwoPollsEndTheSession(t *testing.T) {
	echoBubble(t, func(t *testing.T, s *server) {
		c := s.poll(t)
		first := c.goGet()
		synctest.Wait()
		c.status(http.MethodGet, "", http.StatusBadRequest)
		if got := <-first; got != "1" {
			t.Errorf("the first got %q", got)
		}
		c.status(http.MethodGet, "", http.StatusBadRequest)
	})
}

// A request that is cancelled may have taken messages along: the session ends.
func TestACancelledPollEndsTheSession(t *testing.T) {
	echoBubble(t, func(t *testing.T, s *server) {
		c := s.poll(t)
		conn := s.raw(t)
		_, _ = io.WriteString(conn, "GET /engine.io/?"+c.url[strings.Index(c.url, "?")+1:]+" HTTP/1.1\r\nHost: test\r\n\r\n")
		synctest.Wait()
		if s.engine.ClientsCount() != 1 {
			t.Fatal("it ended already")
		}
		_ = conn.Close()
		synctest.Wait()
		c.status(http.MethodGet, "", http.StatusBadRequest)
	})
}

// Pings come at the first beat when the interval after the answer to the one before
// is over.
func TestPings(t *testing.T) {
	for name, prepare := range map[string]func(*server){"Engine.IO": (*server).echo, "Socket.IO": (*server).echoEvents} {
		t.Run(name+" polling", func(t *testing.T) {
			bubble(t, prepare, func(t *testing.T, s *server) {
				c := s.poll(t)
				if s.io != nil {
					c.post("40")
					for got := ""; !strings.HasSuffix(got, `42["auth",{}]`); {
						got = c.get()
					}
				}
				for i := range 5 {
					began := time.Now()
					if got := c.get(); got != "2" {
						t.Fatalf("got %q", got)
					}
					if took := time.Since(began).Round(time.Millisecond); took < shortInterval || took > shortInterval+shortInterval/beats {
						t.Errorf("ping %d came after %v", i, took)
					}
					time.Sleep(shortTimeout / 2)
					c.post("3")
				}
			}, shortHeartbeat)
		})
		t.Run(name+" websocket", func(t *testing.T) {
			bubble(t, prepare, func(t *testing.T, s *server) {
				c := s.dial(t, "")
				if s.io != nil {
					c.connect()
					c.expect(`42["auth"`)
				} else {
					c.expect("0{")
				}
				for i := range 5 {
					began := time.Now()
					c.expect("2")
					if took := time.Since(began).Round(time.Millisecond); took < shortInterval || took > shortInterval+shortInterval/beats {
						t.Errorf("ping %d came after %v", i, took)
					}
					time.Sleep(shortTimeout / 2)
					c.send("3")
				}
			}, shortHeartbeat)
		})
	}
}

// Sessions of different ages are pinged together, so that the process wakes up once.
func TestPingsComeTogether(t *testing.T) {
	echoBubble(t, func(t *testing.T, s *server) {
		const beat = shortInterval / beats
		time.Sleep(beat / 10)
		came := make(chan time.Time, 5)
		for range cap(came) {
			c := s.dial(t, "")
			c.expect("0{")
			go func() {
				c.expect("2")
				came <- time.Now()
			}()
			time.Sleep(beat / 10)
		}
		first := receive(t, came)
		for range cap(came) - 1 {
			if next := receive(t, came); !next.Equal(first) {
				t.Errorf("a ping came %v after another", next.Sub(first))
			}
		}
	})
}

// Who does not answer a ping in time is gone; and so is who does not even ask
// for it, at the same instant.
func TestPingTimeout(t *testing.T) {
	t.Run("websocket", func(t *testing.T) {
		echoBubble(t, func(t *testing.T, s *server) {
			began := time.Now()
			c := s.dial(t, "")
			c.expect("0{")
			c.expect("2")
			c.ended()
			if took := time.Since(began); took != shortInterval+shortTimeout {
				t.Errorf("it took %v", took)
			}
		})
	})
	t.Run("polling, never asks", func(t *testing.T) {
		echoBubble(t, func(t *testing.T, s *server) {
			c := s.poll(t)
			time.Sleep(shortInterval + shortTimeout - time.Millisecond)
			if s.engine.ClientsCount() != 1 {
				t.Fatal("it was early")
			}
			time.Sleep(time.Millisecond)
			synctest.Wait()
			c.status(http.MethodGet, "", http.StatusBadRequest)
		})
	})
	t.Run("polling, asks late", func(t *testing.T) {
		echoBubble(t, func(t *testing.T, s *server) {
			began := time.Now()
			c := s.poll(t)
			time.Sleep(shortInterval + shortTimeout/2)
			if got := c.get(); got != "2" {
				t.Fatalf("got %q", got)
			}
			if got := c.get(); got != "1" {
				t.Fatalf("got %q", got)
			}
			if took := time.Since(began); took != shortInterval+shortTimeout {
				t.Errorf("it took %v", took)
			}
			c.status(http.MethodGet, "", http.StatusBadRequest)
		})
	})
	t.Run("after the upgrade", func(t *testing.T) {
		echoBubble(t, func(t *testing.T, s *server) {
			began := time.Now()
			w := s.poll(t).move(s)
			w.expect("2")
			w.ended()
			if took := time.Since(began); took != shortInterval+shortTimeout {
				t.Errorf("it took %v", took)
			}
		})
	})
	t.Run("a ping that polling took along is answered by websocket", func(t *testing.T) {
		echoBubble(t, func(t *testing.T, s *server) {
			c := s.poll(t)
			if got := c.get(); got != "2" {
				t.Fatalf("got %q", got)
			}
			w := c.move(s)
			w.send("3")
			time.Sleep(shortTimeout)
			synctest.Wait()
			if s.engine.ClientsCount() != 1 {
				t.Error("the answer did not count")
			}
		})
	})
	t.Run("an answer counts once", func(t *testing.T) {
		echoBubble(t, func(t *testing.T, s *server) {
			c := s.dial(t, "")
			c.expect("0{")
			c.expect("2")
			c.send("3", "3", "3")
			c.expect("2")
			c.ended()
		})
	})
}

// A client says that it leaves: a request that waits is answered, as it would
// wait for ever.
func TestClientsLeave(t *testing.T) {
	for name, around := range map[string]func(*testing.T, func(*testing.T, *server)){"Engine.IO": echoBubble, "Socket.IO": eventBubble} {
		t.Run(name+" polling", func(t *testing.T) {
			around(t, func(t *testing.T, s *server) {
				c := s.poll(t)
				answer := c.goGet()
				synctest.Wait()
				c.post("1")
				if got := <-answer; got != "6" {
					t.Errorf("the request that waited got %q", got)
				}
				c.status(http.MethodGet, "", http.StatusBadRequest)
			})
		})
		t.Run(name+" websocket", func(t *testing.T) {
			around(t, func(t *testing.T, s *server) {
				c := s.dial(t, "")
				c.expect("0{")
				c.send("1")
				c.ended()
				synctest.Wait()
				if s.engine.ClientsCount() != 0 {
					t.Error("it is not forgotten")
				}
			})
		})
	}
}

// The session moves to a websocket after a probe; a poll that waits or comes
// meanwhile is answered, so that the client has none under way when it moves.
func TestUpgrade(t *testing.T) {
	for name, around := range map[string]func(*testing.T, func(*testing.T, *server)){"Engine.IO": echoBubble, "Socket.IO": eventBubble} {
		t.Run(name, func(t *testing.T) {
			around(t, func(t *testing.T, s *server) {
				c := s.poll(t)
				waiting := c.goGet()
				synctest.Wait()
				w := s.dial(t, "&sid="+c.sid())
				w.send("2probe")
				if got := w.expect("3probe"); got != "3probe" {
					t.Errorf("got %q", got)
				}
				if got := <-waiting; got != "6" {
					t.Errorf("the poll that waited got %q", got)
				}
				if got := c.get(); got != "6" {
					t.Errorf("the next poll got %q", got)
				}
				w.send("5")
				synctest.Wait()
				if s.io == nil {
					w.send("4hello")
					w.expect("4hello")
				} else {
					w.send("40")
					w.expect("40{")
				}
			})
		})
	}
}

// After it, neither requests nor other websockets mean anything to the session,
// and they do not disturb it.
func TestAfterTheUpgrade(t *testing.T) {
	echoBubble(t, func(t *testing.T, s *server) {
		c := s.poll(t)
		w := c.move(s)
		synctest.Wait()
		c.status(http.MethodGet, "", http.StatusBadRequest)
		c.status(http.MethodPost, "4hello", http.StatusBadRequest)
		second := s.dial(t, "&sid="+c.sid())
		second.ended()
		w.send("4hello")
		if got := w.expect("4"); got != "4hello" {
			t.Errorf("got %q", got)
		}
	})
}

// A poll that overtakes the last step of the upgrade, which goes by another
// connection, is none that the session needs any more: it is refused as one that
// comes later.
func TestAPollThatOvertakesTheUpgrade(t *testing.T) {
	echoBubble(t, func(t *testing.T, s *server) {
		c := s.poll(t)
		w := s.dial(t, "&sid="+c.sid())
		w.send("2probe")
		w.expect("3probe")
		answer := make(chan int, 1)
		go func() {
			status, _ := c.do(http.MethodGet, "")
			answer <- status
		}()
		synctest.Wait()
		w.send("5")
		if got := <-answer; got != http.StatusBadRequest {
			t.Errorf("the poll got %d", got)
		}
		w.send("4hello")
		w.expect("4hello")
	})
}

// A client that is not sure whether it was heard may probe again.
func TestRepeatedProbe(t *testing.T) {
	echoBubble(t, func(t *testing.T, s *server) {
		c := s.poll(t)
		w := s.dial(t, "&sid="+c.sid())
		for range 3 {
			w.send("2probe")
			w.expect("3probe")
		}
		w.send("5", "4hello")
		w.expect("4hello")
	})
}

// Who speaks another version of the protocol is told which one is spoken here (RFC 6455,
// section 4.2.2).
func TestWebsocketVersion(t *testing.T) {
	s := New(Options{PingInterval: time.Second, PingTimeout: time.Second, MaxPayload: 1})
	for _, version := range []string{"8", "14", ""} {
		r := httptest.NewRequest(http.MethodGet, "/socket.io/?EIO=4&transport=websocket", nil)
		r.Header = http.Header{
			"Connection": {"Upgrade"}, "Upgrade": {"websocket"},
			"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}, "Sec-Websocket-Version": {version},
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if got := w.Header().Get("Sec-WebSocket-Version"); w.Code != http.StatusBadRequest || got != "13" {
			t.Errorf("version %q: %d, version %q", version, w.Code, got)
		}
	}
}

// One websocket at a time may be a candidate; a second one is closed, and the
// first goes on.
func TestTwoProbes(t *testing.T) {
	echoBubble(t, func(t *testing.T, s *server) {
		c := s.poll(t)
		w := s.dial(t, "&sid="+c.sid())
		synctest.Wait()
		s.dial(t, "&sid="+c.sid()).ended()
		w.send("2probe")
		w.expect("3probe")
		w.send("5", "4hello")
		w.expect("4hello")
	})
}

// A client that does not go through with the upgrade keeps its session by
// polling, and may try again.
func TestUpgradeTimeout(t *testing.T) {
	for name, steps := range map[string][]string{"silent": nil, "probed": {"2probe"}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, (*server).echo, func(t *testing.T, s *server) {
				c := s.poll(t)
				began := time.Now()
				w := s.dial(t, "&sid="+c.sid())
				for _, step := range steps {
					w.send(step)
					w.expect("3probe")
				}
				w.ended()
				if took := time.Since(began); took != shortPatience {
					t.Errorf("it took %v", took)
				}
				c.post("4hello")
				if got := c.get(); got != "4hello" {
					t.Errorf("got %q", got)
				}
				w = c.move(s)
				w.send("4again")
				w.expect("4again")
			}, func(o *Options) { o.UpgradeTimeout = shortPatience })
		})
	}
}

// A client that loses its websocket half-way through the move has stopped polling,
// and would be counted until its next ping is due.
func TestAMoveThatFailsHalfWay(t *testing.T) {
	for name, goesOn := range map[string]bool{"lost": false, "polls again": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, (*server).echo, func(t *testing.T, s *server) {
				c := s.poll(t)
				w := s.dial(t, "&sid="+c.sid())
				w.send("2probe")
				w.expect("3probe")
				_ = w.conn.Close()
				synctest.Wait()
				if goesOn {
					c.post("4still here")
					if got := c.get(); got != "4still here" {
						t.Fatalf("got %q", got)
					}
				}
				time.Sleep(upgradePatience)
				synctest.Wait()
				if left := s.engine.ClientsCount(); (left == 1) != goesOn {
					t.Errorf("%d sessions are left", left)
				}
			})
		})
	}
}

// Who never asks for a Socket.IO connection does not keep a session.
func TestConnectTimeout(t *testing.T) {
	t.Run("websocket", func(t *testing.T) {
		eventBubble(t, func(t *testing.T, s *server) {
			began := time.Now()
			c := s.dial(t, "")
			for f := range c.frames {
				if f == "2" {
					c.send("3") // it is alive, but says nothing else
				}
			}
			if took := time.Since(began).Round(time.Millisecond); took != shortPatience {
				t.Errorf("it took %v", took)
			}
			if !ws.IsCloseError(c.err, ws.CloseNormalClosure) {
				t.Errorf("closed by %v", c.err)
			}
		})
	})
	t.Run("polling", func(t *testing.T) {
		eventBubble(t, func(t *testing.T, s *server) {
			began := time.Now()
			c := s.poll(t)
			for got := ""; got != "1"; {
				if got = c.get(); got == "2" {
					c.post("3")
				}
			}
			if took := time.Since(began).Round(time.Millisecond); took != shortPatience {
				t.Errorf("it took %v", took)
			}
			c.status(http.MethodGet, "", http.StatusBadRequest)
		})
	})
	t.Run("connected", func(t *testing.T) {
		eventBubble(t, func(t *testing.T, s *server) {
			c := s.dial(t, "")
			c.connect()
			c.expect(`42["auth"`)
			for range 10 {
				c.expect("2")
				c.send("3")
			}
		})
	})
}

// A client that takes nothing is closed when its time to take it is over.
func TestWriteTimeoutIsExact(t *testing.T) {
	const timeout = 5 * time.Second
	short := func(o *Options) { o.WriteTimeout, o.Receipts = timeout, false }
	check := func(t *testing.T, began time.Time) {
		t.Helper()
		if took := time.Since(began); took != timeout {
			t.Errorf("it took %v", took)
		}
	}
	t.Run("websocket", func(t *testing.T) {
		bubble(t, (*server).bind, func(t *testing.T, s *server) {
			_, sock := s.unread(t)
			time.Sleep(timeout)
			began := time.Now()
			_ = sock.Emit("nobody takes this")
			receive(t, session(t, sock).Done())
			check(t, began)
			synctest.Wait()
			if s.engine.ClientsCount() != 0 {
				t.Error("it is not forgotten")
			}
		}, short)
	})
	t.Run("polling", func(t *testing.T) {
		bubble(t, (*server).bind, func(t *testing.T, s *server) {
			c := s.poll(t)
			c.connect()
			sock := s.socket(t)
			conn := s.raw(t)
			_, _ = io.WriteString(conn, "GET /socket.io/?"+c.url[strings.Index(c.url, "?")+1:]+" HTTP/1.1\r\nHost: test\r\n\r\n")
			synctest.Wait()
			began := time.Now()
			_ = sock.Emit("nobody takes this")
			receive(t, session(t, sock).Done())
			check(t, began)
			synctest.Wait()
			if s.engine.ClientsCount() != 0 {
				t.Error("it is not forgotten")
			}
		}, short)
	})
}

// When the server closes a session, what has been sent may still be taken, but
// only for a moment.
func TestLingeringClose(t *testing.T) {
	run := func(name string, test func(t *testing.T, s *server)) {
		t.Run(name, func(t *testing.T) {
			bubble(t, (*server).bind, test, func(o *Options) { o.Receipts = false })
		})
	}
	gone := func(t *testing.T, s *server, after time.Duration) {
		t.Helper()
		time.Sleep(after - time.Millisecond)
		if s.engine.ClientsCount() != 1 {
			t.Error("it was forgotten early")
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if s.engine.ClientsCount() != 0 {
			t.Error("it is not forgotten")
		}
	}
	run("a websocket that does not answer", func(t *testing.T, s *server) {
		c := s.dial(t, "")
		c.conn.SetCloseHandler(func(int, string) error { return nil })
		c.connect()
		sock := s.socket(t)
		_ = sock.Emit("last")
		session(t, sock).Close(false)
		c.expect(`42["last"]`)
		c.ended()
		if !ws.IsCloseError(c.err, ws.CloseNormalClosure) {
			t.Errorf("closed by %v", c.err)
		}
		gone(t, s, closeGrace)
	})
	run("a websocket that takes nothing", func(t *testing.T, s *server) {
		_, sock := s.unread(t)
		_ = sock.Emit("last")
		session(t, sock).Close(false)
		gone(t, s, closeGrace)
	})
	run("a poll that comes soon", func(t *testing.T, s *server) {
		c := s.poll(t)
		c.connect()
		sock := s.socket(t)
		_ = sock.Emit("last")
		session(t, sock).Close(false)
		time.Sleep(closeGrace / 2)
		if got := c.get(); got != `42["last"]`+"\x1e1" {
			t.Errorf("got %q", got)
		}
		if s.engine.ClientsCount() != 0 {
			t.Error("it is not forgotten")
		}
	})
	run("a poll that comes late", func(t *testing.T, s *server) {
		c := s.poll(t)
		c.connect()
		sock := s.socket(t)
		_ = sock.Emit("last")
		session(t, sock).Close(false)
		gone(t, s, closeGrace)
		c.status(http.MethodGet, "", http.StatusBadRequest)
	})
	run("a probe", func(t *testing.T, s *server) {
		c := s.poll(t)
		c.connect()
		sock := s.socket(t)
		w := s.dial(t, "&sid="+c.sid())
		synctest.Wait()
		session(t, sock).Close(false)
		w.ended()
		gone(t, s, closeGrace)
	})
}

// A Socket.IO connection is confirmed by an id, whatever the client says about
// itself; that is handed on.
func TestConnections(t *testing.T) {
	for name, test := range map[string]struct{ ask, confirms, tells string }{
		"main":               {"40", "40", `42["auth",{}]`},
		"main, auth":         {`40{"token":"123"}`, "40", `42["auth",{"token":"123"}]`},
		"namespace":          {"40/custom,", "40/custom,", `42/custom,["auth",{}]`},
		"namespace, auth":    {`40/custom,{"token":"abc"}`, "40/custom,", `42/custom,["auth",{"token":"abc"}]`},
		"namespace, no rest": {"40/custom", "40/custom,", `42/custom,["auth",{}]`},
	} {
		t.Run(name, func(t *testing.T) {
			eventBubble(t, func(t *testing.T, s *server) {
				c := s.dial(t, "")
				c.expect("0{")
				c.send(test.ask)
				var fields map[string]string
				if err := json.Unmarshal([]byte(strings.TrimPrefix(c.expect(test.confirms), test.confirms)), &fields); err != nil {
					t.Fatal(err)
				}
				if len(fields) != 1 || fields["sid"] == "" {
					t.Errorf("confirmed by %v", fields)
				}
				if got := c.expect(""); got != test.tells {
					t.Errorf("got %s, want %s", got, test.tells)
				}
			})
		})
	}
	t.Run("unknown namespace", func(t *testing.T) {
		eventBubble(t, func(t *testing.T, s *server) {
			c := s.dial(t, "")
			c.expect("0{")
			c.send("40/random")
			if got := c.expect("44"); got != `44/random,{"message":"Invalid namespace"}` {
				t.Errorf("got %s", got)
			}
			c.send("40") // it may still have the other
			c.expect("40{")
		})
	})
}

// dialEvents returns a client with a Socket.IO connection.
func (s *server) dialEvents(t *testing.T) *wsClient {
	t.Helper()
	c := s.dial(t, "")
	c.connect()
	c.expect(`42["auth"`)
	return c
}

// Some clients write out what they do not give: their main namespace, and null for no payload.
func TestFormsOfConnecting(t *testing.T) {
	for _, packet := range []string{"40", "40{}", "40null", "40 null", "40/,", "40/,{}", "40/,null"} {
		eventBubble(t, func(t *testing.T, s *server) {
			c := s.dial(t, "")
			c.expect("0{")
			c.send(packet)
			c.expect("40{")
			if got := c.expect(`42["auth"`); got != `42["auth",{}]` {
				t.Errorf("%s: %s", packet, got)
			}
		})
	}
}

// Older pages ask to connect again when the answer takes long. What they say next is not lost.
func TestConnectingTwice(t *testing.T) {
	for _, namespace := range []string{"", "/custom,"} {
		eventBubble(t, func(t *testing.T, s *server) {
			c := s.dial(t, "")
			c.expect("0{")
			c.tries("40"+namespace, "40"+namespace, "42"+namespace+`["message","hello"]`)
			c.expect("40" + namespace + "{")
			c.expect("42" + namespace + `["auth"`)
			if got, want := c.expect(""), "42"+namespace+`["message-back","hello"]`; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// Who leaves a namespace keeps the session, and the others.
func TestDisconnections(t *testing.T) {
	t.Run("main", func(t *testing.T) {
		eventBubble(t, func(t *testing.T, s *server) {
			c := s.dialEvents(t)
			c.send("41")
			if got := c.expect(""); got != "2" {
				t.Errorf("got %q, want a ping", got)
			}
		})
	})
	t.Run("namespace", func(t *testing.T) {
		eventBubble(t, func(t *testing.T, s *server) {
			c := s.dialEvents(t)
			c.send("40/custom")
			c.expect("40/custom,")
			c.expect(`42/custom,["auth"`)
			c.send("41/custom,")
			c.send(`42["message","message to main namespace"]`)
			if got := c.expect(""); got != `42["message-back","message to main namespace"]` {
				t.Errorf("got %q", got)
			}
		})
	})
}

// Events, attachments and acknowledgements come back as they went.
func TestEvents(t *testing.T) {
	const placeholders = `{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`
	for name, test := range map[string]struct {
		packet, answer string
		attachments    []string
	}{
		"text":             {`42["message",1,"2",{"3":[true]}]`, `42["message-back",1,"2",{"3":[true]}]`, nil},
		"attachments":      {`452-["message",` + placeholders, `452-["message-back",` + placeholders, []string{"\x01\x02\x03", "\x04\x05\x06"}},
		"text, ack":        {`42456["message-with-ack",1,"2",{"3":[false]}]`, `43456[1,"2",{"3":[false]}]`, nil},
		"attachments, ack": {`452-789["message-with-ack",` + placeholders, `462-789[` + placeholders, []string{"\x01\x02\x03", "\x04\x05\x06"}},
	} {
		t.Run(name, func(t *testing.T) {
			eventBubble(t, func(t *testing.T, s *server) {
				c := s.dialEvents(t)
				c.send(test.packet)
				for _, a := range test.attachments {
					if err := c.conn.WriteMessage(ws.BinaryMessage, []byte(a)); err != nil {
						t.Fatal(err)
					}
				}
				if got := c.expect(""); got != test.answer {
					t.Errorf("got %s, want %s", got, test.answer)
				}
				for _, a := range test.attachments {
					want := string(newPacket([]byte(a), true).appendPolled(nil))
					if got := c.expect("b"); got != want {
						t.Errorf("attachment %s, want %s", got, want)
					}
				}
			})
		})
	}
}

// A message that is no Socket.IO packet ends the session.
func TestMalformedEventsEndTheSession(t *testing.T) {
	for name, packet := range map[string]string{
		"type":    "4abc",
		"payload": "42{}",
		"ack id":  `42abc["message-with-ack",1,"2",{"3":[false]}]`,
	} {
		t.Run(name, func(t *testing.T) {
			eventBubble(t, func(t *testing.T, s *server) {
				c := s.dialEvents(t)
				c.send(packet)
				c.ended()
			})
		})
	}
	t.Run("instead of connecting", func(t *testing.T) {
		eventBubble(t, func(t *testing.T, s *server) {
			c := s.dial(t, "")
			c.expect("0{")
			c.send("4abc")
			c.ended()
		})
	})
}

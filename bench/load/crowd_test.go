package load

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"securechat/bench/peers/floor"
)

// brief is enough traffic for a test.
var brief = Traffic{Warmup: 20 * time.Millisecond, Duration: 250 * time.Millisecond}

// serve runs the floor, with its network tampered with.
func serve(t *testing.T, tamper func(net.Conn) net.Conn) Target {
	t.Helper()
	s := httptest.NewUnstartedServer(new(floor.Server))
	s.Listener = &listener{s.Listener, tamper}
	s.Start()
	t.Cleanup(s.Close)
	return Target{URL: s.URL, Direct: true}
}

type listener struct {
	net.Listener
	tamper func(net.Conn) net.Conn
}

func (l *listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.tamper(conn), nil
}

func honest(c net.Conn) net.Conn { return c }

func TestACrowdTalks(t *testing.T) {
	for _, tc := range []struct {
		name     string
		rooms    Rooms
		rate     float64
		senders  int
		speakers int // in each room
	}{
		{name: "closed loop, all speak", rooms: Rooms{Count: 3, Members: 4}, speakers: 4},
		{name: "closed loop, two speak", rooms: Rooms{First: 7, Count: 2, Members: 5}, senders: 2, speakers: 2},
		{name: "open loop", rooms: Rooms{Count: 2, Members: 3}, rate: 3000, speakers: 3},
		{name: "somebody alone", rooms: Rooms{Count: 1, Members: 1}, speakers: 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := Gather(t.Context(), serve(t, honest), tc.rooms)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			edges := 0
			traffic := brief
			traffic.Rate, traffic.Senders = tc.rate, tc.senders
			traffic.Edge = func() error {
				edges++
				return nil
			}
			// A crowd can talk again, and has to where a busy machine left no time for it.
			for runs, heard := 0, 0; heard < 2 || !haveSpoken(c, tc.speakers); {
				r, err := c.Run(t.Context(), traffic)
				runs++
				if edges != 2*runs {
					t.Fatalf("%d edges after %d runs", edges, runs)
				}
				if errors.Is(err, errNothing) {
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if r.Deliveries == 0 || r.Elapsed < brief.Duration {
					t.Errorf("run %d: %d deliveries in %v", runs, r.Deliveries, r.Elapsed)
				}
				if len(r.Echo) == 0 {
					continue // whose own message came in the window was late for its next
				}
				heard++
				if !slices.IsSorted(r.Echo) || r.Echo[0] <= 0 {
					t.Errorf("run %d: the echoes are %v", runs, r.Echo)
				}
			}
			for _, room := range c.rooms {
				for _, s := range room.sockets {
					if spoke := s.sent.Load() > 0; spoke != (s.member < tc.speakers) {
						t.Errorf("%s sent %d messages", s, s.sent.Load())
					}
				}
			}
		})
	}
}

// haveSpoken reports whether the first members of each room, so many, have said something.
func haveSpoken(c *Crowd, speakers int) bool {
	for _, room := range c.rooms {
		for _, s := range room.sockets[:speakers] {
			if s.sent.Load() == 0 {
				return false
			}
		}
	}
	return true
}

func TestAnOpenLoopSendsNoMoreThanIsDue(t *testing.T) {
	c, err := Gather(t.Context(), serve(t, honest), Rooms{Count: 2, Members: 5})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	senders, err := c.senders(0)
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	stop, err := c.start(senders, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for c.deliveries() < 200 { // not for a time, in which a busy machine may send nothing
		if err := c.wait(t.Context(), time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	// 1000 deliveries in rooms of 5 are 200 messages.
	most := uint64(time.Since(begin).Seconds()*200) + 1
	if err := c.verify(t.Context()); err != nil {
		t.Fatal(err)
	}
	if sent := c.deliveries() / 5; sent > most {
		t.Errorf("%d messages were sent, %d were due", sent, most)
	}
}

// saboteur does something to the fiftieth message that a server writes.
type saboteur struct {
	net.Conn
	written *atomic.Int64
	do      func(s *saboteur, frame []byte) error
}

func (s *saboteur) Write(frame []byte) (int, error) {
	do := func(s *saboteur, frame []byte) error {
		_, err := s.Conn.Write(frame)
		return err
	}
	if bytes.Contains(frame, []byte(marker)) && s.written.Add(1) == 50 {
		do = s.do
	}
	return len(frame), do(s, frame)
}

func TestWhatAServerGetsWrongIsReported(t *testing.T) {
	for _, tc := range []struct {
		name string
		do   func(s *saboteur, frame []byte) error
		want string
	}{
		{"a message is lost", func(*saboteur, []byte) error { return nil }, "lost"},
		{"a message comes twice", func(s *saboteur, frame []byte) error {
			_, err := s.Conn.Write(slices.Concat(frame, frame))
			return err
		}, "again or out of order"},
		{"a message comes late", func(s *saboteur, frame []byte) error {
			// Its sender's next one, made of it, goes first.
			next := bytes.Clone(frame)
			seq := next[bytes.Index(next, []byte(marker))+seqAt:][:8]
			n, _ := hex(seq)
			putHex(seq, n+1)
			_, err := s.Conn.Write(slices.Concat(next, frame))
			return err
		}, "lost or out of order"},
		{"a message comes to another room", func(s *saboteur, frame []byte) error {
			stray := bytes.Clone(frame)
			putHex(stray[bytes.Index(stray, []byte(marker))+roomAt:][:4], 99)
			_, err := s.Conn.Write(stray)
			return err
		}, "wrong room"},
		{"a text is changed", func(s *saboteur, frame []byte) error {
			_, err := s.Conn.Write(bytes.Replace(frame, []byte(marker), []byte(`"LOAD `), 1))
			return err
		}, "nobody sent"},
		// Whether as an end or as a reset depends on what had not been read.
		{"the connection ends", func(s *saboteur, _ []byte) error { return s.Conn.Close() }, " of room 0: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var written atomic.Int64
			target := serve(t, func(conn net.Conn) net.Conn { return &saboteur{Conn: conn, written: &written, do: tc.do} })
			c, err := Gather(t.Context(), target, Rooms{Count: 1, Members: 3})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			// The fault ends it. In a closed loop it might be the loss of an echo, and
			// nothing would come after it to tell.
			_, err = c.Run(t.Context(), Traffic{Rate: 3000, Duration: time.Hour})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Run returned %v, want something on %q", err, tc.want)
			}
		})
	}
}

// The last message of all is missed by nobody's next one.
func TestALastMessageThatIsLostIsReported(t *testing.T) {
	c, err := Gather(t.Context(), serve(t, honest), Rooms{Count: 1, Members: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.rooms[0].sockets[0].sent.Add(1)
	if err := c.missing(); err == nil || !strings.Contains(err.Error(), "0 of 1 messages came") {
		t.Errorf("missing returned %v", err)
	}
}

func TestAServerThatRefusesIsReported(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	for _, direct := range []bool{true, false} {
		_, err := Gather(t.Context(), Target{URL: s.URL, Direct: direct}, Rooms{Count: 2, Members: 2})
		if err == nil || !strings.Contains(err.Error(), "404 Not Found") {
			t.Errorf("direct %v: Gather returned %v", direct, err)
		}
	}
}

func TestWhatCannotBeAskedForIsRefused(t *testing.T) {
	for _, rooms := range []Rooms{{}, {Count: 1}, {Members: 1}, {First: maxRooms, Count: 1, Members: 1}} {
		if _, err := Gather(t.Context(), Target{}, rooms); err == nil {
			t.Errorf("%v was taken", rooms)
		}
	}
	c, err := Gather(t.Context(), serve(t, honest), Rooms{Count: 1, Members: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Run(t.Context(), Traffic{Senders: 3}); err == nil {
		t.Error("two people had three senders")
	}
}

// Each room has an address of its own.
func TestRoomsComeFromDifferentAddresses(t *testing.T) {
	seen := make(map[string]bool)
	for room := range maxRooms {
		d, err := Target{URL: "http://127.0.0.1:80"}.dialer(room)
		if err != nil {
			t.Fatal(err)
		}
		seen[d.LocalAddr.String()] = true
	}
	if len(seen) != maxRooms {
		t.Errorf("%d rooms have %d addresses", maxRooms, len(seen))
	}
	d, err := Target{URL: "http://chat.example"}.dialer(1)
	if err != nil || d.LocalAddr != nil {
		t.Errorf("a server elsewhere is connected to from %v (%v)", d.LocalAddr, err)
	}
}

func TestACrowdThatIsClosedSaysNothing(t *testing.T) {
	c, err := Gather(t.Context(), serve(t, honest), Rooms{Count: 1, Members: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Err(); err != nil {
		t.Errorf("a silent crowd has %v", err)
	}
	c.Close()
	if err := c.Err(); !errors.Is(err, errClosed) {
		t.Errorf("Err is %v after Close", err)
	}
}

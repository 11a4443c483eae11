package engine

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/zishang520/socket.io/servers/socket/v3"
)

// deadlineRecorder is a recorder that takes deadlines, as a connection does.
type deadlineRecorder struct{ *httptest.ResponseRecorder }

func (deadlineRecorder) SetReadDeadline(time.Time) error  { return nil }
func (deadlineRecorder) SetWriteDeadline(time.Time) error { return nil }

// The steps of a fuzzed conversation, each a line. The first byte of a line says
// what it is, the rest what is said.
const (
	stepPost   = 'p'
	stepText   = 't' // as a websocket passes it on
	stepBinary = 'b'
	stepEmit   = 'e' // by the server
	stepPoll   = 'g'
)

// FuzzSession has a client and the server say anything to each other, in any
// order, without a network: afterwards the session can be ended and nothing is
// left of it, and another client in its room has noticed nothing.
func FuzzSession(f *testing.F) {
	for _, packets := range hostilePackets {
		var said strings.Builder
		for i, p := range packets {
			if i > 20 || len(p) > 1000 {
				break
			}
			if data, isBinary := strings.CutPrefix(p, binaryMark); isBinary {
				fmt.Fprintf(&said, "b%s\n", data)
			} else {
				fmt.Fprintf(&said, "t%s\n", p)
			}
		}
		f.Add([]byte(said.String()))
		f.Add([]byte("p" + strings.Join(polled(packets[:min(len(packets), 20)]), "\x1e") + "\neword\ng\n"))
	}
	// Between two executions the neighbour may wait for long, on a machine that is busy.
	s := newEngine(func(o *Options) { o.PingInterval = 24 * time.Hour })
	s.io = s.engine.Bind(socket.DefaultServerOptions())
	in := make(chan *Session, 100)
	_ = s.io.On("connection", func(args ...any) {
		c := args[0].(*socket.Socket)
		c.Join("room")
		_ = c.On("x", func(args ...any) { _ = c.Emit("back", args...) })
		in <- SessionOf(c)
	})
	request := func(method, body string) *http.Request {
		return httptest.NewRequest(method, "/socket.io/?EIO=4&transport=polling", strings.NewReader(body))
	}
	serve := func(handle func(http.ResponseWriter, *http.Request), r *http.Request) string {
		w := deadlineRecorder{httptest.NewRecorder()}
		handle(w, r)
		return w.Body.String()
	}
	neighbour := s.engine.open(request(http.MethodGet, ""), nil)
	serve(neighbour.polling.servePost, request(http.MethodPost, "40"))
	<-in
	serve(neighbour.polling.serveGet, request(http.MethodGet, ""))
	f.Cleanup(func() { s.engine.Close() })
	n := 0
	f.Fuzz(func(t *testing.T, said []byte) {
		l := s.engine.open(request(http.MethodGet, ""), nil)
		for step := range strings.SplitSeq(string(said), "\n") {
			if step == "" {
				continue
			}
			switch data := step[1:]; step[0] {
			case stepPost:
				serve(l.polling.servePost, request(http.MethodPost, data))
			case stepText:
				if p, err := decodeText([]byte(data)); err == nil {
					l.receive(p)
				}
			case stepBinary:
				l.receive(packet{kind: packetMessage, data: []byte(data), binary: true})
			case stepEmit:
				l.send(newPacket([]byte("2"+data), false))
			case stepPoll:
				if !l.idle() {
					serve(l.polling.serveGet, request(http.MethodGet, ""))
				}
			}
		}
		n++
		_ = s.io.To("room").Emit("down", n)
		if got, want := serve(neighbour.polling.serveGet, request(http.MethodGet, "")), fmt.Sprintf(`42["down",%d]`, n); got != want {
			t.Errorf("the neighbour got %q, want %q", got, want)
		}
		l.Close(true)
		<-l.Done()
		if !l.idle() {
			serve(l.polling.serveGet, request(http.MethodGet, "")) // the last answer
		}
		if _, there := s.engine.sessions.Load(l.Id()); there {
			t.Error("it is not forgotten")
		}
		for len(in) > 0 {
			<-in
		}
	})
}

// idle reports whether a poll would wait, or be refused.
func (s *Session) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.empty() && !s.pingWanted
}

// FuzzFrames sends any bytes by a websocket: it is closed when they end, at the
// latest, and nothing is left of it.
func FuzzFrames(f *testing.F) {
	for _, test := range rawFrames {
		if len(test.frames) < 1000 {
			f.Add([]byte(test.frames))
		}
	}
	f.Add([]byte(rawFrame(0x81, "40") + rawFrame(0x81, `42["x"]`)))
	f.Add([]byte(rawFrame(0x81, "40") + rawFrame(0x81, `451-["x",{"_placeholder":true,"num":0}]`) + rawFrame(0x82, "data")))
	f.Fuzz(func(t *testing.T, frames []byte) {
		s := newEngine()
		s.bind()
		s.pipes = newPipeListener()
		s.serve(t)
		conn, r := s.rawWebsocket(t, "")
		go func() {
			_, _ = conn.Write(frames) // as far as they are taken
			_ = conn.Close()
		}()
		_, _ = io.Copy(io.Discard, r)
		eventually(t, "it is forgotten", func() bool { return s.engine.ClientsCount() == 0 })
	})
}

package gateway

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// deep is objects in objects, as many as fit: what cost a hundred times its length when
// it was decoded as it comes.
func deep(size int) string {
	const opening, closing = `[{"":`, `}]`
	n := size / (len(opening) + len(closing))
	return strings.Repeat(opening, n) + "1" + strings.Repeat(closing, n)
}

// wide is fields beside fields.
func wide(size int) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := 0; b.Len() < size-20; i++ {
		fmt.Fprintf(&b, `"%x":{},`, i)
	}
	b.WriteString(`"":1}`)
	return b.String()
}

// oneFrame is a text in a single frame, as clients send it, of which only the first
// bytes may follow.
func oneFrame(text string, following int) []byte {
	head := binary.BigEndian.AppendUint64([]byte{0x81, 0xff}, uint64(len(text)))
	return append(append(head, 0, 0, 0, 0), text[:following]...)
}

// stranger opens a websocket without a cookie.
func (s *server) stranger() *websocket.Conn {
	s.t.Helper()
	return s.raw(visit{})
}

// raw opens a websocket that says only what it is told.
func (s *server) raw(v visit) *websocket.Conn {
	s.t.Helper()
	c, _, err := websocket.DefaultDialer.DialContext(s.t.Context(), strings.Replace(s.URL, "http", "ws", 1)+"/socket.io/?EIO=4&transport=websocket", v.header())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetReadDeadline(time.Now().Add(wait))
	return c
}

// answers reads until the server answers, and reports whether it does: false if it
// has closed.
func answers(c *websocket.Conn, answer string) bool {
	for {
		_, text, err := c.ReadMessage()
		if err != nil {
			return false
		}
		if strings.HasPrefix(string(text), answer) {
			return true
		}
	}
}

// bombs are what two of ended a process with 512 MB, and their like.
var bombs = map[string]struct {
	said string // before
	text string
	goes bool // the connection goes on
}{
	"an event before it is connected":   {"", `42["x",` + deep(maxFrame-100) + `]`, false},
	"a payload of connecting":           {"", `40` + strings.Replace(deep(maxFrame-100), "[", "", 1), false},
	"a short payload of connecting":     {"", `40{"":` + deep(4000) + `}`, true},
	"a long one, connected":             {"40", `40/x,{"":` + deep(maxFrame-100) + `}`, false},
	"an event in depth":                 {"40", `42["x",` + deep(maxFrame-100) + `]`, true},
	"an event in depth that is held":    {"40", `42["message",` + deep(20_000) + `]`, true},
	"a held one, too deep for JSON":     {"40", `42["message",` + deep(300_000) + `]`, false},
	"an event in width":                 {"40", `42["message",` + wide(maxFrame-100) + `]`, true},
	"an event in width that is held":    {"40", `42["message",` + wide(300_000) + `]`, true},
	"arguments":                         {"40", `42["message"` + strings.Repeat(",1", 150_000) + `]`, true},
	"an answer in depth":                {"40", `430[` + deep(maxFrame-100) + `]`, true},
	"a short answer in depth":           {"40", `430[` + deep(4000) + `]`, true},
	"an event with attachments":         {"40", `450-["x",` + deep(maxFrame-100) + `]`, true},
	"an answer with attachments":        {"40", `461-0[` + deep(maxFrame-100) + `]`, false},
	"a goodbye":                         {"40", `41{"":` + deep(maxFrame-100) + `}`, false},
	"a pong":                            {"40", `3` + deep(maxFrame-100), false},
	"binary data as text, not expected": {"40", `b` + strings.Repeat("A", maxFrame-100), false},
	"a name":                            {"40", `42["` + strings.Repeat("x", maxFrame-100) + `"]`, true},
	"keys":                              {"40", `42["message",{"` + strings.Repeat("x", maxFrame-100) + `":1}]`, true},
}

// A stranger's packet costs no more memory than a message may take, whatever is in it. Next to
// nothing is kept of one that is too long.
func TestBombs(t *testing.T) {
	s := newServer(t)
	// All that is allocated while one is taken in, by both sides of the test.
	const most = 3 << 20
	alone := func(t *testing.T, do func()) {
		t.Helper()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		do()
		runtime.ReadMemStats(&after)
		allocated := after.TotalAlloc - before.TotalAlloc
		t.Logf("%d KiB are allocated", allocated>>10)
		if allocated > most {
			t.Errorf("%d bytes are allocated", allocated)
		}
	}
	for name, bomb := range bombs {
		t.Run("websocket/"+name, func(t *testing.T) {
			c := s.stranger()
			if bomb.said != "" {
				_ = c.WriteMessage(websocket.TextMessage, []byte(bomb.said))
				answers(c, "40")
			}
			frame := oneFrame(bomb.text, len(bomb.text))
			alone(t, func() {
				_, _ = c.NetConn().Write(frame)
				_ = c.WriteMessage(websocket.TextMessage, []byte(`427["ping"]`))
				if bomb.said == "" && bomb.goes {
					answers(c, "40")
				}
				if got := answers(c, "437"); got != bomb.goes {
					t.Errorf("the connection goes on: %t", got)
				}
			})
		})
		t.Run("polling/"+name, func(t *testing.T) {
			_, opened := s.fetch(visit{}, http.MethodGet, "", "")
			sid := "&sid=" + strings.Split(opened, `"`)[3]
			if bomb.said != "" {
				s.fetch(visit{}, http.MethodPost, sid, bomb.said)
			}
			alone(t, func() {
				status, _ := s.fetch(visit{}, http.MethodPost, sid, bomb.text)
				if goes := status == http.StatusOK; goes != bomb.goes && !strings.HasPrefix(bomb.text, "b") && !strings.Contains(name, "too deep") {
					t.Errorf("answered with %d", status)
				}
			})
		})
	}
}

// A polling body holds many packets, and only each of them is bounded.
func TestAPayloadOfManyPackets(t *testing.T) {
	s := newServer(t)
	_, opened := s.fetch(visit{}, http.MethodGet, "", "")
	sid := "&sid=" + strings.Split(opened, `"`)[3]
	packet := `42["x","` + strings.Repeat("x", 60_000) + `"]`
	body := "40" + strings.Repeat("\x1e"+packet, (maxFrame-1000)/(len(packet)+1)) + "\x1e" + `427["ping"]`
	if status, answer := s.fetch(visit{}, http.MethodPost, sid, body); status != http.StatusOK {
		t.Fatal(status, answer)
	}
	for range 3 {
		if _, got := s.fetch(visit{}, http.MethodGet, sid, ""); strings.Contains(got, "437[]") {
			return
		}
	}
	t.Error("the last packet is not answered")
}

// Strangers who begin with frames of 3 MB and never finish them hold little memory, and do
// not keep a member's long message waiting.
func TestUnfinishedFrames(t *testing.T) {
	s := newServer(t)
	alice, _ := s.create("alice", "Alice")
	a := s.connect(visit{session: "alice"}).join(alice)
	text := `42["message",{"message":"` + strings.Repeat("x", maxFrame-100)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range 60 {
		c := s.stranger()
		_ = c.WriteMessage(websocket.TextMessage, []byte("40"))
		answers(c, "40")
		following := len(text) - 1
		if i%2 == 0 { // within what is held: it takes a part of the budget
			following = 300_000
		}
		go func() { _, _ = c.NetConn().Write(oneFrame(text, following)) }()
		go func() { _, _ = io.Copy(io.Discard, c.NetConn()) }()
	}
	long := strings.Repeat("é", 30_000)
	a.say(alice, long)
	a.until("the message", func() bool { return slices.Contains(texts(a), long) })
	runtime.GC()
	runtime.ReadMemStats(&after)
	held := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	t.Logf("60 unfinished frames hold %d KiB", held>>10)
	if held > 40<<20 {
		t.Errorf("%d bytes are held", held)
	}
}

// A page that gave its message a ref learns by it that it was refused, wherever in the
// payload the ref stands, and its acknowledgement comes.
func TestALongMessageIsRefusedByItsRef(t *testing.T) {
	s := newServer(t)
	alice, _ := s.create("alice", "Alice")
	a := s.connect(visit{session: "alice"}).join(alice)
	huge := strings.Repeat(`x\"},{`, 400_000)
	for i, payload := range []string{`{"ref":%q,"room":%q,"message":"%s"}`, `{"room":%[2]q,"message":"%[3]s","ref":%[1]q}`, `{"room":%[2]q,"more":[{"ref":"no"}],"message":"%[3]s", "ref" : %[1]q }`} {
		ref := fmt.Sprintf("r%d", i)
		a.emit("message", fmt.Sprintf(payload, ref, alice.Room, huge))
		a.until("the refusal", func() bool {
			for _, e := range a.log {
				if e.name == "room_error" && e.field("ref") == `"`+ref+`"` {
					return true
				}
			}
			return false
		})
	}
	a.say(alice, "and on")
	a.until("the conversation goes on", func() bool { said := texts(a); return len(said) == 1 && said[0] == "and on" })
}

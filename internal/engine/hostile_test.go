package engine

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/gorilla/websocket"
)

// binaryMark begins a packet that is sent as binary data.
const binaryMark = "binary:"

func nested(opening, inner, closing string, depth int) string {
	return strings.Repeat(opening, depth) + inner + strings.Repeat(closing, depth)
}

// hostilePackets are what strangers may send, each a kind of its own: malformed,
// or at the wrong moment. "40" connects.
var hostilePackets = map[string][]string{
	// Engine.IO: packets that are none, or not a client's to send.
	"nothing":                     {""},
	"type 9":                      {"9"},
	"type below all":              {"/"},
	"type above all":              {"7"},
	"type colon":                  {":"},
	"a letter":                    {"x"},
	"a space":                     {" 4"},
	"a NUL":                       {"\x00"},
	"an open packet":              {`0{"sid":"mine"}`},
	"a ping":                      {"2"},
	"a ping with data":            {"2hello"},
	"a late probe":                {"40", "2probe"},
	"a probe's answer":            {"3probe"},
	"a pong":                      {"3"},
	"pongs":                       {"3", "3", "3", "40", "3", "3"},
	"a move":                      {"5"},
	"two moves":                   {"5", "5"},
	"a move with data":            {"5hello"},
	"a noop":                      {"6"},
	"a noop with data":            {"6hello"},
	"a close":                     {"1"},
	"a close with data":           {"1hello"},
	"all after a close":           {"1", "40", `42["x"]`, "3", "1"},
	"a close amid all":            {"40", `42["x"]`, "1", `42["x"]`},
	"a separator":                 {"\x1e"},
	"a separator behind":          {"4\x1e"},
	"a thousand separators":       {strings.Repeat("\x1e", 1000)},
	"polled binary, empty":        {"b"},
	"polled binary":               {"bAAAA"},
	"polled binary, not base64":   {"b!"},
	"polled binary, cut short":    {"bAAA"},
	"binary, empty":               {binaryMark},
	"binary, not announced":       {binaryMark + "\x00\x01\x02"},
	"binary, not announced, long": {"40", binaryMark + strings.Repeat("x", 200_000)},
	"binary in place of text":     {binaryMark + "40", binaryMark + `42["x"]`},
	"not UTF-8":                   {"\xff\xfe"},
	"not UTF-8 in a message":      {"40", "42[\"\xc0\xaf\xff\"]"},
	"half a rune":                 {"40", "42[\"\xe6\x97\"]"},

	// Socket.IO: before there is a connection.
	"an empty message":             {"4"},
	"an event before":              {`42["x"]`},
	"a goodbye before":             {"41"},
	"an answer before":             {"430[]"},
	"attachments before":           {`451-["x",{"_placeholder":true,"num":0}]`, binaryMark + "x"},
	"a refusal":                    {`44{"message":"no"}`},
	"connect twice":                {"40", "40"},
	"connect twice, quickly heard": {"40", `42["x"]`, "40", `42["x"]`},
	"connect to nothing":           {"40/none,"},
	"connect to a hundred":         slicesRepeat("40/none,", 100),
	"connect to a slash":           {"40/"},
	"connect to slashes":           {"40" + strings.Repeat("/", 400)},
	"connect to a long name":       {"40/" + strings.Repeat("x", 10_000)},
	"connect to a query":           {"40/?a=b&a=c,"},
	"connect with an array":        {"40[]"},
	"connect with a string":        {`40"x"`},
	"connect with a number":        {"400"},
	"connect with null":            {"40null"},
	"connect with rubbish":         {"40x"},
	"connect, unterminated":        {"40{"},
	"connect with depth":           {`40{"token":` + nested("[", "", "]", 5_000) + "}"},
	"connect with a prototype":     {`40{"__proto__":{"sid":"x"},"constructor":1}`},
	"connect with an id":           {`4012{"a":1}`},

	// Socket.IO: to a connection.
	"an event without payload":    {"40", "42"},
	"an event of nothing":         {"40", "42[]"},
	"an event without a name":     {"40", "42[null]"},
	"an event named by an object": {"40", `42[{"a":1}]`},
	"an event named by an array":  {"40", `42[["x"]]`},
	"an event named by a number":  {"40", "42[1]"},
	"an event named by too much":  {"40", "42[1e999]"},
	"an event that is an object":  {"40", "42{}"},
	"an event that is a string":   {"40", `42"x"`},
	"an event without an end":     {"40", `42["x"`},
	"an event with more behind":   {"40", `42["x"]]}garbage`},
	"an event that is no JSON":    {"40", `42["x",NaN]`},
	"an empty name":               {"40", `42[""]`},
	"a long name":                 {"40", `42["` + strings.Repeat("x", 100_000) + `"]`},
	"a name with a NUL":           {"40", `42["x\u0000"]`},
	"half a surrogate":            {"40", `42["\ud800"]`},
	"event connect":               {"40", `42["connect"]`},
	"event disconnect":            {"40", `42["disconnect"]`},
	"event disconnecting":         {"40", `42["disconnecting","x"]`},
	"event newListener":           {"40", `42["newListener"]`},
	"event error":                 {"40", `42["error"]`, `42["error",{"a":1}]`},
	"event prototype":             {"40", `42["__proto__",{"__proto__":1}]`},
	"a thousand arguments":        {"40", `42["x"` + strings.Repeat(",1", 1000) + "]"},
	"arrays without end":          {"40", "42" + strings.Repeat("[", 100_000)},
	"arrays in depth":             {"40", "42" + nested("[", "", "]", 9_000)},
	"objects in depth":            {"40", `42["x",` + nested(`{"a":`, "1", "}", 9_000) + "]"},
	"objects in forbidden depth":  {"40", `42["x",` + nested(`{"a":`, "1", "}", 50_000) + "]"},
	"a long id":                   {"40", "42" + strings.Repeat("9", 10_000)},
	"an id that overflows":        {"40", `4299999999999999999999["x"]`},
	"a negative id":               {"40", `42-1["x"]`},
	"an id of letters":            {"40", `42abc["x"]`},
	"an event elsewhere":          {"40", `42/none,["x"]`},
	"a long namespace":            {"40", "42" + strings.Repeat("/", 10_000)},
	"an answer without an id":     {"40", "43[]"},
	"an answer to nothing":        {"40", "43999[]"},
	"an answer of no array":       {"40", `431{}`, `431`},
	"a refusal to the server":     {"40", `44{"message":"no"}`},
	"an unknown type":             {"40", "47[]"},
	"type nine":                   {"40", "49"},
	"a goodbye with data":         {"40", `41{"a":1}`},
	"two goodbyes":                {"40", "41", "41"},
	"words after a goodbye":       {"40", "41", `42["x"]`},
	"a goodbye elsewhere":         {"40", "41/none,"},
	"a return":                    {"40", "41", "40", `42["x"]`, "41"},
	"two thousand events":         append([]string{"40"}, slicesRepeat(`42["x",1]`, 2_000)...),

	// Socket.IO: attachments.
	"attachments without number":     {"40", `45["x"]`},
	"attachments, nothing else":      {"40", "45"},
	"attachments, a hyphen":          {"40", "45-"},
	"attachments, a number":          {"40", "451"},
	"attachments, two hyphens":       {"40", `451-1-["x"]`},
	"no attachments":                 {"40", `450-["x"]`, `42["x"]`, binaryMark + "x"},
	"negative attachments":           {"40", `45-1-["x"]`},
	"too many attachments":           {"40", `45999-["x"]`},
	"attachments that overflow":      {"40", `4599999999999999999999-["x"]`},
	"attachments never sent":         {"40", `451-["x",{"_placeholder":true,"num":0}]`},
	"attachments, then text":         {"40", `451-["x",{"_placeholder":true,"num":0}]`, `42["x"]`},
	"attachments, twice announced":   {"40", `451-["x",{"_placeholder":true,"num":0}]`, `451-["x",{"_placeholder":true,"num":0}]`, binaryMark + "x"},
	"attachments, one of two":        {"40", `452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, binaryMark + "x", "41"},
	"attachments, one more":          {"40", `451-["x",{"_placeholder":true,"num":0}]`, binaryMark + "x", binaryMark + "y"},
	"attachments without a place":    {"40", `451-["x"]`, binaryMark + "x"},
	"a place out of range":           {"40", `451-["x",{"_placeholder":true,"num":9}]`, binaryMark + "x"},
	"a negative place":               {"40", `451-["x",{"_placeholder":true,"num":-1}]`, binaryMark + "x"},
	"half a place":                   {"40", `451-["x",{"_placeholder":true,"num":0.5}]`, binaryMark + "x"},
	"a place beyond all":             {"40", `451-["x",{"_placeholder":true,"num":1e300}]`, binaryMark + "x"},
	"a place by name":                {"40", `451-["x",{"_placeholder":true,"num":"x"}]`, binaryMark + "x"},
	"a place of the name":            {"40", `451-[{"_placeholder":true,"num":0}]`, binaryMark + "x"},
	"a place for two":                {"40", `451-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]`, binaryMark + "x"},
	"a place without attachments":    {"40", `42["x",{"_placeholder":true,"num":0}]`},
	"an answer with attachments":     {"40", `461-9[{"_placeholder":true,"num":0}]`, binaryMark + "x"},
	"attachments, then the end":      {"40", `451-["x",{"_placeholder":true,"num":0}]`, "1"},
	"attachments, then polled ones":  {"40", `451-["x",{"_placeholder":true,"num":0}]`, "bAAAA"},
	"an attachment of 200 KB":        {"40", `451-["x",{"_placeholder":true,"num":0}]`, binaryMark + strings.Repeat("x", 200_000)},
	"attachments to another address": {"40", `451-/none,["x",{"_placeholder":true,"num":0}]`, binaryMark + "x"},
}

func slicesRepeat(s string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = s
	}
	return all
}

// neighbour is another client in the same room, who must notice nothing.
type neighbour struct {
	t     *testing.T
	s     *server
	c     *wsClient
	l     *witness
	count counter
}

func newNeighbour(t *testing.T, s *server, came <-chan *witness) *neighbour {
	t.Helper()
	c := s.dial(t, "")
	return &neighbour{t: t, s: s, c: c, l: connectAs(t, c, came)}
}

// speaks has the room and the neighbour say something, and requires that both are
// heard, in order.
func (n *neighbour) speaks(t *testing.T) {
	t.Helper()
	i := n.count.n
	n.count.n++
	_ = n.s.io.To("room").Emit("down", i)
	n.c.send(up(i))
	for !n.count.done() && !t.Failed() {
		if n.count.took(t, n.c.expect("")) {
			n.c.send("3")
		}
	}
	if got := receive(t, n.l.heard); got != i {
		t.Fatalf("heard %d in place of %d", got, i)
	}
}

// tries sends packets for as long as there is somebody to take them.
func (c *wsClient) tries(packets ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.conn.SetWriteDeadline(time.Now().Add(patience))
	for _, p := range packets {
		kind := ws.TextMessage
		if data, isBinary := strings.CutPrefix(p, binaryMark); isBinary {
			kind, p = ws.BinaryMessage, data
		}
		if c.conn.WriteMessage(kind, []byte(p)) != nil {
			return
		}
	}
}

// answersOrEnds requires that the server either answers or has closed.
func (c *wsClient) answersOrEnds(t *testing.T) {
	t.Helper()
	_ = c.conn.WriteControl(ws.PingMessage, []byte("there?"), time.Now().Add(patience))
	for {
		select {
		case got := <-c.pongs:
			if got != "there?" {
				t.Errorf("answered by %q", got)
			}
			return
		case _, open := <-c.frames:
			if !open {
				return
			}
		case <-time.After(patience):
			t.Fatal("the connection hangs")
		}
	}
}

// polled returns packets in the form that polling has.
func polled(packets []string) []string {
	all := make([]string, len(packets))
	for i, p := range packets {
		if data, isBinary := strings.CutPrefix(p, binaryMark); isBinary {
			p = string(newPacket([]byte(data), true).appendPolled(nil))
		}
		all[i] = p
	}
	return all
}

// tries sends payloads for as long as there is somebody to take them.
func (c *pollClient) tries(t *testing.T, payloads ...string) {
	t.Helper()
	for _, p := range payloads {
		switch status, body := c.do(http.MethodPost, p); status {
		case http.StatusOK:
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
			return
		default:
			t.Errorf("%.50q: %d %s", p, status, body)
		}
	}
}

// answersOrEnds requires that the server answers, and either goes on or has
// ended the session.
func (c *pollClient) answersOrEnds(t *testing.T) {
	t.Helper()
	if status, _ := c.do(http.MethodPost, "3"); status == http.StatusOK {
		c.tries(t, "1")
	}
	for range 2 { // there may be something left
		status, _ := c.do(http.MethodGet, "")
		if status != http.StatusOK && status != http.StatusBadRequest {
			t.Errorf("a poll got %d", status)
		}
	}
}

// A stranger must not be able to end the process, hang a connection of it, or
// disturb the others, whatever they send, and at whatever moment.
func TestHostilePackets(t *testing.T) {
	if n := len(hostilePackets); n < 71 {
		t.Fatalf("only %d kinds", n)
	}
	// As said by polling the session, by what is to be its websocket, and by what
	// is.
	for name, say := range map[string]func(t *testing.T, s *server, packets []string){
		"websocket": func(t *testing.T, s *server, packets []string) {
			c := s.dial(t, "")
			c.tries(packets...)
			c.answersOrEnds(t)
		},
		"polling, one by one": func(t *testing.T, s *server, packets []string) {
			c := s.poll(t)
			if all := polled(packets); len(all) <= 200 {
				c.tries(t, all...)
			} else {
				c.tries(t, strings.Join(all, "\x1e"))
			}
			c.answersOrEnds(t)
		},
		"polling, all at once": func(t *testing.T, s *server, packets []string) {
			c := s.poll(t)
			c.tries(t, strings.Join(polled(packets), "\x1e"))
			c.answersOrEnds(t)
		},
		"in place of the probe": func(t *testing.T, s *server, packets []string) {
			c := s.poll(t)
			w := s.dial(t, "&sid="+c.sid())
			w.tries(packets...)
			w.answersOrEnds(t)
			c.answersOrEnds(t)
		},
		"between probe and move": func(t *testing.T, s *server, packets []string) {
			c := s.poll(t)
			w := s.dial(t, "&sid="+c.sid())
			w.tries("2probe")
			w.tries(packets...)
			w.answersOrEnds(t)
			c.answersOrEnds(t)
		},
		"polling amid an upgrade": func(t *testing.T, s *server, packets []string) {
			c := s.poll(t)
			w := s.dial(t, "&sid="+c.sid())
			w.tries("2probe")
			c.tries(t, strings.Join(polled(packets), "\x1e"))
			w.tries("5")
			w.answersOrEnds(t)
			c.answersOrEnds(t)
		},
		"with the move": func(t *testing.T, s *server, packets []string) {
			c := s.poll(t)
			w := s.dial(t, "&sid="+c.sid())
			w.tries(append([]string{"2probe", "5"}, packets...)...)
			w.answersOrEnds(t)
			c.answersOrEnds(t)
		},
		"after the move": func(t *testing.T, s *server, packets []string) {
			c := s.poll(t)
			c.post("40")
			w := c.move(s)
			w.expect("40{")
			w.tries(packets...)
			w.answersOrEnds(t)
			c.answersOrEnds(t)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, came := listenServer(t)
			n := newNeighbour(t, s, came)
			for kind, packets := range hostilePackets {
				t.Run(kind, func(t *testing.T) {
					say(t, s, packets)
					n.speaks(t)
				})
			}
		})
	}
}

// A pong that answers nothing crashed the library. It must not even end the
// connection, at no moment.
func TestPongsAtEveryMoment(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(o *Options) { o.Receipts = false })
	well := func(t *testing.T) {
		t.Helper()
		if got := receive(t, s.said); got != "well" {
			t.Errorf("heard %q", got)
		}
	}
	t.Run("websocket", func(t *testing.T) {
		for range 20 {
			c := s.dial(t, "")
			c.send("3", "40", "3")
			c.expect("0{")
			c.expect("40{")
			c.send("3", `42["well"]`, "3")
			well(t)
		}
	})
	t.Run("polling", func(t *testing.T) {
		for range 20 {
			c := s.poll(t)
			c.post("3")
			c.post("3\x1e40\x1e3")
			if got := c.get(); !strings.HasPrefix(got, "40{") {
				t.Errorf("got %q", got)
			}
			c.post("3\x1e" + `42["well"]` + "\x1e3")
			well(t)
		}
	})
	t.Run("upgrade", func(t *testing.T) {
		for range 20 {
			c := s.poll(t)
			c.post("3\x1e40")
			w := s.dial(t, "&sid="+c.sid())
			c.post("3")
			w.send("2probe")
			c.post("3")
			w.expect("3probe")
			c.post("3")
			w.send("5", "3", "3", `42["well"]`, "3")
			well(t)
		}
	})
	t.Run("in place of a probe", func(t *testing.T) {
		c := s.poll(t)
		c.post("40")
		w := s.dial(t, "&sid="+c.sid())
		w.send("3")
		w.ended()
		c.post(`42["well"]`)
		well(t)
	})
}

// A websocket that the session has not moved to yet answers its own pings by
// itself: they mean nothing to a polling client.
func TestPingsOfAProbe(t *testing.T) {
	bubble(t, (*server).bind, func(t *testing.T, s *server) {
		c := s.poll(t)
		c.connect()
		sock := s.socket(t)
		w := s.dial(t, "&sid="+c.sid())
		for range 3 {
			if err := w.conn.WriteControl(ws.PingMessage, []byte("there?"), time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			if got := receive(t, w.pongs); got != "there?" {
				t.Errorf("answered by %q", got)
			}
		}
		_ = sock.Emit("word")
		if got := c.get(); got != `42["word"]` {
			t.Errorf("the poll got %q", got)
		}
	})
}

// rawFrame is a websocket frame as a client sends it: masked by zeros.
func rawFrame(first byte, payload string) string {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	return string(append(b, 0, 0, 0, 0)) + payload
}

// rawFrames are frames, or what takes their place. The answer is a part of what
// the server has to send back; none means that it has to close.
var rawFrames = map[string]struct{ frames, answer string }{
	"ping":                    {rawFrame(0x89, "hello"), "\x8a\x05hello"},
	"ping, empty":             {rawFrame(0x89, ""), "\x8a\x00"},
	"ping of 125 bytes":       {rawFrame(0x89, strings.Repeat("x", 125)), "\x8a\x7d" + strings.Repeat("x", 125)},
	"ping of 126 bytes":       {rawFrame(0x89, strings.Repeat("x", 126)), ""},
	"ping of 70,000 bytes":    {rawFrame(0x89, strings.Repeat("x", 70_000)), ""},
	"pong of 126 bytes":       {rawFrame(0x8a, strings.Repeat("x", 126)), ""},
	"close of 126 bytes":      {rawFrame(0x88, strings.Repeat("x", 126)), ""},
	"ping in pieces":          {rawFrame(0x09, "he") + rawFrame(0x80, "llo"), ""},
	"ping within a message":   {rawFrame(0x01, "4") + rawFrame(0x89, "in") + rawFrame(0x80, "1"), "\x8a\x02in"},
	"pong out of nowhere":     {rawFrame(0x8a, "x") + rawFrame(0x89, "go on"), "\x8a\x05go on"},
	"message in pieces":       {rawFrame(0x01, "4") + rawFrame(0x00, "") + rawFrame(0x80, "0") + rawFrame(0x89, "go on"), "\x8a\x05go on"},
	"not masked":              {"\x81\x02\x34\x30", ""},
	"RSV1":                    {rawFrame(0xc1, "41"), ""},
	"RSV2":                    {rawFrame(0xa1, "41"), ""},
	"RSV3":                    {rawFrame(0x91, "41"), ""},
	"opcode 3":                {rawFrame(0x83, "41"), ""},
	"opcode 7":                {rawFrame(0x87, "41"), ""},
	"opcode 11":               {rawFrame(0x8b, ""), ""},
	"opcode 15":               {rawFrame(0x8f, ""), ""},
	"continues nothing":       {rawFrame(0x80, "41"), ""},
	"begins twice":            {rawFrame(0x01, "4") + rawFrame(0x81, "41"), ""},
	"text, then binary":       {rawFrame(0x01, "4") + rawFrame(0x82, "x"), ""},
	"close":                   {rawFrame(0x88, "\x03\xe8"), "\x88\x02\x03\xe8"},
	"close without a code":    {rawFrame(0x88, ""), ""},
	"close with half a code":  {rawFrame(0x88, "\x03"), ""},
	"close with code 1005":    {rawFrame(0x88, "\x03\xed"), ""},
	"close with code 999":     {rawFrame(0x88, "\x03\xe7"), ""},
	"close, not UTF-8":        {rawFrame(0x88, "\x03\xe8\xff\xfe"), ""},
	"words after close":       {rawFrame(0x88, "\x03\xe8") + rawFrame(0x81, "41") + rawFrame(0x81, "9"), ""},
	"two closes":              {rawFrame(0x88, "\x03\xe8") + rawFrame(0x88, "\x03\xe8"), ""},
	"length of 5 MB":          {"\x81\xff\x00\x00\x00\x00\x00\x50\x00\x00\x00\x00\x00\x00", ""},
	"length of 2^62":          {"\x81\xff\x40\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", ""},
	"length of 2^63":          {"\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", ""},
	"length of 2^64-1":        {"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00", ""},
	"too long in pieces":      {rawFrame(0x01, "4"+strings.Repeat("x", 600_000)) + rawFrame(0x00, strings.Repeat("x", 600_000)), ""},
	"HTTP":                    {"GET / HTTP/1.1\r\nHost: test\r\n\r\n", ""},
	"TLS":                     {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", ""},
	"a byte of a frame, end":  {"\x81", "end"},
	"half a message, end":     {rawFrame(0x01, "4"), "end"},
	"an announced frame, end": {"\x81\xfe\x10\x00\x00\x00\x00\x00half", "end"},
}

// rawWebsocket does a websocket's handshake and returns what is below it.
func (s *server) rawWebsocket(t *testing.T, query string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn := s.raw(t)
	_, err := fmt.Fprintf(conn, "GET /socket.io/?EIO=4&transport=websocket%s HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\n"+
		"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", query)
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(resp, err)
	}
	return conn, r
}

// Frames that break the websocket's own protocol end the connection; those that
// only look like it do not. Byte by byte they are the same.
func TestHostileFrames(t *testing.T) {
	for where, open := range map[string]func(t *testing.T, s *server) (net.Conn, *bufio.Reader){
		"websocket": func(t *testing.T, s *server) (net.Conn, *bufio.Reader) {
			return s.rawWebsocket(t, "")
		},
		"probe": func(t *testing.T, s *server) (net.Conn, *bufio.Reader) {
			return s.rawWebsocket(t, "&sid="+s.poll(t).sid())
		},
		"upgraded": func(t *testing.T, s *server) (net.Conn, *bufio.Reader) {
			conn, r := s.rawWebsocket(t, "&sid="+s.poll(t).sid())
			_, _ = io.WriteString(conn, rawFrame(0x81, "2probe")+rawFrame(0x81, "5"))
			return conn, r
		},
	} {
		for how, size := range map[string]int{"at once": 1 << 20, "byte by byte": 1} {
			t.Run(where+" "+how, func(t *testing.T) {
				s, came := listenServer(t)
				n := newNeighbour(t, s, came)
				for name, test := range rawFrames {
					if size == 1 && len(test.frames) > 1000 {
						continue
					}
					if where == "probe" && strings.HasPrefix(test.frames, rawFrame(0x01, "4")) {
						continue // not what is expected there, whatever its form
					}
					t.Run(name, func(t *testing.T) {
						conn, r := open(t, s)
						for rest := test.frames; rest != ""; {
							piece := rest[:min(size, len(rest))]
							rest = rest[len(piece):]
							if _, err := io.WriteString(conn, piece); err != nil {
								break // it is closed already
							}
						}
						if test.answer == "end" {
							_ = conn.(*net.TCPConn).CloseWrite()
						}
						_ = conn.SetReadDeadline(time.Now().Add(patience))
						if !answered(t, r, test.answer) {
							t.Errorf("no %q", test.answer)
						}
						_ = conn.Close()
						n.speaks(t)
					})
				}
			})
		}
	}
}

// answered reads until the answer, or until the end if that is to be it.
func answered(t *testing.T, r io.Reader, answer string) bool {
	t.Helper()
	var got []byte
	for b := make([]byte, 4096); ; {
		n, err := r.Read(b)
		got = append(got, b[:n]...)
		if answer != "" && bytes.Contains(got, []byte(answer)) {
			return true
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error("neither answered nor closed")
			return false
		}
		if err != nil {
			return answer == "" || answer == "end"
		}
	}
}

// A message that comes in pieces of one byte each is one message.
func TestAMessageInPieces(t *testing.T) {
	s := newServer(t)
	conn, _ := s.rawWebsocket(t, "")
	_, _ = io.WriteString(conn, rawFrame(0x81, "40"))
	s.socket(t)
	word := `42["` + strings.Repeat("x", 5_000) + `"]`
	var frames strings.Builder
	for i := range len(word) {
		first := byte(0x00)
		if i == 0 {
			first = 0x01
		}
		if i == len(word)-1 {
			first |= 0x80
		}
		frames.WriteString(rawFrame(first, word[i:i+1]))
	}
	if _, err := io.WriteString(conn, frames.String()); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, s.said); got != word[4:len(word)-2] {
		t.Errorf("heard %d bytes", len(got))
	}
}

// Data that is too large is refused without being kept, by however many at once.
func TestOversizedData(t *testing.T) {
	const size, clients = 5 << 20, 5
	data := bytes.Repeat([]byte("4"), size)
	for name, send := range map[string]func(t *testing.T, s *server){
		"body": func(t *testing.T, s *server) {
			c := s.poll(t)
			resp, err := s.web.Post(c.url, "text/plain", bytes.NewReader(data))
			if err != nil {
				return // closed while it was sent
			}
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusRequestEntityTooLarge {
				t.Errorf("got %d", resp.StatusCode)
			}
		},
		"body of unknown length": func(t *testing.T, s *server) {
			c := s.poll(t)
			resp, err := s.web.Post(c.url, "text/plain", io.MultiReader(bytes.NewReader(data)))
			if err != nil {
				return
			}
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusRequestEntityTooLarge {
				t.Errorf("got %d", resp.StatusCode)
			}
		},
		"frame": func(t *testing.T, s *server) {
			conn, r := s.rawWebsocket(t, "")
			head := rawFrame(0x81, "")[:1] + "\xff" + string(binary.BigEndian.AppendUint64(nil, size)) + "\x00\x00\x00\x00"
			_, _ = io.WriteString(conn, head)
			_, _ = conn.Write(data)
			_ = conn.SetReadDeadline(time.Now().Add(patience))
			answered(t, r, "")
		},
		"frames": func(t *testing.T, s *server) {
			conn, r := s.rawWebsocket(t, "")
			for i := range 50 {
				first := byte(0x00)
				if i == 0 {
					first = 0x01
				}
				head := string([]byte{first, 0xff}) + string(binary.BigEndian.AppendUint64(nil, size/50)) + "\x00\x00\x00\x00"
				_, _ = io.WriteString(conn, head)
				if _, err := conn.Write(data[:size/50]); err != nil {
					break
				}
			}
			_ = conn.SetReadDeadline(time.Now().Add(patience))
			answered(t, r, "")
		},
		"handshake": func(t *testing.T, s *server) {
			conn := s.raw(t)
			_, _ = io.WriteString(conn, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: test\r\nX-Long: ")
			_, _ = conn.Write(data)
			_ = conn.SetReadDeadline(time.Now().Add(patience))
			answered(t, conn, "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, came := listenServer(t)
			n := newNeighbour(t, s, came)
			n.speaks(t)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			var all sync.WaitGroup
			for range clients {
				all.Go(func() { send(t, s) })
			}
			all.Wait()
			runtime.ReadMemStats(&after)
			// Everything that was allocated, whether freed or not. To read what is
			// allowed takes up to five times its size, as the buffer grows.
			if each := (after.TotalAlloc - before.TotalAlloc) / clients; each > 5*uint64(s.engine.options.MaxPayload) {
				t.Errorf("%d bytes for each of them", each)
			}
			n.speaks(t)
		})
	}
}

// Connections that stop half-way are closed in time.
func TestHalfOpenConnections(t *testing.T) {
	const websocketHandshake = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
	trickle := func(conn net.Conn, text string, pause time.Duration) {
		for i := range len(text) {
			if _, err := io.WriteString(conn, text[i:i+1]); err != nil {
				return
			}
			time.Sleep(pause)
		}
	}
	endless := strings.Repeat("x", 1_000)
	for name, test := range map[string]struct {
		begin  func(conn net.Conn)
		within time.Duration
	}{
		"no request":                  {func(net.Conn) {}, headerTimeout},
		"half a line":                 {func(c net.Conn) { _, _ = io.WriteString(c, "GET /sock") }, headerTimeout},
		"half a handshake":            {func(c net.Conn) { _, _ = io.WriteString(c, websocketHandshake) }, headerTimeout},
		"a slow line":                 {func(c net.Conn) { trickle(c, "GET /"+endless, time.Second) }, headerTimeout},
		"slow headers":                {func(c net.Conn) { trickle(c, "GET / HTTP/1.1\r\nX: "+endless, time.Second) }, headerTimeout},
		"a slow websocket handshake":  {func(c net.Conn) { trickle(c, websocketHandshake+"X: "+endless, time.Second) }, headerTimeout},
		"nothing after the first one": {func(c net.Conn) { _, _ = io.WriteString(c, "GET /socket.io/ HTTP/1.1\r\nHost: test\r\n\r\n") }, idleTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, (*server).bind, func(t *testing.T, s *server) {
				began := time.Now()
				conn := s.raw(t)
				go test.begin(conn)
				_, _ = io.Copy(io.Discard, conn)
				if took := time.Since(began); took > test.within+time.Second {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

// A body that never ends is not read for longer than its session lives: nobody
// gains a connection that lasts for ever by it.
func TestASlowBody(t *testing.T) {
	bubble(t, (*server).bind, func(t *testing.T, s *server) {
		began := time.Now()
		c := s.poll(t)
		conn := s.raw(t)
		go func() {
			_, err := fmt.Fprintf(conn, "POST /socket.io/?%s HTTP/1.1\r\nHost: test\r\nContent-Length: 100000\r\n\r\n4", c.url[strings.Index(c.url, "?")+1:])
			for err == nil {
				_, err = io.WriteString(conn, "x")
				time.Sleep(time.Second)
			}
		}()
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%v, %v", resp, err)
		}
		_, _ = io.Copy(io.Discard, conn)
		s.gone(t, began, options().ConnectTimeout)
	})
}

// So is a message that comes in pieces, and with signs of life between them, but
// never ends.
func TestASlowMessage(t *testing.T) {
	bubble(t, (*server).bind, func(t *testing.T, s *server) {
		began := time.Now()
		conn, r := s.rawWebsocket(t, "")
		go func() {
			_, err := io.WriteString(conn, rawFrame(0x81, "40")+rawFrame(0x01, "42"))
			for err == nil {
				_, err = io.WriteString(conn, rawFrame(0x00, "x")+rawFrame(0x89, "there?")+rawFrame(0x8a, ""))
				time.Sleep(time.Second)
			}
		}()
		_, _ = io.Copy(io.Discard, r)
		o := options()
		if took := time.Since(began); took > o.PingInterval+o.PingTimeout {
			t.Errorf("it took %v", took)
		}
		synctest.Wait()
		if n := s.engine.ClientsCount(); n != 0 {
			t.Errorf("%d sessions", n)
		}
	})
}

// gone requires that all sessions are gone at an instant, give or take what the
// server waits before it closes.
func (s *server) gone(t *testing.T, began time.Time, at time.Duration) {
	t.Helper()
	if took := time.Since(began); took < at || took > at+2*closeGrace {
		t.Errorf("it took %v", took)
	}
	synctest.Wait()
	if n := s.engine.ClientsCount(); n != 0 {
		t.Errorf("%d are not forgotten", n)
	}
}

// A body that breaks its own form is refused, and its session ends: there may
// have been something in it.
func TestMalformedBodies(t *testing.T) {
	s, came := listenServer(t)
	n := newNeighbour(t, s, came)
	for name, body := range map[string]string{
		"chunk without a length": "Transfer-Encoding: chunked\r\n\r\nxyz\r\n4hello\r\n0\r\n\r\n",
		"chunk too long":         "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n4hello\r\n0\r\n\r\n",
		"chunk without an end":   "Transfer-Encoding: chunked\r\n\r\n2\r\n4hello\r\n0\r\n\r\n",
		"no body":                "Content-Length: 0\r\n\r\n",
		"negative length":        "Content-Length: -1\r\n\r\n",
		"two lengths":            "Content-Length: 1\r\nContent-Length: 2\r\n\r\n40",
	} {
		t.Run(name, func(t *testing.T) {
			c := s.poll(t)
			conn := s.raw(t)
			_, _ = fmt.Fprintf(conn, "POST /socket.io/?%s HTTP/1.1\r\nHost: test\r\n%s", c.url[strings.Index(c.url, "?")+1:], body)
			_ = conn.SetReadDeadline(time.Now().Add(patience))
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil || resp.StatusCode != http.StatusBadRequest {
				t.Errorf("%v, %v", resp, err)
			}
			n.speaks(t)
		})
	}
}

// While one request with data is being read a second one would overtake it: the
// session ends.
func TestTwoPosts(t *testing.T) {
	bubble(t, (*server).bind, func(t *testing.T, s *server) {
		c := s.poll(t)
		conn := s.raw(t)
		if _, err := fmt.Fprintf(conn, "POST /socket.io/?%s HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\n4", c.url[strings.Index(c.url, "?")+1:]); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		c.status(http.MethodPost, "40", http.StatusBadRequest)
		c.status(http.MethodGet, "", http.StatusBadRequest)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || resp.StatusCode != http.StatusBadRequest {
			t.Errorf("the first got %v, %v", resp, err)
		}
		synctest.Wait()
		if n := s.engine.ClientsCount(); n != 0 {
			t.Errorf("%d sessions", n)
		}
	})
}

// Sessions that are abandoned end by themselves, and what waits for them until
// then is bounded.
func TestAbandonedSessions(t *testing.T) {
	const n = 100
	leave := map[string]func(t *testing.T, s *server, c *pollClient){
		"polling": func(*testing.T, *server, *pollClient) {},
		"a probe that says nothing": func(t *testing.T, s *server, c *pollClient) {
			s.rawWebsocket(t, "&sid="+c.sid())
		},
		"a probe that does not move": func(t *testing.T, s *server, c *pollClient) {
			w := s.dial(t, "&sid="+c.sid())
			w.send("2probe")
			w.expect("3probe")
		},
		"a probe that ends": func(t *testing.T, s *server, c *pollClient) {
			conn, _ := s.rawWebsocket(t, "&sid="+c.sid())
			_ = conn.Close()
		},
	}
	for name, abandon := range leave {
		t.Run(name, func(t *testing.T) {
			bubble(t, (*server).bind, func(t *testing.T, s *server) {
				for range n {
					c := s.poll(t)
					c.connect()
					so := s.socket(t)
					so.Join("room")
					session(t, so).Vouch() // strangers may not have so much together
					abandon(t, s, c)
				}
				began := time.Now()
				const words, size = 30, 50_000
				for range words {
					_ = s.io.To("room").Emit("word", strings.Repeat("x", size))
				}
				synctest.Wait() // for whoever would end because too much waits
				left := slices.Collect(s.engine.all)
				if len(left) != n {
					t.Errorf("%d of %d sessions are left", len(left), n)
				}
				for _, l := range left {
					if waits := l.waiting(); waits < words*size || waits > maxQueued {
						t.Errorf("%d bytes wait", waits)
					}
				}
				late := options().PingInterval + options().PingInterval/beats + options().PingTimeout
				time.Sleep(late)
				s.gone(t, began, late)
			}, func(o *Options) { o.Receipts = false })
		})
	}
	t.Run("too much for them", func(t *testing.T) {
		bubble(t, (*server).bind, func(t *testing.T, s *server) {
			for range n {
				c := s.poll(t)
				c.connect()
				s.socket(t).Join("room")
			}
			for range 2 * maxQueued / 50_000 {
				_ = s.io.To("room").Emit("word", strings.Repeat("x", 50_000))
			}
			s.gone(t, time.Now(), 0)
		})
	})
}

// A websocket for a session that is not there, or not any more, is not a session.
func TestProbesOfNoSession(t *testing.T) {
	bubble(t, (*server).bind, func(t *testing.T, s *server) {
		c := s.poll(t)
		c.connect()
		c.post("1")
		c.get() // of what is left
		for _, sid := range []string{c.sid(), "unknown", strings.Repeat("x", 10_000), "%00", "../.."} {
			_, resp, err := s.tryDial(t, "EIO=4&transport=websocket&sid="+sid)
			if err == nil || resp == nil || resp.StatusCode != http.StatusBadRequest {
				t.Errorf("%.20s: %v, %v", sid, resp, err)
			}
		}
		if n := s.engine.ClientsCount(); n != 0 {
			t.Errorf("%d sessions", n)
		}
	})
}

// A session that ends while a websocket is its candidate takes that along.
func TestTheEndOfASessionEndsItsProbe(t *testing.T) {
	bubble(t, (*server).bind, func(t *testing.T, s *server) {
		c := s.poll(t)
		w := s.dial(t, "&sid="+c.sid())
		w.send("2probe")
		w.expect("3probe")
		c.post("1")
		w.ended()
	})
}

// The leftovers of a session that has ended are kept for a moment only, also if there
// are more than one poll takes and the client does not come for the rest.
func TestLeftoversAreForgotten(t *testing.T) {
	bubble(t, (*server).bind, func(t *testing.T, s *server) {
		c := s.poll(t)
		c.connect()
		l := session(t, s.socket(t))
		first := c.goGet()
		synctest.Wait()
		l.mu.Lock() // so that the poll finds the session closed
		for range 30 {
			l.out.push(newPacket(make([]byte, maxPolled/3), false))
		}
		l.mu.Unlock()
		l.Close(false)
		if got := len(<-first); got < maxPolled/2 || got > maxPolled {
			t.Errorf("the poll got %d bytes", got)
		}
		time.Sleep(closeGrace)
		synctest.Wait()
		if s.engine.ClientsCount() != 0 {
			t.Error("it is not forgotten")
		}
	})
}

// A listener that hears of a session may end it at once: it is not opened afterwards,
// and nobody waits for it.
func TestEndedAtTheBeginning(t *testing.T) {
	for name, discard := range map[string]bool{"at once": true, "in order": false} {
		t.Run(name, func(t *testing.T) {
			var sessions []*Session
			prepare := func(s *server) {
				s.bind()
				s.engine.OnSession(func(l *Session) {
					l.Close(discard)
					sessions = append(sessions, l)
				})
			}
			bubble(t, prepare, func(t *testing.T, s *server) {
				s.dial(t, "").drain()
				c := s.poll(t)
				time.Sleep(closeGrace)
				synctest.Wait()
				c.status(http.MethodGet, "", http.StatusBadRequest)
				for _, l := range sessions {
					if state := l.Socket().ReadyState(); state != "closed" {
						t.Errorf("its state is %q", state)
					}
				}
				if n := s.engine.ClientsCount(); n != 0 || len(sessions) != 2 {
					t.Errorf("%d of %d are not forgotten", n, len(sessions))
				}
			})
		})
	}
}

// drain reads until the end.
func (c *wsClient) drain() {
	for range c.frames {
	}
}

// A server that stops just as a client arrives must not end a session that the
// Socket.IO layer does not know yet: the handshake would wait for ever.
func TestCloseDuringAHandshake(t *testing.T) {
	prepare := func(s *server) {
		s.bind()
		_ = s.engine.layer.On("connection", func(...any) { s.engine.Close() })
	}
	bubble(t, prepare, func(t *testing.T, s *server) {
		c := s.poll(t)
		c.connect()
		s.engine.Close()
		c.status(http.MethodGet, "", http.StatusBadRequest)
		if n := s.engine.ClientsCount(); n != 0 {
			t.Errorf("%d sessions", n)
		}
	})
}

// closingConn calls a function when its deadline for reading is lifted, which is
// what an upgrade does last, and gives it time.
type closingConn struct {
	net.Conn
	lifted func()
}

func (c *closingConn) SetReadDeadline(d time.Time) error {
	if f := c.lifted; f != nil && d.IsZero() {
		c.lifted = nil
		go f()
		for range 10_000 {
			runtime.Gosched()
		}
	}
	return c.Conn.SetReadDeadline(d)
}

// A session that is closed just as it moves lingers no longer than others.
func TestCloseDuringTheMove(t *testing.T) {
	var link *closingConn
	prepare := func(s *server) {
		s.bind()
		s.wrap = func(c net.Conn) net.Conn {
			link = &closingConn{Conn: c}
			return link
		}
	}
	bubble(t, prepare, func(t *testing.T, s *server) {
		c := s.poll(t)
		c.connect()
		l := session(t, s.socket(t))
		w := s.dial(t, "&sid="+c.sid())
		w.conn.SetCloseHandler(func(int, string) error { return nil })
		w.send("2probe")
		w.expect("3probe")
		synctest.Wait()
		link.lifted = func() { l.Close(false) }
		w.send("5")
		receive(t, l.Done())
		time.Sleep(closeGrace)
		synctest.Wait()
		if n := s.engine.ClientsCount(); n != 0 {
			t.Errorf("%d sessions", n)
		}
	})
}

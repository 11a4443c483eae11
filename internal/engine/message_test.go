package engine

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	ws "github.com/gorilla/websocket"
)

// Our frames must be what another implementation reads, at each length of the
// header.
func TestFrames(t *testing.T) {
	for _, n := range []int{0, 1, 124, 125, 126, 65534, 65535, 65536, 70_000} {
		data := strings.Repeat("x", n)
		for _, isBinary := range []bool{false, true} {
			m := newPacket([]byte(data), isBinary)
			kind, got := readFrame(t, m.frame)
			want, wantKind := "4"+data, ws.TextMessage
			if isBinary {
				want, wantKind = data, ws.BinaryMessage
			}
			if kind != wantKind || string(got) != want {
				t.Errorf("%d bytes: kind %d, %d bytes", n, kind, len(got))
			}
			if !m.counts() {
				t.Error("a message must be counted")
			}
		}
	}
	for _, m := range []*message{pingMessage, noopMessage, closeMessage, probeReply} {
		if kind, got := readFrame(t, m.frame); kind != ws.TextMessage || string(got) != string(m.appendPolled(nil)) || m.counts() {
			t.Errorf("%q: kind %d, %q", m.frame, kind, got)
		}
	}
}

// readFrame has a client of another implementation read a frame.
func readFrame(t *testing.T, frame []byte) (kind int, data []byte) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		if _, err := conn.NetConn().Write(frame); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	conn, _, err := ws.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	kind, data, err = conn.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	return kind, data
}

func TestPolledForm(t *testing.T) {
	if got := newPacket([]byte("hello"), false).appendPolled([]byte("x")); string(got) != "x4hello" {
		t.Errorf("%q", got)
	}
	if got := newPacket([]byte{1, 2, 3, 4}, true).appendPolled(nil); string(got) != "bAQIDBA==" {
		t.Errorf("%q", got)
	}
}

// decodePayload returns the packets of a body.
func decodePayload(body []byte) ([]packet, error) {
	var packets []packet
	s := &Session{server: New(options())}
	if err := (&intake{session: s}).readPayload(bytes.NewReader(body), func(p packet) { packets = append(packets, p) }); err != nil {
		return nil, err
	}
	return packets, nil
}

func TestDecodePayload(t *testing.T) {
	text := func(data string) packet { return packet{kind: packetMessage, data: []byte(data)} }
	binary := func(data ...byte) packet { return packet{kind: packetMessage, data: data, binary: true} }
	for body, want := range map[string][]packet{
		"4hello":             {text("hello")},
		"4a\x1e3\x1e4":       {text("a"), {kind: packetPong}, text("")},
		"4a\x1ebAQIDBA==":    {text("a"), binary(1, 2, 3, 4)},
		"b":                  {binary()},
		"":                   nil,
		"abc":                nil,
		"4a\x1e":             nil,
		"\x1e4a":             nil,
		"7":                  nil,
		"/":                  nil,
		"4a\x1ebAQI":         {text("a"), binary(1, 2)}, // without padding
		"b-_8=":              {binary(0xfb, 0xff)},      // the other alphabet
		"4a\x1ebA":           nil,
		"4a\x1eb!":           nil,
		"4fine\x1e9\x1e4too": nil,
	} {
		got, err := decodePayload([]byte(body))
		if (err == nil) != (want != nil) || len(got) != len(want) {
			t.Errorf("%q: %v, %v", body, got, err)
			continue
		}
		for i, p := range got {
			if p.kind != want[i].kind || p.binary != want[i].binary || !bytes.Equal(p.data, want[i].data) {
				t.Errorf("%q: packet %d is %v", body, i, p)
			}
		}
	}
}

// FuzzDecodePayload: what is taken apart and put together again is the same.
func FuzzDecodePayload(f *testing.F) {
	for _, seed := range []string{"4hello", "4a\x1ebAQIDBA==\x1e3", "b", "", "\x1e", "9", "b!", "4\xff\x1e4"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		packets, err := decodePayload(body)
		if err != nil {
			if packets != nil {
				t.Fatal("packets of a malformed payload")
			}
			return
		}
		var again []byte
		for i, p := range packets {
			if i > 0 {
				again = append(again, separator)
			}
			if p.kind == packetMessage {
				again = newPacket(p.data, p.binary).appendPolled(again)
			} else {
				again = append(append(again, p.kind), p.data...)
			}
		}
		// Base64 has several forms of the same, so not the text is compared.
		same, err := decodePayload(again)
		if err != nil || !slices.EqualFunc(packets, same, func(a, b packet) bool {
			return a.kind == b.kind && a.binary == b.binary && bytes.Equal(a.data, b.data)
		}) {
			t.Fatalf("%q became %q", body, again)
		}
	})
}

func TestOutbox(t *testing.T) {
	var o outbox
	if !o.empty() || o.first() != nil {
		t.Fatal("a new outbox is empty")
	}
	for round := range 3 {
		for i := range 100 {
			if !o.push(newPacket([]byte{byte(i)}, false)) {
				t.Fatal("refused")
			}
		}
		for i := range 100 {
			if got := o.first().frame; got[len(got)-1] != byte(i) {
				t.Fatalf("round %d: %v in place of %d", round, got, i)
			}
			o.pop()
		}
		if !o.empty() || o.bytes != 0 || cap(o.queue) > smallQueue {
			t.Fatalf("empty %t, %d bytes, room for %d", o.empty(), o.bytes, cap(o.queue))
		}
	}
}

func TestOutboxIsBounded(t *testing.T) {
	var o outbox
	small := newPacket(nil, false)
	n := 0
	for o.push(small) {
		n++
	}
	if o.bytes > maxQueued || n < maxQueued/100 {
		t.Errorf("%d packets, %d bytes", n, o.bytes)
	}
	o.pop()
	if !o.push(small) {
		t.Error("there is room again")
	}
	if o.push(newPacket(make([]byte, maxQueued), true)) {
		t.Error("one that is larger than the outbox was taken")
	}
}

// However many clients hold back, what waits for all of them is bounded, and who holds
// little is not put out for those who hold much.
func TestBacklogsAreBoundedTogether(t *testing.T) {
	var all backlogs
	large := newPacket(make([]byte, 100_000), false)
	shared := []*outbox{{all: &all}, {all: &all}}
	for _, o := range shared {
		o.push(large, large)
	}
	if got := all.bytes.Load(); got != int64(len(large.frame)+queuedOverhead) {
		t.Fatalf("what two wait for counts as %d bytes", got)
	}
	var greedy []*outbox
	for range 2 * maxBacklogs / maxQueued {
		o := &outbox{all: &all}
		for o.push(newPacket(make([]byte, 100_000), false)) {
		}
		if len(o.queue) == 0 {
			t.Fatal("a client for whom nothing waits was refused")
		}
		greedy = append(greedy, o)
	}
	if got := all.bytes.Load(); got > maxBacklogs {
		t.Errorf("%d bytes wait for all", got)
	}
	modest := &outbox{all: &all}
	for range 10 {
		if !modest.push(newPacket(make([]byte, 1000), false)) {
			t.Fatal("who holds little was put out for those who hold much")
		}
	}
	for _, o := range append(append(shared, greedy...), modest) {
		o.pop()
		o.clear()
	}
	if got := all.bytes.Load(); got != 0 {
		t.Errorf("%d bytes are left of nothing", got)
	}
}

package engine

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/zishang520/socket.io/parsers/socket/v3/parser"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

// libraryDecode returns what the library makes of a message.
func libraryDecode(t *testing.T, text []byte) (*parser.Packet, error) {
	t.Helper()
	d := parser.NewDecoder()
	var decoded *parser.Packet
	_ = d.On("decoded", func(args ...any) { decoded = args[0].(*parser.Packet) })
	err := d.Add(types.NewStringBuffer(bytes.Clone(text)))
	return decoded, err
}

var events = []string{
	`2["x"]`, `2["x",1,{"a":[null,true]}]`, ` 2["x"]`, `2[1]`, `2[1.5,"x"]`, `2 ["x"] `,
	`27["x"]`, `2007["x"]`, `21234567890123456789["x"]`, `29999999999999999999["x"]`, `211111111111111111111["x"]`, `218446744073709551615["x"]`,
	`2/a,["x"]`, `2/a,5["x"]`, `2/,["x"]`, `2/a["x"]`, `2/a`, `2/` + strings.Repeat("n", 511) + `,["x"]`, `2/` + strings.Repeat("n", 512) + `,["x"]`,
	`2`, `2[`, `2[]`, `2null`, `2{}`, `2""`, `2[null]`, `2["x"`, `2[["x"]]`, `2[{}]`, `25`, `2,["x"]`,
	`2["connect"]`, `2["disconnecting"]`, `2["newListener"]`, "2[\"\xff\"]", `2["\ud800"]`, `2["x",1e999]`,
}

// decodeAsLibrary decodes an event without attachments into the library's form.
func decodeAsLibrary(text []byte) (*parser.Packet, error) {
	o := options()
	p, err := decodePacket(text, &o)
	if err != nil {
		return nil, err
	}
	return &parser.Packet{Type: parser.EVENT, Nsp: p.namespace, Id: p.id, Data: p.event}, nil
}

// FuzzDecodeEvent: what is decoded is what the library decodes. It may be stricter,
// when something follows the event.
func FuzzDecodeEvent(f *testing.F) {
	for _, text := range events {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) == 0 || text[0] != sioEvent {
			return
		}
		got, err := decodeAsLibrary(text)
		want, wantErr := libraryDecode(t, text)
		switch {
		case err == nil && wantErr != nil:
			t.Errorf("%q is %v, and an error of the library's: %v", text, got, wantErr)
		case err != nil && wantErr == nil:
			if text[1] == '/' {
				_, text, _ = bytes.Cut(text, []byte{','})
			}
			rest := json.NewDecoder(bytes.NewReader(text[bytes.IndexByte(text, '['):]))
			if err := rest.Decode(new(any)); err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			if _, end := rest.Token(); end == io.EOF {
				t.Errorf("%q is an error, and %v of the library's", text, want)
			}
		case err == nil && !reflect.DeepEqual(got, want):
			t.Errorf("%q is %v, and %v of the library's", text, got, want)
		}
	})
}

func TestDecodeEventRefusesWhatFollows(t *testing.T) {
	if p, err := decodeAsLibrary([]byte(`2["x"]]`)); err == nil {
		t.Errorf("decoded as %v", p)
	}
}

func TestEncodeEvent(t *testing.T) {
	for namespace, want := range map[string]string{
		"/":     `42["x<",{"a":1},null]`,
		"/room": `42/room,["x<",{"a":1},null]`,
	} {
		m, err := encodeEvent(namespace, []any{"x<", map[string]int{"a": 1}, nil})
		if err != nil {
			t.Fatal(err)
		}
		kind, text := readFrame(t, m.frame)
		if kind != 1 || strings.ReplaceAll(string(text), `\u003c`, "<") != want {
			t.Errorf("%s: kind %d, %s; want %s", namespace, kind, text, want)
		}
		if !m.counts() {
			t.Error("an event must be counted")
		}
	}
	if m, err := encodeEvent("/", []any{"x", math.NaN()}); err == nil {
		t.Errorf("not a number is encoded as %s", m.frame)
	}
}

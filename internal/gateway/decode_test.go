package gateway

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// said are events as clients of any language may write them, and such as nobody should.
var said = []string{
	`["join",{"room":"r","display_name":"Ana"}]`,
	` [ "message" , { "room" : "r" , "message" : "hello \"you\" \\" , "ref" : "1" , "again" : true } ] `,
	`["message",{"message":"\u00e4\ud83d\ude00\ud800 \u0000\/","again":false,"ref":null}]`,
	"[\"message\",\n{\t\"message\":\"\xff\xc0\"}]",
	`["\u006aoin",{"\u0072oom":"r"}]`,
	`["leave_room",{"room":"r","final":true,"more":{"room":"x","a":[{"room":[]}]},"room":"last"}]`,
	`["leave_room",{"room":"r","room":{"room":"x"}}]`,
	`["leave_room",{"room":"r","room":1e999}]`, `["message",{"ref":"1"},{"a":1,"ref":2}]`, `["message",{"ref":"1"},["ref"],{"ref":"2"}]`,
	`["ping"]`, `["ping",null]`, `["x",1,{"room":"r"}]`, `["x",[{"room":"r"}]]`, `["x","room",{"room":"r"}]`,
	`["x",{}]`, `["x",{},{"room":"r"}]`, `["x",{"":"","]":"[","}":"{","\"":"\\"}]`, `["",{"Room":"r"}]`, `[1,{"room":"r"}]`, `[-1.5e3]`,
	`[]`, `[null]`, `[{}]`, `[["x"]]`, `{}`, `"x"`, `null`, ``, `[`, `["x"`, `["x",]`, `["x"]]`, `["x",{"room":"r",}]`,
	`["x",` + strings.Repeat(`[{"":`, 4000) + `1` + strings.Repeat(`}]`, 4000) + `]`,
	`["x",` + strings.Repeat(`[`, 20_000) + strings.Repeat(`]`, 20_000) + `]`,
}

// decodeAll is decodeEvent as encoding/json does it: first all, then what is known.
func decodeAll(text []byte) (event []any, ok bool) {
	var all []any
	if json.Unmarshal(text, &all) != nil || len(all) == 0 {
		return nil, false
	}
	switch name := all[0].(type) {
	case string:
		event = append(event, name)
	case float64:
		event = append(event, 0.0)
	default:
		return nil, false
	}
	if len(all) == 1 {
		return event, true
	}
	object, isObject := all[1].(map[string]any)
	if !isObject {
		return event, true
	}
	known := make(map[string]any)
	for key, value := range object {
		if knownFields[key] == "" {
			continue
		}
		switch value.(type) {
		case string, bool:
			known[key] = value
		default:
			known[key] = nil
		}
	}
	return append(event, known), true
}

// FuzzDecodeEvent: what is decoded of an event is what encoding/json finds there. It
// may be more lenient towards numbers that it reads past.
func FuzzDecodeEvent(f *testing.F) {
	for _, text := range said {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := decodeEvent(text)
		want, ok := decodeAll(text)
		if !ok && err == nil && json.Valid(text) {
			return // a number out of range
		}
		if ok != (err == nil) {
			t.Fatalf("%q: %v, in place of %v", text, err, want)
		}
		if !ok {
			return
		}
		gotName, gotFields, _ := unpack(got)
		wantName, wantFields, _ := unpack(want)
		if gotName != wantName || len(gotFields) != len(wantFields) || len(wantFields) > 0 && !reflect.DeepEqual(gotFields, wantFields) {
			t.Errorf("%q is %q %v, want %q %v", text, gotName, gotFields, wantName, wantFields)
		}
	})
}

// FuzzSkimmer: whatever parts an event comes in, its name and ref are what they are.
func FuzzSkimmer(f *testing.F) {
	for _, text := range said {
		f.Add([]byte(text), 1)
		f.Add([]byte(text), 7)
	}
	f.Fuzz(func(t *testing.T, text []byte, size int) {
		k := newSkimmer()
		for rest := text; len(rest) > 0; {
			n := min(max(size, 1), len(rest))
			if m, err := k.Write(rest[:n]); m != n || err != nil {
				t.Fatal(m, err)
			}
			rest = rest[n:]
		}
		name, p, _ := unpack(k.Event())
		if !p.tooLong() {
			t.Error("it does not say that it was too long")
		}
		event, err := decodeEvent(text)
		if err != nil {
			return
		}
		wantName, want, _ := unpack(event)
		if len(wantName) <= maxRef && name != wantName || p.ref() != want.ref() {
			t.Errorf("%q is %q, ref %q; want %q, %q", text, name, p.ref(), wantName, want.ref())
		}
	})
}

func BenchmarkDecodeEvent(b *testing.B) {
	for name, text := range map[string]string{
		"message": `["message",{"room":"7c9e6679-7425-40de-944b-e07fc1f90ae7","message":"How are you today, and what did you see?","ref":"a1b2c3"}]`,
		"ping":    `["ping"]`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := decodeEvent([]byte(text)); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+", all", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := decodeAll([]byte(text)); !ok {
					b.Fatal("malformed")
				}
			}
		})
	}
}

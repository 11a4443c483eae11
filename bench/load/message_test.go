package load

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func TestWhatIsStampedIsFound(t *testing.T) {
	l := newLetter(`a "room"`)
	var sc scanner
	for _, s := range []stamp{
		{},
		{room: 1, member: 2, seq: 3, due: 4},
		{room: maxRooms - 1, member: maxMembers - 1, seq: math.MaxUint32, due: math.MaxInt64},
	} {
		sent := string(l.stamp(s))
		var event []any
		if err := json.Unmarshal([]byte(strings.TrimPrefix(sent, "42")), &event); err != nil {
			t.Fatalf("%s: %v", sent, err)
		}
		payload, _ := event[1].(map[string]any)
		if payload["room"] != `a "room"` {
			t.Errorf("%s names the room %q", sent, payload["room"])
		}
		said, _ := payload["message"].(string)
		text := quoted(said)
		// Servers put different things around the text.
		for _, around := range [][2]string{
			{`42["message",{"sender":"m0001","content":`, `,"timestamp":"12:34:56"}]`},
			{`42["message",{"content":`, `,"sender":"m0001"},"room:17"]`},
			{`42["message",{"content":`, `}]`},
		} {
			frame := around[0] + string(text) + around[1]
			if got, ok := sc.scan([]byte(frame)); !ok || got != s {
				t.Errorf("in %s: found %v, %v, want %v", frame, got, ok, s)
			}
		}
	}
}

func TestWhatIsNoStampIsNotTakenForOne(t *testing.T) {
	right := `42["message",{"content":"load 0001 0002 00000003 0000000000000004 and"}]`
	for name, frame := range map[string]string{
		"no text":                      `42["message",{"sender":"m0001"}]`,
		"another text":                 `42["message",{"content":"a load of words that is long enough to be one of them"}]`,
		"cut off":                      right[:len(right)-12],
		"a letter in the room":         strings.Replace(right, "0001", "000g", 1),
		"a space in the member":        strings.Replace(right, "0002", "00 2", 1),
		"a sign in the number":         strings.Replace(right, "00000003", "+0000003", 1),
		"capitals, which nobody wrote": strings.Replace(right, "0000000000000004", "000000000000000F", 1),
		"nothing":                      "",
	} {
		t.Run(name, func(t *testing.T) {
			for _, sc := range []scanner{{}, {at: strings.Index(right, marker)}} {
				if got, ok := sc.scan([]byte(frame)); ok {
					t.Errorf("found %v in %s", got, frame)
				}
			}
		})
	}
}

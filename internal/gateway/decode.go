package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"

	"securechat/internal/engine"
)

// An event is [name, payload, …]. The decoder keeps the fields of a payload that a handler
// looks for, if they are strings or booleans; of one that is anything else it keeps that it is
// there. It reads past everything else, however deep and large that is.

// knownFields are the fields that handlers look for.
var knownFields = map[string]string{
	"room": "room", "display_name": "display_name", "message": "message", "ref": "ref", "again": "again", "user_id": "user_id", "final": "final",
	"lookup": "lookup",
}

// knownField returns the field that a JSON string names, "" if no handler looks for it. It
// keeps no reference to the text.
func knownField(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return knownFields[string(quoted[1:len(quoted)-1])]
	}
	return knownFields[unquote(quoted)]
}

// tooLongField marks the payload of an event that was too long to be held. No client can
// set it, since it is no known field.
const tooLongField = "too long"

var errNoEvent = errors.New("gateway: no event")

// decodeEvent returns the name of an event, and its payload if it has one.
func decodeEvent(text []byte) ([]any, error) {
	if !json.Valid(text) {
		return nil, errNoEvent
	}
	first, rest, ok := firstElement(text)
	if !ok {
		return nil, errNoEvent
	}
	event := make([]any, 1, 3) // the third place is for an acknowledgement
	switch c := first[0]; {
	case c == '"':
		event[0] = unquote(first)
	case c == '-' || c >= '0' && c <= '9':
		event[0] = 0.0 // a number may be a name, but no event here has one
	default:
		return nil, errNoEvent
	}
	second, _ := element(rest)
	if len(second) > 0 && second[0] == '{' {
		event = append(event, fields(second))
	}
	return event, nil
}

// firstElement returns the first element of a JSON array, and what follows it; false if the
// text is no array, or an empty one.
func firstElement(text []byte) (first, rest []byte, ok bool) {
	text = skipSpace(text)
	if text[0] != '[' {
		return nil, nil, false
	}
	first, rest = element(text[1:])
	return first, rest, len(first) > 0
}

// fields returns the known fields of a JSON object. If a field is there twice, the last one
// counts.
func fields(object []byte) map[string]any {
	var found map[string]any
	for rest := object[1:]; ; {
		var key, value []byte
		if key, rest = element(rest); len(key) == 0 {
			return found
		}
		value, rest = element(rest)
		name := knownField(key)
		if name == "" {
			continue
		}
		if found == nil {
			found = make(map[string]any, 4)
		}
		switch value[0] {
		case '"':
			found[name] = unquote(value)
		case 't', 'f':
			found[name] = value[0] == 't'
		default:
			found[name] = nil // it is there, and is nothing that a handler takes
		}
	}
}

// element returns the next element of a list in valid JSON, or the next key or value of an object,
// and what follows it. It is empty at the list's end.
func element(list []byte) (value, rest []byte) {
	list = skipSpace(list)
	if len(list) > 0 && (list[0] == ',' || list[0] == ':') {
		list = skipSpace(list[1:])
	}
	end := 0
	switch {
	case len(list) == 0:
	case list[0] == '"':
		end = stringEnd(list)
	case list[0] == '[' || list[0] == '{':
		end = nestedEnd(list)
	default:
		end = max(bytes.IndexAny(list, ",]} \t\r\n"), 0)
	}
	return list[:end], list[end:]
}

func skipSpace(text []byte) []byte { return bytes.TrimLeft(text, " \t\r\n") }

// stringEnd returns where a JSON string ends.
func stringEnd(text []byte) int {
	i := 1
	for text[i] != '"' {
		if text[i] == '\\' {
			i++
		}
		i++
	}
	return i + 1
}

// nestedEnd returns where a JSON array or object ends.
func nestedEnd(text []byte) int {
	depth := 0
	for i := 0; ; i++ {
		switch text[i] {
		case '"':
			i += stringEnd(text[i:]) - 1
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
}

// unquote returns what a JSON string says, "" if it is none.
func unquote(quoted []byte) (s string) {
	plain := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(plain, '\\') < 0 && utf8.Valid(plain) {
		return string(plain)
	}
	if json.Unmarshal(quoted, &s) != nil {
		return ""
	}
	return s
}

// maxSkimmed bounds a string that the skimmer keeps, in bytes of JSON, which may take six for
// each byte of a ref.
const maxSkimmed = 6*maxRef + len(`""`)

// skimmer reads past an event that is too long to be held, in whatever parts it comes. It
// keeps the event's name and its ref.
type skimmer struct {
	depth    int  // of arrays and objects
	argument int  // the index of the event's element that it is in
	value    bool // what comes next in the payload is a value, and no key
	inString bool
	escaped  bool   // it is behind a backslash
	text     []byte // the latest string, up to maxSkimmed and one byte
	key      string // of the payload, if it is a known field

	event, ref []byte
}

func newSkimmer() engine.Skimmer { return new(skimmer) }

// Write reads on.
func (k *skimmer) Write(part []byte) (int, error) {
	for _, c := range part {
		if k.inString {
			k.quoted(c)
		} else {
			k.structure(c)
		}
	}
	return len(part), nil
}

// quoted reads a byte within a string.
func (k *skimmer) quoted(c byte) {
	if len(k.text) <= maxSkimmed {
		k.text = append(k.text, c)
	}
	switch {
	case k.escaped:
		k.escaped = false
	case c == '\\':
		k.escaped = true
	case c == '"':
		k.inString = false
		k.note()
	}
}

// note keeps a string that has ended, if it is one that is looked for.
func (k *skimmer) note() {
	if len(k.text) > maxSkimmed {
		k.text = k.text[:2] // too long for what is looked for
		k.text[1] = '"'
	}
	switch {
	case k.depth == 1 && k.argument == 0:
		k.event = bytes.Clone(k.text)
	case k.depth != 2 || k.argument != 1:
	case !k.value:
		k.key = knownField(k.text)
	case k.key == "ref":
		k.ref = bytes.Clone(k.text)
	}
}

// structure reads a byte outside of strings.
func (k *skimmer) structure(c byte) {
	switch c {
	case '"':
		k.inString = true
		k.text = append(k.text[:0], c)
	case '[', '{':
		k.depth++
	case ']', '}':
		k.depth--
	case ':':
		if k.depth == 2 && k.argument == 1 {
			k.value = true
			if k.key == "ref" {
				k.ref = nil // the last one counts
			}
		}
	case ',':
		if k.depth == 1 {
			k.argument++
		}
		k.value = k.value && k.depth != 2
	}
}

// Event returns the event's name, and a payload that marks it as too long.
func (k *skimmer) Event() []any {
	event := []any{"", map[string]any{tooLongField: true}}
	if k.event != nil {
		event[0] = unquote(k.event)
	}
	if k.ref != nil {
		event[1] = map[string]any{tooLongField: true, "ref": unquote(k.ref)}
	}
	return event
}

package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/zishang520/socket.io/parsers/socket/v3/parser"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

// What clients say is decoded here, in half the time that the library takes for it, and
// without its trees of whatever a stranger has made up.

// maxAttachments is how many an event may announce. What they may hold together is
// [Options.MaxPayload], whatever their number.
const maxAttachments = 1000

// Skimmer reads past an event that is too long to be held. It is written the event's JSON
// array, and then Event returns its name and arguments as far as they are known.
type Skimmer interface {
	io.Writer
	Event() []any
}

// header is the beginning of a Socket.IO packet.
type header struct {
	kind        byte
	attachments int // that follow
	namespace   string
	id          *uint64 // if an answer is asked for, or given
}

// incoming is a Socket.IO packet of a client's.
type incoming struct {
	header
	event []any    // its name and arguments, if it is an event
	body  []byte   // an answer, or a request to connect for the library
	parts [][]byte // attachments
}

// parseHeader takes a packet apart (Socket.IO protocol 5, section "Packet encoding"): its
// type, the number of attachments and a hyphen if it may have some, a namespace and a comma
// unless it is the main one, a number if an answer is asked for, and the body.
func parseHeader(text []byte) (h header, body []byte, err error) {
	if len(text) == 0 || text[0] < sioConnect || text[0] > sioBinaryAck {
		return header{}, nil, errEvent
	}
	h = header{kind: text[0], namespace: mainNamespace}
	rest := text[1:]
	if h.kind == sioBinaryEvent || h.kind == sioBinaryAck {
		number, after, found := bytes.Cut(rest, []byte{'-'})
		if !found || len(number) > parser.DefaultMaxPacketIDLength {
			return header{}, nil, errEvent
		}
		n, err := strconv.ParseUint(string(number), 10, 64)
		if err != nil || n > maxAttachments {
			return header{}, nil, errEvent
		}
		h.attachments, rest = int(n), after
	}
	if bytes.HasPrefix(rest, []byte(mainNamespace)) {
		namespace, after, _ := bytes.Cut(rest, []byte{','})
		if len(namespace) > parser.DefaultMaxNamespaceLength {
			return header{}, nil, errEvent
		}
		h.namespace, rest = string(namespace), after
	}
	digits := len(rest) - len(bytes.TrimLeft(rest, "0123456789"))
	if digits >= parser.DefaultMaxPacketIDLength {
		return header{}, nil, errEvent
	}
	if digits > 0 {
		id, err := strconv.ParseUint(string(rest[:digits]), 10, 64)
		if err != nil {
			return header{}, nil, errEvent
		}
		h.id = &id
	}
	return h, rest[digits:], nil
}

// decodePacket decodes a packet. Its attachments follow, if it has some.
func (v *Server) decodePacket(text []byte) (*incoming, error) {
	h, body, err := parseHeader(text)
	if err != nil {
		return nil, err
	}
	p := &incoming{header: h}
	switch h.kind {
	case sioConnect:
		p.body = text
		if len(body) > 0 {
			flat, err := flatten(body)
			if err != nil {
				return nil, err
			}
			p.body = slices.Concat(text[:len(text)-len(body)], flat)
		}
	case sioEvent, sioBinaryEvent:
		if p.event, err = v.decodeEvent(body); err != nil {
			return nil, err
		}
	case sioAck, sioBinaryAck:
		if !json.Valid(body) || !bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte{'['}) {
			return nil, errEvent
		}
		p.body = body
	case sioDisconnect:
		if len(body) > 0 {
			return nil, errEvent
		}
	}
	return p, nil
}

// decodeEvent decodes the array of an event's name and arguments.
func (v *Server) decodeEvent(text []byte) (event []any, err error) {
	if v.Decode != nil {
		event, err = v.Decode(text)
	} else {
		err = json.Unmarshal(text, &event)
	}
	if err != nil || !mayBeSaid(event) {
		return nil, errEvent // the decoder's own error quotes the client
	}
	return event, nil
}

// mayBeSaid reports whether an event has a name that is not the library's own.
func mayBeSaid(event []any) bool {
	if len(event) == 0 {
		return false
	}
	switch name := event[0].(type) {
	case string:
		return !parser.ReservedEvents.Has(name)
	case float64:
		return true
	default:
		return false
	}
}

// attach puts the attachments of a packet in the places of its arguments that are
// marked for them.
func attach(value any, parts [][]byte) (any, error) {
	switch v := value.(type) {
	case []any:
		for i := range v {
			attached, err := attach(v[i], parts)
			if err != nil {
				return nil, err
			}
			v[i] = attached
		}
	case map[string]any:
		if v["_placeholder"] == true {
			n, ok := v["num"].(float64)
			if !ok || n < 0 || n >= float64(len(parts)) || n != float64(int(n)) {
				return nil, errEvent
			}
			return types.NewBytesBuffer(parts[int(n)]), nil
		}
		for key := range v {
			attached, err := attach(v[key], parts)
			if err != nil {
				return nil, err
			}
			v[key] = attached
		}
	}
	return value, nil
}

// flatten returns the payload of a request to connect without what is nested in it, which
// nobody has a use for and which costs the library a hundred times its length.
func flatten(body []byte) ([]byte, error) {
	var fields map[string]json.RawMessage // stays nil for null, by which some clients mean nothing
	if json.Unmarshal(body, &fields) != nil {
		return nil, errEvent
	}
	if fields == nil {
		return []byte("{}"), nil
	}
	for key, value := range fields {
		if value[0] == '{' || value[0] == '[' {
			delete(fields, key)
		}
	}
	flat, err := json.Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("engine: encoding a request to connect: %w", err)
	}
	return flat, nil
}

// encodeEvent encodes an event that holds no binary data.
func encodeEvent(namespace string, event []any) (*message, error) {
	data, err := json.Marshal(event)
	if err != nil {
		return nil, fmt.Errorf("engine: encoding an event: %w", err)
	}
	head := []byte{packetMessage, sioEvent}
	if namespace != mainNamespace {
		head = append(append(head, namespace...), ',')
	}
	return newMessage(frameText, head, data), nil
}

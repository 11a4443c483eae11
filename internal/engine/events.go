package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/zishang520/socket.io/parsers/socket/v3/parser"
	"github.com/zishang520/socket.io/servers/socket/v3"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

// This file decodes what clients say, in half the time that the library takes for it, and
// without its trees of anything that a stranger has made up. It encodes what they are sent.

var (
	errEvent       = errors.New("engine: malformed Socket.IO packet")
	errAttachments = errors.New("engine: too large attachments")
)

// The first byte of Socket.IO packets (Socket.IO protocol 5) that are looked for.
const (
	sioConnect      = '0'
	sioDisconnect   = '1'
	sioEvent        = '2'
	sioAck          = '3'
	sioConnectError = '4'
	sioBinaryEvent  = '5'
	sioBinaryAck    = '6'
)

const mainNamespace = "/"

// maxAttachments is how many attachments an event may announce. They may hold
// [Options.MaxPayload] together, whatever their number.
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
	attachments int // how many follow
	namespace   string
	id          *uint64 // nil if no acknowledgement is asked for, or given
}

// incoming is a Socket.IO packet of a client's.
type incoming struct {
	header
	event []any    // its name and arguments, if it is an event
	body  []byte   // if it is an acknowledgement, or a request to connect for the library
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
func decodePacket(text []byte, o *Options) (*incoming, error) {
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
		if p.event, err = decodeEvent(body, o); err != nil {
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

// decodeEvent decodes the array of an event's name and arguments, as [Options.Decode] says.
func decodeEvent(text []byte, o *Options) (event []any, err error) {
	if o.Decode != nil {
		event, err = o.Decode(text)
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

// assembly puts together the packets of one client that come in several messages. It is
// used by one goroutine.
type assembly struct {
	pending *incoming // waits for attachments; nil if none does
	held    int64     // bytes of these
}

// decode returns the packet that a message completes, nil if it does not.
func (a *assembly) decode(p packet, o *Options) (whole *incoming, err error) {
	switch {
	case a.pending != nil:
		return a.attach(p, o)
	case p.binary:
		return nil, errEvent // it was not announced
	case p.long != nil:
		whole = p.long
	default:
		if whole, err = decodePacket(p.data, o); err != nil {
			return nil, err
		}
	}
	if whole.attachments > 0 {
		a.pending, a.held = whole, 0
		return nil, nil
	}
	return whole, nil
}

// attach adds an attachment to the packet that waits for it. All of them together may be
// as large as one message.
func (a *assembly) attach(p packet, o *Options) (*incoming, error) {
	whole := a.pending
	a.held += int64(len(p.data))
	switch {
	case !p.binary:
		return nil, errEvent
	case a.held > o.MaxPayload:
		return nil, errAttachments
	}
	if o.Decode == nil {
		whole.parts = append(whole.parts, p.data)
	}
	if whole.attachments--; whole.attachments > 0 {
		return nil, nil
	}
	a.pending = nil
	if o.Decode != nil {
		return whole, nil
	}
	_, err := fillIn(whole.event, whole.parts)
	return whole, err
}

// fillIn puts the attachments of a packet in the places of its arguments that are
// marked for them.
func fillIn(value any, parts [][]byte) (any, error) {
	switch v := value.(type) {
	case []any:
		for i := range v {
			filled, err := fillIn(v[i], parts)
			if err != nil {
				return nil, err
			}
			v[i] = filled
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
			filled, err := fillIn(v[key], parts)
			if err != nil {
				return nil, err
			}
			v[key] = filled
		}
	}
	return value, nil
}

// flatten returns the payload of a request to connect without what is nested in it. Nobody
// has a use for that, and it costs the library a hundred times its length.
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

// encode returns a packet of a namespace as messages: its text, and then its attachments.
func encode(n socket.Namespace, p *parser.Packet) []*message {
	p.Nsp = n.Name()
	encoded := n.Server().Encoder().Encode(p)
	packets := make([]*message, len(encoded))
	for i, part := range encoded {
		packets[i] = newPacket(part.Bytes(), i > 0)
	}
	return packets
}

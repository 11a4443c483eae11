package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/zishang520/socket.io/parsers/socket/v3/parser"
)

// Events without attachments are nearly all that is said. They are encoded and
// decoded here, in half the time that the library takes for it.

// isEvent reports whether a message is an event without attachments.
func isEvent(p packet) bool { return !p.binary && len(p.data) > 0 && p.data[0] == sioEvent }

// decodeEvent decodes an event without attachments (Socket.IO protocol 5, section
// "Packet encoding"): its type, a namespace and a comma unless it is the main one, a
// number if an answer is asked for, and the array of its name and arguments.
func decodeEvent(text []byte) (*parser.Packet, error) {
	p := &parser.Packet{Type: parser.EVENT, Nsp: mainNamespace}
	rest := text[1:]
	if bytes.HasPrefix(rest, []byte(mainNamespace)) {
		namespace, after, _ := bytes.Cut(rest, []byte{','})
		if len(namespace) > parser.DefaultMaxNamespaceLength {
			return nil, errEvent
		}
		p.Nsp, rest = string(namespace), after
	}
	digits := len(rest) - len(bytes.TrimLeft(rest, "0123456789"))
	if digits >= parser.DefaultMaxPacketIDLength {
		return nil, errEvent
	}
	if digits > 0 {
		id, err := strconv.ParseUint(string(rest[:digits]), 10, 64)
		if err != nil {
			return nil, errEvent
		}
		p.Id = &id
	}
	var event []any
	if json.Unmarshal(rest[digits:], &event) != nil || !mayBeSaid(event) {
		return nil, errEvent // the decoder's own error quotes the client
	}
	p.Data = event
	return p, nil
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

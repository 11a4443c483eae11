package engine

import (
	"bytes"
	"encoding/base64"
	"errors"
	"iter"
)

// separator stands between the packets of a polling payload (Engine.IO protocol
// 4, section "HTTP long-polling").
const separator = '\x1e'

var errMalformed = errors.New("engine: malformed packet")

// packet is an incoming packet.
type packet struct {
	kind   byte
	data   []byte
	binary bool
}

// decodeText takes apart a packet in the form of text.
func decodeText(text []byte) (packet, error) {
	if len(text) == 0 || text[0] < packetOpen || text[0] > packetNoop {
		return packet{}, errMalformed
	}
	return packet{kind: text[0], data: text[1:]}, nil
}

// checkPayload reports whether the body of a polling request is well formed. If one
// packet is not, nothing of it is to be done.
func checkPayload(body []byte) error {
	for part := range bytes.SplitSeq(body, []byte{separator}) {
		if _, err := decodePolled(part); err != nil {
			return err
		}
	}
	return nil
}

// packetsOf returns the packets of a well-formed body, one by one: a body of
// separators would be many times as large as a slice.
func packetsOf(body []byte) iter.Seq[packet] {
	return func(yield func(packet) bool) {
		for part := range bytes.SplitSeq(body, []byte{separator}) {
			if p, err := decodePolled(part); err != nil || !yield(p) {
				return
			}
		}
	}
}

func decodePolled(part []byte) (packet, error) {
	if len(part) == 0 || part[0] != binaryPollingMark {
		return decodeText(part)
	}
	data, err := base64.StdEncoding.AppendDecode(nil, part[1:])
	if err != nil {
		return packet{}, errMalformed
	}
	return packet{kind: packetMessage, data: data, binary: true}, nil
}

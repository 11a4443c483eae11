package engine

import (
	"bytes"
	"encoding/base64"
	"errors"
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

// decodePayload takes apart the body of a polling request. If one packet is
// malformed none is returned: nothing of such a body is to be done.
func decodePayload(body []byte) ([]packet, error) {
	packets := make([]packet, 0, 1+bytes.Count(body, []byte{separator}))
	for part := range bytes.SplitSeq(body, []byte{separator}) {
		p, err := decodePolled(part)
		if err != nil {
			return nil, err
		}
		packets = append(packets, p)
	}
	return packets, nil
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

package engine

import "errors"

// separator stands between the packets of a polling payload (Engine.IO protocol
// 4, section "HTTP long-polling").
const separator = '\x1e'

var (
	errMalformed = errors.New("engine: malformed packet")
	errHeartbeat = errors.New("engine: a ping from the client")
)

// packet is an incoming packet.
type packet struct {
	kind   byte
	data   []byte
	binary bool
	long   *incoming // in place of data, of an event that was too long to be held
	lease  *lease    // of a budget, until the packet is handled
}

// decodeText takes apart a packet in the form of text. It may be binary data: nothing
// in the protocol keeps that form to polling.
func decodeText(text []byte) (packet, error) {
	if len(text) > 0 && text[0] == binaryPollingMark {
		data, err := decodeBase64(text[1:])
		return packet{kind: packetMessage, data: data, binary: true}, err
	}
	if len(text) == 0 || text[0] < packetOpen || text[0] > packetNoop {
		return packet{}, errMalformed
	}
	return packet{kind: text[0], data: text[1:]}, nil
}

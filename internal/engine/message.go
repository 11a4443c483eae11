package engine

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"sync/atomic"
)

// The types of Engine.IO packets (Engine.IO protocol 4, section "Packet
// encoding"). A binary packet has none: it is always a message.
const (
	packetOpen    = '0'
	packetClose   = '1'
	packetPing    = '2'
	packetPong    = '3'
	packetMessage = '4'
	packetUpgrade = '5'
	packetNoop    = '6'
)

// The first byte of a whole, unmasked websocket frame (RFC 6455, section 5.2).
const (
	frameText   = 0x80 | 0x1
	frameBinary = 0x80 | 0x2
	frameClose  = 0x80 | 0x8
	framePong   = 0x80 | 0xA
)

// message is an outgoing packet in the form of a websocket frame. It is made
// once, however many sessions it is for, and never changed but for the count.
type message struct {
	frame []byte
	head  int // length of the frame's header
	size  int // length of the frame; any bytes behind it are the trailer's
	// trailer makes the packet that has to follow this one, or the last of several
	// with trailers that are written together; nil if none has to. The receipts do
	// not count it.
	trailer func() *message
	waiting atomic.Int32 // outboxes that it counts in; see backlogs
}

var (
	pingMessage       = newMessage(frameText, []byte{packetPing})
	noopMessage       = newMessage(frameText, []byte{packetNoop})
	closeMessage      = newMessage(frameText, []byte{packetClose})
	probeReply        = newMessage(frameText, []byte("3probe"))
	normalCloseFrame  = newMessage(frameClose, []byte{1000 >> 8, 1000 & 0xFF})
	maxFrameHeader    = 10
	binaryPollingMark = byte('b')
)

// newMessage makes a frame of the parts of a payload.
func newMessage(first byte, parts ...[]byte) *message {
	length := 0
	for _, p := range parts {
		length += len(p)
	}
	frame := make([]byte, 0, maxFrameHeader+length)
	switch {
	case length < 126:
		frame = append(frame, first, byte(length))
	case length < 1<<16:
		frame = binary.BigEndian.AppendUint16(append(frame, first, 126), uint16(length))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, first, 127), uint64(length))
	}
	head := len(frame)
	for _, p := range parts {
		frame = append(frame, p...)
	}
	return &message{frame: frame, head: head, size: len(frame)}
}

// trailedBy returns the packet with a trailer, both in one piece of memory: most
// packets are written alone, and then need not be put together for each session.
func (m *message) trailedBy(trailer *message) *message {
	return &message{
		frame: slices.Concat(m.frame, trailer.frame), head: m.head, size: m.size,
		trailer: func() *message { return trailer },
	}
}

// whole reports whether the frame is all that has to be written of the packet.
func (m *message) whole() bool { return m.trailer == nil || len(m.frame) > m.size }

// own returns the packet's frame without its trailer's.
func (m *message) own() []byte { return m.frame[:m.size] }

// newPacket makes a packet of type message.
func newPacket(data []byte, isBinary bool) *message {
	if isBinary {
		return newMessage(frameBinary, data)
	}
	return newMessage(frameText, []byte{packetMessage}, data)
}

// counts reports whether the receipts count the packet: only those of type
// message, binary or not.
func (m *message) counts() bool {
	return m.frame[0] == frameBinary || m.frame[0] == frameText && m.frame[m.head] == packetMessage
}

// appendPolled appends the packet in the form that a polling payload has.
func (m *message) appendPolled(payload []byte) []byte {
	if m.frame[0] == frameBinary {
		return base64.StdEncoding.AppendEncode(append(payload, binaryPollingMark), m.own()[m.head:])
	}
	return append(payload, m.own()[m.head:]...)
}

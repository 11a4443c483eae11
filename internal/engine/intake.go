package engine

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"slices"
	"sync"
)

const (
	// maxShort is how much of any packet is held, in bytes. More is held of events
	// alone, up to [Options.MaxEvent], as a part of a budget. Before a session has asked for
	// a Socket.IO connection, a longer packet ends it.
	maxShort = 4 << 10
	// chunkSize is how much is read at once.
	chunkSize = 4 << 10
)

var errTooLong = errors.New("engine: a packet is too long for what it is")

// isMistake reports whether an error is about what a client said, rather than the end of
// its connection.
func isMistake(err error) bool {
	return errors.Is(err, errMalformed) || errors.Is(err, errTooLong) || errors.Is(err, errEvent) || errors.Is(err, errBusy)
}

var chunks = sync.Pool{New: func() any { return new([chunkSize]byte) }}

// intake takes in one packet after the other, as their bytes arrive. It is used by one
// goroutine.
type intake struct {
	session *Session
	binary  bool   // it is a binary frame
	data    []byte // of the packet, as far as it is held
	past    bool   // it is not held
	kind    byte   // of a packet that is not held
	head    header // of an event that is too long to be held
	skim    Skimmer
	lease   *lease
}

// add takes the next bytes of a packet.
func (i *intake) add(chunk []byte) error {
	if i.skim != nil {
		_, err := i.skim.Write(chunk)
		return err
	}
	if i.past {
		return nil
	}
	size := len(i.data) + len(chunk)
	if size > maxShort {
		held, err := i.lengthen(size, chunk)
		if err != nil || !held {
			return err
		}
	}
	i.data = append(i.data, chunk...)
	return nil
}

// lengthen decides what becomes of a packet that is longer than others, and reports
// whether it is held.
func (i *intake) lengthen(size int, chunk []byte) (held bool, err error) {
	s := i.session
	first, second := i.begin(chunk)
	switch {
	case s.server.layer == nil:
		return true, nil
	case !s.introduced.Load():
		return false, errTooLong
	case i.binary || first == binaryPollingMark:
		if s.server.options.Decode == nil {
			return true, nil
		}
		i.ignore(packetMessage) // no event has a use for attachments
		return false, nil
	case first != packetMessage:
		return false, errTooLong
	case second == sioAck:
		i.ignore(packetNoop) // nobody asks for long answers
		return false, nil
	case second == sioEvent && size <= s.server.options.maxEvent():
		return i.hold(size)
	case second == sioEvent || second == sioBinaryEvent:
		return false, i.skip(chunk)
	default:
		return false, errTooLong
	}
}

// begin returns the first two bytes of a long packet, of which chunk is the next part.
func (i *intake) begin(chunk []byte) (first, second byte) {
	switch len(i.data) {
	case 0:
		return chunk[0], chunk[1]
	case 1:
		return i.data[0], chunk[0]
	default:
		return i.data[0], i.data[1]
	}
}

// ignore has the rest of the packet read past.
func (i *intake) ignore(kind byte) {
	i.past, i.kind, i.data = true, kind, nil
}

// hold sees to it that a long packet of so many bytes, as far as it is there, has its part of
// the budget. It takes some of what may follow along: a packet asks only a few times.
func (i *intake) hold(size int) (held bool, err error) {
	if i.lease.holds(size) {
		return true, nil
	}
	bytes := min(2*size, i.session.server.options.maxEvent())
	if !i.lengthenLease(bytes) {
		return false, errBusy
	}
	i.data = slices.Grow(i.data, bytes-len(i.data))
	return true, nil
}

// lengthenLease waits until the packet has so many bytes of the budget, and reports whether it does.
// Whoever waits among strangers, and turns out to be none, goes on among members.
func (i *intake) lengthenLease(bytes int) bool {
	s := i.session
	if !s.isVouched() {
		if i.lease == nil {
			i.lease = s.server.strangers.lease(func() {
				if !s.isVouched() {
					s.fail(reasonError, errSlowSender)
				}
			})
		}
		if i.lease.grow(bytes, s.awaitVouching(), s.done) {
			return true
		}
		if !s.isVouched() {
			return false
		}
	}
	if i.lease == nil || i.lease.of != s.server.vouched {
		i.drop()
		i.lease = s.server.vouched.lease(func() { s.fail(reasonError, errSlowSender) })
	}
	return i.lease.grow(bytes, nil, s.done)
}

// skip has the rest of an event read past, of which only what its Skimmer looks for is kept.
func (i *intake) skip(chunk []byte) error {
	if i.session.server.options.Skim == nil {
		return errTooLong
	}
	head, body, err := parseHeader(append(i.data, chunk...)[1:]) // all of the header is there
	if err != nil {
		return err
	}
	i.head, i.skim = head, i.session.server.options.Skim()
	_, err = i.skim.Write(body)
	i.data = nil
	i.drop()
	return err
}

// drop gives back what the packet holds of the budget.
func (i *intake) drop() {
	i.lease.release()
	i.lease = nil
}

// end returns the packet that has been taken in, and begins anew.
func (i *intake) end() (packet, error) {
	defer func() { *i = intake{session: i.session, data: i.data} }()
	if i.skim != nil {
		return packet{kind: packetMessage, long: &incoming{header: i.head, event: i.skim.Event()}}, nil
	}
	if i.past {
		return packet{kind: i.kind, binary: true}, nil
	}
	p, err := i.packet()
	if err != nil {
		i.drop()
		return packet{}, err
	}
	i.lease.arrived()
	p.lease = i.lease
	if p.kind == packetMessage {
		i.data = nil // it is the packet's
	} else {
		i.data = i.data[:0]
	}
	return p, nil
}

func (i *intake) packet() (packet, error) {
	if i.binary {
		return packet{kind: packetMessage, data: i.data, binary: true}, nil
	}
	return decodeText(i.data)
}

// readMessage takes in a websocket's message.
func (i *intake) readMessage(r io.Reader) (packet, error) {
	defer i.drop()
	chunk := chunks.Get().(*[chunkSize]byte) //nolint:forcetypeassert // nothing else is in it
	defer chunks.Put(chunk)
	for {
		n, err := r.Read(chunk[:])
		if failed := i.add(chunk[:n]); failed != nil {
			return packet{}, failed
		}
		if errors.Is(err, io.EOF) {
			return i.end()
		}
		if err != nil {
			return packet{}, err
		}
	}
}

// readPayload takes in the packets of a polling payload, and passes on each as soon as it
// is there.
func (i *intake) readPayload(r io.Reader, pass func(packet)) error {
	defer i.drop()
	chunk := chunks.Get().(*[chunkSize]byte) //nolint:forcetypeassert // nothing else is in it
	defer chunks.Put(chunk)
	for {
		n, err := r.Read(chunk[:])
		for rest := chunk[:n]; ; {
			part, after, more := bytes.Cut(rest, []byte{separator})
			if failed := i.add(part); failed != nil {
				return failed
			}
			if !more {
				break
			}
			p, failed := i.end()
			if failed != nil {
				return failed
			}
			pass(p)
			rest = after
		}
		if errors.Is(err, io.EOF) {
			p, failed := i.end()
			if failed == nil {
				pass(p)
			}
			return failed
		}
		if err != nil {
			return err
		}
	}
}

// decodeBase64 decodes what clients of any language make of binary data in text: either
// alphabet, with or without padding.
func decodeBase64(text []byte) ([]byte, error) {
	encoding := base64.RawStdEncoding
	if bytes.ContainsAny(text, "-_") {
		encoding = base64.RawURLEncoding
	}
	data, err := encoding.AppendDecode(nil, bytes.TrimRight(text, "="))
	if err != nil {
		return nil, errMalformed
	}
	return data, nil
}

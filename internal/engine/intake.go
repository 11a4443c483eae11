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
	// maxShort is how many bytes of any packet are held. More are held of events alone, up
	// to [Options.MaxEvent], by a lease of a budget. A longer packet ends a session that has
	// not asked for a Socket.IO connection yet.
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
	binary  bool    // the packet is a binary frame
	data    []byte  // of the packet, as far as it is held
	ignored bool    // the packet is not held
	kind    byte    // of a packet that is ignored
	head    header  // of an event that is too long to be held
	skim    Skimmer // reads past it; nil while there is none
	lease   *lease  // nil while the packet is short
}

// add takes the next bytes of a packet.
func (i *intake) add(chunk []byte) error {
	if i.skim != nil {
		_, err := i.skim.Write(chunk)
		return err
	}
	if i.ignored {
		return nil
	}
	size := len(i.data) + len(chunk)
	if size > maxShort {
		held, err := i.admitLong(size, chunk)
		if err != nil || !held {
			return err
		}
	}
	i.data = append(i.data, chunk...)
	return nil
}

// admitLong decides about a packet that becomes longer than maxShort, and reports
// whether it is held.
func (i *intake) admitLong(size int, chunk []byte) (held bool, err error) {
	s := i.session
	first, second := i.firstBytes(chunk)
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

// firstBytes returns the first two bytes of a long packet. The next part of it is chunk.
func (i *intake) firstBytes(chunk []byte) (first, second byte) {
	switch len(i.data) {
	case 0:
		return chunk[0], chunk[1]
	case 1:
		return i.data[0], chunk[0]
	default:
		return i.data[0], i.data[1]
	}
}

// ignore reads past the rest of the packet.
func (i *intake) ignore(kind byte) {
	i.ignored, i.kind, i.data = true, kind, nil
}

// hold gets a lease for the size bytes of a long packet that are there, and for as many to
// follow: a packet asks only a few times.
func (i *intake) hold(size int) (held bool, err error) {
	if i.lease.holds(size) {
		return true, nil
	}
	bytes := min(2*size, i.session.server.options.maxEvent())
	if !i.reserve(bytes) {
		return false, errBusy
	}
	i.data = slices.Grow(i.data, bytes-len(i.data))
	return true, nil
}

// reserve waits until the packet has so many bytes of a budget, and reports whether it does.
// A session that waits among strangers goes on among members as soon as somebody vouches for it.
func (i *intake) reserve(bytes int) bool {
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
		i.endLease()
		i.lease = s.server.vouched.lease(func() { s.fail(reasonError, errSlowSender) })
	}
	return i.lease.grow(bytes, nil, s.done)
}

// skip has a Skimmer read past the rest of an event.
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
	i.endLease()
	return err
}

// endLease gives the packet's lease back.
func (i *intake) endLease() {
	i.lease.release()
	i.lease = nil
}

// end returns the packet that has been taken in, and begins anew.
func (i *intake) end() (packet, error) {
	defer func() { *i = intake{session: i.session, data: i.data} }()
	if i.skim != nil {
		return packet{kind: packetMessage, long: &incoming{header: i.head, event: i.skim.Event()}}, nil
	}
	if i.ignored {
		return packet{kind: i.kind, binary: true}, nil
	}
	p, err := i.packet()
	if err != nil {
		i.endLease()
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
	defer i.endLease()
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
	defer i.endLease()
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

// decodeBase64 decodes binary data in text, as clients of all languages write it: in either
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

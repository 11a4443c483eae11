package engine

import (
	"errors"
	"net"
	"os"
	"runtime"
	"sync"
)

const (
	// batchSize bounds what is put together into one write, in bytes.
	batchSize = 32 << 10
	// batchSlack is the room in a batch's buffer for what follows its packets: a ping, and
	// a trailer of common length.
	batchSlack = 256
)

// batches are buffers for what is written together.
var batches = sync.Pool{New: func() any {
	b := make([]byte, 0, batchSize+batchSlack)
	return &b
}}

// batch is what is written at once.
type batch struct {
	frames []byte
	buffer *[]byte // that frames are in, if it is one of batches
}

// flushAll flushes websockets, one after the other, without waiting for any. A
// goroutine for each would cost about as much as it has to do. Other goroutines have
// their turn first: they may have messages for the same sessions, which go with this one.
func flushAll(sockets []*websocket) {
	runtime.Gosched()
	for _, w := range sockets {
		w.flush()
	}
}

// flush writes the outbox as far as there is room. The rest is left to a goroutine that
// waits. It is called only upon beginFlushLocked, so that one flushes at a time.
//
// Events of a series are made here. A fault in that ends this session only.
func (w *websocket) flush() {
	defer w.session.contain("making an event")
	for {
		b, ok := w.nextBatch()
		if !ok {
			return
		}
		n, err := w.socket.write(b.frames)
		if err == nil && n < len(b.frames) {
			w.setStuck(true)
			go w.flushRest(b, n)
			return
		}
		if !w.wrote(b, err) {
			return
		}
	}
}

// flushRest writes what is left of a batch when there is room, and goes on.
func (w *websocket) flushRest(b batch, n int) {
	if w.wrote(b, w.write(b.frames[n:])) {
		w.setStuck(false)
		w.flush()
	}
}

// setStuck notes whether what is being written is left to a goroutine that waits.
func (w *websocket) setStuck(stuck bool) {
	w.session.mu.Lock()
	defer w.session.mu.Unlock()
	w.stuck = stuck
}

// nextBatch takes the next batch out of the outbox. If there is none, flushing is
// over; if the session has ended, its goodbye follows.
func (w *websocket) nextBatch() (batch, bool) {
	s := w.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.yieldLocked() {
		return batch{}, false // nobody else begins to flush
	}
	if b := w.batchLocked(); b.frames != nil {
		return b, true
	}
	w.flushing = false
	if s.state == stateClosed && s.graceful {
		go w.sayGoodbye()
	}
	return batch{}, false
}

// yieldLocked leaves the websocket to the reader, if that waits to answer a close.
func (w *websocket) yieldLocked() bool {
	if w.readerWaits == nil {
		return false
	}
	close(w.readerWaits)
	w.readerWaits = nil
	return true
}

// wrote notes how writing a batch has ended, and reports whether more can be
// written. If not, flushing is not over: nobody is to try again.
func (w *websocket) wrote(b batch, err error) bool {
	if b.buffer != nil {
		batches.Put(b.buffer)
	}
	if err == nil {
		return true
	}
	s := w.session
	s.mu.Lock()
	w.stuck = true
	w.yieldLocked()
	s.mu.Unlock()
	w.unwritable(err)
	return false
}

// unwritable ends the session over an error of writing. If the client is gone rather than
// slow, there may be more to read of it, up to its goodbye: the reader then finds the end.
func (w *websocket) unwritable(err error) {
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, net.ErrClosed) {
		w.session.fail(reasonError, slowIfLate(err))
		return
	}
	w.boundClose()
}

// batchLocked takes the next batch out of the outbox. It has no frames if nothing waits.
func (w *websocket) batchLocked() (b batch) {
	s := w.session
	var trailer func() *message
	for m := s.out.first(); m != nil; m = s.out.first() {
		if len(b.frames) > 0 && len(b.frames)+m.size > batchSize {
			break
		}
		s.out.pop()
		s.receipts.handOver(m)
		if b.frames == nil && m.whole() && (s.out.empty() || m.size > batchSize) {
			b.frames = m.frame // shared: nothing may be appended to it
			break
		}
		b.append(m.own())
		if m.trailer != nil {
			trailer = m.trailer
		}
	}
	if trailer != nil {
		b.append(trailer().frame)
	}
	switch {
	case s.state == stateClosed || !s.takePingLocked():
	case b.frames == nil:
		b.frames = pingMessage.frame
	default:
		b.append(pingMessage.frame)
	}
	return b
}

// append adds frames to the batch, in a buffer of its own.
func (b *batch) append(frames []byte) {
	if b.buffer == nil {
		b.buffer = batches.Get().(*[]byte) //nolint:forcetypeassert // nothing else is in it
		b.frames = append((*b.buffer)[:0], b.frames...)
	}
	b.frames = append(b.frames, frames...)
}

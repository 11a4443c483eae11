package engine

const (
	// maxQueued bounds, in bytes, what may wait for one client. It has to be
	// more than the whole log of a room, which a returning page is sent at once.
	maxQueued = 8 << 20
	// queuedOverhead is what a waiting packet costs besides its frame.
	queuedOverhead = 64
	// smallQueue is the capacity up to which an empty queue keeps its memory.
	smallQueue = 16
)

// outbox holds what waits to be sent to a client, first in, first out.
type outbox struct {
	queue []*message
	next  int // index of the first that waits
	bytes int // that wait
}

func (o *outbox) empty() bool { return o.next == len(o.queue) }

// push reports whether there is room for the packet. If not, the packet is not
// in the outbox.
func (o *outbox) push(m *message) bool {
	size := len(m.frame) + queuedOverhead
	if o.bytes+size > maxQueued {
		return false
	}
	o.bytes += size
	o.queue = append(o.queue, m)
	return true
}

// first returns the packet that waits longest, nil if none waits.
func (o *outbox) first() *message {
	if o.empty() {
		return nil
	}
	return o.queue[o.next]
}

// drop takes the first packet out.
func (o *outbox) drop() {
	o.bytes -= len(o.queue[o.next].frame) + queuedOverhead
	o.queue[o.next] = nil
	o.next++
	if !o.empty() {
		return
	}
	o.next = 0
	if o.queue = o.queue[:0]; cap(o.queue) > smallQueue {
		o.queue = nil
	}
}

func (o *outbox) clear() { *o = outbox{} }

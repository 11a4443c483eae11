package engine

const (
	// maxQueued bounds, in bytes, what may wait for one client: much less than a
	// room keeps, so that a client that was put out for being slow finds all it
	// has missed when it comes back.
	maxQueued = 2 << 20
	// maxLag is how many bytes may be on their way to a client that falls silent for it
	// to be taken for gone rather than slow: more than people say within the time of a
	// heartbeat.
	maxLag = 64 << 10
	// queuedOverhead is what a waiting packet costs besides its frame.
	queuedOverhead = 64
	// seriesOverhead is what a packet costs, at least, that is not made yet.
	seriesOverhead = 16
	// smallQueue is the capacity up to which an empty queue keeps its memory.
	smallQueue = 16
)

// outbox holds what waits to be sent to a client, first in, first out.
type outbox struct {
	queue []entry
	next  int // index of the first that waits
	bytes int // that wait, without what is not made yet
}

// entry is a packet, or several of which the first may be made already.
type entry struct {
	m    *message
	rest *series
}

// series is packets that are made one by one, each when its turn comes.
type series struct {
	left int
	make func() *message
}

func (o *outbox) empty() bool { return o.next == len(o.queue) }

// push reports whether there is room for packets. If not, none of them is in the
// outbox. In an empty one there always is.
func (o *outbox) push(packets ...*message) bool {
	size := 0
	for _, m := range packets {
		size += len(m.frame) + queuedOverhead
	}
	if o.bytes > 0 && o.bytes+size > maxQueued {
		return false
	}
	o.bytes += size
	for _, m := range packets {
		o.queue = append(o.queue, entry{m: m})
	}
	return true
}

// pushSeries adds n packets that next will return, one a call, if there is room.
func (o *outbox) pushSeries(n int, next func() *message) bool {
	size := n * seriesOverhead
	if o.bytes+size > maxQueued {
		return false
	}
	o.bytes += size
	o.queue = append(o.queue, entry{rest: &series{left: n, make: next}})
	return true
}

// first returns the packet that waits longest, nil if none waits.
func (o *outbox) first() *message {
	if o.empty() {
		return nil
	}
	e := &o.queue[o.next]
	if e.m == nil {
		e.m = e.rest.make()
		e.rest.left--
		o.bytes += len(e.m.frame) + queuedOverhead - seriesOverhead
	}
	return e.m
}

// drop takes the first packet out.
func (o *outbox) drop() {
	e := &o.queue[o.next]
	o.bytes -= len(e.m.frame) + queuedOverhead
	e.m = nil
	if e.rest != nil && e.rest.left > 0 {
		return
	}
	e.rest = nil
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

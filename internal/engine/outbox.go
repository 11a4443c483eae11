package engine

import "sync/atomic"

const (
	// maxQueued bounds, in bytes, what may wait for one client: much less than a
	// room keeps, so that a client that was put out for being slow finds all it
	// has missed when it comes back.
	maxQueued = 2 << 20
	// maxBacklogs bounds, in bytes, the messages that wait for all vouched clients together.
	// A message that several wait for counts once.
	maxBacklogs = 64 << 20
	// maxStrangersBacklogs bounds, in bytes, those for all clients whom nobody vouches for.
	// Messages that strangers do not read lower no limit of a member who is slow.
	maxStrangersBacklogs = 16 << 20
	// minQueued may wait for any client, however much waits for others.
	minQueued = 16 << 10
	// maxLag is how many bytes may be on their way to a client that falls silent for it
	// to be taken for gone rather than slow: more than people say within the time of a
	// heartbeat.
	maxLag = 64 << 10
	// queuedOverhead is what a waiting packet costs besides its frame.
	queuedOverhead = 64
	// seriesOverhead is the least that a packet costs that is not made yet.
	seriesOverhead = 16
	// smallQueue is the capacity up to which an empty queue keeps its memory.
	smallQueue = 16
)

// outbox holds what waits to be sent to a client, first in, first out.
type outbox struct {
	all   *backlogs // that it is one of; nil if it is alone
	queue []queued
	next  int // index of the first that waits
	bytes int // that wait; a packet that is not made yet counts as seriesOverhead
}

// queued is a packet, or a series of them, whose first may be made already.
type queued struct {
	m       *message // nil while it is not made
	rest    *series  // nil if it is one packet
	counted bool     // in the backlogs
}

// series is packets that are made one by one, each when its turn comes.
type series struct {
	left int
	make func() *message
}

// backlogs counts the messages that wait for many clients. Its methods are safe for
// concurrent use. A nil one counts nothing.
type backlogs struct {
	strangers bool // they are those of strangers, who seldom wait for the same message
	bytes     atomic.Int64
}

// limit is how many bytes may wait for one client: no more than are left for all. So
// nobody has to be chosen when few are left. A client with much is over the limit
// before those with little (dynamic thresholds, Choudhury and Hahne 1998).
func (b *backlogs) limit() int {
	if b == nil {
		return maxQueued
	}
	all := maxBacklogs
	if b.strangers {
		all = maxStrangersBacklogs
	}
	return min(maxQueued, max(minQueued, all-int(b.bytes.Load())))
}

func (b *backlogs) add(m *message) {
	if b != nil && (b.strangers || m.waiting.Add(1) == 1) {
		b.bytes.Add(int64(len(m.frame) + queuedOverhead))
	}
}

func (b *backlogs) remove(m *message) {
	if b != nil && (b.strangers || m.waiting.Add(-1) == 0) {
		b.bytes.Add(-int64(len(m.frame) + queuedOverhead))
	}
}

func (o *outbox) empty() bool { return o.next == len(o.queue) }

// push reports whether there is room for packets. If not, none of them is in the
// outbox. In an empty one there always is.
func (o *outbox) push(packets ...*message) bool {
	size := 0
	for _, m := range packets {
		size += len(m.frame) + queuedOverhead
	}
	if o.bytes > 0 && o.bytes+size > o.all.limit() {
		return false
	}
	for _, m := range packets {
		// A packet that finds the outbox empty is written at once, as a rule. To count it
		// would cost more than it tells.
		waits := o.bytes > 0
		if waits {
			o.all.add(m)
		}
		o.bytes += len(m.frame) + queuedOverhead
		o.queue = append(o.queue, queued{m: m, counted: waits})
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
	o.queue = append(o.queue, queued{rest: &series{left: n, make: next}})
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

// pop takes the first packet out.
func (o *outbox) pop() {
	e := &o.queue[o.next]
	o.bytes -= len(e.m.frame) + queuedOverhead
	if e.counted {
		o.all.remove(e.m)
	}
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

// transfer has later packets counted in other backlogs. Packets that wait already count
// in neither.
func (o *outbox) transfer(to *backlogs) {
	o.uncount()
	o.all = to
}

func (o *outbox) clear() {
	o.uncount()
	*o = outbox{all: o.all}
}

func (o *outbox) uncount() {
	for i := range o.queue[o.next:] {
		if e := &o.queue[o.next+i]; e.counted {
			o.all.remove(e.m)
			e.counted = false
		}
	}
}

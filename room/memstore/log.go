package memstore

import (
	"sort"
	"unsafe"

	"securechat/room"
)

const (
	// slotBytes is what a place in the ring takes, with a message in it or not.
	slotBytes = int(unsafe.Sizeof(room.Message{}))
	// smallRing is the least number of places in a ring that is not empty.
	smallRing = 8
)

// messageLog keeps the latest messages of a room, or its latest notices, oldest first,
// in a ring.
type messageLog struct {
	ring  []room.Message
	first int // index of the oldest
	n     int // messages in the ring
	bytes int // that all of it takes, the empty places included
}

// add appends a message and drops the oldest ones beyond a bound. The empty places of the
// ring count against it, too.
func (l *messageLog) add(m room.Message, b room.Bound) {
	for l.n >= b.Entries && l.n > 0 {
		l.drop()
	}
	if l.n == len(l.ring) {
		l.resize(max(smallRing, len(l.ring)*3/2))
	}
	l.n++
	*l.at(l.n - 1) = m
	l.bytes += m.Size()
	for l.bytes > b.Bytes && l.n > 0 {
		l.drop()
	}
}

// drop drops the oldest message, of which there has to be one.
func (l *messageLog) drop() {
	oldest := l.at(0)
	l.bytes -= oldest.Size()
	*oldest = room.Message{} // what it held is not kept
	l.first = (l.first + 1) % len(l.ring)
	l.n--
	switch {
	case l.n == 0:
		l.resize(0)
	case 4*l.n < len(l.ring) && len(l.ring) > smallRing:
		l.resize(max(smallRing, len(l.ring)/2))
	}
}

// resize moves the messages into a ring of another length.
func (l *messageLog) resize(length int) {
	var ring []room.Message
	if length > 0 {
		ring = make([]room.Message, length)
		for i := range l.n {
			ring[i] = *l.at(i)
		}
	}
	l.bytes += slotBytes * (length - len(l.ring))
	l.ring, l.first = ring, 0
}

// at returns the place of a message, counted from the oldest.
func (l *messageLog) at(i int) *room.Message { return &l.ring[(l.first+i)%len(l.ring)] }

// between returns a copy of the messages after a sequence number and up to another.
func (l *messageLog) between(after, until uint64) []room.Message {
	beyond := func(seq uint64) int {
		return sort.Search(l.n, func(i int) bool { return l.at(i).Seq > seq })
	}
	from, to := beyond(after), beyond(until)
	if from >= to {
		return nil
	}
	found := make([]room.Message, to-from)
	for i := range found {
		found[i] = *l.at(from + i)
	}
	return found
}

// latest returns the member's latest message under the ref.
func (l *messageLog) latest(member, ref string) (room.Message, bool) {
	for i := l.n - 1; i >= 0; i-- {
		if m := l.at(i); m.Ref == ref && m.Member == member {
			return *m, true
		}
	}
	return room.Message{}, false
}

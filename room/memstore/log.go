package memstore

import (
	"sort"
	"unsafe"

	"securechat/room"
)

const (
	// maxLogBytes bounds what the log of one room may take, in bytes as the log counts
	// them: the longest envelopes, a thousand of them, would take sixteen times as much,
	// and a page that loads is sent all of it.
	maxLogBytes = 4 << 20
	// slotBytes is what a place in the ring takes, with a message in it or not.
	slotBytes = int(unsafe.Sizeof(room.Message{}))
	// maxNoticeBytes bounds what the notices of one room may take, counted likewise.
	maxNoticeBytes = 128 << 10
	// noticeBytes is what a notice takes besides its place and its texts.
	noticeBytes = int(unsafe.Sizeof(room.Notice{}))
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

// add appends a message and drops the oldest ones beyond limit messages, or
// beyond limitBytes.
func (l *messageLog) add(m room.Message, limit, limitBytes int) {
	for l.n >= limit && l.n > 0 {
		l.drop()
	}
	if l.n == len(l.ring) {
		l.resize(max(smallRing, len(l.ring)*3/2))
	}
	l.n++
	*l.at(l.n - 1) = m
	l.bytes += cost(&m)
	for l.bytes > limitBytes && l.n > 0 {
		l.drop()
	}
}

// drop drops the oldest message, of which there has to be one.
func (l *messageLog) drop() {
	oldest := l.at(0)
	l.bytes -= cost(oldest)
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

// cost is what a message takes besides its place in the ring. Its member and name are
// counted as well: they are shared with the membership, but may outlive it.
func cost(m *room.Message) int {
	total := stringCost(m.Content) + stringCost(m.Ref) + stringCost(m.Name) + stringCost(m.Member)
	if m.Notice != nil {
		total += noticeBytes
		for _, name := range m.Notice.By {
			total += int(unsafe.Sizeof(name)) + stringCost(name)
		}
	}
	return total
}

// stringCost is what a string takes at most: the allocator hands out memory in sizes
// that are up to an eighth larger, and at least 8 bytes.
func stringCost(s string) int {
	if s == "" {
		return 0
	}
	return len(s) + len(s)/8 + 8
}

// after returns a copy of the messages with a greater sequence number.
func (l *messageLog) after(seq uint64) []room.Message {
	from := sort.Search(l.n, func(i int) bool { return l.at(i).Seq > seq })
	if from == l.n {
		return nil
	}
	found := make([]room.Message, l.n-from)
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

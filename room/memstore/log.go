package memstore

import (
	"slices"
	"sort"

	"securechat/room"
)

// messageLog keeps the latest messages of a room in a ring.
type messageLog struct {
	ring  []room.Message // oldest at start, once it is full
	start int
}

func (l *messageLog) add(m room.Message, limit int) {
	if len(l.ring) < limit {
		l.ring = append(l.ring, m)
		return
	}
	l.ring[l.start] = m
	l.start = (l.start + 1) % len(l.ring)
}

// after returns a copy of the messages with a greater sequence number, oldest
// first.
func (l *messageLog) after(seq uint64) []room.Message {
	n := len(l.ring)
	at := func(i int) room.Message { return l.ring[(l.start+i)%n] }
	first := sort.Search(n, func(i int) bool { return at(i).Seq > seq })
	if first == n {
		return nil
	}
	from := (l.start + first) % n
	if from < l.start {
		return slices.Clone(l.ring[from:l.start])
	}
	return slices.Concat(l.ring[from:], l.ring[:l.start])
}

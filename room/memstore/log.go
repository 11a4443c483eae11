package memstore

import (
	"slices"
	"sort"

	"securechat/room"
)

// maxLogBytes bounds what the messages of one room may take, in bytes of
// content: the longest envelopes, a thousand of them, would take four times as
// much, and a page that loads is sent all of it.
const maxLogBytes = 4 << 20

// messageLog keeps the latest messages of a room, oldest first.
type messageLog struct {
	messages []room.Message
	bytes    int
}

// add appends a message and drops the oldest ones beyond limit messages, or
// beyond maxLogBytes.
func (l *messageLog) add(m room.Message, limit int) {
	l.messages = append(l.messages, m)
	l.bytes += len(m.Content)
	drop := max(0, len(l.messages)-limit)
	for _, old := range l.messages[:drop] {
		l.bytes -= len(old.Content)
	}
	for l.bytes > maxLogBytes {
		l.bytes -= len(l.messages[drop].Content)
		drop++
	}
	clear(l.messages[:drop]) // the array is kept for a while: what it held is not
	l.messages = l.messages[drop:]
}

// after returns a copy of the messages with a greater sequence number.
func (l *messageLog) after(seq uint64) []room.Message {
	first := sort.Search(len(l.messages), func(i int) bool { return l.messages[i].Seq > seq })
	return slices.Clone(l.messages[first:])
}

// latest returns the member's latest message under the ref.
func (l *messageLog) latest(member, ref string) (room.Message, bool) {
	for i := range slices.Backward(l.messages) {
		if m := &l.messages[i]; m.Ref == ref && m.Member == member {
			return *m, true
		}
	}
	return room.Message{}, false
}

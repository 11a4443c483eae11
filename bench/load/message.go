package load

import "bytes"

// A text says who sent it, which one it is of its sender, and when it was due,
// in fields of fixed width: a delivery is checked without parsing it.
//
//	load rrrr mmmm ssssssss tttttttttttttttt and some words
const (
	marker     = `"load ` // with the quote that JSON puts before it
	roomAt     = len(marker)
	memberAt   = roomAt + 4 + 1
	seqAt      = memberAt + 4 + 1
	dueAt      = seqAt + 8 + 1
	stampEnd   = dueAt + 16
	words      = " and then the words that people write to each other"
	maxRooms   = 1 << 16
	maxMembers = 1 << 16
)

// stamp is what a text says of itself.
type stamp struct {
	room, member int
	seq          uint64 // of its sender, from 0
	due          int64  // in nanoseconds since the crowd's epoch
}

// letter is a sender's `message` event, written once and stamped anew for each
// message.
type letter struct {
	frame []byte
	at    int // where the marker is
}

func newLetter(roomID string) letter {
	frame := append([]byte(`42["message",{"room":`), quoted(roomID)...)
	frame = append(frame, `,"message":`...)
	at := len(frame)
	frame = append(frame, marker+`0000 0000 00000000 0000000000000000`+words+`"}]`...)
	return letter{frame, at}
}

// stamp returns the event with a stamp. It is valid until the next call.
func (l letter) stamp(s stamp) []byte {
	text := l.frame[l.at:]
	putHex(text[roomAt:roomAt+4], uint64(s.room))
	putHex(text[memberAt:memberAt+4], uint64(s.member))
	putHex(text[seqAt:seqAt+8], s.seq)
	putHex(text[dueAt:stampEnd], uint64(s.due))
	return l.frame
}

// scanner finds the stamps in what a server sends. It remembers where the last
// one was: the frames of one server look alike.
type scanner struct{ at int }

// scan returns the stamp in a frame, and whether there is one.
func (sc *scanner) scan(frame []byte) (stamp, bool) {
	if sc.at+stampEnd > len(frame) || string(frame[sc.at:sc.at+len(marker)]) != marker {
		sc.at = max(0, bytes.Index(frame, []byte(marker)))
		if sc.at == 0 || sc.at+stampEnd > len(frame) {
			return stamp{}, false
		}
	}
	text := frame[sc.at:]
	room, ok1 := hex(text[roomAt : roomAt+4])
	member, ok2 := hex(text[memberAt : memberAt+4])
	seq, ok3 := hex(text[seqAt : seqAt+8])
	due, ok4 := hex(text[dueAt:stampEnd])
	return stamp{int(room), int(member), seq, int64(due)}, ok1 && ok2 && ok3 && ok4
}

const digits = "0123456789abcdef"

// putHex fills dst with the last digits of v.
func putHex(dst []byte, v uint64) {
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = digits[v&15]
		v >>= 4
	}
}

// hex returns the number that src writes, and whether all of it is one.
func hex(src []byte) (v uint64, ok bool) {
	for _, c := range src {
		switch {
		case '0' <= c && c <= '9':
			v = v<<4 | uint64(c-'0')
		case 'a' <= c && c <= 'f':
			v = v<<4 | uint64(c-'a'+10)
		default:
			return 0, false
		}
	}
	return v, true
}

package gateway

import (
	"cmp"
	"sync"

	"securechat/internal/engine"
	"securechat/room"
)

const (
	// replaysBudget bounds, in bytes, what all replays under way keep in memory, which is no
	// part of what the logs may take: a log may give up what a page has yet to be sent.
	replaysBudget = 64 << 20
	// replayOverhead is what a replay takes at least, and replayedEntry what an entry takes in
	// it besides its texts.
	replayOverhead = 4 << 10
	replayedEntry  = 256
)

// replays bounds the memory of the replays under way. Each is counted from when it is put
// together until its last line is made, or its session ends. If all take too much, the oldest
// replay of the room that takes most is ended, by ending its connection. The page comes back
// and goes on where it was. So pages that take their replay quickly seldom lose it. The methods
// are safe for concurrent use.
type replays struct {
	mu    sync.Mutex
	limit int // bytes; 0 is none
	bytes int
	last  uint64
	held  map[*replay]struct{}
	rooms map[string]int // bytes
}

// replay is what one connection is sent of a log.
type replay struct {
	conn   *conn
	room   string
	bytes  int
	number uint64 // an earlier one has a lower number
}

// begin counts a replay, and returns the connections that have to go for it.
func (r *replays) begin(c *conn, roomID string, log []room.Message) (begun *replay, displaced []*conn) {
	begun = &replay{conn: c, room: roomID, bytes: takenBy(log)}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held == nil {
		r.held, r.rooms = make(map[*replay]struct{}), make(map[string]int)
	}
	r.last++
	begun.number = r.last
	r.held[begun] = struct{}{}
	r.bytes += begun.bytes
	r.rooms[roomID] += begun.bytes
	for r.limit > 0 && r.bytes > r.limit {
		next := r.nextLocked(begun)
		if next == nil {
			break // one alone may be larger
		}
		r.endLocked(next)
		displaced = append(displaced, next.conn)
	}
	return begun, displaced
}

// takenBy returns how many bytes a replay of a log takes.
func takenBy(log []room.Message) int {
	bytes := replayOverhead
	for i := range log {
		bytes += replayedEntry + len(log[i].Content)
		if n := log[i].Notice; n != nil {
			for _, name := range n.By {
				bytes += len(name)
			}
		}
	}
	return bytes
}

// nextLocked returns the replay that is to be ended for a new one, nil if there is no other.
func (r *replays) nextLocked(begun *replay) *replay {
	var found *replay
	for x := range r.held {
		if x == begun {
			continue
		}
		if found == nil || cmp.Or(cmp.Compare(r.rooms[found.room], r.rooms[x.room]), cmp.Compare(x.number, found.number)) < 0 {
			found = x
		}
	}
	return found
}

// end counts a replay no longer.
func (r *replays) end(x *replay) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.endLocked(x)
}

func (r *replays) endLocked(x *replay) {
	if _, held := r.held[x]; !held {
		return
	}
	delete(r.held, x)
	r.bytes -= x.bytes
	if r.rooms[x.room] -= x.bytes; r.rooms[x.room] == 0 {
		delete(r.rooms, x.room)
	}
}

// endAllOf counts the replays of a session that has ended no longer.
func (r *replays) endAllOf(link *engine.Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for x := range r.held {
		if x.conn.link == link {
			r.endLocked(x)
		}
	}
}

// outpace ends a connection that does not take what it was sent as fast as others need the
// memory for it.
func (c *conn) outpace() {
	c.outpaced.Store(true)
	c.link.Close(true)
}

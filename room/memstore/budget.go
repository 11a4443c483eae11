package memstore

import (
	"container/heap"
	"math"
	"runtime/debug"

	"securechat/room"
)

const (
	// defaultBudget is what all logs together may take if the process has no limit:
	// the hundred rooms of the default can keep a thousand messages of people each.
	defaultBudget = 64 << 20
	// budgetShare is the part of the process's limit that the logs may take: the
	// garbage collector lets them take nearly twice as much, and the rest of the
	// process needs its own.
	budgetShare = 8
	// minBudget is the least budget that follows from a limit.
	minBudget = 1 << 20
)

// DefaultBudget returns how many bytes the logs of all rooms together may take unless
// somebody says otherwise: an eighth of the limit that GOMEMLIMIT sets, 64 MiB if
// there is none.
func DefaultBudget() int {
	limit := debug.SetMemoryLimit(-1)
	if limit == math.MaxInt64 {
		return defaultBudget
	}
	return int(max(minBudget, limit/budgetShare))
}

// logBudget bounds what all logs take together. When it is full, the largest log gives
// up its oldest messages, so that one loud room costs the others nothing.
type logBudget struct {
	limit int // bytes
	used  int
	logs  logHeap // of all rooms
}

// add puts an entry into a room's log, for a caller who counts that room's messages. Its
// cost goes with the logarithm of the number of rooms. Notices are never given up for messages.
func (b *logBudget) add(k *keptRoom, m room.Message, t *room.Terms) {
	b.change(k, func() { k.part(m.Kind).add(m, t.Bound(m.Kind)) })
	for b.used > b.limit && b.logs[0].log.n > 0 {
		largest := b.logs[0]
		b.change(largest, largest.log.drop)
		if largest != k {
			largest.recount()
		}
	}
}

// change has something done to a room's log.
func (b *logBudget) change(k *keptRoom, do func()) {
	before := k.logBytes()
	do()
	if after := k.logBytes(); after != before {
		b.used += after - before
		heap.Fix(&b.logs, k.logPos)
	}
}

// count begins to count a room's log.
func (b *logBudget) count(k *keptRoom) {
	b.used += k.logBytes()
	heap.Push(&b.logs, k)
}

// uncount counts a room's log no longer.
func (b *logBudget) uncount(k *keptRoom) {
	b.used -= k.logBytes()
	heap.Remove(&b.logs, k.logPos)
}

package memstore

import "time"

// deadlineHeap is a min-heap of rooms by their next deadline, for
// container/heap.
type deadlineHeap []*keptRoom

func (h deadlineHeap) Len() int           { return len(h) }
func (h deadlineHeap) Less(i, j int) bool { return h[i].deadline.Before(h[j].deadline) }
func (h deadlineHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].heapPos, h[j].heapPos = i, j
}

// Push implements heap.Interface.
func (h *deadlineHeap) Push(x any) {
	k := x.(*keptRoom) //nolint:forcetypeassert // heap.Push of this package alone calls it
	k.heapPos = len(*h)
	*h = append(*h, k)
}

// Pop implements heap.Interface.
func (h *deadlineHeap) Pop() any {
	last := len(*h) - 1
	k := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return k
}

// logHeap is a heap of rooms by what their logs take, the largest first, for
// container/heap.
type logHeap []*keptRoom

func (h logHeap) Len() int           { return len(h) }
func (h logHeap) Less(i, j int) bool { return h[i].log.bytes > h[j].log.bytes }
func (h logHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].logPos, h[j].logPos = i, j
}

// Push implements heap.Interface.
func (h *logHeap) Push(x any) {
	k := x.(*keptRoom) //nolint:forcetypeassert // heap.Push of this package alone calls it
	k.logPos = len(*h)
	*h = append(*h, k)
}

// Pop implements heap.Interface.
func (h *logHeap) Pop() any {
	last := len(*h) - 1
	k := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return k
}

// due returns the rooms whose deadline has come, and the earliest deadline of
// the others. It looks at those rooms and their children in the heap only.
func (h deadlineHeap) due(now time.Time) (ids []string, next time.Time) {
	for pending := []int{0}; len(pending) > 0; {
		i := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		if i >= len(h) {
			continue
		}
		if at := h[i].deadline; at.After(now) {
			if next.IsZero() || at.Before(next) {
				next = at
			}
			continue
		}
		ids = append(ids, h[i].room.ID)
		pending = append(pending, 2*i+1, 2*i+2)
	}
	return ids, next
}

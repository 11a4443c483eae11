package engine

import "sync"

// inbox tells the Socket.IO layer what happened to a session: one thing after
// the other, also if it comes from several goroutines, or from within the
// telling of another.
type inbox struct {
	mu    sync.Mutex
	queue []func()
	busy  bool
}

// tell calls f when it is its turn: before tell returns, unless the inbox is
// busy already.
func (i *inbox) tell(f func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.queue = append(i.queue, f)
	if i.busy {
		return
	}
	i.busy = true
	for len(i.queue) > 0 {
		f, i.queue = i.queue[0], i.queue[1:]
		i.mu.Unlock()
		f()
		i.mu.Lock()
	}
	i.queue = nil
	i.busy = false
}

package engine

import "sync"

// maxPending and maxPendingBytes bound what may wait to be handled. A client that
// says more is not read from.
const (
	maxPending      = 256
	maxPendingBytes = 16 << 10
	// pendingOverhead is about how much a packet takes while it waits, besides its bytes.
	pendingOverhead = 128
)

// inbox handles what happens to a session, one thing after the other. It occupies
// a worker only while there is something to handle.
type inbox struct {
	workers *workers

	mu    sync.Mutex
	queue []task
	bytes int           // of what waits
	busy  bool          // a worker runs
	room  chan struct{} // closed when there is room again; nil if nobody waits
}

type task struct {
	do    func()
	bytes int
}

// add has a task done, after all that were added before. It never waits.
func (i *inbox) add(do func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.addLocked(task{do: do})
}

// addWithin is add for a client's packet of so many bytes. It waits until there is room. If
// done is closed before, the task is dropped, and addWithin reports false.
func (i *inbox) addWithin(bytes int, done <-chan struct{}, do func()) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	for len(i.queue) >= maxPending || i.bytes > maxPendingBytes {
		if i.room == nil {
			i.room = make(chan struct{})
		}
		room := i.room
		i.mu.Unlock()
		select {
		case <-room:
			i.mu.Lock()
		case <-done:
			i.mu.Lock()
			return false
		}
	}
	i.addLocked(task{do: do, bytes: bytes + pendingOverhead})
	return true
}

func (i *inbox) addLocked(t task) {
	i.queue = append(i.queue, t)
	i.bytes += t.bytes
	if !i.busy {
		i.busy = true
		i.workers.run(i.run)
	}
}

func (i *inbox) run() {
	for {
		t, ok := i.take()
		if !ok {
			return
		}
		t.do()
	}
}

// take returns the next task. If there is none the worker has to stop.
func (i *inbox) take() (task, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.queue) == 0 {
		i.queue = nil
		i.busy = false
		return task{}, false
	}
	t := i.queue[0]
	i.queue[0] = task{}
	i.queue = i.queue[1:]
	i.bytes -= t.bytes
	if i.room != nil {
		close(i.room)
		i.room = nil
	}
	return t, true
}

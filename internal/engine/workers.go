package engine

import "time"

// workerRest is how long a goroutine without work waits for more before it ends.
const workerRest = 5 * time.Second

// workers run the tasks of inboxes, as many at a time as there are. They are
// used again, since handling takes a deep stack, which a new goroutine would first
// have to grow, step by step.
type workers struct{ work chan func() }

func newWorkers() *workers { return &workers{work: make(chan func())} }

// run has f run, by a worker that rests if there is one.
func (w *workers) run(f func()) {
	select {
	case w.work <- f:
	default:
		go w.loop(f)
	}
}

func (w *workers) loop(f func()) {
	rest := time.NewTimer(workerRest)
	defer rest.Stop()
	for {
		f()
		rest.Reset(workerRest)
		select {
		case f = <-w.work:
		case <-rest.C:
			return
		}
	}
}

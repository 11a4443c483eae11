package engine

import (
	"reflect"
	"runtime"
	"sync"
	"time"

	"github.com/zishang520/socket.io/servers/socket/v3"
	"github.com/zishang520/socket.io/v3/pkg/queue"
)

const (
	// registerPatience is how long messages wait for the Socket.IO connection
	// that they belong to.
	registerPatience = 10 * time.Second
	// maxPending is how many messages may wait to be handled; a client that says
	// more is not read from.
	maxPending = 256
	// pendingPause is how long it is not read from before looking again.
	pendingPause = 2 * time.Millisecond
)

// The first byte of Socket.IO packets (Socket.IO protocol 5).
const (
	sioConnect      = '0'
	sioConnectError = '4'
)

// admission keeps messages back until the Socket.IO layer can take them. The
// library answers a request to connect before it has noted the connection, and
// would end the session of a client that is quick to speak; and it keeps all
// that a client says faster than it is handled.
type admission struct {
	mu      sync.Mutex
	asked   int           // requests to connect
	settled int           // of these, answered
	all     chan struct{} // closed when all are answered; nil if nobody waits
	tasks   *queue.Queue  // of the latest Socket.IO connection
}

// await waits until a message of the client's may be passed on, or the session
// has ended.
func (a *admission) await(data []byte, done <-chan struct{}) {
	wait, tasks := a.enter(data)
	if wait != nil {
		late := time.NewTimer(registerPatience)
		defer late.Stop()
		select {
		case <-wait:
		case <-late.C:
		case <-done:
			return
		}
	}
	for tasks != nil && tasks.Size() > maxPending {
		select {
		case <-time.After(pendingPause):
		case <-done:
			return
		}
	}
}

// enter notes a message and returns what it has to wait for.
func (a *admission) enter(data []byte) (wait <-chan struct{}, tasks *queue.Queue) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(data) > 0 && data[0] == sioConnect {
		a.asked++
		return nil, nil
	}
	if a.settled < a.asked {
		if a.all == nil {
			a.all = make(chan struct{})
		}
		return a.all, nil
	}
	return nil, a.tasks
}

// sent looks whether a message to the client refuses a request to connect.
func (a *admission) sent(data []byte) {
	if len(data) == 0 || data[0] != sioConnectError {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.settleLocked()
}

// registered notes that the library knows of a Socket.IO connection.
func (a *admission) registered(tasks *queue.Queue) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tasks = tasks
	a.settleLocked()
}

func (a *admission) settleLocked() {
	a.settled++
	if a.settled >= a.asked && a.all != nil {
		close(a.all)
		a.all = nil
	}
}

// connected reports whether there ever was a Socket.IO connection.
func (a *admission) connected() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.tasks != nil
}

// tasksOf returns the library's queue of what a socket has to handle, and makes
// it collectable. Its finalizer sits on a reference cycle, which keeps its 8 KB
// for ever; the finalizer has no use anyway, as the queue's goroutine holds the
// queue. It panics if the library is not the version this was written for.
func tasksOf(s *socket.Socket) *queue.Queue {
	f := reflect.ValueOf(s).Elem().FieldByName("taskQueue")
	if f.Type() != reflect.TypeFor[*queue.Queue]() {
		panic("engine: no task queue in a socket")
	}
	q := (*queue.Queue)(f.UnsafePointer())
	runtime.SetFinalizer(q, nil)
	return q
}

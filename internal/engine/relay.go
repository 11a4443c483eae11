package engine

import (
	"reflect"
	"runtime"

	"github.com/zishang520/socket.io/servers/engine/v3/transports"
	"github.com/zishang520/socket.io/v3/pkg/queue"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

// relay stands between a transport of the library and the library's listeners:
// these listen to the relay, and it passes on what it chooses.
type relay struct{ out types.EventEmitter }

func (r relay) AddListener(e types.EventName, l ...types.EventListener) error {
	return r.out.On(e, l...)
}
func (r relay) On(e types.EventName, l ...types.EventListener) error   { return r.out.On(e, l...) }
func (r relay) Once(e types.EventName, l ...types.EventListener) error { return r.out.Once(e, l...) }
func (r relay) RemoveListener(e types.EventName, l types.EventListener) bool {
	return r.out.RemoveListener(e, l)
}

// pass passes events of a transport on as they are.
func (r relay) pass(from transports.Transport, events ...types.EventName) {
	for _, e := range events {
		_ = from.On(e, func(args ...any) { r.out.Emit(e, args...) })
	}
}

// releaseQueue makes a task queue of the library collectable, and returns it.
// Its finalizer sits on a reference cycle, which keeps its 8 KB for ever; the
// finalizer has no use anyway, as the queue's goroutine holds the queue.
// It panics if the library is not the version this was written for.
func releaseQueue(holder any, field string) *queue.Queue {
	f := reflect.ValueOf(holder).Elem().FieldByName(field)
	if f.Type() != reflect.TypeFor[*queue.Queue]() {
		panic("engine: no task queue in " + field)
	}
	q := (*queue.Queue)(f.UnsafePointer())
	runtime.SetFinalizer(q, nil)
	return q
}

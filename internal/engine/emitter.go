package engine

import (
	"reflect"
	"slices"
	"sync"

	"github.com/zishang520/socket.io/v3/pkg/types"
)

// emitter is a small implementation of the library's [types.EventEmitter]: every
// session is one for as long as it lives, and has few listeners.
type emitter struct {
	mu        sync.Mutex
	listeners []callback
}

type callback struct {
	event types.EventName
	call  types.EventListener
	once  bool
}

var _ types.EventEmitter = (*emitter)(nil)

// On has listeners called with every event of a name.
func (e *emitter) On(event types.EventName, calls ...types.EventListener) error {
	e.add(event, false, calls)
	return nil
}

// AddListener is On.
func (e *emitter) AddListener(event types.EventName, calls ...types.EventListener) error {
	return e.On(event, calls...)
}

// Once has listeners called with the next event of a name.
func (e *emitter) Once(event types.EventName, calls ...types.EventListener) error {
	e.add(event, true, calls)
	return nil
}

func (e *emitter) add(event types.EventName, once bool, calls []types.EventListener) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, call := range calls {
		if call != nil {
			e.listeners = append(e.listeners, callback{event, call, once})
		}
	}
}

// Emit calls the listeners to an event, in the order in which they were added.
func (e *emitter) Emit(event types.EventName, args ...any) {
	for _, call := range e.take(event) {
		call(args...)
	}
}

// take returns the listeners to an event, and forgets those that are called once.
func (e *emitter) take(event types.EventName) []types.EventListener {
	e.mu.Lock()
	defer e.mu.Unlock()
	calls := e.toLocked(event)
	e.listeners = slices.DeleteFunc(e.listeners, func(l callback) bool { return l.event == event && l.once })
	return calls
}

func (e *emitter) toLocked(event types.EventName) []types.EventListener {
	var calls []types.EventListener
	for _, l := range e.listeners {
		if l.event == event {
			calls = append(calls, l.call)
		}
	}
	return calls
}

// RemoveListener removes a listener, told by its code, and reports whether it was
// there.
func (e *emitter) RemoveListener(event types.EventName, call types.EventListener) bool {
	code := reflect.ValueOf(call).Pointer()
	return e.remove(func(l callback) bool { return l.event == event && reflect.ValueOf(l.call).Pointer() == code })
}

// RemoveAllListeners removes all listeners to an event, and reports whether there
// were any.
func (e *emitter) RemoveAllListeners(event types.EventName) bool {
	return e.remove(func(l callback) bool { return l.event == event })
}

func (e *emitter) remove(which func(callback) bool) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	before := len(e.listeners)
	e.listeners = slices.DeleteFunc(e.listeners, which)
	return len(e.listeners) < before
}

// Clear removes all listeners.
func (e *emitter) Clear() { e.remove(func(callback) bool { return true }) }

// Listeners returns the listeners to an event.
func (e *emitter) Listeners(event types.EventName) []types.EventListener {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.toLocked(event)
}

// ListenerCount returns how many listeners to an event there are.
func (e *emitter) ListenerCount(event types.EventName) int { return len(e.Listeners(event)) }

// EventNames returns the events that there are listeners to.
func (e *emitter) EventNames() []types.EventName {
	e.mu.Lock()
	defer e.mu.Unlock()
	var names []types.EventName
	for _, l := range e.listeners {
		if !slices.Contains(names, l.event) {
			names = append(names, l.event)
		}
	}
	return names
}

// Len returns how many events there are listeners to.
func (e *emitter) Len() int { return len(e.EventNames()) }

package engine

import (
	"slices"
	"testing"

	"github.com/zishang520/socket.io/v3/pkg/types"
)

func TestEmitter(t *testing.T) {
	var e emitter
	var log []any
	note := func(args ...any) { log = append(log, args...) }
	again := func(args ...any) { log = append(log, "again"); log = append(log, args...) }
	_ = e.On("a", note, nil)
	_ = e.Once("a", again)
	_ = e.AddListener("b", note)
	e.Emit("a", 1)
	e.Emit("a", 2)
	e.Emit("b", 3)
	e.Emit("c", 4)
	if want := []any{1, "again", 1, 2, 3}; !slices.Equal(log, want) {
		t.Errorf("got %v, want %v", log, want)
	}
	if e.ListenerCount("a") != 1 || e.Len() != 2 || !slices.Equal(e.EventNames(), []types.EventName{"a", "b"}) {
		t.Errorf("%d listeners, events %v", e.ListenerCount("a"), e.EventNames())
	}
	if !e.RemoveListener("a", note) || e.RemoveListener("a", note) || !e.RemoveAllListeners("b") || e.RemoveAllListeners("b") {
		t.Error("a listener is removed once")
	}
	_ = e.On("a", func(...any) { e.Clear() }) // from within
	e.Emit("a")
	if e.Len() != 0 {
		t.Errorf("%d events after all are cleared", e.Len())
	}
}

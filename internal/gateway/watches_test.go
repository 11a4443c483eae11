package gateway

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"securechat/room"
)

// While the last who listens goes, the next one comes: the room is never watched twice, or all
// that happens in it would be heard twice.
func TestARoomIsWatchedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var active, begun atomic.Int32
		held := make(chan struct{})
		w := watches{begin: func(context.Context, string) (func(), error) {
			if active.Add(1) > 1 {
				t.Error("the room is watched twice")
			}
			first := begun.Add(1) == 1
			return func() {
				if first {
					<-held
				}
				active.Add(-1)
			}, nil
		}}
		unwatch, err := w.watch(t.Context(), "room")
		if err != nil {
			t.Fatal(err)
		}
		go unwatch()
		synctest.Wait()
		again := make(chan func(), 2)
		for range 2 {
			go func() {
				unwatch, err := w.watch(t.Context(), "room")
				if err != nil {
					t.Error(err)
				}
				again <- unwatch
			}()
		}
		synctest.Wait()
		close(held)
		synctest.Wait()
		(<-again)()
		if active.Load() != 1 {
			t.Errorf("watched %d times while one listens", active.Load())
		}
		(<-again)()
		if active.Load() != 0 || begun.Load() != 2 || len(w.rooms) != 0 {
			t.Errorf("watched %d times, begun %d times, %d rooms are left", active.Load(), begun.Load(), len(w.rooms))
		}
	})
}

// A room that could not be watched can be, the next time.
func TestAWatchThatFailsIsForgotten(t *testing.T) {
	away := errors.New("away")
	fails := true
	w := watches{begin: func(context.Context, string) (func(), error) {
		if fails {
			return nil, away
		}
		return func() {}, nil
	}}
	if _, err := w.watch(t.Context(), "room"); !errors.Is(err, away) || len(w.rooms) != 0 {
		t.Errorf("err = %v, %d rooms are left", err, len(w.rooms))
	}
	fails = false
	unwatch, err := w.watch(t.Context(), "room")
	if err != nil {
		t.Fatal(err)
	}
	unwatch()
	// Nor does a fault leave those waiting who come next.
	w.begin = func(context.Context, string) (func(), error) { panic("a fault") }
	func() {
		defer func() { _ = recover() }()
		_, _ = w.watch(t.Context(), "room")
	}()
	w.begin = func(context.Context, string) (func(), error) { return func() {}, nil }
	if _, err := w.watch(t.Context(), "room"); err != nil {
		t.Errorf("after a fault: %v", err)
	}
}

// Who is taken out of a room while they enter it again stays in it.
func TestAnExitTakesOneEntry(t *testing.T) {
	var a audience
	c := &conn{}
	seat := room.Seat{ID: "member", Room: "room"}
	a.enter(seat, c)
	c.seat = &seat
	a.enter(seat, c)
	a.exit(seat, c)
	if n := len(a.of("room")); n != 1 {
		t.Errorf("%d entries are left, want 1", n)
	}
}

package room_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"securechat/room"
)

// faulty is a watcher that makes a mistake, once it is to.
type faulty struct{ armed atomic.Bool }

func (w *faulty) Announce(string, []room.Event) {
	if w.armed.CompareAndSwap(true, false) {
		panic("a fault")
	}
}

// watchFaulty has a watcher fail at the next event of a room.
func watchFaulty(t *testing.T, s *service, id string) *faulty {
	t.Helper()
	w := new(faulty)
	release, err := s.Watch(t.Context(), id, w)
	must(t, err)
	t.Cleanup(release)
	w.armed.Store(true)
	return w
}

// Threat: a fault after the commit is told as if nothing had changed, and the page that says its
// message again for that says it twice.
func TestAFaultAfterTheCommitIsNoAnswer(t *testing.T) {
	s, _ := newService(room.Options{})
	alice := create(t, s, "s1", "Alice")
	enter(t, s, alice, "c1")
	watchFaulty(t, s, alice.Room)
	draft := room.Draft{Caller: room.Caller{Room: alice.Room, Member: alice.ID, Conn: "c1"}, Kind: room.KindText, Content: "hello", Ref: "r"}
	if _, err := s.Post(t.Context(), draft); !errors.Is(err, room.ErrUncertain) {
		t.Errorf("err = %v, want ErrUncertain", err)
	}
	draft.Again = true
	if earlier, err := s.Post(t.Context(), draft); err != nil || earlier == nil {
		t.Errorf("said again: %v, %v; want the earlier one", earlier, err)
	}
}

// A fault in telling what is due ends nothing, and what is due after it is done on time.
func TestTheTimerSurvivesAFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, world := newService(room.Options{})
		run(t, s)
		alice := create(t, s, "s1", "Alice")
		enter(t, s, alice, "c1")
		w := watchFaulty(t, s, alice.Room)
		time.Sleep(3*room.DefaultTerms().CodeRotation + time.Second)
		turns := 0
		for _, e := range world.of(alice.Room) {
			if _, ok := e.Body.(room.CodeChanged); ok {
				turns++
			}
		}
		if turns != 3 || w.armed.Load() {
			t.Errorf("the code turned %d times, want 3", turns)
		}
	})
}

// A fault in what is due is an answer: nothing is committed.
func TestAFaultInWhatIsDueChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := false
		s, _ := newService(room.Options{NewCode: func() string {
			if broken {
				panic("a fault")
			}
			return room.RandomCode()
		}})
		alice := create(t, s, "s1", "Alice")
		enter(t, s, alice, "c1")
		time.Sleep(room.DefaultTerms().CodeRotation)
		broken = true
		if err := post(s, alice, "hello"); !errors.Is(err, room.ErrFault) {
			t.Errorf("err = %v, want ErrFault", err)
		}
		if log, err := s.Store.Log(t.Context(), alice.Room, 0); err != nil || len(log) > 0 {
			t.Errorf("the log has %v, %v", log, err)
		}
	})
}

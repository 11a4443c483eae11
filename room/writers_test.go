package room

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func nothing(*Room, time.Time, Log) ([]Event, error) { return nil, nil }

// Changes that wait while a commit is under way are committed together, in the order in which they came.
func TestWhatWaitsIsWrittenTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var batches []int
		var order []string
		hold := make(chan struct{})
		w := writers{write: func(_ context.Context, _ string, batch []*change) error {
			<-hold
			batches = append(batches, len(batch))
			for _, c := range batch {
				_, c.err = c.rule(nil, time.Time{}, nil)
			}
			return nil
		}}
		var wg sync.WaitGroup
		for i := range 100 {
			name := fmt.Sprint(i)
			wg.Go(func() {
				c := change{rule: func(*Room, time.Time, Log) ([]Event, error) { order = append(order, name); return nil, nil }}
				if err := w.do(t.Context(), "room", &c); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		close(hold)
		wg.Wait()
		if !slices.Equal(batches, []int{1, maxBatch, 100 - 1 - maxBatch}) {
			t.Errorf("batches of %v", batches)
		}
		for i, name := range order {
			if name != fmt.Sprint(i) {
				t.Fatalf("change %s came as number %d", name, i)
			}
		}
		if len(order) != 100 || len(w.rooms) != 0 {
			t.Errorf("%d changes were made, and %d rooms are left", len(order), len(w.rooms))
		}
	})
}

// Rooms do not wait for each other.
func TestRoomsAreWrittenSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		w := writers{write: func(_ context.Context, room string, _ []*change) error {
			if room == "slow" {
				<-hold
			}
			return nil
		}}
		go func() { _ = w.do(t.Context(), "slow", &change{rule: nothing}) }()
		synctest.Wait()
		if err := w.do(t.Context(), "quick", &change{rule: nothing}); err != nil {
			t.Error(err)
		}
		close(hold)
	})
}

// Who goes away before their turn has come changes nothing, and holds up nobody; once it has
// come their change is made.
func TestAChangeIsTakenBackBeforeItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		w := writers{write: func(ctx context.Context, _ string, batch []*change) error {
			<-hold
			if ctx.Err() != nil {
				t.Error("the others' changes end with whoever makes them")
			}
			for _, c := range batch {
				_, c.err = c.rule(nil, time.Time{}, nil)
			}
			return nil
		}}
		made := map[string]bool{}
		results := map[string]error{}
		var mu sync.Mutex
		var wg sync.WaitGroup
		start := func(name string) context.CancelFunc {
			ctx, cancel := context.WithCancel(t.Context())
			wg.Go(func() {
				err := w.do(ctx, "room", &change{rule: func(*Room, time.Time, Log) ([]Event, error) { made[name] = true; return nil, nil }})
				mu.Lock()
				defer mu.Unlock()
				results[name] = err
			})
			synctest.Wait()
			return cancel
		}
		leader, gone, last := start("leader"), start("gone"), start("last")
		defer last()
		gone()
		synctest.Wait()
		leader()
		close(hold)
		wg.Wait()
		if !made["leader"] || made["gone"] || !made["last"] {
			t.Errorf("made: %v", made)
		}
		if results["leader"] != nil || !errors.Is(results["gone"], context.Canceled) || results["last"] != nil {
			t.Errorf("results: %v", results)
		}
	})
}

// One's refusal, or a fault in one's rule, is one's own.
func TestARefusalChangesNothingForTheOthers(t *testing.T) {
	r := New(Founding{ID: "room", Code: "111111", MemberID: "alice", MemberName: "Alice"}, DefaultTerms(), start)
	refused := errors.New("no")
	event := func(r *Room, _ time.Time, _ Log) ([]Event, error) { return []Event{r.event(CodeChanged{})}, nil }
	batch := []*change{
		{rule: event},
		{rule: func(r *Room, _ time.Time, _ Log) ([]Event, error) {
			r.Code = "222222"
			return []Event{r.event(CodeChanged{})}, refused
		}},
		{rule: func(r *Room, _ time.Time, _ Log) ([]Event, error) {
			r.Code = "333333"
			r.Seq++
			panic("a fault")
		}},
		{rule: event},
		{rule: func(r *Room, now time.Time, _ Log) ([]Event, error) { return r.close(Emptied, now), nil }},
		{rule: event},
	}
	events := runBatch(r, start, nil, batch, nil)
	want := []error{nil, refused, ErrFault, nil, nil, ErrNotFound}
	for i, c := range batch {
		if !errors.Is(c.err, want[i]) {
			t.Errorf("change %d: err = %v, want %v", i, c.err, want[i])
		}
	}
	if r.Code != "111111" || r.Seq != 3 || len(events) != 3 {
		t.Errorf("code %s, event %d, %d events", r.Code, r.Seq, len(events))
	}
	for i, e := range events {
		if e.Seq != uint64(i)+1 {
			t.Errorf("event %d is number %d", e.Seq, i+1)
		}
	}
}

// A store that fails fails all whose changes it was to commit.
func TestAFailingStoreFailsAllOfABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		away := errors.New("away")
		hold := make(chan struct{})
		w := writers{write: func(context.Context, string, []*change) error { <-hold; return away }}
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				if err := w.do(t.Context(), "room", &change{rule: nothing}); !errors.Is(err, away) {
					t.Errorf("err = %v", err)
				}
			})
		}
		synctest.Wait()
		close(hold)
		wg.Wait()
	})
}

// A message that was said in the same batch counts as said.
func TestABatchKnowsWhatItSays(t *testing.T) {
	s := founded(t)
	log := &batchLog{emptyLog{}, nil}
	for i, want := range []bool{false, true} {
		if _, found, err := log.Said("alice", "r1"); found != want || err != nil {
			t.Errorf("look %d: %v, %v", i, found, err)
		}
		events, err := s.Post(s.now, "alice", KindText, "hello", "r1")
		if err != nil {
			t.Fatal(err)
		}
		log.events = append(log.events, events...)
	}
	if _, found, _ := log.Said("bob", "r1"); found {
		t.Error("it is somebody else's")
	}
}

type emptyLog struct{}

func (emptyLog) Said(string, string) (Message, bool, error) { return Message{}, false, nil }

// A fault while a batch is made is no success for those whose changes were in it, and no answer
// either: it may have come after the commit. Whoever writes for all is no worse off.
func TestAFaultIsNoSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		first := true
		w := writers{write: func(context.Context, string, []*change) error {
			<-hold
			if first {
				first = false
				return nil
			}
			panic("a fault")
		}}
		var wg sync.WaitGroup
		var errs [4]error
		for i := range errs {
			wg.Go(func() { errs[i] = w.do(t.Context(), "room", &change{rule: nothing}) })
			synctest.Wait()
		}
		close(hold)
		wg.Wait()
		for i, err := range errs {
			if i > 0 && !errors.Is(err, ErrUncertain) || i == 0 && err != nil {
				t.Errorf("change %d: err = %v", i, err)
			}
		}
		if len(w.rooms) != 0 {
			t.Errorf("%d rooms are left", len(w.rooms))
		}
	})
}

package room

import (
	"slices"
	"testing"
)

// heard writes down the numbers of what it hears.
type heard struct{ seqs []uint64 }

func (h *heard) Announce(_ string, events []Event) {
	for _, e := range events {
		h.seqs = append(h.seqs, e.Seq)
	}
}

type emptyEntries struct{}

func (emptyEntries) Between(uint64, uint64) []Message { return nil }

func happened(seqs ...uint64) (events []Event) {
	for _, seq := range seqs {
		events = append(events, Event{Seq: seq, Body: CodeChanged{}})
	}
	return events
}

// Events that were published before somebody watches are for those who did then.
func TestAWatcherHearsNothingOfBefore(t *testing.T) {
	var f Feed
	early, late := new(heard), new(heard)
	f.Publish(happened(1))
	defer f.Watch("room", early, emptyEntries{})()
	f.Publish(happened(2))
	f.Publish(happened(3))
	release := f.Watch("room", late, emptyEntries{})
	f.Publish(happened(4))
	f.HandOn("room", emptyEntries{})
	release()
	f.Publish(happened(5))
	f.HandOn("room", emptyEntries{})
	if want := []uint64{2, 3, 4, 5}; !slices.Equal(early.seqs, want) {
		t.Errorf("the first heard %v, want %v", early.seqs, want)
	}
	if want := []uint64{4}; !slices.Equal(late.seqs, want) {
		t.Errorf("the second heard %v, want %v", late.seqs, want)
	}
}

// Somebody may publish while a watcher is being added: it waits until that is handed on.
func TestAWatcherIsAddedWhenNothingIsPending(t *testing.T) {
	var f Feed
	early, late := new(heard), new(heard)
	defer f.Watch("room", early, emptyEntries{})()
	f.Publish(happened(1))
	if f.add(late) {
		t.Error("a watcher was added that would hear of before")
	}
	f.HandOn("room", emptyEntries{})
	if !f.add(late) {
		t.Error("a watcher was not added though nothing is pending")
	}
	if len(late.seqs) > 0 {
		t.Errorf("it heard %v", late.seqs)
	}
}

// An answer comes after all that was committed before it.
func TestAnAnswerOvertakesNothing(t *testing.T) {
	var f Feed
	h := new(heard)
	defer f.Watch("room", h, emptyEntries{})()
	r := &Room{ID: "room", Seq: 1}
	f.Publish(happened(1))
	f.Observe(func() *Room { return r }, emptyEntries{}, func(told *Room) {
		if told.Seq != 1 || !slices.Equal(h.seqs, []uint64{1}) {
			t.Errorf("as of event %d, when %v were heard", told.Seq, h.seqs)
		}
	})
	// Also what is committed while it is looked at.
	looks := 0
	f.Observe(func() *Room {
		if looks++; looks == 1 {
			before := *r
			r.Seq = 2
			f.Publish(happened(2))
			return &before
		}
		return r
	}, emptyEntries{}, func(told *Room) {
		if told.Seq != 2 || !slices.Equal(h.seqs, []uint64{1, 2}) {
			t.Errorf("as of event %d, when %v were heard", told.Seq, h.seqs)
		}
	})
}

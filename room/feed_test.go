package room_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"securechat/room"
	"securechat/room/memstore"
)

// Two processes with one store: what is said by either is heard by both, in one order, once;
// and what is said again by the other while the first is still at it is said once.
func TestTwoServicesOverOneStore(t *testing.T) {
	store := memstore.New()
	one, oneHears := newService(room.Options{Store: store})
	two, _ := newService(room.Options{Store: store})
	two.Store = store
	alice := create(t, one, "s1", "Alice")
	twoHears := new(announced)
	release, err := two.Watch(t.Context(), alice.Room, twoHears)
	must(t, err)
	defer release()
	enter(t, one, alice, "c1")
	enter(t, two, alice, "c2")

	const each = 200
	var wg sync.WaitGroup
	for i, s := range []*service{one, two} {
		for w := range 3 {
			wg.Go(func() {
				for n := range each {
					// All say the same things, as a page does that goes on at another process.
					d := room.Draft{
						Caller: room.Caller{Room: alice.Room, Member: alice.ID, Conn: fmt.Sprint("c", i+1)},
						Kind:   room.KindText, Content: "hello", Ref: fmt.Sprint(n), Again: true,
					}
					if w == 0 {
						d.Ref, d.Again = "", false
					}
					if _, err := s.Post(t.Context(), d); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	first, second := oneHears.of(alice.Room), twoHears.of(alice.Room)
	if len(first) != len(second) {
		t.Errorf("one hears %d events, the other %d", len(first), len(second))
	}
	refs := map[string]int{}
	for i, e := range first {
		if e.Seq != uint64(i)+1 || second[i].Seq != e.Seq {
			t.Fatalf("as number %d one hears event %d, the other %d", i+1, e.Seq, second[i].Seq)
		}
		if p, ok := e.Body.(room.MessagePosted); ok {
			refs[p.Message.Ref]++
		}
	}
	if refs[""] != 2*each {
		t.Errorf("%d messages without a ref, want %d", refs[""], 2*each)
	}
	for n := range each {
		if said := refs[fmt.Sprint(n)]; said != 1 {
			t.Errorf("message %d was posted %d times", n, said)
		}
	}
}

// Who enters has in the log what was said before, and hears the rest: nothing twice, nothing
// missing, while others go on talking.
func TestTheLogAndTheFeedMeet(t *testing.T) {
	s, world := newService(room.Options{})
	alice := create(t, s, "s1", "Alice")
	enter(t, s, alice, "talks")
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for range 100 {
				must(t, postBy(s, room.Caller{Room: alice.Room, Member: alice.ID, Conn: "talks"}, "hello"))
			}
		})
	}
	nothing := uint64(0)
	for i := range 50 {
		must(t, s.Connect(t.Context(), room.Attach{Room: alice.Room, Member: alice.ID, Conn: room.Conn{ID: fmt.Sprint(i)}, Resume: &nothing}))
	}
	wg.Wait()
	events := world.of(alice.Room)
	var said []uint64
	for _, e := range events {
		if _, ok := e.Body.(room.MessagePosted); ok {
			said = append(said, e.Seq)
		}
	}
	for i, e := range events {
		a, ok := e.Body.(room.Attached)
		if !ok {
			continue
		}
		var heard []uint64
		for _, m := range a.Log {
			heard = append(heard, m.Seq)
		}
		for _, later := range events[i:] {
			if _, ok := later.Body.(room.MessagePosted); ok && later.Seq > a.Until {
				heard = append(heard, later.Seq)
			}
		}
		if !slices.Equal(heard, said) {
			t.Fatalf("who entered by event %d gets %d messages of %d", e.Seq, len(heard), len(said))
		}
	}
}

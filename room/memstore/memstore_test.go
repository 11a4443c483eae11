package memstore

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"securechat/room"
	"securechat/room/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) room.Store { return New() })
}

// The bounds of the product.
var (
	maxLogBytes    = room.DefaultTerms().MaxLogBytes
	maxNoticeBytes = room.DefaultTerms().MaxNoticeBytes
)

var start = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func newRoom(n int) *room.Room {
	r := room.New(room.Founding{
		ID: fmt.Sprintf("6f1e1d3c-0000-4000-8000-%012d", n), Code: fmt.Sprint(n), Networks: []room.Network{{Key: fmt.Sprintf("address%d", n), Share: 1}},
		SharedKey: "ABCDEFGHIJKLMNOPQRSTUVWXYZ", MemberID: fmt.Sprintf("7f1e1d3c-0000-4000-8000-%012d", n),
		MemberName: "Alice", Session: fmt.Sprintf("session%015d", n),
	}, room.DefaultTerms(), start)
	return r
}

// Somebody who posts the longest messages, and nothing else, must not fill the
// memory with them.
func TestTheLogIsBoundedInBytes(t *testing.T) {
	var l messageLog
	long := strings.Repeat("x", 64<<10)
	for seq := range uint64(1000) {
		l.add(room.Message{Seq: seq + 1, Content: long}, room.Bound{Entries: 1000, Bytes: maxLogBytes})
	}
	kept := l.between(0, math.MaxUint64)
	if most := maxLogBytes / len(long); len(kept) > most || len(kept) < most*3/4 || kept[len(kept)-1].Seq != 1000 || l.bytes > maxLogBytes {
		t.Errorf("%d messages, %d bytes", len(kept), l.bytes)
	}
	for seq := range uint64(1000) {
		l.add(room.Message{Seq: seq + 1001, Content: "short"}, room.Bound{Entries: 1000, Bytes: maxLogBytes})
	}
	kept = l.between(0, math.MaxUint64)
	if len(kept) != 1000 || kept[0].Seq != 1001 || l.bytes != taken(&l) {
		t.Errorf("%d messages, %d bytes, want %d", len(kept), l.bytes, taken(&l))
	}
}

// Nor must those who come and go, under the longest names, with everybody's yes.
func TestTheNoticesAreBoundedInBytes(t *testing.T) {
	s := New()
	r := newRoom(1)
	if err := s.Create(t.Context(), r, room.Capacity{Rooms: 1, RoomsPerAddress: 1}); err != nil {
		t.Fatal(err)
	}
	name := strings.Repeat("x", 320)
	by := slices.Repeat([]string{name}, 50)
	var last uint64
	for range 100 {
		_, err := s.Update(t.Context(), r.ID, func(r *room.Room, _ room.Log) ([]room.Event, error) {
			r.Seq++
			last = r.Seq
			return []room.Event{{Seq: r.Seq, Body: room.KnockAdmitted{Knock: "knock", Name: name, At: start, By: by}}}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	k := s.rooms[r.ID]
	kept := k.logged(0, math.MaxUint64)
	if most := maxNoticeBytes / (51 * len(name)); len(kept) > most || len(kept) < most*3/4 || kept[len(kept)-1].Seq != last || k.notices.bytes != taken(&k.notices) {
		t.Errorf("%d notices, %d bytes", len(kept), k.notices.bytes)
	}
	if s.logs.used != k.notices.bytes {
		t.Errorf("%d bytes counted, want %d", s.logs.used, k.notices.bytes)
	}
}

// taken counts anew what a log takes.
func taken(l *messageLog) int {
	total := len(l.ring) * slotBytes
	for i := range l.ring {
		total += l.ring[i].Size()
	}
	return total
}

// Entries that have left a log, and the places that they had, must be counted and given back.
func TestTheLogCountsWhatItTakes(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var l messageLog
	var want []uint64
	for seq := uint64(1); seq <= 3000; seq++ {
		limit := 1 + rng.IntN(200)
		l.add(room.Message{Seq: seq, Content: strings.Repeat("x", rng.IntN(300)), Name: "Alice"}, room.Bound{Entries: limit, Bytes: maxLogBytes})
		if want = append(want, seq); len(want) > limit {
			want = want[len(want)-limit:]
		}
		for range rng.IntN(3) {
			if l.n > 0 {
				l.drop()
				want = want[1:]
			}
		}
		var got []uint64
		for _, m := range l.between(0, math.MaxUint64) {
			got = append(got, m.Seq)
		}
		if !slices.Equal(got, want) || l.bytes != taken(&l) || len(l.ring) > max(smallRing, 4*max(1, l.n)) {
			t.Fatalf("after %d: %v, want %v; %d bytes, want %d; %d places", seq, got, want, l.bytes, taken(&l), len(l.ring))
		}
	}
}

// A hundred full logs must not take a hundred times what one may: the largest gives
// up its oldest, and who says little keeps it all.
func TestAllLogsTogetherHaveABudget(t *testing.T) {
	const budget = 1 << 20
	s := NewWithin(budget)
	post := func(n int, text string) {
		t.Helper()
		_, err := s.Update(t.Context(), newRoom(n).ID, func(r *room.Room, _ room.Log) ([]room.Event, error) {
			r.Seq++
			return []room.Event{{Seq: r.Seq, Body: room.MessagePosted{Message: room.Message{Seq: r.Seq, Kind: room.KindText, Member: r.Members[0].ID, Name: "Alice", Content: text, At: start}}}}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		used := 0
		for _, k := range s.rooms {
			used += taken(&k.log) + taken(&k.notices)
			if k.room.Messages != k.log.n {
				t.Fatalf("a room says that it keeps %d messages, and keeps %d", k.room.Messages, k.log.n)
			}
		}
		if used > budget || used != s.logs.used {
			t.Fatalf("the logs take %d bytes, counted %d, of %d", used, s.logs.used, budget)
		}
	}
	const rooms = 10
	for n := range rooms {
		if err := s.Create(t.Context(), newRoom(n), room.Capacity{Rooms: rooms, RoomsPerAddress: 1}); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 {
		post(0, "a few words")
	}
	for i := range 500 {
		post(1+i%(rooms-1), strings.Repeat("x", 16<<10))
	}
	log := func(n int) []room.Message {
		kept, err := s.Log(t.Context(), newRoom(n).ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		return kept
	}
	if kept := log(0); len(kept) != 20 {
		t.Errorf("the room of few words keeps %d of 20 messages", len(kept))
	}
	for n := 1; n < rooms; n++ {
		if kept := log(n); len(kept) < 4 || kept[len(kept)-1].Seq < 50 {
			t.Errorf("room %d keeps %d messages: not its share, or not the latest", n, len(kept))
		}
	}
	// A room that ends gives its part back.
	_, err := s.Update(t.Context(), newRoom(1).ID, func(r *room.Room, _ room.Log) ([]room.Event, error) {
		return r.Advance(r.ExpiresAt, func() string { return r.Code }), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	post(2, "more")
	// One that is larger than all of the budget cannot be kept, and harms nothing.
	post(2, strings.Repeat("x", budget))
	post(2, "still here")
}

func TestDefaultBudget(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	for limit, want := range map[int64]int{math.MaxInt64: 64 << 20, 512 << 20: 64 << 20, 4 << 30: 512 << 20, 1 << 20: 1 << 20} {
		debug.SetMemoryLimit(limit)
		if got := DefaultBudget(); got != want {
			t.Errorf("of %d: %d, want %d", limit, got, want)
		}
	}
}

// Somebody who makes rooms and enters none must not fill the memory with what is remembered.
func TestLapsedRoomsAreForgotten(t *testing.T) {
	var l lapsed
	for n := range 5 * maxLapsed {
		r := newRoom(n)
		r.Closing = room.Unentered
		l.remember(r)
		if kept := len(l.young) + len(l.old); kept > 2*maxLapsed {
			t.Fatalf("%d are remembered", kept)
		}
	}
	for n, want := range map[int]bool{0: false, 4*maxLapsed + 1: true, 5*maxLapsed - 1: true} {
		if r := newRoom(n); (l.why(r.ID, r.Members[0].Session) == room.Unentered) != want {
			t.Errorf("room %d is remembered %v, want %v", n, !want, want)
		}
	}
}

// The order in which deadlines come up must be right however they move.
func TestDeadlinesUnderRandomMoves(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	s := New()
	deadlines := map[string]time.Time{}
	for n := range 200 {
		r := newRoom(n)
		if err := s.Create(t.Context(), r, room.Capacity{Rooms: 1000, RoomsPerAddress: 1000}); err != nil {
			t.Fatal(err)
		}
		deadlines[r.ID] = r.NextDeadline()
	}
	for range 2000 {
		id := newRoom(rng.IntN(200)).ID
		_, err := s.Update(t.Context(), id, func(r *room.Room, _ room.Log) ([]room.Event, error) {
			r.ExpiresAt = start.Add(time.Duration(rng.Int64N(int64(time.Hour))))
			deadlines[id] = r.NextDeadline()
			return nil, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		now := start.Add(time.Duration(rng.Int64N(int64(time.Hour))))
		ids, next, err := s.Due(t.Context(), now)
		if err != nil {
			t.Fatal(err)
		}
		wantDue, wantNext := 0, time.Time{}
		for _, at := range deadlines {
			if !at.After(now) {
				wantDue++
			} else if wantNext.IsZero() || at.Before(wantNext) {
				wantNext = at
			}
		}
		if len(ids) != wantDue || !next.Equal(wantNext) {
			t.Fatalf("%d due, next %v; want %d, %v", len(ids), next, wantDue, wantNext)
		}
	}
}

// BenchmarkDue: asking for what is due costs what is due, not what exists.
func BenchmarkDue(b *testing.B) {
	for _, rooms := range []int{100, 100_000} {
		b.Run(fmt.Sprintf("rooms=%d", rooms), func(b *testing.B) {
			s := New()
			for n := range rooms {
				r := newRoom(n)
				r.Members[0].AbsentDue = start.Add(time.Hour)
				r.CodeDue = start.Add(time.Hour)
				if n < 10 {
					r.CodeDue = start
				}
				if err := s.Create(b.Context(), r, room.Capacity{Rooms: rooms, RoomsPerAddress: rooms}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				if ids, _, _ := s.Due(b.Context(), start); len(ids) != 10 {
					b.Fatal(len(ids))
				}
			}
		})
	}
}

// BenchmarkIdleRooms prints the memory of an idle room with three members.
func BenchmarkIdleRooms(b *testing.B) {
	const rooms = 10_000
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		s := New()
		for n := range rooms {
			r := newRoom(n)
			founder := r.Members[0].ID
			if _, err := r.Connect(start, room.Attach{Member: founder, Conn: room.Conn{ID: "connection-of-" + founder}}); err != nil {
				b.Fatal(err)
			}
			for _, m := range []string{"b", "c"} {
				id, session := fmt.Sprintf("%s-%032d", m, n), fmt.Sprintf("%s-session%015d", m, n)
				if _, _, err := r.RequestJoin(start, id, session, "Name "+m); err != nil {
					b.Fatal(err)
				}
				for _, voter := range r.Members {
					if _, err := r.Approve(start, room.Caller{Member: voter.ID, Conn: "connection-of-" + voter.ID}, id); err != nil {
						b.Fatal(err)
					}
				}
				if _, err := r.Connect(start, room.Attach{Member: id, Conn: room.Conn{ID: "connection-of-" + id}}); err != nil {
					b.Fatal(err)
				}
			}
			if err := s.Create(b.Context(), r, room.Capacity{Rooms: rooms, RoomsPerAddress: rooms}); err != nil {
				b.Fatal(err)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/rooms, "B/room")
		runtime.KeepAlive(s)
	}
}

// A ring that is not empty never has fewer places than the least one.
func TestARingKeepsItsLeastLength(t *testing.T) {
	for full := range 100 {
		var l messageLog
		for seq := range full + 1 {
			l.add(room.Message{Seq: uint64(seq) + 1}, room.Bound{Entries: 1000, Bytes: maxLogBytes})
		}
		for l.n > 1 {
			if l.drop(); len(l.ring) < smallRing {
				t.Fatalf("of %d messages %d are left, in %d places", full+1, l.n, len(l.ring))
			}
		}
	}
}

// nobody hears what happens, and watches all the same.
type nobody struct{}

func (nobody) Announce(string, []room.Event) {}

// Somebody who goes on watching a room that has ended must not keep its log in memory.
func TestARoomThatHasEndedKeepsNoLog(t *testing.T) {
	s := New()
	r := newRoom(1)
	if err := s.Create(t.Context(), r, room.Capacity{Rooms: 1, RoomsPerAddress: 1}); err != nil {
		t.Fatal(err)
	}
	release, err := s.Watch(t.Context(), r.ID, nobody{})
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	k := s.rooms[r.ID]
	alice := room.Caller{Room: r.ID, Member: r.Members[0].ID, Conn: "one"}
	for _, rule := range []func(r *room.Room) ([]room.Event, error){
		func(r *room.Room) ([]room.Event, error) {
			return r.Connect(start, room.Attach{Room: r.ID, Member: alice.Member, Conn: room.Conn{ID: "one"}})
		},
		func(r *room.Room) ([]room.Event, error) {
			posted, err := r.Post(start, alice, room.KindText, "hello", "")
			return []room.Event{posted}, err
		},
		func(r *room.Room) ([]room.Event, error) { return r.Leave(start, alice, 0, true) },
	} {
		if _, err := s.Update(t.Context(), r.ID, func(r *room.Room, _ room.Log) ([]room.Event, error) { return rule(r) }); err != nil {
			t.Fatal(err)
		}
	}
	if n := k.logBytes(); n != 0 {
		t.Errorf("%d bytes are left", n)
	}
}

package memstore

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"securechat/room"
	"securechat/room/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) room.Store { return New() })
}

var start = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func newRoom(n int) *room.Room {
	r := room.New(room.Founding{
		ID: fmt.Sprintf("6f1e1d3c-0000-4000-8000-%012d", n), Code: fmt.Sprint(n), Address: fmt.Sprintf("address%d", n),
		EncryptionKey: "ABCDEFGHIJKLMNOPQRSTUVWXYZ", MemberID: fmt.Sprintf("7f1e1d3c-0000-4000-8000-%012d", n),
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
		l.add(room.Message{Seq: seq + 1, Content: long}, 1000)
	}
	kept := l.after(0)
	if len(kept) != maxLogBytes/len(long) || kept[len(kept)-1].Seq != 1000 || l.bytes > maxLogBytes {
		t.Errorf("%d messages, %d bytes", len(kept), l.bytes)
	}
	for seq := range uint64(1000) {
		l.add(room.Message{Seq: seq + 1001, Content: "short"}, 1000)
	}
	if kept := l.after(0); len(kept) != 1000 || l.bytes != 5*1000 {
		t.Errorf("%d messages, %d bytes", len(kept), l.bytes)
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
		_, _, err := s.Update(t.Context(), id, func(r *room.Room) ([]room.Event, error) {
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
			for _, m := range []string{"b", "c"} {
				id, session := fmt.Sprintf("%s-%032d", m, n), fmt.Sprintf("%s-session%015d", m, n)
				if _, _, err := r.RequestJoin(start, id, session, "Name "+m); err != nil {
					b.Fatal(err)
				}
				for _, voter := range r.Members {
					if _, err := r.Approve(start, voter.ID, id); err != nil {
						b.Fatal(err)
					}
				}
				if _, err := r.Connect(start, room.Entry{Member: id, Conn: "connection-of-" + id}); err != nil {
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

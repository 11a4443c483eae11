// Package storetest holds the contract that every room.Store keeps, as a test
// suite to be run by each implementation.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"securechat/room"
)

var start = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

var roomy = room.Capacity{Rooms: 1000, RoomsPerAddress: 1000}

// Run runs the suite. open returns an empty store each time.
func Run(t *testing.T, open func(t *testing.T) room.Store) {
	for _, tt := range []struct {
		name string
		test func(t *testing.T, s suite)
	}{
		{"a room comes back as it was made", roundTrip},
		{"nothing is known of an unknown room", unknown},
		{"capacity", capacity},
		{"wider networks have their share", networks},
		{"the rooms that nobody has entered, oldest first", unentered},
		{"all rooms are there until they are closed", allRooms},
		{"whose the pages of rooms were that have lapsed", lapsed},
		{"codes are unique among live rooms", uniqueCodes},
		{"the code before leads to its room while it holds", previousCode},
		{"a new code that is taken is drawn again", redrawnCode},
		{"an invitation leads to its room while it holds", invitations},
		{"a failed update commits nothing", failedUpdate},
		{"a snapshot is not touched by later updates", snapshots},
		{"a closed room is forgotten", closing},
		{"sessions lead to their rooms", sessions},
		{"a number of arrival is given once", arrivals},
		{"the log keeps the latest messages", logKeepsLatest},
		{"the log is read from a sequence number on", logAfter},
		{"notices stand among the messages, in bounds of their own", notices},
		{"the log is bounded in bytes, notices apart", logBytes},
		{"a message is found by its member and ref", said},
		{"who watches a room hears all of it, once and in order", watching},
		{"who enters a room has its log up to then", entering},
		{"what is observed stands between two events", observing},
		{"due rooms and the next deadline", due},
		{"updates of one room do not get lost", concurrentUpdates},
		{"a created room counts once under concurrency", concurrentCapacity},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, suite{t, open(t)}) })
	}
}

type suite struct {
	*testing.T
	store room.Store
}

// newRoom makes a room whose names follow from n.
func newRoom(n int) *room.Room {
	return room.New(room.Founding{
		ID: fmt.Sprintf("room%d", n), Code: fmt.Sprint(100_000 + n), Networks: []room.Network{{Key: fmt.Sprintf("address%d", n), Share: 1}},
		SharedKey: "key", MemberID: fmt.Sprintf("member%d", n), MemberName: "Alice", Session: fmt.Sprintf("session%d", n),
	}, room.DefaultTerms(), start.Add(time.Duration(n)*time.Second))
}

func (s suite) create(n int) *room.Room {
	s.Helper()
	r := newRoom(n)
	if err := s.store.Create(context.Background(), r, roomy); err != nil {
		s.Fatal(err)
	}
	return r
}

func (s suite) update(id string, fn func(r *room.Room) ([]room.Event, error)) []room.Event {
	s.Helper()
	var events []room.Event // of the last run
	committed, err := s.store.Update(context.Background(), id, func(r *room.Room, _ room.Log) (_ []room.Event, err error) {
		events, err = fn(r)
		return events, err
	})
	if err != nil {
		s.Fatal(err)
	}
	if committed.Closing == "" && !reflect.DeepEqual(committed, s.snapshot(id)) {
		s.Errorf("Update returned %+v, the store has %+v", committed, s.snapshot(id))
	}
	return events
}

func (s suite) snapshot(id string) *room.Room {
	s.Helper()
	r, err := s.store.Snapshot(context.Background(), id)
	if err != nil {
		s.Fatal(err)
	}
	return r
}

// enter has a connection of a member enter a room.
func (s suite) enter(id, member, conn string) {
	s.Helper()
	s.update(id, func(r *room.Room) ([]room.Event, error) {
		return r.Connect(start, room.Attach{Member: member, Conn: room.Conn{ID: conn}})
	})
}

// letIn makes somebody a member of the first room, whose only voter is the caller.
func (s suite) letIn(id string, by room.Caller) {
	s.Helper()
	s.update("room1", func(r *room.Room) ([]room.Event, error) {
		_, asked, err := r.RequestJoin(start, id, "session of "+id, id)
		if err != nil {
			return nil, err
		}
		admitted, err := r.Approve(start, by, id)
		return append(asked, admitted...), err
	})
}

// say makes a message of a member as the room's next event.
func say(r *room.Room, member, text, ref string) room.Message {
	r.Seq++
	m := room.Message{Seq: r.Seq, Kind: room.KindText, Member: member, Content: text, At: start, Ref: ref}
	for i := range r.Members {
		if r.Members[i].ID == member {
			m.Name = r.Members[i].Name
		}
	}
	return m
}

func posted(m room.Message) []room.Event {
	return []room.Event{{Seq: m.Seq, Body: room.MessagePosted{Message: m}}}
}

// post says something in the first room.
func (s suite) post(member, text string) uint64 {
	s.Helper()
	return s.postAs(member, text, "ref "+text)
}

// postAs posts by Append and by Update in turn: they come to the same.
func (s suite) postAs(member, text, ref string) (seq uint64) {
	s.Helper()
	if s.snapshot("room1").Seq%2 == 0 {
		s.update("room1", func(r *room.Room) ([]room.Event, error) {
			m := say(r, member, text, ref)
			seq = m.Seq
			return posted(m), nil
		})
		return seq
	}
	committed, err := s.store.Append(context.Background(), "room1", func(r *room.Room, _ room.Log) ([]room.Event, error) {
		m := say(r, member, text, ref)
		seq = m.Seq
		return posted(m), nil
	})
	if err != nil {
		s.Fatal(err)
	}
	if committed.Seq != seq || !reflect.DeepEqual(committed, s.snapshot("room1")) {
		s.Errorf("Append returned %+v, the store has %+v", committed, s.snapshot("room1"))
	}
	return seq
}

func (s suite) wantErr(err, want error) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Errorf("err = %v, want %v", err, want)
	}
}

func (s suite) wantTotals(rooms, members int) {
	s.Helper()
	if r, m, err := s.store.Totals(context.Background()); r != rooms || m != members || err != nil {
		s.Errorf("totals %d rooms, %d members, err %v; want %d, %d", r, m, err, rooms, members)
	}
}

func roundTrip(t *testing.T, s suite) {
	r := s.create(1)
	if got := s.snapshot("room1"); !reflect.DeepEqual(got, r) {
		t.Errorf("got %+v, want %+v", got, r)
	}
	if id, err := s.store.ByCode(t.Context(), r.Code); id != "room1" || err != nil {
		t.Errorf("ByCode = %q, %v", id, err)
	}
	s.wantTotals(1, 1)
	// The caller may change its room afterwards.
	r.Code = "changed"
	if s.snapshot("room1").Code == "changed" {
		t.Error("the store kept the caller's room")
	}
}

func unknown(t *testing.T, s suite) {
	ctx := t.Context()
	_, err := s.store.Snapshot(ctx, "nothing")
	s.wantErr(err, room.ErrNotFound)
	_, err = s.store.Update(ctx, "nothing", func(*room.Room, room.Log) ([]room.Event, error) { t.Error("fn called"); return nil, nil })
	s.wantErr(err, room.ErrNotFound)
	_, err = s.store.Append(ctx, "nothing", func(*room.Room, room.Log) ([]room.Event, error) { t.Error("fn called"); return nil, nil })
	s.wantErr(err, room.ErrNotFound)
	_, err = s.store.Watch(ctx, "nothing", &recorder{})
	s.wantErr(err, room.ErrNotFound)
	s.wantErr(s.store.Observe(ctx, "nothing", func(*room.Room) { t.Error("tell called") }), room.ErrNotFound)
	_, err = s.store.BySeat(ctx, "nobody")
	s.wantErr(err, room.ErrNotFound)
	_, err = s.store.ByCode(ctx, "123456")
	s.wantErr(err, room.ErrNoSuchCode)
	_, err = s.store.ByInvitation(ctx, room.LookupHash{})
	s.wantErr(err, room.ErrNoSuchInvitation)
	if log, err := s.store.Log(ctx, "nothing", 0); len(log) != 0 || err != nil {
		t.Errorf("log %v, err %v", log, err)
	}
	if rooms, err := s.store.BySession(ctx, "nobody"); len(rooms) != 0 || err != nil {
		t.Errorf("rooms %v, err %v", rooms, err)
	}
	if ids, next, err := s.store.Due(ctx, start); len(ids) != 0 || !next.IsZero() || err != nil {
		t.Errorf("due %v, next %v, err %v", ids, next, err)
	}
}

func capacity(t *testing.T, s suite) {
	ctx := t.Context()
	two := room.Capacity{Rooms: 3, RoomsPerAddress: 2}
	for n := range 3 {
		r := newRoom(n)
		r.Networks = []room.Network{{Key: "office", Share: 1}}
		err := s.store.Create(ctx, r, two)
		if n < 2 && err != nil {
			t.Fatal(err)
		}
		if n == 2 {
			s.wantErr(err, room.ErrTooManyRoomsHere)
		}
	}
	if err := s.store.Create(ctx, newRoom(10), two); err != nil {
		t.Errorf("another address: %v", err)
	}
	s.wantErr(s.store.Create(ctx, newRoom(11), two), room.ErrTooManyRooms)
	s.wantTotals(3, 3)

	s.close("room0")
	s.wantTotals(2, 2)
	r := newRoom(12)
	r.Networks = []room.Network{{Key: "office", Share: 1}}
	if err := s.store.Create(ctx, r, two); err != nil {
		t.Errorf("after a room is gone there is a place: %v", err)
	}
}

func (s suite) close(id string) {
	s.Helper()
	s.update(id, func(r *room.Room) ([]room.Event, error) {
		return r.Advance(r.ExpiresAt, func() string { return r.Code }), nil
	})
}

// Who has many addresses of one network must not have as many times the rooms.
func networks(t *testing.T, s suite) {
	one := room.Capacity{Rooms: 100, RoomsPerAddress: 1}
	create := func(n int, keys ...string) error {
		r := newRoom(n)
		r.Networks = nil
		for i, key := range keys {
			r.Networks = append(r.Networks, room.Network{Key: key, Share: []int{1, 2, 4}[i]})
		}
		return s.store.Create(t.Context(), r, one)
	}
	for n, keys := range [][]string{{"a", "A", "X"}, {"b", "A", "X"}, {"c", "C", "X"}, {"d", "C", "X"}} {
		if err := create(n, keys...); err != nil {
			t.Fatalf("room %d: %v", n, err)
		}
	}
	s.wantErr(create(10, "a", "B", "Y"), room.ErrTooManyRoomsHere)
	s.wantErr(create(11, "e", "A", "Y"), room.ErrTooManyRoomsHere)
	s.wantErr(create(12, "e", "E", "X"), room.ErrTooManyRoomsHere)
	s.close("room0")
	if err := create(13, "e", "A", "X"); err != nil {
		t.Errorf("after a room of the network is gone: %v", err)
	}
	// An address at its limit is told so, also when there is no place at all.
	one.Rooms = 4
	s.wantErr(create(14, "e", "E", "Z"), room.ErrTooManyRoomsHere)
	s.wantErr(create(15, "f", "F", "Z"), room.ErrTooManyRooms)
}

func unentered(t *testing.T, s suite) {
	want := func(want ...string) {
		t.Helper()
		rooms, err := s.store.Unentered(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range rooms {
			got = append(got, r.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("unentered: %q; want %q", got, want)
		}
	}
	enter := func(n int) {
		s.enter(fmt.Sprintf("room%d", n), fmt.Sprintf("member%d", n), "conn")
	}
	want()
	for n := range 4 {
		s.create(n)
	}
	want("room0", "room1", "room2", "room3")
	enter(1)
	want("room0", "room2", "room3")
	s.close("room0")
	want("room2", "room3")
	enter(2)
	want("room3")
	// Who has left again has been there.
	s.update("room2", func(r *room.Room) ([]room.Event, error) {
		r.Disconnect(start, "member2", "conn", 0, false)
		return nil, nil
	})
	want("room3")
	enter(3)
	want()
	s.close("room1")
	want()
}

func allRooms(t *testing.T, s suite) {
	want := func(want ...string) {
		t.Helper()
		rooms, err := s.store.Rooms(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range rooms {
			got = append(got, r.ID)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("rooms: %q; want %q", got, want)
		}
	}
	want()
	for n := range 3 {
		s.create(n)
	}
	s.enter("room1", "member1", "conn")
	want("room0", "room1", "room2")
	s.close("room1")
	want("room0", "room2")
}

func lapsed(t *testing.T, s suite) {
	for n := range 3 {
		s.create(n)
	}
	s.enter("room1", "member1", "conn")
	s.letIn("bob", room.Caller{Member: "member1", Conn: "conn"})
	s.enter("room1", "bob", "conn of bob") // else the membership would end before the room
	want := func(page, session string, want room.Closing) {
		t.Helper()
		if got, err := s.store.Lapsed(t.Context(), page, session); got != want || err != nil {
			t.Errorf("%s, %s: %q, err %v; want %q", page, session, got, err, want)
		}
	}
	want("room0", "session0", "")
	for n := range 2 {
		s.update(fmt.Sprintf("room%d", n), func(r *room.Room) ([]room.Event, error) {
			return r.Advance(r.ExpiresAt, func() string { return "999999" }), nil
		})
	}
	want("room0", "session0", room.Unentered)
	want("room0", "session2", "") // it is nobody else's business
	want("room1", "session1", room.Expired)
	want("room1", "session0", "")
	want("room1", "session of bob", "") // the founder's page
	want("bob", "session of bob", room.Expired)
	want("bob", "session1", "")
	want("room2", "session2", "") // it is still there
	want("nothing", "session0", "")
	want("nothing", "", "")
	// A room that all have left has not lapsed.
	s.update("room2", func(r *room.Room) ([]room.Event, error) {
		return r.Leave(start, room.Caller{Member: "member2"}, 0, true)
	})
	want("room2", "session2", "")
}

func uniqueCodes(t *testing.T, s suite) {
	s.create(1)
	r := newRoom(2)
	r.Code = newRoom(1).Code
	s.wantErr(s.store.Create(t.Context(), r, roomy), room.ErrCodeTaken)
	s.wantTotals(1, 1)
	_, err := s.store.Snapshot(t.Context(), "room2")
	s.wantErr(err, room.ErrNotFound)

	// A code that turned is free, and leads nowhere until it is used again.
	s.update("room1", func(r *room.Room) ([]room.Event, error) { return r.Rotate(start, "999999"), nil })
	_, err = s.store.ByCode(t.Context(), newRoom(1).Code)
	s.wantErr(err, room.ErrNoSuchCode)
	if err := s.store.Create(t.Context(), r, roomy); err != nil {
		t.Error(err)
	}
}

func previousCode(t *testing.T, s suite) {
	s.create(1)
	old := s.snapshot("room1").Code
	leads := func(code, want string) {
		t.Helper()
		id, err := s.store.ByCode(t.Context(), code)
		if id != want || (want == "") != errors.Is(err, room.ErrNoSuchCode) {
			t.Errorf("%s leads to %q, err %v; want %q", code, id, err, want)
		}
	}
	turn := func(at time.Duration, draws ...string) {
		t.Helper()
		calls := 0
		s.update("room1", func(r *room.Room) ([]room.Event, error) {
			r.Entered = true
			return r.Advance(start.Add(time.Second+at), func() string { calls++; return draws[calls-1] }), nil
		})
		if calls != len(draws) {
			t.Errorf("%d codes were drawn, want %d", calls, len(draws))
		}
	}
	// A new code is none that holds anywhere, nor the room's own that goes on holding.
	s.create(2)
	turn(300*time.Second, newRoom(2).Code, old, "555555")
	leads("555555", "room1")
	leads(old, "room1")
	r := newRoom(3)
	r.Code = old
	s.wantErr(s.store.Create(t.Context(), r, roomy), room.ErrCodeTaken)
	draws := []string{old, "555555", "666666"}
	s.update("room2", func(r *room.Room) ([]room.Event, error) {
		code := draws[0]
		draws = draws[1:]
		return r.Rotate(start, code), nil
	})
	leads("666666", "room2")
	leads(old, "room1")
	// When it is over it is free.
	turn(360 * time.Second)
	leads(old, "")
	leads("555555", "room1")
	if err := s.store.Create(t.Context(), r, roomy); err != nil {
		t.Error(err)
	}
	// A room that ends takes both with it.
	turn(600*time.Second, "777777")
	leads("555555", "room1")
	s.close("room1")
	leads("555555", "")
	leads("777777", "")
}

func redrawnCode(t *testing.T, s suite) {
	s.create(1)
	s.create(2)
	draws := []string{newRoom(2).Code, newRoom(2).Code, "555555"}
	calls := 0
	events := s.update("room1", func(r *room.Room) ([]room.Event, error) {
		code := draws[calls]
		calls++
		return r.Rotate(start, code), nil
	})
	if calls != 3 || s.snapshot("room1").Code != "555555" {
		t.Errorf("%d draws, code %q", calls, s.snapshot("room1").Code)
	}
	if changed, ok := events[0].Body.(room.CodeChanged); !ok || changed.Code != "555555" || len(events) != 1 {
		t.Errorf("events %+v, want those of the last run alone", events)
	}
	if id, err := s.store.ByCode(t.Context(), newRoom(2).Code); id != "room2" || err != nil {
		t.Errorf("the other room's code leads to %q, %v", id, err)
	}
}

func invitations(t *testing.T, s suite) {
	s.create(1)
	s.create(2)
	hash := func(n byte) room.LookupHash { return room.LookupHash{n} }
	leads := func(n byte, want string) {
		t.Helper()
		id, err := s.store.ByInvitation(t.Context(), hash(n))
		if id != want || (want == "") != errors.Is(err, room.ErrNoSuchInvitation) {
			t.Errorf("invitation %d leads to %q, err %v; want %q", n, id, err, want)
		}
	}
	by := func(n int) room.Caller { return room.Caller{Member: fmt.Sprintf("member%d", n), Conn: "conn"} }
	invite := func(n int, of byte) {
		t.Helper()
		s.update(fmt.Sprintf("room%d", n), func(r *room.Room) ([]room.Event, error) {
			_, events, err := r.Invite(start.Add(time.Duration(of)*time.Minute), by(n), hash(of))
			return events, err
		})
	}
	for n := 1; n <= 2; n++ {
		s.enter(fmt.Sprintf("room%d", n), by(n).Member, "conn")
	}
	leads(1, "")
	invite(1, 1)
	invite(2, 2)
	leads(1, "room1")
	leads(2, "room2")
	// It leads there also after what is said and who comes or goes.
	s.post("member1", "hello")
	s.update("room1", func(r *room.Room) ([]room.Event, error) {
		_, events, err := r.RequestJoin(start, "knock", "session2", "Bob")
		return append(events, r.Rotate(start, "888888")...), err
	})
	leads(1, "room1")
	// One that is too many ends the oldest.
	for of := byte(3); of <= 7; of++ {
		invite(1, of)
	}
	leads(1, "")
	leads(3, "room1")
	// Nothing is committed of a failure.
	failure := errors.New("no")
	_, err := s.store.Update(t.Context(), "room1", func(r *room.Room, _ room.Log) ([]room.Event, error) {
		if _, err := r.Revoke(by(1), nil); err != nil {
			t.Error(err)
		}
		return nil, failure
	})
	s.wantErr(err, failure)
	leads(3, "room1")
	// One that is taken back, and one whose time is over.
	s.update("room1", func(r *room.Room) ([]room.Event, error) {
		four := hash(4)
		return r.Revoke(by(1), &four)
	})
	leads(4, "")
	leads(5, "room1")
	s.update("room1", func(r *room.Room) ([]room.Event, error) {
		return r.Advance(start.Add(65*time.Minute), func() string { return "999999" }), nil
	})
	leads(5, "")
	leads(6, "room1")
	// A membership takes its invitations along, and a room all that are left.
	s.update("room1", func(r *room.Room) ([]room.Event, error) { return r.Leave(start, by(1), 0, true) })
	leads(6, "")
	leads(2, "room2")
	s.close("room2")
	leads(2, "")
}

func failedUpdate(t *testing.T, s suite) {
	want := s.create(1)
	failure := errors.New("no")
	w := s.watch()
	_, err := s.store.Update(t.Context(), "room1", func(r *room.Room, _ room.Log) ([]room.Event, error) {
		m := say(r, "member1", "never said", "")
		r.Rotate(start, "777777")
		return posted(m), failure
	})
	s.wantErr(err, failure)
	_, err = s.store.Append(t.Context(), "room1", func(r *room.Room, _ room.Log) ([]room.Event, error) {
		return posted(say(r, "member1", "never said", "")), failure
	})
	s.wantErr(err, failure)
	if len(w.events) > 0 {
		t.Errorf("%+v was told", w.events)
	}
	if got := s.snapshot("room1"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if log, _ := s.store.Log(t.Context(), "room1", 0); len(log) != 0 {
		t.Errorf("log %v", log)
	}
}

func snapshots(t *testing.T, s suite) {
	s.create(1)
	before := s.snapshot("room1")
	image := *before
	s.update("room1", func(r *room.Room) ([]room.Event, error) {
		_, events, err := r.RequestJoin(start, "knock", "session2", "Bob")
		return events, err
	})
	s.enter("room1", "member1", "conn")
	if !reflect.DeepEqual(*before, image) || len(before.Members[0].Conns) != 0 {
		t.Errorf("the snapshot became %+v", before)
	}
}

func closing(t *testing.T, s suite) {
	ctx := t.Context()
	r := s.create(1)
	s.post("member1", "hello")
	s.close("room1")
	_, err := s.store.Snapshot(ctx, "room1")
	s.wantErr(err, room.ErrNotFound)
	_, err = s.store.ByCode(ctx, r.Code)
	s.wantErr(err, room.ErrNoSuchCode)
	if rooms, _ := s.store.BySession(ctx, "session1"); len(rooms) != 0 {
		t.Errorf("the session still has %d rooms", len(rooms))
	}
	if log, _ := s.store.Log(ctx, "room1", 0); len(log) != 0 {
		t.Errorf("the log still has %d messages", len(log))
	}
	_, err = s.store.BySeat(ctx, "member1")
	s.wantErr(err, room.ErrNotFound)
	if ids, next, _ := s.store.Due(ctx, start.Add(48*time.Hour)); len(ids) != 0 || !next.IsZero() {
		t.Errorf("still due: %v, next %v", ids, next)
	}
	s.wantTotals(0, 0)
}

func arrivals(t *testing.T, s suite) {
	s.create(1)
	s.enter("room1", "member1", "conn")
	want := map[string]int{"member1": 0}
	for i, id := range []string{"bob", "carol", "dan"} {
		s.letIn(id, room.Caller{Member: "member1", Conn: "conn"})
		if want[id] = i + 1; id == "dan" {
			continue
		}
		s.update("room1", func(r *room.Room) ([]room.Event, error) { // before the next one comes
			delete(want, id)
			return r.Leave(start, room.Caller{Member: id}, 0, true)
		})
	}
	got := make(map[string]int)
	for _, m := range s.snapshot("room1").Members {
		got[m.ID] = m.Arrival
	}
	if !maps.Equal(got, want) {
		t.Errorf("the members have %v, want %v", got, want)
	}
}

func sessions(t *testing.T, s suite) {
	s.create(1)
	s.create(2)
	ids := func(session string) (ids []string) {
		rooms, err := s.store.BySession(t.Context(), session)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rooms {
			ids = append(ids, r.ID)
		}
		return ids
	}
	knock := func(room_, session string) {
		s.update(room_, func(r *room.Room) ([]room.Event, error) {
			_, events, err := r.RequestJoin(start, "knock-"+session, session, "Bob")
			return events, err
		})
	}
	knock("room2", "session1")
	knock("room1", "visitor")
	if got := ids("session1"); !reflect.DeepEqual(got, []string{"room1", "room2"}) {
		t.Errorf("session1 leads to %v, want both, oldest first", got)
	}
	if got := ids("visitor"); !reflect.DeepEqual(got, []string{"room1"}) {
		t.Errorf("visitor leads to %v", got)
	}
	s.enter("room1", "member1", "conn")
	s.enter("room2", "member2", "conn2")
	seat := func(id, want string) {
		t.Helper()
		got, err := s.store.BySeat(t.Context(), id)
		if got != want || (want == "") != errors.Is(err, room.ErrNotFound) {
			t.Errorf("%s leads to %q, err %v; want %q", id, got, err, want)
		}
	}
	seat("member1", "room1")
	seat("knock-session1", "room2")
	seat("knock-visitor", "room1")
	// Admission keeps the way open; a forgotten refusal closes it.
	s.update("room2", func(r *room.Room) ([]room.Event, error) {
		return r.Approve(start, room.Caller{Member: "member2", Conn: "conn2"}, "knock-session1")
	})
	s.update("room1", func(r *room.Room) ([]room.Event, error) {
		return r.Decline(start, room.Caller{Member: "member1", Conn: "conn"}, "knock-visitor")
	})
	if got := ids("session1"); len(got) != 2 {
		t.Errorf("after admission session1 leads to %v", got)
	}
	if got := ids("visitor"); len(got) != 1 {
		t.Errorf("the refusal is not to be found: %v", got)
	}
	s.update("room1", func(r *room.Room) ([]room.Event, error) {
		return r.Advance(start.Add(5*time.Minute), func() string { return "888888" }), nil
	})
	if got := ids("visitor"); len(got) != 0 {
		t.Errorf("a forgotten refusal leads to %v", got)
	}
	seat("knock-session1", "room2")
	seat("knock-visitor", "")
	s.wantTotals(2, 3)
}

func logKeepsLatest(t *testing.T, s suite) {
	r := newRoom(1)
	r.Terms.MaxMessages = 3
	if err := s.store.Create(t.Context(), r, roomy); err != nil {
		t.Fatal(err)
	}
	var last uint64
	for i := range 8 {
		last = s.post("member1", fmt.Sprint(i))
		log, err := s.store.Log(t.Context(), "room1", 0)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range log {
			got = append(got, m.Content)
		}
		var want []string
		for j := max(0, i-2); j <= i; j++ {
			want = append(want, fmt.Sprint(j))
		}
		if !reflect.DeepEqual(got, want) || log[len(log)-1].Seq != last {
			t.Fatalf("after %d: %v, want %v", i, got, want)
		}
	}
	if got := s.snapshot("room1").Messages; got != 3 {
		t.Errorf("the room counts %d messages, want 3", got)
	}
}

func logAfter(t *testing.T, s suite) {
	r := newRoom(1)
	r.Terms.MaxMessages = 4
	if err := s.store.Create(t.Context(), r, roomy); err != nil {
		t.Fatal(err)
	}
	var seqs []uint64
	for i := range 6 {
		seqs = append(seqs, s.post("member1", fmt.Sprint(i)))
	}
	for n, after := range seqs {
		log, err := s.store.Log(t.Context(), "room1", after)
		if err != nil {
			t.Fatal(err)
		}
		if want := min(4, 5-n); len(log) != want {
			t.Errorf("after message %d: %d messages, want %d", n, len(log), want)
		}
		for i := 1; i < len(log); i++ {
			if log[i].Seq <= log[i-1].Seq {
				t.Errorf("after message %d: out of order", n)
			}
		}
		if len(log) > 0 && (log[0].Seq <= after || log[0].Member != "member1" || log[0].Name != "Alice" || log[0].Ref != "ref "+log[0].Content || !log[0].At.Equal(start)) {
			t.Errorf("after message %d: %+v", n, log[0])
		}
	}
}

func notices(t *testing.T, s suite) {
	r := newRoom(1)
	r.Terms.MaxMessages, r.Terms.MaxNotices = 2, 4
	if err := s.store.Create(t.Context(), r, roomy); err != nil {
		t.Fatal(err)
	}
	s.enter("room1", "member1", "conn")
	alice := room.Caller{Member: "member1", Conn: "conn"}
	// visit has somebody come in, say something and leave for good: three notices.
	visit := func(id string) {
		s.update("room1", func(r *room.Room) ([]room.Event, error) {
			_, events, err := r.RequestJoin(start, id, "session-"+id, id)
			return events, err
		})
		s.update("room1", func(r *room.Room) ([]room.Event, error) { return r.Approve(start, alice, id) })
		s.enter("room1", id, "conn-"+id)
		s.post(id, "I am "+id)
		s.update("room1", func(r *room.Room) ([]room.Event, error) {
			return r.Leave(start, room.Caller{Member: id, Conn: "conn-" + id}, r.Seq, true)
		})
	}
	check := func(after uint64, want ...string) []room.Message {
		t.Helper()
		log, err := s.store.Log(t.Context(), "room1", after)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i, m := range log {
			said := m.Name + ": " + m.Content
			if m.Kind == room.KindNotice {
				said = fmt.Sprint(m.Name, " ", m.Notice.What, m.Notice.By)
			}
			got = append(got, said)
			if i > 0 && m.Seq <= log[i-1].Seq {
				t.Errorf("entry %d is out of order", i)
			}
			if !m.At.Equal(start) {
				t.Errorf("entry %d is of %v", i, m.At)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("the log is\n%q, want\n%q", got, want)
		}
		return log
	}
	// Events of no consequence leave no notice.
	s.enter("room1", "member1", "conn1")
	s.update("room1", func(r *room.Room) ([]room.Event, error) {
		return r.Leave(start, room.Caller{Member: "member1", Conn: "conn1"}, r.Seq, false)
	})
	s.enter("room1", "member1", "conn2")
	check(0)
	visit("Bob")
	log := check(0, "Bob admitted[Alice]", "Bob joined[]", "Bob: I am Bob", "Bob left[]")
	check(log[1].Seq, "Bob: I am Bob", "Bob left[]")
	check(log[3].Seq)
	// The oldest notices go, and no message with them; nor the other way round.
	visit("Dan")
	check(0, "Bob: I am Bob", "Bob left[]",
		"Dan admitted[Alice]", "Dan joined[]", "Dan: I am Dan", "Dan left[]")
	s.post("member1", "one")
	s.post("member1", "two")
	check(0, "Bob left[]", "Dan admitted[Alice]", "Dan joined[]", "Dan left[]",
		"Alice: one", "Alice: two")
	if got := s.snapshot("room1").Messages; got != 2 {
		t.Errorf("the room counts %d messages, want 2", got)
	}
}

func said(t *testing.T, s suite) {
	r := newRoom(1)
	r.Terms.MaxMessages = 4
	if err := s.store.Create(t.Context(), r, roomy); err != nil {
		t.Fatal(err)
	}
	s.update("room1", func(r *room.Room) ([]room.Event, error) {
		_, events, err := r.RequestJoin(start, "bob", "session2", "Bob")
		return events, err
	})
	s.enter("room1", "member1", "conn")
	s.update("room1", func(r *room.Room) ([]room.Event, error) {
		return r.Approve(start, room.Caller{Member: "member1", Conn: "conn"}, "bob")
	})
	post := s.postAs
	want := func(member, ref string, want room.Message) {
		t.Helper()
		var got room.Message
		var found bool
		look := func(log room.Log) (err error) {
			got, found, err = log.Said(member, ref)
			return err
		}
		_, err := s.store.Update(t.Context(), "room1", func(_ *room.Room, log room.Log) ([]room.Event, error) { return nil, look(log) })
		if err != nil || found != (want.Seq != 0) || !reflect.DeepEqual(got, want) {
			t.Errorf("%s said %q: %+v, %v, err %v; want %+v", member, ref, got, found, err, want)
		}
	}
	message := func(seq uint64, member, name, text, ref string) room.Message {
		return room.Message{Seq: seq, Kind: room.KindText, Member: member, Name: name, Content: text, At: start, Ref: ref}
	}
	want("member1", "r1", room.Message{})
	one := post("member1", "one", "r1")
	two := post("bob", "two", "r1")
	post("member1", "three", "r2")
	want("member1", "r1", message(one, "member1", "Alice", "one", "r1"))
	want("bob", "r1", message(two, "bob", "Bob", "two", "r1"))
	want("bob", "r2", room.Message{})
	want("nobody", "r1", room.Message{})
	// The latest of several is found, and none that has left the log.
	four := post("member1", "four", "r2")
	want("member1", "r2", message(four, "member1", "Alice", "four", "r2"))
	post("member1", "five", "")
	want("member1", "r1", room.Message{})
	want("bob", "r1", message(two, "bob", "Bob", "two", "r1"))
}

func due(t *testing.T, s suite) {
	for n := range 5 {
		s.create(n) // the founder of room n goes absent at start + n + 10 s
	}
	check := func(at time.Duration, want int, next time.Duration) {
		t.Helper()
		ids, got, err := s.store.Due(t.Context(), start.Add(at))
		if err != nil || len(ids) != want || !got.Equal(start.Add(next)) {
			t.Errorf("at %v: due %v, next %v, err %v; want %d, next %v", at, ids, got.Sub(start), err, want, next)
		}
	}
	check(9*time.Second, 0, 10*time.Second)
	check(10*time.Second, 1, 11*time.Second)
	check(12*time.Second, 3, 13*time.Second)

	// Doing what is due moves the deadline.
	s.update("room0", func(r *room.Room) ([]room.Event, error) {
		return r.Advance(start.Add(10*time.Second), func() string { return "888888" }), nil
	})
	check(10*time.Second, 0, 11*time.Second)
	ids, next, err := s.store.Due(t.Context(), start.Add(23*time.Hour))
	if len(ids) != 5 || !next.IsZero() || err != nil {
		t.Errorf("due %v, next %v, err %v; want all five and no next", ids, next, err)
	}
}

func concurrentUpdates(t *testing.T, s suite) {
	s.create(1)
	const writers, each = 8, 50
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				_, err := s.store.Update(context.Background(), "room1", func(r *room.Room, _ room.Log) ([]room.Event, error) {
					return posted(say(r, "member1", "x", "")), nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := s.snapshot("room1").Seq; got != writers*each {
		t.Errorf("sequence %d, want %d", got, writers*each)
	}
	log, _ := s.store.Log(t.Context(), "room1", 0)
	for i, m := range log {
		if m.Seq != uint64(i)+1 {
			t.Fatalf("message %d has sequence %d", i, m.Seq)
		}
	}
}

func concurrentCapacity(t *testing.T, s suite) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	created := 0
	for n := range 20 {
		wg.Go(func() {
			err := s.store.Create(context.Background(), newRoom(n), room.Capacity{Rooms: 7, RoomsPerAddress: 7})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				created++
			case !errors.Is(err, room.ErrTooManyRooms):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if created != 7 {
		t.Errorf("%d rooms created, want 7", created)
	}
	s.wantTotals(7, 7)
}

func logBytes(t *testing.T, s suite) {
	r := newRoom(1)
	r.Terms.MaxLogBytes, r.Terms.MaxNoticeBytes = 64<<10, 16<<10
	if err := s.store.Create(t.Context(), r, roomy); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		s.post("member1", fmt.Sprint(i, strings.Repeat("x", 4<<10)))
		s.update("room1", func(r *room.Room) ([]room.Event, error) {
			r.Seq++
			by := slices.Repeat([]string{"Alice"}, 50)
			return []room.Event{{Seq: r.Seq, Body: room.KnockAdmitted{Knock: "knock", Name: "Bob", At: start, By: by}}}, nil
		})
	}
	log, err := s.store.Log(t.Context(), "room1", 0)
	if err != nil {
		t.Fatal(err)
	}
	var messages, notices, count int
	for i := range log {
		if log[i].Kind == room.KindNotice {
			notices += log[i].Size()
			continue
		}
		messages += log[i].Size()
		count++
	}
	if most := r.Terms.MaxLogBytes; messages > most || messages < most/2 {
		t.Errorf("messages of %d bytes, bound %d", messages, most)
	}
	if most := r.Terms.MaxNoticeBytes; notices > most || notices < most/2 {
		t.Errorf("notices of %d bytes, bound %d", notices, most)
	}
	if !strings.HasPrefix(log[len(log)-2].Content+log[len(log)-1].Content, "99x") || s.snapshot("room1").Messages != count {
		t.Errorf("the room counts %d messages, has %d", s.snapshot("room1").Messages, count)
	}
}

// recorder is a Watcher that writes down what it hears. Its fields may be read when nothing
// is committed.
type recorder struct {
	mu     sync.Mutex
	inside bool
	events []room.Event
	faults []string
}

// Announce implements room.Watcher.
func (w *recorder) Announce(id string, events []room.Event) {
	w.mu.Lock()
	if w.inside || id != "room1" {
		w.faults = append(w.faults, fmt.Sprintf("%d events of %s come while others do", len(events), id))
	}
	w.inside = true
	w.mu.Unlock()
	runtime.Gosched() // another call would come now
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inside = false
	w.events = append(w.events, events...)
}

// watch has the first room watched.
func (s suite) watch() *recorder {
	s.Helper()
	w := &recorder{}
	release, err := s.store.Watch(context.Background(), "room1", w)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(release)
	return w
}

// check compares what was heard with the numbers that it should have.
func (w *recorder) check(t *testing.T, first, last uint64) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, fault := range w.faults {
		t.Error(fault)
	}
	if n := len(w.events); uint64(n) != last+1-first {
		t.Errorf("%d events were heard, want those from %d to %d", n, first, last)
		return
	}
	for i, e := range w.events {
		if e.Seq != first+uint64(i) {
			t.Errorf("event %d was heard as number %d", e.Seq, i+1)
			return
		}
	}
}

func watching(t *testing.T, s suite) {
	s.create(1)
	s.create(2)
	s.post("member1", "before anybody watches")
	early := s.watch()
	const writers, each = 8, 50
	var late *recorder
	var from uint64
	var wg sync.WaitGroup
	for n := range writers {
		wg.Go(func() {
			for i := range each {
				var err error
				if i%2 == 0 {
					_, err = s.store.Append(context.Background(), "room1", func(r *room.Room, _ room.Log) ([]room.Event, error) {
						return append(posted(say(r, "member1", "x", "")), posted(say(r, "member1", "y", ""))...), nil
					})
				} else {
					_, err = s.store.Update(context.Background(), "room1", func(r *room.Room, _ room.Log) ([]room.Event, error) {
						return append(posted(say(r, "member1", "x", "")), posted(say(r, "member1", "y", ""))...), nil
					})
				}
				if err != nil {
					t.Error(err)
				}
				if n == 0 && i == each/2 {
					late = s.watch()
				}
			}
		})
	}
	wg.Wait()
	last := uint64(1 + 2*writers*each)
	early.check(t, 2, last)
	if len(late.events) > 0 {
		from = late.events[0].Seq
	}
	late.check(t, from, last)
	if early.events[0].Body.(room.MessagePosted).Message.Content != "x" { //nolint:forcetypeassert // nothing else was committed
		t.Errorf("heard %+v", early.events[0])
	}
	s.close("room1")
	if closed := early.events[len(early.events)-1]; closed.Body != (room.Closed{Reason: room.Unentered}) && closed.Body != (room.Closed{Reason: room.Emptied}) && closed.Body != (room.Closed{Reason: room.Expired}) {
		t.Errorf("the last that was heard is %+v", closed)
	}

	// Who does not watch any more hears nothing more.
	w := &recorder{}
	release, err := s.store.Watch(t.Context(), "room2", w)
	if err != nil {
		t.Fatal(err)
	}
	release()
	s.close("room2")
	if len(w.events)+len(w.faults) > 0 {
		t.Errorf("heard %+v, %v", w.events, w.faults)
	}
}

func entering(t *testing.T, s suite) {
	s.create(1)
	w := s.watch()
	before := s.post("member1", "before")
	// In one commit with a message that comes after it, which is not in the log of Attached.
	s.update("room1", func(r *room.Room) ([]room.Event, error) {
		events, err := r.Connect(start, room.Attach{Member: "member1", Conn: room.Conn{ID: "conn"}})
		return append(events, posted(say(r, "member1", "after", ""))...), err
	})
	for _, e := range w.events {
		a, ok := e.Body.(room.Attached)
		if !ok {
			continue
		}
		if len(a.Log) != 1 || a.Log[0].Seq != before || a.Until < e.Seq {
			t.Errorf("the log of who enters is %+v, up to %d", a.Log, a.Until)
		}
		return
	}
	t.Error("nobody entered")
}

func observing(t *testing.T, s suite) {
	s.create(1)
	w := s.watch()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				_, err := s.store.Append(context.Background(), "room1", func(r *room.Room, _ room.Log) ([]room.Event, error) {
					return posted(say(r, "member1", "x", "")), nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 100 {
		err := s.store.Observe(t.Context(), "room1", func(r *room.Room) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if heard := uint64(len(w.events)); heard != r.Seq || w.inside {
				t.Errorf("as of event %d, when %d were heard", r.Seq, heard)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		runtime.Gosched()
	}
	wg.Wait()
	w.check(t, 1, 200)
	s.close("room1")
	s.wantErr(s.store.Observe(t.Context(), "room1", func(*room.Room) { t.Error("a room that is gone was observed") }), room.ErrNotFound)
}

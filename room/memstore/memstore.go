// Package memstore keeps the rooms in the memory of one process.
package memstore

import (
	"cmp"
	"container/heap"
	"container/list"
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"time"

	"securechat/room"
)

// Store is a room.Store in memory. The zero value is not usable; see New.
//
// One lock guards everything but the feeds. It is held for a few rules and map operations,
// about a microsecond each, and never while anything else is waited for.
type Store struct {
	mu        sync.RWMutex
	rooms     map[string]*keptRoom
	byCode    map[string]*keptRoom
	bySession map[string][]*keptRoom // one or two, as a rule
	bySeat    map[string]*keptRoom   // by the ids of members and applicants
	byNetwork map[string]int         // number of live rooms
	unentered *list.List             // of *entry, oldest first
	deadlines deadlineHeap
	logs      logBudget
	members   int
	lapsed    lapsed
}

// keptRoom is a room as the store keeps it. The room it points to is never
// changed, only replaced.
type keptRoom struct {
	store    *Store
	feed     room.Feed
	room     *room.Room
	log      messageLog
	notices  messageLog // of the log; see logBudget.add
	deadline time.Time
	heapPos  int // in the store's deadlines
	logPos   int // in the store's logs
	// unentered is the room's place in the store's list of that name; nil once somebody
	// has entered it.
	unentered *list.Element
}

// logBytes is what the log takes, with the notices.
func (e *keptRoom) logBytes() int { return e.log.bytes + e.notices.bytes }

// recount has the room say how many messages the log keeps.
func (e *keptRoom) recount() {
	r := *e.room
	r.Messages = e.log.n
	e.room = &r
}

// part returns the part of the log that entries of a kind are in.
func (e *keptRoom) part(k room.Kind) *messageLog {
	if k == room.KindNotice {
		return &e.notices
	}
	return &e.log
}

// logged returns a copy of the log's entries after a sequence number and up to another, in
// order.
func (e *keptRoom) logged(after, until uint64) []room.Message {
	messages, notices := e.log.between(after, until), e.notices.between(after, until)
	if len(notices) == 0 {
		return messages
	}
	all := make([]room.Message, 0, len(messages)+len(notices))
	for _, n := range notices {
		for len(messages) > 0 && messages[0].Seq < n.Seq {
			all, messages = append(all, messages[0]), messages[1:]
		}
		all = append(all, n)
	}
	return append(all, messages...)
}

// Said implements room.Log, for a caller that has locked the store.
func (e *keptRoom) Said(member, ref string) (m room.Message, found bool, err error) {
	m, found = e.log.latest(member, ref)
	return m, found, nil
}

// New returns an empty store whose logs may take [DefaultBudget].
func New() *Store { return NewWithin(DefaultBudget()) }

// NewWithin returns an empty store whose logs together may take so many bytes. Contents,
// names and refs are counted, and the memory that holds them. Beyond the bound the largest log
// gives up its oldest messages.
func NewWithin(logBytes int) *Store {
	return &Store{
		logs:      logBudget{limit: logBytes},
		rooms:     make(map[string]*keptRoom),
		byCode:    make(map[string]*keptRoom),
		bySession: make(map[string][]*keptRoom),
		bySeat:    make(map[string]*keptRoom),
		byNetwork: make(map[string]int),
		unentered: list.New(),
	}
}

var _ room.Store = (*Store)(nil)

// Create implements room.Store.
func (s *Store) Create(_ context.Context, r *room.Room, c room.Capacity) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range r.Networks {
		if s.byNetwork[n.Key] >= c.RoomsPerAddress*n.Share {
			return room.ErrTooManyRoomsHere
		}
	}
	if len(s.rooms) >= c.Rooms {
		return room.ErrTooManyRooms
	}
	if _, taken := s.byCode[r.Code]; taken {
		return room.ErrCodeTaken
	}
	own := *r
	e := &keptRoom{store: s, room: &own, deadline: own.NextDeadline()}
	s.rooms[own.ID] = e
	for _, n := range own.Networks {
		s.byNetwork[n.Key]++
	}
	if !own.Entered {
		e.unentered = s.unentered.PushBack(e)
	}
	s.members += len(own.Members)
	s.index(e)
	s.logs.count(e)
	heap.Push(&s.deadlines, e)
	return nil
}

// Update implements room.Store.
func (s *Store) Update(_ context.Context, id string, fn func(*room.Room, room.Log) ([]room.Event, error)) (*room.Room, error) {
	e, r, err := s.update(id, fn)
	if err != nil {
		return nil, err
	}
	e.feed.HandOn(id, e)
	return r, nil
}

func (s *Store) update(id string, fn func(*room.Room, room.Log) ([]room.Event, error)) (*keptRoom, *room.Room, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.rooms[id]
	if !ok {
		return nil, nil, room.ErrNotFound
	}
	for {
		next := *e.room
		events, err := fn(&next, e)
		if err == nil {
			err = s.commit(e, &next, events)
		}
		switch {
		case err == nil:
			e.feed.Publish(events)
			return e, &next, nil
		case !errors.Is(err, room.ErrCodeTaken):
			return nil, nil, err
		}
	}
}

// commit replaces the entry's room and brings the indexes up to date.
func (s *Store) commit(e *keptRoom, next *room.Room, events []room.Event) error {
	if next.Revision != e.room.Revision && s.codeTaken(e, next) {
		return room.ErrCodeTaken
	}
	if next.Closing != "" {
		s.remove(e)
		if next.Closing == room.Unentered {
			s.lapsed.remember(next)
		}
		e.room = next // for whoever found it before
		return nil
	}
	s.members += len(next.Members) - len(e.room.Members)
	if next.Revision != e.room.Revision {
		s.unindex(e)
		e.room = next
		s.index(e)
	}
	e.room = next
	if next.Entered {
		s.entered(e)
	}
	if at := next.NextDeadline(); !at.Equal(e.deadline) {
		e.deadline = at
		heap.Fix(&s.deadlines, e.heapPos)
	}
	for _, ev := range events {
		if m, ok := ev.Logged(); ok {
			s.logs.add(e, m, &next.Terms)
		}
	}
	next.Messages = e.log.n // some may have gone for their bytes
	return nil
}

// Append implements room.Store.
func (s *Store) Append(_ context.Context, id string, fn func(*room.Room, room.Log) ([]room.Event, error)) (*room.Room, error) {
	e, r, err := s.append(id, fn)
	if err != nil {
		return nil, err
	}
	e.feed.HandOn(id, e)
	return r, nil
}

func (s *Store) append(id string, fn func(*room.Room, room.Log) ([]room.Event, error)) (*keptRoom, *room.Room, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.rooms[id]
	if !ok {
		return nil, nil, room.ErrNotFound
	}
	next := *e.room
	events, err := fn(&next, e)
	if err != nil || len(events) == 0 {
		return e, e.room, err
	}
	e.room = &next
	for _, ev := range events {
		if m, ok := ev.Logged(); ok {
			s.logs.add(e, m, &next.Terms)
		}
	}
	next.Messages = e.log.n // some may have gone for their bytes
	e.feed.Publish(events)
	return e, &next, nil
}

// Between implements room.EntryReader, for a caller that has not locked the store.
func (e *keptRoom) Between(after, until uint64) []room.Message {
	e.store.mu.RLock()
	defer e.store.mu.RUnlock()
	return e.logged(after, until)
}

// Watch implements room.Store.
func (s *Store) Watch(_ context.Context, id string, w room.Watcher) (release func(), err error) {
	e, err := s.find(id)
	if err != nil {
		return nil, err
	}
	return e.feed.Watch(id, w, e), nil
}

// Observe implements room.Store.
func (s *Store) Observe(_ context.Context, id string, tell func(*room.Room)) error {
	e, err := s.find(id)
	if err != nil {
		return err
	}
	current := func() *room.Room {
		s.mu.RLock()
		defer s.mu.RUnlock()
		return e.room
	}
	e.feed.Observe(current, e, func(r *room.Room) {
		if r.Closing != "" { // it ended while its feed was waited for
			err = room.ErrNotFound
			return
		}
		tell(r)
	})
	return err
}

func (s *Store) find(id string) (*keptRoom, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, ok := s.rooms[id]
	if !ok {
		return nil, room.ErrNotFound
	}
	return e, nil
}

// codeTaken reports whether the room's code cannot be its own.
func (s *Store) codeTaken(e *keptRoom, r *room.Room) bool {
	other, taken := s.byCode[r.Code]
	return taken && other != e || r.Code == r.PreviousCode
}

func (s *Store) remove(e *keptRoom) {
	s.unindex(e)
	s.logs.uncount(e)
	e.log, e.notices = messageLog{}, messageLog{} // somebody may still watch the room
	heap.Remove(&s.deadlines, e.heapPos)
	s.members -= len(e.room.Members)
	s.entered(e)
	for _, n := range e.room.Networks {
		if s.byNetwork[n.Key]--; s.byNetwork[n.Key] == 0 {
			delete(s.byNetwork, n.Key)
		}
	}
	delete(s.rooms, e.room.ID)
}

// entered takes a room out of those that nobody has entered.
func (s *Store) entered(e *keptRoom) {
	if e.unentered != nil {
		s.unentered.Remove(e.unentered)
		e.unentered = nil
	}
}

// index enters the room's codes, seats and sessions.
func (s *Store) index(e *keptRoom) {
	for seat := range e.room.SeatIDs() {
		s.bySeat[seat] = e
	}
	for _, code := range e.room.Codes() {
		s.byCode[code] = e
	}
	for session := range e.room.Sessions() {
		if rooms := s.bySession[session]; !slices.Contains(rooms, e) {
			s.bySession[session] = append(rooms, e)
		}
	}
}

func (s *Store) unindex(e *keptRoom) {
	for seat := range e.room.SeatIDs() {
		delete(s.bySeat, seat)
	}
	for _, code := range e.room.Codes() {
		delete(s.byCode, code)
	}
	for session := range e.room.Sessions() {
		rooms := slices.DeleteFunc(s.bySession[session], func(other *keptRoom) bool { return other == e })
		if s.bySession[session] = rooms; len(rooms) == 0 {
			delete(s.bySession, session)
		}
	}
}

// Snapshot implements room.Store.
func (s *Store) Snapshot(_ context.Context, id string) (*room.Room, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, ok := s.rooms[id]
	if !ok {
		return nil, room.ErrNotFound
	}
	return e.room, nil
}

// ByCode implements room.Store.
func (s *Store) ByCode(_ context.Context, code string) (string, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, ok := s.byCode[code]
	if !ok {
		return "", room.ErrNoSuchCode
	}
	return e.room.ID, nil
}

// BySeat implements room.Store.
func (s *Store) BySeat(_ context.Context, id string) (string, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, ok := s.bySeat[id]
	if !ok {
		return "", room.ErrNotFound
	}
	return e.room.ID, nil
}

// BySession implements room.Store.
func (s *Store) BySession(_ context.Context, session string) ([]*room.Room, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	rooms := make([]*room.Room, 0, len(s.bySession[session]))
	for _, e := range s.bySession[session] {
		rooms = append(rooms, e.room)
	}
	slices.SortFunc(rooms, func(a, b *room.Room) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return rooms, nil
}

// Log implements room.Store.
func (s *Store) Log(_ context.Context, id string, after uint64) ([]room.Message, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, ok := s.rooms[id]
	if !ok {
		return nil, nil
	}
	return e.logged(after, math.MaxUint64), nil
}

// Unentered implements room.Store.
func (s *Store) Unentered(context.Context) ([]*room.Room, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	rooms := make([]*room.Room, 0, s.unentered.Len())
	for e := s.unentered.Front(); e != nil; e = e.Next() {
		rooms = append(rooms, e.Value.(*keptRoom).room) //nolint:forcetypeassert // nothing else is in the list
	}
	return rooms, nil
}

// Lapsed implements room.Store.
func (s *Store) Lapsed(_ context.Context, id, session string) (bool, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.lapsed.was(id, session), nil
}

// Due implements room.Store.
func (s *Store) Due(_ context.Context, now time.Time) ([]string, time.Time, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	ids, next := s.deadlines.due(now)
	return ids, next, nil
}

// Totals implements room.Store.
func (s *Store) Totals(context.Context) (rooms, members int, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.rooms), s.members, nil
}

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
// One lock guards everything but the feeds. It is held for a few rules, for map operations that
// go with the seats and invitations of one room, and never while anything else is waited for.
type Store struct {
	mu           sync.RWMutex
	rooms        map[string]*keptRoom
	byCode       map[string]*keptRoom
	byInvitation map[room.LookupHash]*keptRoom
	bySession    map[string][]*keptRoom // one or two, as a rule
	bySeat       map[string]*keptRoom   // by the ids of members and applicants
	byNetwork    map[string]int         // number of live rooms
	unentered    *list.List             // of *keptRoom, oldest first
	deadlines    deadlineHeap
	logs         logBudget
	members      int
	lapsed       lapsed
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
func (k *keptRoom) logBytes() int { return k.log.bytes + k.notices.bytes }

// recount has the room say how many messages the log keeps.
func (k *keptRoom) recount() {
	r := *k.room
	r.Messages = k.log.n
	k.room = &r
}

// part returns the part of the log that entries of a kind are in.
func (k *keptRoom) part(kind room.Kind) *messageLog {
	if kind == room.KindNotice {
		return &k.notices
	}
	return &k.log
}

// logged returns a copy of the log's entries after a sequence number and up to another, in
// order.
func (k *keptRoom) logged(after, until uint64) []room.Message {
	messages, notices := k.log.between(after, until), k.notices.between(after, until)
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
func (k *keptRoom) Said(member, ref string) (m room.Message, found bool, err error) {
	m, found = k.log.latest(member, ref)
	return m, found, nil
}

// New returns an empty store whose logs may take [DefaultBudget].
func New() *Store { return NewWithin(DefaultBudget()) }

// NewWithin returns an empty store whose logs together may take so many bytes. Contents,
// names and refs are counted, and the memory that holds them. Beyond the bound the largest log
// gives up its oldest messages.
func NewWithin(logBytes int) *Store {
	return &Store{
		logs:         logBudget{limit: logBytes},
		rooms:        make(map[string]*keptRoom),
		byCode:       make(map[string]*keptRoom),
		byInvitation: make(map[room.LookupHash]*keptRoom),
		bySession:    make(map[string][]*keptRoom),
		bySeat:       make(map[string]*keptRoom),
		byNetwork:    make(map[string]int),
		unentered:    list.New(),
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
	k := &keptRoom{store: s, room: &own, deadline: own.NextDeadline()}
	s.rooms[own.ID] = k
	for _, n := range own.Networks {
		s.byNetwork[n.Key]++
	}
	if !own.Entered {
		k.unentered = s.unentered.PushBack(k)
	}
	s.members += len(own.Members)
	s.index(k)
	s.logs.count(k)
	heap.Push(&s.deadlines, k)
	return nil
}

// Update implements room.Store.
func (s *Store) Update(_ context.Context, id string, fn func(*room.Room, room.Log) ([]room.Event, error)) (*room.Room, error) {
	k, r, err := s.update(id, fn)
	if err != nil {
		return nil, err
	}
	k.feed.HandOn(id, k)
	return r, nil
}

func (s *Store) update(id string, fn func(*room.Room, room.Log) ([]room.Event, error)) (*keptRoom, *room.Room, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.rooms[id]
	if !ok {
		return nil, nil, room.ErrNotFound
	}
	for {
		next := *k.room
		events, err := fn(&next, k)
		if err == nil {
			err = s.commit(k, &next, events)
		}
		switch {
		case err == nil:
			k.feed.Publish(events)
			return k, &next, nil
		case !errors.Is(err, room.ErrCodeTaken):
			return nil, nil, err
		}
	}
}

// commit replaces the room and brings the indexes up to date.
func (s *Store) commit(k *keptRoom, next *room.Room, events []room.Event) error {
	if next.Revision != k.room.Revision && s.codeTaken(k, next) {
		return room.ErrCodeTaken
	}
	if next.Closing != "" {
		s.remove(k)
		if next.Closing == room.Unentered || next.Closing == room.Expired {
			s.lapsed.remember(next)
		}
		k.room = next // Observe may have found k before
		return nil
	}
	s.members += len(next.Members) - len(k.room.Members)
	if next.Revision != k.room.Revision {
		s.unindex(k)
		k.room = next
		s.index(k)
	}
	k.room = next
	if next.Entered {
		s.entered(k)
	}
	if at := next.NextDeadline(); !at.Equal(k.deadline) {
		k.deadline = at
		heap.Fix(&s.deadlines, k.heapPos)
	}
	for _, ev := range events {
		if m, ok := ev.Logged(); ok {
			s.logs.add(k, m, &next.Terms)
		}
	}
	next.Messages = k.log.n // some may have gone for their bytes
	return nil
}

// Append implements room.Store.
func (s *Store) Append(_ context.Context, id string, fn func(*room.Room, room.Log) ([]room.Event, error)) (*room.Room, error) {
	k, r, err := s.append(id, fn)
	if err != nil {
		return nil, err
	}
	k.feed.HandOn(id, k)
	return r, nil
}

func (s *Store) append(id string, fn func(*room.Room, room.Log) ([]room.Event, error)) (*keptRoom, *room.Room, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.rooms[id]
	if !ok {
		return nil, nil, room.ErrNotFound
	}
	next := *k.room
	events, err := fn(&next, k)
	if err != nil || len(events) == 0 {
		return k, k.room, err
	}
	k.room = &next
	for _, ev := range events {
		if m, ok := ev.Logged(); ok {
			s.logs.add(k, m, &next.Terms)
		}
	}
	next.Messages = k.log.n // some may have gone for their bytes
	k.feed.Publish(events)
	return k, &next, nil
}

// Between implements room.LogReader, for a caller that has not locked the store.
func (k *keptRoom) Between(after, until uint64) []room.Message {
	k.store.mu.RLock()
	defer k.store.mu.RUnlock()
	return k.logged(after, until)
}

// Watch implements room.Store.
func (s *Store) Watch(_ context.Context, id string, w room.Watcher) (release func(), err error) {
	k, err := s.find(id)
	if err != nil {
		return nil, err
	}
	return k.feed.Watch(id, w, k), nil
}

// Observe implements room.Store.
func (s *Store) Observe(_ context.Context, id string, tell func(*room.Room)) error {
	k, err := s.find(id)
	if err != nil {
		return err
	}
	current := func() *room.Room {
		s.mu.RLock()
		defer s.mu.RUnlock()
		return k.room
	}
	k.feed.Observe(current, k, func(r *room.Room) {
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
	k, ok := s.rooms[id]
	if !ok {
		return nil, room.ErrNotFound
	}
	return k, nil
}

// codeTaken reports whether the room's code cannot be its own.
func (s *Store) codeTaken(k *keptRoom, r *room.Room) bool {
	other, taken := s.byCode[r.Code]
	return taken && other != k || r.Code == r.PreviousCode
}

func (s *Store) remove(k *keptRoom) {
	s.unindex(k)
	s.logs.uncount(k)
	k.log, k.notices = messageLog{}, messageLog{} // somebody may still watch the room
	heap.Remove(&s.deadlines, k.heapPos)
	s.members -= len(k.room.Members)
	s.entered(k)
	for _, n := range k.room.Networks {
		if s.byNetwork[n.Key]--; s.byNetwork[n.Key] == 0 {
			delete(s.byNetwork, n.Key)
		}
	}
	delete(s.rooms, k.room.ID)
}

// entered takes a room out of those that nobody has entered.
func (s *Store) entered(k *keptRoom) {
	if k.unentered != nil {
		s.unentered.Remove(k.unentered)
		k.unentered = nil
	}
}

// index enters the room's codes, invitations, seats and sessions.
func (s *Store) index(k *keptRoom) {
	for seat := range k.room.SeatIDs() {
		s.bySeat[seat] = k
	}
	for _, code := range k.room.Codes() {
		s.byCode[code] = k
	}
	for _, hash := range k.room.Invitations() {
		s.byInvitation[hash] = k
	}
	for session := range k.room.Sessions() {
		if rooms := s.bySession[session]; !slices.Contains(rooms, k) {
			s.bySession[session] = append(rooms, k)
		}
	}
}

func (s *Store) unindex(k *keptRoom) {
	for seat := range k.room.SeatIDs() {
		delete(s.bySeat, seat)
	}
	for _, code := range k.room.Codes() {
		delete(s.byCode, code)
	}
	for _, hash := range k.room.Invitations() {
		delete(s.byInvitation, hash)
	}
	for session := range k.room.Sessions() {
		rooms := slices.DeleteFunc(s.bySession[session], func(other *keptRoom) bool { return other == k })
		if s.bySession[session] = rooms; len(rooms) == 0 {
			delete(s.bySession, session)
		}
	}
}

// Snapshot implements room.Store.
func (s *Store) Snapshot(_ context.Context, id string) (*room.Room, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	k, ok := s.rooms[id]
	if !ok {
		return nil, room.ErrNotFound
	}
	return k.room, nil
}

// ByCode implements room.Store.
func (s *Store) ByCode(_ context.Context, code string) (string, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return roomIn(s.byCode, code, room.ErrNoSuchCode)
}

// ByInvitation implements room.Store.
func (s *Store) ByInvitation(_ context.Context, hash room.LookupHash) (string, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return roomIn(s.byInvitation, hash, room.ErrNoSuchInvitation)
}

// BySeat implements room.Store.
func (s *Store) BySeat(_ context.Context, id string) (string, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return roomIn(s.bySeat, id, room.ErrNotFound)
}

// roomIn returns the id of the room that an index has under a key, or the error none.
func roomIn[K comparable](index map[K]*keptRoom, key K, none error) (string, error) {
	k, ok := index[key]
	if !ok {
		return "", none
	}
	return k.room.ID, nil
}

// BySession implements room.Store.
func (s *Store) BySession(_ context.Context, session string) ([]*room.Room, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	rooms := make([]*room.Room, 0, len(s.bySession[session]))
	for _, k := range s.bySession[session] {
		rooms = append(rooms, k.room)
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
	k, ok := s.rooms[id]
	if !ok {
		return nil, nil
	}
	return k.logged(after, math.MaxUint64), nil
}

// Unentered implements room.Store.
func (s *Store) Unentered(context.Context) ([]*room.Room, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	rooms := make([]*room.Room, 0, s.unentered.Len())
	for k := s.unentered.Front(); k != nil; k = k.Next() {
		rooms = append(rooms, k.Value.(*keptRoom).room) //nolint:forcetypeassert // nothing else is in the list
	}
	return rooms, nil
}

// Rooms implements room.Store.
func (s *Store) Rooms(context.Context) ([]*room.Room, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	rooms := make([]*room.Room, 0, len(s.rooms))
	for _, k := range s.rooms {
		rooms = append(rooms, k.room)
	}
	return rooms, nil
}

// Lapsed implements room.Store.
func (s *Store) Lapsed(_ context.Context, page, session string) (room.Closing, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.lapsed.why(page, session), nil
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

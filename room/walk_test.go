package room_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"securechat/room"
)

// However people come, go, load pages, open second tabs and lose connections at any point of
// what they are sent: each member is told of each other's arrival, and of each once.
func TestEverybodyIsToldOfEverybodyOnce(t *testing.T) {
	for seed := range uint64(200) {
		terms := room.DefaultTerms()
		if seed%2 == 1 {
			terms.MaxNotices, terms.MaxMessages = 3, 5 // the log forgets
		}
		synctest.Test(t, func(t *testing.T) {
			w := newWalk(t, seed, terms)
			for range 120 {
				w.step()
			}
			w.judge(seed%2 == 1)
			if t.Failed() {
				t.Logf("seed %d: %s", seed, strings.Join(w.trace, "; "))
			}
		})
		if t.Failed() {
			return
		}
	}
}

type walk struct {
	*company
	random  *rand.Rand
	members []*walker
	conns   int
	trace   []string
}

// walker is a member, and what their pages were told.
type walker struct {
	seat  room.Seat
	since uint64
	pages []openPage
	// lost is the position of a page that will come back by itself.
	lost  *uint64
	heard uint64          // what the server knows to have arrived
	told  map[string]int  // by member, how often of the arrival
	live  map[uint64]bool // arrivals that happened while a page was there
}

type openPage struct {
	conn string
	from uint64 // when it entered
}

func newWalk(t *testing.T, seed uint64, terms room.Terms) *walk {
	w := &walk{company: newCompanyUnder(t, terms), random: rand.New(rand.NewPCG(seed, 0))}
	w.add(w.alice, openPage{"alice 1", 0})
	w.add(w.carol, openPage{"carol 1", 0})
	return w
}

func (w *walk) add(seat room.Seat, pages ...openPage) {
	m := &walker{seat: seat, pages: pages, told: map[string]int{}, live: map[uint64]bool{}}
	r, err := w.Store.Snapshot(w.Context(), w.alice.Room)
	must(w.T, err)
	for _, each := range r.Members {
		if each.ID == seat.ID {
			m.since = each.Since
		}
	}
	w.members = append(w.members, m)
}

func (w *walk) step() {
	m := w.members[w.random.IntN(len(w.members))]
	if !w.isMember(m) {
		return
	}
	switch w.random.IntN(10) {
	case 0, 1:
		w.knock()
	case 2, 3, 4:
		if len(m.pages) < 2 {
			w.enter(m)
		}
	case 5, 6, 7:
		if len(m.pages) > 0 {
			w.drop(m, w.random.IntN(len(m.pages)))
		}
	case 8:
		time.Sleep([]time.Duration{time.Second, 10 * time.Second, 11 * time.Second, 2 * time.Minute, 9 * time.Minute}[w.random.IntN(5)])
		synctest.Wait()
	default:
		must(w.T, post(w.service, m.seat, "hello"))
	}
}

func (w *walk) note(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf(format, args...))
}

// room is the room as it stands; nil once it is gone.
func (w *walk) room() *room.Room {
	r, err := w.Store.Snapshot(w.Context(), w.alice.Room)
	if err != nil {
		return nil
	}
	return r
}

func (w *walk) isMember(m *walker) bool {
	r := w.room()
	return r != nil && slices.ContainsFunc(r.Members, func(each room.Member) bool { return each.ID == m.seat.ID })
}

// knock has somebody let in by all who are present, if there are any.
func (w *walk) knock() {
	r := w.room()
	if len(w.members) > 9 || r.Participants() == 0 {
		return
	}
	var voters []room.Seat
	for _, m := range r.Members {
		if m.Present {
			voters = append(voters, room.Seat{ID: m.ID})
		}
	}
	seat := w.letIn(fmt.Sprintf("M%d", len(w.members)), voters...)
	seat.Path = seat.ID
	w.add(seat)
	w.note("%s let in at %d", seat.Name, w.seq())
}

// enter opens a page, or has a lost one come back.
func (w *walk) enter(m *walker) {
	w.conns++
	e := room.Attach{Room: m.seat.Room, Member: m.seat.ID, Conn: room.Conn{ID: fmt.Sprint(w.conns)}, Explicit: true}
	if m.lost != nil && len(m.pages) == 0 && w.random.IntN(2) == 0 {
		e.Returning = true
		if w.random.IntN(2) == 0 {
			e.Resume = m.lost
		}
	} else {
		_, err := w.Page(w.Context(), "s-"+m.seat.Name, m.seat.Path)
		must(w.T, err)
	}
	if len(m.pages) > 0 {
		m.heard = w.seq()
		e.Heard = m.heard
	}
	m.lost = nil
	must(w.T, w.Connect(w.Context(), e))
	for _, event := range slices.Backward(w.world.of(m.seat.Room)) {
		a, ok := event.Body.(room.Attached)
		if !ok {
			continue
		}
		m.pages = append(m.pages, openPage{e.Conn.ID, event.Seq})
		for i := range a.Log {
			if said := &a.Log[i]; said.Kind == room.KindNotice && said.Notice.What == room.Arrival && a.Missed(said) {
				m.told[said.Member]++
			}
		}
		break
	}
	w.note("%s enters by %s at %d", m.seat.Name, e.Conn.ID, w.seq())
}

// drop ends a page, which has got all that it was sent or a part of it.
func (w *walk) drop(m *walker, i int) {
	page, delivered := m.pages[i], w.seq()
	m.pages = slices.Delete(m.pages, i, i+1)
	how := w.random.IntN(4)
	if how > 0 && len(m.pages) == 0 && w.random.IntN(2) == 0 {
		delivered = max(m.heard, page.from+w.random.Uint64N(delivered-page.from+1))
	}
	m.see(w, page, delivered)
	switch {
	case how == 0 && len(w.members) > 4 && w.random.IntN(3) == 0: // for good
		w.leave(m.seat, page.conn, true)
	case how == 0: // it says so first: what was sent is taken for heard
		w.leave(m.seat, page.conn, false)
	case how == 1:
		must(w.T, w.Disconnect(w.Context(), m.seat.Room, m.seat.ID, page.conn, delivered, true))
	default:
		w.loseAt(m.seat, page.conn, delivered)
		m.lost = &delivered
	}
	w.note("%s loses %s with %d of %d", m.seat.Name, page.conn, delivered, w.seq())
}

// see counts the arrivals that happened while a page was there.
func (m *walker) see(w *walk, page openPage, delivered uint64) {
	for _, event := range w.world.of(m.seat.Room) {
		joined, ok := event.Body.(room.MemberJoined)
		if ok && page.from < event.Seq && event.Seq <= delivered && !m.live[event.Seq] {
			m.live[event.Seq] = true
			m.told[joined.Member]++
		}
	}
}

// judge has everybody come back, and compares what they were told with what happened.
// Of who is gone again, a log that forgets need not tell.
func (w *walk) judge(forgets bool) {
	arrived := map[string]uint64{}
	for _, m := range w.members {
		if w.isMember(m) && len(m.pages) == 0 {
			w.enter(m)
		}
	}
	for _, event := range w.world.of(w.alice.Room) {
		if joined, ok := event.Body.(room.MemberJoined); ok {
			arrived[joined.Member] = event.Seq
		}
	}
	for _, m := range w.members {
		if !w.isMember(m) {
			continue
		}
		for _, page := range m.pages {
			m.see(w, page, w.seq())
		}
		for _, other := range w.members {
			want := 0
			if other != m && arrived[other.seat.ID] > m.since {
				want = 1
			}
			got := m.told[other.seat.ID]
			if other != m && got != want && (got > want || !forgets || w.isMember(other)) {
				w.Errorf("%s was told %d times of %s, want %d", m.seat.Name, got, other.seat.Name, want)
			}
		}
	}
}

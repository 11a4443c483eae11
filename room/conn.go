package room

import (
	"slices"
	"time"
)

// Conn is a connection of a member that is in the room.
type Conn struct {
	ID   string // unique among all connections of all processes
	Node string // the process that it belongs to
	// Page is what the page behind it calls itself, the same for all its connections and
	// another one for each page; "" if it does not.
	Page string
	// N counts the connections of the page, from 1; 0 if it does not count them. Connections
	// can overtake each other on their way here.
	N uint64
	// After is the sequence number up to which the page had seen the room when it entered.
	After uint64
}

// Loss is a lost connection whose page may come back.
type Loss struct {
	Seq  uint64 // up to which the page has certainly seen the room
	Page string // as in Conn
	N    uint64 // as in Conn
}

// Caller is the connection of a member that asks for something.
type Caller struct{ Room, Member, Conn string }

// dropMargin is how long a member whose process is gone has at the least to come back by
// another one, whenever that is found out.
const dropMargin = 4 * time.Second

// caller returns the index of the member that asks. Errors: ErrNotMember, ErrNotHere.
func (r *Room) caller(c Caller) (int, error) {
	i := r.memberIndex(c.Member)
	if i < 0 {
		return 0, ErrNotMember
	}
	if !r.Members[i].has(c.Conn) {
		return 0, ErrNotHere
	}
	return i, nil
}

func (m *Member) has(conn string) bool { return m.connIndex(conn) >= 0 }

func (m *Member) connIndex(conn string) int {
	return slices.IndexFunc(m.Conns, func(c Conn) bool { return c.ID == conn })
}

func (m *Member) awaits(conn string) bool {
	return slices.ContainsFunc(m.Awaited, func(c Conn) bool { return c.ID == conn })
}

// overtaken reports whether the page is known to have made a later connection than this one.
func (m *Member) overtaken(c Conn) bool {
	if c.Page == "" || c.N == 0 {
		return false
	}
	return slices.ContainsFunc(m.Conns, func(other Conn) bool { return other.Page == c.Page && other.N > c.N }) ||
		slices.ContainsFunc(m.Lost, func(l Loss) bool { return l.Page == c.Page && l.N > c.N })
}

// gaveUp reports whether the page of a new connection has given up another one for it. Only
// pages that count their connections are known to have one at a time.
func (c Conn) gaveUp(other Conn) bool {
	return c.Page != "" && c.N > 0 && c.Page == other.Page && c.ID != other.ID
}

// succeed takes the connections out of the room that the page of a new one has given up for
// it, and returns their ids.
func (m *Member) succeed(c Conn) (replaced []string) {
	m.Conns = slices.DeleteFunc(slices.Clone(m.Conns), func(other Conn) bool {
		if !c.gaveUp(other) {
			return false
		}
		replaced = append(replaced, other.ID)
		return true
	})
	return replaced
}

// pages returns what the pages call themselves that are connected, or may come back.
func (m *Member) pages() (names []string) {
	for _, c := range m.Conns {
		if c.Page != "" {
			names = append(names, c.Page)
		}
	}
	for _, l := range m.Lost {
		if l.Page != "" {
			names = append(names, l.Page)
		}
	}
	return names
}

// rememberLoss keeps the position from which a lost connection may resume.
func (m *Member) rememberLoss(l Loss) {
	kept := m.Lost[max(0, len(m.Lost)-maxLost+1):]
	m.Lost = append(slices.Clip(kept), l)
}

// lossFor returns the index of the lost connection that was that of the page of an entry;
// -1 if there is none. A page that names itself is known by its name, and is the latest of
// that name. Of the others one is taken that was not known to have got further than this page
// has; of several the furthest, so that the member's other pages are rather told twice than
// never. For the same reason a page of which nothing is known is taken for the latest that
// was lost.
func (m *Member) lossFor(e Entry) (index int) {
	index = -1
	for i, l := range m.Lost {
		if l.Page == e.Conn.Page {
			index = i
		}
	}
	if e.Resume == nil {
		if index < 0 {
			index = len(m.Lost) - 1
		}
		return index
	}
	if index < 0 || e.Conn.Page != "" {
		return index
	}
	for i, l := range m.Lost {
		if latest := m.Lost[index].Seq; l.Page == "" && l.Seq <= *e.Resume && (latest > *e.Resume || latest < l.Seq) {
			index = i
		}
	}
	return index
}

// DropNode takes the connections of a process out of the room that is gone without a word: it
// was heard of last at heard. They count as lost, each with what its page is known to have
// seen, by the connection's id, or else what it had seen when it entered. Nobody is absent
// before the grace from the last word of the process is over.
func (r *Room) DropNode(now time.Time, node string, heard time.Time, seen map[string]uint64) []Event {
	var events []Event
	of := func(c Conn) bool { return c.Node == node }
	for i := range r.Members {
		if !slices.ContainsFunc(r.Members[i].Conns, of) && !slices.ContainsFunc(r.Members[i].Awaited, of) {
			continue
		}
		m := r.editMember(i)
		for _, c := range slices.Clone(m.Awaited) {
			if of(c) {
				r.Forgo(now, m.ID, c.ID)
				m = &r.Members[i]
			}
		}
		var dropped []string
		for _, c := range slices.Clone(m.Conns) {
			if !of(c) {
				continue
			}
			delivered, known := seen[c.ID]
			if !known {
				delivered = c.After
			}
			r.Disconnect(now, m.ID, c.ID, delivered, false)
			m = &r.Members[i]
			dropped = append(dropped, c.ID)
		}
		if len(dropped) == 0 {
			continue
		}
		if len(m.Conns) == 0 {
			m = r.editMember(i)
			due := latest(heard.Add(r.Terms.AbsenceGrace), now.Add(dropMargin))
			m.AbsentDue = latest(due, m.SparedUntil)
		}
		events = append(events, r.event(Detached{Member: m.ID, Conns: dropped, Why: Dropped}))
	}
	return events
}

func ids(conns []Conn) []string {
	ids := make([]string, len(conns))
	for i, c := range conns {
		ids[i] = c.ID
	}
	return ids
}

package room

import (
	"slices"
	"time"
)

// Conn is a connection of a member that is in the room.
type Conn struct {
	ID   string // unique among all connections of all processes
	Node string // the process that it belongs to
	// Page is the name that the page behind it has given itself; "" if it has none. All
	// connections of a page have the same, and no two pages have one in common.
	Page string
	// N counts the connections of the page, from 1; 0 if it does not count them. Connections
	// can overtake each other on their way here.
	N uint64
	// Number is greater for what Node made later; 0 if the page is not known to have one
	// connection at a time. Within a node it tells which came first if N does not.
	Number uint64
	// After is the sequence number up to which the page had certainly seen the room when the
	// connection entered.
	After uint64
}

// Loss is a lost connection whose page may come back.
type Loss struct {
	Seq  uint64 // up to which the page has certainly seen the room
	Page string // as in Conn
	N    uint64 // as in Conn
	// Node and Number are as in Conn; empty without a Page.
	Node   string
	Number uint64
	// Parted is true if the page took its leave. The page may have stayed after all, and is then
	// recognised by Page.
	Parted bool
}

// Caller is the connection of a member that asks for something.
type Caller struct{ Room, Member, Conn string }

// dropMargin is how long a member has at the least to come back by another process, from when
// it is found out that theirs is gone.
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
	return slices.ContainsFunc(m.Conns, func(other Conn) bool { return other.isAfter(c) }) ||
		slices.ContainsFunc(m.Lost, func(l Loss) bool { return l.conn().isAfter(c) })
}

// isAfter reports whether the page of c is known to have made it after other, and so has given up
// other for it. Of connections of different nodes that is known only if the page counts them.
func (c Conn) isAfter(other Conn) bool {
	switch {
	case c.Page == "" || c.Page != other.Page:
		return false
	case c.N > 0 && other.N > 0 && c.N != other.N:
		return c.N > other.N
	default:
		return c.Node == other.Node && c.Number > other.Number
	}
}

// lossAt returns the loss of a connection whose page has certainly seen the room up to seq.
func (c Conn) lossAt(seq uint64, parted bool) Loss {
	if c.Page == "" {
		return Loss{Seq: seq, Parted: parted}
	}
	return Loss{Seq: seq, Page: c.Page, N: c.N, Node: c.Node, Number: c.Number, Parted: parted}
}

// conn returns what is known of the connection that was lost.
func (l Loss) conn() Conn { return Conn{Node: l.Node, Page: l.Page, N: l.N, Number: l.Number} }

// sharesPage reports whether other is another connection of the same page, which has a name.
func (c Conn) sharesPage(other Conn) bool {
	return c.Page != "" && c.Page == other.Page && c.ID != other.ID
}

// succeed takes out of the room the connections that the page of c, a new one, has given up
// for it. It returns their ids.
func (m *Member) succeed(c Conn) (replaced []string) {
	m.Conns = slices.DeleteFunc(slices.Clone(m.Conns), func(other Conn) bool {
		if !c.isAfter(other) {
			return false
		}
		replaced = append(replaced, other.ID)
		return true
	})
	return replaced
}

// pages returns the names of the member's pages that are connected, or may come back.
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

// rememberLoss keeps the position from which a lost connection may resume. When there are too
// many, those go first whose pages took their leave, and may be closed for good.
func (m *Member) rememberLoss(l Loss) {
	lost := append(slices.Clone(m.Lost), l)
	if len(lost) > maxLost {
		oldest := max(0, slices.IndexFunc(lost, func(l Loss) bool { return l.Parted }))
		lost = slices.Delete(lost, oldest, oldest+1)
	}
	m.Lost = lost
}

// forgetLoss forgets a loss that a page has resumed, and the earlier ones of the same page.
func (m *Member) forgetLoss(i int) {
	page := m.Lost[i].Page
	m.Lost = slices.Concat(m.Lost[:i], m.Lost[i+1:])
	if page != "" {
		m.Lost = slices.DeleteFunc(m.Lost, func(l Loss) bool { return l.Page == page })
	}
}

// lastLoss returns the index of the latest loss that is certainly one; -1 if there is none.
func (m *Member) lastLoss() int {
	for i, l := range slices.Backward(m.Lost) {
		if !l.Parted {
			return i
		}
	}
	return -1
}

// lossFor returns the index of the loss that the page of an entering connection resumes; -1 if
// there is none. A page with a name resumes the latest loss under that name, and no other.
//
// A page without a name that says how far it has got resumes the loss that got furthest, among
// those that got no further than the page. Losses that got less far stay for the member's other
// pages, which are then told something twice rather than never. A page that says nothing
// resumes the latest loss. If only pages with names have lost connections, it is taken to be as
// far as the latest of those.
func (m *Member) lossFor(a Attach) (index int) {
	index = -1
	for i, l := range m.Lost {
		if l.Page == a.Conn.Page {
			index = i
		}
	}
	switch {
	case a.Conn.Page != "":
		return index
	case index < 0 && a.Resume == nil:
		return m.lastLoss()
	case index < 0 || a.Resume == nil:
		return index
	}
	for i, l := range m.Lost {
		if latest := m.Lost[index].Seq; l.Page == "" && l.Seq <= *a.Resume && (latest > *a.Resume || latest < l.Seq) {
			index = i
		}
	}
	return index
}

// DropNode takes the connections of a process out of the room. The process is gone without a
// word, and was heard of last at heard. Its connections count as lost. seen says, by their ids,
// how far their pages are known to have seen the room; a page that is not in it has seen what
// it had when it entered. A member whose last connection this was stays present for
// AbsenceGrace from heard, and for dropMargin from now at the least. Nobody calls it yet: it is for
// several processes on one store.
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

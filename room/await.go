package room

import (
	"slices"
	"time"
)

// Await notes that a connection of the member waits for its turn to enter. While it waits the
// member stays present, and an absent one is present again: strangers must not be let in
// without somebody whose page is just being loaded.
//
// A connection that waits hears nothing. Waiting therefore keeps a member present until
// SlowGrace after their last connection was in the room, and no longer. So a member who only
// ever waits can neither block votes for ever nor be announced as back again and again. The
// membership of an absent member goes on while they wait, for SlowGrace longer at the most.
// Errors: ErrNotMember, ErrNotHere if the page has a newer connection.
func (r *Room) Await(now time.Time, member string, conn Conn) ([]Event, error) {
	i := r.memberIndex(member)
	if i < 0 {
		return nil, ErrNotMember
	}
	if m := &r.Members[i]; m.has(conn.ID) || m.awaits(conn.ID) {
		return nil, nil
	}
	if r.Members[i].overtaken(conn) {
		return nil, ErrNotHere
	}
	m := r.editMember(i)
	m.Awaited = append(slices.Clip(m.Awaited), conn)
	if m.Present || !now.Before(m.LastSeen.Add(r.Terms.SlowGrace)) {
		return nil, nil
	}
	m.Present = true
	m.AbsentDue, m.EndDue = now.Add(r.Terms.AbsenceGrace), time.Time{}
	events := []Event{r.event(MemberReturned{Member: m.ID, Name: m.Name, At: now})}
	m.Back = Moment{r.Seq, now}
	events = append(events, r.presenceChanged())
	return append(events, r.settle(now)...), nil
}

// Forgo notes that a connection no longer waits. The member then has as long to come back as
// after a lost connection, but no longer than if the connection had gone on waiting. A
// connection that did not wait changes nothing.
func (r *Room) Forgo(now time.Time, member, conn string) {
	i := r.memberIndex(member)
	if i < 0 || !r.Members[i].awaits(conn) {
		return
	}
	m := r.editMember(i)
	absence, ending := m.absence(&r.Terms), m.ending(&r.Terms)
	m.stopAwaiting(conn)
	if len(m.Conns)+len(m.Awaited) > 0 {
		return
	}
	again := now.Add(r.Terms.AbsenceGrace)
	if m.Present {
		m.AbsentDue = latest(m.AbsentDue, earliest(again, absence))
	} else {
		m.EndDue = latest(m.EndDue, earliest(again, ending))
	}
}

func (m *Member) stopAwaiting(conn string) {
	m.Awaited = slices.DeleteFunc(slices.Clone(m.Awaited), func(c Conn) bool { return c.ID == conn })
}

// absence returns when a member who is present without a connection goes absent.
func (m *Member) absence(terms *Terms) time.Time {
	if len(m.Awaited) == 0 {
		return m.AbsentDue
	}
	return latest(m.AbsentDue, m.LastSeen.Add(terms.SlowGrace))
}

// ending returns when the membership of an absent member ends.
func (m *Member) ending(terms *Terms) time.Time {
	if len(m.Awaited) == 0 || m.Away.Seq == 0 {
		return m.EndDue
	}
	return latest(m.EndDue, m.Away.At.Add(terms.ReturnGrace+terms.SlowGrace))
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

package room

import (
	"slices"
	"time"
)

// Connect brings a connection of a member into the room. If the connection is
// in the room already, only its request to join is confirmed again.
// Errors: ErrNotMember.
func (r *Room) Connect(now time.Time, e Entry) ([]Event, error) {
	i := r.memberIndex(e.Member)
	if i < 0 {
		return nil, ErrNotMember
	}
	if slices.Contains(r.Members[i].Conns, e.Conn) {
		return append(r.confirm(e), r.presenceTold(e.Conn)), nil
	}

	m := r.editMember(i)
	first, absent := !m.Arrived, !m.Present
	m.Told = max(m.Told, m.Since, e.Heard)
	after := m.resumeAfter(now, e, r.Seq)
	m.stopAwaiting(e.Conn)
	m.Conns = append(slices.Clip(m.Conns), e.Conn)
	m.Arrived, m.Present = true, true
	r.Entered, r.EntryDue = true, time.Time{}
	m.AbsentDue, m.EndDue = time.Time{}, time.Time{}

	told := max(after, m.Told)
	attached := Attached{Conn: e.Conn, Member: m.ID, Explicit: e.Explicit, After: after, Told: told}
	events := []Event{r.event(attached)}
	switch {
	case first && !m.Founder:
		events = append(events, r.event(MemberJoined{Member: m.ID, Name: m.Name, At: now}))
		m.Joined = Moment{r.Seq, now}
	case absent && !first:
		events = append(events, r.event(MemberReturned{Member: m.ID, Name: m.Name, At: now}))
		m.Back = Moment{r.Seq, now}
	}
	events = append(events, r.confirm(e)...)
	if first || absent {
		events = append(events, r.presenceChanged())
	} else {
		events = append(events, r.presenceTold(e.Conn))
	}
	if absent {
		// A vote that waited while nobody was present may be complete with this one.
		events = append(events, r.settle(now)...)
	}
	attached.Knocks, attached.Approved = r.ballots(e.Member) // as they stand after all that
	attached.Log = r.comings(e.Member, told)
	events[0].Body = attached
	return events, nil
}

// confirm answers a page that asked to join.
func (r *Room) confirm(e Entry) []Event {
	if !e.Explicit {
		return nil
	}
	return []Event{r.event(JoinConfirmed{Conn: e.Conn, Count: r.Participants()})}
}

// resumeAfter tells what a new connection of the member has seen already, and
// takes note that it is being used.
//
// A newly loaded page is empty and shown everything since the admission. It uses up no lost
// connection: that may be another tab's, which will come back. A page that reconnects has
// seen what the caller knows of it, or else what its lost connection is known to have
// delivered.
func (m *Member) resumeAfter(now time.Time, e Entry, seq uint64) uint64 {
	if e.Resume == nil && !e.Returning && m.loading(now) {
		m.LoadingUntil = time.Time{}
		return m.Since
	}
	seen := seq
	switch {
	case e.Resume != nil:
		seen = min(*e.Resume, seq)
	case e.Otherwise != nil:
		seen = min(*e.Otherwise, seq)
	}
	if last := len(m.Lost) - 1; last >= 0 {
		used := last
		if e.Resume == nil {
			seen = m.Lost[last]
		} else {
			used = m.lossOf(*e.Resume)
		}
		m.Lost = slices.Concat(m.Lost[:used], m.Lost[used+1:])
	}
	return max(seen, m.Since)
}

// lossOf returns which of the lost connections, of which there has to be one, was that of a
// page that has seen the room up to seen: one that was not known to have got further. Of
// several the furthest is taken, so that the member's other pages are rather told twice
// than never.
func (m *Member) lossOf(seen uint64) (index int) {
	index = len(m.Lost) - 1
	for i, delivered := range m.Lost {
		if delivered <= seen && (m.Lost[index] > seen || m.Lost[index] < delivered) {
			index = i
		}
	}
	return index
}

// loading reports whether the member's next connection is a new page.
func (m *Member) loading(now time.Time) bool {
	return !m.Arrived || now.Before(m.LoadingUntil)
}

// Load notes that a page was rendered for the member. Errors: ErrNotMember.
func (r *Room) Load(now time.Time, member string) error {
	i := r.memberIndex(member)
	if i < 0 {
		return ErrNotMember
	}
	r.editMember(i).LoadingUntil = now.Add(loadingTime)
	return nil
}

// Disconnect takes a lost connection out of the room; the member stays present
// for the absence grace. delivered is the sequence number up to which the page
// behind the connection has certainly seen the room. After a deliberate
// goodbye the page does not resume by itself, so who comes next is a new page.
// A connection that the room does not know changes nothing.
func (r *Room) Disconnect(now time.Time, member, conn string, delivered uint64, deliberate bool) {
	i := r.memberIndex(member)
	if i < 0 || !slices.Contains(r.Members[i].Conns, conn) {
		return
	}
	m := r.editMember(i)
	m.removeConn(conn, now)
	m.Told = max(m.Told, delivered)
	if len(m.Conns) == 0 {
		m.AbsentDue = latest(now.Add(r.Terms.AbsenceGrace), m.SparedUntil)
		m.Parted = deliberate
	}
	if !deliberate {
		m.rememberLoss(delivered)
	} else if len(m.Conns) == 0 {
		m.LoadingUntil = now.Add(r.Terms.AbsenceGrace + r.Terms.ReturnGrace)
	}
}

// Spare notes that the server is about to end a connection of the member because it does
// not keep up. Whoever fills somebody's line must not make them absent, and so take their
// vote away: the member stays present until they could have drained what was on its way
// and come back. That has an end, for who is gone must not block votes for ever.
func (r *Room) Spare(now time.Time, member string) {
	if i := r.memberIndex(member); i >= 0 {
		r.editMember(i).SparedUntil = now.Add(r.Terms.SlowGrace)
	}
}

func (m *Member) removeConn(conn string, now time.Time) {
	m.Conns = slices.DeleteFunc(slices.Clone(m.Conns), func(c string) bool { return c == conn })
	m.LastSeen = now
}

// rememberLoss keeps the position from which a lost connection may resume.
func (m *Member) rememberLoss(delivered uint64) {
	kept := m.Lost[max(0, len(m.Lost)-maxLost+1):]
	m.Lost = append(slices.Clip(kept), delivered)
}

// Leave takes a connection out of the room without the grace of a lost one.
// The member goes absent at once, unless other tabs are open or wait for their turn, or they
// were absent within the grace: who leaves and comes back over and over is not told of each
// time. delivered is as for Disconnect. If final is set the membership ends, whether the
// connection is in the room or not, and the other tabs are put out.
// Errors: ErrNotMember, also for a connection that is not in the room.
func (r *Room) Leave(now time.Time, member, conn string, delivered uint64, final bool) ([]Event, error) {
	i := r.memberIndex(member)
	if i < 0 {
		return nil, ErrNotMember
	}
	inside := slices.Contains(r.Members[i].Conns, conn)
	if !inside && !final {
		return nil, ErrNotMember
	}
	m := r.editMember(i)
	var events []Event
	if inside {
		m.removeConn(conn, now)
		events = append(events, r.event(Detached{Member: m.ID, Conns: []string{conn}}))
	}
	if final {
		if len(m.Conns) > 0 {
			events = append(events, r.event(Detached{Member: m.ID, Conns: m.Conns, Evicted: true}))
		}
		return append(events, r.end(i, now)...), nil
	}
	m.rememberLoss(delivered)
	m.Told = max(m.Told, delivered)
	if len(m.Conns) > 0 {
		return events, nil
	}
	m.Parted = true
	again := m.Away.At.Add(r.Terms.AbsenceGrace)
	if len(m.Awaited) > 0 || m.Away.Seq > 0 && now.Before(again) {
		m.AbsentDue = latest(now.Add(r.Terms.AbsenceGrace), m.SparedUntil)
		return events, nil
	}
	return append(events, r.absent(i, now)...), nil
}

// absent takes the member's presence away: it is not counted and has no vote
// until it connects again.
func (r *Room) absent(i int, now time.Time) []Event {
	m := r.editMember(i)
	m.Present = false
	m.AbsentDue = time.Time{}
	m.EndDue = now.Add(r.Terms.ReturnGrace)
	var events []Event
	if m.Arrived {
		events = append(events, r.event(MemberLeft{Member: m.ID, Name: m.Name, At: now, How: m.parting()}))
		m.Away = Moment{r.Seq, now}
	}
	events = append(events, r.presenceChanged())
	return append(events, r.settle(now)...)
}

// end removes the membership. The last one takes the room with it.
func (r *Room) end(i int, now time.Time) []Event {
	m := r.Members[i]
	r.Members = slices.Concat(r.Members[:i], r.Members[i+1:])
	r.Revision++
	var events []Event
	if m.Arrived { // of who never came nobody was told, and nobody was heard by them
		left := MemberLeft{Member: m.ID, Name: m.Name, At: now, How: Departure}
		if !m.Present {
			left.Known = m.Away.Seq
		}
		events = append(events, r.event(left))
	}
	if m.Present {
		events = append(events, r.presenceChanged())
	}
	if len(r.Members) == 0 {
		return append(events, r.close(Emptied, now)...)
	}
	return append(events, r.settle(now)...)
}

// close ends the room and refuses whoever waits at its door.
func (r *Room) close(why Closing, now time.Time) []Event {
	var events []Event
	for i := range r.Knocks {
		if r.Knocks[i].open() {
			events = append(events, r.refuse(i, RoomGone, now))
		}
	}
	r.Closing = why
	return append(events, r.event(Closed{Reason: why}))
}

// TellCode answers a member's connection with the code.
// Errors: ErrNotMember.
func (r *Room) TellCode(member, conn string) ([]Event, error) {
	if r.memberIndex(member) < 0 {
		return nil, ErrNotMember
	}
	return []Event{r.event(CodeTold{Conn: conn, Code: r.Code})}, nil
}

// List tells a member's connection who the members are. Errors: ErrNotMember.
func (r *Room) List(member, conn string) ([]Event, error) {
	if r.memberIndex(member) < 0 {
		return nil, ErrNotMember
	}
	members := make([]Membership, len(r.Members))
	for i := range r.Members {
		m := &r.Members[i]
		members[i] = Membership{ID: m.ID, Name: m.Name, Present: m.Present}
	}
	return []Event{r.event(MembersListed{Conn: conn, Member: member, Members: members})}, nil
}

func (r *Room) presenceChanged() Event {
	return r.event(PresenceChanged{Count: r.Participants()})
}

func (r *Room) presenceTold(conn string) Event {
	return r.event(PresenceTold{Conn: conn, Count: r.Participants()})
}

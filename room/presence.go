package room

import (
	"slices"
	"time"
)

// Attach is a connection that is to be attached to a room, and what is known of its page.
// [Attached] is what comes of it.
type Attach struct {
	Room, Member string
	Conn         Conn
	Explicit     bool // the page asked for it
	// Returning is true if this is certainly a page that was in the room before,
	// even if another one is being loaded at the moment.
	Returning bool
	// Resume, if not nil, is the sequence number up to which the page behind
	// this connection is known to have seen the room. Without it the
	// service goes by what was reported at Disconnect.
	Resume *uint64
	// Sent is the sequence number up to which this very connection was sent the room when it was
	// in there before, and is not sent it again; 0 if it was not. What of that has arrived is
	// not certain.
	Sent uint64
	// Otherwise, if not nil, is the sequence number up to which the page has seen the room at
	// the least. It counts if neither Resume nor a lost connection tells. Without it a page that
	// was there before is taken to have seen everything.
	Otherwise *uint64
	// Heard is the sequence number up to which other pages of the member, that
	// are open, have certainly heard the room; 0 if there are none.
	Heard uint64
}

// Connect brings a connection of a member into the room. One that is in the room already
// changes nothing. Older connections of its page are taken out: what has come by them before
// counts, and what comes later does not.
// Errors: ErrNotMember, ErrNotHere if the page has a newer connection.
func (r *Room) Connect(now time.Time, a Attach) ([]Event, error) {
	i := r.memberIndex(a.Member)
	if i < 0 {
		return nil, ErrNotMember
	}
	if r.Members[i].has(a.Conn.ID) {
		return nil, nil
	}
	if r.Members[i].overtaken(a.Conn) {
		return nil, ErrNotHere
	}

	m := r.editMember(i)
	first, absent := !m.Arrived, !m.Present
	m.Told = max(m.Told, m.Since, a.Heard)
	a.Conn.After = m.resumeAfter(now, a, r.Seq)
	m.stopAwaiting(a.Conn.ID)
	replaced := m.succeed(a.Conn)
	m.Conns = append(slices.Clip(m.Conns), a.Conn)
	m.Arrived, m.Present = true, true
	r.Entered, r.EntryDue = true, time.Time{}
	m.AbsentDue, m.EndDue = time.Time{}, time.Time{}

	after := max(a.Conn.After, min(a.Sent, r.Seq))
	told := max(after, m.Told)
	var events []Event
	if len(replaced) > 0 {
		events = append(events, r.event(Detached{Member: m.ID, Conns: replaced, Why: Replaced}))
	}
	attached := Attached{
		Conn: a.Conn.ID, Member: m.ID, Explicit: a.Explicit, Count: r.Participants(), Changed: first || absent,
		After: after, Told: told, Invitations: m.invitations(),
	}
	at := len(events)
	events = append(events, r.event(attached))
	switch {
	case first && !m.Founder:
		events = append(events, r.event(MemberJoined{Member: m.ID, Name: m.Name, At: now}))
		m.Joined = Moment{r.Seq, now}
	case absent && !first:
		events = append(events, r.event(MemberReturned{Member: m.ID, Name: m.Name, At: now}))
		m.Back = Moment{r.Seq, now}
	}
	if attached.Changed {
		events = append(events, r.presenceChanged())
	}
	if absent {
		// A vote that waited while nobody was present may be complete with this one.
		events = append(events, r.settle(now)...)
	}
	attached.Knocks, attached.Approved = r.ballots(a.Member) // as they stand after all that
	attached.Log, attached.Until = r.comings(a.Member, told), r.Seq
	events[at].Body = attached
	return events, nil
}

// resumeAfter returns the number of the last event that the page of an entering connection has
// seen.
//
// A newly loaded page is empty, and is shown everything since the member's admission. A page
// that reconnects has seen what the caller knows of it, or else what its lost connection is
// known to have delivered. That loss is used up. A new page uses up none, since it may be that
// of another tab, which will come back.
//
// A page with a name that the room does not know is new, or was forgotten among too many others.
// It is shown everything as well. A page with auth.page knows by the ids what it has already; one
// that is known by its form's token alone may show that twice rather than never.
func (m *Member) resumeAfter(now time.Time, a Attach, seq uint64) uint64 {
	lost, before := m.lossFor(a), slices.IndexFunc(m.Conns, a.Conn.sharesPage)
	named := a.Conn.Page != ""
	if a.Resume == nil && !a.Returning && before < 0 && (!named || lost < 0) && m.loading(now) {
		m.LoadingUntil = time.Time{}
		return m.Since
	}
	seen := seq
	switch {
	case a.Resume != nil:
		seen = min(*a.Resume, seq)
	case lost >= 0:
		seen = m.Lost[lost].Seq
	case a.Otherwise != nil:
		seen = min(*a.Otherwise, seq)
	case before >= 0:
		seen = m.Conns[before].After
	case named:
		seen = m.Since
	}
	if lost >= 0 && m.Lost[lost].Page == a.Conn.Page { // another page's is there for that one
		m.forgetLoss(lost)
	}
	return max(seen, m.Since)
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
// goodbye the page does not resume by itself, so the member's next connection is that of a
// new page. A connection that the room does not know changes nothing.
func (r *Room) Disconnect(now time.Time, member, conn string, delivered uint64, deliberate bool) {
	i := r.memberIndex(member)
	if i < 0 || !r.Members[i].has(conn) {
		return
	}
	m := r.editMember(i)
	lost := m.removeConn(conn, now)
	delivered = max(delivered, lost.After) // it may have ended before it heard that it was in
	m.Told = max(m.Told, delivered)
	if len(m.Conns) == 0 {
		m.AbsentDue = latest(now.Add(r.Terms.AbsenceGrace), m.SparedUntil)
		m.Parted = deliberate
	}
	if !deliberate || lost.Page != "" { // a page that names itself may have stayed, and is known by it
		m.rememberLoss(lost.lossAt(delivered, deliberate))
	}
	if deliberate && len(m.Conns) == 0 {
		m.LoadingUntil = now.Add(r.Terms.AbsenceGrace + r.Terms.ReturnGrace)
	}
}

// Spare notes that the server is about to end a connection of the member because it does not
// keep up. The member stays present for SlowGrace, in which they can drain what was on its way
// and come back: nobody may take away a member's vote by filling their line. Then it ends,
// since a member who is gone must not block votes for ever.
func (r *Room) Spare(now time.Time, member string) {
	if i := r.memberIndex(member); i >= 0 {
		r.editMember(i).SparedUntil = now.Add(r.Terms.SlowGrace)
	}
}

// removeConn takes out a connection that is in the room, and returns it.
func (m *Member) removeConn(conn string, now time.Time) Conn {
	i := m.connIndex(conn)
	removed := m.Conns[i]
	m.Conns = slices.Concat(m.Conns[:i], m.Conns[i+1:])
	m.LastSeen = now
	return removed
}

// Leave takes a connection out of the room without the grace of a lost one.
// The member goes absent at once, unless another tab is open. If another tab waits for its
// turn, or the member last went absent within the absence grace, they go absent after the grace:
// a member who leaves and comes back over and over is not announced each time. delivered is
// as for Disconnect. If final is set the membership ends, whether the connection is in the room
// or not, and the other tabs are put out.
// Errors: ErrNotMember, ErrNotHere.
func (r *Room) Leave(now time.Time, c Caller, delivered uint64, final bool) ([]Event, error) {
	i := r.memberIndex(c.Member)
	if i < 0 {
		return nil, ErrNotMember
	}
	inside := r.Members[i].has(c.Conn)
	if !inside && !final {
		return nil, ErrNotHere
	}
	m := r.editMember(i)
	var events []Event
	var left Conn
	if inside {
		left = m.removeConn(c.Conn, now)
		events = append(events, r.event(Detached{Member: m.ID, Conns: []string{c.Conn}}))
	}
	if final {
		if len(m.Conns) > 0 {
			events = append(events, r.event(Detached{Member: m.ID, Conns: ids(m.Conns), Why: Evicted}))
		}
		return append(events, r.end(i, now)...), nil
	}
	delivered = max(delivered, left.After)
	m.rememberLoss(left.lossAt(delivered, true))
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
	if m.Arrived { // a member who never came was not announced
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

// close ends the room and refuses the open knocks.
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

func (r *Room) presenceChanged() Event {
	return r.event(PresenceChanged{Count: r.Participants()})
}

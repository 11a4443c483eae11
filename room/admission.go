package room

import (
	"slices"
	"time"

	"securechat/approval"
)

// Knock is an open request to be let in.
type Knock struct {
	ID       string
	Name     string // not escaped
	Deadline time.Time
	// Approvals are the yeses that count now, of as many as are Required.
	Approvals, Required int
	// Votes are whose votes they are. They are for members only: an applicant does not get to
	// know who is inside.
	Votes Votes
}

// Votes are the names of the members present, by whether they have said yes to a knock.
type Votes struct {
	Yes, Missing []string
	By           []string // the ids of those who have said yes
}

// Refusal is why a knock ended without admission.
type Refusal string

// The reasons for a refusal.
const (
	Declined Refusal = "declined" // a member said no
	TimedOut Refusal = "timed out"
	RoomFull Refusal = "room full" // the last place was taken meanwhile
	RoomGone Refusal = "room gone"
	// Withdrawn: the applicant does not want to be let in any more.
	Withdrawn Refusal = "withdrawn"
	// Displaced: the door was full, with more from the applicant's network than from
	// that of somebody who came later.
	Displaced Refusal = "displaced"
)

// RequestJoin knocks under an already parsed name for the session, which comes from
// these networks, and returns where it then stands.
//
// The same session asking again under the same name gets the request it
// already has, or its place back if it is still a member whose pages are
// closed: coming back within the return grace needs no new vote.
//
// Nothing is said of the names in the room before there is a place at the door: who
// would not get in anyway does not learn who is inside.
//
// Errors: ErrRoomFull, ErrTooManyKnocks, ErrNameTaken, ErrNameAlike.
func (r *Room) RequestJoin(now time.Time, id, session, name string, from ...Network) (Seat, []Event, error) {
	like := lookOf(name)
	if seat, held := r.held(now, session, like); held {
		return seat, nil, nil
	}
	if len(r.Members) >= r.Terms.MaxMembers {
		return Seat{}, nil, ErrRoomFull
	}
	displaced, err := r.place(now, session, from)
	if err != nil {
		return Seat{}, nil, err
	}
	if err := r.clash(like); err != nil {
		return Seat{}, nil, err
	}

	var events []Event
	if displaced >= 0 {
		events = r.displace(displaced, now)
	}
	r.forgetOldestRefusal()
	a := Applicant{Request: approval.New(id, name, now, r.Terms.ApprovalTimeout), Session: session, Networks: from, look: like}
	a.Approvals, a.Required = a.Tally(r.voters())
	r.Knocks = append(slices.Clip(r.Knocks), a)
	r.Revision++
	return r.knockSeat(&a), append(events, r.knocked(&a)), nil
}

// held returns what the session has in the room under the name: a membership whose
// pages are closed, or an open knock.
func (r *Room) held(now time.Time, session string, like *look) (seat Seat, held bool) {
	for i := range r.Members {
		if m := &r.Members[i]; m.Session == session && len(m.Conns) == 0 && like.clash(m.looks()) != nil {
			return r.memberSeat(m, now), true
		}
	}
	for i := range r.Knocks {
		if k := &r.Knocks[i]; k.open() && k.Session == session && like.clash(k.looks()) != nil {
			return r.knockSeat(k), true
		}
	}
	return Seat{}, false
}

// clash tells what is wrong with a name beside those of the members and applicants.
// Errors: ErrNameTaken, ErrNameAlike.
func (r *Room) clash(like *look) error {
	for i := range r.Members {
		if err := like.clash(r.Members[i].looks()); err != nil {
			return err
		}
	}
	for i := range r.Knocks {
		if k := &r.Knocks[i]; k.open() {
			if err := like.clash(k.looks()); err != nil {
				return err
			}
		}
	}
	return nil
}

// Reannounce shows an open knock again to the members who have not voted, unless they
// were shown it often enough: then nothing changes.
// Errors: ErrNoSuchKnock, also for somebody else's.
func (r *Room) Reannounce(now time.Time, session, knock string) ([]Event, error) {
	i := r.openKnock(knock)
	if i < 0 || r.Knocks[i].Session != session {
		return nil, ErrNoSuchKnock
	}
	if r.Knocks[i].ShownDue.After(now.Add((shownAtOnce - 1) * shownEvery)) {
		return nil, nil
	}
	r.Knocks = slices.Clone(r.Knocks)
	a := &r.Knocks[i]
	a.ShownDue = latest(a.ShownDue, now).Add(shownEvery)
	return []Event{r.knocked(a)}, nil
}

// Withdraw ends an open knock on its applicant's wish. Its name is free at once,
// its place at the door is not. Errors: ErrNoSuchKnock, also for somebody else's.
func (r *Room) Withdraw(now time.Time, session, knock string) ([]Event, error) {
	i := r.openKnock(knock)
	if i < 0 || r.Knocks[i].Session != session {
		return nil, ErrNoSuchKnock
	}
	return []Event{r.refuse(i, Withdrawn, now)}, nil
}

// Approve records a member's yes. A second yes changes nothing.
// Errors: ErrNotMember, ErrNotHere, ErrNoSuchKnock.
func (r *Room) Approve(now time.Time, c Caller, knock string) ([]Event, error) {
	i, err := r.ballot(c, knock)
	if err != nil {
		return nil, err
	}
	if r.Knocks[i].ApprovedBy(c.Member) {
		return nil, nil
	}
	r.Knocks = slices.Clone(r.Knocks)
	r.Knocks[i].Request = r.Knocks[i].Approve(c.Member)

	events, admitted := r.decide(now)
	if i := r.openKnock(knock); i >= 0 {
		approvals, required := r.Knocks[i].Tally(r.voters())
		events = append(events, r.event(KnockVoted{Knock: knock, Approvals: approvals, Required: required}))
	}
	return append(events, r.count(admitted)...), nil
}

// Decline ends a request: one member's no is enough.
// Errors: ErrNotMember, ErrNotHere, ErrNoSuchKnock.
func (r *Room) Decline(now time.Time, c Caller, knock string) ([]Event, error) {
	i, err := r.ballot(c, knock)
	if err != nil {
		return nil, err
	}
	return []Event{r.refuse(i, Declined, now)}, nil
}

// ballot returns the index of the open knock, if the caller may vote on it. Presence need not
// be looked at: a member with a connection in the room is present.
func (r *Room) ballot(c Caller, knock string) (int, error) {
	if _, err := r.caller(c); err != nil {
		return 0, err
	}
	i := r.openKnock(knock)
	if i < 0 {
		return 0, ErrNoSuchKnock
	}
	return i, nil
}

// settle decides the open requests anew, and counts the votes on those that
// stay open. It is called whenever the voters changed.
func (r *Room) settle(now time.Time) []Event {
	events, admitted := r.decide(now)
	return append(events, r.count(admitted)...)
}

// count brings the tallies of the open requests up to date, and tells of those that have
// changed. If somebody was admitted it tells of all: a voter may have come for one who has
// left, and then the numbers are as before but the names are not.
func (r *Room) count(admitted bool) []Event {
	var events []Event
	voters := r.voters()
	for i := range r.Knocks {
		k := r.Knocks[i]
		if !k.open() {
			continue
		}
		approvals, required := k.Tally(voters)
		if !admitted && approvals == k.Approvals && required == k.Required {
			continue
		}
		if events == nil {
			r.Knocks = slices.Clone(r.Knocks)
		}
		k.Approvals, k.Required = approvals, required
		r.Knocks[i] = k
		events = append(events, r.event(KnockCounted{Knock: r.shown(&k)}))
	}
	return events
}

// decide takes knocks to memberships, in two steps: approve, when everybody has said yes, and
// admit. In rooms of plain text nothing is to be done between them, so the second step follows
// the first at once. admitted is true if it made somebody a member.
func (r *Room) decide(now time.Time) (events []Event, admitted bool) {
	for i := 0; i < len(r.Knocks); i++ {
		k := &r.Knocks[i]
		if !k.open() || k.Decide(r.voters(), now) != approval.Admitted {
			continue
		}
		if len(r.Members) >= r.Terms.MaxMembers {
			events = append(events, r.refuse(i, RoomFull, now))
			continue
		}
		events = append(events, r.admit(r.approve(i), now)...)
		admitted = true
		i = -1 // the new member is a voter on the other requests: start over
	}
	return events, admitted
}

// approved is a knock that has everybody's yes.
type approved struct {
	Applicant
	by []string // the names of those who said yes
}

// approve takes a knock that has everybody's yes from the door.
func (r *Room) approve(i int) approved {
	a := approved{r.Knocks[i], r.shown(&r.Knocks[i]).Votes.Yes}
	r.Knocks = slices.Concat(r.Knocks[:i], r.Knocks[i+1:])
	return a
}

// admit makes an approved applicant a member.
func (r *Room) admit(a approved, now time.Time) []Event {
	admitted := r.event(KnockAdmitted{Knock: a.ID, Name: a.Name, At: now, By: a.by, Remaining: r.Remaining(now)})
	r.Admissions++
	r.Members = append(slices.Clip(r.Members), Member{
		ID:         a.ID,
		Name:       a.Name,
		Session:    a.Session,
		look:       a.look,
		Since:      r.Seq,
		AdmittedAt: now,
		AdmittedBy: a.by,
		Arrival:    r.Admissions,
		Present:    true,
		AbsentDue:  now.Add(r.Terms.AbsenceGrace),
	})
	return []Event{admitted, r.presenceChanged()}
}

// refuse ends a request and keeps the verdict for a page that missed it.
func (r *Room) refuse(i int, why Refusal, now time.Time) Event {
	r.Knocks = slices.Clone(r.Knocks)
	r.Knocks[i].Refusal = why
	r.Knocks[i].Forget = now.Add(verdictKept)
	return r.event(KnockRefused{Knock: r.Knocks[i].ID, Reason: why})
}

// knocked announces a knock to the members present who have not voted.
func (r *Room) knocked(a *Applicant) Event {
	var waiting []string
	for _, v := range r.voters() {
		if !a.ApprovedBy(v) {
			waiting = append(waiting, v)
		}
	}
	return r.event(Knocked{Knock: r.shown(a), Voters: waiting})
}

// knock returns the knock as its applicant sees it.
func (a *Applicant) knock() Knock {
	return Knock{ID: a.ID, Name: a.Name, Deadline: a.Deadline, Approvals: a.Approvals, Required: a.Required}
}

// shown returns a knock as the members see it.
func (r *Room) shown(a *Applicant) Knock {
	k := a.knock()
	for i := range r.Members {
		switch m := &r.Members[i]; {
		case !m.Present:
		case a.ApprovedBy(m.ID):
			k.Votes.Yes = append(k.Votes.Yes, m.Name)
			k.Votes.By = append(k.Votes.By, m.ID)
		default:
			k.Votes.Missing = append(k.Votes.Missing, m.Name)
		}
	}
	return k
}

// ballots returns the open knocks: those that a member has not voted on, and
// those with this member's yes.
func (r *Room) ballots(member string) (open, approved []Knock) {
	for i := range r.Knocks {
		a := &r.Knocks[i]
		switch {
		case !a.open():
		case a.ApprovedBy(member):
			approved = append(approved, r.shown(a))
		default:
			open = append(open, r.shown(a))
		}
	}
	return open, approved
}

package room

import (
	"cmp"
	"slices"
	"time"
)

// Event is something that happened in a room. Seq counts the events of one
// room from 1 without gaps, so that receivers in several processes can check
// the order.
type Event struct {
	Seq  uint64
	Body Body
}

// Notice returns the notice of an event that tells who comes or goes; false if it is
// no such event.
func (e Event) Notice() (Message, bool) {
	notice := func(member, name string, at time.Time, n Notice) (Message, bool) {
		return Message{Seq: e.Seq, Kind: KindNotice, Member: member, Name: name, At: at, Notice: &n}, true
	}
	switch b := e.Body.(type) {
	case KnockAdmitted:
		return notice(b.Knock, b.Name, b.At, Notice{What: Admission, By: b.By})
	case MemberJoined:
		return notice(b.Member, b.Name, b.At, Notice{What: Arrival})
	case MemberReturned:
		return notice(b.Member, b.Name, b.At, Notice{What: Return})
	case MemberLeft:
		return notice(b.Member, b.Name, b.At, Notice{What: b.How, Known: b.Known})
	default:
		return Message{}, false
	}
}

// Logged returns what the room's log keeps of an event; false if nothing.
func (e Event) Logged() (Message, bool) {
	if posted, ok := e.Body.(MessagePosted); ok {
		return posted.Message, true
	}
	m, ok := e.Notice()
	return m, ok && m.Notice.What.lasts()
}

// Body is one of the event types of this file.
type Body interface{ body() }

// Attached says that a connection has entered the room. It is meant for that
// connection alone and comes before every event that the connection is to see.
type Attached struct {
	Conn   string
	Member string
	// Explicit is true if the page asked to join, and false if the server put
	// a reconnected socket back into its room.
	Explicit bool
	// Count is the number of members present; Changed is true if that is new, and everybody
	// is about to be told.
	Count   int
	Changed bool
	// After is the number of the last event that the page has seen, or that is on its way to it by
	// this connection. Log holds the entries after it and up to Until, oldest first, with notices
	// among them of absences and returns that the log does not keep. The connection hears
	// everything after Until as it happens.
	After, Until uint64
	Log          []Message
	// Told is the sequence number up to which the member has been told of the
	// others' coming and going, by this page or by another one.
	Told uint64
	// Knocks are the open knocks that this member has not voted on, Approved
	// those with this member's yes.
	Knocks, Approved []Knock
	// Invitations are those of this member that hold.
	Invitations []LookupHash
}

// with returns the event with the log's entries in it. It leaves out the notices about the
// member: nobody is told of their own coming.
func (a Attached) with(log []Message) Attached {
	a.Log = slices.DeleteFunc(merge(log, a.Log), func(m Message) bool { return m.Kind == KindNotice && m.Member == a.Member })
	return a
}

// merge puts entries in the order of their sequence numbers among those of a log, each
// once.
func merge(log, entries []Message) []Message {
	if len(entries) == 0 {
		return log
	}
	log = append(log, entries...)
	slices.SortFunc(log, func(a, b Message) int { return cmp.Compare(a.Seq, b.Seq) })
	return slices.CompactFunc(log, func(a, b Message) bool { return a.Seq == b.Seq })
}

// MemberJoined says that a newly admitted member appeared for the first time.
type MemberJoined struct {
	Member, Name string
	At           time.Time
}

// MemberReturned says that an absent member is present again.
type MemberReturned struct {
	Member, Name string
	At           time.Time
}

// MemberLeft says that a member went absent, or for good.
type MemberLeft struct {
	Member, Name string
	At           time.Time
	How          Happening // Absence, Pause or, when the membership itself has ended, Departure
	// Known is as in Notice.
	Known uint64
}

// Detached says that connections of a member are no longer in the room.
type Detached struct {
	Member string
	Conns  []string
	Why    Detachment
}

// Detachment is why a connection is no longer in the room.
type Detachment int

// The reasons for a detachment.
const (
	// Parted: the connection asked for it.
	Parted Detachment = iota
	// Evicted: the member has left for good, by another page.
	Evicted
	// Replaced: its page goes on by another connection.
	Replaced
	// Dropped: the process that it belongs to is gone.
	Dropped
)

// PresenceChanged carries the number of members present.
type PresenceChanged struct{ Count int }

// MessagePosted carries a message for every member.
type MessagePosted struct{ Message Message }

// CodeChanged says that the room has a new code.
type CodeChanged struct {
	Code string
	// Remaining is the time until the next one.
	Remaining time.Duration
}

// InvitationsEnded says that a member has ended some of their invitations before the time of
// those was up. It is meant for this member's pages, which may show one of them. Left are those that
// hold. There is none for a member who is absent: their pages hear of it when they come.
type InvitationsEnded struct {
	Member string
	Left   []LookupHash
}

// Knocked says that somebody asks to be let in. It is meant for the applicant, and for the
// members in Voters: those present who have not voted yet.
type Knocked struct {
	Knock  Knock
	Voters []string
}

// KnockVoted says that a yes came in and that more are needed.
type KnockVoted struct {
	Knock               string
	Approvals, Required int
}

// KnockCounted says that the tally of an open knock has changed: a vote came in, or the
// voters changed.
type KnockCounted struct{ Knock Knock }

// KnockAdmitted says that the applicant is a member now. The member has the
// knock's id.
type KnockAdmitted struct {
	Knock, Name string
	At          time.Time
	By          []string // the names of those who said yes
	// Remaining is the time until the code turns.
	Remaining time.Duration
}

// KnockRefused says that the applicant was not let in.
type KnockRefused struct {
	Knock  string
	Reason Refusal
}

// Closed says that the room is gone. It is a room's last event.
type Closed struct{ Reason Closing }

func (Attached) body()         {}
func (MemberJoined) body()     {}
func (MemberReturned) body()   {}
func (MemberLeft) body()       {}
func (Detached) body()         {}
func (PresenceChanged) body()  {}
func (MessagePosted) body()    {}
func (CodeChanged) body()      {}
func (InvitationsEnded) body() {}
func (Knocked) body()          {}
func (KnockVoted) body()       {}
func (KnockCounted) body()     {}
func (KnockAdmitted) body()    {}
func (KnockRefused) body()     {}
func (Closed) body()           {}

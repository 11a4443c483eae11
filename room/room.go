package room

import (
	"iter"
	"slices"
	"time"

	"securechat/approval"
)

// Terms are the durations and limits that a room lives by. A room keeps the
// terms it was made under, so that its rules are functions of its own state.
type Terms struct {
	CodeRotation    time.Duration // how long a code is valid
	TimeToLive      time.Duration // of the room
	ApprovalTimeout time.Duration // of a join request
	EntryGrace      time.Duration // from the room's creation to its first connection
	AbsenceGrace    time.Duration // from the last lost connection to absence
	SlowGrace       time.Duration // to absence, from a connection ended as too slow, or for a member whose connections only wait
	ReturnGrace     time.Duration // from absence to the end of the membership
	MaxMembers      int
	MaxKnocks       int // at the door: open, or withdrawn within ApprovalTimeout
	MaxMessages     int // kept in the log
	MaxLogBytes     int // of all messages in the log together, as Message.Size counts them
	MaxNotices      int // kept in the log, beside the messages
	MaxNoticeBytes  int // of all notices in the log together, counted likewise
}

// DefaultTerms are the terms of the product. The server's configuration has defaults of its own
// for those that an operator may set, which count.
func DefaultTerms() Terms {
	return Terms{
		CodeRotation:    300 * time.Second,
		TimeToLive:      24 * time.Hour,
		ApprovalTimeout: 60 * time.Second,
		EntryGrace:      60 * time.Second,
		AbsenceGrace:    10 * time.Second,
		SlowGrace:       2 * time.Minute,
		ReturnGrace:     10 * time.Minute,
		MaxMembers:      50,
		MaxKnocks:       20,
		MaxMessages:     1000,
		// The longest envelopes, a thousand of them, would take sixteen times as much, and a
		// page that loads is sent all of it.
		MaxLogBytes:    4 << 20,
		MaxNotices:     500,
		MaxNoticeBytes: 128 << 10,
	}
}

const (
	// loadingTime is how long a rendered page is expected to take, at the
	// most, until its script connects.
	loadingTime = 2 * time.Minute
	// verdictKept is how long a refusal is remembered for a waiting page that
	// was not connected when it was decided.
	verdictKept = 2 * time.Minute
	// maxKnocksOfSession bounds the requests that one session may have open: two
	// people may share a browser, but nobody may keep the door busy alone.
	maxKnocksOfSession = 3
	// maxPlacesOfSession bounds the requests that one session may have open or has
	// withdrawn: people may change their mind, but not without end.
	maxPlacesOfSession = 3 * maxKnocksOfSession
	// maxKnocksOfAddress bounds the requests that one address may make within the time of
	// one: a class may sit behind it, but it must not keep the door busy alone.
	maxKnocksOfAddress = 10
	// shownAtOnce is how many times in a row an open request may be shown to the members
	// again, and shownEvery the time after which once more is allowed. All pages of the
	// applicant share both.
	shownAtOnce = 3
	shownEvery  = 15 * time.Second
	// refusalsKept bounds the remembered refusals, in multiples of MaxKnocks.
	refusalsKept = 5
	// maxLost bounds the remembered positions of lost connections of a member.
	maxLost = 8
)

// Room is the state of one chat room.
//
// It is a value: `copy := *room` is a snapshot, because the rules never write
// through a slice that they did not make themselves. All fields are exported
// for the stores that have to write them down; only the rules change them.
type Room struct {
	ID        string
	Terms     Terms
	CreatedAt time.Time
	ExpiresAt time.Time
	Networks  []Network // the creator's
	// Entered is true once there was a connection. Until then EntryDue is when the
	// room ends.
	Entered   bool
	EntryDue  time.Time
	SharedKey string // made by the server, for old pages that ask it for one; hides nothing from the server
	Code      string
	CodeDue   time.Time // when the code turns
	// PreviousCode is the code before, for as long as it still holds: until
	// PreviousDue. It is empty if there is none.
	PreviousCode string
	PreviousDue  time.Time
	Members      []Member // oldest first
	// Admissions counts all applicants who ever became members, those who have left again among them.
	Admissions int
	Knocks     []Applicant
	Seq        uint64  // of the last event
	Messages   int     // in the log; notices are not counted
	Closing    Closing // set once the room is gone; a store then forgets it
	// Revision changes whenever a store's indexes have to: when one of Codes or Invitations comes
	// or goes, or a member or applicant with their ID and Session.
	Revision uint64
}

// Closing is why a room ended.
type Closing string

// The reasons for the end of a room.
const (
	Expired Closing = "expired" // its time to live is over
	Emptied Closing = "emptied" // its last membership ended
	// Unentered: nobody came in time, or before another room needed its place.
	Unentered Closing = "unentered"
)

// Member is a membership of one room. It has as many connections as the
// person has tabs.
type Member struct {
	ID      string
	Name    string
	Session string
	look    *look // what the name is compared by; nil if a store did not keep it
	// Since is the sequence number of the admission: nothing up to it is ever
	// shown to this member. 0 for the founder.
	Since uint64
	// AdmittedAt is the time of the admission, and AdmittedBy has the names of those who said
	// yes; zero for the founder. They are kept since the log may drop its notice of it.
	AdmittedAt time.Time
	AdmittedBy []string
	// Joined is when the others were told that the member is there for the first time;
	// zero for the founder. It is kept since the log may drop that notice, too.
	Joined Moment
	// Founder is true for the member who created the room.
	Founder bool
	// Arrival counts the memberships of the room in the order of admission, from 0 for the
	// founder. Nobody else gets the number of a member who has left.
	Arrival int
	// Arrived is true once the member had a connection.
	Arrived bool
	// Present members are counted and vote. A member without a connection
	// stays present until AbsentDue; an absent one stays a member until EndDue, or
	// until the last of their Invitations ends, if that is later.
	Present bool
	// Parted is true if the last connection ended with a goodbye.
	Parted    bool
	AbsentDue time.Time
	EndDue    time.Time
	Conns     []Conn
	LastSeen  time.Time // when the last connection was lost
	// Awaited are the connections that wait for their turn to enter.
	Awaited []Conn
	// SparedUntil is set when a connection of the member is ended as too slow. Before it the
	// member does not go absent, unless they leave.
	SparedUntil time.Time
	// Away and Back are when the others were told of the latest absence, and of the
	// latest return; zero if there was none.
	Away, Back Moment
	// Told is the sequence number up to which the member has certainly been told of the
	// others' coming and going, by any page.
	Told uint64
	// LoadingUntil is set while a newly rendered page has not connected yet.
	LoadingUntil time.Time
	// Lost holds the lost connections whose pages may resume, the latest loss last.
	Lost []Loss
	// Invitations are those that the member has made and that hold, oldest first: the order in
	// which they end.
	Invitations []Invitation
}

// Moment is when something happened, by the room's events and by the clock.
type Moment struct {
	Seq uint64
	At  time.Time
}

// Applicant is a knock: the request, whose it is, and a refusal that is kept
// until Forget for a waiting page that missed it.
type Applicant struct {
	approval.Request
	Session string
	Refusal Refusal
	Forget  time.Time
	// Networks are what the applicant is counted by.
	Networks []Network
	// Vacated is true for a withdrawn knock whose place at the door somebody else got.
	Vacated bool
	// ShownDue is when the request may again be shown shownAtOnce times in a row; zero if it
	// was never shown again.
	ShownDue time.Time
	// Approvals and Required are the tally of an open request, as the members
	// and the applicant know it.
	Approvals, Required int
	look                *look // as a member's
}

func (a *Applicant) open() bool { return a.Refusal == "" }

// Founding is what a new room is made of.
type Founding struct {
	ID, Code, SharedKey           string
	Networks                      []Network
	MemberID, MemberName, Session string
}

// New opens a room at now, with its founder as the first member.
func New(f Founding, terms Terms, now time.Time) *Room {
	return &Room{
		ID:        f.ID,
		Terms:     terms,
		CreatedAt: now,
		ExpiresAt: now.Add(terms.TimeToLive),
		Networks:  f.Networks,
		EntryDue:  now.Add(terms.EntryGrace),
		SharedKey: f.SharedKey,
		Code:      f.Code,
		CodeDue:   now.Add(terms.CodeRotation),
		Members: []Member{{
			ID:        f.MemberID,
			Name:      f.MemberName,
			Session:   f.Session,
			look:      lookOf(f.MemberName),
			Founder:   true,
			Present:   true,
			AbsentDue: now.Add(terms.AbsenceGrace),
		}},
	}
}

// Participants returns the number of members present.
func (r *Room) Participants() int {
	n := 0
	for i := range r.Members {
		if r.Members[i].Present {
			n++
		}
	}
	return n
}

// Remaining returns the time until the code turns, never less than a second:
// pages count down from it and it must not read as zero.
func (r *Room) Remaining(now time.Time) time.Duration {
	return max(r.CodeDue.Sub(now), time.Second)
}

// Status is what anybody who knows a room's id may see of it.
type Status struct {
	Participants int
	Messages     int
	ExpiresIn    time.Duration
}

// Status returns what anybody who knows the room's id may see.
func (r *Room) Status(now time.Time) Status {
	return Status{
		Participants: r.Participants(),
		Messages:     r.Messages,
		ExpiresIn:    max(r.ExpiresAt.Sub(now), 0),
	}
}

// event stamps a body with the next sequence number.
func (r *Room) event(b Body) Event {
	r.Seq++
	return Event{Seq: r.Seq, Body: b}
}

func (r *Room) memberIndex(id string) int {
	return slices.IndexFunc(r.Members, func(m Member) bool { return m.ID == id })
}

func (r *Room) openKnock(id string) int {
	return slices.IndexFunc(r.Knocks, func(a Applicant) bool { return a.ID == id && a.open() })
}

// editMember returns a member to write to, in a copy of the list.
func (r *Room) editMember(i int) *Member {
	r.Members = slices.Clone(r.Members)
	return &r.Members[i]
}

// voters returns the ids of the members present.
func (r *Room) voters() []string {
	ids := make([]string, 0, len(r.Members))
	for i := range r.Members {
		if r.Members[i].Present {
			ids = append(ids, r.Members[i].ID)
		}
	}
	return ids
}

// SeatIDs yields the ids of the members and applicants.
func (r *Room) SeatIDs() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range r.Members {
			if !yield(r.Members[i].ID) {
				return
			}
		}
		for i := range r.Knocks {
			if !yield(r.Knocks[i].ID) {
				return
			}
		}
	}
}

// Sessions yields the sessions of the members and applicants, some perhaps
// more than once.
func (r *Room) Sessions() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range r.Members {
			if !yield(r.Members[i].Session) {
				return
			}
		}
		for i := range r.Knocks {
			if !yield(r.Knocks[i].Session) {
				return
			}
		}
	}
}

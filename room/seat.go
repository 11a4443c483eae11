package room

import "time"

// Standing is how somebody stands to a room.
type Standing int

// The standings, in the order they are passed through.
const (
	Waiting Standing = iota // a knock that is not decided
	Admitted
	Refused
)

// Seat is what one session holds in one room: a knock and, once admitted,
// the membership that grew out of it. It keeps its ID all the way.
type Seat struct {
	ID       string
	Room     string
	Name     string // not escaped
	Standing Standing
	Refusal  Refusal   // set if Refused
	Deadline time.Time // of the vote, if Waiting
	// Path is the last segment of the page's address, /room/<Path>: the room's
	// id for its creator, the seat's own id for everybody else, so that two
	// members in one browser have two addresses.
	Path string
	// Loading is true if the member's next connection is a newly loaded page
	// rather than a known page that reconnects.
	Loading bool
	// Rendered is true while a page was rendered for the member that has not
	// connected yet.
	Rendered bool
	// Open is the number of the member's open connections.
	Open int
	// Pages are the names of the member's pages that are connected, or may come back.
	Pages []string
	// LastSeen is when the last connection was lost; zero if there was none.
	LastSeen time.Time
	// Participants is the number of members present, and ExpiresAt when the room ends at the
	// latest. They and the names are set if Admitted: nothing of a room is told to who waits at its door.
	Participants int
	ExpiresAt    time.Time
	// Others are the names of the other members, the oldest membership first, present or not:
	// maxOthers of them at the most. OtherCount is the number of all others.
	Others     []string
	OtherCount int
	// HeldUntil is when the membership ends, if no page of the member connects before; zero
	// while one is connected.
	HeldUntil time.Time
}

// maxOthers bounds the names in a seat. A session's seats are asked for again and again, and a room
// can have many members.
const maxOthers = 3

// Seats returns what the session holds in this room, oldest first.
func (r *Room) Seats(session string, now time.Time) []Seat {
	var seats []Seat
	for i := range r.Members {
		if m := &r.Members[i]; m.Session == session {
			seats = append(seats, r.memberSeat(m, now))
		}
	}
	for i := range r.Knocks {
		if k := &r.Knocks[i]; k.Session == session {
			seats = append(seats, r.knockSeat(k))
		}
	}
	return seats
}

func (r *Room) memberSeat(m *Member, now time.Time) Seat {
	path := m.ID
	if m.Founder {
		path = r.ID
	}
	var others []string
	for i := 0; i < len(r.Members) && len(others) < maxOthers; i++ {
		if other := &r.Members[i]; other.ID != m.ID {
			others = append(others, other.Name)
		}
	}
	return Seat{
		Others: others, OtherCount: len(r.Members) - 1,
		ID: m.ID, Room: r.ID, Name: m.Name, Standing: Admitted, Path: path,
		Loading: m.loading(now), Rendered: now.Before(m.LoadingUntil), Open: len(m.Conns), Pages: m.pages(), LastSeen: m.LastSeen,
		Participants: r.Participants(), ExpiresAt: r.ExpiresAt, HeldUntil: r.heldUntil(m),
	}
}

// heldUntil returns when the membership ends if no page of the member connects; zero while
// one is connected.
func (r *Room) heldUntil(m *Member) time.Time {
	if len(m.Conns) > 0 {
		return time.Time{}
	}
	held := m.ending(&r.Terms)
	if m.Present {
		held = m.absence(&r.Terms).Add(r.Terms.ReturnGrace)
	}
	held = earliest(latest(held, m.invitedUntil()), r.ExpiresAt)
	if !r.Entered {
		held = earliest(held, r.EntryDue)
	}
	return held
}

func (r *Room) knockSeat(k *Applicant) Seat {
	s := Seat{ID: k.ID, Room: r.ID, Name: k.Name, Standing: Waiting, Path: k.ID, Deadline: k.Deadline}
	if !k.open() {
		s.Standing, s.Refusal = Refused, k.Refusal
	}
	return s
}

// SeatAt returns the session's membership whose page is at /room/<path>. The
// room's own id leads its founder there and, for anybody else, to their newest
// membership of it. ErrNotFound if the session has none.
func (r *Room) SeatAt(session, path string, now time.Time) (Seat, error) {
	found, err := Seat{}, ErrNotFound
	for i := range r.Members {
		m := &r.Members[i]
		if m.Session != session {
			continue
		}
		s := r.memberSeat(m, now)
		if s.Path == path {
			return s, nil
		}
		if r.ID == path {
			found, err = s, nil
		}
	}
	return found, err
}

// ownSeat returns the session's membership that has the path for its own: SeatAt without the
// address that only leads to it. ErrNotFound if the session has none.
func (r *Room) ownSeat(session, path string, now time.Time) (Seat, error) {
	seat, err := r.SeatAt(session, path, now)
	if err != nil || seat.Path != path {
		return Seat{}, ErrNotFound
	}
	return seat, nil
}

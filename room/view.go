package room

import "time"

// Membership is a member as the others see them.
type Membership struct {
	ID      string
	Name    string // not escaped
	Present bool
	Arrival int // as in Member
}

// View is a room as one of its members sees it, as of the last event that the room's watchers
// have heard. It must not be used after the function to which it is passed has returned.
type View struct {
	room *Room
	now  time.Time
}

// View returns the room as the caller may see it. Errors: ErrNotMember, ErrNotHere.
func (r *Room) View(now time.Time, c Caller) (View, error) {
	if _, err := r.caller(c); err != nil {
		return View{}, err
	}
	return View{r, now}, nil
}

// Seq returns the sequence number of that event.
func (v View) Seq() uint64 { return v.room.Seq }

// Code returns the room's code.
func (v View) Code() string { return v.room.Code }

// Remaining returns the time until the code turns.
func (v View) Remaining() time.Duration { return v.room.Remaining(v.now) }

// Status returns what anybody who knows the room's id may see.
func (v View) Status() Status { return v.room.Status(v.now) }

// Invitations returns the hashes of the invitations of a member that hold, oldest first.
func (v View) Invitations(member string) []LookupHash {
	i := v.room.memberIndex(member)
	if i < 0 {
		return nil
	}
	return v.room.Members[i].invitations()
}

// Members returns who the members are, oldest membership first.
func (v View) Members() []Membership {
	members := make([]Membership, len(v.room.Members))
	for i := range v.room.Members {
		m := &v.room.Members[i]
		members[i] = Membership{ID: m.ID, Name: m.Name, Present: m.Present, Arrival: m.Arrival}
	}
	return members
}

package room

import (
	"slices"
	"time"
)

// deadline is one thing that happens by itself at an instant.
type deadline struct {
	at    time.Time
	what  occurrence
	index int // of the member or knock it is about
}

type occurrence int

const (
	roomExpires occurrence = iota
	memberGoesAbsent
	membershipEnds
	invitationEnds
	knockTimesOut
	verdictIsForgotten
	codeTurns
	codeLapses
	nobodyEnters
)

// NextDeadline returns the earliest instant at which Advance has something to
// do.
func (r *Room) NextDeadline() time.Time { return r.next().at }

// Advance does everything that is due at now, in the order it fell due, each
// at its own instant, so that a late call and a timely one come to the same
// result. It is idempotent. newCode is called when the code turns.
func (r *Room) Advance(now time.Time, newCode func() string) []Event {
	var events []Event
	for r.Closing == "" {
		d := r.next()
		if d.at.After(now) {
			break
		}
		events = append(events, r.occur(d, now, newCode)...)
	}
	return events
}

// next finds the earliest deadline. Among equal ones the order of this
// function decides: the end of the room before all else, and an absence, which
// may complete a vote, before the vote's end.
func (r *Room) next() deadline {
	first := deadline{at: r.ExpiresAt, what: roomExpires}
	consider := func(at time.Time, what occurrence, index int) {
		if at.Before(first.at) {
			first = deadline{at, what, index}
		}
	}
	for i := range r.Members {
		switch m := &r.Members[i]; {
		case !m.Present:
			// Who has sent a link may close the page: whoever opens it still finds the room.
			consider(latest(m.ending(&r.Terms), m.invitedUntil()), membershipEnds, i)
		case len(m.Conns) == 0:
			consider(m.absence(&r.Terms), memberGoesAbsent, i)
		}
		if invitations := r.Members[i].Invitations; len(invitations) > 0 {
			consider(invitations[0].Until, invitationEnds, i)
		}
	}
	for i := range r.Knocks {
		if k := &r.Knocks[i]; k.open() {
			consider(k.Deadline, knockTimesOut, i)
		} else {
			consider(k.Forget, verdictIsForgotten, i)
		}
	}
	consider(r.CodeDue, codeTurns, 0)
	if r.PreviousCode != "" {
		consider(r.PreviousDue, codeLapses, 0)
	}
	if !r.Entered {
		consider(r.EntryDue, nobodyEnters, 0)
	}
	return first
}

func (r *Room) occur(d deadline, now time.Time, newCode func() string) []Event {
	switch d.what {
	case roomExpires:
		return r.close(Expired, d.at)
	case codeLapses:
		r.endPrevious()
		return nil
	case nobodyEnters:
		return r.close(Unentered, d.at)
	case memberGoesAbsent:
		return r.absent(d.index, d.at)
	case membershipEnds:
		return r.end(d.index, d.at)
	case invitationEnds:
		r.endInvitations(d.index, func(v Invitation) bool { return !d.at.Before(v.Until) })
		return nil
	case knockTimesOut:
		return []Event{r.refuse(d.index, TimedOut, d.at)}
	case verdictIsForgotten:
		return r.forget(d.index)
	default:
		return r.turnCode(d.at, now, newCode())
	}
}

// forget drops a refused knock whose page had time enough to ask.
func (r *Room) forget(i int) []Event {
	r.Knocks = slices.Concat(r.Knocks[:i], r.Knocks[i+1:])
	r.Revision++
	return nil
}

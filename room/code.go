package room

import (
	"slices"
	"time"
)

// codeHold is how long a code still holds after it turned by the clock: somebody may
// have read it out, or be typing it, at that very moment.
const codeHold = time.Minute

// Rotate gives the room a new code on somebody's wish, valid for a whole rotation from
// now. The code before, and one before that which still held, end at once: somebody
// does not want them to be used.
func (r *Room) Rotate(now time.Time, code string) []Event {
	r.endPrevious()
	r.setCode(code, now.Add(r.Terms.CodeRotation))
	return []Event{r.event(CodeChanged{Code: code, Remaining: r.Terms.CodeRotation})}
}

// turnCode replaces the code on schedule. Turns that were missed are skipped,
// and the schedule is kept: the pages' countdowns run on it.
func (r *Room) turnCode(due, now time.Time, code string) []Event {
	next := now.Add(r.Terms.CodeRotation - now.Sub(due)%r.Terms.CodeRotation)
	r.endPrevious()
	if until := due.Add(codeHold); now.Before(until) {
		r.PreviousCode, r.PreviousDue = r.Code, until
	}
	r.setCode(code, next)
	return []Event{r.event(CodeChanged{Code: code, Remaining: next.Sub(now)})}
}

func (r *Room) setCode(code string, due time.Time) {
	r.Code, r.CodeDue = code, due
	r.Revision++
}

func (r *Room) endPrevious() {
	if r.PreviousCode == "" {
		return
	}
	r.PreviousCode, r.PreviousDue = "", time.Time{}
	r.Revision++
}

// Codes returns the codes that hold: the room's own, and the one before if it still
// does. Stores lead from each of them to the room.
func (r *Room) Codes() []string {
	if r.PreviousCode == "" {
		return []string{r.Code}
	}
	return []string{r.Code, r.PreviousCode}
}

// holds reports whether the code is one of the room's.
func (r *Room) holds(code string) bool { return slices.Contains(r.Codes(), code) }

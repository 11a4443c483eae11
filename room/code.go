package room

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"slices"
	"time"
)

// codeHold is how long a code still holds after it turned by the clock: somebody may
// have read it out, or be typing it, at that very moment.
const codeHold = time.Minute

// codes is how many six-digit codes without a leading zero there are.
var codes = big.NewInt(900_000)

// RandomCode draws six digits from crypto/rand, the first of them not zero, so
// that a code survives being treated as a number.
func RandomCode() string {
	n, err := rand.Int(rand.Reader, codes)
	if err != nil {
		panic(err) // crypto/rand does not fail: it ends the process itself
	}
	return fmt.Sprintf("%06d", 100_000+n.Int64())
}

// ValidCode reports whether the code is six decimal digits.
func ValidCode(code string) bool {
	if len(code) != 6 {
		return false
	}
	for i := range len(code) {
		if code[i] < '0' || code[i] > '9' {
			return false
		}
	}
	return true
}

// Rotate gives the room a new code on somebody's wish, valid for a whole rotation from
// now. The code before, and one before that which still held, end at once: somebody
// does not want them to be used. So do the invitations of absent members: nobody who is there
// could end them.
func (r *Room) Rotate(now time.Time, code string) []Event {
	r.endPrevious()
	r.endInvitationsOfAbsent(now)
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

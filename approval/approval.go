// Package approval decides whether somebody who knocks is let in.
//
// A request is admitted when every voter has said yes, and refused by the
// first no or when its time is over. The caller decides who may vote. It passes
// the voters each time, because they come and go while a request is open. The
// package knows nothing of rooms, keeps no clock and does no I/O.
package approval

import (
	"slices"
	"time"
)

// Request is one person's wish to be let in, with the votes so far. It is a
// value: its methods return changed copies, and copies share nothing that is
// written to.
type Request struct {
	ID   string
	Name string
	// Deadline is the instant at which the request ends undecided.
	Deadline time.Time
	// Yes holds the ids of those who approved, in the order they did.
	Yes []string
}

// Verdict is the state of a request.
type Verdict int

// The verdicts. Open is the only one that can still change.
const (
	Open Verdict = iota
	Admitted
	TimedOut
)

// New opens a request at now that stays open for timeout.
func New(id, name string, now time.Time, timeout time.Duration) Request {
	return Request{ID: id, Name: name, Deadline: now.Add(timeout)}
}

// Approve returns the request with the voter's yes. A second yes of the same
// voter changes nothing.
func (r Request) Approve(voter string) Request {
	if r.ApprovedBy(voter) {
		return r
	}
	r.Yes = append(slices.Clip(r.Yes), voter)
	return r
}

// ApprovedBy reports whether the voter has said yes.
func (r Request) ApprovedBy(voter string) bool {
	return slices.Contains(r.Yes, voter)
}

// Tally counts the yeses that count now, and how many are required. A yes of
// somebody who is no voter any more does not count.
func (r Request) Tally(voters []string) (approvals, required int) {
	for _, v := range voters {
		if r.ApprovedBy(v) {
			approvals++
		}
	}
	return approvals, len(voters)
}

// Decide returns the verdict at now. The caller asks again whenever a vote
// comes in and whenever the voters change, since a vote is also complete when
// the last voter without a yes leaves. Without voters nobody is admitted: an
// empty room has nobody to open the door.
func (r Request) Decide(voters []string, now time.Time) Verdict {
	if !now.Before(r.Deadline) {
		return TimedOut
	}
	if approvals, required := r.Tally(voters); required > 0 && approvals == required {
		return Admitted
	}
	return Open
}

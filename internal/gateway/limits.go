package gateway

import (
	"time"

	"golang.org/x/time/rate"
)

// Limits that people do not meet: the oldest pages leave the room at any error,
// and a page that was offline sends all that was typed meanwhile at once.
const (
	// All events of a connection.
	eventsPerSecond, eventsAtOnce = 40, 120
	// Messages of a member, all tabs together.
	postsPerSecond, postsAtOnce = 10, 60
	// New codes and repeated requests to join, of a connection.
	favoursPerSecond, favoursAtOnce = 0.5, 5
	// maxConnections of a session at a time.
	maxConnections = 50
	// complaintPause is the least time between two errors about the rate.
	complaintPause = 3 * time.Second
	// maxIgnored is how many events beyond the limits end the connection.
	maxIgnored = 5000
)

// allowance is what one connection may do. It is used by the connection's
// goroutine alone.
type allowance struct {
	on         bool
	events     *rate.Limiter
	favours    *rate.Limiter
	ignored    int
	complained time.Time
}

func newAllowance(on bool) allowance {
	return allowance{
		on:      on,
		events:  rate.NewLimiter(eventsPerSecond, eventsAtOnce),
		favours: rate.NewLimiter(favoursPerSecond, favoursAtOnce),
	}
}

func (a *allowance) event() bool  { return !a.on || a.events.Allow() }
func (a *allowance) favour() bool { return !a.on || a.favours.Allow() }

// exceeded notes an event that is not handled. It reports whether to say so,
// and whether it is enough.
func (a *allowance) exceeded() (say, end bool) {
	a.ignored++
	now := time.Now()
	if say = now.Sub(a.complained) >= complaintPause; say {
		a.complained = now
	}
	return say, a.ignored > maxIgnored
}

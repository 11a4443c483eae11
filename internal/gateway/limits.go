package gateway

import (
	"time"

	"golang.org/x/time/rate"
)

// Limits that people do not meet: the oldest pages leave the room at any error,
// and a page that was offline sends all that was typed meanwhile at once.
const (
	// All events of a connection but pings.
	eventsPerSecond, eventsAtOnce = 40, 120
	// Pings of a connection, apart: they must not starve behind what is dropped.
	pingsPerSecond, pingsAtOnce = 5, 30
	// Messages of a member, all tabs together.
	postsPerSecond, postsAtOnce = 10, 60
	// New codes and repeated requests to join, of a connection.
	favoursPerSecond, favoursAtOnce = 0.5, 5
	// maxConnections of a session at a time.
	maxConnections = 50
	// complaintPause is the least time between two errors about the rate.
	complaintPause = 3 * time.Second
	// What is dropped beyond this ends the connection: nothing that a page does
	// can be that much.
	droppedPerSecond, droppedAtOnce = 200, 8000
)

// allowance is what one connection may do. It is used while one of its events is
// handled.
type allowance struct {
	on         bool
	events     *rate.Limiter
	pings      *rate.Limiter
	favours    *rate.Limiter
	dropped    *rate.Limiter
	complained time.Time
}

func newAllowance(on bool) allowance {
	return allowance{
		on:      on,
		events:  rate.NewLimiter(eventsPerSecond, eventsAtOnce),
		pings:   rate.NewLimiter(pingsPerSecond, pingsAtOnce),
		favours: rate.NewLimiter(favoursPerSecond, favoursAtOnce),
		dropped: rate.NewLimiter(droppedPerSecond, droppedAtOnce),
	}
}

// event takes an event out of the allowance and reports whether it may be handled.
func (a *allowance) event(name string) bool {
	switch {
	case !a.on:
		return true
	case name == evPing || name == evPingRoom:
		return a.pings.Allow()
	default:
		return a.events.Allow()
	}
}

func (a *allowance) favour() bool { return !a.on || a.favours.Allow() }

// exceeded notes an event that is not handled. It reports whether to say so,
// and whether it is enough.
func (a *allowance) exceeded() (say, end bool) {
	now := time.Now()
	if say = now.Sub(a.complained) >= complaintPause; say {
		a.complained = now
	}
	return say, !a.dropped.AllowN(now, 1)
}

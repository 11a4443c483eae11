package gateway

import "time"

// Limits of one connection. They are beyond what people do: the oldest pages leave the
// room at any error, and a page that was offline sends everything typed meanwhile at once.
const (
	// Events, apart from those below.
	eventsPerSecond, eventsAtOnce = 40, 120
	// Pings count apart: they must get through while other events are dropped.
	pingsPerSecond, pingsAtOnce = 5, 30
	// Hints that somebody types count apart: they must not use up what messages need.
	typingPerSecond, typingAtOnce = 0.5, 2
	// Favours are new codes and repeated requests to join: each concerns all members.
	favoursPerSecond, favoursAtOnce = 0.5, 5
	// maxConnections is how many connections a session may have at a time.
	maxConnections = 50
	// complaintPause is the least time between two errors about the rate. Errors with a
	// ref do not count.
	complaintPause = 3 * time.Second
	// Dropped events end the connection beyond this. No page sends that many.
	droppedPerSecond, droppedAtOnce = 200, 8000
)

// allowance is what one connection may still do. Only the handling of its events uses it,
// which is one at a time, so there is no lock.
type allowance struct {
	on                                      bool
	events, pings, typing, favours, dropped bucket
	complained                              time.Time
}

// event counts an event and reports whether it may be handled.
func (a *allowance) event(name string) bool {
	now := time.Now()
	switch {
	case !a.on:
		return true
	case name == evPing || name == evPingRoom:
		return a.pings.take(pace{pingsPerSecond, pingsAtOnce}, 1, now)
	case name == evTyping:
		return a.typing.take(typingPace, 1, now)
	default:
		return a.events.take(pace{eventsPerSecond, eventsAtOnce}, 1, now)
	}
}

// favour counts a favour and reports whether it may be done.
func (a *allowance) favour() bool {
	return !a.on || a.favours.take(pace{favoursPerSecond, favoursAtOnce}, 1, time.Now())
}

// tooManyDropped counts an event that is not handled, and reports whether there were too many.
func (a *allowance) tooManyDropped() bool {
	return !a.dropped.take(pace{droppedPerSecond, droppedAtOnce}, 1, time.Now())
}

// mayComplain reports whether the page may be told again that its events are dropped.
func (a *allowance) mayComplain() bool {
	now := time.Now()
	if now.Sub(a.complained) < complaintPause {
		return false
	}
	a.complained = now
	return true
}

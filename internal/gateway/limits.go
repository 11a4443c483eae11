package gateway

import "time"

// Limits that people do not meet: the oldest pages leave the room at any error,
// and a page that was offline sends all that was typed meanwhile at once.
const (
	// All events of a connection but pings.
	eventsPerSecond, eventsAtOnce = 40, 120
	// Pings of a connection, apart: they must not starve behind what is dropped.
	pingsPerSecond, pingsAtOnce = 5, 30
	// Hints that somebody types, of a connection, apart: they must not cost a
	// message its place.
	typingPerSecond, typingAtOnce = 0.5, 2
	// New codes and repeated requests to join, of a connection.
	favoursPerSecond, favoursAtOnce = 0.5, 5
	// maxConnections of a session at a time.
	maxConnections = 50
	// complaintPause is the least time between two errors about the rate without a ref.
	complaintPause = 3 * time.Second
	// What is dropped beyond this ends the connection: nothing that a page does
	// can be that much.
	droppedPerSecond, droppedAtOnce = 200, 8000
)

// allowance is what one connection may do. It is used while one of its events is
// handled.
type allowance struct {
	on                                      bool
	events, pings, typing, favours, dropped bucket
	complained                              time.Time
}

// event takes an event out of the allowance and reports whether it may be handled.
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

func (a *allowance) favour() bool {
	return !a.on || a.favours.take(pace{favoursPerSecond, favoursAtOnce}, 1, time.Now())
}

// enough notes an event that is not handled, and reports whether it is one too
// many of those.
func (a *allowance) enough() bool {
	return !a.dropped.take(pace{droppedPerSecond, droppedAtOnce}, 1, time.Now())
}

// complain reports whether it is time to say that events are not handled.
func (a *allowance) complain() bool {
	now := time.Now()
	if now.Sub(a.complained) < complaintPause {
		return false
	}
	a.complained = now
	return true
}

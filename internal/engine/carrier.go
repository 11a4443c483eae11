package engine

import "time"

// carrier is what carries a session at the moment: its polling or its websocket. The
// session asks it and need not know which one it is. All methods but transport are
// called with the session's mutex held. None of them waits.
type carrier interface {
	// transport returns the protocol's name of the transport.
	transport() string
	// writableLocked reports whether a packet would be on its way at once if none waited.
	writableLocked() bool
	// beginFlushLocked has what waits in the outbox sent. A websocket that it returns has
	// to be flushed by the caller, without the mutex: nobody else does until then.
	beginFlushLocked() *websocket
	// confirmsByPingLocked reports whether it takes a ping to learn what has arrived.
	confirmsByPingLocked() bool
	// askLocked asks the client for a sign of life. It reports false if the client can
	// only be asked by sending it a message.
	askLocked(now time.Time) bool
	// silenceLocked returns for how long the client owes a sign of life; zero if it owes none.
	silenceLocked(now time.Time) time.Duration
	// finishLocked has the client told of the session's end once all else is sent.
	finishLocked()
	// cutLocked ends what carries the session at once. The outbox is empty.
	cutLocked()
}

var (
	_ carrier = (*polling)(nil)
	_ carrier = (*websocket)(nil)
)

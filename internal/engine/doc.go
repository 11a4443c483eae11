// Package engine carries the chat's Socket.IO server: it is an Engine.IO server,
// protocol 4, below the Socket.IO layer of github.com/zishang520/socket.io, which
// offers [socket.Server.Bind] for it.
//
// # Promises
//
//  1. Messages of a session arrive in the order in which they were sent, in both
//     directions, also across the move from polling to a websocket.
//  2. A message that was sent before an orderly end still arrives, if the client takes
//     it in time.
//  3. A session ends once, and leaves nothing behind.
//  4. Nothing that a client sends, or does not read, costs more than a bounded amount
//     of memory, or disturbs the others.
//
// # The way of a message
//
// A message to a client waits in its session's outbox in the form of websocket frames,
// which broadcasts share (message.go, outbox.go, broadcast.go). The session's carrier
// empties the outbox. A websocket writes all that waits at once, on a goroutine that
// lives only while there is something to write (flush.go). Polling answers the request
// that waits (polling.go).
//
// A message of a client is taken in as its bytes arrive (intake.go), by a lease of
// memory that all share if it is long (budget.go). The goroutine that reads it puts it
// into the session's inbox, which handles one message after the other (inbox.go,
// socketio.go).
//
// The session keeps account of the messages that the client is known to have received,
// without its cooperation (receipts.go).
//
// # States of a session
//
//	       handshake
//	           |  Server.open
//	           v
//	opening: the Socket.IO layer and OnSession's listeners are told of it ----+
//	           |  Session.start                                               |
//	           v                                                              |
//	open                                                                      |
//	+---------------------------------------------------------------------+   |
//	|         beginUpgrade             completeUpgrade                    |   |
//	| polling ----------------> probing ---------------------> websocket  |   |
//	|    ^                        |                               ^       |   |
//	|    +----- cancelUpgrade -----+                  or at the handshake |   |
//	+---------------------------------------------------------------------+   |
//	           |                                                              |
//	           |  Session.end, by Close, the client's close, an error,        |
//	           |  or a timeout of heartbeat, connection, or writing           |
//	           v                                                              |
//	closed  <-----------------------------------------------------------------+
//	+---------------------------------------------------------------------+
//	| graceful: the outbox is still sent, within closeGrace               |
//	|    |  Session.end again, which discards                             |
//	|    v                                                                |
//	| cut: the outbox is empty, only the end itself is told               |
//	+---------------------------------------------------------------------+
//	           |  Session.release, by the websocket's reader when its connection
//	           |  has ended, by the last poll's answer, after closeGrace, or
//	           |  at once if it is cut while it polls and no poll waits
//	           v
//	released: the server has forgotten it
//
// # Locks
//
// They are taken in this order; those of one line never together.
//
//	client.mu of the library, polling.answering
//	adapter.mu
//	Session.mu, which guards the fields of its carriers, outbox and receipts as well
//	inbox.mu, emitter.mu
//
// The locks of a budget and of sockets are taken alone, the latter also below
// client.mu. Nothing waits for the network or for another goroutine with one of them
// held but polling.answering. Events of a series are made with Session.mu held; see
// [Session.SendSeries].
//
// # Where things stand
//
// Session is one type in five files, since each tells one story with few of its fields:
// session.go its life, sending.go what leaves, heartbeat.go pings and signs of life,
// socketio.go what arrives, upgrade.go the move to a websocket. The mutex is one, because each of the stories ends in the others: a
// ping is sent, a full outbox ends the session, an end is sent. A websocket's files are
// its connection (websocket.go) and its writing (flush.go); how it takes over is in
// upgrade.go. A sixth, library.go, has all that only the Socket.IO library needs.
package engine

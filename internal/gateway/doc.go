// Package gateway is the chat's Socket.IO side: it turns the events of clients
// into use cases of package room, and what happens in rooms into events.
//
// # Who is who
//
// A connection's identity is the session cookie of its handshake, and nothing
// else. The names and ids that a page sends only choose among the seats that the
// session holds (hints.go). A session is the browser's. The session of Engine.IO that carries a
// connection is its link.
//
// # Order
//
// The events of one connection are handled one after the other, in the order
// in which they were sent, also those that arrive right before the connection
// ends. The events of a room reach every connection in the order of
// [room.Event.Seq].
//
// # Who hears what
//
// A connection is bound to a membership before it enters the room (binding.go), and attached
// once the room says that it has entered (announce.go). It hears of the room from then until it
// is unbound or ends. A connection whose page waits hears of its knock until there is a verdict,
// or the page enters a room (audience.go).
//
// An event for several connections goes once through those that listen, and is encoded once
// (broadcast.go). Messages and notices are sent in the order of the log (delivery.go): a
// connection that has yet to be sent earlier ones gets them later. All else is sent at once.
//
// The order of locks is in docs/architecture.md. Those of several connections are never held
// together.
//
// # What was missed
//
// A page that reconnects is sent what it has not got. Newer clients say what they
// have seen. For older ones the gateway keeps account of what each connection has
// certainly got (package engine). Messages that were on their way at the very end
// are then sent again rather than never (delivery.go).
//
// # Where things stand
//
// conn is one type in many files, since its events are handled one after the other: a vote, a
// goodbye and a message all may need the seat, the marks and the hints of the page. Each file
// tells one story of a connection. conn.go has its beginning and its end, and binding.go its way
// into a room. waiting.go is about its page at the door, and events.go about what the page says.
// succession.go has how it follows another one, audience.go what it listens to, and delivery.go
// what it has got.
package gateway

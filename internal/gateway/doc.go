// Package gateway is the chat's Socket.IO side: it turns the events of clients
// into use cases of package room, and what happens in rooms into events.
//
// # Who is who
//
// A connection's identity is the session cookie of its handshake, and nothing
// else. What a page sends, names and ids alike, only chooses among what that
// session holds (hints.go).
//
// # Order
//
// The events of one connection are handled one after the other, in the order
// in which they were sent, also those that arrive right before the connection
// ends. What happens in a room reaches every connection in the order of
// [room.Event.Seq].
//
// # Who hears what
//
// A connection hears of a room from when it is attached until it is unbound or ends. It
// hears of a knock from when its page waits for the verdict until that is there, or the
// page enters a room (audience.go). An event for several connections goes once through
// those that listen, and is encoded once (broadcast.go). Messages and notices are sent in
// the order of the log (delivery.go), so a connection that has yet to be sent earlier ones
// gets them later. All else is sent at once.
//
// Locks are taken in this order: that of a connection, then the audience's or that of its
// marks, then its session's. Those of several connections are never held together.
//
// # What was missed
//
// A page that reconnects is sent what it has not got: newer clients say what
// they have seen; for older ones the gateway keeps account of what each
// connection has certainly got (package engine). What was on its way at the very
// end is then sent again rather than never (delivery.go).
package gateway

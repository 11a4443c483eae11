// Package engine is the ground that the chat's Socket.IO server stands on: an
// Engine.IO server, protocol 4, below the Socket.IO layer of
// github.com/zishang520/socket.io, which offers [socket.Server.Bind] for it.
//
// # What is promised
//
// Messages of a session arrive in the order in which they were sent, in both
// directions, also across the move from polling to a websocket. What is sent
// before an orderly end still arrives, if the client takes it in time. A session
// ends once, and leaves nothing behind. Nothing that a client sends, or does not
// read, costs more than a bounded amount of memory, or disturbs the others.
//
// # How it works
//
// What is sent to a client waits in its session's outbox, in the form of
// websocket frames, which broadcasts share (message.go, adapter.go). Whatever
// carries the session empties it: a goroutine that lives only while there is
// something to write, and writes all that waits at once (websocket.go), or the
// request that polls (polling.go). What a client sends is passed up by the
// goroutine that reads it, one message after the other (inbox.go, socketio.go).
//
// The session keeps account of what the client is known to have received, without
// its cooperation (receipts.go).
//
// # Locks
//
// A session's mutex is the last of ours to be taken: nothing is called with it held
// that takes another one of them, or that waits. The adapter's comes before it.
package engine

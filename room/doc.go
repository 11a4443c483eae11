// Package room holds the chat's rules: rooms, their codes, members and
// knocks, the message log, and every deadline that belongs to them.
//
// # Rules
//
// [Room] is a plain value and its methods are pure functions of the room's
// state and of the instant they are given. They read no clock, take no lock
// and do no I/O; they return the events that happened. A method that returns
// an error has changed nothing.
//
// # Edges
//
// [Service] holds the use cases. The changes of one room are queued (writers.go): one caller
// runs the rules of all that wait, and commits them together ([Store]). The store also
// publishes the events. Everybody who watches the room ([Watcher]) hears each event once and in
// order ([Feed]). Questions are no events: [Service.View] answers them as of the last event
// that was heard. [Service.Run] sleeps until the next deadline of any room.
//
// All methods of Service are safe for concurrent use.
//
// # Words
//
// Somebody who asks to be let in knocks. The knock is an [Applicant] in the room, and a [Knock]
// to the members. A knock that every member present approves becomes a membership ([Member])
// and keeps its id. A [Seat] is either of the two, as the session that holds it sees it.
//
// A member is present, which means counted and voting, or absent. Both are memberships. The log
// holds entries ([Message]): messages, and notices of who comes and goes.
//
// # Where things stand
//
// Each rule stands in one file, with the types that it is about: votes in admission.go, places at
// the door in door.go, connections that come and go in presence.go, those that wait in await.go,
// and how one follows another in conn.go. Codes are in code.go, messages in message.go, notices in
// comings.go, and all that happens by itself in deadline.go. room.go has the state.
//
// Service has its use cases in service.go, its commits in writers.go and its alarm in
// scheduler.go. service.go is long because there are many use cases. Each is a few lines.
package room

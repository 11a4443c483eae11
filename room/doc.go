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
// [Service] holds the use cases: it loads a room through a [Store], lets a
// rule work on it, commits, and hands the events to an [Announcer]. Commit and
// announcement of one room happen under one lock, so within a process the
// events of a room are announced in the order of their sequence numbers.
// [Service.Run] sleeps until the next deadline of any room.
//
// All methods of Service are safe for concurrent use.
package room

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
// [Service] holds the use cases. Changes of one room wait for each other: one caller makes
// those of all that wait, by the rules, and commits them at once ([Store]). The store also
// publishes what happened, so that who watches the room ([Watcher]) hears each event once
// and in order ([Feed]). Questions are no events: [Service.View] answers them as of what has
// been heard. [Service.Run] sleeps until the next deadline of any room.
//
// All methods of Service are safe for concurrent use.
package room

package room

import (
	"context"
	"time"
)

// Store keeps the live rooms and their message logs, for one process or for
// several. All methods are safe for concurrent use.
//
// A *Room that a store returns is a snapshot for reading only.
type Store interface {
	// Create adds a room. Atomically with that it refuses, in this order, rooms
	// beyond what the creator's networks may have (ErrTooManyRoomsHere), rooms beyond
	// the capacity (ErrTooManyRooms) and a code that is among the Codes of
	// another live room (ErrCodeTaken).
	Create(ctx context.Context, r *Room, c Capacity) error

	// Update applies fn to the room atomically. fn gets a copy of its own, and changes it. The
	// store commits the copy, puts into the log what is Logged of the events that fn returns, and
	// publishes all of them to everybody who watches the room. fn numbers its events, on from the
	// room's Seq; the store never does.
	//
	// The log keeps what its room's Terms say, or less where a store bounds the bytes of all
	// logs together. The store sets the room's Messages to the number of messages it keeps. No
	// notice is given up for a message. A room that comes back with Closing set is forgotten, log
	// and all. Update returns the room as committed, after everybody who watches it in this
	// process has heard the events.
	//
	// If fn fails nothing is committed, and Update returns its error as it is. fn may run more
	// than once, on other state each time: if another process was quicker, if the new code is one
	// of another live room or the room's own previous one, or if fn returns ErrCodeTaken. So it
	// must have no effect outside the room, and must keep neither the room nor the log.
	// Errors: ErrNotFound.
	Update(ctx context.Context, id string, fn func(r *Room, log Log) ([]Event, error)) (*Room, error)

	// Append is Update for messages alone: fn returns no other events than MessagePosted, and
	// changes nothing of the room but Seq and Messages, so that a store need write nothing else.
	Append(ctx context.Context, id string, fn func(r *Room, log Log) ([]Event, error)) (*Room, error)

	// Watch has w hear what happens in the room until release is called. w hears each event that
	// any process commits after the return of Watch, once, in the order of Seq, in one call at a
	// time. Each Attached has its Log by then. Errors: ErrNotFound.
	Watch(ctx context.Context, id string, w Watcher) (release func(), err error)

	// Observe calls tell with the room as of the last event that its watchers in this process
	// have heard. They hear no other before tell returns. tell must not block.
	// Errors: ErrNotFound.
	Observe(ctx context.Context, id string, tell func(r *Room)) error

	// Snapshot returns the room. Errors: ErrNotFound.
	Snapshot(ctx context.Context, id string) (*Room, error)

	// ByCode returns the id of the room that has the code among its Codes.
	// Errors: ErrNoSuchCode.
	ByCode(ctx context.Context, code string) (string, error)

	// ByInvitation returns the id of the room that has the hash among its Invitations.
	// Errors: ErrNoSuchInvitation.
	ByInvitation(ctx context.Context, hash LookupHash) (string, error)

	// BySeat returns the id of the room in which the id is that of a member or an
	// applicant. Errors: ErrNotFound.
	BySeat(ctx context.Context, id string) (string, error)

	// BySession returns the rooms in which the session is a member or an
	// applicant, oldest first; none is no error.
	BySession(ctx context.Context, session string) ([]*Room, error)

	// Log returns the entries after the sequence number, messages and notices,
	// oldest first, in a slice of the caller's own. An unknown room has none.
	Log(ctx context.Context, id string, after uint64) ([]Message, error)

	// Unentered returns the rooms that nobody has entered, oldest first; none is no
	// error. Its cost goes with their number, not with the number of rooms.
	Unentered(ctx context.Context) ([]*Room, error)

	// Rooms returns all rooms, in any order. It is asked only where there is no place for
	// another one.
	Rooms(ctx context.Context) ([]*Room, error)

	// Lapsed returns how the room has ended in which the session had the page at /room/<page>:
	// Unentered, Expired or, for every other reason and every other session, "". A store need
	// not remember more than the latest thousands of such pages.
	Lapsed(ctx context.Context, page, session string) (Closing, error)

	// Due returns the rooms with a deadline at or before now, and the earliest
	// deadline of all others; zero if there is none. Its cost goes with the
	// number of rooms that are due, not with the number of rooms.
	Due(ctx context.Context, now time.Time) (ids []string, next time.Time, err error)

	// Totals counts the rooms and their memberships.
	Totals(ctx context.Context) (rooms, members int, err error)
}

// Log is a room's log as Update and Append show it: as of the state that fn was given.
type Log interface {
	// Said returns the latest message of the member that is in the log under the
	// ref; found is false if there is none. Its cost goes with the messages since then, and
	// it copies none of them.
	Said(member, ref string) (m Message, found bool, err error)
}

// Capacity bounds the number of live rooms.
type Capacity struct {
	Rooms int
	// RoomsPerAddress is for each network of a creator, times its Share.
	RoomsPerAddress int
}

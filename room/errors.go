package room

import (
	"errors"
	"fmt"
)

// The errors of the use cases. Each stands for one thing that a person can be
// told; web and gateway map them to words and status codes.
var (
	// ErrNotFound: there is no such room, or the asker has no place in it.
	ErrNotFound = errors.New("room: not found")
	// ErrUnentered is the ErrNotFound that a room's creator gets: it was closed because
	// nobody entered it in time.
	ErrUnentered = fmt.Errorf("%w: nobody entered it in time", ErrNotFound)
	// ErrExpired is the ErrNotFound that a room's members get once its time is over.
	ErrExpired = fmt.Errorf("%w: its time is over", ErrNotFound)
	// ErrNotMember: the room exists and the asker is no member of it.
	ErrNotMember = errors.New("room: not a member")
	// ErrNotHere: the asker is a member of the room, but asks by a connection that is not in it.
	// The page goes on by another one, or the connection's process was taken for gone. It is
	// nobody's mistake, so the page is told nothing: the caller ends the connection, and the page
	// makes a new one.
	ErrNotHere = errors.New("room: the connection is not in it")
	// ErrFault: the server made a mistake, and nothing has changed. It is an answer, and asking
	// again is answered alike.
	ErrFault = errors.New("room: a fault of the server")
	// ErrUncertain: the server made a mistake, and may have made the change or not. The caller
	// ends the connection, and the page makes a new one and asks again.
	ErrUncertain = errors.New("room: a fault of the server, after which nothing is certain")
	// ErrMalformedCode: the code that was typed is not six digits.
	ErrMalformedCode = errors.New("room: malformed code")
	// ErrNoSuchCode: no live room has the code at present.
	ErrNoSuchCode = errors.New("room: no room has this code")
	// ErrMalformedLookup: the lookup is not as invitations have it.
	ErrMalformedLookup = errors.New("room: malformed lookup of an invitation")
	// ErrNoSuchInvitation: no live room has such an invitation. It may have ended, or never
	// have been, and nobody is told which.
	ErrNoSuchInvitation = errors.New("room: no such invitation")
	// ErrNameTaken: a member or an applicant of the room holds the name.
	ErrNameTaken = errors.New("room: name taken")
	// ErrNameAlike: a member or an applicant of the room holds a name that looks
	// like this one.
	ErrNameAlike = errors.New("room: name too much like another")
	// ErrRoomFull: the room has all the members it may have.
	ErrRoomFull = errors.New("room: full")
	// ErrTooManyKnocks: too many people are waiting at this room's door.
	ErrTooManyKnocks = errors.New("room: too many open join requests")
	// ErrTooManyRooms: the server has all the rooms it may have.
	ErrTooManyRooms = errors.New("room: too many rooms")
	// ErrTooManyRoomsHere: the creator's address has all the rooms it may have.
	ErrTooManyRoomsHere = errors.New("room: too many rooms from this address")
	// ErrNoSuchKnock: there is no such open join request.
	ErrNoSuchKnock = errors.New("room: no such join request")
	// ErrMessageTooLong: the message is beyond what the room relays.
	ErrMessageTooLong = errors.New("room: message too long")
	// ErrMessageBlank: there is nothing to see in the message.
	ErrMessageBlank = errors.New("room: blank message")
	// ErrCodeTaken is a Store's answer to a code that another live room has.
	// The service draws another one; it reaches nobody else.
	ErrCodeTaken = errors.New("room: code taken")
)

// Package refusal names what may be refused: by a code for scripts and a sentence for people.
//
// A code never changes its meaning, and docs/events.md lists where each occurs. A sentence
// may change at any time: scripts must not compare it. Pages say it in their own language,
// by the code, from templates/words; the English one is for all other clients.
package refusal

import "strings"

// Code says why something was refused, in snake_case.
type Code string

// Codes of more than one kind of answer.
const (
	RoomGone      Code = "room_gone"
	RoomFull      Code = "room_full"
	NotMember     Code = "not_member"
	NoSuchRequest Code = "no_such_request" // to join
	Unentered     Code = "unentered"       // the room was closed because nobody entered it
	Expired       Code = "expired"         // the room's time is over: for its members
	Ended         Code = "ended"           // the room is gone, or the session is no member of it
	Internal      Code = "internal"
)

// Codes of `room_error`.
const (
	MessageTooLong Code = "message_too_long"
	MessageBlank   Code = "message_blank"
	TooFast        Code = "too_fast"
	TooManyTabs    Code = "too_many_tabs"
	LeftElsewhere  Code = "left_elsewhere" // the membership was ended in another tab
)

// Codes of `join_denied`.
const (
	Declined  Code = "declined" // a member said no
	TimedOut  Code = "timed_out"
	Withdrawn Code = "withdrawn"
	Displaced Code = "displaced" // somebody else got the place at the door
)

// Codes of answers to requests.
const (
	InvalidCode         Code = "invalid_code"
	NoSuchCode          Code = "no_such_code"
	TooManyWrongCodes   Code = "too_many_wrong_codes"
	InvalidInvite       Code = "invalid_invite"
	NoSuchInvite        Code = "no_such_invite" // it has ended, or never was
	NameBlank           Code = "name_blank"
	NameTooLong         Code = "name_too_long"
	NameSign            Code = "name_sign"      // one of the signs that no name has
	NameCharacter       Code = "name_character" // an invisible or unknown one
	NameMarks           Code = "name_marks"
	NameTaken           Code = "name_taken"
	NameAlike           Code = "name_alike"
	TooManyJoinRequests Code = "too_many_join_requests"
	TooManyRooms        Code = "too_many_rooms"
	TooManyRoomsHere    Code = "too_many_rooms_here" // from one address
	TooManyRequests     Code = "too_many_requests"
	TooManyConnections  Code = "too_many_connections"
	FormExpired         Code = "form_expired" // its token is missing or not valid
	FormForeign         Code = "form_foreign" // another site has sent it
	FormTooLarge        Code = "form_too_large"
	FormMalformed       Code = "form_malformed"
	NothingHere         Code = "nothing_here"
	MethodNotAllowed    Code = "method_not_allowed"
	Cancelled           Code = "cancelled"
	Busy                Code = "busy"
	BuiltWithoutClient  Code = "built_without_client"
	BuiltWithoutModules Code = "built_without_modules"
)

// These end the sentences about names, and about a server that was not built whole.
const (
	nameRule = "Use 1 to 20 letters, digits, emoji or other visible characters, but none of < > & \" \\ `"
	build    = "Start it with “make run” or build it with “make build”: both fetch what’s missing (Node.js with npm is needed once)."
)

// sentences say what happened and what to do.
var sentences = map[Code]string{
	RoomGone:      "This chat no longer exists. Please go back to the start page.",
	RoomFull:      "This chat is full. Someone has to leave before you can join.",
	NotMember:     "You’re not in this chat. Please ask to join with its room code.",
	NoSuchRequest: "This request to join is no longer open. Please go back and ask again.",
	Unentered:     "Your chat was closed because nobody entered it in time. Please start a new one.",
	Expired:       "This chat’s time is up. Everything in it has been deleted.",
	Ended:         "That chat has ended, or you’re no longer in it.",
	Internal:      "Something went wrong on the server. Please try again.",

	MessageTooLong: "Your message is too long and wasn’t sent. Please split it.",
	MessageBlank:   "Your message looks empty, so it wasn’t sent.",
	TooFast:        "You’re sending too fast, and something wasn’t delivered. Please wait a few seconds.",
	TooManyTabs:    "This browser has too many connections open. Please close some tabs.",
	LeftElsewhere:  "You left this chat in another tab.",

	Declined:  "Someone in the chat said no. If that was a mistake, talk to the person who invited you, then ask again.",
	TimedOut:  "Not everyone answered in time. Please ask again.",
	Withdrawn: "The request was cancelled.",
	Displaced: "Too many requests came from your network at once, so someone else got your place. Please ask again in a minute.",

	InvalidCode:         "Invalid input. A room code has six digits.",
	NoSuchCode:          "Room not found. Room codes change every few minutes. Please ask someone in the chat for the current one.",
	TooManyWrongCodes:   "Too many wrong room codes came from your network. Please wait up to {wait}, then ask someone in the chat for the current code.",
	InvalidInvite:       "This invite link was cut off. Copy the whole link, or ask for a new one.",
	NoSuchInvite:        "This invite link no longer works. Ask for a new one.",
	NameBlank:           "Please enter your name. " + nameRule,
	NameTooLong:         "This name is too long. It can have 20 characters at most.",
	NameSign:            "A name can’t contain {character}. " + nameRule,
	NameCharacter:       "This name contains an invisible or unknown character. " + nameRule,
	NameMarks:           "This name has an accent or other mark without a letter, or too many of them on one letter. " + nameRule,
	NameTaken:           "Someone in this chat already has this name. Please choose another one.",
	NameAlike:           "This name looks too much like another one in this chat. Please choose another one.",
	TooManyJoinRequests: "Too many people are asking to join this chat right now. Please try again in a minute.",
	TooManyRooms:        "This server can’t hold any more chats right now. Please try again later.",
	TooManyRoomsHere:    "Your network already has as many chats open as this server allows. Leave one that you no longer need, or try again when one of them has ended.",
	TooManyRequests:     "Too many requests came from your network. Please try again in a minute.",
	TooManyConnections:  "Too many connections are open from your network. Please try again in a moment.",
	FormExpired:         "This form has expired. Please reload its page and try again.",
	FormForeign:         "This form came from another site. Please open the chat’s own page and try again.",
	FormTooLarge:        "That’s more than a form can hold. Please send less.",
	FormMalformed:       "This form couldn’t be read. Please reload its page and try again.",
	NothingHere:         "There’s nothing at this address. Please go back to the start page.",
	MethodNotAllowed:    "This address doesn’t take that kind of request. Please go back to the start page.",
	Cancelled:           "The request was interrupted. Please try again.",
	Busy:                "The server is too busy right now. Please try again in a moment.",
	BuiltWithoutClient:  "This server was built without the Socket.IO client. " + build,
	BuiltWithoutModules: "This server is running, but it was built without the browser modules that its pages need. " + build,
}

// Values are what stands for the {placeholders} of a sentence, by their names.
type Values map[string]string

// Sentence returns the English sentence of a code, "" if the code is none of this package's.
func (c Code) Sentence(values Values) string { return values.In(sentences[c]) }

// In returns a text with the values in the places of its placeholders. A placeholder
// within a value stays as it is.
func (v Values) In(text string) string {
	pairs := make([]string, 0, 2*len(v))
	for name, value := range v {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

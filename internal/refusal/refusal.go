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
	nameRule = "A name has 1 to 20 letters, digits, emoji or other visible characters, and none of < > & \" \\ `"
	build    = "Please start it with \"make run\", or build it with \"make build\", which fetch what is missing (Node.js with npm is needed once)."
)

// sentences say what happened and what to do.
var sentences = map[Code]string{
	RoomGone:      "This room does not exist any more. Please go back to the start page.",
	RoomFull:      "This room is full. Somebody has to leave it before you can join.",
	NotMember:     "You are not in this room. Please join it with its code.",
	NoSuchRequest: "This request to join is no longer open. Please go back and ask again.",
	Unentered:     "Your room was closed because nobody entered it in time. Please create it again.",
	Internal:      "Something went wrong on this server. Please try again.",

	MessageTooLong: "Your message is too long and was not sent. Please split it.",
	MessageBlank:   "There is nothing to see in your message, so it was not sent.",
	TooFast:        "You are sending too fast, and something was not delivered. Please wait a few seconds.",
	TooManyTabs:    "This browser has too many connections open. Please close some tabs.",
	LeftElsewhere:  "You left this room in another tab.",

	Declined:  "Somebody in the room said no. If that was a mistake, talk to whoever gave you the code, and ask again.",
	TimedOut:  "Not everybody answered in time. Please ask again.",
	Withdrawn: "The request was withdrawn.",
	Displaced: "Too many requests came from your network at once, so somebody else got your place. Please ask again in a minute.",

	InvalidCode:         "Invalid input.",
	NoSuchCode:          "Room not found. Codes change every few minutes. Please ask somebody in the room for the current one.",
	TooManyWrongCodes:   "There were too many wrong room codes from your address. Please wait up to {minutes} min, and ask somebody in the room for its current code.",
	NameBlank:           "Please enter a name. " + nameRule,
	NameTooLong:         "This name is too long. " + nameRule,
	NameSign:            "The character {character} cannot be part of a name. " + nameRule,
	NameCharacter:       "This name contains an invisible or unknown character. " + nameRule,
	NameMarks:           "This name has accents or other marks without a letter to stand on, or too many on one letter. " + nameRule,
	NameTaken:           "Somebody in this room already has this name. Please choose another one.",
	NameAlike:           "This name is too much like a name in this room. Please choose another one.",
	TooManyJoinRequests: "Too many people are asking to join this room. Please try again in a minute.",
	TooManyRooms:        "This server has all the rooms it can hold. Please try again later.",
	TooManyRoomsHere:    "There are already as many rooms from your address as one may open. Please leave one of them first.",
	TooManyRequests:     "There were too many requests from your address. Please try again in a minute.",
	TooManyConnections:  "Too many connections from your network are open. Please try again in a moment.",
	FormExpired:         "This form is no longer valid. Please reload the page it is on and try again.",
	FormForeign:         "This form was sent from a different site. Please open the chat's own page and try again.",
	FormTooLarge:        "This is more than a form can hold. Please send less.",
	FormMalformed:       "This form could not be read. Please reload the page it is on and try again.",
	NothingHere:         "There is nothing at this address. Please go back to the start page.",
	MethodNotAllowed:    "This address does not take such a request. Please go back to the start page.",
	Cancelled:           "The request was cancelled. Please try again.",
	Busy:                "The server is too busy at the moment. Please try again.",
	BuiltWithoutClient:  "This server was built without the Socket.IO client. " + build,
	BuiltWithoutModules: "This server runs, but it was built without the browser modules that its pages need. " + build,
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

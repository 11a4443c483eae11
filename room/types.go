package room

import "time"

// Message is one entry of a room's log.
type Message struct {
	Seq     uint64
	Kind    Kind
	Member  string // who said it, or whom the notice is about
	Name    string // the member's name, as they chose it: not escaped
	Content string // safe for innerHTML, or an encrypted envelope; "" in a notice
	At      time.Time
	Ref     string  // what the sender's page calls it; "" if it does not
	Notice  *Notice // what happened, if the entry is a notice; else nil. It is never changed
}

// Kind is what an entry of the log is.
type Kind uint8

// The kinds of entries. Members say texts and envelopes; notices are the room's.
const (
	KindText Kind = iota + 1
	KindEnvelope
	KindNotice
)

// Happening is what a notice tells of a member.
type Happening string

// The happenings. The log keeps Admission, Arrival and Departure, which change who may
// hear what is said. The others pass.
const (
	Admission Happening = "admitted" // the members let them in; they may hear from here on
	Arrival   Happening = "joined"   // they are there for the first time
	Departure Happening = "left"     // the membership has ended
	Loss      Happening = "lost"     // the connection was lost, and has not come back in time
	Pause     Happening = "away"     // they closed the page, and are still a member
	Return    Happening = "returned"
)

// lasts reports whether a happening changes who may hear what is said.
func (h Happening) lasts() bool { return h == Admission || h == Arrival || h == Departure }

// Notice is what happened to the member of an entry.
type Notice struct {
	What Happening
	// By holds the names of those who said yes to an Admission, not escaped.
	By []string
	// Known is, of the Departure of somebody who was absent, the sequence number
	// with which the others were told of that absence; else 0.
	Known uint64
}

// Said is what Options.Clean gets: a text, and where it was said.
type Said struct {
	Room string
	Key  string // of the room, if its pages have it; else ""
	Text string
}

// Draft is something that a member wants to say.
type Draft struct {
	Room, Member string
	Text         string
	// Ref is the page's own name for the message; "" if it has none.
	Ref string
	// Again is true if the page may have posted it before, without knowing
	// whether that arrived.
	Again bool
}

// Knock is an open request to be let in, as the members see it.
type Knock struct {
	ID       string
	Name     string // not escaped
	Deadline time.Time
	// Approvals are the yeses that count now, of as many as are Required.
	Approvals, Required int
}

// Membership is a member as the others see them.
type Membership struct {
	ID      string
	Name    string // not escaped
	Present bool
}

// Refusal is why a knock ended without admission.
type Refusal string

// The reasons for a refusal.
const (
	Declined Refusal = "declined" // a member said no
	TimedOut Refusal = "timed out"
	RoomFull Refusal = "room full" // the last place was taken meanwhile
	RoomGone Refusal = "room gone"
	// Withdrawn: the applicant does not want to be let in any more.
	Withdrawn Refusal = "withdrawn"
	// Displaced: the door was full, with more from the applicant's network than from
	// that of somebody who came later.
	Displaced Refusal = "displaced"
)

// Closing is why a room ended.
type Closing string

// The reasons for the end of a room.
const (
	Expired Closing = "expired" // its time to live is over
	Emptied Closing = "emptied" // its last membership ended
	// Unentered: nobody came in time, or before another room needed its place.
	Unentered Closing = "unentered"
)

// Standing is how somebody stands to a room.
type Standing int

// The standings, in the order they are passed through.
const (
	Waiting Standing = iota // a knock that is not decided
	Admitted
	Refused
)

// Seat is what one session holds in one room: a knock and, once admitted,
// the membership that grew out of it. It keeps its ID all the way.
type Seat struct {
	ID       string
	Room     string
	Name     string // not escaped
	Standing Standing
	Refusal  Refusal   // set if Refused
	Deadline time.Time // of the vote, if Waiting
	// Path is the last segment of the page's address, /room/<Path>: the room's
	// id for its creator, the seat's own id for everybody else, so that two
	// members in one browser have two addresses.
	Path string
	// Loading is true if the member's next connection is a newly loaded page
	// rather than a known page that reconnects.
	Loading bool
	// Rendered is true while a page was rendered for the member that has not
	// connected yet.
	Rendered bool
	// Open is the number of the member's open connections.
	Open int
	// LastSeen is when the last connection was lost; zero if there was none.
	LastSeen time.Time
}

// Page is what the chat page is rendered from.
type Page struct {
	Seat          Seat
	Code          string
	Remaining     time.Duration // to the next code
	Participants  int
	EncryptionKey string
}

// Status is what anybody who knows a room's id may see of it.
type Status struct {
	Participants int
	Messages     int
	ExpiresIn    time.Duration
}

// Network is a network that somebody comes from: their address or, besides, a wider
// one. Nothing else is known of an address here.
type Network struct {
	Key string // a keyed hash, another one for each network
	// Share is how many times as much as one address all of the network may have.
	Share int
}

// Creation asks for a new room.
type Creation struct {
	Session string // the creator's session
	// Networks are what the creator is counted by, for Capacity.RoomsPerAddress.
	Networks []Network
	Name     string // as typed; the name rule is applied here
}

// Application asks to be let into the room that has the code.
type Application struct {
	Session string
	// Networks are what the applicant is counted by, for the places at the door.
	Networks []Network
	Name     string // as typed
	Code     string // six digits of any script
}

// Entry is a connection that enters a room.
type Entry struct {
	Room, Member string
	Conn         string // unique among all connections of all processes
	Explicit     bool   // the page asked for it
	// Returning is true if this is certainly a page that was in the room before,
	// even if another one is being loaded at the moment.
	Returning bool
	// Resume, if not nil, is the sequence number up to which the page behind
	// this connection is known to have seen the room. Without it the
	// service goes by what was reported at Disconnect.
	Resume *uint64
	// Otherwise, if not nil, is up to where the page has seen the room at least, if
	// neither Resume nor a Disconnect tells. Without it a page that was there before is
	// taken to have seen everything.
	Otherwise *uint64
	// Heard is the sequence number up to which other pages of the member, that
	// are open, have certainly heard the room; 0 if there are none.
	Heard uint64
}

// Announcer tells connections what happened in a room. Announce is called with
// the room's lock held, in order; it must not block and not call back into
// the service.
type Announcer interface {
	Announce(room string, events []Event)
}

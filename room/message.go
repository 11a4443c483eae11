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

// Size is what an entry of the log counts as, in bytes, against MaxLogBytes and
// MaxNoticeBytes of the room's Terms: at least what it takes in the memory of a process. Its
// member and name count as well: they are shared with the membership, but may outlive it.
func (m *Message) Size() int {
	size := sizeOf(m.Content) + sizeOf(m.Ref) + sizeOf(m.Name) + sizeOf(m.Member)
	if m.Notice != nil {
		size += noticeSize
		for _, name := range m.Notice.By {
			size += nameSize + sizeOf(name)
		}
	}
	return size
}

const (
	noticeSize = 48 // of a Notice, besides its texts
	nameSize   = 16 // of each name in it, besides its text
)

// sizeOf is what a text takes at most: allocators hand out memory in sizes that are up to an
// eighth larger, and at least 8 bytes.
func sizeOf(s string) int {
	if s == "" {
		return 0
	}
	return len(s) + len(s)/8 + 8
}

// Bound bounds a part of a room's log. Entries beyond it are dropped, the oldest first.
type Bound struct{ Entries, Bytes int }

// Bound returns the bound of the entries of a kind. Notices have a bound of their own, so that
// no number of messages can push somebody's arrival out of the log.
func (t *Terms) Bound(k Kind) Bound {
	if k == KindNotice {
		return Bound{t.MaxNotices, t.MaxNoticeBytes}
	}
	return Bound{t.MaxMessages, t.MaxLogBytes}
}

// RawText is a text as its page sent it, for Options.Clean, and the room that it is for.
type RawText struct {
	Room string
	Key  string // of the room, if its pages have it; else ""
	Text string
}

// Draft is something that a member wants to say.
type Draft struct {
	Caller
	// Kind is KindText for what people type, which is cleaned before it is relayed. The content
	// of every other kind goes through as it is.
	Kind    Kind
	Content string
	// Ref is the page's own name for the message; "" if it has none.
	Ref string
	// Again is true if the page may have posted it before, without knowing
	// whether that arrived.
	Again bool
}

// Post says something to the room, under the page's own name for it if it has one. A text
// has been made safe already. Errors: ErrNotMember, ErrNotHere.
func (r *Room) Post(now time.Time, c Caller, kind Kind, content, ref string) (Event, error) {
	i, err := r.caller(c)
	if err != nil {
		return Event{}, err
	}
	r.Messages = min(r.Messages+1, r.Terms.MaxMessages)
	r.Seq++
	return Event{Seq: r.Seq, Body: MessagePosted{Message{
		Seq:     r.Seq,
		Kind:    kind,
		Member:  c.Member,
		Name:    r.Members[i].Name,
		Content: content,
		At:      now,
		Ref:     ref,
	}}}, nil
}

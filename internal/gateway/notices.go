package gateway

import (
	"securechat/internal/engine"
	"securechat/room"
)

// comings are the events that every page knows, by what they tell of a member. There is none
// for an Admission, after which the member has yet to come.
var comings = map[room.Happening]string{
	room.Arrival:   "member_joined",
	room.Return:    "member_returned",
	room.Absence:   "member_left",
	room.Pause:     "member_left",
	room.Departure: "member_left",
}

// comingOf returns the event for a notice that every page knows; nil if there is none. told is
// the sequence number up to which the member was told of the others. It returns nil for the
// Departure of a member whose absence they were told, since that was told by member_left, too.
func comingOf(m *room.Message, told uint64) engine.Event {
	name, known := comings[m.Notice.What]
	if !known || m.Notice.Known != 0 && m.Notice.Known <= told {
		return nil
	}
	return engine.Event{name, nameOf(m.Name)}
}

// tellNotice tells everybody in the room who comes or goes: all pages by the event that
// they know, and those that name themselves by a notice as well.
func (g *Gateway) tellNotice(roomID string, m room.Message) {
	at := offset{roomID, m.Seq}
	// A notice has no position behind it. The next message has one, and the marks know without
	// it that the member was told.
	notice := g.outgoing(engine.Event{"notice", noticeOf(&m, false)}, nil)
	coming := g.outgoing(comingOf(&m, m.Seq), nil)
	g.broadcast(roomID, "", func(l listener) {
		switch {
		case l.member == m.Member:
			// They hear of themselves now or never, whatever they have yet to catch up with.
			l.tell(coming)
		case l.named():
			l.deliver(at, notice, coming)
		default:
			l.deliver(at, coming)
		}
	})
}

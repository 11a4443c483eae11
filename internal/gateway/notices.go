package gateway

import (
	"securechat/internal/engine"
	"securechat/room"
)

// comings are the events that every page knows, by what they tell of a member. That
// somebody was let in and has not come yet is none of them.
var comings = map[room.Happening]string{
	room.Arrival:   "member_joined",
	room.Return:    "member_returned",
	room.Absence:   "member_left",
	room.Pause:     "member_left",
	room.Departure: "member_left",
}

// comingOf returns the event that every page knows for a notice, for who was told of
// the others up to a sequence number; nil if there is none. Of somebody who was absent
// and is gone for good now, they were told member_left when the absence began.
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
	// Without the position: it comes with the next message, and that the member was told is
	// known without it.
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

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
	room.Loss:      "member_left",
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
	return engine.Event{name, named(m.Name)}
}

// tellNotice tells everybody in the room who comes or goes: all pages by the event that
// they know, and those that name themselves by a notice as well.
func (g *Gateway) tellNotice(roomID string, m room.Message) {
	at, coming := offset{roomID, m.Seq}, comingOf(&m, m.Seq)
	g.spread(at, func(named bool) *engine.Broadcast {
		// Without the position: it comes with the next message, and that the member was
		// told is known without it.
		if named {
			return g.broadcast(nil, engine.Event{"notice", noticeOf(&m, false)}, coming)
		}
		return g.broadcast(nil, coming)
	}, func(c *conn) bool {
		if !c.isBoundTo(roomID, m.Member) {
			return false
		}
		// They hear of themselves now or never, whatever they have yet to catch up with.
		if coming != nil {
			c.emit(coming[0].(string), coming[1:]...) //nolint:forcetypeassert // see comingOf
		}
		return true
	})
}

// line is an event of a replay.
type line struct {
	entry *room.Message
	as    form
	// last is true for the last line of an entry: the page has seen all of it then.
	last bool
}

type form int

const (
	asMessage form = iota
	asComing
	asNotice
)

// linesOf returns what a page is to be sent of the log.
//
// A page that names itself is sent all notices, with those that its member was told
// before by another page: it shows the conversation as it was. Others are only sent
// what is news.
func linesOf(a *room.Attached, named bool) []line {
	lines := make([]line, 0, len(a.Log))
	for i := range a.Log {
		m := &a.Log[i]
		before := len(lines)
		if m.Kind != room.KindNotice {
			lines = append(lines, line{entry: m, as: asMessage})
		}
		// First, so that a page that knows notices can leave the other event alone.
		if named && m.Kind == room.KindNotice {
			lines = append(lines, line{entry: m, as: asNotice})
		}
		if a.Missed(m) && comingOf(m, a.Told) != nil {
			lines = append(lines, line{entry: m, as: asComing})
		}
		if len(lines) > before {
			lines[len(lines)-1].last = true
		}
	}
	return lines
}

// event returns the line as a page is sent it, and what follows it.
func (l line) event(at offset, a *room.Attached, named bool) (event, trailer engine.Event) {
	switch l.as {
	case asMessage:
		event = engine.Event{"message", messageOf(*l.entry)}
	case asComing:
		event = comingOf(l.entry, a.Told)
	case asNotice:
		event = engine.Event{"notice", noticeOf(l.entry, a.Missed(l.entry))}
	}
	switch {
	case !l.last:
		return event, nil
	case named && l.as == asMessage:
		return at.within(event), nil
	default:
		return event, at.event()
	}
}

// replay sends a connection what it has missed.
func (c *conn) replay(roomID string, a room.Attached) {
	named := c.page != ""
	lines := linesOf(&a, named)
	if len(lines) == 0 {
		c.marks.replay(roomID, nil, nil)
		return
	}
	begun, displaced := c.g.replays.begin(c, roomID, a.Log)
	for _, other := range displaced {
		go other.outpace() // its end needs locks that we hold
	}
	sent := false
	c.marks.replay(roomID, lines, func() (first uint64) {
		first = c.link.SendSeries(c.socket, len(lines), func(i int) (event, trailer engine.Event) {
			if i == len(lines)-1 {
				c.g.replays.end(begun)
			}
			return lines[i].event(offset{roomID, lines[i].entry.Seq}, &a, named)
		})
		sent = first > 0
		return first
	})
	if !sent {
		c.g.replays.end(begun)
	}
}

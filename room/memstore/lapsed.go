package memstore

import "securechat/room"

// maxLapsed is how many seats of rooms that have ended are remembered at the least, if there
// were so many. A hundred addresses need more than a minute for them.
const maxLapsed = 10_000

// lapsed remembers whose the latest seats were in rooms that nobody entered, or whose time is
// over: twice maxLapsed of them, and those of one room, at the most. Its zero value is ready
// for use.
type lapsed struct {
	young, old map[string]lapse // by the last part of the address of the seat's page
}

type lapse struct {
	session string
	why     room.Closing
}

func (l *lapsed) remember(r *room.Room) {
	if len(l.young) >= maxLapsed {
		l.old, l.young = l.young, nil
	}
	if l.young == nil {
		l.young = make(map[string]lapse)
	}
	for i := range r.Members {
		m := &r.Members[i]
		page := m.ID
		if m.Founder {
			page = r.ID
		}
		l.young[page] = lapse{m.Session, r.Closing}
	}
}

func (l *lapsed) why(page, session string) room.Closing {
	found, ok := l.young[page]
	if !ok {
		found = l.old[page]
	}
	if found.session != session {
		return ""
	}
	return found.why
}

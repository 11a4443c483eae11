package memstore

import "securechat/room"

// maxLapsed is how many rooms that nobody entered are remembered at the least, if there
// were so many. A hundred addresses need more than a minute for them.
const maxLapsed = 10_000

// lapsed remembers who created the latest rooms that nobody entered, twice maxLapsed at
// the most. Its zero value is ready for use.
type lapsed struct {
	young, old map[string]string // a room's id → the session that created it
}

func (l *lapsed) remember(r *room.Room) {
	if len(l.young) >= maxLapsed {
		l.old, l.young = l.young, nil
	}
	if l.young == nil {
		l.young = make(map[string]string)
	}
	for i := range r.Members {
		if m := &r.Members[i]; m.Founder {
			l.young[r.ID] = m.Session
		}
	}
}

func (l *lapsed) was(id, session string) bool {
	founder, found := l.young[id]
	if !found {
		founder, found = l.old[id]
	}
	return found && founder == session
}

package room

import (
	"cmp"
	"slices"
	"time"
)

// ToGiveWay returns which of the rooms that nobody has entered, or that are deserted, oldest
// first, ends so that somebody from these networks can have its place; nil if there are none.
//
// It is one of the network that holds most of them, for its share, the newcomer's room
// counted as well, and of those the oldest. So nobody loses a room to a network that has
// another one: to push out the only room of somebody, as many networks are needed as
// there are places.
func ToGiveWay(idle []*Room, newcomer []Network) *Room {
	held := make(map[string]int)
	for _, n := range newcomer {
		held[n.Key]++
	}
	for _, r := range idle {
		for _, n := range r.Networks {
			held[n.Key]++
		}
	}
	var found *Room
	var most load
	for _, r := range idle {
		if own := loadOf(r.Networks, held, 0); found == nil || own.exceeds(most) {
			found, most = r, own
		}
	}
	return found
}

// Deserted returns those of the rooms that last only by invitations, since all their members
// have been away for longer than the grace; the one first that has been so for longest.
func Deserted(rooms []*Room, now time.Time) []*Room {
	var deserted []*Room
	for _, r := range rooms {
		if r.deserted(now) {
			deserted = append(deserted, r)
		}
	}
	slices.SortFunc(deserted, func(a, b *Room) int {
		return cmp.Or(a.desertedSince().Compare(b.desertedSince()), a.CreatedAt.Compare(b.CreatedAt))
	})
	return deserted
}

func (r *Room) deserted(now time.Time) bool {
	return r.Entered && r.Participants() == 0 && !now.Before(r.desertedSince())
}

// desertedSince returns when the last membership would have ended without invitations, if all
// members are absent.
func (r *Room) desertedSince() (since time.Time) {
	for i := range r.Members {
		since = latest(since, r.Members[i].ending(&r.Terms))
	}
	return since
}

// GiveWay ends a room that nobody has entered yet, or that is deserted, for another one to have
// its place. Any other is not touched.
func (r *Room) GiveWay(now time.Time) []Event {
	switch {
	case !r.Entered:
		return r.close(Unentered, now)
	case r.deserted(now):
		return r.close(Emptied, now)
	default:
		return nil
	}
}

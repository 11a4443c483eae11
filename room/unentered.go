package room

import "time"

// ToGiveWay returns which of the rooms that nobody has entered, oldest first, ends so
// that somebody from these networks can have its place; nil if there are none.
//
// It is one of the network that holds most of them, for its share, the newcomer's room
// counted as well, and of those the oldest. So nobody loses a room to a network that has
// another one: to push out the only room of somebody, as many networks are needed as
// there are places.
func ToGiveWay(unentered []*Room, newcomer []Network) *Room {
	held := make(map[string]int)
	for _, n := range newcomer {
		held[n.Key]++
	}
	for _, r := range unentered {
		for _, n := range r.Networks {
			held[n.Key]++
		}
	}
	var found *Room
	var most load
	for _, r := range unentered {
		if own := loadOf(r.Networks, held, 0); found == nil || own.exceeds(most) {
			found, most = r, own
		}
	}
	return found
}

// GiveWay ends a room that nobody has entered yet, for another one to have its place.
// One that somebody has entered is not touched.
func (r *Room) GiveWay(now time.Time) []Event {
	if r.Entered {
		return nil
	}
	return r.close(Unentered, now)
}

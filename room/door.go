package room

import (
	"slices"
	"time"
)

// place finds a place at the door for one more request of a session that comes from
// these networks: it returns the index of the knock that has to give up its own place,
// -1 if one is free. Errors: ErrTooManyKnocks.
//
// At a full door a knock of the network with the greatest load is displaced, if that load is
// greater than the newcomer's network would then have. A withdrawn knock of that network goes
// first, and after those its latest one: people who share an address with somebody who floods
// the door keep the places that they have.
func (r *Room) place(now time.Time, session string, from []Network) (displaced int, err error) {
	if r.askedEnough(now, session, from) {
		return 0, ErrTooManyKnocks
	}
	places, held := 0, make(map[string]int)
	for i := range r.Knocks {
		if k := &r.Knocks[i]; k.atDoor(now) {
			places++
			for _, n := range k.Networks {
				held[n.Key]++
			}
		}
	}
	if places < r.Terms.MaxKnocks {
		return -1, nil
	}
	if displaced = r.heaviest(now, held, loadOf(from, held, 1)); displaced < 0 {
		return 0, ErrTooManyKnocks
	}
	return displaced, nil
}

// heaviest returns the knock that a newcomer displaces: one of the network that holds
// most of the door. It is -1 if that is not more than what the newcomer's network would
// hold then.
func (r *Room) heaviest(now time.Time, held map[string]int, newcomer load) int {
	found, most := -1, newcomer
	for i := range r.Knocks {
		k := &r.Knocks[i]
		if !k.atDoor(now) {
			continue
		}
		own := loadOf(k.Networks, held, 0)
		if own.exceeds(most) || found >= 0 && !most.exceeds(own) && (!k.open() || r.Knocks[found].open()) {
			found, most = i, own
		}
	}
	return found
}

// load is how much of the door a network holds: its places divided by its share.
type load struct{ places, share int }

// loadOf returns the greatest load of the networks, with so many places more.
func loadOf(networks []Network, held map[string]int, more int) load {
	greatest := load{more, 1}
	for _, n := range networks {
		if l := (load{held[n.Key] + more, n.Share}); l.exceeds(greatest) {
			greatest = l
		}
	}
	return greatest
}

func (l load) exceeds(other load) bool { return l.places*other.share > other.places*l.share }

// askedEnough reports whether the session, or a network that it comes from, has asked
// as often as it may within the time of a request. Requests that were withdrawn, declined or
// displaced count as well: the members were asked.
func (r *Room) askedEnough(now time.Time, session string, from []Network) bool {
	own, open, asked := 0, 0, make(map[string]int)
	for i := range r.Knocks {
		k := &r.Knocks[i]
		if !k.open() && !now.Before(k.Deadline) {
			continue
		}
		for _, n := range k.Networks {
			asked[n.Key]++
		}
		if k.Session != session {
			continue
		}
		own++
		if k.open() {
			open++
		}
	}
	if own >= maxPlacesOfSession || open >= maxKnocksOfSession {
		return true
	}
	return slices.ContainsFunc(from, func(n Network) bool { return asked[n.Key] >= maxKnocksOfAddress*n.Share })
}

// atDoor reports whether the knock holds a place. A withdrawn knock keeps its place as long as
// it could have been open, unless somebody needs the place. Otherwise somebody who knocks and
// withdraws over and over could have the members asked without end.
func (a *Applicant) atDoor(now time.Time) bool {
	return a.open() || a.Refusal == Withdrawn && !a.Vacated && now.Before(a.Deadline)
}

// displace has a knock give up its place at the door.
func (r *Room) displace(i int, now time.Time) []Event {
	if r.Knocks[i].open() {
		return []Event{r.refuse(i, Displaced, now)}
	}
	r.Knocks = slices.Clone(r.Knocks)
	r.Knocks[i].Vacated = true
	return nil
}

// forgetOldestRefusal forgets the oldest refusal if as many are remembered as may be.
func (r *Room) forgetOldestRefusal() {
	if len(r.Knocks) < refusalsKept*r.Terms.MaxKnocks {
		return
	}
	oldest := -1
	for i := range r.Knocks {
		k := &r.Knocks[i]
		if !k.open() && (oldest < 0 || k.Forget.Before(r.Knocks[oldest].Forget)) {
			oldest = i
		}
	}
	if oldest >= 0 {
		r.forget(oldest)
	}
}

// Network is a network that somebody comes from: their address or, besides, a wider
// one. Nothing else is known of an address here.
type Network struct {
	Key string // a keyed hash, another one for each network
	// Share is how many times as much as one address all of the network may have.
	Share int
}

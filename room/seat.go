package room

import "time"

// Seats returns what the session holds in this room, oldest first.
func (r *Room) Seats(session string, now time.Time) []Seat {
	var seats []Seat
	for i := range r.Members {
		if m := &r.Members[i]; m.Session == session {
			seats = append(seats, r.memberSeat(m, now))
		}
	}
	for i := range r.Knocks {
		if k := &r.Knocks[i]; k.Session == session {
			seats = append(seats, r.knockSeat(k))
		}
	}
	return seats
}

func (r *Room) memberSeat(m *Member, now time.Time) Seat {
	path := m.ID
	if m.Founder {
		path = r.ID
	}
	return Seat{
		ID: m.ID, Room: r.ID, Name: m.Name, Standing: Admitted, Path: path,
		Loading: m.loading(now), Rendered: now.Before(m.LoadingUntil), Open: len(m.Conns), LastSeen: m.LastSeen,
	}
}

func (r *Room) knockSeat(k *Applicant) Seat {
	s := Seat{ID: k.ID, Room: r.ID, Name: k.Name, Standing: Waiting, Path: k.ID, Deadline: k.Deadline}
	if !k.open() {
		s.Standing, s.Refusal = Refused, k.Refusal
	}
	return s
}

// SeatAt returns the session's membership whose page is at /room/<path>. The
// room's own id leads its founder there and, for anybody else, to their newest
// membership of it. ErrNotFound if the session has none.
func (r *Room) SeatAt(session, path string, now time.Time) (Seat, error) {
	found, err := Seat{}, ErrNotFound
	for i := range r.Members {
		m := &r.Members[i]
		if m.Session != session {
			continue
		}
		s := r.memberSeat(m, now)
		if s.Path == path {
			return s, nil
		}
		if r.ID == path {
			found, err = s, nil
		}
	}
	return found, err
}

package room

// Happening is what a notice tells of a member.
type Happening string

// The happenings. The log keeps Admission, Arrival and Departure, which change who may
// hear what is said. The others pass.
const (
	Admission Happening = "admitted" // the members let them in; they may hear from here on
	Arrival   Happening = "joined"   // they are there for the first time
	Departure Happening = "left"     // the membership has ended
	Absence   Happening = "lost"     // the connection was lost, and has not come back in time
	Pause     Happening = "away"     // they closed the page, and are still a member
	Return    Happening = "returned"
)

// lasts reports whether a happening changes who may hear what is said.
func (h Happening) lasts() bool { return h == Admission || h == Arrival || h == Departure }

// Notice says what happened to the member whom an entry of the log is about.
type Notice struct {
	What Happening
	// By holds the names of those who said yes to an Admission, not escaped.
	By []string
	// Known is 0, except in the Departure of a member who was absent. There it is the
	// sequence number of the event that told the others of that absence.
	Known uint64
}

// parting tells why a member without a connection is absent.
func (m *Member) parting() Happening {
	if m.Parted {
		return Pause
	}
	return Absence
}

// comings returns the notices for a member who was told of the others' coming and going up to
// the sequence number told. They say who went absent since then and still is, and who is back
// from an absence that the member knew of. The log does not keep absences and returns, since
// somebody who was away needs to know only how things stand now.
//
// The notices also say who has become a member since then. The log keeps that, but not for
// ever: people who come and go without end must not hide somebody who is there.
func (r *Room) comings(member string, told uint64) []Message {
	var news []Message
	add := func(m *Member, n Notice, when Moment) {
		news = append(news, Message{Seq: when.Seq, Kind: KindNotice, Member: m.ID, Name: m.Name, At: when.At, Notice: &n})
	}
	for i := range r.Members {
		m := &r.Members[i]
		if m.ID == member {
			continue
		}
		if m.Since > told {
			add(m, Notice{What: Admission, By: m.AdmittedBy}, Moment{m.Since, m.AdmittedAt})
		}
		if m.Joined.Seq > told {
			add(m, Notice{What: Arrival}, m.Joined)
		}
		switch {
		case !m.Present && m.Away.Seq > told:
			add(m, Notice{What: m.parting()}, m.Away)
		case m.Present && m.Back.Seq > told && 0 < m.Away.Seq && m.Away.Seq <= told:
			add(m, Notice{What: Return}, m.Back)
		}
	}
	return news
}

// Missed reports whether an entry is a notice that the member has not been told.
func (a *Attached) Missed(m *Message) bool { return m.Kind == KindNotice && m.Seq > a.Told }

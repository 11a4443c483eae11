package room

// parting tells why a member without a connection is absent.
func (m *Member) parting() Happening {
	if m.Parted {
		return Pause
	}
	return Loss
}

// comings tells a member who was told of the others' presence up to a sequence
// number what of it stands otherwise by now: who went absent since then and still
// is, and who is back from an absence of which the member knew. The log does not
// keep these: they pass, and only how they stand matters to who was away.
//
// It tells as well who has become a member since then. The log keeps that, but not for
// ever: whoever has others come and go without end must hide nobody who is there.
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

// Missed reports whether a notice tells of what the member has not been told.
func (a *Attached) Missed(m *Message) bool { return m.Kind == KindNotice && m.Seq > a.Told }

package room

import "time"

// Post says something to the room, a text or an envelope, under the page's own name
// for it if it has one. The content has been made safe already.
// Errors: ErrNotMember.
func (r *Room) Post(now time.Time, member string, kind Kind, content, ref string) ([]Event, error) {
	i := r.memberIndex(member)
	if i < 0 {
		return nil, ErrNotMember
	}
	r.Messages = min(r.Messages+1, r.Terms.MaxMessages)
	r.Seq++
	return []Event{{Seq: r.Seq, Body: MessagePosted{Message{
		Seq:     r.Seq,
		Kind:    kind,
		Member:  member,
		Name:    r.Members[i].Name,
		Content: content,
		At:      now,
		Ref:     ref,
	}}}}, nil
}

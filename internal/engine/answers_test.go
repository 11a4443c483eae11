package engine

import (
	"strings"
	"testing"
)

// fill sends a session, which does not read, so many bytes, or less if it ends.
func fill(l *Session, bytes int) {
	text := []byte(strings.Repeat("x", 1000))
	for sent := 0; sent < bytes && l.Socket().ReadyState() == "open"; sent += len(text) {
		l.send(newPacket(text, false))
	}
}

// Strangers say what is answered and do not read the answers. As many as there may be take
// nothing from what may wait for a member, who is only slow.
func TestStrangersTakeNoBacklogFromMembers(t *testing.T) {
	bubble(t, (*server).bind, func(t *testing.T, s *server) {
		_, sock := s.unread(t)
		member := session(t, sock)
		member.Vouch()
		_, sock = s.unread(t)
		theirs := session(t, sock).out.all // of whomever nobody vouches for
		var strangers []*outbox
		for theirs.limit() > minQueued {
			o := &outbox{all: theirs}
			for o.push(newPacket([]byte(strings.Repeat("x", 1000)), false)) {
			}
			strangers = append(strangers, o)
		}
		if fill(member, maxQueued/2); member.Socket().ReadyState() != "open" {
			t.Error("a member was put out because of what waits for strangers")
		}
		if waits := s.engine.backlogs.bytes.Load(); waits > maxQueued {
			t.Errorf("%d bytes count as members'", waits)
		}
		s.engine.Close()
		for _, o := range strangers {
			o.clear()
		}
		for _, b := range []*backlogs{&s.engine.backlogs, &s.engine.strangersBacklogs} {
			if left := b.bytes.Load(); left != 0 {
				t.Errorf("%d bytes count for nobody", left)
			}
		}
	}, withoutPings)
}

// A client that turns out to be a member leaves nothing behind in what strangers may have.
func TestVouchedForLater(t *testing.T) {
	bubble(t, (*server).bind, func(t *testing.T, s *server) {
		_, sock := s.unread(t)
		l := session(t, sock)
		fill(l, maxQueued/2)
		l.Vouch()
		if left := s.engine.strangersBacklogs.bytes.Load(); left != 0 {
			t.Errorf("%d bytes count as strangers'", left)
		}
		if fill(l, maxQueued/4); s.engine.backlogs.bytes.Load() == 0 || l.Socket().ReadyState() != "open" {
			t.Error("what waits for a member does not count")
		}
		s.engine.Close()
		if left := s.engine.backlogs.bytes.Load(); left != 0 {
			t.Errorf("%d bytes count for nobody", left)
		}
	}, withoutPings)
}

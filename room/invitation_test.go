package room

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// hash returns the hash of a lookup that follows from n.
func hash(n byte) LookupHash { return sha256.Sum256([]byte{n}) }

func (s *scene) invite(member string, n byte) (until time.Time) {
	s.Helper()
	until, events, err := s.Invite(s.now, s.by(member), hash(n))
	s.must(events, err)
	return until
}

// holding wants these invitations to hold, and no others.
func (s *scene) holding(when string, want ...byte) {
	s.Helper()
	var hashes []LookupHash
	for _, n := range want {
		hashes = append(hashes, hash(n))
	}
	if got := s.Invitations(); !slices.Equal(got, hashes) {
		s.Errorf("%s: %d invitations hold, want %v", when, len(got), want)
	}
	for n := range byte(20) {
		if got := s.invites(hash(n)); got != slices.Contains(want, n) {
			s.Errorf("%s: invitation %d holds: %v", when, n, got)
		}
	}
}

func TestAnInvitationHoldsForAnHour(t *testing.T) {
	s := founded(t)
	var told []Body
	pass := func(d time.Duration) { told = append(told, s.pass(d)...) }
	if until := s.invite("alice", 1); !until.Equal(s.now.Add(time.Hour)) {
		t.Errorf("until %v", until)
	}
	pass(10 * time.Minute)
	s.invite("alice", 2)
	pass(50*time.Minute - 1)
	s.holding("just before the hour is over", 1, 2)
	pass(1)
	s.holding("when it is", 2)
	pass(time.Hour)
	s.holding("when both are over")
	for _, e := range told {
		if _, code := e.(CodeChanged); !code {
			t.Errorf("somebody is told: %+v", e)
		}
	}
}

// Missed deadlines leave the room as timely ones do, also if there are many.
func TestInvitationsEndLateAsOnTime(t *testing.T) {
	for _, step := range []time.Duration{time.Second, 17 * time.Minute, 3 * time.Hour} {
		s := founded(t)
		s.admit("bob", "Bob")
		s.invite("alice", 1)
		s.invite("bob", 2)
		s.pass(time.Second)
		s.invite("alice", 3)
		for passed := time.Duration(0); passed < 3*time.Hour; passed += step {
			s.pass(step)
		}
		s.holding(step.String())
	}
}

func TestTheRoomEndsBeforeItsInvitations(t *testing.T) {
	s := founded(t)
	s.pass(s.Terms.TimeToLive - 10*time.Minute)
	if until := s.invite("alice", 1); !until.Equal(s.ExpiresAt) {
		t.Errorf("until %v, the room expires at %v", until, s.ExpiresAt)
	}
	s.pass(10 * time.Minute)
	if s.Closing != Expired {
		t.Errorf("closing %q", s.Closing)
	}
}

func TestASixthInvitationEndsTheOldest(t *testing.T) {
	s := founded(t)
	s.admit("bob", "Bob")
	s.invite("bob", 10)
	for n := range byte(5) {
		s.pass(time.Second)
		s.invite("alice", n)
	}
	s.holding("five", 0, 1, 2, 3, 4, 10)
	_, events, err := s.Invite(s.now, s.by("alice"), hash(5))
	s.holding("six", 1, 2, 3, 4, 5, 10)
	s.want(s.must(events, err), InvitationsEnded{"alice", []LookupHash{hash(1), hash(2), hash(3), hash(4), hash(5)}})
}

// Threat: a page that was away shows a link that has ended meanwhile.
func TestWhoComesIsToldWhichInvitationsHold(t *testing.T) {
	s := founded(t)
	s.admit("bob", "Bob")
	entered := func() []LookupHash {
		t.Helper()
		a, _ := find[Attached](s.must(s.enter("alice", Conn{ID: fmt.Sprint(s.Seq)})))
		return a.Invitations
	}
	if got := entered(); got != nil {
		t.Errorf("before there is one: %v", got)
	}
	s.invite("alice", 1)
	s.invite("alice", 2)
	s.invite("bob", 10)
	one := hash(1)
	s.must(s.Revoke(s.by("alice"), &one))
	if got := entered(); !slices.Equal(got, []LookupHash{hash(2)}) {
		t.Errorf("one of two is left, not %v", got)
	}
	s.pass(invitationTime)
	if got := entered(); got != nil {
		t.Errorf("after its hour: %v", got)
	}
}

func TestInvitationsAreTakenBack(t *testing.T) {
	one := hash(1)
	foreign := hash(10)
	tests := []struct {
		name   string
		hash   *LookupHash
		member string
		want   []byte
	}{
		{"one", &one, "alice", []byte{2, 10, 11}},
		{"all of one's own", nil, "alice", []byte{10, 11}},
		// Threat: a member ends the links that others have sent.
		{"somebody else's", &foreign, "alice", []byte{1, 2, 10, 11}},
		{"all of the other's", nil, "bob", []byte{1, 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := founded(t)
			s.admit("bob", "Bob")
			s.invite("alice", 1)
			s.invite("alice", 2)
			s.invite("bob", 10)
			s.invite("bob", 11)
			revision := s.Revision
			events := s.must(s.Revoke(s.by(tt.member), tt.hash))
			s.holding("then", tt.want...)
			changed := len(tt.want) < 4
			if (s.Revision != revision) != changed {
				t.Errorf("revision %d after %d", s.Revision, revision)
			}
			if !changed {
				s.want(events)
				return
			}
			var left []LookupHash
			for _, v := range s.Members[s.memberIndex(tt.member)].Invitations {
				left = append(left, v.Hash)
			}
			s.want(events, InvitationsEnded{tt.member, left})
		})
	}
}

// Threat: somebody makes a link, goes away, and hands it to everybody. Nobody who is left could end it.
func TestANewCodeEndsTheInvitationsOfAbsentMembers(t *testing.T) {
	for name, tt := range map[string]struct {
		away    time.Duration
		members int // at once; at the end of the grace only Alice is left
	}{
		"within the grace": {time.Minute, 2},
		"long after it":    {30 * time.Minute, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := founded(t)
			s.admit("bob", "Bob")
			s.invite("alice", 1)
			s.invite("bob", 2)
			s.invite("bob", 3)
			s.must(s.Leave(s.now, "bob", s.by("bob").Conn, s.Seq, false))
			s.pass(tt.away)
			s.holding("before", 1, 2, 3)
			revision := s.Revision
			s.Rotate(s.now, "654321")
			s.holding("afterwards", 1)
			if s.Revision == revision {
				t.Error("no store hears of it")
			}
			for _, e := range s.pass(0) {
				if left, ok := e.(MemberLeft); ok && !left.At.Equal(s.now) {
					t.Errorf("somebody left at %v, it is %v", left.At, s.now)
				}
			}
			if len(s.Members) != tt.members {
				t.Errorf("%d members, want %d", len(s.Members), tt.members)
			}
			s.pass(s.Terms.ReturnGrace)
			if len(s.Members) != 1 {
				t.Errorf("who is away stays: %d members", len(s.Members))
			}
		})
	}
}

func TestACodeThatTurnsByTheClockEndsNoInvitation(t *testing.T) {
	s := founded(t)
	s.admit("bob", "Bob")
	s.invite("bob", 1)
	s.must(s.Leave(s.now, "bob", s.by("bob").Conn, s.Seq, false))
	s.pass(2 * s.Terms.CodeRotation)
	s.holding("then", 1)
}

func TestInvitationsAreForWhoIsInside(t *testing.T) {
	s := founded(t)
	bob := s.admit("bob", "Bob")
	s.invite("bob", 1)
	by := s.by("bob")
	s.Disconnect(s.now, "bob", bob, s.Seq, false)
	s.knock("carol", "Carol")
	for name, tt := range map[string]struct {
		by   Caller
		want error
	}{
		"a member whose connection is lost": {by, ErrNotHere},
		"an applicant":                      {Caller{Member: "carol", Conn: "x"}, ErrNotMember},
		"a stranger":                        {Caller{Member: "mallory", Conn: "x"}, ErrNotMember},
	} {
		t.Run(name, func(t *testing.T) {
			before := snapshot(t, s.Room)
			if _, _, err := s.Invite(s.now, tt.by, hash(2)); !errors.Is(err, tt.want) {
				t.Errorf("inviting: %v", err)
			}
			if _, err := s.Revoke(tt.by, nil); !errors.Is(err, tt.want) {
				t.Errorf("revoking: %v", err)
			}
			if snapshot(t, s.Room) != before {
				t.Error("the room has changed")
			}
		})
	}
}

func TestInvitationsKeepTheMembership(t *testing.T) {
	s := founded(t)
	bob := s.admit("bob", "Bob")
	s.invite("bob", 1)
	s.pass(30 * time.Minute)
	s.must(s.Leave(s.now, "bob", bob, s.Seq, false))
	if s.Participants() != 1 {
		t.Errorf("%d are present: an absent member has no vote, whatever they have sent", s.Participants())
	}
	s.pass(30*time.Minute - 1)
	if s.memberIndex("bob") < 0 {
		t.Fatal("the membership ended before the invitation")
	}
	s.pass(1)
	if s.memberIndex("bob") >= 0 {
		t.Error("the membership outlives its invitation")
	}
	s.holding("then")
}

// The grace counts where it is longer than what is left of the invitation.
func TestTheReturnGraceStays(t *testing.T) {
	s := founded(t)
	bob := s.admit("bob", "Bob")
	s.invite("bob", 1)
	s.pass(55 * time.Minute)
	s.must(s.Leave(s.now, "bob", bob, s.Seq, false))
	s.pass(s.Terms.ReturnGrace - 1)
	s.holding("when the invitation is over")
	if s.memberIndex("bob") < 0 {
		t.Fatal("the membership ended within the grace")
	}
	s.pass(1)
	if s.memberIndex("bob") >= 0 {
		t.Error("the membership goes on after the grace")
	}
}

func TestInvitationsKeepTheRoom(t *testing.T) {
	s := founded(t)
	conn := s.Members[0].Conns[0].ID
	s.invite("alice", 1)
	s.must(s.Leave(s.now, "alice", conn, s.Seq, false))
	s.pass(time.Hour - 1)
	s.holding("an hour later", 1)
	// Nobody is there to say yes, and the knock waits for somebody.
	s.knock("bob", "Bob")
	if k := s.Knocks[s.openKnock("bob")]; k.Approvals != 0 || k.Required != 0 {
		t.Errorf("%d of %d", k.Approvals, k.Required)
	}
	s.join("alice")
	s.must(s.Approve(s.now, "alice", "bob"))
	if s.memberIndex("bob") < 0 {
		t.Error("Bob was not let in")
	}
}

func TestInvitationsEndWithTheMembership(t *testing.T) {
	s := founded(t)
	bob := s.admit("bob", "Bob")
	s.invite("alice", 1)
	s.invite("bob", 2)
	s.knock("carol", "Carol")
	s.must(s.Leave(s.now, "bob", bob, s.Seq, true))
	s.holding("when its member has left for good", 1)
	if s.openKnock("carol") < 0 {
		t.Error("a request ended with the invitation that it came by")
	}
	if s.Members[0].ID != "alice" || s.Closing != "" {
		t.Errorf("members %+v, closing %q", s.Members, s.Closing)
	}
}

// Threat: who reads the store asks to be let in by what they find there.
func TestARoomKeepsNoLookup(t *testing.T) {
	s := founded(t)
	lookup := RandomLookup()
	h, err := HashLookup(lookup)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Invite(s.now, s.by("alice"), h); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(snapshot(t, s.Room), lookup) {
		t.Error("the lookup is in the room")
	}
	drawn, err := base64.RawURLEncoding.DecodeString(lookup)
	if err != nil || len(drawn) != 16 || h != sha256.Sum256(drawn) {
		t.Errorf("%q: %d bytes, err %v", lookup, len(drawn), err)
	}
	if RandomLookup() == lookup {
		t.Error("the same was drawn twice")
	}
}

func TestLookupsHaveOneSpelling(t *testing.T) {
	const good = "AAECAwQFBgcICQoLDA0ODw"
	if _, err := HashLookup(good); err != nil {
		t.Fatal(err)
	}
	for name, lookup := range map[string]string{
		"empty":                       "",
		"too short":                   good[:21],
		"too long":                    good + "A",
		"padded":                      good + "==",
		"stray bits at its end":       good[:21] + "x",
		"base64 that is not for URLs": strings.Repeat("/", 21) + "w",
		"a line break in it":          good[:10] + "\n" + good[11:],
		"a line break after it":       good[:21] + "\n",
		"a zero byte":                 good[:21] + "\x00",
		"bytes that are no text":      strings.Repeat("\xff", 22),
		"other digits":                strings.Repeat("é", 11),
		"with a secret":               good + "." + good,
		"the link":                    "https://chat.example/#" + good,
		"a code":                      "123456",
	} {
		if _, err := HashLookup(lookup); !errors.Is(err, ErrMalformedLookup) {
			t.Errorf("%s: err = %v", name, err)
		}
	}
}

// Nothing that a client sends makes it panic, and no two lookups lead to the same invitation.
func FuzzHashLookup(f *testing.F) {
	for _, seed := range []string{"", "AAECAwQFBgcICQoLDA0ODw", "AAECAwQFBgcICQoLDA0ODx", "AAECAwQFBgcICQoLDA0OD\n", "----------------------", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, lookup string) {
		h, err := HashLookup(lookup)
		if err != nil {
			if !errors.Is(err, ErrMalformedLookup) || h != (LookupHash{}) {
				t.Errorf("%q: %v, %v", lookup, h, err)
			}
			return
		}
		drawn, err := base64.RawURLEncoding.DecodeString(lookup)
		if err != nil || base64.RawURLEncoding.EncodeToString(drawn) != lookup || h != sha256.Sum256(drawn) {
			t.Errorf("%q is taken for %x, err %v", lookup, drawn, err)
		}
	})
}

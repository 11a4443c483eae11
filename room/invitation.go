package room

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"time"
)

const (
	// invitationTime is how long an invitation holds. People open a link later than they
	// are sent it, and a code ends within minutes.
	invitationTime = time.Hour
	// maxInvitations bounds the invitations that a member has at a time: a few tabs and a
	// few attempts, and no room in a store for more.
	maxInvitations = 5
	// lookupBytes is the length of a lookup. With 128 random bits nobody finds one by trying, so
	// nobody is counted who tries.
	lookupBytes = 16
)

// Invitation takes the place of the room's code for whoever has its lookup, which is in the
// link that a member sends. Everybody present still has to say yes. The lookup itself is kept
// nowhere: who reads a store finds nothing in it to ask with.
type Invitation struct {
	Hash  LookupHash
	Until time.Time // when it ends
}

// LookupHash is the SHA-256 of a lookup's bytes.
type LookupHash [sha256.Size]byte

// String returns the hash in base64url: 43 characters. Nobody can ask with it.
func (h LookupHash) String() string { return base64.RawURLEncoding.EncodeToString(h[:]) }

// RandomLookup draws a lookup from crypto/rand, in base64url: 22 characters.
func RandomLookup() string {
	drawn := make([]byte, lookupBytes)
	rand.Read(drawn) // ends the process rather than fail
	return base64.RawURLEncoding.EncodeToString(drawn)
}

// HashLookup returns what a room knows a lookup by. A lookup has one spelling: padding, line
// breaks, stray bits in its last character, or more after it make it malformed.
// Errors: ErrMalformedLookup.
func HashLookup(lookup string) (LookupHash, error) {
	if len(lookup) != base64.RawURLEncoding.EncodedLen(lookupBytes) {
		return LookupHash{}, ErrMalformedLookup
	}
	// The decoder passes over line breaks, and then has fewer bytes.
	drawn, err := base64.RawURLEncoding.Strict().DecodeString(lookup)
	if err != nil || len(drawn) != lookupBytes {
		return LookupHash{}, ErrMalformedLookup
	}
	return sha256.Sum256(drawn), nil
}

// Invite gives a member an invitation for an hour, or for what is left of the room's time. For
// one that is too many the member's oldest ends. It returns when the new one ends.
// Errors: ErrNotMember, ErrNotHere.
func (r *Room) Invite(now time.Time, c Caller, hash LookupHash) (until time.Time, events []Event, err error) {
	i, err := r.caller(c)
	if err != nil {
		return time.Time{}, nil, err
	}
	until = earliest(now.Add(invitationTime), r.ExpiresAt)
	m := r.editMember(i)
	ended := max(0, len(m.Invitations)-maxInvitations+1)
	m.Invitations = append(slices.Clone(m.Invitations[ended:]), Invitation{Hash: hash, Until: until})
	r.Revision++
	if ended > 0 {
		events = append(events, r.invitationsEnded(m))
	}
	return until, events, nil
}

// Revoke ends invitations of a member: the one with the hash or, if that is nil, all of
// them. Invitations of others are not touched. Open knocks stay: a knock does not depend on
// the invitation that it came by.
// Errors: ErrNotMember, ErrNotHere.
func (r *Room) Revoke(c Caller, hash *LookupHash) ([]Event, error) {
	i, err := r.caller(c)
	if err != nil {
		return nil, err
	}
	if !r.endInvitations(i, func(v Invitation) bool { return hash == nil || v.Hash == *hash }) {
		return nil, nil
	}
	return []Event{r.invitationsEnded(&r.Members[i])}, nil
}

// endInvitations ends those invitations of a member that are to end. It reports whether there
// was one.
func (r *Room) endInvitations(member int, ends func(Invitation) bool) bool {
	if !slices.ContainsFunc(r.Members[member].Invitations, ends) {
		return false
	}
	m := r.editMember(member)
	m.Invitations = slices.DeleteFunc(slices.Clone(m.Invitations), ends)
	r.Revision++
	return true
}

func (r *Room) invitationsEnded(m *Member) Event {
	return r.event(InvitationsEnded{Member: m.ID, Left: m.invitations()})
}

// endInvitationsOfAbsent ends all invitations of the members who are absent. Those who have been
// away for longer than the grace, and stayed for an invitation only, are members no longer.
func (r *Room) endInvitationsOfAbsent(now time.Time) {
	for i := range r.Members {
		if r.Members[i].Present || len(r.Members[i].Invitations) == 0 {
			continue
		}
		m := r.editMember(i)
		m.Invitations = nil
		m.EndDue = latest(m.EndDue, now) // not in the past, of which everyone has been told
		r.Revision++
	}
}

// Invitations returns the hashes of all invitations that hold. Stores lead from each of them
// to the room.
func (r *Room) Invitations() []LookupHash {
	var hashes []LookupHash
	for i := range r.Members {
		hashes = append(hashes, r.Members[i].invitations()...)
	}
	return hashes
}

// invitations returns the hashes of the member's invitations that hold, oldest first.
func (m *Member) invitations() (hashes []LookupHash) {
	for _, v := range m.Invitations {
		hashes = append(hashes, v.Hash)
	}
	return hashes
}

// invites reports whether the hash is that of an invitation that holds.
func (r *Room) invites(hash LookupHash) bool { return slices.Contains(r.Invitations(), hash) }

// invitedUntil returns when the last invitation of the member ends; zero if there is none.
func (m *Member) invitedUntil() time.Time {
	if len(m.Invitations) == 0 {
		return time.Time{}
	}
	return m.Invitations[len(m.Invitations)-1].Until
}

package gateway

import (
	"html"
	"math"
	"time"

	"securechat/internal/refusal"
	"securechat/room"
)

// The events that clients send.
const (
	evJoin        = "join"
	evMessage     = "message"
	evTyping      = "typing"
	evMembers     = "request_members"
	evCode        = "request_code"
	evJoinRequest = "join_request"
	evWithdraw    = "withdraw_request"
	evApprove     = "approve_join"
	evDeny        = "deny_join"
	evNewCode     = "request_code_update"
	evInvite      = "request_invite"
	evRevoke      = "revoke_invite"
	evTimerSync   = "request_timer_sync"
	evPingRoom    = "ping_room"
	evPing        = "ping"
	evLeave       = "leave_room"
)

// aliases are second names of events.
var aliases = map[string]string{
	"request_approval": evJoinRequest,
	"approve":          evApprove,
	"deny":             evDeny,
	"code_refresh":     evNewCode,
}

// maxField bounds a field that holds an id or a name, in bytes.
const maxField = 512

// maxNamed bounds the names in each list of votes, in bytes. Every member's page is told of every
// open request whenever somebody comes or goes, and names may be long.
const maxNamed = 512

// maxRef bounds a message's ref, in bytes: the log keeps it, and everybody is sent it.
const maxRef = 64

// payload is the first argument of an event, if that is an object. A client may have put
// anything into it, and its methods take nothing for granted.
type payload map[string]any

// unpack returns the parts of an event: its name under which it has a handler, its payload,
// and the acknowledgement if the client asked for one. Each may be missing.
func unpack(event []any) (name string, p payload, ack func([]any, error)) {
	if n := len(event); n > 0 {
		if fn, ok := event[n-1].(func([]any, error)); ok {
			ack, event = fn, event[:n-1]
		}
	}
	if len(event) > 0 {
		name, _ = event[0].(string)
	}
	if len(event) > 1 {
		p, _ = event[1].(map[string]any)
	}
	if first, ok := aliases[name]; ok {
		name = first
	}
	return name, p, ack
}

// field returns an id or a name, "" if there is none or it is too long.
func (p payload) field(key string) string {
	s, _ := p[key].(string)
	if len(s) > maxField {
		return ""
	}
	return s
}

// count returns a number that counts something from 1; 0 if there is none.
func (p payload) count(key string) uint64 {
	n, _ := p[key].(float64)
	if n < 1 || n > 1<<53 || n != math.Trunc(n) {
		return 0
	}
	return uint64(n)
}

// ref returns what the page calls its message, "" if it has no name for it.
func (p payload) ref() string {
	s, _ := p["ref"].(string)
	if len(s) > maxRef {
		return ""
	}
	return s
}

// tooLong reports whether the event was too long to be held.
func (p payload) tooLong() bool { return p[tooLongField] != nil }

// The payloads that the server sends. Frontends were written for their fields, in this
// order. Further fields stand at the end of messages, of errors about a message, and of
// payloads for pages that name themselves.
type (
	countPayload struct {
		Count int `json:"count"`
	}
	namePayload struct {
		DisplayName string `json:"display_name"`
	}
	// messagePayload has a sender that pages compare with the name in their template. They
	// put both the sender and the content into innerHTML.
	messagePayload struct {
		Sender    string `json:"sender"`
		Content   string `json:"content"`
		Timestamp string `json:"timestamp"`
		// The fields that follow were added for pages that know them.
		ID     uint64 `json:"id"`
		Member string `json:"member"`
		Name   string `json:"name"` // not escaped
		At     int64  `json:"at"`   // milliseconds since 1970
		Ref    string `json:"ref,omitempty"`
	}
	// noticePayload is for pages that name themselves.
	noticePayload struct {
		ID          uint64   `json:"id"`
		What        string   `json:"what"`
		Member      string   `json:"member"`
		DisplayName string   `json:"display_name"`
		By          []string `json:"by,omitempty"` // names
		At          int64    `json:"at"`           // milliseconds since 1970
		Missed      bool     `json:"missed,omitempty"`
	}
	typingPayload struct {
		Member      string `json:"member"`
		DisplayName string `json:"display_name"`
	}
	membersPayload struct {
		Members []memberPayload `json:"members"`
	}
	memberPayload struct {
		Member      string `json:"member"`
		DisplayName string `json:"display_name"`
		Present     bool   `json:"present"`
		You         bool   `json:"you"`
		Arrival     *int   `json:"arrival,omitempty"` // for pages with auth.page; the founder's is 0
	}
	codePayload struct {
		NewCode string `json:"new_code"`
		Code    string `json:"code"`
	}
	// invitePayload is for the page that asked alone: whoever has the lookup may ask to be let in.
	invitePayload struct {
		Lookup string `json:"lookup"`
		Until  int64  `json:"until"` // milliseconds since 1970
		// Those that follow are for pages that name themselves, some of whose clocks are wrong.
		Lasts int    `json:"lasts,omitempty"` // seconds
		Hash  string `json:"hash,omitempty"`
	}
	// invitesPayload is for pages of the member that name themselves.
	invitesPayload struct {
		Hashes []string `json:"hashes"`
	}
	timerPayload struct {
		TimeRemaining int `json:"time_remaining"` // seconds
	}
	knockPayload struct {
		User   string `json:"user"`
		UserID string `json:"user_id"`
		Room   string `json:"room"`
	}
	votedPayload struct {
		UserID    string `json:"user_id"`
		Approvals int    `json:"approvals"`
		Required  int    `json:"required"`
	}
	requestPayload struct {
		UserID        string `json:"user_id"`
		Approvals     int    `json:"approvals"`
		Required      int    `json:"required"`
		TimeRemaining int    `json:"time_remaining"` // seconds
	}
	// votesPayload has names. It is for members whose pages name themselves.
	votesPayload struct {
		UserID      string   `json:"user_id"`
		User        string   `json:"user"`
		Yes         []string `json:"yes"`
		YesMore     int      `json:"yes_more,omitempty"` // as many who are not named
		Missing     []string `json:"missing"`
		MissingMore int      `json:"missing_more,omitempty"`
		Own         bool     `json:"own,omitempty"` // the page's member is one of those who have said yes
	}
	admittedPayload struct {
		UserID      string `json:"user_id"`
		Room        string `json:"room"`
		CurrentTime int64  `json:"current_time"` // seconds since 1970
	}
	// refusedPayload has the room's id for members. For the applicant, who does not get to
	// know the room, the knock's id stands in its place.
	refusedPayload struct {
		UserID string `json:"user_id"`
		Room   string `json:"room"`
		Reason string `json:"reason,omitempty"`
		// Code is for pages that name themselves.
		Code refusal.Code `json:"code,omitempty"`
	}
	statusPayload struct {
		Exists           bool `json:"exists"`
		ParticipantCount int  `json:"participant_count"`
		ExpiresIn        int  `json:"expires_in"` // seconds
	}
	gonePayload struct {
		Exists bool `json:"exists"` // always false
	}
	expiredPayload struct {
		Room string `json:"room"`
	}
	errorPayload struct {
		Message string `json:"message"`
		Ref     string `json:"ref,omitempty"`
		// Code is for pages that name themselves.
		Code refusal.Code `json:"code,omitempty"`
	}
)

func nameOf(name string) namePayload { return namePayload{html.EscapeString(name)} }

func codeOf(code string) codePayload { return codePayload{NewCode: code, Code: code} }

func messageOf(m room.Message) messagePayload {
	return messagePayload{
		Sender:    html.EscapeString(m.Name),
		Content:   m.Content,
		Timestamp: m.At.Format(time.TimeOnly),
		ID:        m.Seq,
		Member:    m.Member,
		Name:      m.Name,
		At:        m.At.UnixMilli(),
		Ref:       m.Ref,
	}
}

func noticeOf(m *room.Message, missed bool) noticePayload {
	return noticePayload{m.Seq, string(m.Notice.What), m.Member, html.EscapeString(m.Name), escaped(m.Notice.By), m.At.UnixMilli(), missed}
}

// votesOf returns the votes on a knock for a member who has said yes to it, or has not.
func votesOf(k room.Knock, own bool) votesPayload {
	yes, yesMore := named(k.Votes.Yes)
	missing, missingMore := named(k.Votes.Missing)
	return votesPayload{k.ID, html.EscapeString(k.Name), yes, yesMore, missing, missingMore, own}
}

// named returns as many of the names as there is room for, and the number of the others.
func named(names []string) (shown []string, more int) {
	shown = escaped(names)
	bytes := 0
	for i, name := range shown {
		if bytes += len(name); bytes > maxNamed {
			return shown[:i], len(shown) - i
		}
	}
	return shown, 0
}

// escaped returns names as pages take them, never nil.
func escaped(names []string) []string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = html.EscapeString(name)
	}
	return all
}

// membersOf lists the members for one of them, with the order of their arrival for a page
// that has named itself.
func membersOf(asker string, all []room.Membership, named bool) membersPayload {
	members := make([]memberPayload, len(all))
	for i, m := range all {
		members[i] = memberPayload{m.ID, html.EscapeString(m.Name), m.Present, m.ID == asker, nil}
		if named {
			members[i].Arrival = &m.Arrival
		}
	}
	return membersPayload{members}
}

func knockOf(roomID string, k room.Knock) knockPayload {
	return knockPayload{User: html.EscapeString(k.Name), UserID: k.ID, Room: roomID}
}

// inviteOf returns an invitation for the page that asked for it. A page that has named itself is
// told how long it holds, in whole seconds, and what invitesOf will call it.
func inviteOf(lookup string, until, now time.Time, named bool) (invitePayload, error) {
	told := invitePayload{Lookup: lookup, Until: until.UnixMilli()}
	if !named {
		return told, nil
	}
	hash, err := room.HashLookup(lookup)
	told.Lasts, told.Hash = max(1, int(until.Sub(now)/time.Second)), hash.String()
	return told, err
}

// invitesOf names invitations by their hashes: the lookups are kept nowhere.
func invitesOf(hashes []room.LookupHash) invitesPayload {
	all := make([]string, len(hashes)) // never nil
	for i, hash := range hashes {
		all[i] = hash.String()
	}
	return invitesPayload{all}
}

// requestOf returns how a request to join stands at an instant.
func requestOf(k room.Knock, now time.Time) requestPayload {
	return requestPayload{k.ID, k.Approvals, k.Required, max(0, seconds(k.Deadline.Sub(now)))}
}

func statusOf(s room.Status) statusPayload {
	return statusPayload{Exists: true, ParticipantCount: s.Participants, ExpiresIn: seconds(s.ExpiresIn)}
}

// seconds rounds up, so that a countdown never reads zero before its time.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

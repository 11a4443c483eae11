package gateway

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"securechat/room"
)

// repeated is an event that somebody says over and over, or several in turns, and what
// that may cost one of the others.
type repeated struct {
	says      []string // names of events; what each carries is the same
	payload   string   // more fields
	applicant bool     // says it, and not a member
	atOnce    int      // events that the other is sent at most
	perSecond float64  // and as time goes on
	bytes     int      // at once; 0 is little for each event
	bytesRate float64  // a second
}

// littleForEach is what an event costs at most that carries nothing long.
const littleForEach = 500

// repetitions has every event, in every form that reaches others in a way of its own.
// Where there is no rate the others are told once, or not at all. Somebody waits at the
// door, so whoever comes or goes has the votes counted anew: that is an event as well.
var repetitions = map[string]repeated{
	"enter again":            {says: []string{evJoin}},
	"leave":                  {says: []string{evLeave}, atOnce: 3},
	"leave and come back":    {says: []string{evLeave, evJoin}, atOnce: 6, perSecond: 6.0 / 10},
	"leave for good":         {says: []string{evLeave}, payload: `"final":true`, atOnce: 3},
	"short messages":         {says: []string{evMessage}, payload: `"message":"x"`, atOnce: 60, perSecond: 10},
	"long messages":          {says: []string{evMessage}, payload: `"message":"` + strings.Repeat("x", 8<<10) + `"`, atOnce: 60, perSecond: 10, bytes: 272 << 10, bytesRate: 34 << 10},
	"one message again":      {says: []string{evMessage}, payload: `"message":"x","ref":"r","again":true`, atOnce: 1},
	"blank messages":         {says: []string{evMessage}, payload: `"message":" "`},
	"no message":             {says: []string{evMessage}},
	"typing":                 {says: []string{evTyping}, atOnce: typingAtOnce, perSecond: typingPerSecond},
	"who is here":            {says: []string{evMembers}},
	"the code":               {says: []string{evCode}},
	"a new code":             {says: []string{evNewCode}, atOnce: favoursAtOnce, perSecond: favoursPerSecond},
	"an invitation":          {says: []string{evInvite}},
	"all taken back":         {says: []string{evInvite, evRevoke}},
	"the time":               {says: []string{evTimerSync}},
	"the room's state":       {says: []string{evPingRoom}},
	"a ping":                 {says: []string{evPing}},
	"a yes":                  {says: []string{evApprove}, payload: `"user_id":"%s"`, atOnce: 2},
	"a no":                   {says: []string{evDeny}, payload: `"user_id":"%s"`, atOnce: 1},
	"a vote on nothing":      {says: []string{evApprove, evDeny}, payload: `"user_id":"nobody"`},
	"a request shown again":  {says: []string{evJoinRequest}, payload: `"user_id":"%s"`, applicant: true, atOnce: 6, perSecond: 2.0 / 15},
	"a request withdrawn":    {says: []string{evWithdraw}, payload: `"user_id":"%s"`, applicant: true, atOnce: 1},
	"a stranger's events":    {says: []string{evJoin, evMessage, evLeave, evNewCode}, payload: `"message":"x"`, applicant: true},
	"a member's, as if none": {says: []string{evJoinRequest, evWithdraw}, payload: `"user_id":"%s"`},
	"what nobody knows":      {says: []string{"nonsense"}},
}

// Threat: a member, or somebody at the door, repeats what they may say as fast as they
// may say it, by one connection or by as many as a session may have, and so costs the
// others attention, rows on their pages and bytes.
func TestWhatRepetitionCostsOthers(t *testing.T) {
	if testing.Short() {
		t.Skip("a thousand connections")
	}
	tried := make(map[string]bool)
	for name, row := range repetitions {
		for _, says := range row.says {
			tried[says] = true
		}
		for _, connections := range []int{1, maxConnections} {
			t.Run(fmt.Sprint(name, " by ", connections), func(t *testing.T) { row.try(t, connections) })
		}
	}
	for event := range handlers {
		if !tried[event] {
			t.Errorf("%s has no row", event)
		}
	}
}

func (row repeated) try(t *testing.T, connections int) {
	s := newServer(t, func(o *Options, _ *room.Terms) { o.RateLimits = true })
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	knock := s.knock("carol", "Carol", code)
	other := s.connect(visit{session: "alice"}).join(alice)

	loud := make([]*client, connections)
	for i := range loud {
		if row.applicant {
			loud[i] = s.connect(visit{session: "carol"})
			continue
		}
		loud[i] = s.connect(visit{session: "bob"}).join(bob)
		if i == 0 { // that they come is told once
			other.barrier()
			other.forget()
		}
	}
	if row.applicant {
		other.forget()
	}
	fields := row.payload
	if strings.Contains(fields, "%s") {
		fields = fmt.Sprintf(fields, knock.ID)
	}
	if fields != "" {
		fields = "," + fields
	}
	payload := fmt.Sprintf(`{"room":%q%s}`, bob.Room, fields)

	began := time.Now()
	for range max(2*eventsAtOnce/len(loud), 6) {
		for _, c := range loud {
			for _, says := range row.says {
				c.emit(says, payload)
			}
		}
	}
	for _, c := range loud { // pings may be what is repeated; acknowledgements have no rate
		c.write(`420["done"]`)
		c.until("the end", func() bool { return len(c.acks) > 0 })
	}
	other.barrier()
	// However long that took: the bound goes with it.
	elapsed := time.Since(began).Seconds()

	events, bytes := 0, 0
	other.mu.Lock()
	for _, e := range other.log {
		if e.name == "pong" {
			continue
		}
		for _, arg := range e.args {
			bytes += len(arg)
		}
		if e.name != "position" {
			events++
		}
	}
	heard := other.log
	other.mu.Unlock()
	if most := row.atOnce + int(math.Ceil(row.perSecond*elapsed)); events > most {
		t.Errorf("another member is sent %d events in %.1f s, want %d at most: %v", events, elapsed, most, heard[:min(len(heard), 20)])
	}
	most := row.bytes + int(row.bytesRate*elapsed)
	if row.bytes == 0 {
		most = (row.atOnce + int(math.Ceil(row.perSecond*elapsed))) * littleForEach
	}
	if bytes > most {
		t.Errorf("another member is sent %d bytes in %.1f s, want %d at most", bytes, elapsed, most)
	}
	t.Logf("%d events, %d bytes", events, bytes)
}

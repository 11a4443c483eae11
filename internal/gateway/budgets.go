package gateway

import (
	"context"
	"sync"
	"time"
	"unicode/utf8"

	"securechat/room"
)

// pace is how much may be taken: so much a second, and so much at once.
type pace struct{ perSecond, atOnce float64 }

// bucket holds what is left of a pace. Its zero value is full.
type bucket struct {
	used  float64 // what is taken and not back yet; beyond atOnce it is a debt
	since time.Time
}

// refill gives back what the time until now has paid off.
func (b *bucket) refill(p pace, now time.Time) {
	if elapsed := now.Sub(b.since); elapsed > 0 {
		b.used = max(0, b.used-elapsed.Seconds()*p.perSecond)
		b.since = now
	}
}

// take takes an amount and reports whether it was there. An amount beyond what may be had at
// once is there when the bucket is full, and leaves a debt: else it could never be had.
func (b *bucket) take(p pace, amount float64, now time.Time) bool {
	if b.refill(p, now); b.used+min(amount, p.atOnce) > p.atOnce {
		return false
	}
	b.used += amount
	return true
}

// wait returns how long it takes until there is no debt.
func (b *bucket) wait(p pace, now time.Time) time.Duration {
	b.refill(p, now)
	return time.Duration(max(0, b.used-p.atOnce) / p.perSecond * float64(time.Second))
}

// The paces of a member, all connections together, and of a room. They bound what the
// others of the room are sent.
//
// Members whose line is slower than the conversation fill its backlog (2 MiB, package
// engine), and lose their connection. One member's bytes, and those of all members of a room
// together, therefore stay below the backlog in any burst: 50 members who all burst at once
// make less than 2 MiB. That holds as long as no single message is sent as more bytes than
// roomBytesPace lets through at once, and the longest one that MAX_MESSAGE_LENGTH allows
// is not.
var (
	// postsPace bounds a member's messages.
	postsPace = pace{10, 60}
	// bytesPace bounds the bytes of a member's messages, as the others get them.
	bytesPace = pace{32 << 10, 256 << 10}
	// ownBytesPace is what a member may say whatever the others of the room say, in bytes:
	// nobody can silence anybody by saying much.
	ownBytesPace = pace{2 << 10, 16 << 10}
	// roomBytesPace bounds the bytes of all members of a room together, beside their own.
	roomBytesPace = pace{128 << 10, 1 << 20}
	// replayPace bounds the bytes of what a member has missed. More comes later.
	replayPace = pace{512 << 10, 8 << 20}
	// codesPace and typingPace are those of one connection: more tabs give no more.
	codesPace  = pace{favoursPerSecond, favoursAtOnce}
	typingPace = pace{typingPerSecond, typingAtOnce}
	// invitationsPace bounds a member's new invitations. Each is a change of the room that no page
	// hears of. A page asks for one when somebody wants to send a link, and shows it until it ends.
	invitationsPace = pace{0.2, 10}
	// listsPace bounds lists of the members, 8 KB each in a full room. A page whose dialog
	// is open asks whenever the count changes. All tabs may do so twice at once.
	listsPace = pace{4, 2 * maxConnections}
)

// budgetKept is how long an untouched budget of a member or a room is kept. By then it is
// full again, so nobody gets more by leaving and coming back.
const budgetKept = 2 * time.Minute

// leastKept is how many members may have a budget before untouched ones are forgotten.
const leastKept = 256

// budgets are the budgets of members and rooms: what each may still have others sent. Those of
// single connections are in limits.go. The zero value is ready for use. The methods are safe
// for concurrent use.
type budgets struct {
	mu      sync.Mutex
	members map[string]*memberBudget
	rooms   map[string]*roomBudget
	sweepAt int // members at which untouched budgets are forgotten
}

type memberBudget struct {
	posts, bytes, own, replay, codes, typing, lists, invitations bucket
	turn                                                         chan struct{} // full while one of the member's connections is on its way in
	touched                                                      time.Time
}

type roomBudget struct {
	bytes   bucket
	touched time.Time
}

// memberLocked returns a member's budget, a full one if there is none.
func (b *budgets) memberLocked(member string, now time.Time) *memberBudget {
	m := b.members[member]
	if m == nil {
		if b.members == nil {
			b.members, b.rooms = make(map[string]*memberBudget), make(map[string]*roomBudget)
		}
		b.sweepLocked(now)
		m = &memberBudget{turn: make(chan struct{}, 1)}
		b.members[member] = m
	}
	m.touched = now
	return m
}

// sweepLocked forgets untouched budgets, once there are many. A sweep looks at all of
// them, so the next one waits until there are twice as many as this one leaves.
func (b *budgets) sweepLocked(now time.Time) {
	if len(b.members) < max(leastKept, b.sweepAt) {
		return
	}
	for id, m := range b.members {
		if now.Sub(m.touched) > budgetKept && len(m.turn) == 0 {
			delete(b.members, id)
		}
	}
	for id, r := range b.rooms {
		if now.Sub(r.touched) > budgetKept {
			delete(b.rooms, id)
		}
	}
	b.sweepAt = 2 * len(b.members)
}

// mayPost takes a message from its member's budget and reports whether there was enough.
func (g *Gateway) mayPost(roomID, member, text string) bool {
	if !g.options.RateLimits {
		return true
	}
	messages, characters := 1, len(text)
	if g.options.Cost != nil {
		messages, characters = g.options.Cost(text)
	}
	return g.budgets.post(roomID, member, messages, costOf(text, g.options.MaxText, characters), time.Now())
}

// post takes a message that counts as so many messages and bytes from the budgets of its
// member and room, and reports whether there was enough. If not, it takes no bytes.
func (b *budgets) post(roomID, member string, messages, bytes int, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	m, amount := b.memberLocked(member, now), float64(bytes)
	if !m.posts.take(postsPace, float64(messages), now) || !m.bytes.take(bytesPace, amount, now) {
		return false
	}
	if amount <= ownBytesPace.atOnce && m.own.take(ownBytesPace, amount, now) {
		return true
	}
	r := b.rooms[roomID]
	if r == nil {
		r = new(roomBudget)
		b.rooms[roomID] = r
	}
	r.touched = now
	if r.bytes.take(roomBytesPace, amount, now) {
		return true
	}
	m.bytes.used -= amount // the message is not sent
	return false
}

// newCode takes a new code from a member's budget and reports whether there was one.
func (b *budgets) newCode(member string, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.memberLocked(member, now).codes.take(codesPace, 1, now)
}

// typing takes a hint that a member types from their budget and reports whether there was one.
func (b *budgets) typing(member string, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.memberLocked(member, now).typing.take(typingPace, 1, now)
}

// invitation takes a new invitation from a member's budget and reports whether there was one.
func (b *budgets) invitation(member string, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.memberLocked(member, now).invitations.take(invitationsPace, 1, now)
}

// list takes a list of the members from a member's budget and reports whether there was one.
func (b *budgets) list(member string, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.memberLocked(member, now).lists.take(listsPace, 1, now)
}

// echo charges a member for a message of their own that they were sent again. The budget
// may get into debt by it.
func (b *budgets) echo(member string, bytes int, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.memberLocked(member, now)
	m.bytes.refill(bytesPace, now)
	m.bytes.used += float64(bytes)
}

// replayed charges a member for what one of their connections had missed and was sent, in
// bytes. The budget may get into debt by it.
func (b *budgets) replayed(member string, bytes int, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.memberLocked(member, now)
	m.replay.refill(replayPace, now)
	m.replay.used += float64(bytes)
}

// replayTurn waits until a connection of the member may be sent what it has missed. A
// member's connections take turns, and a turn begins when the replays before it are paid
// off. A page that is loaded over and over therefore waits, and loses nothing. The caller
// ends the turn with done. The error is the context's.
func (b *budgets) replayTurn(ctx context.Context, member string) (done func(), err error) {
	b.mu.Lock()
	turn := b.memberLocked(member, time.Now()).turn
	b.mu.Unlock()
	select {
	case turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	done = func() { <-turn }
	for {
		wait := b.replayDebt(member)
		if wait <= 0 {
			return done, nil
		}
		paid := time.NewTimer(wait)
		select {
		case <-paid.C:
		case <-ctx.Done():
			paid.Stop()
			done()
			return nil, ctx.Err()
		}
	}
}

// replayNow is replayTurn for callers that must not wait: done is nil if they would have to.
func (b *budgets) replayNow(member string) (done func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	m := b.memberLocked(member, now)
	if m.replay.wait(replayPace, now) > 0 {
		return nil
	}
	select {
	case m.turn <- struct{}{}:
		return func() { <-m.turn }
	default:
		return nil
	}
}

// replayDebt returns how long it takes until the member's replays are paid off.
func (b *budgets) replayDebt(member string) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	return b.memberLocked(member, now).replay.wait(replayPace, now)
}

const (
	// messageOverhead is what a message costs those who get it besides its text, in bytes.
	messageOverhead = 400
	// dearestCharacter is how many bytes a character is sent as at most: a quote in HTML in
	// JSON. Tags that are completed cost less for each of their characters.
	dearestCharacter = len(`\u0026#34;`)
)

// costOf returns how many bytes each of the others gets at most for a text, if so many of its
// characters are relayed. Some characters take several in HTML, and more in JSON. A text
// of more bytes than the longest message is refused for its length, and costs the others
// nothing.
func costOf(text string, longest, characters int) int {
	if len(text) > longest {
		return messageOverhead
	}
	cost := 0
	for _, r := range text {
		switch {
		case r == '<', r == '>', r == '&', r == '"', r == '\'':
			cost += dearestCharacter
		case r < ' ', r == '\u2028', r == '\u2029', r == utf8.RuneError:
			cost += len(`\u0000`)
		case r == '\\':
			cost += len(`\\`)
		default:
			cost += utf8.RuneLen(r)
		}
	}
	return messageOverhead + min(cost, dearestCharacter*characters)
}

// bytesOf returns about how many bytes a page is sent for a log.
func bytesOf(log []room.Message) (bytes int) {
	for i := range log {
		bytes += len(log[i].Content) + messageOverhead
	}
	return bytes
}

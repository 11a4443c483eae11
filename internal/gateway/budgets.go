package gateway

import (
	"context"
	"sync"
	"time"
	"unicode/utf8"

	"securechat/room"
)

// pace is how much may be had a second, and how much at once.
type pace struct{ perSecond, atOnce float64 }

// bucket holds what is left of a pace. Its zero value is full.
type bucket struct {
	used  float64 // of what may be had at once; more if there is a debt
	since time.Time
}

// refill counts what has come back until now.
func (b *bucket) refill(p pace, now time.Time) {
	if elapsed := now.Sub(b.since); elapsed > 0 {
		b.used = max(0, b.used-elapsed.Seconds()*p.perSecond)
		b.since = now
	}
}

// take takes so much if it is there. What is more than may be had at once is taken from a
// full bucket alone, and leaves a debt: else it could never be had.
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

// What a member, all connections together, may make the others of a room bear.
//
// A line that is slower than what is said fills its backlog (2 MiB, package engine),
// and its member is put out until they are back. So one member's bytes, and those of
// all members of a room together, stay below that for any burst: of 50 members, all
// at once, less than 2 MiB, as long as no single message is sent as more than
// roomBytesPace lets through at once. The longest that MAX_MESSAGE_LENGTH allows is not.
var (
	// Messages.
	postsPace = pace{10, 60}
	// Bytes of messages, as the others get them.
	bytesPace = pace{32 << 10, 256 << 10}
	// Bytes that a member may have whatever the others of the room say: nobody can
	// silence anybody by saying much.
	ownBytesPace = pace{2 << 10, 16 << 10}
	// Bytes of all members of a room together, beside those of their own.
	roomBytesPace = pace{128 << 10, 1 << 20}
	// Bytes of what the member has missed. More is not refused but comes later.
	replayPace = pace{512 << 10, 8 << 20}
	// New codes, and hints that somebody types: more tabs do not give more of them.
	codesPace  = pace{favoursPerSecond, favoursAtOnce}
	typingPace = pace{typingPerSecond, typingAtOnce}
	// Lists of the members: 7 KB each in a full room. Pages ask while their dialog is open,
	// when the count changes: all tabs may, twice.
	listsPace = pace{4, 2 * maxConnections}
)

// budgetKept is how long the budget of a member or a room is kept that nothing is
// taken of: until it is full again, whoever is there. To leave and come back gives
// nobody a new one.
const budgetKept = 2 * time.Minute

// leastKept is how many budgets there may be before it is looked for what to forget.
const leastKept = 256

// budgets are those of members and rooms. The zero value is ready for use; all methods
// are safe for concurrent use.
type budgets struct {
	mu      sync.Mutex
	members map[string]*memberBudget
	rooms   map[string]*roomBudget
	crowded int // members at which it is looked for what to forget
}

type memberBudget struct {
	posts, bytes, own, replay, codes, typing, lists bucket
	turn                                            chan struct{} // holds one while a connection of the member enters
	touched                                         time.Time
}

type roomBudget struct {
	bytes   bucket
	touched time.Time
}

// memberLocked returns a member's budget.
func (b *budgets) memberLocked(member string, now time.Time) *memberBudget {
	m := b.members[member]
	if m == nil {
		if b.members == nil {
			b.members, b.rooms = make(map[string]*memberBudget), make(map[string]*roomBudget)
		}
		b.forgetLocked(now)
		m = &memberBudget{turn: make(chan struct{}, 1)}
		b.members[member] = m
	}
	m.touched = now
	return m
}

// forgetLocked forgets budgets that are full, once there are many. It looks at all of
// them, but only when there are twice as many as it left the last time.
func (b *budgets) forgetLocked(now time.Time) {
	if len(b.members) < max(leastKept, b.crowded) {
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
	b.crowded = 2 * len(b.members)
}

// mayPost takes a message out of what its member may say, and reports whether there was
// as much.
func (g *Gateway) mayPost(roomID, member, text string) bool {
	if !g.RateLimits {
		return true
	}
	messages, characters := 1, len(text)
	if g.Cost != nil {
		messages, characters = g.Cost(text)
	}
	return g.budgets.post(roomID, member, messages, costOf(text, g.MaxText, characters), time.Now())
}

// post takes a message that counts as so many, of so many bytes, out of what its member
// may say, and reports whether there was as much.
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
	m.bytes.used -= amount // it was not said
	return false
}

// newCode takes a new code out of what a member may ask for.
func (b *budgets) newCode(member string, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.memberLocked(member, now).codes.take(codesPace, 1, now)
}

// typing takes a hint that a member types out of what they may give.
func (b *budgets) typing(member string, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.memberLocked(member, now).typing.take(typingPace, 1, now)
}

// list takes a list of the members out of what a member may ask for.
func (b *budgets) list(member string, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.memberLocked(member, now).lists.take(listsPace, 1, now)
}

// echo notes that a member was sent a message of theirs again.
func (b *budgets) echo(member string, bytes int, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.memberLocked(member, now)
	m.bytes.refill(bytesPace, now)
	m.bytes.used += float64(bytes)
}

// replayed notes that a connection of the member was sent so many bytes of what it has
// missed.
func (b *budgets) replayed(member string, bytes int, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.memberLocked(member, now)
	m.replay.refill(replayPace, now)
	m.replay.used += float64(bytes)
}

// replayTurn waits until a connection of the member may be sent what it has missed: one
// after the other, and each when what the ones before were sent is paid off. A page that
// is loaded over and over so waits, and loses nothing. The connection's turn ends with
// done. The error is the context's.
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

// replayNow is replayTurn for who must not wait: done is nil if it is not the
// connection's turn.
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

// replayDebt returns how long it takes until what the member was sent is paid off.
func (b *budgets) replayDebt(member string) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	return b.memberLocked(member, now).replay.wait(replayPace, now)
}

const (
	// messageOverhead is what a message costs those who get it, besides its text.
	messageOverhead = 400
	// dearestCharacter is how many bytes a character is sent as at most: a quote, in HTML,
	// in JSON. Tags that are completed take less for each of theirs.
	dearestCharacter = len(`\u0026#34;`)
)

// costOf returns how many bytes the others get at most for a text of which so many
// characters are relayed. In a page's HTML, and that in JSON, some characters are written
// with many. What is longer than the longest message, in bytes, is refused for its length,
// and costs the others nothing.
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

// bytesOf returns about how many bytes a page is sent for entries of a log.
func bytesOf(log []room.Message) (bytes int) {
	for i := range log {
		bytes += len(log[i].Content) + messageOverhead
	}
	return bytes
}

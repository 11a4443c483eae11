package room

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/maphash"
	"math/big"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Options configure a Service. Store, Announcer and Clean must be set; all
// else has a default.
type Options struct {
	Store     Store
	Announcer Announcer
	// Clean makes a message safe for every page, or refuses it with
	// ErrMessageTooLong, and says whether it is a text or an envelope. An empty
	// result means that there is nothing to say.
	Clean func(s Said) (content string, kind Kind, err error)
	// KeyGiven is true if pages get the key of their room (Page.EncryptionKey), so
	// that what they seal with it can be opened.
	KeyGiven bool

	Terms    Terms    // zero value: DefaultTerms
	Capacity Capacity // zero value: 100 rooms, 3 an address

	NewID   func() string // default a random UUID
	NewCode func() string // default six random digits from crypto/rand
}

// Service holds the use cases. All methods are safe for concurrent use.
//
// Lock order: a room's stripe, then the store's own locks. The Announcer is
// called with the stripe held.
type Service struct {
	Options
	seed    maphash.Seed
	stripes [64]sync.Mutex // commit and announcement of a room, together
	alarm   alarm
}

// NewService returns a service. It panics if a mandatory option is missing.
func NewService(o Options) *Service {
	if o.Store == nil || o.Announcer == nil || o.Clean == nil {
		panic("room: NewService needs a Store, an Announcer and Clean")
	}
	if o.Terms == (Terms{}) {
		o.Terms = DefaultTerms()
	}
	if o.Capacity == (Capacity{}) {
		o.Capacity = Capacity{Rooms: 100, RoomsPerAddress: 3}
	}
	if o.NewID == nil {
		o.NewID = uuid.NewString
	}
	if o.NewCode == nil {
		o.NewCode = RandomCode
	}
	return &Service{Options: o, seed: maphash.MakeSeed(), alarm: alarm{wake: make(chan struct{}, 1)}}
}

// codes is how many six-digit codes without a leading zero there are.
var codes = big.NewInt(900_000)

// RandomCode draws six digits from crypto/rand, the first of them not zero, so
// that a code survives being treated as a number.
func RandomCode() string {
	n, err := rand.Int(rand.Reader, codes)
	if err != nil {
		panic(err) // crypto/rand does not fail: it ends the process itself
	}
	return fmt.Sprintf("%06d", 100_000+n.Int64())
}

// ValidCode reports whether the code is six decimal digits.
func ValidCode(code string) bool {
	if len(code) != 6 {
		return false
	}
	for i := range len(code) {
		if code[i] < '0' || code[i] > '9' {
			return false
		}
	}
	return true
}

// Create opens a room with the creator as its first member.
// Errors: *NameError, ErrTooManyRooms, ErrTooManyRoomsHere.
func (s *Service) Create(ctx context.Context, c Creation) (Seat, error) {
	name, err := ParseName(c.Name)
	if err != nil {
		return Seat{}, err
	}
	f := Founding{
		ID: s.NewID(), Networks: c.Networks, EncryptionKey: rand.Text(),
		MemberID: s.NewID(), MemberName: name, Session: c.Session,
	}
	for {
		f.Code = s.NewCode()
		now := time.Now()
		r := New(f, s.Terms, now)
		err := s.Store.Create(ctx, r, s.Capacity)
		if errors.Is(err, ErrCodeTaken) {
			continue
		}
		if errors.Is(err, ErrTooManyRooms) {
			if err = s.makePlace(ctx, c.Networks); err == nil {
				continue
			}
		}
		if err != nil {
			return Seat{}, err
		}
		s.alarm.set(r.NextDeadline())
		return r.memberSeat(&r.Members[0], now), nil
	}
}

// makePlace ends a room that nobody has entered, if that is still so, for somebody from
// these networks. Rooms that are only made cost nothing to make, so they must not keep out
// people who come. Errors: ErrTooManyRooms if somebody has entered each of them.
func (s *Service) makePlace(ctx context.Context, newcomer []Network) error {
	unentered, err := s.Store.Unentered(ctx)
	if err != nil {
		return fmt.Errorf("looking for a room to end: %w", err)
	}
	r := ToGiveWay(unentered, newcomer)
	if r == nil {
		return ErrTooManyRooms
	}
	return ignoreNotFound(s.change(ctx, r.ID, func(r *Room, now time.Time) ([]Event, error) {
		return r.GiveWay(now), nil
	}))
}

// RequestJoin knocks at the room that has the code. The same session asking
// again under the same name gets the request it has, or its place back.
// Errors: *NameError, ErrMalformedCode, ErrNoSuchCode, ErrNameTaken,
// ErrNameAlike, ErrRoomFull, ErrTooManyKnocks.
func (s *Service) RequestJoin(ctx context.Context, a Application) (Seat, error) {
	a.Code = asciiDigits(a.Code)
	if !ValidCode(a.Code) {
		return Seat{}, ErrMalformedCode
	}
	name, err := ParseName(a.Name)
	if err != nil {
		return Seat{}, err
	}
	id, err := s.Store.ByCode(ctx, a.Code)
	if err != nil {
		return Seat{}, err
	}
	knock := s.NewID()
	var seat Seat
	err = s.change(ctx, id, func(r *Room, now time.Time) (events []Event, err error) {
		if !r.holds(a.Code) { // it turned while we were looking
			return nil, ErrNoSuchCode
		}
		seat, events, err = r.RequestJoin(now, knock, a.Session, name, a.Networks...)
		return events, err
	})
	if errors.Is(err, ErrNotFound) {
		err = ErrNoSuchCode
	}
	return seat, err
}

// Seats returns what the session holds in all live rooms, oldest room first.
func (s *Service) Seats(ctx context.Context, session string) ([]Seat, error) {
	rooms, err := s.Store.BySession(ctx, session)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	var seats []Seat
	for _, r := range rooms {
		seats = append(seats, r.Seats(session, now)...)
	}
	return seats, nil
}

// Page returns what the chat page at /room/<path> shows to this session, and
// notes that the member's next connection is a newly loaded page.
// Errors: ErrUnentered, ErrNotFound, also for a room that the session is no member of.
func (s *Service) Page(ctx context.Context, session, path string) (Page, error) {
	page, err := s.page(ctx, session, path)
	if errors.Is(err, ErrNotFound) {
		return Page{}, s.Gone(ctx, session, path)
	}
	return page, err
}

// Gone returns why there is no such room for the session: ErrUnentered or, for every
// other reason, ErrNotFound.
func (s *Service) Gone(ctx context.Context, session, room string) error {
	lapsed, err := s.Store.Lapsed(ctx, room, session)
	if err != nil {
		return fmt.Errorf("looking for a room that nobody entered: %w", err)
	}
	if lapsed {
		return ErrUnentered
	}
	return ErrNotFound
}

func (s *Service) page(ctx context.Context, session, path string) (Page, error) {
	rooms, err := s.Store.BySession(ctx, session)
	if err != nil {
		return Page{}, err
	}
	for _, r := range rooms {
		seat, err := r.SeatAt(session, path, time.Now())
		if err != nil {
			continue
		}
		return s.load(ctx, seat)
	}
	return Page{}, ErrNotFound
}

func (s *Service) load(ctx context.Context, seat Seat) (Page, error) {
	var page Page
	err := s.change(ctx, seat.Room, func(r *Room, now time.Time) ([]Event, error) {
		if err := r.Load(now, seat.ID); err != nil {
			return nil, ErrNotFound
		}
		seat.Loading = true
		page = Page{
			Seat:          seat,
			Code:          r.Code,
			Remaining:     r.Remaining(now),
			Participants:  r.Participants(),
			EncryptionKey: r.EncryptionKey,
		}
		return nil, nil
	})
	return page, err
}

// Status returns what anybody who knows the room's id may see.
// Errors: ErrNotFound.
func (s *Service) Status(ctx context.Context, room string) (Status, error) {
	r, now, err := s.view(ctx, room)
	if err != nil {
		return Status{}, err
	}
	return r.Status(now), nil
}

// TimeRemaining returns the time until the room's code turns.
// Errors: ErrNotFound.
func (s *Service) TimeRemaining(ctx context.Context, room string) (time.Duration, error) {
	r, now, err := s.view(ctx, room)
	if err != nil {
		return 0, err
	}
	return r.Remaining(now), nil
}

// view returns a room whose time is not over.
func (s *Service) view(ctx context.Context, room string) (*Room, time.Time, error) {
	now := time.Now()
	r, err := s.Store.View(ctx, room)
	if err != nil {
		return nil, now, err
	}
	if !now.Before(r.ExpiresAt) {
		return nil, now, ErrNotFound
	}
	return r, now, nil
}

// Connect brings a member's connection into the room. It announces Attached,
// then MemberJoined or MemberReturned if so, JoinConfirmed if the page asked,
// and PresenceChanged, or PresenceTold if the count is what it was. After any
// other error than ErrNotFound and ErrNotMember the connection may be in the room
// without hearing it: report it lost.
func (s *Service) Connect(ctx context.Context, e Entry) error {
	return s.change(ctx, e.Room, func(r *Room, now time.Time) ([]Event, error) {
		return r.Connect(now, e)
	})
}

// Disconnect reports a lost connection. delivered is the sequence number up to
// which the page behind it has certainly seen the room; deliberate says that
// the client took its leave and will not resume by itself.
// A room that is gone is no error.
func (s *Service) Disconnect(ctx context.Context, room, member, conn string, delivered uint64, deliberate bool) error {
	return ignoreNotFound(s.change(ctx, room, func(r *Room, now time.Time) ([]Event, error) {
		r.Disconnect(now, member, conn, delivered, deliberate)
		return nil, nil
	}))
}

// Await reports that a member's connection waits for its turn to enter, until Connect or
// Forgo is called for it: the member is not absent meanwhile, but not for ever either.
// Errors: ErrNotFound, ErrNotMember.
func (s *Service) Await(ctx context.Context, room, member, conn string) error {
	return s.change(ctx, room, func(r *Room, now time.Time) ([]Event, error) {
		return r.Await(now, member, conn)
	})
}

// Forgo reports that a connection does not wait any more. One that did not wait, or has
// entered, is no error, and neither is a room that is gone.
func (s *Service) Forgo(ctx context.Context, room, member, conn string) error {
	return ignoreNotFound(s.change(ctx, room, func(r *Room, now time.Time) ([]Event, error) {
		r.Forgo(now, member, conn)
		return nil, nil
	}))
}

// Outpaced reports a connection that the server has ended since its client did not keep
// up with what it was sent; delivered is as for Disconnect. The member is not absent
// before they could have come back. A room that is gone is no error.
func (s *Service) Outpaced(ctx context.Context, room, member, conn string, delivered uint64) error {
	return ignoreNotFound(s.change(ctx, room, func(r *Room, now time.Time) ([]Event, error) {
		r.Spare(now, member)
		r.Disconnect(now, member, conn, delivered, false)
		return nil, nil
	}))
}

// Leave takes one connection out of the room without the grace of a lost one
// or, if final, ends the membership. delivered is as for Disconnect. A room that is gone,
// perhaps by this very leaving, is no error. Errors: ErrNotMember.
func (s *Service) Leave(ctx context.Context, room, member, conn string, delivered uint64, final bool) error {
	return ignoreNotFound(s.change(ctx, room, func(r *Room, now time.Time) ([]Event, error) {
		return r.Leave(now, member, conn, delivered, final)
	}))
}

// Post says something to the room. What is posted again, and is in the log under
// its Ref, is not posted twice: that earlier message is returned, and nothing is
// announced. Within one process nothing comes between the look into the log and the
// posting, as the stripe is held for both; processes that share a store could each
// post it. Errors: ErrNotFound, ErrNotMember, ErrMessageTooLong, ErrMessageBlank.
func (s *Service) Post(ctx context.Context, d Draft) (earlier *Message, err error) {
	said, err := s.said(ctx, d)
	if err != nil {
		return nil, err
	}
	content, kind, err := s.Clean(said)
	if err != nil {
		return nil, err
	}
	if content == "" {
		return nil, ErrMessageBlank
	}
	stripe := s.stripe(d.Room)
	stripe.Lock()
	defer stripe.Unlock()
	if d.Again && d.Ref != "" {
		if earlier, err = s.posted(ctx, d); earlier != nil || err != nil {
			return earlier, err
		}
	}
	// Copies of their own: what is kept must not keep a buffer that it is a part of.
	member, content, ref := d.Member, strings.Clone(content), strings.Clone(d.Ref)
	return nil, s.changeLocked(ctx, d.Room, func(r *Room, now time.Time) ([]Event, error) {
		return r.Post(now, member, kind, content, ref)
	})
}

// said returns what is to be cleaned. Errors: ErrNotFound.
func (s *Service) said(ctx context.Context, d Draft) (Said, error) {
	said := Said{Room: d.Room, Text: d.Text}
	if !s.KeyGiven {
		return said, nil
	}
	r, _, err := s.view(ctx, d.Room)
	if err != nil {
		return Said{}, err
	}
	said.Key = r.EncryptionKey
	return said, nil
}

// posted returns the message of the member that is in the log under the draft's
// Ref, nil if there is none. Errors: ErrNotFound, ErrNotMember.
func (s *Service) posted(ctx context.Context, d Draft) (*Message, error) {
	r, _, err := s.view(ctx, d.Room)
	if err != nil {
		return nil, err
	}
	if r.memberIndex(d.Member) < 0 {
		return nil, ErrNotMember
	}
	m, found, err := s.Store.Said(ctx, d.Room, d.Member, d.Ref)
	if err != nil {
		return nil, fmt.Errorf("looking into the log: %w", err)
	}
	if !found {
		return nil, nil //nolint:nilnil // that there is none is no error
	}
	return &m, nil
}

// TellCode tells a member's connection the room's code.
// Errors: ErrNotFound, ErrNotMember.
func (s *Service) TellCode(ctx context.Context, room, member, conn string) error {
	return s.change(ctx, room, func(r *Room, _ time.Time) ([]Event, error) {
		return r.TellCode(member, conn)
	})
}

// ListMembers tells a member's connection who the members are.
// Errors: ErrNotFound, ErrNotMember.
func (s *Service) ListMembers(ctx context.Context, room, member, conn string) error {
	return s.change(ctx, room, func(r *Room, _ time.Time) ([]Event, error) {
		return r.List(member, conn)
	})
}

// Approve records a member's yes to a knock.
// Errors: ErrNotFound, ErrNotMember, ErrNoSuchKnock.
func (s *Service) Approve(ctx context.Context, room, member, knock string) error {
	return s.change(ctx, room, func(r *Room, now time.Time) ([]Event, error) {
		return r.Approve(now, member, knock)
	})
}

// Decline ends a knock. Errors: ErrNotFound, ErrNotMember, ErrNoSuchKnock.
func (s *Service) Decline(ctx context.Context, room, member, knock string) error {
	return s.change(ctx, room, func(r *Room, now time.Time) ([]Event, error) {
		return r.Decline(now, member, knock)
	})
}

// Reannounce shows the session's open knock again to the members who have not
// voted on it, and how it stands to the applicant; if they were shown it often enough,
// to the applicant alone. Errors: ErrNoSuchKnock.
func (s *Service) Reannounce(ctx context.Context, session, knock string) error {
	return s.changeKnock(ctx, session, knock, func(r *Room, now time.Time) ([]Event, error) {
		return r.Reannounce(now, session, knock)
	})
}

// Withdraw ends the session's open knock. Errors: ErrNoSuchKnock.
func (s *Service) Withdraw(ctx context.Context, session, knock string) error {
	return s.changeKnock(ctx, session, knock, func(r *Room, now time.Time) ([]Event, error) {
		return r.Withdraw(now, session, knock)
	})
}

// changeKnock works on the room at which the session has the open knock.
func (s *Service) changeKnock(ctx context.Context, session, knock string, rule func(r *Room, now time.Time) ([]Event, error)) error {
	seats, err := s.Seats(ctx, session)
	if err != nil {
		return err
	}
	for _, seat := range seats {
		if seat.ID != knock || seat.Standing != Waiting {
			continue
		}
		return s.change(ctx, seat.Room, rule)
	}
	return ErrNoSuchKnock
}

// RotateCode gives the room a new code on a member's wish.
// Errors: ErrNotFound, ErrNotMember.
func (s *Service) RotateCode(ctx context.Context, room, member string) error {
	return s.change(ctx, room, func(r *Room, now time.Time) ([]Event, error) {
		if r.memberIndex(member) < 0 {
			return nil, ErrNotMember
		}
		code := s.NewCode()
		if r.holds(code) {
			return nil, ErrCodeTaken // what is to end must not go on by chance
		}
		return r.Rotate(now, code), nil
	})
}

// Totals counts the live rooms and their memberships.
func (s *Service) Totals(ctx context.Context) (rooms, members int, err error) {
	return s.Store.Totals(ctx)
}

// tick does what is due in one room. A room that is gone has nothing due.
func (s *Service) tick(ctx context.Context, id string) error {
	return ignoreNotFound(s.change(ctx, id, func(*Room, time.Time) ([]Event, error) { return nil, nil }))
}

func ignoreNotFound(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// change is how every use case works on a room: first what fell due by now,
// then the rule; commit; announce. If the room has ended by that, the end is
// committed and announced, and ErrNotFound returned.
func (s *Service) change(ctx context.Context, id string, rule func(r *Room, now time.Time) ([]Event, error)) error {
	stripe := s.stripe(id)
	stripe.Lock()
	defer stripe.Unlock()
	return s.changeLocked(ctx, id, rule)
}

// stripe returns the lock of a room.
func (s *Service) stripe(id string) *sync.Mutex {
	return &s.stripes[maphash.String(s.seed, id)%uint64(len(s.stripes))]
}

// changeLocked is change for whoever has locked the room.
func (s *Service) changeLocked(ctx context.Context, id string, rule func(r *Room, now time.Time) ([]Event, error)) error {
	r, events, err := s.Store.Update(ctx, id, func(r *Room) ([]Event, error) {
		now := time.Now()
		overdue := r.Advance(now, s.NewCode)
		if r.Closing != "" {
			return overdue, nil
		}
		events, err := rule(r, now)
		if err != nil || overdue == nil {
			return events, err
		}
		return append(overdue, events...), nil
	})
	if err != nil {
		return err
	}
	// What is committed is announced in any case: the others must not miss it.
	events, err = s.fillLogs(ctx, id, events)
	if len(events) > 0 {
		s.Announcer.Announce(id, events)
	}
	if r.Closing != "" {
		return ErrNotFound
	}
	s.alarm.set(r.NextDeadline())
	return err
}

// fillLogs adds to each Attached event the entries of the log that its connection
// has not seen, those of the other events at hand too. The stripe is held, so none
// can come between. If the log cannot be read the event is taken out: its
// connection is not attached.
func (s *Service) fillLogs(ctx context.Context, id string, events []Event) ([]Event, error) {
	for i, e := range events {
		a, ok := e.Body.(Attached)
		if !ok {
			continue
		}
		log, err := s.Store.Log(ctx, id, a.After)
		if err != nil {
			return slices.Delete(events, i, i+1), fmt.Errorf("reading the log: %w", err)
		}
		a.Log = merge(log, a.Log)
		// Nobody is told of their own coming.
		a.Log = slices.DeleteFunc(a.Log, func(m Message) bool { return m.Kind == KindNotice && m.Member == a.Member })
		events[i].Body = a
	}
	return events, nil
}

// merge puts entries in the order of their sequence numbers among those of a log, each
// once.
func merge(log, entries []Message) []Message {
	if len(entries) == 0 {
		return log
	}
	log = append(log, entries...)
	slices.SortFunc(log, func(a, b Message) int { return cmp.Compare(a.Seq, b.Seq) })
	return slices.CompactFunc(log, func(a, b Message) bool { return a.Seq == b.Seq })
}

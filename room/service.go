package room

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Options configure a Service. Store and Clean must be set; all else has a default.
type Options struct {
	Store Store
	// Clean makes a text safe for every page, or refuses it with
	// ErrMessageTooLong, and says whether it is a text or an envelope. An empty
	// result means that there is nothing to say.
	Clean func(t RawText) (content string, kind Kind, err error)
	// KeyGiven is true if pages get the key of their room (Page.SharedKey). Clean then
	// gets it as well, and can open the envelopes that they seal with it.
	KeyGiven bool

	Terms    Terms    // zero value: DefaultTerms
	Capacity Capacity // zero value: 100 rooms, 3 an address

	NewID     func() string // default a random UUID
	NewCode   func() string // default six random digits from crypto/rand
	NewLookup func() string // default RandomLookup
}

// Service holds the use cases. All methods are safe for concurrent use. None waits for a
// watcher longer than its Announce takes.
type Service struct {
	options Options
	store   Store
	writers writers
	alarm   alarm
}

// NewService returns a service. It panics if a mandatory option is missing.
func NewService(o Options) *Service {
	if o.Store == nil || o.Clean == nil {
		panic("room: NewService needs a Store and Clean")
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
	if o.NewLookup == nil {
		o.NewLookup = RandomLookup
	}
	s := &Service{options: o, store: o.Store, alarm: alarm{wake: make(chan struct{}, 1)}}
	s.writers.write = s.write
	return s
}

// Creation asks for a new room.
type Creation struct {
	Session string // the creator's session
	// Networks are what the creator is counted by, for Capacity.RoomsPerAddress.
	Networks []Network
	Name     string // as typed; the name rule is applied here
}

// Application asks to be let into the room that has the code, or the invitation.
type Application struct {
	Session string
	// Networks are what the applicant is counted by, for the places at the door.
	Networks []Network
	Name     string // as typed
	Code     string // six digits of any script
	// Lookup is that of an invitation; "" if there is none. With one the code is not read:
	// nobody may guess codes under the cover of an invitation.
	Lookup string
}

// Create opens a room with the creator as its first member.
// Errors: *NameError, ErrTooManyRooms, ErrTooManyRoomsHere.
func (s *Service) Create(ctx context.Context, c Creation) (Seat, error) {
	name, err := ParseName(c.Name)
	if err != nil {
		return Seat{}, err
	}
	f := Founding{
		ID: s.options.NewID(), Networks: c.Networks, SharedKey: rand.Text(),
		MemberID: s.options.NewID(), MemberName: name, Session: c.Session,
	}
	for {
		f.Code = s.options.NewCode()
		now := time.Now()
		r := New(f, s.options.Terms, now)
		err := s.store.Create(ctx, r, s.options.Capacity)
		if errors.Is(err, ErrCodeTaken) {
			continue
		}
		switch {
		case errors.Is(err, ErrTooManyRooms):
			err = s.makePlace(ctx, c.Networks)
		case errors.Is(err, ErrTooManyRoomsHere):
			err = s.makePlaceHere(ctx, c.Networks)
		case err == nil:
			s.alarm.set(r.NextDeadline())
			return r.memberSeat(&r.Members[0], now), nil
		}
		if err != nil {
			return Seat{}, err
		}
	}
}

// makePlace ends a room that nobody has entered, if that is still so, for somebody from
// these networks. Rooms that are only made cost nothing to make, so they must not keep out
// people who come. If there is none it ends one that is deserted: a link that nobody opens must
// not keep them out either. Errors: ErrTooManyRooms if each room is needed.
func (s *Service) makePlace(ctx context.Context, newcomer []Network) error {
	unentered, err := s.store.Unentered(ctx)
	if err != nil {
		return fmt.Errorf("looking for a room to end: %w", err)
	}
	r := ToGiveWay(unentered, newcomer)
	if r == nil {
		deserted, err := s.deserted(ctx)
		if err != nil {
			return err
		}
		r = ToGiveWay(deserted, newcomer)
	}
	if r == nil {
		return ErrTooManyRooms
	}
	return s.giveWay(ctx, r)
}

// makePlaceHere ends the room from the newcomer's own address that has been deserted for
// longest. Errors: ErrTooManyRoomsHere if there is none.
func (s *Service) makePlaceHere(ctx context.Context, newcomer []Network) error {
	deserted, err := s.deserted(ctx)
	if err != nil {
		return err
	}
	for _, r := range deserted {
		if len(r.Networks) > 0 && r.Networks[0].Key == newcomer[0].Key { // the narrowest, within all others
			return s.giveWay(ctx, r)
		}
	}
	return ErrTooManyRoomsHere
}

func (s *Service) deserted(ctx context.Context) ([]*Room, error) {
	rooms, err := s.store.Rooms(ctx)
	if err != nil {
		return nil, fmt.Errorf("looking for a deserted room: %w", err)
	}
	return Deserted(rooms, time.Now()), nil
}

func (s *Service) giveWay(ctx context.Context, r *Room) error {
	return ignoreNotFound(s.change(ctx, r.ID, func(r *Room, now time.Time) ([]Event, error) {
		return r.GiveWay(now), nil
	}))
}

// RequestJoin knocks at the room that has the code or the invitation. The same session asking
// again under the same name gets the request it has, or its place back.
// Errors: *NameError, ErrMalformedCode, ErrNoSuchCode, ErrMalformedLookup, ErrNoSuchInvitation,
// ErrNameTaken, ErrNameAlike, ErrRoomFull, ErrTooManyKnocks.
func (s *Service) RequestJoin(ctx context.Context, a Application) (Seat, error) {
	way, err := s.wayOf(a)
	if err != nil {
		return Seat{}, err
	}
	name, err := ParseName(a.Name)
	if err != nil {
		return Seat{}, err
	}
	id, err := way.find(ctx)
	if err != nil {
		return Seat{}, err
	}
	knock := s.options.NewID()
	var seat Seat
	err = s.change(ctx, id, func(r *Room, now time.Time) (events []Event, err error) {
		if !way.leadsTo(r) { // it ended while we were looking
			return nil, way.ended
		}
		seat, events, err = r.RequestJoin(now, knock, a.Session, name, a.Networks...)
		return events, err
	})
	if errors.Is(err, ErrNotFound) {
		err = way.ended
	}
	return seat, err
}

// way is what leads an applicant to a room: its code or an invitation.
type way struct {
	find    func(ctx context.Context) (id string, err error)
	leadsTo func(r *Room) bool
	ended   error // for an applicant whom it leads nowhere
}

// wayOf returns what leads an applicant to a room. Errors: ErrMalformedCode, ErrMalformedLookup.
func (s *Service) wayOf(a Application) (way, error) {
	if a.Lookup != "" {
		hash, err := HashLookup(a.Lookup)
		return way{
			find:    func(ctx context.Context) (string, error) { return s.store.ByInvitation(ctx, hash) },
			leadsTo: func(r *Room) bool { return r.invites(hash) },
			ended:   ErrNoSuchInvitation,
		}, err
	}
	code := asciiDigits(a.Code)
	if !ValidCode(code) {
		return way{}, ErrMalformedCode
	}
	return way{
		find:    func(ctx context.Context) (string, error) { return s.store.ByCode(ctx, code) },
		leadsTo: func(r *Room) bool { return r.holds(code) },
		ended:   ErrNoSuchCode,
	}, nil
}

// Seats returns what the session holds in all live rooms, oldest room first.
func (s *Service) Seats(ctx context.Context, session string) ([]Seat, error) {
	rooms, err := s.store.BySession(ctx, session)
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

// Page is what the chat page is rendered from.
type Page struct {
	Seat         Seat
	Code         string
	Remaining    time.Duration // to the next code
	Participants int
	SharedKey    string
}

// Page returns what the chat page at /room/<path> shows to this session, and
// notes that the member's next connection is a newly loaded page.
// Errors: ErrUnentered, ErrExpired, ErrNotFound, also for a room that the session is no member of.
func (s *Service) Page(ctx context.Context, session, path string) (Page, error) {
	page, err := s.page(ctx, session, path)
	if errors.Is(err, ErrNotFound) {
		return Page{}, s.Gone(ctx, session, path)
	}
	return page, err
}

// Gone returns why there is no such page for the session: ErrUnentered, ErrExpired or, for every
// other reason, ErrNotFound.
func (s *Service) Gone(ctx context.Context, session, page string) error {
	why, err := s.store.Lapsed(ctx, page, session)
	switch {
	case err != nil:
		return fmt.Errorf("looking for a room that has ended: %w", err)
	case why == Unentered:
		return ErrUnentered
	case why == Expired:
		return ErrExpired
	default:
		return ErrNotFound
	}
}

// roomAt returns the id of the room with the page at /room/<path>, if there is such a room.
func (s *Service) roomAt(ctx context.Context, path string) (string, error) {
	id, err := s.store.BySeat(ctx, path)
	if errors.Is(err, ErrNotFound) {
		return path, nil // the founder's page is at the room's own id
	}
	return id, err
}

func (s *Service) page(ctx context.Context, session, path string) (Page, error) {
	id, err := s.roomAt(ctx, path)
	if err != nil {
		return Page{}, err
	}
	r, now, err := s.live(ctx, id)
	if err != nil {
		return Page{}, err
	}
	seat, err := r.SeatAt(session, path, now)
	if err != nil {
		return Page{}, err
	}
	return s.load(ctx, seat)
}

func (s *Service) load(ctx context.Context, seat Seat) (Page, error) {
	var page Page
	err := s.change(ctx, seat.Room, func(r *Room, now time.Time) ([]Event, error) {
		if err := r.Load(now, seat.ID); err != nil {
			return nil, ErrNotFound
		}
		seat.Loading = true
		page = Page{
			Seat:         seat,
			Code:         r.Code,
			Remaining:    r.Remaining(now),
			Participants: r.Participants(),
			SharedKey:    r.SharedKey,
		}
		return nil, nil
	})
	return page, err
}

// Status returns what anybody who knows the room's id may see.
// Errors: ErrNotFound.
func (s *Service) Status(ctx context.Context, room string) (Status, error) {
	r, now, err := s.live(ctx, room)
	if err != nil {
		return Status{}, err
	}
	return r.Status(now), nil
}

// TimeRemaining returns the time until the room's code turns.
// Errors: ErrNotFound.
func (s *Service) TimeRemaining(ctx context.Context, room string) (time.Duration, error) {
	r, now, err := s.live(ctx, room)
	if err != nil {
		return 0, err
	}
	return r.Remaining(now), nil
}

// live returns a room whose time is not over.
func (s *Service) live(ctx context.Context, room string) (*Room, time.Time, error) {
	now := time.Now()
	r, err := s.store.Snapshot(ctx, room)
	if err != nil {
		return nil, now, err
	}
	if !now.Before(r.ExpiresAt) {
		return nil, now, ErrNotFound
	}
	return r, now, nil
}

// Watch has w hear what happens in the room until release is called, from its return on.
// A connection must enter a room only while it is watched: its Attached is an event.
// Errors: ErrNotFound.
func (s *Service) Watch(ctx context.Context, room string, w Watcher) (release func(), err error) {
	return s.store.Watch(ctx, room, w)
}

// Connect brings a member's connection into the room, which says so by Attached. A
// connection that is in the room already changes nothing. After any other error than
// ErrNotFound, ErrNotMember and ErrNotHere the connection may be in the room without hearing
// it: report it lost.
func (s *Service) Connect(ctx context.Context, a Attach) error {
	return s.change(ctx, a.Room, func(r *Room, now time.Time) ([]Event, error) {
		return r.Connect(now, a)
	})
}

// View calls tell with the room as a member's connection may see it, as of the last event that
// its watchers in this process have heard. So an answer stands in order with the events. tell
// must not block, and must not call back.
// Errors: ErrNotFound, ErrNotMember, ErrNotHere.
func (s *Service) View(ctx context.Context, c Caller, tell func(View)) error {
	return s.observe(ctx, c.Room, func(r *Room, now time.Time) error {
		view, err := r.View(now, c)
		if err == nil {
			tell(view)
		}
		return err
	})
}

// ViewKnock calls tell, as View does, with how the session's open knock stands.
// Errors: ErrNoSuchKnock.
func (s *Service) ViewKnock(ctx context.Context, session, knock string, tell func(Knock)) error {
	id, err := s.roomOf(ctx, knock)
	if err != nil {
		return err
	}
	err = s.observe(ctx, id, func(r *Room, _ time.Time) error {
		i := r.openKnock(knock)
		if i < 0 || r.Knocks[i].Session != session {
			return ErrNoSuchKnock
		}
		tell(r.Knocks[i].knock())
		return nil
	})
	return noKnock(err)
}

// observe calls tell with the room, in which nothing is overdue.
func (s *Service) observe(ctx context.Context, id string, tell func(r *Room, now time.Time) error) error {
	// A deadline is met once here. One that leaves no event may still look overdue in the
	// room that is observed afterwards.
	for done := false; ; done = true {
		var overdue bool
		var told error
		err := s.store.Observe(ctx, id, func(r *Room) {
			now := time.Now()
			if overdue = !done && !r.NextDeadline().After(now); !overdue {
				told = tell(r, now)
			}
		})
		if err != nil {
			return err
		}
		if !overdue {
			return told
		}
		if err := s.tick(ctx, id); err != nil {
			return err
		}
	}
}

// Disconnect reports a lost connection. delivered is the sequence number up to
// which the page behind it has certainly seen the room; deliberate says that
// the client took its leave and will not resume by itself.
// A room that is gone is no error.
func (s *Service) Disconnect(ctx context.Context, c Caller, delivered uint64, deliberate bool) error {
	return ignoreNotFound(s.change(ctx, c.Room, func(r *Room, now time.Time) ([]Event, error) {
		r.Disconnect(now, c.Member, c.Conn, delivered, deliberate)
		return nil, nil
	}))
}

// Await reports that a member's connection waits for its turn to enter, until Connect or
// Forgo is called for it: the member is not absent meanwhile, but not for ever either.
// Errors: ErrNotFound, ErrNotMember, ErrNotHere.
func (s *Service) Await(ctx context.Context, room, member string, conn Conn) error {
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
func (s *Service) Outpaced(ctx context.Context, c Caller, delivered uint64) error {
	return ignoreNotFound(s.change(ctx, c.Room, func(r *Room, now time.Time) ([]Event, error) {
		r.Spare(now, c.Member)
		r.Disconnect(now, c.Member, c.Conn, delivered, false)
		return nil, nil
	}))
}

// Leave takes one connection out of the room without the grace of a lost one
// or, if final, ends the membership. delivered is as for Disconnect. A room that is gone,
// perhaps by this very leaving, is no error. Errors: ErrNotMember, ErrNotHere.
func (s *Service) Leave(ctx context.Context, c Caller, delivered uint64, final bool) error {
	return ignoreNotFound(s.change(ctx, c.Room, func(r *Room, now time.Time) ([]Event, error) {
		return r.Leave(now, c, delivered, final)
	}))
}

// Quit ends the session's membership whose own page is at /room/<path>, as a final Leave does,
// connected or not. Errors: ErrNotFound if the session has no such membership.
func (s *Service) Quit(ctx context.Context, session, path string) error {
	id, err := s.roomAt(ctx, path)
	if err != nil {
		return err
	}
	r, now, err := s.live(ctx, id)
	if err != nil {
		return err
	}
	seat, err := r.ownSeat(session, path, now) // a stranger must not get to a room's writers
	if err != nil {
		return err
	}
	return s.change(ctx, id, func(r *Room, now time.Time) ([]Event, error) {
		events, err := r.Leave(now, Caller{Member: seat.ID}, 0, true)
		if errors.Is(err, ErrNotMember) { // it ended while we were looking
			return nil, ErrNotFound
		}
		return events, err
	})
}

// Post says something to the room. A draft that is posted again, and is in the log under its
// Ref, is not posted twice: Post returns the earlier message, and nothing happens.
// Errors: ErrNotFound, ErrNotMember, ErrNotHere, ErrMessageTooLong, ErrMessageBlank.
func (s *Service) Post(ctx context.Context, d Draft) (earlier *Message, err error) {
	content, kind, err := s.cleaned(ctx, d)
	if err != nil {
		return nil, err
	}
	p := post{Draft: d, kind: kind}
	p.Content = content
	p.change = change{messagesOnly: true, rule: p.rule}
	if err := s.writers.do(ctx, d.Room, &p.change); err != nil {
		return nil, err
	}
	return p.earlier, nil
}

// post is a draft on its way into the room.
type post struct {
	change
	Draft            // its content made safe
	kind    Kind     // that it turned out to be
	earlier *Message // that it repeats
}

func (p *post) rule(r *Room, now time.Time, log Log) ([]Event, error) {
	p.earlier = nil // the rule may have run before
	if p.Again && p.Ref != "" {
		if _, err := r.caller(p.Caller); err != nil {
			return nil, err
		}
		said, found, err := log.Said(p.Member, p.Ref)
		if err != nil {
			return nil, fmt.Errorf("looking into the log: %w", err)
		}
		if found {
			p.earlier = &said
			return nil, nil
		}
	}
	// These are cloned, since the log must not keep alive the buffers that they are parts of.
	posted, err := r.Post(now, p.Caller, p.kind, strings.Clone(p.Content), strings.Clone(p.Ref))
	if err != nil {
		return nil, err
	}
	return []Event{posted}, nil
}

// cleaned returns what is posted of a draft.
// Errors: ErrNotFound, ErrMessageTooLong, ErrMessageBlank.
func (s *Service) cleaned(ctx context.Context, d Draft) (content string, kind Kind, err error) {
	if d.Kind != KindText {
		return d.Content, d.Kind, nil
	}
	text := RawText{Room: d.Room, Text: d.Content}
	if s.options.KeyGiven {
		r, _, err := s.live(ctx, d.Room)
		if err != nil {
			return "", 0, err
		}
		text.Key = r.SharedKey
	}
	content, kind, err = s.options.Clean(text)
	if err == nil && content == "" {
		err = ErrMessageBlank
	}
	return content, kind, err
}

// Approve records a member's yes to a knock.
// Errors: ErrNotFound, ErrNotMember, ErrNotHere, ErrNoSuchKnock.
func (s *Service) Approve(ctx context.Context, c Caller, knock string) error {
	return s.change(ctx, c.Room, func(r *Room, now time.Time) ([]Event, error) {
		return r.Approve(now, c, knock)
	})
}

// Decline ends a knock. Errors: ErrNotFound, ErrNotMember, ErrNotHere, ErrNoSuchKnock.
func (s *Service) Decline(ctx context.Context, c Caller, knock string) error {
	return s.change(ctx, c.Room, func(r *Room, now time.Time) ([]Event, error) {
		return r.Decline(now, c, knock)
	})
}

// Reannounce shows the session's open knock again to the members who have not
// voted on it, and how it stands to the applicant. shown is false if they were shown it often
// enough: then nothing happens. Errors: ErrNoSuchKnock.
func (s *Service) Reannounce(ctx context.Context, session, knock string) (shown bool, err error) {
	err = s.changeKnock(ctx, knock, func(r *Room, now time.Time) ([]Event, error) {
		events, err := r.Reannounce(now, session, knock)
		shown = len(events) > 0
		return events, err
	})
	return shown, err
}

// Withdraw ends the session's open knock. Errors: ErrNoSuchKnock.
func (s *Service) Withdraw(ctx context.Context, session, knock string) error {
	return s.changeKnock(ctx, knock, func(r *Room, now time.Time) ([]Event, error) {
		return r.Withdraw(now, session, knock)
	})
}

// changeKnock changes the room that has the knock.
func (s *Service) changeKnock(ctx context.Context, knock string, rule func(r *Room, now time.Time) ([]Event, error)) error {
	id, err := s.roomOf(ctx, knock)
	if err != nil {
		return err
	}
	return noKnock(s.change(ctx, id, rule))
}

// roomOf returns the id of the room that has the knock. Errors: ErrNoSuchKnock.
func (s *Service) roomOf(ctx context.Context, knock string) (string, error) {
	id, err := s.store.BySeat(ctx, knock)
	return id, noKnock(err)
}

// noKnock returns ErrNoSuchKnock in place of ErrNotFound: a room that is gone has no knocks.
func noKnock(err error) error {
	if errors.Is(err, ErrNotFound) {
		return ErrNoSuchKnock
	}
	return err
}

// RotateCode gives the room a new code on a member's wish.
// Errors: ErrNotFound, ErrNotMember, ErrNotHere.
func (s *Service) RotateCode(ctx context.Context, c Caller) error {
	return s.change(ctx, c.Room, func(r *Room, now time.Time) ([]Event, error) {
		if _, err := r.caller(c); err != nil {
			return nil, err
		}
		code := s.options.NewCode()
		for r.holds(code) { // a code that is to end must not come again by chance
			code = s.options.NewCode()
		}
		return r.Rotate(now, code), nil
	})
}

// Invite gives a member an invitation, and returns its lookup, which only its hash is kept
// of, and when it ends. Errors: ErrNotFound, ErrNotMember, ErrNotHere.
func (s *Service) Invite(ctx context.Context, c Caller) (lookup string, until time.Time, err error) {
	lookup = s.options.NewLookup()
	hash, err := HashLookup(lookup)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("drawing a lookup: %w", err)
	}
	err = s.change(ctx, c.Room, func(r *Room, now time.Time) (events []Event, err error) {
		until, events, err = r.Invite(now, c, hash)
		return events, err
	})
	return lookup, until, err
}

// Revoke ends the member's invitation with the lookup. One that is no invitation of theirs
// changes nothing. Errors: ErrNotFound, ErrNotMember, ErrNotHere, ErrMalformedLookup.
func (s *Service) Revoke(ctx context.Context, c Caller, lookup string) error {
	hash, err := HashLookup(lookup)
	if err != nil {
		return err
	}
	return s.revoke(ctx, c, &hash)
}

// RevokeAll ends all invitations of the member. Errors: ErrNotFound, ErrNotMember, ErrNotHere.
func (s *Service) RevokeAll(ctx context.Context, c Caller) error { return s.revoke(ctx, c, nil) }

func (s *Service) revoke(ctx context.Context, c Caller, hash *LookupHash) error {
	return s.change(ctx, c.Room, func(r *Room, _ time.Time) ([]Event, error) {
		return r.Revoke(c, hash)
	})
}

// Totals counts the live rooms and their memberships.
func (s *Service) Totals(ctx context.Context) (rooms, members int, err error) {
	return s.store.Totals(ctx)
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

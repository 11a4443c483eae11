package room_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"securechat/room"
	"securechat/room/memstore"
)

// announced collects what the service tells the world.
type announced struct {
	mu     sync.Mutex
	events map[string][]room.Event
}

func (a *announced) Announce(id string, events []room.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.events == nil {
		a.events = map[string][]room.Event{}
	}
	a.events[id] = append(a.events[id], events...)
}

func (a *announced) of(id string) []room.Event {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.events[id])
}

func count[T room.Body](events []room.Event) (n int) {
	for _, e := range events {
		if _, ok := e.Body.(T); ok {
			n++
		}
	}
	return n
}

func last[T room.Body](t *testing.T, events []room.Event) T {
	t.Helper()
	for _, e := range slices.Backward(events) {
		if b, ok := e.Body.(T); ok {
			return b
		}
	}
	var zero T
	t.Fatalf("no %T among %d events", zero, len(events))
	return zero
}

func trim(s room.RawText) (string, room.Kind, error) {
	return strings.TrimSpace(s.Text), room.KindText, nil
}

// watched is a store of which all rooms are watched from the beginning.
type watched struct {
	room.Store
	by room.Watcher
}

func (s watched) Create(ctx context.Context, r *room.Room, c room.Capacity) error {
	err := s.Store.Create(ctx, r, c)
	if err == nil {
		_, err = s.Watch(ctx, r.ID, s.by)
	}
	return err
}

// service is a service whose members say things by whatever connection they have.
type service struct {
	*room.Service
	Store room.Store
}

func newService(o room.Options) (*service, *announced) {
	a := new(announced)
	if o.Store == nil {
		o.Store = memstore.New()
	}
	if o.Clean == nil {
		o.Clean = trim
	}
	o.Store = watched{o.Store, a}
	return &service{room.NewService(o), o.Store}, a
}

// by returns a member as a caller, by their oldest connection if they have one.
func (s *service) by(id, member string) room.Caller {
	c := room.Caller{Room: id, Member: member, Conn: "none"}
	r, err := s.Store.Snapshot(context.Background(), id)
	if err != nil {
		return c
	}
	for i := range r.Members {
		if m := &r.Members[i]; m.ID == member && len(m.Conns) > 0 {
			c.Conn = m.Conns[0].ID
		}
	}
	return c
}

// Approve has a member who is present say yes, also one whose connection was just lost: it
// may have been the last thing that came by it.
func (s *service) Approve(ctx context.Context, id, member, knock string) error {
	c := s.by(id, member)
	if c.Conn != "none" {
		return s.Service.Approve(ctx, c, knock)
	}
	return s.late(ctx, c, func(r *room.Room) ([]room.Event, error) { return r.Approve(time.Now(), c, knock) })
}

// late does what a connection has said that is lost by now.
func (s *service) late(ctx context.Context, c room.Caller, do func(r *room.Room) ([]room.Event, error)) error {
	_, err := s.Store.Update(ctx, c.Room, func(r *room.Room, _ room.Log) ([]room.Event, error) {
		members := r.Members
		r.Members = slices.Clone(members)
		i := slices.IndexFunc(members, func(m room.Member) bool { return m.ID == c.Member })
		if i >= 0 {
			r.Members[i].Conns = []room.Conn{{ID: c.Conn}}
		}
		events, err := do(r)
		if i >= 0 {
			r.Members[i].Conns = nil
		}
		return events, err
	})
	return err
}

func (s *service) Leave(ctx context.Context, id, member, conn string, delivered uint64, final bool) error {
	return s.Service.Leave(ctx, room.Caller{Room: id, Member: member, Conn: conn}, delivered, final)
}

func (s *service) Disconnect(ctx context.Context, id, member, conn string, delivered uint64, deliberate bool) error {
	return s.Service.Disconnect(ctx, room.Caller{Room: id, Member: member, Conn: conn}, delivered, deliberate)
}

func (s *service) RotateCode(ctx context.Context, id, member string) error {
	return s.Service.RotateCode(ctx, s.by(id, member))
}

// run starts the scheduler for the duration of a test in a synctest bubble.
func run(t *testing.T, s interface{ Run(context.Context) }) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

func create(t *testing.T, s *service, session, name string) room.Seat {
	t.Helper()
	seat, err := s.Create(t.Context(), room.Creation{Session: session, Networks: []room.Network{{Key: session, Share: 1}}, Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return seat
}

func code(t *testing.T, s *service, founder room.Seat, session string) string {
	t.Helper()
	page, err := s.Page(t.Context(), session, founder.Path)
	if err != nil {
		t.Fatal(err)
	}
	return page.Code
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func enter(t *testing.T, s *service, seat room.Seat, conn string) {
	t.Helper()
	must(t, s.Connect(t.Context(), room.Attach{Room: seat.Room, Member: seat.ID, Conn: room.Conn{ID: conn}, Explicit: true}))
}

func post(s *service, seat room.Seat, text string) error {
	c := s.by(seat.Room, seat.ID)
	if c.Conn == "none" {
		return s.late(context.Background(), c, func(r *room.Room) ([]room.Event, error) {
			posted, err := r.Post(time.Now(), c, room.KindText, text, "")
			return []room.Event{posted}, err
		})
	}
	return postBy(s, c, text)
}

func postBy(s *service, c room.Caller, text string) error {
	_, err := s.Post(context.Background(), room.Draft{Caller: c, Kind: room.KindText, Content: text})
	return err
}

// A room left alone with its one connected member lives a day: 287 turns of
// the code, one unanswered request, one expiry, all by timer.
func TestADayInTheLifeOfARoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, world := newService(room.Options{})
		run(t, s)
		alice := create(t, s, "s1", "Alice")
		enter(t, s, alice, "c1")
		_, err := s.RequestJoin(t.Context(), room.Application{Session: "s2", Name: "Bob", Code: code(t, s, alice, "s1")})
		must(t, err)

		time.Sleep(25 * time.Hour)
		synctest.Wait()
		events := world.of(alice.Room)
		if n := count[room.CodeChanged](events); n != 287 {
			t.Errorf("%d turns, want 287", n)
		}
		if n := count[room.KnockRefused](events); n != 1 || last[room.KnockRefused](t, events).Reason != room.TimedOut {
			t.Errorf("%d refusals, want one timeout", n)
		}
		if events[len(events)-1].Body != (room.Closed{Reason: room.Expired}) {
			t.Errorf("last event %+v, want the expiry", events[len(events)-1])
		}
		for i, e := range events {
			if e.Seq != uint64(i)+1 {
				t.Fatalf("event %d has sequence %d", i, e.Seq)
			}
		}
		if _, err := s.Status(t.Context(), alice.Room); !errors.Is(err, room.ErrNotFound) {
			t.Errorf("err = %v, want ErrNotFound", err)
		}
	})
}

// Deadlines are met to the instant, also those that come up while the
// scheduler sleeps to a later one.
func TestTheSchedulerMeetsEarlierDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, world := newService(room.Options{})
		run(t, s)
		alice := create(t, s, "s1", "Alice")
		enter(t, s, alice, "c1")
		time.Sleep(time.Second)
		synctest.Wait() // it sleeps to the turn of the code now
		_, err := s.RequestJoin(t.Context(), room.Application{Session: "s2", Name: "Bob", Code: code(t, s, alice, "s1")})
		must(t, err)
		time.Sleep(60*time.Second - 1)
		synctest.Wait()
		if n := count[room.KnockRefused](world.of(alice.Room)); n != 0 {
			t.Fatal("too early")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if n := count[room.KnockRefused](world.of(alice.Room)); n != 1 {
			t.Fatal("not in time")
		}
	})
}

// failing is a store whose Due fails at first.
type failing struct {
	room.Store
	left int
}

func (f *failing) Due(ctx context.Context, now time.Time) ([]string, time.Time, error) {
	if f.left > 0 {
		f.left--
		return nil, time.Time{}, errors.New("away")
	}
	return f.Store.Due(ctx, now)
}

func TestTheSchedulerSurvivesAFailingStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, world := newService(room.Options{Store: &failing{memstore.New(), 3}})
		run(t, s)
		alice := create(t, s, "s1", "Alice")
		enter(t, s, alice, "c1")
		time.Sleep(301 * time.Second)
		synctest.Wait()
		if n := count[room.CodeChanged](world.of(alice.Room)); n != 1 {
			t.Errorf("%d turns, want 1", n)
		}
	})
}

// A use case never acts on a state that is overdue, even if the scheduler is
// late: a code that is over does not open a room, an expired room takes no message.
func TestOverdueStateIsNotActedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, world := newService(room.Options{}) // no scheduler runs
		alice := create(t, s, "s1", "Alice")
		enter(t, s, alice, "c1")
		old := code(t, s, alice, "s1")
		time.Sleep(300*time.Second + time.Minute)
		if _, err := s.RequestJoin(t.Context(), room.Application{Session: "s2", Name: "Bob", Code: old}); !errors.Is(err, room.ErrNoSuchCode) {
			t.Errorf("err = %v, want ErrNoSuchCode", err)
		}
		if got := code(t, s, alice, "s1"); got == old {
			t.Error("the code did not turn")
		}
		time.Sleep(24 * time.Hour)
		if err := post(s, alice, "hello"); !errors.Is(err, room.ErrNotFound) {
			t.Errorf("err = %v, want ErrNotFound", err)
		}
		events := world.of(alice.Room)
		if events[len(events)-1].Body != (room.Closed{Reason: room.Expired}) {
			t.Errorf("last event %+v, want the expiry", events[len(events)-1])
		}
	})
}

// Who types the code while it turns must not be sent away, but what somebody wants to
// be over is over.
func TestTheCodeBeforeHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newService(room.Options{})
		run(t, s)
		alice := create(t, s, "s1", "Alice")
		enter(t, s, alice, "c1")
		knocks := 0
		join := func(code string) error {
			knocks++
			_, err := s.RequestJoin(t.Context(), room.Application{Session: fmt.Sprint("b", knocks), Name: fmt.Sprint("Bob", knocks), Code: code})
			return err
		}
		old := code(t, s, alice, "s1")
		time.Sleep(300*time.Second + time.Minute - 1)
		must(t, join(old))
		must(t, join(code(t, s, alice, "s1")))
		time.Sleep(time.Nanosecond)
		if err := join(old); !errors.Is(err, room.ErrNoSuchCode) {
			t.Errorf("a minute after the turn: err = %v, want ErrNoSuchCode", err)
		}

		time.Sleep(4*time.Minute - time.Second)
		before := code(t, s, alice, "s1")
		time.Sleep(2 * time.Second)
		now := code(t, s, alice, "s1")
		if now == before {
			t.Fatal("the code did not turn")
		}
		must(t, s.RotateCode(t.Context(), alice.Room, alice.ID))
		for what, ended := range map[string]string{"the code": now, "the one before": before} {
			if err := join(ended); !errors.Is(err, room.ErrNoSuchCode) {
				t.Errorf("%s, asked to be replaced: err = %v, want ErrNoSuchCode", what, err)
			}
		}
	})
}

func TestTheLogReachesWhoEnters(t *testing.T) {
	s, world := newService(room.Options{})
	alice := create(t, s, "s1", "Alice")
	enter(t, s, alice, "c1")
	must(t, post(s, alice, "before"))
	bob, err := s.RequestJoin(t.Context(), room.Application{Session: "s2", Name: "Bob", Code: code(t, s, alice, "s1")})
	must(t, err)
	must(t, s.Approve(t.Context(), alice.Room, alice.ID, bob.ID))
	must(t, post(s, alice, "between"))
	if err := post(s, alice, "  "); !errors.Is(err, room.ErrMessageBlank) {
		t.Errorf("a blank message: %v", err)
	}
	enter(t, s, bob, "c2")
	var got []string
	for _, m := range last[room.Attached](t, world.of(alice.Room)).Log {
		got = append(got, m.Content)
	}
	if !slices.Equal(got, []string{"between"}) {
		t.Errorf("Bob is shown %q", got)
	}
	if n := count[room.MessagePosted](world.of(alice.Room)); n != 2 {
		t.Errorf("%d messages, want none of the blank one", n)
	}
}

// A page that does not know whether its message arrived posts it again.
func TestPostAgain(t *testing.T) {
	s, world := newService(room.Options{Terms: func() room.Terms {
		terms := room.DefaultTerms()
		terms.MaxMessages = 3
		return terms
	}()})
	alice := create(t, s, "s1", "Alice")
	enter(t, s, alice, "c1")
	bob, err := s.RequestJoin(t.Context(), room.Application{Session: "s2", Name: "Bob", Code: code(t, s, alice, "s1")})
	must(t, err)
	must(t, s.Approve(t.Context(), alice.Room, alice.ID, bob.ID))
	enter(t, s, bob, "c2")
	aliceConn, bobConn := s.by(alice.Room, alice.ID), s.by(alice.Room, bob.ID)
	posted := 0
	for _, test := range []struct {
		name    string
		draft   room.Draft
		earlier string // what it says; "" if it is posted
	}{
		{"the first time", room.Draft{Caller: aliceConn, Content: "one", Ref: "r1"}, ""},
		{"not said to be a repetition", room.Draft{Caller: aliceConn, Content: "two", Ref: "r1"}, ""},
		{"again", room.Draft{Caller: aliceConn, Content: "never said", Ref: "r1", Again: true}, "two"},
		{"again, and it never arrived", room.Draft{Caller: aliceConn, Content: "three", Ref: "r2", Again: true}, ""},
		{"again, and it arrived", room.Draft{Caller: aliceConn, Content: "three", Ref: "r2", Again: true}, "three"},
		{"another's", room.Draft{Caller: bobConn, Content: "mine", Ref: "r2", Again: true}, ""},
		{"without a name for it", room.Draft{Caller: aliceConn, Content: "four", Again: true}, ""},
		{"without a name for it, again", room.Draft{Caller: aliceConn, Content: "five", Again: true}, ""},
		{"which the log has no more", room.Draft{Caller: aliceConn, Content: "six", Ref: "r2", Again: true}, ""},
	} {
		before := len(world.of(alice.Room))
		test.draft.Kind = room.KindText
		earlier, err := s.Post(t.Context(), test.draft)
		must(t, err)
		got := ""
		if earlier != nil {
			got = earlier.Content
		}
		if got != test.earlier {
			t.Errorf("%s: there is %q, want %q", test.name, got, test.earlier)
		}
		announced := len(world.of(alice.Room)) - before
		if want := test.earlier == ""; (announced == 1) != want {
			t.Errorf("%s: %d events", test.name, announced)
		}
		posted += announced
	}
	if n := count[room.MessagePosted](world.of(alice.Room)); n != posted {
		t.Errorf("%d messages among %d events", n, posted)
	}
	for want, d := range map[error]room.Draft{
		room.ErrMessageBlank: {Caller: aliceConn, Content: " ", Ref: "r2", Again: true},
		room.ErrNotMember:    {Caller: room.Caller{Room: alice.Room, Member: "mallory", Conn: "c1"}, Content: "x", Ref: "r2", Again: true},
		room.ErrNotHere:      {Caller: room.Caller{Room: alice.Room, Member: alice.ID, Conn: "c2"}, Content: "x", Ref: "r2", Again: true},
		room.ErrNotFound:     {Caller: room.Caller{Room: "nothing", Member: alice.ID, Conn: "c1"}, Content: "x", Ref: "r2", Again: true},
	} {
		d.Kind = room.KindText
		if earlier, err := s.Post(t.Context(), d); !errors.Is(err, want) || earlier != nil {
			t.Errorf("%v, err = %v, want %v", earlier, err, want)
		}
	}
}

func TestWithdraw(t *testing.T) {
	s, world := newService(room.Options{})
	alice := create(t, s, "s1", "Alice")
	enter(t, s, alice, "c1")
	bob, err := s.RequestJoin(t.Context(), room.Application{Session: "s2", Name: "Bob", Code: code(t, s, alice, "s1")})
	must(t, err)
	for name, tt := range map[string]struct{ session, knock string }{
		"somebody else's": {"s1", bob.ID}, "an unknown one": {"s2", "x"}, "a membership": {"s1", alice.ID},
	} {
		if err := s.Withdraw(t.Context(), tt.session, tt.knock); !errors.Is(err, room.ErrNoSuchKnock) {
			t.Errorf("%s: err = %v, want ErrNoSuchKnock", name, err)
		}
	}
	must(t, s.Withdraw(t.Context(), "s2", bob.ID))
	if got := last[room.KnockRefused](t, world.of(alice.Room)); got != (room.KnockRefused{Knock: bob.ID, Reason: room.Withdrawn}) {
		t.Errorf("announced %+v", got)
	}
	if err := s.Withdraw(t.Context(), "s2", bob.ID); !errors.Is(err, room.ErrNoSuchKnock) {
		t.Errorf("twice: err = %v, want ErrNoSuchKnock", err)
	}
}

// Questions are answered as of the last event that was told, and use up no number.
func TestView(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, world := newService(room.Options{})
		alice := create(t, s, "s1", "Alice")
		enter(t, s, alice, "c1")
		c := s.by(alice.Room, alice.ID)
		must(t, post(s, alice, "one"))
		now := code(t, s, alice, "s1")
		for range 20 {
			told := false
			must(t, s.View(t.Context(), c, func(v room.View) {
				events := world.of(alice.Room)
				told = v.Seq() == events[len(events)-1].Seq && v.Code() == now && len(v.Members()) == 1 && v.Members()[0].ID == alice.ID
			}))
			if !told {
				t.Fatal("not told, or not as of the last event")
			}
		}
		must(t, post(s, alice, "two"))
		events := world.of(alice.Room)
		if one, two := events[len(events)-2], events[len(events)-1]; two.Seq != one.Seq+1 {
			t.Errorf("after 20 questions message %d follows message %d", two.Seq, one.Seq)
		}
		// A change that is overdue is done before.
		before := code(t, s, alice, "s1")
		time.Sleep(300 * time.Second)
		must(t, s.View(t.Context(), c, func(v room.View) {
			if v.Code() == before || v.Remaining() != 300*time.Second {
				t.Errorf("the code is %s for %v, and was %s", v.Code(), v.Remaining(), before)
			}
		}))
		for want, c := range map[error]room.Caller{
			room.ErrNotFound:  {Room: "nothing", Member: alice.ID, Conn: "c1"},
			room.ErrNotMember: {Room: alice.Room, Member: "mallory", Conn: "c1"},
			room.ErrNotHere:   {Room: alice.Room, Member: alice.ID, Conn: "c2"},
		} {
			err := s.View(t.Context(), c, func(room.View) { t.Error("told") })
			if !errors.Is(err, want) {
				t.Errorf("err = %v, want %v", err, want)
			}
		}
		time.Sleep(25 * time.Hour)
		if err := s.View(t.Context(), c, func(room.View) { t.Error("told") }); !errors.Is(err, room.ErrNotFound) {
			t.Errorf("of a room that is over: %v", err)
		}
	})
}

func TestPageAndSeats(t *testing.T) {
	s, _ := newService(room.Options{})
	alice := create(t, s, "s1", "Alice")
	if alice.Path != alice.Room || alice.ID == alice.Room {
		t.Errorf("seat %+v, want the room's id as its path", alice)
	}
	for name, tt := range map[string]struct{ session, path string }{
		"a stranger":       {"s9", alice.Room},
		"an unknown room":  {"s1", "nothing"},
		"an empty session": {"", alice.Room},
	} {
		if _, err := s.Page(t.Context(), tt.session, tt.path); !errors.Is(err, room.ErrNotFound) {
			t.Errorf("%s: err = %v, want ErrNotFound", name, err)
		}
	}
	bob, err := s.RequestJoin(t.Context(), room.Application{Session: "s1", Name: "Bob", Code: code(t, s, alice, "s1")})
	must(t, err)
	if _, err := s.Page(t.Context(), "s1", bob.ID); !errors.Is(err, room.ErrNotFound) {
		t.Errorf("before admission: err = %v, want ErrNotFound", err)
	}
	must(t, s.Approve(t.Context(), alice.Room, alice.ID, bob.ID))
	page, err := s.Page(t.Context(), "s1", bob.ID)
	if err != nil || page.Seat.Name != "Bob" || page.Seat.Room != alice.Room || page.Participants != 2 {
		t.Errorf("page %+v, err %v", page, err)
	}
	if page, _ := s.Page(t.Context(), "s1", alice.Room); page.Seat.Name != "Alice" || page.SharedKey == "" {
		t.Errorf("page %+v, want Alice's", page)
	}
	seats, err := s.Seats(t.Context(), "s1")
	if err != nil || len(seats) != 2 {
		t.Errorf("seats %+v, err %v, want two", seats, err)
	}
}

// Seats tell members, and nobody else, of their room, and how long they can stay away.
func TestSeatsTellOfTheirRooms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newService(room.Options{})
		run(t, s)
		seat := func(session string) room.Seat {
			t.Helper()
			seats, err := s.Seats(t.Context(), session)
			if err != nil || len(seats) != 1 {
				t.Fatalf("seats %+v, err %v, want one", seats, err)
			}
			return seats[0]
		}
		founded := time.Now()
		alice := create(t, s, "s1", "Alice")
		if got := seat("s1"); got.Participants != 1 || !got.ExpiresAt.Equal(founded.Add(24*time.Hour)) || !got.HeldUntil.Equal(founded.Add(time.Minute)) {
			t.Errorf("nobody has entered: %+v", got)
		}
		enter(t, s, alice, "a1")
		if got := seat("s1"); !got.HeldUntil.IsZero() {
			t.Errorf("the founder is there: %+v", got)
		}
		bob, err := s.RequestJoin(t.Context(), room.Application{Session: "s2", Name: "Bob", Code: code(t, s, alice, "s1")})
		must(t, err)
		if got := seat("s2"); got.Participants != 0 || !got.ExpiresAt.IsZero() || !got.HeldUntil.IsZero() {
			t.Errorf("nobody has said yes: %+v", got)
		}
		must(t, s.Approve(t.Context(), alice.Room, alice.ID, bob.ID))
		enter(t, s, bob, "b1")
		if got := seat("s2"); got.Participants != 2 || !got.ExpiresAt.Equal(founded.Add(24*time.Hour)) {
			t.Errorf("a member: %+v", got)
		}

		must(t, s.Disconnect(t.Context(), bob.Room, bob.ID, "b1", 0, false))
		until := seat("s2").HeldUntil
		time.Sleep(time.Minute) // absent by now, which changes nothing
		if got := seat("s2"); !got.HeldUntil.Equal(until) || got.Participants != 1 {
			t.Errorf("an absent member: %+v, want it held until %v", got, until)
		}
		time.Sleep(time.Until(until) - time.Millisecond)
		synctest.Wait()
		seat("s2")
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if seats, err := s.Seats(t.Context(), "s2"); err != nil || len(seats) > 0 {
			t.Errorf("held until %v, but there is %+v, %v", until, seats, err)
		}
	})
}

// An invitation holds its member's place; the end of the room ends everything.
func TestAnInvitationHoldsTheSeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newService(room.Options{})
		run(t, s)
		alice := create(t, s, "s1", "Alice")
		enter(t, s, alice, "a1")
		held := func() time.Time {
			t.Helper()
			seats, err := s.Seats(t.Context(), "s1")
			if err != nil || len(seats) != 1 {
				t.Fatalf("seats %+v, err %v, want one", seats, err)
			}
			return seats[0].HeldUntil
		}
		_, until, err := s.Invite(t.Context(), s.by(alice.Room, alice.ID))
		must(t, err)
		must(t, s.Disconnect(t.Context(), alice.Room, alice.ID, "a1", 0, false))
		if got := held(); !got.Equal(until) {
			t.Errorf("held until %v, want %v", got, until)
		}
		enter(t, s, alice, "a2")
		time.Sleep(24*time.Hour - time.Minute - time.Second)
		must(t, s.Disconnect(t.Context(), alice.Room, alice.ID, "a2", 0, false))
		if got := held(); !got.Equal(alice.ExpiresAt) {
			t.Errorf("held until %v, and the room ends %v", got, alice.ExpiresAt)
		}
	})
}

func TestQuit(t *testing.T) {
	s, world := newService(room.Options{})
	alice := create(t, s, "s1", "Alice")
	enter(t, s, alice, "a1")
	bob, err := s.RequestJoin(t.Context(), room.Application{Session: "s2", Name: "Bob", Code: code(t, s, alice, "s1")})
	must(t, err)
	for name, tt := range map[string]struct{ session, path string }{
		"a stranger":                {"s9", alice.Room},
		"a member, of another":      {"s1", bob.ID},
		"nobody":                    {"", alice.Room},
		"an unknown room":           {"s1", "nothing"},
		"who waits to be let in":    {"s2", bob.ID},
		"the founder, by their id":  {"s1", alice.ID},
		"who waits, by the room's":  {"s2", alice.Room},
		"a stranger, by somebody's": {"s9", alice.ID},
	} {
		if err := s.Quit(t.Context(), tt.session, tt.path); !errors.Is(err, room.ErrNotFound) {
			t.Errorf("%s: err = %v, want ErrNotFound", name, err)
		}
	}
	must(t, s.Approve(t.Context(), alice.Room, alice.ID, bob.ID))
	enter(t, s, bob, "b1")
	enter(t, s, bob, "b2")
	if err := s.Quit(t.Context(), "s2", alice.Room); !errors.Is(err, room.ErrNotFound) {
		t.Errorf("by the room's own address: err = %v, want ErrNotFound", err)
	}

	before := len(world.of(alice.Room))
	must(t, s.Quit(t.Context(), "s2", bob.ID))
	events := world.of(alice.Room)[before:]
	put := last[room.Detached](t, events)
	if put.Why != room.Evicted || !slices.Equal(put.Conns, []string{"b1", "b2"}) {
		t.Errorf("put out %+v", put)
	}
	if left := last[room.MemberLeft](t, events); left.Name != "Bob" || left.How != room.Departure {
		t.Errorf("told %+v", left)
	}
	if seats, err := s.Seats(t.Context(), "s2"); err != nil || len(seats) > 0 {
		t.Errorf("seats %+v, err %v, want none", seats, err)
	}
	if err := s.Quit(t.Context(), "s2", bob.ID); !errors.Is(err, room.ErrNotFound) {
		t.Errorf("twice: err = %v, want ErrNotFound", err)
	}

	must(t, s.Quit(t.Context(), "s1", alice.Room))
	if _, err := s.Status(t.Context(), alice.Room); !errors.Is(err, room.ErrNotFound) {
		t.Errorf("the last one has left: err = %v, want ErrNotFound", err)
	}
}

func TestCreateErrors(t *testing.T) {
	s, _ := newService(room.Options{Capacity: room.Capacity{Rooms: 2, RoomsPerAddress: 1}})
	var bad *room.NameError
	if _, err := s.Create(t.Context(), room.Creation{Name: "<b>"}); !errors.As(err, &bad) {
		t.Errorf("err = %v, want a NameError", err)
	}
	enter(t, s, create(t, s, "s1", "Alice"), "c1")
	if _, err := s.Create(t.Context(), room.Creation{Networks: []room.Network{{Key: "s1", Share: 1}}, Name: "A"}); !errors.Is(err, room.ErrTooManyRoomsHere) {
		t.Errorf("err = %v, want ErrTooManyRoomsHere", err)
	}
	enter(t, s, create(t, s, "s2", "Alice"), "c2")
	if _, err := s.Create(t.Context(), room.Creation{Networks: []room.Network{{Key: "s3", Share: 1}}, Name: "A"}); !errors.Is(err, room.ErrTooManyRooms) {
		t.Errorf("err = %v, want ErrTooManyRooms", err)
	}
}

// Rooms that nobody enters, however many somebody makes, must not keep others out.
func TestUnenteredRoomsGiveWay(t *testing.T) {
	s, world := newService(room.Options{Capacity: room.Capacity{Rooms: 3, RoomsPerAddress: 1}})
	entered := create(t, s, "s1", "Alice")
	oldest := create(t, s, "s2", "Bob")
	second := create(t, s, "s3", "Carol")
	enter(t, s, entered, "c1")
	create(t, s, "s4", "Dora")
	for room_, closed := range map[string]int{entered.Room: 0, oldest.Room: 1, second.Room: 0} {
		if got := count[room.Closed](world.of(room_)); got != closed {
			t.Errorf("a room was closed %d times, want %d", got, closed)
		}
	}
	// At its own limit an address must not push out others for nothing.
	if _, err := s.Create(t.Context(), room.Creation{Networks: []room.Network{{Key: "s4", Share: 1}}, Name: "A"}); !errors.Is(err, room.ErrTooManyRoomsHere) {
		t.Errorf("err = %v, want ErrTooManyRoomsHere", err)
	}
	if got := count[room.Closed](world.of(second.Room)); got != 0 {
		t.Error("somebody who was refused ended a room")
	}
	// Many at once: each has its room, or is told that there is no place.
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			_, err := s.Create(t.Context(), room.Creation{Networks: []room.Network{{Key: fmt.Sprint(i), Share: 1}}, Name: "A"})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if rooms, _, err := s.Totals(t.Context()); rooms != 3 || err != nil {
		t.Errorf("%d rooms, err %v, want 3", rooms, err)
	}
	if got := count[room.Closed](world.of(entered.Room)); got != 0 {
		t.Error("a room that somebody is in was ended")
	}
}

// Threat: 34 addresses make one room after the other, enter none, and so push out a
// founder whose page takes a second to load.
func TestAFewAddressesDoNotPushOutAFounder(t *testing.T) {
	s, world := newService(room.Options{})
	flood := func(address int) {
		t.Helper()
		_, err := s.Create(t.Context(), room.Creation{Networks: []room.Network{{Key: fmt.Sprint(address), Share: 1}}, Name: "Mallory"})
		if err != nil && !errors.Is(err, room.ErrTooManyRoomsHere) {
			t.Fatal(err)
		}
	}
	const addresses = 34
	for i := range 3 * addresses {
		flood(i % addresses)
	}
	alice := create(t, s, "alice", "Alice")
	for i := range 10 * addresses {
		flood(i % addresses)
	}
	if got := count[room.Closed](world.of(alice.Room)); got != 0 {
		t.Fatal("the founder's room was ended")
	}
	enter(t, s, alice, "c1")
}

// Threat: somebody whose room was closed before their page had loaded is sent away without
// a word.
func TestFoundersAreToldWhyTheirRoomIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newService(room.Options{Capacity: room.Capacity{Rooms: 3, RoomsPerAddress: 3}})
		run(t, s)
		entered := create(t, s, "s1", "Alice")
		enter(t, s, entered, "c1")
		slow := create(t, s, "s2", "Bob")
		create(t, s, "s3", "Carol")
		create(t, s, "s4", "Dora") // takes the place of Bob's
		want := func(session, id string, want error) {
			t.Helper()
			if _, err := s.Page(t.Context(), session, id); !errors.Is(err, want) || errors.Is(err, room.ErrUnentered) != errors.Is(want, room.ErrUnentered) {
				t.Errorf("the page of %s: %v, want %v", session, err, want)
			}
			if err := s.Gone(t.Context(), session, id); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", session, err, want)
			}
		}
		want("s2", slow.Room, room.ErrUnentered)
		want("s9", slow.Room, room.ErrNotFound)
		late := create(t, s, "s5", "Eve")
		if _, err := s.Page(t.Context(), "s5", late.Room); err != nil {
			t.Fatal(err)
		}
		time.Sleep(room.DefaultTerms().EntryGrace)
		synctest.Wait()
		want("s5", late.Room, room.ErrUnentered)
		if err := s.Leave(t.Context(), entered.Room, entered.ID, "c1", 0, true); err != nil {
			t.Fatal(err)
		}
		want("s1", entered.Room, room.ErrNotFound)
	})
}

// Threat: members who come back to a room whose time is over do not learn what has become of it.
func TestMembersAreToldThatTheTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newService(room.Options{Capacity: room.Capacity{Rooms: 3, RoomsPerAddress: 3}})
		run(t, s)
		alice := create(t, s, "s1", "Alice")
		enter(t, s, alice, "c1")
		time.Sleep(room.DefaultTerms().TimeToLive)
		synctest.Wait()
		for session, want := range map[string]error{"s1": room.ErrExpired, "s2": room.ErrNotFound} {
			_, err := s.Page(t.Context(), session, alice.Room)
			if !errors.Is(err, want) || errors.Is(err, room.ErrExpired) != (want == room.ErrExpired) { //nolint:errorlint // the one of the table itself
				t.Errorf("the page of %s: %v, want %v", session, err, want)
			}
		}
	})
}

func TestUnenteredRoomsEndByThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, world := newService(room.Options{})
		run(t, s)
		alice := create(t, s, "s1", "Alice")
		enter(t, s, create(t, s, "s2", "Bob"), "c1")
		time.Sleep(room.DefaultTerms().EntryGrace)
		synctest.Wait()
		if closed := last[room.Closed](t, world.of(alice.Room)); closed.Reason != room.Unentered {
			t.Errorf("closed as %s", closed.Reason)
		}
		if rooms, _, err := s.Totals(t.Context()); rooms != 1 || err != nil {
			t.Errorf("%d rooms, err %v, want 1", rooms, err)
		}
	})
}

func TestRequestJoinErrors(t *testing.T) {
	s, _ := newService(room.Options{})
	for in, want := range map[string]error{
		"":       room.ErrMalformedCode,
		"12345":  room.ErrMalformedCode,
		"12345a": room.ErrMalformedCode,
		"①②③④⑤⑥": room.ErrMalformedCode,
		"123456": room.ErrNoSuchCode,
	} {
		if _, err := s.RequestJoin(t.Context(), room.Application{Name: "Bob", Code: in}); !errors.Is(err, want) {
			t.Errorf("%q: err = %v, want %v", in, err, want)
		}
	}
	if _, err := s.Reannounce(t.Context(), "s1", "nothing"); !errors.Is(err, room.ErrNoSuchKnock) {
		t.Errorf("err = %v, want ErrNoSuchKnock", err)
	}
}

// Two rooms never share a code: a taken one is drawn again.
func TestCodesAreDrawnUntilFree(t *testing.T) {
	// The second time "111111" is what was asked to be replaced: it must not go on.
	draws := []string{"111111", "111111", "111111", "222222", "222222", "111111", "333333"}
	next := 0
	s, world := newService(room.Options{NewCode: func() string { next++; return draws[next-1] }})
	first, second := create(t, s, "s1", "Alice"), create(t, s, "s2", "Bob")
	if code(t, s, first, "s1") != "111111" || code(t, s, second, "s2") != "222222" {
		t.Error("the codes are not those that were free")
	}
	enter(t, s, first, "c1")
	must(t, s.RotateCode(t.Context(), first.Room, first.ID))
	if got := last[room.CodeChanged](t, world.of(first.Room)); got.Code != "333333" {
		t.Errorf("turned to %s, want 333333", got.Code)
	}
	if err := s.RotateCode(t.Context(), first.Room, second.ID); !errors.Is(err, room.ErrNotMember) {
		t.Errorf("a stranger: err = %v, want ErrNotMember", err)
	}
}

func TestRandomCode(t *testing.T) {
	seen := map[string]bool{}
	for range 2000 {
		c := room.RandomCode()
		if !room.ValidCode(c) || c[0] == '0' {
			t.Fatalf("code %q", c)
		}
		seen[c] = true
	}
	if len(seen) < 1950 {
		t.Errorf("%d different codes of 2000", len(seen))
	}
}

// Each room's events are announced in the order of their sequence numbers, none
// missing, whatever many members do at once.
func TestAnnouncementsAreInOrder(t *testing.T) {
	s, world := newService(room.Options{Capacity: room.Capacity{Rooms: 10, RoomsPerAddress: 10}})
	var seats []room.Seat
	for i := range 4 {
		seats = append(seats, create(t, s, fmt.Sprint(i), "Alice"))
	}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 100 {
				seat := seats[(w+i)%len(seats)]
				conn := fmt.Sprintf("%d-%d", w, i)
				e := room.Attach{Room: seat.Room, Member: seat.ID, Conn: room.Conn{ID: conn}}
				if err := errors.Join(
					s.Connect(t.Context(), e),
					postBy(s, room.Caller{Room: seat.Room, Member: seat.ID, Conn: conn}, "hello"),
					s.Disconnect(t.Context(), seat.Room, seat.ID, conn, 0, false),
				); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, seat := range seats {
		for i, e := range world.of(seat.Room) {
			if e.Seq != uint64(i)+1 {
				t.Fatalf("event %d has sequence %d", i, e.Seq)
			}
		}
	}
}

// BenchmarkPost is the way of one message through the service, without the
// sockets.
func BenchmarkPost(b *testing.B) {
	for _, members := range []int{3, 50} {
		b.Run(fmt.Sprintf("members=%d", members), func(b *testing.B) {
			ctx := b.Context()
			s := room.NewService(room.Options{Store: watched{memstore.New(), silent{}}, Clean: func(t room.RawText) (string, room.Kind, error) { return t.Text, room.KindText, nil }})
			alice, err := s.Create(ctx, room.Creation{Session: "s", Name: "Alice"})
			if err != nil {
				b.Fatal(err)
			}
			page, err := s.Page(ctx, "s", alice.Path)
			if err != nil {
				b.Fatal(err)
			}
			admitted := []room.Seat{alice}
			enterAs := func(m room.Seat) {
				if err := s.Connect(ctx, room.Attach{Room: m.Room, Member: m.ID, Conn: room.Conn{ID: m.ID}}); err != nil {
					b.Fatal(err)
				}
			}
			by := func(m room.Seat) room.Caller { return room.Caller{Room: m.Room, Member: m.ID, Conn: m.ID} }
			enterAs(alice)
			for i := 1; i < members; i++ {
				seat, err := s.RequestJoin(ctx, room.Application{Session: fmt.Sprint(i), Name: fmt.Sprint("m", i), Code: page.Code})
				if err != nil {
					b.Fatal(err)
				}
				for _, m := range admitted {
					if err := s.Approve(ctx, by(m), seat.ID); err != nil {
						b.Fatal(err)
					}
				}
				admitted = append(admitted, seat)
				enterAs(seat)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Post(ctx, room.Draft{Caller: by(alice), Kind: room.KindText, Content: "hello, everybody"}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPostAgain is the way of one message that is posted again into a long
// log, where it is the latest one or, as if it were not there, the oldest.
func BenchmarkPostAgain(b *testing.B) {
	terms := room.DefaultTerms()
	for name, ref := range map[string]string{"latest": fmt.Sprint(terms.MaxMessages - 1), "oldest": "0"} {
		b.Run(name, func(b *testing.B) {
			ctx := b.Context()
			s := room.NewService(room.Options{Store: watched{memstore.New(), silent{}}, Clean: trim, Terms: terms})
			alice, err := s.Create(ctx, room.Creation{Session: "s", Name: "Alice"})
			if err != nil {
				b.Fatal(err)
			}
			c := room.Caller{Room: alice.Room, Member: alice.ID, Conn: "c"}
			if err := s.Connect(ctx, room.Attach{Room: c.Room, Member: c.Member, Conn: room.Conn{ID: c.Conn}}); err != nil {
				b.Fatal(err)
			}
			for i := range terms.MaxMessages {
				if _, err := s.Post(ctx, room.Draft{Caller: c, Kind: room.KindText, Content: "hello, everybody", Ref: fmt.Sprint(i)}); err != nil {
					b.Fatal(err)
				}
			}
			again := room.Draft{Caller: c, Kind: room.KindText, Content: "hello, everybody", Ref: ref, Again: true}
			b.ReportAllocs()
			for b.Loop() {
				if earlier, err := s.Post(ctx, again); earlier == nil || err != nil {
					b.Fatal(earlier, err)
				}
			}
		})
	}
}

type silent struct{}

func (silent) Announce(string, []room.Event) {}

// BenchmarkScheduler: one tick among many rooms touches the rooms that are due.
func BenchmarkScheduler(b *testing.B) {
	for _, rooms := range []int{1000, 100_000} {
		b.Run(fmt.Sprintf("rooms=%d", rooms), func(b *testing.B) {
			store := memstore.New()
			s := room.NewService(room.Options{
				Store: store, Clean: trim,
				Capacity: room.Capacity{Rooms: rooms, RoomsPerAddress: rooms},
			})
			for i := range rooms {
				seat, err := s.Create(b.Context(), room.Creation{Session: fmt.Sprint(i), Name: "Alice"})
				if err != nil {
					b.Fatal(err)
				}
				if err := s.Connect(b.Context(), room.Attach{Room: seat.Room, Member: seat.ID, Conn: room.Conn{ID: "c"}}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := s.TickDue(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Only what people type is cleaned. A sealed text goes through as it is.
func TestOnlyTextsAreCleaned(t *testing.T) {
	s, world := newService(room.Options{Clean: func(room.RawText) (string, room.Kind, error) {
		return "clean", room.KindText, nil
	}})
	alice := create(t, s, "s1", "Alice")
	enter(t, s, alice, "c1")
	for kind, want := range map[room.Kind]string{room.KindText: "clean", room.KindEnvelope: " as it is "} {
		_, err := s.Post(t.Context(), room.Draft{Caller: s.by(alice.Room, alice.ID), Kind: kind, Content: " as it is "})
		must(t, err)
		if got := last[room.MessagePosted](t, world.of(alice.Room)).Message; got.Content != want || got.Kind != kind {
			t.Errorf("of kind %d: %+v, want %q", kind, got, want)
		}
	}
}

// The key goes to the sanitiser where pages have it, and nowhere else.
func TestWhoeverCleansGetsTheKeyThatPagesHave(t *testing.T) {
	for _, given := range []bool{true, false} {
		var got room.RawText
		s, _ := newService(room.Options{KeyGiven: given, Clean: func(t room.RawText) (string, room.Kind, error) {
			got = t
			return t.Text, room.KindText, nil
		}})
		alice := create(t, s, "s1", "Alice")
		page, err := s.Page(t.Context(), "s1", alice.Path)
		if err != nil {
			t.Fatal(err)
		}
		enter(t, s, alice, "c1")
		must(t, post(s, alice, "hello"))
		want := room.RawText{Room: alice.Room, Text: "hello"}
		if given {
			want.Key = page.SharedKey
		}
		if got != want || page.SharedKey == "" {
			t.Errorf("given %v: cleaned %+v, want %+v", given, got, want)
		}
		if _, err := s.Post(t.Context(), room.Draft{Caller: room.Caller{Room: "nowhere", Member: alice.ID}, Kind: room.KindText, Content: "hello"}); !errors.Is(err, room.ErrNotFound) {
			t.Errorf("in no room: err = %v", err)
		}
	}
}

package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"securechat/internal/network"
	"securechat/room"
)

const rightCode = "424242"

// door is a service whose only code is rightCode.
func door() *fakeService {
	return &fakeService{join: func(a room.Application) (room.Seat, error) {
		if a.Code != rightCode {
			return room.Seat{}, room.ErrNoSuchCode
		}
		return room.Seat{ID: knockID, Room: roomID, Name: a.Name, Path: knockID}, nil
	}}
}

// guesser tries codes from one address, with one token.
func guesser(b *browser, address string) func(code string) answer {
	b.t.Helper()
	guest := newBrowser(b.t, b.handler)
	guest.address = address + ":1"
	token := guest.token()
	return func(code string) answer {
		return guest.do(http.MethodPost, "/join", url.Values{"csrf_token": {token}, "room_code": {code}, "display_name": {"Anna"}})
	}
}

// The bound that limits.go promises: an address that guesses all day finds one
// given room's code with less than 1 %.
func TestGuessingBound(t *testing.T) {
	const codes = 999_999 - 100_000 + 1
	day := 24 * time.Hour
	windows := int(day/time.Hour) + 1 // a day touches one window more than it has hours
	most := windows * wrongPerHour
	if chance := 2 * float64(most) / codes; chance >= 0.006 { // the code before may still hold
		t.Errorf("%d guesses a day find one of 2 in %d codes with %.2f %%", most, codes, 100*chance)
	}
}

// The same through the limiter: somebody who tries every second of a day.
func TestGuessingAllDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuesses()
		checked, perMinute := 0, map[time.Time]int{}
		for range 24 * 60 * 60 {
			_, err := g.try(network.Of("192.0.2.1"), func() bool {
				checked++
				perMinute[time.Now().Truncate(time.Minute)]++
				return true
			})
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if chance := 2 * float64(checked) / 900_000; chance >= 0.006 {
			t.Errorf("%d guesses: a chance of %.2f %%", checked, 100*chance)
		}
		if checked < 24*wrongPerHour/2 {
			t.Errorf("only %d guesses: the limiter is stricter than it says", checked)
		}
		for minute, n := range perMinute {
			if n > wrongPerMinute {
				t.Errorf("%d guesses in the minute of %v", n, minute)
			}
		}
	})
}

func TestWrongCodesOfAnAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := door()
		refused := &refusals{}
		b := newBrowser(t, newHandler(t, service, func(o *Options) { o.Metrics = refused }))
		guess := guesser(b, "192.0.2.1")

		// Right codes are free.
		for range 30 {
			guess(rightCode).want(t, 200)
		}
		for i := range wrongPerMinute {
			guess(strconv.Itoa(100_000+i)).want(t, 404, "Room not found.")
		}
		asked := len(service.applications)
		wrong, right := guess("999999"), guess(rightCode)
		wrong.want(t, 429, "Too many wrong room codes", `href="/"`)
		right.want(t, 429)
		// The answer of a limited address does not tell a right code from a wrong one.
		if wrong.body != right.body || wrong.Header.Get("Retry-After") != right.Header.Get("Retry-After") {
			t.Error("the answers differ")
		}
		if len(service.applications) != asked {
			t.Error("the code of a limited address was looked up")
		}
		if refused.counts["join/wrong codes"] != 2 {
			t.Errorf("counted %v", refused.counts)
		}
		// Others are not concerned.
		guesser(b, "192.0.2.2")(rightCode).want(t, 200)

		after, err := strconv.Atoi(wrong.Header.Get("Retry-After"))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(after) * time.Second)
		guess(rightCode).want(t, 200)
	})
}

// Malformed input is no guess, and neither is a room that has no place.
func TestOnlyWrongCodesCount(t *testing.T) {
	for _, err := range []error{room.ErrMalformedCode, room.ErrNameTaken, room.ErrRoomFull, room.ErrTooManyKnocks, &room.NameError{Problem: room.NameBlank}, errors.New("store away")} {
		service := &fakeService{join: func(room.Application) (room.Seat, error) { return room.Seat{}, err }}
		b := newBrowser(t, newHandler(t, service))
		guess := guesser(b, "192.0.2.1")
		for range wrongPerMinute + 5 {
			guess("123456")
		}
		if len(service.applications) != wrongPerMinute+5 {
			t.Errorf("%v: refused after %d", err, len(service.applications))
		}
	}
}

// Many addresses together: each is within its own limit, and all of them are
// braked, but people who type the right code do not notice.
func TestManyGuessers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := door()
		b := newBrowser(t, newHandler(t, service))
		botnet := make([]func(string) answer, 100)
		for i := range botnet {
			botnet[i] = guesser(b, fmt.Sprintf("198.51.100.%d", i+1))
		}
		// An early slip of the finger, before any attack.
		clumsy := guesser(b, "203.0.113.7")
		clumsy("111111").want(t, 404)

		checked := func() int {
			before := len(service.applications)
			for _, guess := range botnet {
				guess("111111")
			}
			return len(service.applications) - before
		}
		rounds := 0
		for checked() > 0 {
			if rounds++; rounds > 20 {
				t.Fatal("never braked")
			}
			time.Sleep(time.Second)
		}
		if total := len(service.applications); total > wrongInTotal+len(botnet)+1 {
			t.Errorf("%d wrong guesses before the brake", total)
		}

		// Somebody new gets in at the first try, and after a slip as well.
		guesser(b, "203.0.113.1")(rightCode).want(t, 200)
		careless := guesser(b, "203.0.113.2")
		careless("111111").want(t, 404)
		careless(rightCode).want(t, 200)
		clumsy(rightCode).want(t, 200)

		// But a newcomer has no more than a few guesses.
		fresh := guesser(b, "203.0.113.3")
		for range wrongWhenBraked {
			fresh("111111").want(t, 404)
		}
		held := fresh(rightCode)
		held.want(t, 429)

		// The brake keeps holding through the hour; the botnet as a whole is slowed.
		before := len(service.applications)
		for range 60 {
			time.Sleep(time.Minute)
			checked()
		}
		if n := len(service.applications) - before; n > 2*wrongWhenBraked*len(botnet) {
			t.Errorf("%d guesses in the hour after", n)
		}
		after, err := strconv.Atoi(held.Header.Get("Retry-After"))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(after) * time.Second)
		fresh(rightCode).want(t, 200)
	})
}

// A thousand attempts at the same instant are no way around the limit.
func TestGuessesAtOnce(t *testing.T) {
	g := newGuesses()
	var checked atomic.Int32
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			if _, err := g.try(network.Of("192.0.2.1"), func() bool {
				checked.Add(1)
				time.Sleep(time.Millisecond) // a store that takes its time lets the others catch up
				return true
			}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := checked.Load(); n > 2*wrongPerMinute { // two, for the turn of a minute
		t.Errorf("%d codes were checked", n)
	}
}

// An address is that of an IPv6 subscriber's network, and the networks around it may be
// wrong so many times as often, all of their addresses together.
func TestGuessesOfANetwork(t *testing.T) {
	for _, tt := range []struct {
		name, address string // with a place for a number that makes another one
		times         int    // as often as one address may
		neighbour     string // of the same network
		stranger      string
	}{
		{"/64", "[2001:db8:1:2::%x]", 1, "[2001:db8:1:2:ffff::1]", "[2001:db8:1:3::1]"},
		{"/56", "[2001:db8:1:0:%x::1]", 1, "[2001:db8:1:0:ffff::2]", "[2001:db8:1:1::1]"},
		{"/56 by many /64", "[2001:db8:1:%x::1]", 4, "[2001:db8:1:ff::1]", "[2001:db8:1:100::1]"},
		{"/48 by many /56", "[2001:db8:1:%x00::1]", 16, "[2001:db8:1:ff00::1]", "[2001:db8:2::1]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // all of it in one minute
				b := newBrowser(t, newHandler(t, door()))
				for i := range tt.times * wrongPerMinute {
					guesser(b, fmt.Sprintf(tt.address, i%100+1))("111111").want(t, 404)
				}
				guesser(b, tt.neighbour)(rightCode).want(t, 429)
				guesser(b, tt.stranger)(rightCode).want(t, 200)
			})
		})
	}
}

// The same for forms and pages. Whoever asks too often alone takes nothing from the
// others of their network.
func TestRequestLimitsOfANetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBrowser(t, newHandler(t, &fakeService{}))
		token := b.token()
		create := func(address string) int {
			b.address = address + ":1"
			return b.do("POST", "/", url.Values{"csrf_token": {token}, "display_name": {"Anna"}}).StatusCode
		}
		for range 10 * createsPerMinute {
			create("[2001:db8:1:0::1]")
		}
		for i := range 3 * createsPerMinute {
			if status := create(fmt.Sprintf("[2001:db8:1:%x::1]", i%64+1)); status != http.StatusFound {
				t.Fatalf("%d: %d", i, status)
			}
		}
		if status := create("[2001:db8:1:ff::1]"); status != http.StatusTooManyRequests {
			t.Errorf("one more of the /56: %d", status)
		}
		if status := create("[2001:db8:1:100::1]"); status != http.StatusFound {
			t.Errorf("another /56: %d", status)
		}
		if status := create("192.0.2.1"); status != http.StatusFound {
			t.Errorf("another address: %d", status)
		}
	})
}

func TestRequestLimits(t *testing.T) {
	for _, test := range []struct {
		name string
		max  int
		do   func(b *browser, token string) answer
	}{
		{"page", pagesPerMinute, func(b *browser, _ string) answer { return b.get("/room/" + roomID) }},
		{"create", createsPerMinute, func(b *browser, token string) answer {
			return b.do("POST", "/", url.Values{"csrf_token": {token}, "display_name": {"Anna"}})
		}},
		{"join", joinsPerMinute, func(b *browser, token string) answer { return b.do("POST", "/join", joinForm(token)) }},
		{"status", pagesPerMinute, func(b *browser, _ string) answer { return b.get("/room/" + roomID + "/status") }},
		{"handshake", handshakesPerMinute, func(b *browser, _ string) answer { return b.get("/socket.io/?EIO=4&transport=polling") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				refused := &refusals{}
				b := newBrowser(t, newHandler(t, &fakeService{}, func(o *Options) {
					o.Metrics = refused
					o.Socket = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
				}))
				token := b.token()
				if test.name == "page" {
					time.Sleep(2 * time.Minute) // the visit for the token counts
				}
				for i := range test.max {
					if got := test.do(b, token); got.StatusCode == http.StatusTooManyRequests {
						t.Fatalf("refused after %d", i)
					}
				}
				got := test.do(b, token)
				got.want(t, 429, "Too many requests", `href="/"`)
				if got.Header.Get("Retry-After") != "60" {
					t.Errorf("Retry-After %q", got.Header.Get("Retry-After"))
				}
				if refused.counts[test.name+"/rate limit"] != 1 {
					t.Errorf("counted %v", refused.counts)
				}
				// Another address is not concerned.
				other := newBrowser(t, b.handler)
				other.address = "192.0.2.2:1"
				other.cookies = b.cookies
				if got := test.do(other, token); got.StatusCode == http.StatusTooManyRequests {
					t.Error("another address was refused")
				}
				if test.name == "handshake" {
					// A client that is connected stays connected.
					b.get("/socket.io/?EIO=4&transport=polling&sid=x").want(t, 204)
				}
				time.Sleep(2 * time.Minute)
				if got := test.do(b, token); got.StatusCode == http.StatusTooManyRequests {
					t.Error("refused after two minutes")
				}
			})
		})
	}
}

func TestLimitsOff(t *testing.T) {
	b := newBrowser(t, newHandler(t, door(), func(o *Options) { o.RateLimits = false }))
	guess := guesser(b, "192.0.2.1")
	for range joinsPerMinute + wrongPerHour {
		guess("111111").want(t, 404)
	}
	guess(rightCode).want(t, 200)
}

func TestCounterIsBounded(t *testing.T) {
	c := newCounter(100)
	c.Config(0, time.Minute)
	window := time.Now().Truncate(time.Minute)
	for i := range 10_000 {
		if err := c.Increment(strconv.Itoa(i), window); err != nil {
			t.Fatal(err)
		}
	}
	if len(c.counts) != 100 {
		t.Errorf("%d keys", len(c.counts))
	}
	// A known key is counted on.
	if err := c.IncrementBy("9999", window, 5); err != nil {
		t.Fatal(err)
	}
	if n, _, _ := c.Get("9999", window, window.Add(-time.Minute)); n != 6 {
		t.Errorf("count %d, want 6", n)
	}
}

func TestCounterWindows(t *testing.T) {
	c := newCounter(10)
	c.Config(0, time.Minute)
	start := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	get := func(window time.Time) [2]int {
		t.Helper()
		current, previous, err := c.Get("a", window, window.Add(-time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		return [2]int{current, previous}
	}
	if err := c.IncrementBy("a", start, 3); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		window time.Time
		want   [2]int
	}{
		{start, [2]int{3, 0}},
		{start.Add(time.Minute), [2]int{0, 3}},
		{start, [2]int{0, 3}}, // a clock that goes back is ignored
		{start.Add(3 * time.Minute), [2]int{0, 0}},
	} {
		if got := get(step.window); got != step.want {
			t.Errorf("%v: %v, want %v", step.window, got, step.want)
		}
	}
}

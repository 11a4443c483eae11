package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/httprate"
)

// Limits per address (see AddressKey) and minute. They are meant to be out of
// reach for people, for many of them behind one address as well: an office that
// comes back from a power cut, a class that joins a room at the same moment.
const (
	createsPerMinute    = 60
	joinsPerMinute      = 180
	pagesPerMinute      = 1200
	handshakesPerMinute = 1200
)

// limit returns a middleware that lets an address pass so many times a minute.
func (s *server) limit(where string, perMinute int) func(http.Handler) http.Handler {
	if !s.limited {
		return func(next http.Handler) http.Handler { return next }
	}
	key := func(r *http.Request) (string, error) { return AddressKey(r), nil }
	return httprate.LimitBy(perMinute, time.Minute, key,
		httprate.WithLimitCounter(newCounter(maxCounted)),
		httprate.WithResponseHeaders(httprate.ResponseHeaders{}),
		httprate.WithLimitHandler(func(w http.ResponseWriter, r *http.Request) {
			s.refuse(w, r, problem{
				status: http.StatusTooManyRequests,
				text:   "There were too many requests from your address. Please try again in a minute.",
				retry:  time.Minute,
				where:  where, reason: "rate limit",
			})
		}))
}

// Limits of wrong codes. Right ones are not counted.
//
// An address that guesses all day gets 24 windows of wrongPerHour wrong codes
// and a part of one more, 2,500 at most. There are 900,000 codes, and at
// most two of them hold for a room at a time, so each guess hits one of a given room's
// with a chance of 2 in 900,000 at best, however often the code turns: together less
// than 0.6 %.
//
// Somebody with many addresses gets that much for each of them, so beyond
// wrongInTotal an hour, all addresses together, an address that has guessed
// wrongly within the hour or two is held to wrongWhenBraked. Everybody else,
// with no wrong guess to their address, is not affected: a right code lets them
// in at the first try, and a slip of the finger leaves them two more.
const (
	wrongPerMinute  = 10
	wrongPerHour    = 100
	wrongInTotal    = 300
	wrongWhenBraked = 3
)

// guesses limits how often an address may be wrong about a room's code. It is
// safe for concurrent use.
type guesses struct {
	minute, hour, total *httprate.RateLimiter
	addresses           stripes
}

func newGuesses() *guesses {
	limiter := func(limit int, window time.Duration, keys int) *httprate.RateLimiter {
		return httprate.NewRateLimiter(limit, window, httprate.WithLimitCounter(newCounter(keys)))
	}
	return &guesses{
		minute: limiter(wrongPerMinute, time.Minute, maxCounted),
		hour:   limiter(wrongPerHour, time.Hour, maxCounted),
		total:  limiter(wrongInTotal, time.Hour, 1),
	}
}

// everybody is the key of the limiter that counts all addresses together.
const everybody = ""

// try calls check, which reports whether a code was wrong, unless the address
// has been wrong too often; then it returns when to try again. What check would
// have said has no influence on that.
//
// The attempts of one address wait for each other, so that none of them can
// start before the one before it is counted.
func (g *guesses) try(address string, check func() (wrong bool)) (retry time.Duration, err error) {
	defer g.addresses.lock(address)()
	if retry, err = g.wait(address); err != nil || retry > 0 {
		return retry, err
	}
	if check() {
		err = g.count(address)
	}
	return 0, err
}

// wait returns how long the address has to wait at most for its next attempt.
// A count fades during the window after its own, hence the addition.
func (g *guesses) wait(address string) (time.Duration, error) {
	full, err := reached(g.minute, address, wrongPerMinute)
	if err != nil || full {
		return time.Minute + time.Minute/wrongPerMinute, err
	}
	braked, err := reached(g.total, everybody, wrongInTotal)
	if err != nil {
		return 0, err
	}
	limit, wait := wrongPerHour, time.Hour+time.Hour/wrongPerHour
	if braked {
		limit, wait = wrongWhenBraked, 2*time.Hour
	}
	full, err = reached(g.hour, address, limit)
	if err != nil || full {
		return wait, err
	}
	return 0, nil
}

// reached reports whether one more would be beyond the limit.
func reached(limiter *httprate.RateLimiter, key string, limit int) (bool, error) {
	_, rate, err := limiter.Status(key)
	return rate+1 > float64(limit), err
}

func (g *guesses) count(address string) error {
	now := time.Now().UTC()
	for _, entry := range []struct {
		limiter *httprate.RateLimiter
		key     string
		window  time.Duration
	}{
		{g.minute, address, time.Minute},
		{g.hour, address, time.Hour},
		{g.total, everybody, time.Hour},
	} {
		if err := entry.limiter.Counter().Increment(entry.key, now.Truncate(entry.window)); err != nil {
			return err
		}
	}
	return nil
}

func tooManyGuesses(retry time.Duration) problem {
	wait := "a minute"
	if retry > 2*time.Minute {
		wait = "up to " + strconv.Itoa(int(retry.Minutes())) + " minutes"
	}
	return problem{
		status: http.StatusTooManyRequests,
		text:   "There were too many wrong room codes from your address. Please wait " + wait + ", and ask somebody in the room for its present code.",
		retry:  retry,
		where:  "join", reason: "wrong codes",
	}
}

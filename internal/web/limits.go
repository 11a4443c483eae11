package web

import (
	"math"
	"net/http"
	"time"

	"github.com/go-chi/httprate"

	"securechat/internal/network"
	"securechat/internal/refusal"
)

// Limits per address and minute. The wider networks around an address have their shares;
// see package network. The limits are out of reach for people, even for many of them
// behind one address: an office that comes back from a power cut, a class that joins a
// room at the same moment.
const (
	createsPerMinute    = 60
	joinsPerMinute      = 180
	leavesPerMinute     = 180
	pagesPerMinute      = 1200
	handshakesPerMinute = 1200
)

// limit returns a middleware that lets an address pass so many times a minute.
func (s *server) limit(where string, perMinute int) func(http.Handler) http.Handler {
	if !s.limited {
		return func(next http.Handler) http.Handler { return next }
	}
	limiter := httprate.NewRateLimiter(perMinute, time.Minute,
		httprate.WithLimitCounter(newCounter(maxCounted)),
		httprate.WithResponseHeaders(httprate.ResponseHeaders{}),
		httprate.WithErrorHandler(func(_ http.ResponseWriter, _ *http.Request, err error) {
			s.log.Error("a request could not be counted", "error", err) // the request is refused below
		}))
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// The narrowest network comes first. A request that it refuses is not counted in
			// the networks that the address shares with others.
			for _, n := range Networks(r) {
				counted := r.WithContext(httprate.WithRequestLimit(r.Context(), perMinute*n.Share))
				if !limiter.OnLimit(w, counted, n.Key) {
					continue
				}
				s.refuse(w, r, problem{
					status: http.StatusTooManyRequests,
					code:   refusal.TooManyRequests,
					retry:  time.Minute,
					where:  where, reason: "rate limit",
				})
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// Limits of wrong codes. Right ones are not counted.
//
// An address that guesses all day gets 24 windows of wrongPerHour wrong codes and a part
// of one more, 2,500 at most. There are 900,000 codes, and at most two of them hold for a
// room at a time. Each guess hits a given room with a chance of 2 in 900,000 at best,
// however often the code turns. The chance of all 2,500 together is less than 0.6 %.
//
// A wider IPv6 network gets its share of that for all of its addresses together.
//
// Somebody with many addresses gets that much for each of them. So beyond wrongInTotal
// wrong codes an hour, all addresses together, an address that has guessed wrongly within
// the last hour or two is held to wrongWhenBraked. Addresses without a wrong guess are not
// affected: a right code lets people in at the first try, and after a slip of the finger
// they have two more tries.
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
	networks            stripes // the key is the widest network
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

// try calls check, which reports whether a code was wrong. If one of the client's networks
// has been wrong too often, it returns when to try again instead, and does not call check.
// So a refusal tells nothing about the code.
//
// The attempts of one network wait for each other, so that each is counted before the
// next one starts. The lock is the widest network's, which holds all the others.
func (g *guesses) try(networks []network.Network, check func() (wrong bool)) (retry time.Duration, err error) {
	defer g.networks.lock(networks[len(networks)-1].Key)()
	for _, n := range networks {
		wait, err := g.wait(n)
		if err != nil {
			return 0, err
		}
		retry = max(retry, wait)
	}
	if retry == 0 && check() {
		err = g.count(networks)
	}
	return retry, err
}

// wait returns how long the network has to wait at most for its next attempt. A count
// fades during the window after its own, which is added for that reason.
func (g *guesses) wait(n network.Network) (time.Duration, error) {
	full, err := reached(g.minute, n.Key, wrongPerMinute*n.Share)
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
	full, err = reached(g.hour, n.Key, limit*n.Share)
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

// count notes a wrong code.
func (g *guesses) count(networks []network.Network) error {
	now := time.Now().UTC()
	minute, hour := now.Truncate(time.Minute), now.Truncate(time.Hour)
	for _, n := range networks {
		if err := g.minute.Counter().Increment(n.Key, minute); err != nil {
			return err
		}
		if err := g.hour.Counter().Increment(n.Key, hour); err != nil {
			return err
		}
	}
	return g.total.Counter().Increment(everybody, hour)
}

func tooManyGuesses(retry time.Duration) problem {
	return problem{
		status:  http.StatusTooManyRequests,
		code:    refusal.TooManyWrongCodes,
		minutes: int(math.Ceil(retry.Minutes())),
		retry:   retry,
		where:   "join", reason: "wrong codes",
	}
}

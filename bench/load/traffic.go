package load

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync/atomic"
	"syscall"
	"time"
)

// Traffic says what a crowd does and for how long.
type Traffic struct {
	// Senders is how many members of each room speak; 0 means all.
	Senders int
	// Rate is how many deliveries there are to be in a second, all rooms
	// together: an open loop, on a schedule that does not wait for the server.
	// With 0 it is a closed loop: who hears their own message sends the next.
	Rate float64
	// Warmup comes before the window that is measured, Duration is the window's.
	Warmup, Duration time.Duration
	// Edge is called at the window's beginning and end, to read the meters.
	// It may be nil.
	Edge func() error
}

// Result is what was measured in the window.
type Result struct {
	// Deliveries is how many messages were received, Elapsed in what time.
	Deliveries uint64
	Elapsed    time.Duration
	// Echo are the times, in ascending order, from when a message was due to
	// when its sender received it. In a closed loop that is when it was sent.
	Echo []time.Duration
}

// errNothing: the server, or this process, had no time for as much as one message.
var errNothing = errors.New("nothing was delivered")

// Run has the crowd speak. It returns an error if anything went wrong, the
// loss or disorder of a single message included; so what it returns was measured
// with every message delivered.
func (c *Crowd) Run(ctx context.Context, t Traffic) (Result, error) {
	senders, err := c.senders(t.Senders)
	if err != nil {
		return Result{}, err
	}
	stop, err := c.start(senders, t.Rate)
	if err != nil {
		return Result{}, err
	}
	result, err := c.measure(ctx, t)
	if stopErr := stop(); err == nil {
		err = stopErr
	}
	if err == nil {
		err = c.verify(ctx)
	}
	if err != nil {
		return Result{}, err
	}
	result.Echo = c.echoes()
	return result, nil
}

// senders returns who speaks, those of one room far from each other: so an open
// loop spreads its messages over the rooms.
func (c *Crowd) senders(n int) ([]*socket, error) {
	size := c.rooms[0].size
	if n == 0 {
		n = size
	}
	if n < 0 || n > size {
		return nil, fmt.Errorf("a room of %d cannot have %d senders", size, n)
	}
	var senders []*socket
	for member := range n {
		for _, r := range c.rooms {
			senders = append(senders, r.sockets[member])
		}
	}
	return senders, nil
}

// start begins to send. The function that it returns ends that, and says what
// went wrong with it.
func (c *Crowd) start(senders []*socket, rate float64) (stop func() error, err error) {
	if rate > 0 {
		between := time.Duration(float64(time.Second) * float64(c.rooms[0].size) / rate)
		return c.pace(senders, between), nil
	}
	c.looping.Store(true)
	for _, s := range senders {
		if err := s.post(c.now()); err != nil {
			return nil, err
		}
	}
	return func() error {
		c.looping.Store(false)
		return nil
	}, nil
}

// pace sends messages at equal distances, whatever the server does. Each is
// stamped with the time that it was due: if one has to wait for those before it,
// then so would a person, and it counts as latency.
func (c *Crowd) pace(senders []*socket, between time.Duration) (stop func() error) {
	var stopped atomic.Bool
	done := make(chan error, 1)
	start := c.now()
	go func() {
		// The runtime's timers are a millisecond coarse; this thread's are not.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for n := int64(0); !stopped.Load(); n++ {
			due := start + n*int64(between)
			sleepFor(due - c.now())
			if err := senders[n%int64(len(senders))].post(due); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	return func() error {
		stopped.Store(true)
		return <-done
	}
}

// sleepFor sleeps for some nanoseconds, not at all if they are negative. A
// signal may end it early, by less than matters here.
func sleepFor(ns int64) {
	if ns > 0 {
		wait := syscall.NsecToTimespec(ns)
		_ = syscall.Nanosleep(&wait, nil)
	}
}

// measure waits for the window to pass and returns what was delivered in it.
func (c *Crowd) measure(ctx context.Context, t Traffic) (Result, error) {
	if err := c.wait(ctx, t.Warmup); err != nil {
		return Result{}, err
	}
	if err := edge(t); err != nil {
		return Result{}, err
	}
	begin, before := c.now(), c.deliveries()
	c.from.Store(begin)
	if err := c.wait(ctx, t.Duration); err != nil {
		return Result{}, err
	}
	end, after := c.now(), c.deliveries()
	if err := edge(t); err != nil {
		return Result{}, err
	}
	if after == before {
		return Result{}, errNothing
	}
	return Result{Deliveries: after - before, Elapsed: time.Duration(end - begin)}, nil
}

func edge(t Traffic) error {
	if t.Edge == nil {
		return nil
	}
	return t.Edge()
}

// wait returns after d, or with an error as soon as something has gone wrong.
func (c *Crowd) wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-c.failed:
		return c.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// echoes collects what the sockets have measured, when nothing is under way.
func (c *Crowd) echoes() []time.Duration {
	c.from.Store(math.MaxInt64)
	var all []time.Duration
	for _, r := range c.rooms {
		for _, s := range r.sockets {
			for _, ns := range s.latencies {
				all = append(all, time.Duration(ns))
			}
			s.latencies = s.latencies[:0]
		}
	}
	slices.Sort(all)
	return all
}

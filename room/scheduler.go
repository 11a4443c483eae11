package room

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// retryDelay is the pause after the store failed, before it is asked again.
const retryDelay = time.Second

// Run sleeps to the next deadline of any room, does what is due, and so on
// until ctx is done. It is the one timer of all rooms; run it once a process.
func (s *Service) Run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := s.tickDue(ctx); err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "deadlines not met, trying again", "error", err, "in", retryDelay)
			s.alarm.set(time.Now().Add(retryDelay))
		}
		s.alarm.sleep(ctx)
	}
}

// tickDue does what is due in every room that has something due, and sets the
// alarm to the next deadline. A failing room does not keep the others from
// their turn.
func (s *Service) tickDue(ctx context.Context) error {
	s.alarm.clear()
	ids, next, err := s.store.Due(ctx, time.Now())
	if err != nil {
		return err
	}
	s.alarm.set(next)
	var failed error
	for _, id := range ids {
		if err := s.tick(ctx, id); err != nil {
			failed = err
		}
	}
	return failed
}

// alarm is a timer that any goroutine can set to an earlier time while
// another one sleeps on it.
type alarm struct {
	wake chan struct{}

	mu sync.Mutex
	at time.Time // zero: not set
}

func (a *alarm) clear() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.at = time.Time{}
}

// set brings the alarm forward to t. A later t than the present one, or a zero
// t, changes nothing.
func (a *alarm) set(t time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if t.IsZero() || !a.at.IsZero() && !t.Before(a.at) {
		return
	}
	a.at = t
	select {
	case a.wake <- struct{}{}:
	default: // the sleeper has a wake-up call waiting and will read at
	}
}

func (a *alarm) time() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.at
}

// sleep returns when the alarm's time has come, or ctx is done.
func (a *alarm) sleep(ctx context.Context) {
	for {
		var ring <-chan time.Time // blocks for ever while nothing is set
		if at := a.time(); !at.IsZero() {
			ring = time.After(time.Until(at))
		}
		select {
		case <-ctx.Done():
			return
		case <-ring:
			return
		case <-a.wake:
		}
	}
}

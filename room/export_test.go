package room

import "context"

// TickDue lets the benchmark take one turn of the scheduler.
func (s *Service) TickDue(ctx context.Context) error { return s.tickDue(ctx) }

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"securechat/bench/load"
	"securechat/bench/proc"
)

// idleTime is how long idle connections are left alone before their memory is
// measured.
const idleTime = 5 * time.Second

// maxDisturbed is how much of a CPU others may take, in percent. A measurement that was
// disturbed more is made again, attempts times at the most.
const (
	maxDisturbed = 10
	attempts     = 4
)

// undisturbed measures, a few times at most, until nobody has taken much CPU time
// meanwhile, and returns the figures of the least disturbed attempt.
func undisturbed(ctx context.Context, measure func() (figures, error), progress io.Writer) (figures, error) {
	best, err := measure()
	for i := 1; i < attempts && err == nil && best[others] > maxDisturbed && ctx.Err() == nil; i++ {
		fmt.Fprintf(progress, "disturbed, again: %s\n", best)
		var f figures
		if f, err = measure(); err == nil && f[others] < best[others] {
			best = f
		}
	}
	return best, err
}

// once runs one scenario on one server, which is started for it.
func once(ctx context.Context, srv *server, sc scenario, o options, pinned bool) (f figures, err error) {
	p, err := srv.start(ctx, pinned)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()

	f = noFigures()
	if sc.idle > 0 {
		idle, err := f.idle(ctx, p, load.Rooms{First: srv.take(sc.idle / idleRoom), Count: sc.idle / idleRoom, Members: idleRoom})
		if err != nil {
			return f, err
		}
		defer func() { err = errors.Join(err, idle.Err()); idle.Close() }()
	}
	if sc.rooms > 0 {
		rooms := load.Rooms{First: srv.take(sc.rooms), Count: sc.rooms, Members: sc.members}
		traffic := load.Traffic{Senders: sc.senders, Rate: sc.rate, Warmup: o.warmup, Duration: o.duration}
		if err := f.talk(ctx, p, rooms, traffic); err != nil {
			return f, err
		}
	}
	return f, nil
}

// take returns the number of the first of n rooms that were not used yet.
func (s *server) take(n int) int {
	first := s.rooms
	s.rooms += n
	return first
}

// idle connects a crowd and measures what it takes of the server's memory.
func (f *figures) idle(ctx context.Context, p *process, rooms load.Rooms) (*load.Crowd, error) {
	before, err := p.memory()
	if err != nil {
		return nil, err
	}
	crowd, err := load.Gather(ctx, p.target, rooms)
	if err != nil {
		return nil, err
	}
	select {
	case <-time.After(idleTime):
	case <-ctx.Done():
	}
	after, err := p.memory()
	if err := errors.Join(err, ctx.Err(), crowd.Err()); err != nil {
		crowd.Close()
		return nil, err
	}
	if p.pid != 0 {
		f[memory] = float64(after-before) / 1024 / float64(rooms.Count*rooms.Members)
	}
	return crowd, nil
}

// talk connects a crowd, has it talk, and measures that.
func (f *figures) talk(ctx context.Context, p *process, rooms load.Rooms, traffic load.Traffic) error {
	crowd, err := load.Gather(ctx, p.target, rooms)
	if err != nil {
		return err
	}
	defer crowd.Close()
	var meters []meter
	traffic.Edge = func() error {
		m, err := p.read()
		meters = append(meters, m)
		return err
	}
	r, err := crowd.Run(ctx, traffic)
	if err != nil {
		return err
	}
	begin, end := meters[0], meters[1]
	f[rate] = float64(r.Deliveries) / r.Elapsed.Seconds()
	spent := end.minus(begin)
	f[generator] = percent(spent.generator, r.Elapsed)
	if p.pid != 0 {
		f[cpu] = float64(spent.server) / float64(time.Microsecond) / float64(r.Deliveries)
		f[others] = max(0, percent(spent.machine-spent.generator-spent.server, r.Elapsed))
	}
	for column, p := range map[column]float64{p50: 50, p99: 99, p999: 99.9} {
		f[column] = float64(load.Percentile(r.Echo, p)) / float64(time.Millisecond)
	}
	return nil
}

func percent(part, whole time.Duration) float64 { return float64(part) / float64(whole) * 100 }

// meter is for how long CPUs were used so far: by the two, and by anybody.
type meter struct{ server, generator, machine time.Duration }

func (m meter) minus(n meter) meter {
	return meter{m.server - n.server, m.generator - n.generator, m.machine - n.machine}
}

func (p *process) read() (m meter, err error) {
	if m.machine, err = proc.Busy(); err != nil {
		return m, err
	}
	if m.generator, err = proc.CPU(os.Getpid()); err != nil || p.pid == 0 {
		return m, err
	}
	m.server, err = proc.CPU(p.pid)
	return m, err
}

func (p *process) memory() (int64, error) {
	if p.pid == 0 {
		return 0, nil
	}
	bytes, err := proc.RSS(p.pid)
	if err != nil {
		return 0, fmt.Errorf("memory of the server: %w", err)
	}
	return bytes, nil
}

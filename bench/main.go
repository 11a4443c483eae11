// Command bench puts this chat server and its peers under load, one after the
// other, and prints what they cost in one table: deliveries a second, server CPU
// for each, echo latency, and memory for each idle connection. See -help.
//
// The peers are Socket.IO on Node and the floor, the least that a
// straightforward server does. The same generator drives all of them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"
)

const usage = `Usage: go run ./bench [flags]

Without flags, all servers in turn, in all the usual scenarios. With any of
-rooms, -members, -senders, -mode, -rate and -idle, only the scenario that these
describe. With -url a server that runs already; it needs RATE_LIMITS=off for
closed loops, and MAX_ROOMS according to the number of rooms. Name -servers as well
to hold it against them.

`

// options are what the flags say.
type options struct {
	url              string
	pid              int
	servers          []string
	repeat           int
	warmup, duration time.Duration
	scenarios        []scenario
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:gocritic // there is nothing left to stop
	}
}

// run measures and prints the table; progress is told to another writer.
func run(ctx context.Context, args []string, out, progress io.Writer) error {
	o, err := parse(args, progress)
	if err != nil {
		return err
	}
	// Pauses of our own garbage collection would look like the server's.
	debug.SetGCPercent(400)
	// On the one CPU that this process gets, whoever sleeps on a schedule must not
	// keep the others from reading meanwhile.
	runtime.GOMAXPROCS(2)

	servers, err := build(ctx, o, progress)
	if err != nil {
		return err
	}
	defer servers.remove()
	pinned, err := pinSelf(ctx)
	if err != nil {
		return err
	}
	if !pinned {
		fmt.Fprintln(progress, "There are no two CPUs, or no taskset: the generator takes time from the servers.")
	}
	t := table{scenarios: o.scenarios, servers: servers.names(), cells: make(map[cell][]figures)}
	for n := range o.repeat {
		for _, sc := range o.scenarios {
			for _, srv := range servers.list {
				f, err := undisturbed(ctx, func() (figures, error) { return once(ctx, srv, sc, o, pinned) }, progress)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", srv.name, sc.name, err)
				}
				t.add(sc, srv.name, f)
				fmt.Fprintf(progress, "%d of %d: %s, %s: %s\n", n+1, o.repeat, sc.name, srv.name, f)
			}
		}
	}
	return t.write(out, o, pinned)
}

func parse(args []string, progress io.Writer) (options, error) {
	var o options
	var custom scenario
	var mode, servers string
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(progress)
	flags.Usage = func() {
		fmt.Fprint(progress, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.url, "url", "", "a server of the contract that runs already, as http://host:port")
	flags.IntVar(&o.pid, "pid", 0, "the process of the server at -url, for its CPU and memory")
	flags.StringVar(&servers, "servers", strings.Join(known, ","), "which servers to build and run")
	flags.IntVar(&o.repeat, "repeat", 2, "how often to measure everything, in turn; the median is printed")
	flags.DurationVar(&o.warmup, "warmup", time.Second, "how long to talk before each measurement")
	flags.DurationVar(&o.duration, "duration", 3*time.Second, "how long to measure")
	flags.IntVar(&custom.rooms, "rooms", 10, "rooms that talk")
	flags.IntVar(&custom.members, "members", 10, "members of each")
	flags.IntVar(&custom.senders, "senders", 0, "how many of them speak; 0 means all")
	flags.StringVar(&mode, "mode", "closed", "closed: who hears their own message sends the next; open: on a schedule")
	flags.Float64Var(&custom.rate, "rate", 20_000, "deliveries a second of an open loop, all rooms together")
	flags.IntVar(&custom.idle, "idle", 0, fmt.Sprintf("connections that are silent, in rooms of %d", idleRoom))
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	set := make(map[string]bool)
	flags.Visit(func(f *flag.Flag) { set[f.Name] = true })

	o.scenarios = usual
	if set["rooms"] || set["members"] || set["senders"] || set["mode"] || set["rate"] || set["idle"] {
		if mode == "closed" {
			custom.rate = 0
		}
		custom.name = custom.describe()
		o.scenarios = []scenario{custom}
	}
	if o.url == "" || set["servers"] {
		o.servers = strings.Split(servers, ",")
	}
	if mode == "open" && custom.rate <= 0 {
		return o, errors.New("-rate must be positive")
	}
	return o, o.check(flags.Args(), mode)
}

// check reports what cannot be meant.
func (o options) check(rest []string, mode string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("%q is no flag", rest[0])
	case mode != "closed" && mode != "open":
		return fmt.Errorf("-mode is closed or open, not %q", mode)
	case o.repeat < 1 || o.duration <= 0 || o.warmup < 0:
		return errors.New("-repeat and -duration must be positive, and -warmup not negative")
	case o.pid != 0 && o.url == "":
		return errors.New("-pid is the process of the server at -url")
	}
	for _, name := range o.servers {
		if !slices.Contains(known, name) {
			return fmt.Errorf("-servers is a list of %s; there is no %q", strings.Join(known, ", "), name)
		}
	}
	for _, sc := range o.scenarios {
		if err := sc.check(); err != nil {
			return err
		}
	}
	return nil
}

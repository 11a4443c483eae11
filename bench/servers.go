package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"securechat/bench/load"
)

// The servers that can be built and run here.
const (
	ours  = "ours"
	node  = "node"
	floor = "floor"
)

var known = []string{ours, node, floor}

// stopTime is how long a server gets to end after it was told to.
const stopTime = 10 * time.Second

// server is one to measure.
type server struct {
	name   string
	direct bool // it has no pages
	// command starts it, and it writes its address on its standard output.
	// Without a command it runs already, at url.
	command []string
	env     []string
	url     string
	pid     int // 0 if it is not known

	rooms int // used so far: a server that goes on running remembers them
}

// servers are all there are to measure.
type servers struct {
	list   []*server
	folder string // what was built, and where they run
}

func (s servers) names() []string {
	var names []string
	for _, srv := range s.list {
		names = append(names, srv.name)
	}
	return names
}

func (s servers) remove() { _ = os.RemoveAll(s.folder) } // of a temporary folder, nothing depends on it

// build makes everything ready to run.
func build(ctx context.Context, o options, progress io.Writer) (servers, error) {
	folder, err := os.MkdirTemp("", "securechat-bench-")
	if err != nil {
		return servers{}, err
	}
	all := servers{folder: folder}
	if o.url != "" {
		all.list = append(all.list, &server{
			name: o.url, url: strings.TrimSuffix(o.url, "/"), pid: o.pid,
			// The rooms of a run before this one may still be there, and count for
			// their addresses: hardly any two runs use the same.
			rooms: os.Getpid() * 131 % (1 << 15),
		})
	}
	for _, name := range o.servers {
		srv, err := prepare(ctx, name, folder, progress)
		if err != nil {
			all.remove()
			return servers{}, fmt.Errorf("building %s: %w", name, err)
		}
		all.list = append(all.list, srv)
	}
	return all, nil
}

func prepare(ctx context.Context, name, folder string, progress io.Writer) (*server, error) {
	binary := filepath.Join(folder, name)
	switch name {
	case ours:
		return &server{name: name, command: []string{binary}, env: []string{
			"HOST=127.0.0.1", "PORT=0", "LOG_LEVEL=ERROR",
			"SECRET_KEY=a key for measurements that is long enough",
			// More than people need is what this is about.
			"RATE_LIMITS=off", "MAX_ROOMS=100000", "MAX_MEMBERS=10000",
		}}, command(ctx, progress, "go", "build", "-buildvcs=false", "-o", binary, "securechat")
	case floor:
		return &server{name: name, direct: true, command: []string{binary}},
			command(ctx, progress, "go", "build", "-buildvcs=false", "-o", binary, "securechat/bench/peers/floor/serve")
	default:
		peer, err := exec.CommandContext(ctx, "go", "list", "-f", "{{.Dir}}/peers/node", "securechat/bench").Output()
		if err != nil {
			return nil, err
		}
		dir := strings.TrimSpace(string(peer))
		srv := &server{name: name, direct: true, command: []string{"node", filepath.Join(dir, "server.mjs")}, env: []string{"NODE_ENV=production"}}
		_, err = os.Stat(filepath.Join(dir, "node_modules"))
		if errors.Is(err, fs.ErrNotExist) {
			err = command(ctx, progress, "npm", "--prefix", dir, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
		}
		return srv, err
	}
}

// command runs a program to its end.
func command(ctx context.Context, progress io.Writer, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // the callers name them
	cmd.Stdout, cmd.Stderr = progress, progress
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	return nil
}

// process is a server that runs.
type process struct {
	target load.Target
	pid    int
	stop   func() error
}

// start runs a server in an empty folder and waits for its address.
func (s *server) start(ctx context.Context, pinned bool) (*process, error) {
	if s.command == nil {
		return &process{load.Target{URL: s.url}, s.pid, func() error { return nil }}, nil
	}
	s.rooms = 0
	dir, err := os.MkdirTemp("", "securechat-bench-run-")
	if err != nil {
		return nil, err
	}
	args := s.command
	if pinned {
		args = append([]string{"taskset", "-c", serverCPU}, args...)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...) //nolint:gosec // what was built above
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, s.env...)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopTime
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{pid: cmd.Process.Pid, stop: func() error {
		defer func() { _ = os.RemoveAll(dir) }()
		return end(cmd)
	}}
	url, err := address(stdout)
	if err != nil {
		return nil, errors.Join(err, p.stop())
	}
	p.target = load.Target{URL: url, Direct: s.direct}
	return p, nil
}

// address reads the address that a server says it has.
func address(stdout io.Reader) (string, error) {
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if _, host, ok := strings.Cut(lines.Text(), "http://"); ok {
			return "http://" + host, nil
		}
	}
	return "", errors.Join(errors.New("the server ended without saying where it is"), lines.Err())
}

// end tells a server to end and waits for it, but not for ever.
func end(cmd *exec.Cmd) error {
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return errors.Join(errors.New("the server ended by itself"), cmd.Wait())
	}
	late := time.AfterFunc(stopTime, func() { _ = cmd.Process.Kill() }) // unless it has just ended
	defer late.Stop()
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return err
	}
	return nil // not every peer takes the signal for an orderly end
}

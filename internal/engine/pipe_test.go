package engine

import (
	"context"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pipeListener accepts connections that are in memory, so that time can be a
// synctest bubble's: nothing is left to luck. Such a connection has no buffer:
// what nobody reads is not written.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

func (l *pipeListener) dial(ctx context.Context, wrap func(net.Conn) net.Conn) (net.Conn, error) {
	client, server := net.Pipe()
	if wrap != nil {
		server = wrap(server)
	}
	select {
	case l.conns <- server:
		return client, nil
	case <-l.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe.test" }

// bubble runs a test with a clock of its own, which goes on only when there is
// nothing else to do, and a server in memory.
func bubble(t *testing.T, prepare func(*server), test func(t *testing.T, s *server), configure ...func(*Options)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newEngine(configure...)
		prepare(s)
		s.pipes = newPipeListener()
		t.Cleanup(func() { time.Sleep(time.Minute) }) // goroutines that rest end by themselves
		s.serve(t)
		test(t, s)
	})
}

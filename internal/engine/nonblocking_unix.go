//go:build unix

package engine

import (
	"errors"
	"net"
	"syscall"
)

// nonblocking writes to a connection what there is room for. It is used by one
// goroutine at a time.
type nonblocking struct {
	raw  syscall.RawConn // nil if the connection has none
	do   func(fd uintptr) bool
	data []byte
	n    int
	err  error
}

func (b *nonblocking) init(conn net.Conn) {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	b.raw = raw
	b.do = func(fd uintptr) bool { // made once: it would be garbage after each write
		for {
			if b.n, b.err = syscall.Write(int(fd), b.data); !errors.Is(b.err, syscall.EINTR) {
				return true // also if there is no room: it is not waited for
			}
		}
	}
}

// write returns how much was written. That there was no room for more is no error.
func (b *nonblocking) write(data []byte) (int, error) {
	if b.raw == nil {
		return 0, nil
	}
	b.data, b.n, b.err = data, 0, nil
	err := b.raw.Write(b.do)
	b.data = nil
	switch {
	case err != nil:
		return 0, err
	case errors.Is(b.err, syscall.EAGAIN):
		return 0, nil
	case b.err != nil:
		return 0, b.err
	}
	return b.n, nil
}

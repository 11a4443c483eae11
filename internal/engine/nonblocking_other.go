//go:build !unix

package engine

import "net"

// nonblocking leaves all writing to those who wait.
type nonblocking struct{}

func (*nonblocking) init(net.Conn) {}

func (*nonblocking) write([]byte) (int, error) { return 0, nil }

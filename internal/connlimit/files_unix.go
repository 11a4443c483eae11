//go:build unix

package connlimit

import (
	"math"
	"syscall"
)

// OpenFiles returns how many files and connections this process may have open.
func OpenFiles() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return math.MaxInt // the system does not tell
	}
	return int(min(uint64(limit.Cur), math.MaxInt)) //nolint:unconvert // it is signed on some systems
}

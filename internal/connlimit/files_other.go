//go:build !unix

package connlimit

import "math"

// OpenFiles returns how many files and connections this process may have open.
func OpenFiles() int { return math.MaxInt }

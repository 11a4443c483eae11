package web

import (
	"hash/maphash"
	"sync"
)

// stripes are locks for an unbounded number of keys. Each key has one, which it shares
// with a few other keys. The zero value is ready for use.
type stripes struct {
	once  sync.Once
	seed  maphash.Seed
	locks [256]sync.Mutex
}

// lock locks the key's lock and returns the function that unlocks it.
func (s *stripes) lock(key string) (unlock func()) {
	s.once.Do(func() { s.seed = maphash.MakeSeed() })
	l := &s.locks[maphash.String(s.seed, key)%uint64(len(s.locks))]
	l.Lock()
	return l.Unlock
}

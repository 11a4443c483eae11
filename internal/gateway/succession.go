package gateway

import "sync"

// succession knows the newest connection of each page that names itself. A page
// has one at a time: when it makes another, it has given up the one before, which
// may be open on our side for long. Its methods are safe for concurrent use.
type succession struct {
	mu     sync.Mutex
	newest map[pageKey]*conn
}

// enter notes a connection and returns the one that its page had before, nil if
// there is none. If the page has a newer one already, since connections can overtake
// each other, it is this one that is replaced.
func (s *succession) enter(c *conn) (before *conn) {
	if c.session == "" || c.page == "" {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := pageKey{c.session, c.page}
	other := s.newest[key]
	switch {
	case other == nil || other.link == c.link: // a page may connect twice by one session
	case other.link.Number() > c.link.Number():
		c.replaced.Store(true)
		return nil
	default:
		before = other
	}
	if s.newest == nil {
		s.newest = make(map[pageKey]*conn)
	}
	s.newest[key] = c
	return before
}

// leave forgets a connection that has ended.
func (s *succession) leave(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := pageKey{c.session, c.page}
	if s.newest[key] == c {
		delete(s.newest, key)
	}
}

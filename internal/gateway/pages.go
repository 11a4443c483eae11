package gateway

import "sync"

// maxPages is how many pages a generation has. There are two: at least so many pages are
// remembered, and at most twice as many.
const maxPages = 10_000

// pages remembers which seat a page was in, for pages that say something of their own in
// the handshake. Pages of the encrypted generation say their form token, which differs from
// page to page. Nothing else tells two people in one browser apart when both come back.
//
// The record only helps to choose among a session's own seats. It may be lost at any time.
// The methods are safe for concurrent use.
type pages struct {
	mu         sync.Mutex
	young, old map[pageKey]string
}

// pageKey is a page of a session, by what the page says of itself.
type pageKey struct{ session, page string }

// remember notes the seat of a page; "" is no page.
func (p *pages) remember(session, page, seat string) {
	if page == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.young) >= maxPages {
		p.old, p.young = p.young, nil
	}
	if p.young == nil {
		p.young = make(map[pageKey]string)
	}
	p.young[pageKey{session, page}] = seat
}

// seat returns the seat of a page, "" if it is not known.
func (p *pages) seat(session, page string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := pageKey{session, page}
	if seat, ok := p.young[key]; ok {
		return seat
	}
	return p.old[key]
}

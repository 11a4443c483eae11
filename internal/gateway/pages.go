package gateway

import "sync"

// maxPages is how many pages are remembered at the least, if there are so many.
const maxPages = 10_000

// pages remembers in which seat a page was, for pages whose handshake carries
// something of their own. Those of the encrypted generation say their form
// token, which is another one on each page, and nothing else that tells two
// people in one browser apart when both lost the network.
//
// It is a help to choose among a session's own seats and may be forgotten at
// any time. Its methods are safe for concurrent use.
type pages struct {
	mu         sync.Mutex
	young, old map[pageKey]string
}

type pageKey struct{ session, page string }

// remember notes the seat of a page.
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

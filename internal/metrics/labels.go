package metrics

import (
	"regexp"
	"strings"
	"sync"
)

// other is the label for every value that must not appear.
const other = "other"

// knownEvents are the events of the protocol with their aliases. All other events are
// counted as the last one.
var knownEvents = []string{
	"connect", "disconnect",
	"join", "message", "typing", "leave_room", "request_members", "request_code",
	"join_request", "request_approval", "withdraw_request",
	"approve_join", "approve", "deny_join", "deny",
	"request_code_update", "code_refresh", "request_timer_sync",
	"request_invite", "revoke_invite",
	"ping_room", "ping",
	other,
}

// Neither shape has a digit, so that no id, code or address fits.
var (
	wordShape  = regexp.MustCompile(`^[a-z][a-z_]{0,31}$`)
	routeShape = regexp.MustCompile(`^/[a-z_./{}*-]{0,63}$`)
)

// vocabulary bounds the values of a label. It lets through the values that have the
// right shape, until it knows limit different ones.
type vocabulary struct {
	shape *regexp.Regexp
	limit int

	mu    sync.RWMutex
	known map[string]bool
}

func newVocabulary(shape *regexp.Regexp, limit int) *vocabulary {
	return &vocabulary{shape: shape, limit: limit, known: make(map[string]bool)}
}

// word returns the value to use as a label.
func (v *vocabulary) word(value string) string {
	value = strings.ReplaceAll(value, " ", "_")
	v.mu.RLock()
	known := v.known[value]
	v.mu.RUnlock()
	if known {
		return value
	}
	if !v.shape.MatchString(value) {
		return other
	}
	return v.learn(value)
}

func (v *vocabulary) learn(value string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.known[value] && len(v.known) >= v.limit {
		return other
	}
	v.known[value] = true
	return value
}

// Package session gives every browser a random identity that it cannot choose
// or forge, carried in a signed and encrypted cookie.
//
// The cookie holds an id and nothing else. The rooms know which seats belong to
// the id. So two tabs that post at the same time cannot overwrite each other's
// seats, and every process that has the secret can read every session.
package session

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/securecookie"
)

const (
	// CookieName is the name of the session cookie. The Flask server used the
	// same, so its cookies arrive here and are replaced.
	CookieName = "session"

	// DefaultMaxAge is how long a session lives after the last page view. A room
	// lives a day; the hour more is for people who come to it late.
	DefaultMaxAge = 25 * time.Hour

	idSize = 16 // bytes: 128 random bits

	// maxCookies bounds the cookies of our name that one request can make us
	// verify. A browser sends several if an older server or a neighbouring host
	// has set some of them for another path or domain.
	maxCookies = 4
)

// Options are the settings of a Keeper. The zero value is ready for use.
type Options struct {
	// MaxAge is the life of a session after it was last ensured, in whole
	// seconds. Zero stands for DefaultMaxAge.
	MaxAge time.Duration
	// Secure reports whether the browser reached us through TLS. If so the cookie
	// is kept from plain connections. Nil asks only whether this process itself
	// terminated TLS.
	Secure func(*http.Request) bool
}

// Keeper reads and issues session cookies. It is safe for concurrent use.
type Keeper struct {
	codec  *securecookie.SecureCookie
	maxAge time.Duration
	secure func(*http.Request) bool
}

// New returns a Keeper whose cookies are signed and encrypted with keys derived
// from the secret. It keeps no state: Keepers with the same secret read each
// other's cookies.
func New(secret []byte, o Options) *Keeper {
	if o.MaxAge <= 0 {
		o.MaxAge = DefaultMaxAge
	}
	if o.Secure == nil {
		o.Secure = func(r *http.Request) bool { return r.TLS != nil }
	}
	codec := securecookie.New(
		DeriveKey(secret, "session cookie signature"),
		DeriveKey(secret, "session cookie encryption"),
	)
	codec.SetSerializer(securecookie.NopEncoder{})
	codec.MaxAge(int(o.MaxAge.Seconds()))
	codec.MaxLength(512)
	return &Keeper{codec: codec, maxAge: o.MaxAge, secure: o.Secure}
}

// Read returns the id of the request's session. It is not ok if the request has
// no cookie of ours, or one that is forged, cut off, expired, or another server's
// such as the Flask one's. All of these mean the same: there is no session.
func (k *Keeper) Read(r *http.Request) (id string, ok bool) {
	cookies := r.CookiesNamed(k.cookieName(r))
	if len(cookies) > maxCookies {
		cookies = cookies[:maxCookies]
	}
	for _, c := range cookies {
		var raw []byte
		if err := k.codec.Decode(CookieName, c.Value, &raw); err != nil || len(raw) != idSize {
			continue
		}
		return hex.EncodeToString(raw), true
	}
	return "", false
}

// Ensure returns the id of the request's session, or of a new one. It sends the
// cookie with its full life ahead of it. Call it once for each response, before
// the response's header is written.
func (k *Keeper) Ensure(w http.ResponseWriter, r *http.Request) string {
	id, ok := k.Read(r)
	if !ok {
		id = newID()
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure on a plain connection would lose the session
		Name:     k.cookieName(r),
		Value:    k.encode(id),
		Path:     "/",
		MaxAge:   int(k.maxAge.Seconds()),
		HttpOnly: true,
		// Lax, not Strict: a link to a room from a mail must find its member.
		SameSite: http.SameSiteLaxMode,
		Secure:   k.secure(r),
	})
	return id
}

// cookieName returns the name for the request's kind of connection. Through TLS
// it has a prefix, with which no neighbouring host can plant a session of its own.
func (k *Keeper) cookieName(r *http.Request) string {
	if k.secure(r) {
		return "__Host-" + CookieName
	}
	return CookieName
}

func (k *Keeper) encode(id string) string {
	raw, err := hex.DecodeString(id)
	if err != nil {
		panic(fmt.Sprintf("session: id of our own making: %v", err))
	}
	value, err := k.codec.Encode(CookieName, raw)
	if err != nil {
		// Keys and lengths are constants, and the system's generator never fails.
		panic(fmt.Sprintf("session: encode cookie: %v", err))
	}
	return value
}

func newID() string {
	var raw [idSize]byte
	rand.Read(raw[:]) // never fails: the process ends first
	return hex.EncodeToString(raw[:])
}

package web

import (
	"net/http"

	"securechat/internal/refusal"
)

// flashCookie is the cookie that says what the next start page is to say, once. It holds
// a code and no text: whatever somebody plants there, no words of theirs get into a page.
const flashCookie = "flash"

// flashTime is how long that waits for its page, in seconds.
const flashTime = 60

// flash has the next start page say something.
func (s *server) flash(w http.ResponseWriter, r *http.Request, code refusal.Code) {
	s.setFlash(w, r, string(code), flashTime)
}

// flashed reports what the page of a request is to say, if anything.
func flashed(r *http.Request) (refusal.Code, bool) {
	cookie, err := r.Cookie(flashCookie)
	return refusal.Unentered, err == nil && cookie.Value == string(refusal.Unentered)
}

// endFlash has it said no more.
func (s *server) endFlash(w http.ResponseWriter, r *http.Request) {
	if _, err := r.Cookie(flashCookie); err == nil && r.Method == http.MethodGet {
		s.setFlash(w, r, "", -1)
	}
}

func (s *server) setFlash(w http.ResponseWriter, r *http.Request, word string, maxAge int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure on a plain connection would lose it
		Name: flashCookie, Value: word, Path: "/", MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.proxies.Secure(r),
	})
}

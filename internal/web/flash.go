package web

import (
	"net/http"
	"slices"

	"securechat/internal/refusal"
)

// flashCookie is the cookie that has the message for the next start page. It holds a code
// and no text, so that nobody who plants a cookie can get words into a page.
const flashCookie = "flash"

// flashTime is how long the message waits for its page, in seconds.
const flashTime = 60

// flash makes the next start page show a message.
func (s *server) flash(w http.ResponseWriter, r *http.Request, code refusal.Code) {
	s.setFlash(w, r, string(code), flashTime)
}

// flashed returns the message for the page of a request, if there is one.
func flashed(r *http.Request) (refusal.Code, bool) {
	cookie, err := r.Cookie(flashCookie)
	if err != nil {
		return "", false
	}
	code := refusal.Code(cookie.Value)
	return code, slices.Contains([]refusal.Code{refusal.Unentered, refusal.Expired, refusal.Ended}, code)
}

// endFlash removes the message, which has been shown.
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

package web

import "net/http"

// flashCookie is the cookie that says what the next start page is to say, once. It holds
// a word of ours and no text: whatever somebody plants there, no words of theirs get into
// a page.
const flashCookie = "flash"

// flashTime is how long that waits for its page, in seconds.
const flashTime = 60

// flashUnentered: somebody's room was closed before they entered it.
const flashUnentered = "unentered"

// flashes are the texts by the cookie's words.
var flashes = map[string]string{
	flashUnentered: "Your room was closed because nobody entered it in time. Please create it again.",
}

// flash has the next start page say something.
func (s *server) flash(w http.ResponseWriter, r *http.Request, word string) {
	s.setFlash(w, r, word, flashTime)
}

// flashed returns what the page of a request is to say, in English; "" if nothing.
func flashed(r *http.Request) string {
	cookie, err := r.Cookie(flashCookie)
	if err != nil {
		return ""
	}
	return flashes[cookie.Value]
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

package web

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/justinas/nosurf"

	"securechat/internal/refusal"
)

const (
	// maxFormBytes is several times the size of the longest form. It bounds the memory of
	// thousands of bodies that are never finished.
	maxFormBytes = 8 << 10

	tokenFormField = "csrf_token"
	// tokenHeader is the name that Flask's extension uses; nosurf's own works too.
	tokenHeader = "X-CSRFToken"
)

// csrf refuses requests that another site made the browser send. The token of a
// form has to match the one in a cookie. A token can be used any number of times,
// so that two tabs and the back button work.
type csrf struct {
	origins *Origins
	secure  func(*http.Request) bool
	refuse  func(http.ResponseWriter, *http.Request, problem)
	log     *slog.Logger
	warned  sync.Once
}

// guard refuses every request that changes something and has no valid token,
// whatever its path. It leaves the form parsed.
func (c *csrf) guard(next http.Handler) http.Handler {
	tokens := c.tokens(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isSafe(r.Method) {
			next.ServeHTTP(w, r)
			return
		}
		if err := parseForm(w, r); err != nil {
			c.refuse(w, r, formProblem(err))
			return
		}
		if !c.origins.Accept(r) {
			c.refuse(w, r, c.foreignOrigin())
			return
		}
		tokens.ServeHTTP(w, originChecked(r))
	})
}

// issue makes a token available to the pages behind it, and sets its cookie.
// Requests that change something have their token from guard already.
func (c *csrf) issue(next http.Handler) http.Handler {
	tokens := c.tokens(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isSafe(r.Method) {
			tokens.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// tokens wraps next in nosurf, with a cookie that suits the connection.
func (c *csrf) tokens(next http.Handler) http.Handler {
	handler := func(cookie http.Cookie) http.Handler { //nolint:gosec // it sets the attributes
		h := nosurf.New(next)
		cookie.Path, cookie.MaxAge = "/", nosurf.MaxAge
		cookie.HttpOnly, cookie.SameSite = true, http.SameSiteLaxMode
		h.SetBaseCookie(cookie)
		h.SetFailureHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c.refuse(w, r, problem{
				status: http.StatusBadRequest,
				code:   refusal.FormExpired,
				where:  "form", reason: "token",
			})
		}))
		return h
	}
	plain := handler(http.Cookie{Name: nosurf.CookieName}) //nolint:gosec // handler sets the attributes, but for Secure
	// With the prefix, no neighbouring host or plain connection can set it.
	secure := handler(http.Cookie{Name: "__Host-" + nosurf.CookieName, Secure: true}) //nolint:gosec // handler sets the others
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.secure(r) {
			secure.ServeHTTP(w, r)
			return
		}
		plain.ServeHTTP(w, r)
	})
}

// foreignOrigin refuses a request of another site. It tells the operator, once,
// since a proxy that is not configured looks the same as an attack.
func (c *csrf) foreignOrigin() problem {
	c.warned.Do(func() {
		c.log.Warn("a form was refused because of its origin; if people can't use the chat, a proxy may be changing the Host header: " +
			"set TRUSTED_PROXIES, or add the public address to ALLOWED_ORIGINS")
	})
	return problem{
		status: http.StatusBadRequest,
		code:   refusal.FormForeign,
		where:  "form", reason: "origin",
	}
}

// originChecked returns the request as nosurf wants it: with the token in
// nosurf's header, and marked as checked. Origins.Accept has checked the origin in
// nosurf's place. nosurf would refuse clients that send neither Origin nor Referer,
// and does not know that proxies change the Host header.
func originChecked(r *http.Request) *http.Request {
	checked := *r
	checked.Header = r.Header.Clone()
	checked.Header.Set(nosurf.HeaderName, sentToken(r))
	checked.Header.Set("Sec-Fetch-Site", "same-origin")
	return &checked
}

func sentToken(r *http.Request) string {
	for _, header := range []string{tokenHeader, nosurf.HeaderName} {
		if token := r.Header.Get(header); token != "" {
			return token
		}
	}
	// A plus sign that a page's script did not encode has become a space.
	return strings.ReplaceAll(r.PostFormValue(tokenFormField), " ", "+")
}

func isSafe(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}

func parseForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
	if err := r.ParseForm(); err != nil {
		return err
	}
	if err := r.ParseMultipartForm(maxFormBytes); !errors.Is(err, http.ErrNotMultipart) {
		return err
	}
	return nil
}

func formProblem(err error) problem {
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return problem{status: http.StatusRequestEntityTooLarge, code: refusal.FormTooLarge, where: "form", reason: "too large"}
	}
	return problem{status: http.StatusBadRequest, code: refusal.FormMalformed, where: "form", reason: "malformed"}
}

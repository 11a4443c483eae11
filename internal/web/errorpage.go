package web

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strings"

	"securechat/internal/refusal"
	"securechat/internal/web/words"
)

//go:embed error.html
var errorSource string

var errorPage = template.Must(template.New("error").Parse(errorSource))

// errorLook is where an error page has its look from. Beside the embedded pages it looks as they
// do. Beside foreign ones, of which nobody knows the styles, it has the one in it: the zero value.
type errorLook struct{ Sheet, Script, Mark string }

// Policies of error pages. Pages with the one style in them may have nothing else.
var (
	plainErrorPolicy = "default-src 'none'; style-src 'sha256-" + styleHash(errorSource) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	ownErrorPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)

func styleHash(page string) string {
	_, rest, _ := strings.Cut(page, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// ownErrorLook returns the look of the embedded pages, if a static folder has it.
func ownErrorLook(s *static) errorLook {
	look := errorLook{mainSheet, "js/ui/firstpaint.js", "img/icon.svg"}
	for _, name := range []*string{&look.Sheet, &look.Script, &look.Mark} {
		file, _, ok := s.open(*name)
		if !ok {
			return errorLook{}
		}
		_ = file.Close() // nothing was written
		*name = s.address(*name)
	}
	return look
}

// errorTitle returns the heading above the sentence of a problem.
func errorTitle(l *words.Language, p problem) string {
	switch {
	case p.code == refusal.NothingHere:
		return l.Page("error.nothing-here", "Page not found")
	case p.status == http.StatusTooManyRequests:
		return l.Page("error.wait", "Please wait a moment")
	}
	return l.Page("error.failed", "That didn’t work")
}

func (s *server) writeErrorPage(w http.ResponseWriter, l *words.Language, p problem, text string) {
	policy := ownErrorPolicy
	if s.errorLook == (errorLook{}) {
		policy = plainErrorPolicy
	}
	w.Header().Set("Content-Security-Policy", policy)
	var page bytes.Buffer
	err := errorPage.Execute(&page, struct {
		errorLook
		Lang, Name, Title, Text, Home string
	}{
		s.errorLook,
		cmp.Or(l.Tag, "en"), l.Page("name", "Secure Chat"), errorTitle(l, p), text, l.Page("home", "Back to the start page"),
	})
	if err != nil {
		panic(err) // a constant template, strings and a buffer
	}
	write(w, p.status, "text/html; charset=utf-8", page.Bytes())
}

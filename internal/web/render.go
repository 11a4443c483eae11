package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/justinas/nosurf"

	"securechat/internal/web/jinja"
	"securechat/internal/web/modules"
	"securechat/internal/web/words"
	"securechat/room"
)

// The pages, as the template folder names them.
const (
	indexPage   = "index.html"
	waitingPage = "waiting_approval.html"
	roomPage    = "chatroom.html"
)

// AsksForKey reports whether a template of the folder mentions a room's encryption
// key: then its pages may seal what is said, and the server can open it.
func AsksForKey(folder fs.FS) (bool, error) { return jinja.Mentions(folder, "encryption_key") }

// loadPages parses the folder's templates.
func loadPages(folder fs.FS, maxMessageLength, answerTime int) (*jinja.Set, error) {
	return jinja.Load(folder, []string{indexPage, waitingPage, roomPage}, map[string]any{
		"MAX_MESSAGE_LENGTH": maxMessageLength,
		"answer_time":        answerTime,
	})
}

// tryPages renders each page once, so that a template that cannot work keeps the server from starting.
func (s *server) tryPages() error {
	seat := room.Seat{ID: "sample", Room: "sample", Name: "Sample"}
	token := func() string { return "sample" }
	for _, try := range []struct {
		page, path string
		vars       map[string]any
	}{
		{indexPage, "/", sampleIndexVars(token, seat)},
		{waitingPage, "/join", waitingVars(token, seat)},
		{roomPage, "/room/sample", roomVars(token, room.Page{Seat: seat, Code: "123456", Remaining: time.Minute, Participants: 1, SharedKey: "sample"})},
	} {
		r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://localhost"+try.path, http.NoBody)
		if err != nil {
			return err
		}
		r.RemoteAddr = "127.0.0.1:1"
		s.addOurs(http.Header{}, r, try.vars)
		if err := s.renderTo(new(bytes.Buffer), r, try.page, try.vars); err != nil {
			return fmt.Errorf("%s cannot be rendered: %w", try.page, err)
		}
	}
	return nil
}

// sampleIndexVars are those of a start page with everything on it.
func sampleIndexVars(token func() string, seat room.Seat) map[string]any {
	vars, now := indexVars(token), time.Now()
	member, applicant := seat, seat
	member.Standing, member.Path, member.ExpiresAt, member.HeldUntil = room.Admitted, "sample", now.Add(time.Hour), now.Add(time.Minute)
	applicant.Deadline = now.Add(time.Minute)
	maps.Copy(vars, seatVars([]room.Seat{member, applicant}, &words.Language{}, now))
	return vars
}

func indexVars(token func() string) map[string]any {
	return map[string]any{"csrf_token": token, "session": sessionOf(jinja.Dict{})}
}

func waitingVars(token func() string, seat room.Seat) map[string]any {
	return map[string]any{
		"csrf_token": token,
		"session": sessionOf(jinja.Dict{
			// Not the room's id: nobody has said yes yet.
			"pending_approval": seat.ID,
			"user_id":          seat.ID,
			"display_name":     jinja.EscapedOnce(seat.Name),
		}),
	}
}

func roomVars(token func() string, page room.Page) map[string]any {
	return map[string]any{
		"csrf_token":        token,
		"room_code":         page.Seat.Room,
		"display_code":      page.Code,
		"initial_time":      seconds(page.Remaining),
		"participant_count": page.Participants,
		"encryption_key":    page.SharedKey,
		"session": sessionOf(jinja.Dict{
			"user_id":      page.Seat.ID,
			"display_name": jinja.EscapedOnce(page.Seat.Name),
		}),
	}
}

// seconds returns the whole seconds of a countdown that ends after d: at least
// 1, because a page that is told 0 thinks that it has ended.
func seconds(d time.Duration) int {
	return max(1, int(math.Ceil(d.Seconds())))
}

// buffers are *bytes.Buffer, empty.
var buffers sync.Pool

// maxPooled bounds what a buffer keeps for the next page.
const maxPooled = 256 << 10

// renderersPerCPU is how many pages are rendered at a time for each processor. A page of
// somebody's own may take megabytes while it is made: what is beyond waits its turn.
const renderersPerCPU = 2

// render sends a page with the request's token. The page is rendered before
// anything is sent: an error leads to an error page and not to half a page.
func (s *server) render(w http.ResponseWriter, r *http.Request, page string, vars map[string]any) {
	buf, ok := buffers.Get().(*bytes.Buffer)
	if !ok {
		buf = new(bytes.Buffer)
	}
	defer func() {
		if buf.Cap() <= maxPooled {
			buf.Reset()
			buffers.Put(buf)
		}
	}()
	s.addOurs(w.Header(), r, vars)
	if _, ours := vars["words"]; ours && page != indexPage {
		w.Header().Set("X-Robots-Tag", "noindex") // it is one person's
	}
	if err := s.renderInTurn(buf, r, page, vars); err != nil {
		s.logBroken(page, err)
		p := internalProblem
		p.where = "page"
		s.refuse(w, r, p)
		return
	}
	write(w, http.StatusOK, "text/html; charset=utf-8", buf.Bytes())
}

// logBroken says where a page is broken, and not how: what the error says can quote what was to
// be rendered, a name for one.
func (s *server) logBroken(page string, err error) {
	if module := (*modules.Error)(nil); errors.As(err, &module) {
		s.log.Error("a page's modules could not be found", "page", page, "module", module.File, "line", module.Line, "problem", module.Problem)
		return
	}
	file, line := page, 0
	if where := (*jinja.Error)(nil); errors.As(err, &where) {
		file, line = where.Template, where.Line
	}
	s.log.Error("a template could not be rendered", "page", page, "template", file, "line", line)
}

// renderInTurn is renderTo for what visitors ask for, a few at a time.
func (s *server) renderInTurn(buf *bytes.Buffer, r *http.Request, page string, vars map[string]any) error {
	s.renderers <- struct{}{}
	defer func() { <-s.renderers }()
	return s.renderTo(buf, r, page, vars)
}

func (s *server) renderTo(buf *bytes.Buffer, r *http.Request, page string, vars map[string]any) error {
	s.flask(r, page, vars)
	return s.pages.Render(buf, page, vars)
}

// addOurs adds to a page's variables what our templates have and Flask's do not: the words of the language
// that a request asks for, the modules of their scripts, and what is running here. Templates without words are not
// of ours: they have a language of their own, and may mean something else by these names.
func (s *server) addOurs(h http.Header, r *http.Request, vars map[string]any) {
	l := s.speak(h, r)
	if !worded(l) {
		return
	}
	vars["lang"], vars["words"], vars["script_words"] = l.Tag, jinja.Dict(l.Pages), l.ForScripts
	vars["modules"], vars["site"] = s.modules.function(), s.site(r)
	vars["lifetime"] = lifetimeVars(l, s.lifetime)
	maps.Copy(vars, s.about)
}

// worded reports whether the templates have words, which only those made from ours do.
func worded(l *words.Language) bool { return l.Tag != "" }

// speak returns the language that a request asks for, and says that it is answered in it.
func (s *server) speak(h http.Header, r *http.Request) *words.Language {
	l := s.words.For(r.Header.Get("Accept-Language"))
	if worded(l) {
		h.Set("Content-Language", l.Tag)
		h.Add("Vary", "Accept-Language")
	}
	return l
}

// token returns the csrf_token function of a request's page.
func token(r *http.Request) func() string {
	return func() string { return nosurf.Token(r) }
}

package web

import (
	"bytes"
	"fmt"
	"io/fs"
	"math"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/justinas/nosurf"
	"github.com/nikolalohinski/gonja/v2/exec"

	"securechat/internal/web/jinja"
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

// loadPages parses the folder's templates and renders each once, so that a
// template that cannot work keeps the server from starting.
func loadPages(folder fs.FS, static *static, maxMessageLength, answerTime int) (*jinja.Set, error) {
	pages, err := jinja.Load(folder, []string{indexPage, waitingPage, roomPage}, map[string]any{
		"MAX_MESSAGE_LENGTH": maxMessageLength,
		"answer_time":        answerTime,
		"url_for":            urlFor(static),
	})
	if err != nil {
		return nil, err
	}
	seat := room.Seat{ID: "sample", Room: "sample", Name: "Sample"}
	token := func() string { return "sample" }
	for page, vars := range map[string]map[string]any{
		indexPage:   indexVars(token),
		waitingPage: waitingVars(token, seat),
		roomPage:    roomVars(token, room.Page{Seat: seat, Code: "123456", Remaining: time.Minute, Participants: 1, EncryptionKey: "sample"}),
	} {
		if err := pages.Render(new(bytes.Buffer), page, vars); err != nil {
			return nil, fmt.Errorf("template %s cannot be rendered: %w", page, err)
		}
	}
	return pages, nil
}

func indexVars(token func() string) map[string]any {
	return map[string]any{"csrf_token": token, "session": jinja.Dict{}}
}

func waitingVars(token func() string, seat room.Seat) map[string]any {
	return map[string]any{
		"csrf_token": token,
		"session": jinja.Dict{
			// Not the room's id: nobody has said yes yet.
			"pending_approval": seat.ID,
			"user_id":          seat.ID,
			"display_name":     jinja.EscapedOnce(seat.Name),
		},
	}
}

func roomVars(token func() string, page room.Page) map[string]any {
	return map[string]any{
		"csrf_token":        token,
		"room_code":         page.Seat.Room,
		"display_code":      page.Code,
		"initial_time":      seconds(page.Remaining),
		"participant_count": page.Participants,
		"encryption_key":    page.EncryptionKey,
		"session": jinja.Dict{
			"user_id":      page.Seat.ID,
			"display_name": jinja.EscapedOnce(page.Seat.Name),
		},
	}
}

// seconds returns the whole seconds of a countdown that ends after d: at least
// 1, because a page that is told 0 thinks that it has ended.
func seconds(d time.Duration) int {
	return max(1, int(math.Ceil(d.Seconds())))
}

// urlFor returns Flask's function for addresses, with the routes that the Flask
// server had. Other endpoints render as nothing.
func urlFor(static *static) func(*exec.VarArgs) string {
	return func(args *exec.VarArgs) string {
		param := func(name string) string {
			value, ok := args.KwArgs[name]
			if !ok {
				return ""
			}
			return value.String()
		}
		switch args.First().String() {
		case "static":
			return static.address(param("filename"))
		case "index":
			return "/"
		case "join_room_route":
			return "/join"
		case "chatroom":
			return "/room/" + url.PathEscape(param("room_code"))
		case "room_status":
			return "/room/" + url.PathEscape(param("room_code")) + "/status"
		}
		return ""
	}
}

// buffers are *bytes.Buffer, empty.
var buffers sync.Pool

// maxPooled bounds what a buffer keeps for the next page.
const maxPooled = 256 << 10

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
	s.addWords(w, r, vars)
	if err := s.pages.Render(buf, page, vars); err != nil {
		// The error can quote what was to be rendered, a name for one.
		s.log.Error("a template could not be rendered", "template", page)
		p := internalProblem
		p.where = "page"
		s.refuse(w, r, p)
		return
	}
	write(w, http.StatusOK, "text/html; charset=utf-8", buf.Bytes())
}

// addWords adds to a page's variables the words of the language that a request asks
// for. Templates without words have a language of their own.
func (s *server) addWords(w http.ResponseWriter, r *http.Request, vars map[string]any) {
	l := s.speak(w, r)
	if l.Tag == "" {
		return
	}
	vars["lang"], vars["words"], vars["script_words"] = l.Tag, jinja.Dict(l.Pages), l.ForScripts
}

// speak returns the language that a request asks for, and says that it is answered in it.
func (s *server) speak(w http.ResponseWriter, r *http.Request) *words.Language {
	l := s.words.For(r.Header.Get("Accept-Language"))
	if l.Tag != "" {
		w.Header().Set("Content-Language", l.Tag)
		w.Header().Add("Vary", "Accept-Language")
	}
	return l
}

// token returns the csrf_token function of a request's page.
func token(r *http.Request) func() string {
	return func() string { return nosurf.Token(r) }
}

package web

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"securechat/internal/session"
	"securechat/room"
)

// fakeService answers as it is told, and remembers what it was asked.
type fakeService struct {
	create func(room.Creation) (room.Seat, error)
	join   func(room.Application) (room.Seat, error)
	seats  func(session string) ([]room.Seat, error)
	page   func(session, path string) (room.Page, error)
	quit   func(session, path string) error
	status func(id string) (room.Status, error)

	mu           sync.Mutex
	creations    []room.Creation
	applications []room.Application
	paths        []string
}

func (f *fakeService) Create(_ context.Context, c room.Creation) (room.Seat, error) {
	f.mu.Lock()
	f.creations = append(f.creations, c)
	f.mu.Unlock()
	if f.create == nil {
		return room.Seat{ID: "seat-1", Room: roomID, Name: strings.TrimSpace(c.Name), Standing: room.Admitted, Path: roomID}, nil
	}
	return f.create(c)
}

func (f *fakeService) RequestJoin(_ context.Context, a room.Application) (room.Seat, error) {
	f.mu.Lock()
	f.applications = append(f.applications, a)
	f.mu.Unlock()
	if f.join == nil {
		return room.Seat{ID: knockID, Room: roomID, Name: a.Name, Path: knockID}, nil
	}
	return f.join(a)
}

func (f *fakeService) Seats(_ context.Context, session string) ([]room.Seat, error) {
	if f.seats == nil {
		return nil, nil
	}
	return f.seats(session)
}

func (f *fakeService) Page(_ context.Context, session, path string) (room.Page, error) {
	f.mu.Lock()
	f.paths = append(f.paths, path)
	f.mu.Unlock()
	if f.page == nil {
		return room.Page{}, room.ErrNotFound
	}
	return f.page(session, path)
}

func (f *fakeService) Quit(_ context.Context, session, path string) error {
	f.mu.Lock()
	f.paths = append(f.paths, path)
	f.mu.Unlock()
	if f.quit == nil {
		return room.ErrNotFound
	}
	return f.quit(session, path)
}

func (f *fakeService) Status(_ context.Context, id string) (room.Status, error) {
	f.mu.Lock()
	f.paths = append(f.paths, id)
	f.mu.Unlock()
	if f.status == nil {
		return room.Status{}, room.ErrNotFound
	}
	return f.status(id)
}

const (
	roomID  = "11111111-1111-4111-8111-111111111111"
	knockID = "22222222-2222-4222-8222-222222222222"
)

var testSecret = []byte("a secret of the tests")

// fixture is a template folder that shows every variable of the contract.
func fixture() fstest.MapFS {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	return fstest.MapFS{
		"index.html": file(`<title>index</title>
<form action="/" method="POST"><input type="hidden" name="csrf_token" value="{{ csrf_token() }}"></form>
<form action="/join" method="POST"><input name="room_code"></form>
[{{ unknown }}{{ session['display_name'] }}{{ session.nothing }}]`),
		"waiting_approval.html": file(`<title>waiting</title>
pending=[{{ session['pending_approval'] }}] user=[{{ session['user_id'] }}] name=[{{ session['display_name'] }}] unknown=[{{ session['x'] }}]`),
		"chatroom.html": file(`<title>room</title>
room=[{{ room_code }}] code=[{{ display_code }}] digits=[{% for digit in display_code %}<i>{{ digit }}</i>{% endfor %}]
time=[{{ initial_time }}] count=[{{ participant_count }}] key=[{{ encryption_key }}] max=[{{ MAX_MESSAGE_LENGTH }}]
name=[{{ session['display_name'] }}] user=[{{ session['user_id'] }}] pending=[{{ session['pending_approval'] }}]
<script>const t = "{{ csrf_token() }}", me = "{{ session.display_name }}";</script>
static=[{{ url_for('static', filename='a b.css') }}] home=[{{ url_for('index') }}]`),
	}
}

// ownPages has the site show our own pages.
func ownPages(o *Options) {
	o.Templates, o.Static = os.DirFS("../../templates"), os.DirFS("../../static")
}

func libraryFolder() fs.FS {
	return fstest.MapFS{
		"socket.io.min.js":         {Data: []byte("var io = 1;" + strings.Repeat(" ", 2000))},
		"socket.io.esm.min.js":     {Data: []byte("export const io = 1;")},
		"socket.io.esm.min.js.map": {Data: []byte("{}")},
	}
}

func newHandler(t testing.TB, service Service, change ...func(*Options)) http.Handler {
	t.Helper()
	o := Options{
		Service:          service,
		AddressKey:       session.DeriveKey(testSecret, "addresses"),
		Templates:        fixture(),
		Library:          libraryFolder(),
		MaxMessageLength: 1000,
		RateLimits:       true,
	}
	for _, f := range change {
		f(&o)
	}
	if o.Sessions == nil {
		o.Sessions = session.New(testSecret, session.Options{Secure: o.Proxies.Secure})
	}
	h, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// browser keeps cookies and fills in forms, as far as these tests need it.
type browser struct {
	t       testing.TB
	handler http.Handler
	address string
	cookies map[string]string
	header  http.Header
	tls     bool
}

func newBrowser(t testing.TB, h http.Handler) *browser {
	return &browser{
		t: t, handler: h, address: "192.0.2.1:1234", cookies: map[string]string{},
		header: http.Header{"Accept": {"text/html,application/xhtml+xml,*/*;q=0.8"}},
	}
}

type answer struct {
	*http.Response
	body string
}

func (b *browser) do(method, target string, form url.Values, change ...func(*http.Request)) answer {
	b.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, target, body)
	r.Host = "chat.example"
	r.RemoteAddr = b.address
	maps.Copy(r.Header, b.header)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if b.tls {
		r.TLS = &tls.ConnectionState{}
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		b.cookies[c.Name] = c.Value
	}
	return answer{w.Result(), w.Body.String()}
}

func (b *browser) get(target string, change ...func(*http.Request)) answer {
	b.t.Helper()
	return b.do(http.MethodGet, target, nil, change...)
}

var tokenPattern = regexp.MustCompile(`name="csrf_token" value="([^"]+)"`)

// token opens the start page and returns its form's token.
func (b *browser) token() string {
	b.t.Helper()
	page := b.get("/")
	match := tokenPattern.FindStringSubmatch(page.body)
	if match == nil {
		b.t.Fatalf("no token on the start page (%d): %s", page.StatusCode, page.body)
	}
	return match[1]
}

// post sends a form with a token of the start page.
func (b *browser) post(target string, form url.Values, change ...func(*http.Request)) answer {
	b.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	form.Set("csrf_token", b.token())
	return b.do(http.MethodPost, target, form, change...)
}

func (b *browser) create(name string) answer {
	b.t.Helper()
	return b.post("/", url.Values{"display_name": {name}})
}

func (b *browser) join(code, name string) answer {
	b.t.Helper()
	return b.post("/join", url.Values{"room_code": {code}, "display_name": {name}})
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func from(address string) func(*http.Request) {
	return func(r *http.Request) { r.RemoteAddr = address }
}

func (a answer) want(t testing.TB, status int, contains ...string) {
	t.Helper()
	if a.StatusCode != status {
		t.Errorf("status %d, want %d: %s", a.StatusCode, status, a.body)
	}
	for _, text := range contains {
		if !strings.Contains(a.body, text) {
			t.Errorf("the answer does not contain %q: %s", text, a.body)
		}
	}
}

func (a answer) wantRedirect(t testing.TB, location string) {
	t.Helper()
	if a.StatusCode != http.StatusFound || a.Header.Get("Location") != location {
		t.Errorf("%d to %q, want 302 to %q: %s", a.StatusCode, a.Header.Get("Location"), location, a.body)
	}
}

// refusals counts what the server refused, by where and why.
type refusals struct {
	mu     sync.Mutex
	counts map[string]int
	seen   []string
}

func (m *refusals) Refused(where, reason string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.counts == nil {
		m.counts = map[string]int{}
	}
	m.counts[where+"/"+reason]++
}

func (m *refusals) ObserveHTTP(route string, status int, d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen = append(m.seen, fmt.Sprintf("%s %d", route, status))
	if d < 0 {
		panic("negative duration")
	}
}

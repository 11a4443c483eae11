package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"securechat/internal/refusal"
	"securechat/room"
)

// One test for each row of the contract's table "Pages and forms".

func TestStartPage(t *testing.T) {
	b := newBrowser(t, newHandler(t, &fakeService{}))
	page := b.get("/")
	page.want(t, 200, "<title>index</title>", `name="csrf_token" value="`)
	if got := page.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
		t.Errorf("Content-Type %q", got)
	}
	if page.Header.Get("Cache-Control") != "no-store" {
		t.Error("a page with a token may be stored")
	}
	if b.cookies["session"] == "" {
		t.Error("the session is not set")
	}
	before := b.cookies["session"]
	if b.get("/"); b.cookies["session"] == before {
		t.Error("the life of the session does not slide")
	}

	head := b.do(http.MethodHead, "/", nil)
	head.want(t, 200)
	if head.Header.Get("Content-Length") == "0" {
		t.Error("HEAD says that the page is empty")
	}
}

func TestCreate(t *testing.T) {
	service := &fakeService{}
	b := newBrowser(t, newHandler(t, service))
	b.create("  Anna ").wantRedirect(t, "/room/"+roomID)

	if len(service.creations) != 1 {
		t.Fatalf("%d rooms created", len(service.creations))
	}
	c := service.creations[0]
	if c.Name != "  Anna " {
		t.Errorf("name %q: stripping it is the rule's business", c.Name)
	}
	if len(c.Session) != 32 {
		t.Errorf("session %q", c.Session)
	}
	if len(c.Networks) != 1 || c.Networks[0].Share != 1 || len(c.Networks[0].Key) < 40 || strings.Contains(c.Networks[0].Key, "192.0.2.1") {
		t.Errorf("networks %+v, want one hash", c.Networks)
	}
	// The same browser, and the same address.
	b.create("Anna")
	if again := service.creations[1]; again.Session != c.Session || !slices.Equal(again.Networks, c.Networks) {
		t.Errorf("%+v then %+v", c, again)
	}
	other := newBrowser(t, b.handler)
	other.address = "192.0.2.2:1234"
	other.create("Anna")
	if another := service.creations[2]; another.Session == c.Session || slices.Equal(another.Networks, c.Networks) {
		t.Errorf("%+v then %+v", c, another)
	}
	// Somebody with a whole IPv6 network is counted by the network as well.
	other.address = "[2001:db8::1]:1234"
	other.create("Anna")
	other.address = "[2001:db8:0:100::1]:1234"
	other.create("Anna")
	near, far := service.creations[3].Networks, service.creations[4].Networks
	if len(near) != 3 || near[0].Share != 1 || near[1].Share != 4 || near[2].Share != 16 || near[0] == far[0] || near[1] == far[1] || near[2] != far[2] {
		t.Errorf("networks %+v and %+v", near, far)
	}
}

func TestCreateWithoutName(t *testing.T) {
	service := &fakeService{}
	b := newBrowser(t, newHandler(t, service))
	for _, name := range []string{"", " ", "\t\n", "\u00a0\u3000"} {
		b.create(name).wantRedirect(t, "/")
	}
	b.post("/", nil).wantRedirect(t, "/")
	if len(service.creations) != 0 {
		t.Error("a room without a creator was made")
	}
}

// The errors of both forms, as a browser and as a plain client see them.
func TestRefusedForms(t *testing.T) {
	for _, test := range []struct {
		name   string
		err    error
		status int
		text   string
		retry  string
	}{
		{"bad name", &room.NameError{Problem: room.NameBadCharacter, Char: '<'}, 400, "A name can’t contain <. Use 1 to 20 ", ""},
		{"malformed code", room.ErrMalformedCode, 400, "Invalid input.", ""},
		{"no such code", room.ErrNoSuchCode, 404, "Room not found.", ""},
		{"name taken", room.ErrNameTaken, 409, "already has this name", ""},
		{"name alike", room.ErrNameAlike, 409, "too much like another one in this chat", ""},
		{"room full", room.ErrRoomFull, 403, "This chat is full", ""},
		{"too many knocks", room.ErrTooManyKnocks, 429, "Too many people are asking", "60"},
		{"too many rooms", room.ErrTooManyRooms, 503, "can’t hold any more chats", "600"},
		{"too many rooms here", room.ErrTooManyRoomsHere, 403, "Your network", ""},
		{"something else", errors.New("disk on fire at 192.0.2.1"), 500, "Something went wrong", ""},
	} {
		service := &fakeService{
			create: func(room.Creation) (room.Seat, error) { return room.Seat{}, test.err },
			join:   func(room.Application) (room.Seat, error) { return room.Seat{}, test.err },
		}
		b := newBrowser(t, newHandler(t, service))
		for form, post := range map[string]func() answer{
			"create": func() answer { return b.create("Anna") },
			"join":   func() answer { return b.join("123456", "Anna") },
		} {
			t.Run(test.name+" on "+form, func(t *testing.T) {
				b.header.Set("Accept", "text/html,*/*;q=0.8")
				page := post()
				page.want(t, test.status, html.EscapeString(test.text), `href="/"`)
				if got := page.Header.Get("Retry-After"); got != test.retry {
					t.Errorf("Retry-After %q, want %q", got, test.retry)
				}
				b.header.Set("Accept", "*/*")
				plain := post()
				plain.want(t, test.status, test.text)
				if got := plain.Header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
					t.Errorf("Content-Type %q", got)
				}
				if strings.Contains(page.body+plain.body, "fire") {
					t.Error("the error itself was shown")
				}
			})
		}
	}
}

// The two texts that the contract quotes begin the answer: what to do follows.
func TestQuotedTexts(t *testing.T) {
	for err, want := range map[error]string{room.ErrMalformedCode: "Invalid input. ", room.ErrNoSuchCode: "Room not found. "} {
		service := &fakeService{join: func(room.Application) (room.Seat, error) { return room.Seat{}, err }}
		b := newBrowser(t, newHandler(t, service))
		b.header.Del("Accept")
		if got := b.join("1", "Anna").body; !strings.HasPrefix(got, want) || got == want {
			t.Errorf("%q, want %q and what to do", got, want)
		}
	}
}

func TestJoin(t *testing.T) {
	service := &fakeService{}
	b := newBrowser(t, newHandler(t, service))
	b.join(" 123456 ", "O'Brien").want(t, 200, "<title>waiting</title>",
		"pending=["+knockID+"]", "user=["+knockID+"]", "name=[O&#39;Brien]", "unknown=[]")
	if a := service.applications[0]; a.Code != "123456" || a.Name != "O'Brien" || len(a.Session) != 32 || len(a.Networks) != 1 || strings.Contains(a.Networks[0].Key, "192.0.2.1") {
		t.Errorf("asked %+v", a)
	}
	// Nothing that reaches the applicant names the room.
	page := b.join("123456", "O'Brien")
	for name, values := range page.Header {
		if strings.Contains(strings.Join(values, " "), roomID) {
			t.Errorf("header %s holds the room's id", name)
		}
	}
	if strings.Contains(page.body, roomID) {
		t.Error("the waiting page holds the room's id")
	}
}

// Somebody who is a member already does not wait for a verdict that came long ago.
func TestJoinAgainAsMember(t *testing.T) {
	service := &fakeService{join: func(room.Application) (room.Seat, error) {
		return room.Seat{ID: knockID, Room: roomID, Standing: room.Admitted, Path: knockID}, nil
	}}
	newBrowser(t, newHandler(t, service)).join("123456", "Anna").wantRedirect(t, "/room/"+knockID)
}

// The waiting page can be opened again, by whose request it is.
func TestWaitingPage(t *testing.T) {
	const refusedID, seatID = "refused-1", "seat-1"
	var asked []string
	service := &fakeService{}
	service.seats = func(session string) ([]room.Seat, error) {
		asked = append(asked, session)
		if service.applications == nil || session != service.applications[0].Session {
			return nil, nil
		}
		return []room.Seat{
			{ID: seatID, Room: roomID, Name: "Anna", Standing: room.Admitted, Path: roomID},
			{ID: knockID, Room: roomID, Name: "O'Brien", Standing: room.Waiting, Path: knockID},
			{ID: refusedID, Room: roomID, Name: "Anna", Standing: room.Refused, Refusal: room.Declined, Path: refusedID},
		}, nil
	}
	b := newBrowser(t, newHandler(t, service))
	posted := b.join("123456", "O'Brien")
	opened := b.get("/join/" + knockID)
	opened.want(t, 200, "pending=["+knockID+"]", "name=[O&#39;Brien]")
	if opened.body != posted.body {
		t.Errorf("posted, it is %s; opened, %s", posted.body, opened.body)
	}
	if opened.Header.Get("Cache-Control") != "no-store" || strings.Contains(fmt.Sprint(opened.Header, opened.body), roomID) {
		t.Errorf("%v %s", opened.Header, opened.body)
	}
	b.get("/join/"+refusedID).want(t, 200, "pending=["+refusedID+"]")
	b.get("/join/"+seatID).wantRedirect(t, "/room/"+roomID)
	for _, path := range []string{"/join", "/join/", "/join/unknown", "/join/" + roomID, "/join/%00", "/join/" + strings.Repeat("a", 100_000)} {
		b.get(path).wantRedirect(t, "/")
	}
	for path, status := range map[string]int{"/join/" + knockID: 200, "/join/" + seatID: 302, "/join": 302, "/join/": 302} {
		b.do(http.MethodHead, path, nil).want(t, status)
	}
	stranger := newBrowser(t, b.handler)
	for _, id := range []string{knockID, refusedID, seatID} {
		stranger.get("/join/"+id).wantRedirect(t, "/")
	}
	if slices.Contains(asked, "") {
		t.Error("asked for nobody's seats")
	}
	service.seats = func(string) ([]room.Seat, error) { return nil, errors.New("store away") }
	b.get("/join/"+knockID).want(t, 500, "Something went wrong")
}

// Scripts that post the forms are told where to go.
func TestFormsForScripts(t *testing.T) {
	service := &fakeService{}
	b := newBrowser(t, newHandler(t, service))
	token := b.token()
	post := func(path, accept, name string) answer {
		return b.do(http.MethodPost, path, url.Values{"csrf_token": {token}, "display_name": {name}, "room_code": {"123456"}}, header("Accept", accept))
	}
	wantJSON := func(got answer, status int, key, value string) {
		t.Helper()
		var fields map[string]any
		if err := json.Unmarshal([]byte(got.body), &fields); err != nil || got.StatusCode != status || fields[key] != value {
			t.Errorf("%d %s, want %d with %q as the %s", got.StatusCode, got.body, status, value, key)
		}
		if got.Header.Get("Content-Type") != "application/json; charset=utf-8" || got.Header.Get("Vary") == "" || got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%v", got.Header)
		}
	}
	const script = "application/json, text/html;q=0.5"
	wantJSON(post("/", script, "Anna"), 200, "location", "/room/"+roomID)
	wantJSON(post("/join", script, "Anna"), 200, "location", "/join/"+knockID)
	blank := &room.NameError{Problem: room.NameBlank}
	service.create = func(c room.Creation) (room.Seat, error) {
		if c.Name != " " {
			t.Errorf("asked for %q", c.Name)
		}
		return room.Seat{}, blank
	}
	wantJSON(post("/", script, " "), 400, "error", refusal.NameBlank.Sentence(nil))
	wantJSON(post("/", script, " "), 400, "field", "display_name")
	service.join = func(room.Application) (room.Seat, error) { return room.Seat{}, room.ErrNoSuchCode }
	wantJSON(post("/join", script, "Anna"), 404, "field", "room_code")
	service.join = func(room.Application) (room.Seat, error) {
		return room.Seat{ID: knockID, Room: roomID, Standing: room.Admitted, Path: knockID}, nil
	}
	wantJSON(post("/join", script, "Anna"), 200, "location", "/room/"+knockID)

	// A client counts as a browser if it takes anything, or JSON only as a second choice.
	service.create, service.join = nil, nil
	for _, accept := range []string{"", "*/*", "text/html, application/json;q=0.9", "application/json;q=0"} {
		post("/", accept, "Anna").wantRedirect(t, "/room/"+roomID)
		post("/", accept, " ").wantRedirect(t, "/")
		post("/join", accept, "Anna").want(t, 200, "<title>waiting</title>")
	}
}

func samplePage(name string) room.Page {
	return room.Page{
		Seat:         room.Seat{ID: knockID, Room: roomID, Name: name, Standing: room.Admitted, Path: knockID},
		Code:         "123456",
		Remaining:    242*time.Second + time.Millisecond,
		Participants: 3, SharedKey: "k/+=",
	}
}

func TestRoom(t *testing.T) {
	var sessions []string
	service := &fakeService{page: func(session, path string) (room.Page, error) {
		sessions = append(sessions, session)
		if path != knockID {
			return room.Page{}, room.ErrNotFound
		}
		return samplePage("O'Brien"), nil
	}}
	b := newBrowser(t, newHandler(t, service))
	b.get("/")
	page := b.get("/room/" + knockID)
	page.want(t, 200, "<title>room</title>",
		"room=["+roomID+"]", "code=[123456]", "digits=[<i>1</i><i>2</i><i>3</i><i>4</i><i>5</i><i>6</i>]",
		"time=[243]", "count=[3]", "key=[k/+=]", "max=[1000]",
		"name=[O&#39;Brien]", "user=["+knockID+"]", "pending=[]", `me = "O&#39;Brien"`,
		"static=[/static/a%20b.css]", "home=[/]")
	if page.Header.Get("Cache-Control") != "no-store" {
		t.Error("the page may be stored")
	}
	b.get("/room/" + knockID)
	if len(sessions) != 2 || sessions[0] != sessions[1] {
		t.Errorf("asked for the sessions %q", sessions)
	}
	b.get("/room/unknown").wantRedirect(t, "/")
}

// Somebody who was not admitted is sent away, and cannot tell whether there is
// such a room.
func TestRoomOfOthers(t *testing.T) {
	for _, err := range []error{room.ErrNotFound, room.ErrNotMember} {
		service := &fakeService{page: func(string, string) (room.Page, error) { return room.Page{}, err }}
		got := newBrowser(t, newHandler(t, service)).get("/room/" + roomID)
		got.wantRedirect(t, "/")
		if strings.Contains(got.body, roomID) {
			t.Error("the answer repeats the id")
		}
	}
	broken := &fakeService{page: func(string, string) (room.Page, error) { return room.Page{}, errors.New("store away") }}
	newBrowser(t, newHandler(t, broken)).get("/room/"+roomID).want(t, 500, "Something went wrong")
}

// Threat: a founder whose room was closed before the page had loaded is sent to the start
// without a word.
func TestAFounderIsToldThatTheRoomWasClosed(t *testing.T) {
	const said = "Your chat was closed because nobody entered it in time. Please start a new one."
	service := &fakeService{page: func(string, string) (room.Page, error) { return room.Page{}, room.ErrUnentered }}
	with := func(change func(*Options)) *browser { return newBrowser(t, newHandler(t, service, change)) }
	flask := fixture()
	flask[indexPage] = &fstest.MapFile{Data: []byte(`{% for c, m in get_flashed_messages(with_categories=true) %}{{ c }}: {{ m }}{% endfor %}|{{ get_flashed_messages()|join }}|{{ get_flashed_messages(category_filter=['error']) }}` +
		`{{ get_flashed_messages(false, ['error', 'message'])|length }}{{ get_flashed_messages(category_filter=('message',))|length }}{{ get_flashed_messages(category_filter='message')|length }}{{ get_flashed_messages(category_filter=[])|length }}`)}
	own, foreign := with(ownPages), with(func(o *Options) { o.Templates = flask })
	for name, tt := range map[string]struct {
		b                   *browser
		accept, want, never string
	}{
		"the built-in page":     {own, "en", `role="status"><p class="notice">` + said + "</p></div>", "Raum"},
		"in German":             {own, "de", `role="status"><p class="notice">Dein Chat wurde geschlossen, weil ihn niemand rechtzeitig betreten hat. Bitte starte einen neuen.</p></div>`, `"notice">Your chat`},
		"a page of Flask's own": {foreign, "de", "message: " + said + "|" + said + "|[]1111", "Raum"},
	} {
		t.Run(name, func(t *testing.T) {
			tt.b.get("/room/"+roomID).wantRedirect(t, "/")
			if tt.b.do(http.MethodHead, "/", nil); tt.b.cookies[flashCookie] == "" {
				t.Error("a page that nobody has seen has said it")
			}
			page := tt.b.get("/", header("Accept-Language", tt.accept))
			page.want(t, 200, tt.want)
			if strings.Contains(page.body, tt.never) {
				t.Errorf("it says %q", tt.never)
			}
			if again := tt.b.get("/", header("Accept-Language", tt.accept)); strings.Contains(again.body, tt.want) {
				t.Error("it says so a second time")
			}
		})
	}
	// A planted cookie puts none of its words into the page.
	planted := newBrowser(t, newHandler(t, &fakeService{}))
	planted.cookies[flashCookie] = "<b>"
	if got := planted.get("/"); strings.Contains(got.body, "<b>") || planted.cookies[flashCookie] != "" {
		t.Error("a cookie that somebody planted is kept, or said")
	}
}

// Threat: a page of a room that is over leads to the start without a word, or tells strangers
// whether there was such a room.
func TestTheStartPageSaysWhyARoomIsNotThere(t *testing.T) {
	const over, ended = "This chat’s time is up. Everything in it has been deleted.", "That chat has ended, or you’re no longer in it."
	for name, tt := range map[string]struct {
		err                error
		accept, want, mode string
	}{
		"its time is over":       {err: room.ErrExpired, accept: "en", want: over},
		"in German":              {err: room.ErrExpired, accept: "de", want: "Die Zeit dieses Chats ist um."},
		"it is gone":             {err: room.ErrNotFound, accept: "en", want: ended},
		"it is somebody else's":  {err: room.ErrNotMember, accept: "en", want: ended},
		"for who follows a link": {err: room.ErrNotFound, accept: "en", want: ended, mode: "navigate"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBrowser(t, newHandler(t, &fakeService{page: func(string, string) (room.Page, error) { return room.Page{}, tt.err }}, ownPages))
			var headers []func(*http.Request)
			if tt.mode != "" {
				headers = append(headers, header("Sec-Fetch-Mode", tt.mode))
			}
			b.get("/room/"+roomID, headers...).wantRedirect(t, "/")
			b.get("/", header("Accept-Language", tt.accept)).want(t, 200, `<p class="notice">`+tt.want)
			if again := b.get("/", header("Accept-Language", tt.accept)); strings.Contains(again.body, `"notice">`+tt.want) {
				t.Error("it says so a second time")
			}
		})
	}
	t.Run("a script that asks is told nothing", func(t *testing.T) {
		b := newBrowser(t, newHandler(t, &fakeService{page: func(string, string) (room.Page, error) { return room.Page{}, room.ErrExpired }}, ownPages))
		b.get("/room/"+roomID, header("Sec-Fetch-Mode", "cors")).wantRedirect(t, "/")
		if b.cookies[flashCookie] != "" {
			t.Error("the next start page says it")
		}
	})
}

func TestInitialTime(t *testing.T) {
	for remaining, want := range map[time.Duration]int{
		5 * time.Minute: 300, 299*time.Second + 1: 300, time.Second: 1, time.Millisecond: 1, 0: 1, -time.Second: 1,
	} {
		if got := seconds(remaining); got != want {
			t.Errorf("seconds(%v) = %d, want %d", remaining, got, want)
		}
	}
}

func TestStatus(t *testing.T) {
	service := &fakeService{status: func(id string) (room.Status, error) {
		if id != roomID {
			return room.Status{}, room.ErrNotFound
		}
		return room.Status{Participants: 2, Messages: 7, ExpiresIn: time.Hour + 999*time.Millisecond}, nil
	}}
	b := newBrowser(t, newHandler(t, service))
	found := b.get("/room/" + roomID + "/status")
	found.want(t, 200)
	var got map[string]any
	if err := json.Unmarshal([]byte(found.body), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"status": "active", "participant_count": 2.0, "message_count": 7.0, "expires_in": 3600.0}
	for key, value := range want {
		if got[key] != value {
			t.Errorf("%s = %v, want %v", key, got[key], value)
		}
	}
	if !strings.HasPrefix(found.Header.Get("Content-Type"), "application/json") {
		t.Errorf("Content-Type %q", found.Header.Get("Content-Type"))
	}

	missing := b.get("/room/unknown/status")
	missing.want(t, 404)
	got = nil
	if err := json.Unmarshal([]byte(missing.body), &got); err != nil || got["status"] != "not_found" {
		t.Errorf("%s, %v", missing.body, err)
	}

	service.status = func(string) (room.Status, error) { return room.Status{}, errors.New("store away") }
	b.get("/room/"+roomID+"/status").want(t, 500)
}

// A page of the earliest generation has no token fields; they are added.
func TestFormsWithoutToken(t *testing.T) {
	b := newBrowser(t, newHandler(t, &fakeService{}))
	page := b.get("/").body
	tokens := tokenPattern.FindAllStringSubmatch(page, -1)
	if len(tokens) != 2 {
		t.Fatalf("%d token fields in two forms: %s", len(tokens), page)
	}
	for _, token := range tokens {
		got := b.do(http.MethodPost, "/join", url.Values{"csrf_token": {token[1]}, "room_code": {"123456"}, "display_name": {"Anna"}})
		got.want(t, 200, "<title>waiting</title>")
	}
}

func TestUnknownPaths(t *testing.T) {
	b := newBrowser(t, newHandler(t, &fakeService{}))
	for _, path := range []string{"/nothing", "/room", "/room/", "/static", "/static/", "/room/a/b", "//", "/socket.io"} {
		b.get(path).want(t, 404, "There’s nothing at this address", `href="/"`)
	}
}

func TestWrongMethods(t *testing.T) {
	b := newBrowser(t, newHandler(t, &fakeService{}))
	for _, test := range []struct{ method, path, allow string }{
		{"PUT", "/join", "GET, HEAD, POST"},
		{"POST", "/join/" + knockID, "GET, HEAD"},
		{"POST", "/room/" + roomID, "GET"},
		{"DELETE", "/", "GET, HEAD, POST"},
		{"PUT", "/static/x", "GET, HEAD"},
		{"OPTIONS", "/", "GET, HEAD, POST"},
		{"BREW", "/", "GET, HEAD, POST"},
	} {
		var form url.Values
		if !isSafe(test.method) {
			form = url.Values{"csrf_token": {b.token()}}
		}
		got := b.do(test.method, test.path, form, func(r *http.Request) {
			if form != nil {
				r.Header.Set("X-CSRFToken", form.Get("csrf_token")) // only POST bodies are read as forms
			}
		})
		got.want(t, 405, `href="/"`)
		if allow := got.Header.Get("Allow"); allow != test.allow {
			t.Errorf("%s %s: Allow %q, want %q", test.method, test.path, allow, test.allow)
		}
	}
}

// Ids that nobody handed out do not reach the store.
func TestHostilePaths(t *testing.T) {
	service := &fakeService{}
	b := newBrowser(t, newHandler(t, service))
	for _, id := range []string{
		"%00", "a%00b", "%2e%2e", "..", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "a%2fb", "%ff%fe", "%F0%9F%98%80",
		strings.Repeat("a", 65), strings.Repeat("a", 100_000), "a%20b", "a;b", "%3Cscript%3E", "'--", "{{7*7}}", "*",
	} {
		got := b.get("/room/" + id)
		got.wantRedirect(t, "/")
		b.get("/room/"+id+"/status").want(t, 404)
	}
	if len(service.paths) != 0 {
		t.Errorf("the service was asked for %q", service.paths)
	}
}

func TestHealth(t *testing.T) {
	ready := true
	b := newBrowser(t, newHandler(t, &fakeService{}, func(o *Options) { o.Ready = func() bool { return ready } }))
	b.get("/healthz").want(t, 200, "ok")
	b.get("/readyz").want(t, 200, "ok")
	b.do("HEAD", "/readyz", nil).want(t, 200)
	ready = false
	b.get("/healthz").want(t, 200, "ok")
	b.get("/readyz").want(t, 503, "shutting down")
	// Draining or not, who is here can go on.
	b.get("/").want(t, 200)
}

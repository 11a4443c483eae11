package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"securechat/internal/web/words"
	"securechat/room"
)

const seatID = "33333333-3333-4333-8333-333333333333"

// listing is a start page that shows every variable of the session's seats.
func listing(o *Options) {
	files := fixture()
	files["index.html"] = &fstest.MapFile{Data: []byte(`<input name="csrf_token" value="{{ csrf_token() }}">
{% for chat in chats %}[{{ chat.path }} {{ chat.leave }} {{ chat.name }}; {{ chat.people }}: {{ chat.people_words }}; {{ chat.ends }}, {{ chat.left }} s: {{ chat.ends_words }}; {{ chat.held }}: {{ chat.held_words }}]
{% endfor %}{% for request in requests %}({{ request.path }} {{ request.name }} {{ request.ends }}){% endfor %}`)}
	for _, language := range []string{"words/en.json", "words/de.json"} {
		content, err := os.ReadFile("../../templates/" + language)
		if err != nil {
			panic(err)
		}
		files[language] = &fstest.MapFile{Data: content}
	}
	o.Templates = files
}

// Threat: somebody gathers seats, and each load of the start page costs as many times the work.
func TestStartPageListsNoMoreThanTwentySeats(t *testing.T) {
	now := time.Now()
	for _, tt := range []struct{ chats, requests, wantChats, wantRequests int }{
		{20, 0, 20, 0}, {500, 0, 20, 0}, {500, 3, 17, 3}, {500, 20, 0, 20}, {500, 300, 0, 20}, {1, 19, 1, 19},
	} {
		var seats []room.Seat // oldest room first
		for i := range tt.chats {
			seats = append(seats, room.Seat{Name: fmt.Sprintf("chat %d.", i), Standing: room.Admitted, ExpiresAt: now.Add(time.Hour)})
		}
		for range tt.requests {
			seats = append(seats, room.Seat{Standing: room.Waiting, Deadline: now.Add(time.Minute)})
		}
		service := &fakeService{seats: func(string) ([]room.Seat, error) { return seats, nil }}
		page := newBrowser(t, newHandler(t, service, listing)).get("/").body
		if chats, requests := strings.Count(page, "[/room/"), strings.Count(page, "(/join/"); chats != tt.wantChats || requests != tt.wantRequests {
			t.Errorf("of %d chats and %d requests it lists %d and %d", tt.chats, tt.requests, chats, requests)
		}
		if newest := fmt.Sprintf("chat %d.", tt.chats-1); tt.wantChats > 0 && !strings.Contains(page, newest) {
			t.Errorf("of %d chats the newest is missing", tt.chats)
		}
	}
}

// The start page lists what the session holds, with times as instants and in words.
func TestStartPageListsSeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // it begins at 2000-01-01T00:00:00Z
		now := time.Now()
		service := &fakeService{seats: func(string) ([]room.Seat, error) {
			return []room.Seat{
				{ID: "a", Room: roomID, Name: "O'Brien", Standing: room.Admitted, Path: roomID, Participants: 2, ExpiresAt: now.Add(23*time.Hour + 59*time.Minute)},
				{ID: seatID, Room: roomID, Name: "Ana", Standing: room.Admitted, Path: seatID, Participants: 1, ExpiresAt: now.Add(72 * time.Hour), HeldUntil: now.Add(90 * time.Second)},
				{ID: "b", Room: roomID, Name: "Nobody", Standing: room.Admitted, Path: "b", ExpiresAt: now.Add(time.Second), HeldUntil: now.Add(time.Second)},
				{ID: knockID, Room: roomID, Name: "Waits", Standing: room.Waiting, Path: knockID, Deadline: now.Add(time.Minute)},
				// None of these is anything that one could go to.
				{ID: "over", Room: "over", Name: "Gone", Standing: room.Admitted, Path: "over", ExpiresAt: now},
				{ID: "late", Room: roomID, Name: "Gone", Standing: room.Waiting, Path: "late", Deadline: now},
				{ID: "refused", Room: roomID, Name: "Gone", Standing: room.Refused, Path: "refused"},
			}, nil
		}}
		b := newBrowser(t, newHandler(t, service, listing))
		page := b.get("/")
		page.want(t, 200,
			"[/room/"+roomID+" /room/"+roomID+"/leave O&#39;Brien; 2: 2 people; 2000-01-01T23:59:00Z, 86340 s: ends in 23 h; : ]",
			"[/room/"+seatID+" /room/"+seatID+"/leave Ana; 1: 1 person; 2000-01-04T00:00:00Z, 259200 s: ends in 3 days; 2000-01-01T00:01:30Z: Come back within 1 min]",
			"; 0: nobody there right now; 2000-01-01T00:00:01Z, 1 s: ends in 1 min;",
			"(/join/"+knockID+" Waits 2000-01-01T00:01:00Z)")
		if strings.Contains(page.body, "Gone") {
			t.Errorf("it lists what is over: %s", page.body)
		}
		b.get("/", header("Accept-Language", "de")).want(t, 200, "2: 2 Leute;", "endet in 3 Tagen;", "1: 1 Person;")

		// Another language, and nothing to list.
		service.seats = nil
		if page := b.get("/"); strings.ContainsAny(page.body, "[(") {
			t.Errorf("somebody without a seat: %s", page.body)
		}
		service.seats = func(string) ([]room.Seat, error) { return nil, errors.New("store away") }
		b.get("/").want(t, 500, "Something went wrong")
	})
}

// A chat is known by the people in it, as in the room: three names at the most, and of more two.
func TestStartPageNamesTheOthers(t *testing.T) {
	files := func(o *Options) {
		listing(o)
		o.Templates.(fstest.MapFS)["index.html"] = &fstest.MapFile{Data: []byte(`{% for chat in chats %}[{{ chat.title }}]{% endfor %}{{ requests }}`)}
	}
	now := time.Now()
	for _, tt := range []struct {
		others []string // as the seat has them
		count  int
		en, de string
	}{
		{nil, 0, "Just you", "Nur du"},
		{[]string{"Ben"}, 1, "Ben", "Ben"},
		{[]string{"Ben", "O'Cleo", "<b>"}, 3, "Ben, O&#39;Cleo, &lt;b&gt;", "Ben, O&#39;Cleo, &lt;b&gt;"},
		{[]string{"Ben", "Cleo", "Dora"}, 4, "Ben, Cleo and 2 others", "Ben, Cleo und 2 weitere"},
		{[]string{"{number}", "{names}", "Dora"}, 49, "{number}, {names} and 47 others", "{number}, {names} und 47 weitere"},
	} {
		service := &fakeService{seats: func(string) ([]room.Seat, error) {
			return []room.Seat{
				{Name: "Ana", Standing: room.Admitted, ExpiresAt: now.Add(time.Hour), Others: tt.others, OtherCount: tt.count},
				// Threat: somebody who waits at the door learns who is inside.
				{ID: knockID, Name: "Waits", Deadline: now.Add(time.Minute), Others: []string{"Secret"}, OtherCount: 1},
			}, nil
		}}
		b := newBrowser(t, newHandler(t, service, files))
		for language, want := range map[string]string{"en": tt.en, "de": tt.de} {
			page := b.get("/", header("Accept-Language", language)).body
			if got := strings.NewReplacer("\u2068", "", "\u2069", "").Replace(page); !strings.Contains(got, "["+want+"]") || strings.Contains(page, "Secret") {
				t.Errorf("%s: %q of %v is %s", language, want, tt.others, got)
			}
		}
	}
	// Threat: a name of the other direction turns those around it.
	if got := titleOf(room.Seat{Others: []string{"a", "\u05d0"}, OtherCount: 2}, &words.Language{}); got != "\u2068a\u2069, \u2068\u05d0\u2069" {
		t.Errorf("%q", got)
	}
}

// Our own start page has a form for each membership, and a way back to each request.
func TestOwnStartPageListsSeats(t *testing.T) {
	service := &fakeService{seats: func(string) ([]room.Seat, error) {
		return []room.Seat{
			{ID: seatID, Room: roomID, Name: "Ana", Standing: room.Admitted, Path: seatID, Participants: 2, ExpiresAt: time.Now().Add(time.Hour)},
			{ID: knockID, Room: roomID, Name: "Waits", Path: knockID, Deadline: time.Now().Add(time.Minute)},
		}, nil
	}}
	page := newBrowser(t, newHandler(t, service, ownPages)).get("/")
	page.want(t, 200, `href="/room/`+seatID+`"`, `action="/room/`+seatID+`/leave"`, `href="/join/`+knockID+`"`, "2 people")
	if strings.Contains(page.body, roomID) {
		t.Error("the page names a room by its id, which is not the seat's address")
	}
	if forms, tokens := strings.Count(page.body, `method="POST"`), len(tokenPattern.FindAllString(page.body, -1)); forms != 2 || tokens != forms {
		t.Errorf("%d forms and %d tokens", forms, tokens)
	}
}

// Templates that are not made from ours are not told, and nobody is asked for them.
func TestForeignStartPageHasNoSeats(t *testing.T) {
	service := &fakeService{seats: func(string) ([]room.Seat, error) {
		t.Error("asked for seats")
		return nil, nil
	}}
	files := fixture()
	files["index.html"] = &fstest.MapFile{Data: []byte("[{{ chats }}{{ requests }}{{ operator }}{{ source }}{{ version }}]")}
	b := newBrowser(t, newHandler(t, service, func(o *Options) {
		o.Templates = files
		o.About = About{OperatorName: "Us", SourceURL: "https://git.example", Version: "1"}
	}))
	b.get("/").want(t, 200, "[]")
}

func TestAbout(t *testing.T) {
	show := func(o *Options) {
		listing(o)
		o.Templates.(fstest.MapFS)["index.html"] = &fstest.MapFile{Data: []byte(
			"[{{ operator.name }}|{{ operator.url }}|{{ operator.privacy }}|{{ source }}|{{ version.number }}|{{ version.commit }}]")}
	}
	for name, test := range map[string]struct {
		about About
		want  string
	}{
		"nothing":    {About{}, "[|||||]"},
		"everything": {About{OperatorName: "A & B", OperatorURL: "https://a.b/c", PrivacyURL: "https://a.b/p", SourceURL: "https://git.example", Version: "0.1.0", Commit: "abc"}, "[A &amp; B|https://a.b/c|https://a.b/p|https://git.example|0.1.0|abc]"},
		"a site":     {About{OperatorURL: "https://a.b:8/c"}, "[a.b:8|https://a.b:8/c||||]"},
		"a mail":     {About{OperatorURL: "mailto:us@a.b?subject=Chat"}, "[us@a.b|mailto:us@a.b?subject=Chat||||]"},
	} {
		b := newBrowser(t, newHandler(t, &fakeService{}, show, func(o *Options) { o.About = test.about }))
		if got := b.get("/").body; got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

func TestLeave(t *testing.T) {
	var left []string
	service := &fakeService{quit: func(session, path string) error {
		if len(session) != 32 || path != seatID {
			return room.ErrNotFound
		}
		left = append(left, session)
		return nil
	}}
	b := newBrowser(t, newHandler(t, service))
	b.post("/room/"+seatID+"/leave", nil).wantRedirect(t, "/")
	if len(left) != 1 {
		t.Fatalf("left %d times", len(left))
	}
	script := b.post("/room/"+seatID+"/leave", nil, header("Accept", "application/json"))
	script.want(t, 200, `{"location":"/"}`)
	if script.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", script.Header)
	}
	other := newBrowser(t, b.handler)
	other.post("/room/"+seatID+"/leave", nil).wantRedirect(t, "/")
	if len(left) != 3 || left[0] != left[1] || left[0] == left[2] {
		t.Errorf("left by %q", left)
	}

	// Nobody learns whether there is such a room.
	service.paths = nil
	for _, id := range []string{roomID, "unknown", "%00", strings.Repeat("a", 1000), "a%2Fb"} {
		b.post("/room/"+id+"/leave", nil).wantRedirect(t, "/")
	}
	if len(service.paths) != 2 {
		t.Errorf("asked for %q", service.paths)
	}

	// Threat: a link or another site's form takes somebody out of their chat.
	b.get("/room/"+seatID+"/leave").want(t, http.StatusMethodNotAllowed)
	if got := b.get("/room/" + seatID + "/leave").Header.Get("Allow"); got != "POST" {
		t.Errorf("Allow %q", got)
	}
	b.do(http.MethodPost, "/room/"+seatID+"/leave", url.Values{}).want(t, 400)
	if len(left) != 3 {
		t.Error("left without a token")
	}

	service.quit = func(string, string) error { return errors.New("store away") }
	b.post("/room/"+seatID+"/leave", nil).want(t, 500, "Something went wrong")
}

func TestLeavesAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // all of it in one minute
		metrics := &refusals{}
		b := newBrowser(t, newHandler(t, &fakeService{}, func(o *Options) { o.Metrics = metrics }))
		form := url.Values{"csrf_token": {b.token()}}
		for range leavesPerMinute {
			b.do(http.MethodPost, "/room/"+seatID+"/leave", form).wantRedirect(t, "/")
		}
		b.do(http.MethodPost, "/room/"+seatID+"/leave", form).want(t, 429)
		if metrics.counts["leave/rate limit"] != 1 {
			t.Errorf("counted %v", metrics.counts)
		}
	})
}

func TestSpan(t *testing.T) {
	set, err := words.Load(os.DirFS("../../templates"))
	if err != nil {
		t.Fatal(err)
	}
	for d, want := range map[time.Duration]string{
		-time.Second:                    "1 min",
		time.Millisecond:                "1 min",
		119 * time.Second:               "1 min",
		59*time.Minute + 59*time.Second: "59 min",
		time.Hour:                       "1 h",
		47*time.Hour + 59*time.Minute:   "47 h",
		48 * time.Hour:                  "2 days",
		365*24*time.Hour - time.Second:  "364 days",
		24*time.Hour - time.Nanosecond:  "23 h",
	} {
		if got := span(set.For("en"), d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

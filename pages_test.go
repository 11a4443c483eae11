package main_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"image/png"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"securechat/internal/web/jinja"
	"securechat/internal/web/modules"
)

// pageVars are the contract's variables, with values that would show if one of
// them got into a page unescaped.
var pageVars = map[string]map[string]any{
	"index.html": {
		"get_flashed_messages": jinja.Function(func(jinja.Args) (any, error) { return jinja.NewList(`message"><script>`), nil }),
		"chats": jinja.NewList(jinja.Dict{
			"path": "/room/seat-1", "leave": "/room/seat-1/leave", "name": "O'Brien", "people": 2, "people_words": "2 people",
			"ends": "2000-01-02T00:00:00Z", "ends_words": "ends in 23 h", "held": "2000-01-01T00:01:00Z", "held_words": "come back within 1 min",
		}),
		"requests": jinja.NewList(jinja.Dict{"path": "/join/knock-1", "name": `name"><script>`, "ends": "2000-01-01T00:01:00Z"}),
		"operator": jinja.Dict{"name": `us"><script>`, "url": "https://us.example/", "privacy": "mailto:us@us.example"},
		"source":   "https://code.example/",
		"version":  jinja.Dict{"number": "1.2.3", "commit": "abc"},
		"lifetime": jinja.Dict{"tagline": "A chat.", "gone": "Gone", "cookie": "It lasts."},
	},
	"waiting_approval.html": {
		"answer_time": 60,
		"session": jinja.Dict{
			"pending_approval": "knock-1", "user_id": "knock-1", "display_name": jinja.EscapedOnce("O'Brien"),
		},
	},
	"chatroom.html": {
		"session":           jinja.Dict{"user_id": "seat-1", "display_name": jinja.EscapedOnce("O'Brien")},
		"room_code":         "room-1",
		"display_code":      "123456",
		"initial_time":      299,
		"answer_time":       60,
		"participant_count": 7, "encryption_key": `key"><script>`, "MAX_MESSAGE_LENGTH": 1000,
	},
}

// contractIDs are the ids that scripts and tests of the chat find things by.
var contractIDs = map[string][]string{
	"index.html":            {},
	"waiting_approval.html": {"timer"},
	"chatroom.html":         {"chat", "message-input", "timer", "count", "currentCode", "member-count", "code-timer", "join-requests-container"},
}

// TestPages renders the embedded pages and holds them against the contract and
// against the strict Content-Security-Policy that they are served with, under
// which inline script and style do nothing.
func TestPages(t *testing.T) {
	set, err := jinja.Load(os.DirFS("templates"), []string{"index.html", "waiting_approval.html", "chatroom.html"},
		map[string]any{
			"csrf_token": func() string { return `token&"` },
			"words":      jinja.Dict{},
			"url_for": jinja.Function(func(args jinja.Args) (any, error) {
				name, _ := args.Get("filename")
				return fmt.Sprintf("/static/%v", name), nil
			}),
			"modules": jinja.Function(func(args jinja.Args) (any, error) {
				script, _ := jinja.Text(args.Positional[0])
				needed, err := modules.Needed(os.DirFS("static"), script)
				var addresses []any
				for _, name := range needed {
					addresses = append(addresses, "/static/"+name)
				}
				return jinja.NewList(addresses...), err
			}),
		})
	if err != nil {
		t.Fatal(err)
	}
	for page, vars := range pageVars {
		t.Run(page, func(t *testing.T) {
			var out bytes.Buffer
			if err := set.Render(&out, page, vars); err != nil {
				t.Fatal(err)
			}
			doc, err := html.Parse(bytes.NewReader(out.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for n := range doc.Descendants() {
				if n.Type == html.ElementNode {
					ids = append(ids, checkElement(t, n)...)
				}
			}
			for _, id := range contractIDs[page] {
				if !slices.Contains(ids, id) {
					t.Errorf("no element has the id %q", id)
				}
			}
			slices.Sort(ids)
			if unique := slices.Compact(slices.Clone(ids)); len(unique) != len(ids) {
				t.Errorf("an id is used twice: %q", ids)
			}
		})
	}
}

// checkElement fails for what the policy refuses or what is missing on disk,
// and returns the element's id, if any.
func checkElement(t *testing.T, n *html.Node) (ids []string) {
	t.Helper()
	if n.Data == "style" || (n.Data == "script" && n.FirstChild != nil) {
		t.Errorf("<%s> holds inline code", n.Data)
	}
	for _, a := range n.Attr {
		switch {
		case a.Key == "id":
			ids = append(ids, a.Val)
		case a.Key == "style" || strings.HasPrefix(a.Key, "on"):
			t.Errorf("<%s %s> is inline code", n.Data, a.Key)
		case a.Key == "src" || (a.Key == "href" && n.Data == "link"):
			if !strings.HasPrefix(a.Val, "/static/") {
				t.Errorf("<%s %s=%q> is not from this server", n.Data, a.Key, a.Val)
			}
			if _, err := os.Stat(strings.TrimPrefix(a.Val, "/")); err != nil {
				t.Error(err)
			}
		}
	}
	return ids
}

// TestPageForms: the forms send the contract's fields to the contract's addresses, also
// without a script.
func TestPageForms(t *testing.T) {
	join := []string{"csrf_token", "display_name", "room_code"}
	for page, want := range map[string]map[string][]string{
		// One field for the name is one form, which sends the code along when it creates; nobody reads it there.
		"index.html":            {"POST /": join, "POST /join": join, "POST {{ chat.leave }}": {"csrf_token"}},
		"waiting_approval.html": {"POST /join": join},
	} {
		if got := forms(t, "templates/"+page); !maps.EqualFunc(got, want, slices.Equal) {
			t.Errorf("%s sends %q, want %q", page, got, want)
		}
	}
}

// forms returns the fields that a page sends to each address, in order.
func forms(t *testing.T, file string) map[string][]string {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := html.Parse(bytes.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for form := range doc.Descendants() {
		if form.Data != "form" {
			continue
		}
		var addresses, fields []string
		for n := range form.Descendants() {
			switch n.Data {
			case "input":
				fields = append(fields, attribute(n, "name"))
			case "button":
				addresses = append(addresses, cmp.Or(attribute(n, "formaction"), attribute(form, "action")))
			}
		}
		slices.Sort(fields)
		for _, address := range addresses {
			found[attribute(form, "method")+" "+address] = fields
		}
	}
	return found
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// TestManifest: what makes the chat an app on a home screen names files that are there.
func TestManifest(t *testing.T) {
	source, err := os.ReadFile("static/manifest.webmanifest")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Icons []struct{ Src, Sizes, Purpose string }
	}
	if err := json.Unmarshal(source, &manifest); err != nil {
		t.Fatal(err)
	}
	sizes := map[string]bool{}
	for _, icon := range manifest.Icons {
		file, err := os.Open("static/" + icon.Src)
		if err != nil {
			t.Error(err)
			continue
		}
		if icon.Sizes != "any" {
			config, err := png.DecodeConfig(file)
			if size := fmt.Sprintf("%dx%d", config.Width, config.Height); err != nil || size != icon.Sizes {
				t.Errorf("%s is %s, %v; want %s", icon.Src, size, err, icon.Sizes)
			}
		}
		_ = file.Close() // it was only read
		sizes[icon.Sizes+icon.Purpose] = true
	}
	for _, size := range []string{"any", "192x192", "512x512", "512x512maskable"} {
		if !sizes[size] {
			t.Errorf("there is no icon of %s", size)
		}
	}
}

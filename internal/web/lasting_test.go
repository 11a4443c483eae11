package web

import (
	"fmt"
	"testing"
	"testing/fstest"
	"time"
)

// The start page says how long a chat of this server lasts, and a day as we would.
func TestLifetime(t *testing.T) {
	for lasts, want := range map[time.Duration][2]string{
		0:                             {"A private chat room that lasts one day.|Gone after a day|it lasts a day.", "Ein privater Chat für einen Tag.|Nach einem Tag gelöscht|gilt einen Tag."},
		24 * time.Hour:                {"A private chat room that lasts one day.|Gone after a day|it lasts a day.", "Ein privater Chat für einen Tag.|Nach einem Tag gelöscht|gilt einen Tag."},
		time.Second:                   {"A private chat room that lasts one minute.|Gone after a minute|it lasts a day.", "Ein privater Chat für eine Minute.|Nach einer Minute gelöscht|gilt einen Tag."},
		30 * time.Minute:              {"A private chat room that lasts 30 minutes.|Gone after 30 minutes|it lasts a day.", "Ein privater Chat für 30 Minuten.|Nach 30 Minuten gelöscht|gilt einen Tag."},
		time.Hour:                     {"A private chat room that lasts one hour.|Gone after an hour|it lasts a day.", "Ein privater Chat für eine Stunde.|Nach einer Stunde gelöscht|gilt einen Tag."},
		90 * time.Minute:              {"A private chat room that lasts 90 minutes.|Gone after 90 minutes|it lasts a day.", "Ein privater Chat für 90 Minuten.|Nach 90 Minuten gelöscht|gilt einen Tag."},
		5*time.Hour + 1:               {"A private chat room that lasts 5 hours.|Gone after 5 hours|it lasts a day.", "Ein privater Chat für 5 Stunden.|Nach 5 Stunden gelöscht|gilt einen Tag."},
		36 * time.Hour:                {"A private chat room that lasts 36 hours.|Gone after 36 hours|it lasts 2 days.", "Ein privater Chat für 36 Stunden.|Nach 36 Stunden gelöscht|gilt 2 Tage."},
		48 * time.Hour:                {"A private chat room that lasts 2 days.|Gone after 2 days|it lasts 2 days.", "Ein privater Chat für 2 Tage.|Nach 2 Tagen gelöscht|gilt 2 Tage."},
		30*24*time.Hour + 5*time.Hour: {"A private chat room that lasts 30 days.|Gone after 30 days|it lasts 30 days.", "Ein privater Chat für 30 Tage.|Nach 30 Tagen gelöscht|gilt 30 Tage."},
	} {
		b := newBrowser(t, newHandler(t, &fakeService{}, listing, func(o *Options) {
			o.Templates.(fstest.MapFS)["index.html"] = &fstest.MapFile{Data: []byte(`{{ lifetime.tagline }}|{{ lifetime.gone }}|{{ lifetime.cookie.split("; ")[-1].split(" und ")[-1] }}`)}
			o.About.RoomLifetime = lasts
		}))
		for i, language := range []string{"en", "de"} {
			if got := b.get("/", header("Accept-Language", language)).body; got != want[i] {
				t.Errorf("%v in %s: %s, want %s", lasts, language, got, want[i])
			}
		}
	}
}

// Our own start page says it in its line, to those who share it, and in how it works.
func TestOwnStartPageSaysLifetime(t *testing.T) {
	page := newBrowser(t, newHandler(t, &fakeService{}, ownPages, func(o *Options) { o.About.RoomLifetime = 3 * time.Hour })).get("/")
	const tagline = "A private chat room that lasts 3 hours."
	page.want(t, 200, fmt.Sprintf(`<p class="line">%s</p>`, tagline), `name="description" content="`+tagline, `og:description" content="`+tagline, "<h3>Gone after 3 hours</h3>")
}

// Words of somebody's own without these sentences say what they have.
func TestLifetimeInOtherWords(t *testing.T) {
	b := newBrowser(t, newHandler(t, &fakeService{}, func(o *Options) {
		files := fixture()
		files["index.html"] = &fstest.MapFile{Data: []byte("{{ lifetime.tagline }}|{{ lifetime.gone }}")}
		files["words/en.json"] = &fstest.MapFile{Data: []byte(`{"pages": {"start.tagline": "Ours."}}`)}
		o.Templates, o.About.RoomLifetime = files, time.Hour
	}))
	b.get("/").want(t, 200, "Ours.|")
}

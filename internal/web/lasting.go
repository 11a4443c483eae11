package web

import (
	"cmp"
	"time"

	"securechat/internal/web/jinja"
	"securechat/internal/web/words"
)

const day = 24 * time.Hour

// lifetimeVars are what the start page says of how long a chat lasts, d: "tagline", "gone" (the
// heading about its end) and "cookie" (how long the session's cookie does). A day, for which zero
// stands too, has the sentences without a number.
func lifetimeVars(l *words.Language, d time.Duration) jinja.Dict {
	d = cmp.Or(d, day)
	// A session outlives each of its chats, and never ends within a day.
	cookie := l.Page("start.kept.cookies.session", "")
	if d > day {
		cookie = counted(l, "start.kept.cookies.session", "days", int(d.Round(day)/day))
	}
	unit, number := lasting(d)
	return jinja.Dict{
		"tagline": counted(l, "start.tagline", unit, number),
		"gone":    counted(l, "start.how.end", unit, number),
		"cookie":  cookie,
	}
}

// counted returns the text with a number of units in it. Words of somebody's own may have only the
// one without.
func counted(l *words.Language, name, unit string, number int) string {
	if unit == "days" && number == 1 {
		return l.Page(name, "")
	}
	return cmp.Or(l.Counted(name+"."+unit, number), l.Page(name, ""))
}

// lasting returns a length of time as people say it, in the largest unit that divides it or is
// near enough. It promises no more time than there is, except for the last minute.
func lasting(d time.Duration) (unit string, number int) {
	switch {
	case d%day == 0 || d >= 7*day:
		return "days", int(d / day)
	case d%time.Hour == 0 || d >= 3*time.Hour:
		return "hours", int(d / time.Hour)
	}
	return "minutes", max(1, int(d/time.Minute))
}

package web

import (
	"net/url"
	"strings"
	"time"

	"securechat/internal/web/jinja"
)

// About is what the embedded pages say of the server. All of it may be empty.
type About struct {
	// OperatorName is who runs the server; OperatorURL is where to find or write to them, and
	// PrivacyURL what they say about privacy.
	OperatorName, OperatorURL, PrivacyURL string
	// SourceURL is where the source code of what is running is.
	SourceURL string
	// RoomLifetime is how long a chat lasts. Zero stands for a day.
	RoomLifetime time.Duration
	// Version and Commit are what is running.
	Version, Commit string
}

// vars returns the variables of templates.
func (a About) vars() map[string]any {
	name := a.OperatorName
	if name == "" {
		name = readable(a.OperatorURL)
	}
	return map[string]any{
		"operator": jinja.Dict{"name": name, "url": a.OperatorURL, "privacy": a.PrivacyURL},
		"source":   a.SourceURL,
		"version":  jinja.Dict{"number": a.Version, "commit": a.Commit},
	}
}

// readable returns what people call an address: its host, or the mail address.
func readable(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	if mail, err := url.PathUnescape(u.Opaque); err == nil && strings.Contains(mail, "@") {
		return mail
	}
	return u.Host
}

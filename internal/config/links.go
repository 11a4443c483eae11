package config

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLabel and maxLink bound what is shown on a page, in characters and in bytes.
const (
	maxLabel = 100
	maxLink  = 2000
)

// label is a short text for people.
type label string

func (l *label) UnmarshalText(text []byte) error {
	switch s := string(text); {
	case !utf8.ValidString(s):
		return errors.New("it is not in UTF-8")
	case strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return errors.New("it has a line break or another character that can't be seen")
	case utf8.RuneCountInString(s) > maxLabel:
		return fmt.Errorf("it has %d characters", utf8.RuneCountInString(s))
	default:
		*l = label(s)
		return nil
	}
}

// webLink is an address of https that a page may lead to.
type webLink string

func (w *webLink) UnmarshalText(text []byte) error {
	u, err := parseLink(string(text))
	if err != nil {
		return err
	}
	if u.Scheme != "https" {
		return fmt.Errorf("%q does not begin with https://", text)
	}
	*w = webLink(u.String())
	return nil
}

// contact is an address of https, or one to write mail to.
type contact string

func (c *contact) UnmarshalText(text []byte) error {
	u, err := parseLink(string(text))
	if err != nil {
		return err
	}
	if u.Scheme != "https" && u.Scheme != "mailto" {
		return fmt.Errorf("%q does not begin with mailto: or https://", text)
	}
	*c = contact(u.String())
	return nil
}

// parseLink checks an address as far as its scheme needs it.
func parseLink(text string) (*url.URL, error) {
	if len(text) > maxLink {
		return nil, fmt.Errorf("it has %d bytes, which is more than the %d that every browser takes", len(text), maxLink)
	}
	u, err := url.Parse(text)
	if err != nil || u.User != nil || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) || r == ' ' }) {
		// Such a text can hold a password, so it is not shown.
		return nil, errors.New("it is not an address of this form")
	}
	switch u.Scheme {
	case "https":
		var h host
		if err := h.UnmarshalText([]byte(strings.TrimSuffix(u.Hostname(), "."))); err != nil {
			return nil, fmt.Errorf("%q has no host in ASCII (write an international name in its xn-- form)", text)
		}
		if port := u.Port(); port != "" {
			if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
				return nil, fmt.Errorf("%q has no port from 1 to 65535", text)
			}
		}
	case "mailto":
		address, err := url.PathUnescape(u.Opaque)
		if err != nil {
			return nil, fmt.Errorf("%q has no mail address", text)
		}
		if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address {
			return nil, fmt.Errorf("%q has no mail address", text)
		}
	}
	return u, nil
}

// repository and commit are how Render writes them.
var (
	repository = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{0,99}[A-Za-z0-9_-]$`)
	commit     = regexp.MustCompile(`^[0-9a-f]{40}$`)
)

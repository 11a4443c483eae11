package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// origins are web origins as browsers send them in the header Origin.
type origins []string

func (o *origins) UnmarshalText(text []byte) error {
	var problems []string
	for _, entry := range entries(text) {
		origin, err := parseOrigin(entry)
		if err != nil {
			problems = append(problems, err.Error())
			continue
		}
		if !slices.Contains(*o, origin) {
			*o = append(*o, origin)
		}
	}
	if len(problems) > 0 {
		return errors.New(strings.Join(problems, ", "))
	}
	return nil
}

// parseOrigin checks an origin and brings it into the form that browsers send: in lower
// case and without the scheme's default port. A websocket has the scheme of its page.
func parseOrigin(entry string) (string, error) {
	if entry == "*" {
		return "", errors.New(`"*" would let every website act for your visitors`)
	}
	u, err := url.Parse(entry)
	if err != nil || u.User != nil {
		// Such an entry can hold a password, so it is not shown.
		return "", errors.New("an entry is not a URL of this form, and is not shown since it may hold a password")
	}
	scheme, known := map[string]string{"http": "http", "ws": "http", "https": "https", "wss": "https"}[u.Scheme]
	if !known {
		return "", fmt.Errorf("%q does not begin with http:// or https://", entry)
	}
	if rest := strings.TrimPrefix(entry[len(u.Scheme):], "://"); rest != u.Host {
		return "", fmt.Errorf("%q has something after the host and port", entry)
	}
	var h host
	if err := h.UnmarshalText([]byte(strings.TrimSuffix(u.Hostname(), "."))); err != nil {
		return "", fmt.Errorf("%q has no host in ASCII (write an international name in its xn-- form)", entry)
	}
	u.Scheme = scheme
	return serialize(u, string(h), entry)
}

func serialize(u *url.URL, name, entry string) (string, error) {
	name = strings.ToLower(name)
	if strings.Contains(name, ":") {
		name = "[" + name + "]"
	}
	port := u.Port()
	if port == "" {
		return u.Scheme + "://" + name, nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return "", fmt.Errorf("%q has no port from 1 to 65535", entry)
	}
	if defaultPort := map[string]uint64{"http": 80, "https": 443}[u.Scheme]; n == defaultPort {
		return u.Scheme + "://" + name, nil
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.Trim(name, "[]"), port), nil
}

package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// environment is true for production.
type environment bool

func (e *environment) UnmarshalText(text []byte) error {
	switch strings.ToLower(string(text)) {
	case "production":
		*e = true
	case "development":
		*e = false
	default:
		return fmt.Errorf("%q is not a known environment", text)
	}
	return nil
}

type onOff bool

func (o *onOff) UnmarshalText(text []byte) error {
	switch strings.ToLower(string(text)) {
	case "on":
		*o = true
	case "off":
		*o = false
	default:
		return fmt.Errorf("%q is neither on nor off", text)
	}
	return nil
}

// level takes the names of Python's logging, which the Flask app used, and of
// log/slog.
type level slog.Level

func (l *level) UnmarshalText(text []byte) error {
	names := map[string]slog.Level{
		"NOTSET":   slog.LevelDebug - 4, // everything
		"DEBUG":    slog.LevelDebug,
		"INFO":     slog.LevelInfo,
		"WARNING":  slog.LevelWarn,
		"WARN":     slog.LevelWarn,
		"ERROR":    slog.LevelError,
		"CRITICAL": slog.LevelError + 4,
		"FATAL":    slog.LevelError + 4,
	}
	found, ok := names[strings.ToUpper(string(text))]
	if !ok {
		return fmt.Errorf("%q is not a log level", text)
	}
	*l = level(found)
	return nil
}

// duration also takes a bare number, which means seconds as it did for Flask.
type duration time.Duration

func (d *duration) UnmarshalText(text []byte) error {
	s := string(text)
	if strings.Trim(s, "+-.0123456789") == "" {
		s += "s"
	}
	parsed, err := time.ParseDuration(s)
	if err != nil {
		return fmt.Errorf("%q is not a duration", text)
	}
	*d = duration(parsed)
	return nil
}

func (d duration) String() string { return time.Duration(d).String() }

// host is an IP address or a host name.
type host string

var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`)

func (h *host) UnmarshalText(text []byte) error {
	s := strings.TrimSuffix(strings.TrimPrefix(string(text), "["), "]")
	if _, err := netip.ParseAddr(s); err != nil && !hostName.MatchString(s) {
		return fmt.Errorf("%q is not an address or a host name", text)
	}
	*h = host(s)
	return nil
}

// address is a host, which may be empty, and a port.
type address string

func (a *address) UnmarshalText(text []byte) error {
	s := string(text)
	if strings.Trim(s, "0123456789") == "" {
		s = net.JoinHostPort("127.0.0.1", s)
	}
	name, port, err := net.SplitHostPort(s)
	if err != nil {
		return fmt.Errorf("%q is not an address with a port", text)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q has no port from 0 to 65535", text)
	}
	var h host
	if err := h.UnmarshalText([]byte(name)); err != nil && name != "" {
		return fmt.Errorf("%q does not begin with a host", text)
	}
	*a = address(s)
	return nil
}

// size is a number of bytes, written as GOMEMLIMIT is.
type size int64

const minSize, maxSize = 1 << 20, 1 << 40

var units = []struct {
	name  string
	bytes int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"B", 1}}

func (z *size) UnmarshalText(text []byte) error {
	digits, unit := string(text), int64(1)
	for _, u := range units {
		if number, ok := strings.CutSuffix(digits, u.name); ok {
			digits, unit = strings.TrimSpace(number), u.bytes
			break
		}
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil {
		return fmt.Errorf("%q is not a size", text)
	}
	if n > uint64(maxSize/unit) || int64(n)*unit < minSize {
		return fmt.Errorf("%q is out of range", text)
	}
	*z = size(int64(n) * unit)
	return nil
}

// contentPolicy is sent as a header, so it must have no character that would end one.
type contentPolicy string

func (c *contentPolicy) UnmarshalText(text []byte) error {
	for _, b := range text {
		if b < ' ' || b > '~' {
			return errors.New("it has a line break or another character that a header can't have")
		}
	}
	*c = contentPolicy(text)
	return nil
}

// entries splits a comma-separated list and drops blank entries.
func entries(text []byte) []string {
	var list []string
	for entry := range strings.SplitSeq(string(text), ",") {
		if entry = strings.TrimSpace(entry); entry != "" {
			list = append(list, entry)
		}
	}
	return list
}

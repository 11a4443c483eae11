package logging

import (
	"context"
	"log"
	"log/slog"
	"strings"
)

// ErrorLog returns a logger for http.Server.ErrorLog. Its lines hold the
// addresses of clients, which l scrubs. Panics of handlers are errors. Failed TLS
// handshakes go to debug, since any client can cause them. The rest are warnings.
func ErrorLog(l *slog.Logger) *log.Logger {
	return log.New(bridge{l}, "", 0)
}

// bridge takes the lines of a log.Logger, one with each call.
type bridge struct{ logger *slog.Logger }

func (b bridge) Write(line []byte) (int, error) {
	text := strings.TrimSuffix(string(line), "\n")
	b.logger.Log(context.Background(), levelOf(text), text) //nolint:sloglint // net/http puts its messages together
	return len(line), nil
}

func levelOf(line string) slog.Level {
	switch {
	case strings.HasPrefix(line, "http: panic serving"):
		return slog.LevelError
	case strings.HasPrefix(line, "http: TLS handshake error"):
		return slog.LevelDebug
	default:
		return slog.LevelWarn
	}
}

// Package logging sets up log/slog so that a log can be shown to strangers: it
// holds no name, message, room, code, cookie or address in clear, whatever
// the callers pass.
//
// # What is hidden
//
// An attribute whose key names something private loses its value. Codes,
// names, messages and credentials become [redacted]; identifiers and addresses
// become a short keyed hash, so that lines on the same room or visitor can
// still be told together. A key is read word by word, room_id like roomID, and
// the keys of the groups around an attribute count as well.
//
// Everything else that is text, the log message and errors included, loses
// UUIDs, addresses, runs of six digits and long tokens. Structs, maps and
// the like are not written out at all, since they may hold anything.
//
// A name or message within the text of an error cannot be told from other
// words. Do not put it there.
package logging

import (
	"crypto/rand"
	"io"
	"log/slog"
)

// Options are the choices for a new logger.
type Options struct {
	// Level is the least level that is written; nil means slog.LevelInfo.
	Level slog.Leveler
	// JSON writes one JSON object a line, for machines, instead of text.
	JSON bool
	// Key is the key of the hashes. Without it a random one is made, and the
	// hashes of two runs cannot be compared.
	Key []byte
}

// New returns a logger that writes to w and hides what is private. It is safe
// for concurrent use and writes each record with one call of w.Write.
func New(w io.Writer, o Options) *slog.Logger {
	key := o.Key
	if len(key) == 0 {
		key = make([]byte, 32)
		rand.Read(key) // ends the process rather than fail
	}
	options := &slog.HandlerOptions{
		Level:       o.Level,
		ReplaceAttr: (&redactor{key: key}).replace,
	}
	if o.JSON {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

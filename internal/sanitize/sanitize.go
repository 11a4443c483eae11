package sanitize

import (
	"errors"
	"fmt"
	"runtime"
	"unicode/utf8"

	"github.com/microcosm-cc/bluemonday"
)

const (
	// DefaultMaxLength is the length of a plain message in characters if none is configured.
	DefaultMaxLength = 1000
	// DefaultMaxCiphertext is the size in bytes beyond which an envelope is refused.
	// A long MaxLength raises it to the size that a message of that length takes.
	DefaultMaxCiphertext = 64 << 10
	// MaxPlain is the size in bytes beyond which a plain message is refused rather
	// than cut. No person has typed such a message, and to cut it would mean to read
	// it. A long MaxLength raises the size to that of a message of that length.
	MaxPlain = 64 << 10

	// A page may send "&" as an entity, which is longer than any character as such.
	maxCharBytes = len("&amp;")
	// An envelope is base64, which adds a third, and a little around it.
	maxEnvelopeCharBytes = 2 * utf8.UTFMax
	// TruncationMark follows a plain message that was cut.
	TruncationMark = "... (message truncated)"
)

// ErrTooLong stands for every *TooLongError, for errors.Is.
var ErrTooLong = errors.New("message too long")

// TooLongError says that a message was refused because of its size. Its text is
// meant for the sender.
type TooLongError struct {
	Size, Limit int // bytes
	Encrypted   bool
}

// Error says what happened and what the limit is.
func (e *TooLongError) Error() string {
	kind := "message"
	if e.Encrypted {
		kind = "encrypted message"
	}
	return fmt.Sprintf("Your %s is too long: it has %d bytes, and at most %d can be sent. Please split it.", kind, e.Size, e.Limit)
}

// Is reports whether target is ErrTooLong.
func (e *TooLongError) Is(target error) bool { return target == ErrTooLong }

// Options are the limits of a Sanitizer.
type Options struct {
	// MaxLength is the length of a plain message in Unicode code points. An entity
	// counts as the code point that it stands for, a tag as it is written. A longer
	// message is cut. 0 or less means DefaultMaxLength.
	MaxLength int
	// MaxCiphertext is the size of a whole envelope in bytes. A larger envelope is
	// refused. 0 or less means DefaultMaxCiphertext, or more if MaxLength needs it.
	MaxCiphertext int
}

// Sanitizer turns messages as they were sent into messages that may be relayed. It
// is immutable and safe for concurrent use.
type Sanitizer struct {
	maxLength, maxPlain, maxCiphertext int
	policy                             *bluemonday.Policy
	derivers                           chan struct{} // one element for each envelope that is being opened
}

// New returns a Sanitizer. Compiling its policy takes time, so make one and keep it.
func New(o Options) *Sanitizer {
	if o.MaxLength <= 0 {
		o.MaxLength = DefaultMaxLength
	}
	if o.MaxCiphertext <= 0 {
		o.MaxCiphertext = maxCiphertext(o.MaxLength)
	}
	return &Sanitizer{
		maxLength:     o.MaxLength,
		maxPlain:      maxPlain(o.MaxLength),
		maxCiphertext: o.MaxCiphertext,
		policy:        newPolicy(),
		derivers:      make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
	}
}

// MaxBytes returns the size in bytes beyond which any message is refused, plain or
// envelope, for a MaxLength in characters.
func MaxBytes(maxLength int) int { return max(maxPlain(maxLength), maxCiphertext(maxLength)) }

func maxPlain(maxLength int) int { return max(MaxPlain, maxCharBytes*maxLength) }

func maxCiphertext(maxLength int) int {
	return max(DefaultMaxCiphertext, maxEnvelopeCharBytes*maxLength)
}

// Message returns the message to relay for a text that somebody sent. An envelope
// stays unchanged. Any other text becomes markup that is safe for innerHTML; if it was
// too long it is cut and marked. The result is "" if nothing visible is left: then
// there is nothing to relay.
//
// The only error is a *TooLongError.
func (s *Sanitizer) Message(text string) (string, error) {
	if IsEnvelope(text) {
		if len(text) > s.maxCiphertext {
			return "", &TooLongError{Size: len(text), Limit: s.maxCiphertext, Encrypted: true}
		}
		return text, nil
	}
	if len(text) > s.maxPlain {
		return "", &TooLongError{Size: len(text), Limit: s.maxPlain}
	}
	if !hasInk(text) {
		return "", nil
	}
	clean, whole := s.clean(text, s.maxLength)
	if !whole {
		clean += TruncationMark
	}
	return clean, nil
}

// firstChars returns the first n code points of text, their number, and whether they
// are the whole text.
func firstChars(text string, n int) (kept string, length int, whole bool) {
	for i := range text {
		if length == n {
			return text[:i], length, false
		}
		length++
	}
	return text, length, true
}

package logging

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
)

const redacted = "[redacted]"

// redactor replaces the values of attributes. It is read-only and so safe for
// concurrent use.
type redactor struct{ key []byte }

// replace has the form of slog.HandlerOptions.ReplaceAttr. It sees every
// attribute of every record, the built-in ones and those within groups as
// well, after LogValuers are resolved.
func (r *redactor) replace(groups []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindBool, slog.KindDuration, slog.KindTime: // identify nobody
		return a
	}
	switch privacyOf(groups, a.Key, isNumber(a.Value)) {
	case hidden:
		a.Value = slog.StringValue(redacted)
	case hashed:
		a.Value = slog.StringValue(r.hash(fmt.Sprint(a.Value.Any())))
	default:
		a.Value = clean(a.Value)
	}
	return a
}

// hash returns the first 40 bits of a keyed hash. Without the key nobody can
// find the value by trying all of them, few as IPv4 addresses are.
func (r *redactor) hash(value string) string {
	if value == "" {
		return ""
	}
	mac := hmac.New(sha256.New, r.key)
	mac.Write([]byte(value))
	return "#" + hex.EncodeToString(mac.Sum(nil)[:5])
}

func isNumber(v slog.Value) bool {
	switch v.Kind() {
	case slog.KindInt64, slog.KindUint64, slog.KindFloat64:
		return true
	default:
		return false
	}
}

// clean scrubs a value that is not private by its key.
func clean(v slog.Value) slog.Value {
	switch v.Kind() {
	case slog.KindString:
		return slog.StringValue(Scrub(v.String()))
	case slog.KindAny:
		return cleanAny(v)
	default:
		return v
	}
}

// cleanAny scrubs errors, texts, numbers, and types that are a text or a number
// underneath. Values of all other types are redacted, since they may hold anything.
func cleanAny(v slog.Value) slog.Value {
	value := v.Any()
	switch value := value.(type) {
	case nil, slog.Level:
		return v
	case error:
		return slog.StringValue(Scrub(fmt.Sprint(value)))
	case []string:
		return slog.StringValue(Scrub(strings.Join(value, ", ")))
	}
	switch reflect.TypeOf(value).Kind() {
	case reflect.String, reflect.Bool, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return slog.StringValue(Scrub(fmt.Sprint(value)))
	default:
		return slog.StringValue(fmt.Sprintf("[redacted %T]", value))
	}
}

package config

import (
	"crypto/rand"
	"fmt"
	"log/slog"
)

// minSecret is the length in bytes below which a secret can be guessed.
const minSecret = 16

// Secret is key material. Printing or logging it shows a placeholder. Convert it to
// []byte to use it.
type Secret []byte

const hidden = "[redacted]"

// Format implements fmt.Formatter for every verb.
func (Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, hidden) }

// MarshalText implements encoding.TextMarshaler.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// secret returns the secret that was set, if any. The new name wins.
func (v *variables) secret() Secret {
	if v.SecretKey != "" {
		return Secret(v.SecretKey)
	}
	return Secret(v.FlaskSecretKey)
}

// secretVariable names the variable that the secret comes from.
func (v *variables) secretVariable() string {
	if v.SecretKey == "" && v.FlaskSecretKey != "" {
		return "FLASK_SECRET_KEY"
	}
	return "SECRET_KEY"
}

func generateSecret() Secret {
	secret := make(Secret, 32)
	rand.Read(secret) // ends the process rather than fail
	return secret
}

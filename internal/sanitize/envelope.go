package sanitize

import (
	"encoding/base64"
	"strings"
)

// An envelope is, in full,
//
//	{"salt":"<hex>","content":"<base64>"}
//
// JSON.stringify writes the object {salt, content} of CryptoJS in this order and
// without white space. The hexadecimal digits are in lower case, and the base64 is
// padded. The content has OpenSSL's form: "Salted__", eight bytes of salt, and one
// or more AES blocks.
const (
	envelopeHead   = `{"salt":"`
	envelopeMiddle = `","content":"`
	envelopeTail   = `"}`

	// maxSaltDigits is a bound of ours: the original's salt has 32.
	maxSaltDigits = 128

	opensslMagic  = "Salted__"
	opensslHeader = len(opensslMagic) + 8
	aesBlock      = 16
)

// IsEnvelope reports whether text is an envelope, by its exact grammar. It takes
// time in proportion to the text and allocates nothing.
func IsEnvelope(text string) bool {
	_, _, ok := openEnvelope(text)
	return ok
}

// openEnvelope returns the hexadecimal salt and the base64 content of an envelope.
func openEnvelope(text string) (salt, content string, ok bool) {
	rest, ok := strings.CutPrefix(text, envelopeHead)
	if !ok {
		return "", "", false
	}
	rest, ok = strings.CutSuffix(rest, envelopeTail)
	if !ok {
		return "", "", false
	}
	salt, content, ok = strings.Cut(rest, envelopeMiddle)
	return salt, content, ok && isHex(salt) && isOpenSSL(content)
}

// isHex reports whether s is 1 to maxSaltDigits/2 bytes in lower-case hexadecimal.
func isHex(s string) bool {
	if len(s) == 0 || len(s) > maxSaltDigits || len(s)%2 != 0 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// isOpenSSL reports whether s is the canonical base64 of a salted OpenSSL
// ciphertext: it decodes, and encoding the result again gives s.
func isOpenSSL(s string) bool {
	if len(s)%4 != 0 {
		return false
	}
	digits := strings.TrimRight(s, "=")
	padding := len(s) - len(digits)
	size := len(s)/4*3 - padding
	if padding > 2 || size < opensslHeader+aesBlock || (size-opensslHeader)%aesBlock != 0 {
		return false
	}
	var last byte
	for i := range len(digits) {
		if last = base64Values[digits[i]]; last == notBase64 {
			return false
		}
	}
	// The bits of the last digit that are beyond the last byte must be zero.
	if unused := byte(1)<<(2*padding) - 1; last&unused != 0 {
		return false
	}
	var head [9]byte
	if _, err := base64.StdEncoding.Decode(head[:], []byte(s[:12])); err != nil {
		return false
	}
	return string(head[:len(opensslMagic)]) == opensslMagic
}

const notBase64 = 0xFF

// base64Values maps a character to its six bits, or to notBase64.
var base64Values = func() (values [256]byte) {
	for i := range values {
		values[i] = notBase64
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for i := range len(alphabet) {
		values[alphabet[i]] = byte(i)
	}
	return values
}()

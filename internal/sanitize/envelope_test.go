package sanitize_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"securechat/internal/sanitize"
)

// envelope is what JSON.stringify makes of CryptoJS's result for a ciphertext of so
// many AES blocks.
func envelope(saltDigits, blocks int) string {
	return seal(strings.Repeat("0f", saltDigits/2), ciphertext(blocks*16))
}

func seal(salt, content string) string { return `{"salt":"` + salt + `","content":"` + content + `"}` }

// ciphertext is in OpenSSL's form, with so many bytes after the salt.
func ciphertext(size int) string {
	b := append([]byte("Salted__12345678"), bytes.Repeat([]byte{0xFB, 0x00, 0xFF}, size/3+1)[:size]...)
	return base64.StdEncoding.EncodeToString(b)
}

// From CryptoJS 4.1.1: AES.encrypt("hello", "key").toString(), with a salt of
// WordArray.random(16).
const fromCryptoJS = `{"salt":"b519c9a53e5e96c15275cb16dff9c96f","content":"U2FsdGVkX1+qr3G5sKYgEzpuSwqueLayTBFp4SyNqdc="}`

func TestEnvelope(t *testing.T) {
	const salt = "00112233445566778899aabbccddeeff"
	one := ciphertext(16)
	tests := []struct {
		name, in string
		passes   bool
	}{
		{"from CryptoJS", fromCryptoJS, true},
		{"no padding", seal(salt, ciphertext(32)), true},
		{"one padding character", seal(salt, ciphertext(16)), true},
		{"two padding characters", seal(salt, ciphertext(48)), true},
		{"other salt sizes", seal("ab", one), true},
		{"large", seal(salt, ciphertext(16*1000)), true},

		// Markup anywhere in it would reach the innerHTML of another generation's page.
		{"markup as salt", seal("<img src=x onerror=alert(1)>", one), false},
		{"markup as content", seal(salt, "<img src=x onerror=alert(1)>"), false},
		{"markup within content", seal(salt, one[:24]+"<b>x"+one[28:]), false},
		{"markup before", "<b>" + seal(salt, one), false},
		{"markup after", seal(salt, one) + "<img src=x onerror=alert(1)>", false},
		{"further field", `{"salt":"` + salt + `","content":"` + one + `","x":"<b>"}`, false},
		{"field twice", `{"salt":"` + salt + `","salt":"` + salt + `","content":"` + one + `"}`, false},
		{"other order", `{"content":"` + one + `","salt":"` + salt + `"}`, false},
		{"white space", `{"salt": "` + salt + `","content":"` + one + `"}`, false},
		{"white space around", " " + seal(salt, one), false},
		{"newline after", seal(salt, one) + "\n", false},
		{"newline within base64, which Go's decoder skips", seal(salt, one[:20]+"\n"+one[20:]), false},
		{"escaped character", `{"s\u0061lt":"` + salt + `","content":"` + one + `"}`, false},
		{"escaped slash", seal(salt, strings.Replace(ciphertext(48), "/", `\/`, 1)), false},
		{"content not a string", `{"salt":"` + salt + `","content":1}`, false},
		{"array", "[" + seal(salt, one) + "]", false},

		{"salt empty", seal("", one), false},
		{"salt of half a byte", seal(salt[1:], one), false},
		{"salt not hexadecimal", seal(salt[:30]+"gg", one), false},
		{"salt in capitals, which CryptoJS does not write", seal(strings.ToUpper(salt), one), false},
		{"salt endless", seal(strings.Repeat("0", 130), one), false},

		{"content empty", seal(salt, ""), false},
		{"not OpenSSL's", seal(salt, base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("Solted__"), 4))), false},
		{"header only", seal(salt, ciphertext(0)), false},
		{"part of a block", seal(salt, ciphertext(15)), false},
		{"a byte too many", seal(salt, ciphertext(17)), false},
		{"padding missing", seal(salt, strings.TrimRight(one, "=")), false},
		{"padding within", seal(salt, "U2FsdGVkX1=="+one[12:]), false},
		{"padding only", seal(salt, "===="), false},
		{"bits beyond the end", seal(salt, strings.TrimRight(one, "=")[:42]+"B="), false},
		{"URL alphabet", seal(salt, strings.NewReplacer("+", "-", "/", "_").Replace(one)), false},
		{"non-ASCII", seal(salt, one[:20]+"é"+one[22:]), false},
	}
	s := sanitize.New(sanitize.Options{MaxLength: sanitize.MaxPlain})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := s.Message(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if passes := got == tt.in; passes != tt.passes {
				t.Errorf("%.200q\nbecame %.200q", tt.in, got)
			}
		})
	}
}

// FuzzEnvelope holds the parser against encoding/json, encoding/hex and
// encoding/base64: what passes is exactly what those write for what they read.
// A text with a quotation mark comes back unchanged only as an envelope.
func FuzzEnvelope(f *testing.F) {
	f.Add(fromCryptoJS)
	f.Add(envelope(32, 1))
	f.Add(envelope(32, 2))
	f.Add(envelope(32, 3))
	f.Add(seal("ab", ciphertext(17)))
	f.Add(seal("AB", ciphertext(16)))
	f.Add(`{"salt":"ab","content":"U2FsdGVkX1=="}`)
	s := sanitize.New(sanitize.Options{MaxLength: sanitize.MaxPlain})
	f.Fuzz(func(t *testing.T, text string) {
		got, err := s.Message(text)
		if err != nil || len(text) > sanitize.MaxPlain {
			return
		}
		passed := strings.Contains(text, `"`) && got == text
		if want := isEnvelope(text); passed != want {
			t.Fatalf("%q: passed %v, want %v", text, passed, want)
		}
	})
}

// FuzzEnvelopeOf makes envelopes out of any bytes: all of them pass.
func FuzzEnvelopeOf(f *testing.F) {
	f.Add([]byte("0123456789abcdef"), []byte("12345678"), []byte("0123456789abcdef"))
	s := sanitize.New(sanitize.Options{})
	f.Fuzz(func(t *testing.T, salt, opensslSalt, blocks []byte) {
		if len(salt) == 0 || len(salt) > 64 || len(opensslSalt) != 8 || len(blocks) < 16 || len(blocks) > 1<<15 {
			return
		}
		blocks = blocks[:len(blocks)/16*16]
		content := base64.StdEncoding.EncodeToString([]byte("Salted__" + string(opensslSalt) + string(blocks)))
		text := seal(hex.EncodeToString(salt), content)
		if got, err := s.Message(text); err != nil || got != text {
			t.Fatalf("%q became %q, %v", text, got, err)
		}
	})
}

// isEnvelope is the definition, spelled with the standard library.
func isEnvelope(text string) bool {
	var e struct {
		Salt    string `json:"salt"`
		Content string `json:"content"`
	}
	if json.Unmarshal([]byte(text), &e) != nil {
		return false
	}
	written, err := json.Marshal(e)
	if err != nil || string(written) != text {
		return false
	}
	salt, err := hex.DecodeString(e.Salt)
	if err != nil || hex.EncodeToString(salt) != e.Salt || len(salt) < 1 || len(salt) > 64 {
		return false
	}
	content, err := base64.StdEncoding.DecodeString(e.Content)
	if err != nil || base64.StdEncoding.EncodeToString(content) != e.Content {
		return false
	}
	return bytes.HasPrefix(content, []byte("Salted__")) && len(content) >= 32 && len(content)%16 == 0
}

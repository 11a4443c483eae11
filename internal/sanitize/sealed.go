package sanitize

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5" //nolint:gosec // what OpenSSL and CryptoJS derive their keys by
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // what CryptoJS before 4.2 derives keys by
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// The cost of opening an envelope, in plain messages; a member may send ten of those in
// a second. Its keys take half a millisecond of a processor. Every so many bytes of the
// costliest text take as much again.
const (
	envelopeCost     = 3
	bytesPerMoreCost = 8 << 10
)

// EnvelopeCost returns the number of plain messages that an envelope counts as when it is
// opened.
func EnvelopeCost(envelope string) int { return envelopeCost + len(envelope)/bytesPerMoreCost }

// The encrypted generation's pages derive a secret by PBKDF2 from the room's id and its
// key. They write it in hexadecimal and use it as the passphrase of CryptoJS's AES.
const (
	sealIterations = 1000
	sealKeySize    = 32 // bytes
	sealSaltSize   = opensslHeader - len(opensslMagic)
)

// sealHashes are the hashes of PBKDF2 in CryptoJS: the first one until 4.1, the other
// since 4.2.
var sealHashes = [...]func() hash.Hash{sha1.New, sha256.New}

// Envelope returns the message to relay for an envelope from a room whose pages share a
// secret: the room's id and its key. Pages put the text of an envelope into innerHTML. If
// the text has an element, an attribute or an address that may not be in a message, it is
// sealed anew without them, under the same salt. Any other envelope is returned as it is,
// and so is one that cannot be opened. The result is "" if nothing visible is left.
//
// EnvelopeCost tells the cost. Half of the processors open envelopes at a time; further
// envelopes wait, so that the other processors are there for everybody else.
//
// The only error is a *TooLongError, also if sealing has made the envelope too long.
func (s *Sanitizer) Envelope(text, secret string) (string, error) {
	digits, content, ok := openEnvelope(text)
	relayed, err := s.Message(text)
	if err != nil || !ok {
		return relayed, err
	}
	s.derivers <- struct{}{}
	defer func() { <-s.derivers }()
	salt, err := hex.DecodeString(digits)
	if err != nil {
		return "", fmt.Errorf("reading an envelope: %w", err)
	}
	box, err := base64.StdEncoding.DecodeString(content)
	if err != nil {
		return "", fmt.Errorf("reading an envelope: %w", err)
	}
	var passphrases [len(sealHashes)]string
	takenFrom := -1
	for i, newHash := range sealHashes {
		key, err := pbkdf2.Key(newHash, secret, salt, sealIterations, sealKeySize)
		if err != nil {
			return "", fmt.Errorf("opening an envelope: %w", err)
		}
		passphrases[i] = hex.EncodeToString(key)
		if takenFrom < 0 && s.takesAwayFrom(box, passphrases[i]) {
			takenFrom = i
		}
	}
	if takenFrom < 0 {
		return text, nil
	}
	// The wrong passphrase finds a tag in one of some 80,000 short envelopes. The
	// padding tells the right passphrase, by which the envelope was sealed.
	believed := slices.IndexFunc(passphrases[:], func(p string) bool { return wellPadded(box, p) })
	if believed < 0 {
		believed = takenFrom
	}
	return s.sealAnew(digits, box, passphrases[:], believed)
}

// takesAwayFrom reports whether a page with that passphrase finds a text in the box of
// which the sanitiser takes something away.
func (s *Sanitizer) takesAwayFrom(box []byte, passphrase string) bool {
	said, ok := unseal(box, passphrase)
	return ok && s.takesAway(said)
}

// sealAnew seals the sanitised text of the box with the believed passphrase. The result
// is such that the other passphrases find nothing in it to take away either.
func (s *Sanitizer) sealAnew(digits string, box []byte, passphrases []string, believed int) (string, error) {
	said, _ := unseal(box, passphrases[believed])
	clean, _ := s.clean(said, math.MaxInt)
	if clean == "" {
		return "", nil
	}
	takesAway := func(other string) bool { return other != passphrases[believed] && s.takesAwayFrom(box, other) }
	for again := true; again; again = slices.ContainsFunc(passphrases, takesAway) {
		box = seal(clean, passphrases[believed])
	}
	sealed := envelopeHead + digits + envelopeMiddle + base64.StdEncoding.EncodeToString(box) + envelopeTail
	if len(sealed) > s.maxCiphertext {
		return "", &TooLongError{Size: len(sealed), Limit: s.maxCiphertext, Encrypted: true}
	}
	return sealed, nil
}

// unseal opens a salted OpenSSL ciphertext as CryptoJS does. CryptoJS takes the length of
// the padding from the last byte and checks no other, so this must not be stricter. It is
// not ok if the page would find no text.
func unseal(box []byte, passphrase string) (text string, ok bool) {
	plain := decrypt(box, passphrase)
	plain = plain[:max(0, len(plain)-int(plain[len(plain)-1]))]
	return string(plain), utf8.Valid(plain)
}

// wellPadded reports whether the box was sealed with that passphrase: its padding is as
// RFC 5652, 6.3, has it, and the rest is text.
func wellPadded(box []byte, passphrase string) bool {
	plain := decrypt(box, passphrase)
	last := plain[len(plain)-1]
	text := len(plain) - int(last)
	if last == 0 || last > aesBlock || text < 0 {
		return false
	}
	return bytes.Count(plain[text:], []byte{last}) == int(last) && utf8.Valid(plain[:text])
}

func decrypt(box []byte, passphrase string) []byte {
	mode, iv := sealCipher(passphrase, box[len(opensslMagic):opensslHeader])
	plain := make([]byte, len(box)-opensslHeader)
	cipher.NewCBCDecrypter(mode, iv).CryptBlocks(plain, box[opensslHeader:])
	return plain
}

// seal is the inverse of unseal. It makes a new salt.
func seal(text, passphrase string) []byte {
	padding := aesBlock - len(text)%aesBlock
	box := make([]byte, opensslHeader, opensslHeader+len(text)+padding)
	copy(box, opensslMagic)
	salt := box[len(opensslMagic):opensslHeader]
	_, _ = rand.Read(salt) // never fails: it ends the process itself
	box = append(box, text...)
	for range padding {
		box = append(box, byte(padding))
	}
	mode, iv := sealCipher(passphrase, salt)
	cipher.NewCBCEncrypter(mode, iv).CryptBlocks(box[opensslHeader:], box[opensslHeader:])
	return box
}

// sealCipher derives key and iv as OpenSSL's EVP_BytesToKey does, with MD5 and one round.
func sealCipher(passphrase string, salt []byte) (mode cipher.Block, iv []byte) {
	var derived, sum []byte
	for len(derived) < sealKeySize+aesBlock {
		digest := md5.New() //nolint:gosec // see the import
		digest.Write(sum)
		digest.Write([]byte(passphrase))
		digest.Write(salt)
		sum = digest.Sum(nil)
		derived = append(derived, sum...)
	}
	mode, err := aes.NewCipher(derived[:sealKeySize])
	if err != nil {
		panic(err) // the size is right
	}
	return mode, derived[sealKeySize : sealKeySize+aesBlock]
}

// takesAway reports whether the sanitiser takes an element, an attribute or an address
// away from text. It assumes that the page's own markup follows the text, which makes
// half a tag at the end a whole one.
func (s *Sanitizer) takesAway(text string) bool {
	var links strings.Builder
	commented := false
	for p := range split(newlines.Replace(text)) {
		switch {
		case !p.tag:
			if hasTag(p.raw) {
				return true
			}
			commented = commented || hasComment(p.raw)
		case commented: // the comment may end within the tag, which makes markup of an attribute
			return true
		case p.raw[1] == '/': // browsers ignore the attributes of an end tag
		case isLink(p.raw):
			links.WriteString(p.raw + linkEnd)
		case strings.Trim(p.raw[1+allowedName(p.raw[1:]):], " \t\n\f/>") != "":
			return true // none but links have attributes
		}
	}
	return s.losesLink(links.String())
}

func isLink(tag string) bool { return allowedName(tag[1:]) == 1 && tag[1]|0x20 == 'a' }

// linkEnd makes a link of its start tag, with something to see.
const linkEnd = "x</a>"

// losesLink reports whether the policy takes away one of the links or any part of one.
// Each link in the markup ends with linkEnd.
func (s *Sanitizer) losesLink(links string) bool {
	if links == "" {
		return false
	}
	before := html.NewTokenizer(strings.NewReader(links))
	after := html.NewTokenizer(strings.NewReader(s.policy.Sanitize(links)))
	for before.Next() != html.ErrorToken {
		after.Next()
		was, is := before.Token(), after.Token()
		if opens(was) && (!opens(is) || losesAttribute(was.Attr, is.Attr)) {
			return true
		}
	}
	return false
}

// opens reports whether the token begins an element: <a/> does, as in a browser.
func opens(t html.Token) bool {
	return t.Type == html.StartTagToken || t.Type == html.SelfClosingTagToken
}

func losesAttribute(before, after []html.Attribute) bool {
	left := map[string]bool{}
	for _, a := range after {
		left[a.Key] = true
	}
	for _, a := range before {
		if !left[a.Key] && (a.Key != "rel" || a.Val != linkRel) {
			return true
		}
	}
	return false
}

// hasTag reports whether a browser may find a tag in text.
func hasTag(text string) bool {
	for {
		_, rest, found := strings.Cut(text, "<")
		if !found {
			return false
		}
		if name := strings.TrimPrefix(rest, "/"); name != "" && isLetter(name[0]) {
			return true
		}
		text = rest
	}
}

// hasComment reports whether a browser may find the beginning of a comment in text.
func hasComment(text string) bool {
	for {
		_, rest, found := strings.Cut(text, "<")
		if !found {
			return false
		}
		switch {
		case strings.HasPrefix(rest, "!"), strings.HasPrefix(rest, "?"):
			return true
		case strings.HasPrefix(rest, "/") && (len(rest) == 1 || !isLetter(rest[1])):
			return true
		}
		text = rest
	}
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

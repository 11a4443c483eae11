package logging

import (
	"slices"
	"strings"
	"unicode"
)

// privacy says how the value of a key is treated.
type privacy int

const (
	open   privacy = iota // scrubbed only
	hashed                // an identifier: equal values stay recognisable
	hidden                // equal values are not recognisable either
)

// words are the words in keys that name something private, in the singular.
var words = map[string]privacy{
	"address": hashed, "addr": hashed, "ip": hashed, "peer": hashed, "remote": hashed, "forwarded": hashed,
	"client": hashed, "connection": hashed, "conn": hashed, "socket": hashed, "sid": hashed, "id": hashed, "uuid": hashed,
	"room": hashed, "seat": hashed, "knock": hashed, "session": hashed,
	"user": hashed, "member": hashed, "applicant": hashed, "sender": hashed, "voter": hashed, "creator": hashed,

	"name": hidden, "nickname": hidden, "display": hidden, "email": hidden,
	"message": hidden, "content": hidden, "text": hidden, "body": hidden, "payload": hidden, "form": hidden,
	"envelope": hidden, "plaintext": hidden, "ciphertext": hidden,
	"invite": hidden, "invitation": hidden, "lookup": hidden, "link": hidden, "fragment": hidden,
	"code": hidden, "cookie": hidden, "token": hidden, "csrf": hidden, "secret": hidden, "key": hidden,
	"password": hidden, "passphrase": hidden, "auth": hidden, "authorization": hidden, "header": hidden,
	"url": hidden, "uri": hidden, "query": hidden, "referer": hidden, "referrer": hidden,
}

// harmless are keys that only sound private.
var harmless = []string{"status_code", "exit_code", "close_code"}

// privacyOf returns the strictest treatment that a word of the key, or of the
// groups around it, asks for. A word in the plural asks for nothing if the value is
// a number: rooms=3 is a count.
func privacyOf(groups []string, key string, number bool) privacy {
	strictest := open
	for _, name := range append(slices.Clone(groups), key) {
		if slices.Contains(harmless, name) {
			continue
		}
		for _, word := range split(name) {
			found, singular := lookUp(word)
			if number && !singular {
				continue
			}
			strictest = max(strictest, found)
		}
	}
	return strictest
}

func lookUp(word string) (found privacy, singular bool) {
	if found, ok := words[word]; ok {
		return found, true
	}
	for _, ending := range []string{"s", "es"} {
		if found, ok := words[strings.TrimSuffix(word, ending)]; ok {
			return found, false
		}
	}
	return open, false
}

// split returns the words of a key in lower case: room_id, room-id, roomID and
// RoomId are all room and id.
func split(key string) []string {
	var list []string
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			list = append(list, strings.ToLower(word.String()))
			word.Reset()
		}
	}
	runes := []rune(key)
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r):
			end()
			continue
		case unicode.IsUpper(r) && i > 0 && startsWord(runes, i):
			end()
		}
		word.WriteRune(r)
	}
	end()
	return list
}

// startsWord reports whether the capital at i begins a word: after a small
// letter, or before one (the S of IDString) that is not just a plural (IDs).
func startsWord(runes []rune, i int) bool {
	if unicode.IsLower(runes[i-1]) {
		return true
	}
	rest := runes[i+1:]
	plural := len(rest) > 0 && rest[0] == 's' && (len(rest) == 1 || !unicode.IsLower(rest[1]))
	return len(rest) > 0 && unicode.IsLower(rest[0]) && !plural
}

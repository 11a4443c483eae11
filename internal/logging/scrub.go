package logging

import (
	"regexp"
	"strings"
)

var (
	uuids = regexp.MustCompile(`(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	// ipv6 also matches the time of day; isIPv6 tells them apart.
	ipv6 = regexp.MustCompile(`(?i)\[?[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,8}(?:\.\d{1,3}){0,3}(?:%[0-9a-z._-]+)?(?:\](?::\d+)?)?`)
	ipv4 = regexp.MustCompile(`\d{1,3}(?:\.\d{1,3}){3,}(?::\d{1,5})?`)
	// tokens are cookies, hashes and keys: longer than any word.
	tokens = regexp.MustCompile(`[0-9A-Za-z_-]{40,}|[0-9A-Fa-f]{32,}`)
	// lookups also matches other long words; isLookup tells them apart.
	lookups = regexp.MustCompile(`[0-9A-Za-z_-]{22,}`)
	// quotedLookups stand behind a sign that is written by letters or digits, as in %23 or \u0023,
	// which would be taken for their beginning.
	quotedLookups = regexp.MustCompile(`(%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\\[abfnrtv])[0-9A-Za-z_-]{21}[AQgw]\b`)
	digits        = regexp.MustCompile(`\d+`)
)

// codeLength is the number of digits of a room's code.
const codeLength = 6

// lookupLength is the number of characters of an invitation's lookup: 16 bytes in base64url.
const lookupLength = 22

// Scrub replaces UUIDs, addresses, long tokens, lookups of invitations and runs of exactly six
// digits in a text by words in brackets. It is safe for concurrent use.
func Scrub(text string) string {
	text = uuids.ReplaceAllString(text, "[id]")
	text = ipv6.ReplaceAllStringFunc(text, func(match string) string {
		if !isIPv6(match) {
			return match
		}
		return "[address]"
	})
	text = ipv4.ReplaceAllString(text, "[address]")
	text = tokens.ReplaceAllString(text, "[token]")
	text = quotedLookups.ReplaceAllString(text, "${1}[invitation]")
	text = lookups.ReplaceAllStringFunc(text, func(match string) string {
		if !isLookup(match) {
			return match
		}
		return "[invitation]"
	})
	return digits.ReplaceAllStringFunc(text, func(match string) string {
		if len(match) != codeLength {
			return match
		}
		return "[code]"
	})
}

// isIPv6 decides on a match of ipv6. An address has eight groups or leaves
// some out with a double colon; six groups are enough to count as one, since
// the last may be an IPv4 address.
func isIPv6(match string) bool {
	return strings.Contains(match, "::") || strings.Count(match, ":") >= 5
}

// isLookup decides on a match of lookups. The last character of a lookup stands for two bits, so
// it is one of four. Small letters alone make a word: among ten million lookups less than one has
// neither a capital nor a digit.
func isLookup(match string) bool {
	return len(match) == lookupLength && strings.ContainsRune("AQgw", rune(match[lookupLength-1])) &&
		strings.ContainsFunc(match, func(r rune) bool { return '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' })
}

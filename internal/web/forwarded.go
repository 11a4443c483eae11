package web

import (
	"net/netip"
	"strings"
)

// parseNode returns the address of a node as proxies write it: with or without a port,
// IPv6 in brackets or bare, quoted or not. It is not ok for anything else, such as
// "unknown" or the made-up names of RFC 7239, section 6.
func parseNode(node string) (netip.Addr, bool) {
	node = strings.Trim(strings.TrimSpace(node), `"`)
	if inside, ok := strings.CutPrefix(node, "["); ok {
		address, port, ok := strings.Cut(inside, "]")
		if !ok || port != "" && !isPort(port) {
			return netip.Addr{}, false
		}
		node = address
	} else if at := strings.IndexByte(node, ':'); at >= 0 && at == strings.LastIndexByte(node, ':') {
		if !isPort(node[at:]) {
			return netip.Addr{}, false
		}
		node = node[:at]
	}
	address, err := netip.ParseAddr(node)
	if err != nil {
		return netip.Addr{}, false
	}
	return address.Unmap().WithZone(""), true
}

// isPort reports whether a text is a colon and a port, which may be a made-up one.
func isPort(text string) bool {
	return len(text) > 1 && len(text) <= 17 && text[0] == ':' &&
		strings.Trim(text[1:], "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-") == ""
}

// forwardedElement is one proxy's element of the header Forwarded. A parameter that it does
// not have is empty.
type forwardedElement struct{ node, host, proto string }

// parseForwarded parses the header Forwarded (RFC 7239, section 4). Its lines are one list.
// It is not ok if anything in it is malformed: then nobody can tell which of its elements
// a trusted proxy appended.
func parseForwarded(lines []string) (elements []forwardedElement, ok bool) {
	for _, rest := range lines { // one by one: a quote does not reach into the next line
		for rest != "" {
			var element forwardedElement
			var pairs int
			element, pairs, rest, ok = cutElement(rest)
			if !ok {
				return nil, false
			}
			if pairs > 0 { // lists may have empty elements
				elements = append(elements, element)
			}
		}
	}
	return elements, true
}

// cutElement cuts an element of so many pairs, and the comma behind it, off the beginning of a
// list.
func cutElement(rest string) (element forwardedElement, pairs int, after string, ok bool) {
	for {
		rest = strings.TrimLeft(rest, " \t")
		if rest != "" && rest[0] != ',' && rest[0] != ';' {
			var name, value string
			if name, value, rest, ok = cutPair(rest); !ok {
				return element, pairs, "", false
			}
			pairs++
			switch strings.ToLower(name) {
			case "for":
				element.node = value
			case "host":
				element.host = value
			case "proto":
				element.proto = value
			}
			rest = strings.TrimLeft(rest, " \t")
		}
		switch {
		case rest == "":
			return element, pairs, "", true
		case rest[0] == ',':
			return element, pairs, rest[1:], true
		case rest[0] != ';':
			return element, pairs, "", false
		}
		rest = rest[1:]
	}
}

// cutPair cuts name=value off the beginning of a text, the value a token or quoted.
func cutPair(text string) (name, value, rest string, ok bool) {
	name, text, ok = strings.Cut(text, "=")
	if !ok || name == "" || strings.ContainsAny(name, " \t,;\"") {
		return "", "", "", false
	}
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexAny(text, ",; \t")
		if end < 0 {
			end = len(text)
		}
		return name, text[:end], text[end:], !strings.Contains(text[:end], `"`)
	}
	var unquoted strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; c {
		case '"':
			return name, unquoted.String(), text[i+1:], true
		case '\\':
			if i++; i == len(text) {
				return "", "", "", false
			}
			unquoted.WriteByte(text[i])
		default:
			unquoted.WriteByte(c)
		}
	}
	return "", "", "", false
}

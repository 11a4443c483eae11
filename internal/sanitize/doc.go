// Package sanitize makes what people say safe to relay.
//
// Pages put a message's content into innerHTML, so what leaves here holds
// nothing but text, b, i, em, strong and links. The pages of the original's
// encrypted generation parse the content as JSON instead: their envelopes are
// recognised by a strict parser, not by a guess, and pass byte for byte. They
// consist of letters, digits and {}":,+/= only, so an envelope that reaches a
// page of another generation is harmless text there.
package sanitize

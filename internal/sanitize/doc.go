// Package sanitize makes what people say safe to relay.
//
// Pages put a message's content into innerHTML, so what leaves here holds
// nothing but text, b, i, em, strong and links; what only looks like a tag is text.
// The pages of the original's encrypted generation parse the content as JSON
// instead: their envelopes are recognised by a strict parser, not by a guess. They
// consist of letters, digits and {}":,+/= only, so an envelope that reaches a
// page of another generation is harmless text there. Those pages put what they
// find in an envelope into innerHTML, too. With the key that they have from the
// server it is looked into, and sealed anew without what no message may have; all
// others pass byte for byte.
package sanitize

// Package sanitize makes messages safe to relay.
//
// # Plain messages
//
// Pages put a message's content into innerHTML. So a message that leaves here holds
// nothing but text, b, i, em, strong and links. Anything that only looks like a tag
// is text.
//
// # Envelopes
//
// The pages of the original's encrypted generation parse the content as JSON. A
// strict parser recognises their envelopes. An envelope consists of letters, digits
// and {}":,+/= only, so that it is harmless text on a page of another generation.
//
// The encrypted generation puts the text in an envelope into innerHTML, too. The
// server has the key of such a room, since it gave it to the pages. It opens the
// envelope, and if the text has markup that no message may have, it seals it anew
// without that markup. All other envelopes pass byte for byte.
package sanitize

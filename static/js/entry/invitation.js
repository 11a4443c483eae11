// An invitation leads to a chat as its code does, by a lookup that the server has made: 16 bytes in
// base64url, whose last character stands for two bits. It is the fragment of a link. A dot and more
// may follow, which this page does not read, and must not send.

/**
 * The lookup of an invite link; null if the link has none.
 *
 * @param {string} fragment of the link's address, with its #
 */
export function lookupIn(fragment) {
  return /^#([\w-]{21}[AQgw])(?:\.|$)/.exec(fragment)?.[1] ?? null;
}

/**
 * The lookup of an invite link in what somebody pasted, which may be a sentence; null if there is none.
 *
 * @param {string} written
 */
export function pastedLookup(written) {
  return /#([\w-]{21}[AQgw])(?![\w-])/.exec(written)?.[1] ?? null;
}

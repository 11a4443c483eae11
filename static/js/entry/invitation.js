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
 * Whether a fragment is what is left of an invite link that was cut off, or that something was
 * added to. Shorter ones, `#name=value` and the ids of the page's elements mean something else.
 *
 * @param {string} fragment with its #
 */
export function isBroken(fragment) {
  return /^#[\w-]{8,}(?![\w=-])/.test(fragment) && !lookupIn(fragment) && !document.getElementById(fragment.slice(1));
}

/**
 * Whether what somebody pasted has what is left of an invite link that was cut off.
 *
 * @param {string} written
 */
export function isPastedBroken(written) {
  return /#[\w-]{8,}/.test(written) && !pastedLookup(written);
}

/**
 * The lookup of an invite link in what somebody pasted, which may be a sentence; null if there is none.
 *
 * @param {string} written
 */
export function pastedLookup(written) {
  return /#([\w-]{21}[AQgw])(?![\w-])/.exec(written)?.[1] ?? null;
}

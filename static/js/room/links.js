// The addresses in a text. One is found only if it is plain where it leads: it shows its own host, in
// letters of one script, and nothing in it changes the order in which it is read.

const schemes = new Set(['http:', 'https:', 'mailto:']);
// Quotes and the punctuation of other scripts end an address, and so do characters that nobody sees.
const rest = String.raw`[^\s\p{Cc}\p{Cf}<>"“”„‟«»‹›‘’‚‛…、。，！？：；（）【】「」『』]`;
const label = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
// Without a scheme, a host has to end as one does, and not as a file: README.md/x is no address.
const file = '(?!(?:cc|cs|db|go|gz|hs|js|kt|md|ml|mk|pl|ps|py|rb|rs|sh|so|tf|ts|vb|xz)\\b)';
const known = `(?:com|org|net|edu|gov|info|app|dev|blog|cloud|online|page|shop|site|tech|wiki|xyz|${file}[a-z]{2})`;
const before = String.raw`(?<![\p{L}\p{M}\p{N}_@.:/\\+-])`;
const after = String.raw`(?![\p{L}\p{M}\p{N}_@-])`;
const address = new RegExp([
  String.raw`\b[Hh][Tt][Tt][Pp][Ss]?:\/\/${rest}+`,
  String.raw`${before}(?<mail>[A-Za-z0-9_](?:[\w.%+-]{0,62}[\w+-])?@(?:${label}\.){1,8}[A-Za-z]{2,24})${after}`,
  String.raw`${before}(?<bare>[Ww]{3}\.(?:${label}\.){1,8}[A-Za-z]{2,24}${after}(?::\d{1,5})?(?:[\/?#]${rest}*)?)`,
  String.raw`${before}(?<path>(?:${label}\.){1,8}${known}(?::\d{1,5})?\/${rest}*)`,
].join('|'), 'gu');
const punctuation = new Set('.,;:!?\'*_');
const brackets = new Map([[')', '('], [']', '['], ['}', '{']]);
const hostCharacters = /^[\p{ASCII}\p{L}\p{M}\p{N}]*$/u; // there are others that look like a slash
const latin = /\p{Script=Latin}/u;
const otherLetter = /(?!\p{Script=Latin})\p{L}/u;
const scripts = [/\p{Script=Cyrillic}/u, /\p{Script=Greek}/u, /\p{Script=Armenian}/u, /\p{Script=Cherokee}/u];

/**
 * The addresses in a text, in order.
 *
 * @param {string} text
 * @returns {Generator<{index: number, shown: string, href: string}>}
 */
export function* linksIn(text) {
  for (const { 0: found, index, groups } of text.matchAll(address)) {
    const shown = groups?.mail ?? withoutPunctuation(found);
    const scheme = groups?.mail ? 'mailto:' : groups?.bare || groups?.path ? 'https://' : '';
    const href = safeAddress(scheme + shown);
    if (href && isPlain(shown, href)) yield { index, shown, href };
  }
}

/**
 * The address if it is absolute and of an allowed scheme, else null.
 *
 * @param {string | null} href
 */
export function safeAddress(href) {
  if (href === null || !URL.canParse(href)) return null;
  const url = new URL(href);
  return schemes.has(url.protocol) ? url.href : null;
}

/**
 * Whether an address shows where it leads. https://bank.example@evil.example does not, nor does a
 * host in which a letter is taken from another script.
 *
 * @param {string} shown
 * @param {string} href
 */
function isPlain(shown, href) {
  const { username, password, protocol } = new URL(href);
  if (username !== '' || password !== '') return false;
  const [host] = shown.slice(protocol.startsWith('http') && shown.includes('://') ? shown.indexOf('://') + 3 : 0).split(/[/?#\\]/);
  if (!hostCharacters.test(host)) return false;
  return host.split('.').every((part) => !(latin.test(part) && otherLetter.test(part)) && scripts.filter((script) => script.test(part)).length < 2);
}

/**
 * An address without the punctuation that follows it in a sentence, and without closing
 * brackets that were not opened in it.
 *
 * @param {string} found
 */
function withoutPunctuation(found) {
  /** @param {string} character */
  const count = (character) => found.split(character).length;
  const unopened = new Map([...brackets].map(([closing, opening]) => [closing, count(closing) - count(opening)]));
  let end = found.length;
  for (; end > 0; end -= 1) {
    const last = found[end - 1];
    const left = unopened.get(last) ?? 0;
    if (left > 0) unopened.set(last, left - 1);
    else if (!punctuation.has(last)) break;
  }
  return found.slice(0, end);
}

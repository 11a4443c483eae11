import { isPastedBroken, pastedLookup } from './invitation.js';

const digits = 6;

/**
 * The code in what somebody typed or pasted: six digits in any grouping, an invite
 * link, or a sentence with either. Without a code it is the digits that are there so far,
 * unless there is a broken invite link.
 *
 * @param {string} written
 * @returns {string}
 */
export function codeIn(written) {
  // Digits of any script, spaces that do not break.
  const plain = written.normalize('NFKC').replace(/\p{Nd}/gu, decimal);
  const [, linked] = /#(\d{6})(?![\w-])/.exec(plain) ?? [];
  if (linked) return linked;
  const said = plain.replace(/\S*(?::\/\/|#[\w-]{8})\S*/g, ' '); // the digits of an address are nobody's code
  const [, first, second] = /(?<!\d)(\d{3})[\s\p{Pd}]?(\d{3})(?!\d)/u.exec(said) ?? [];
  if (first) return first + second;
  return isPastedBroken(plain) ? '' : said.replace(/\D/g, '').slice(0, digits);
}

/**
 * A digit of any script as 0 to 9. Unicode keeps the ten digits of a script together and
 * in order.
 *
 * @param {string} digit
 */
function decimal(digit) {
  const point = Number(digit.codePointAt(0));
  let first = point;
  while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first -= 1;
  return String((point - first) % 10);
}

/**
 * Whether a text is a code and nothing else.
 *
 * @param {string} text
 */
export function isCode(text) {
  return /^\d{6}$/.test(text);
}

/**
 * The code of an invite link; null if the link has none. It is the whole fragment of the
 * link's address.
 *
 * @param {string} fragment with its #
 */
export function invitedTo(fragment) {
  return /^#(\d{6})$/.exec(fragment)?.[1] ?? null;
}

/**
 * Leaves nothing but a code in a field, whatever gets into it.
 *
 * @param {HTMLInputElement} input
 * @param {(lookup: string) => void} invite is called with the lookup of an invite link that gets into it
 * @param {() => void} broken is called when there is neither a code nor all of an invite link in it
 */
export function keepCode(input, invite, broken) {
  // A key that has no place there would push out the last digit. More than one character
  // at a time is no key: keyboards of phones insert the clipboard in this way.
  input.addEventListener('beforeinput', (event) => {
    const typed = event.data ?? '';
    if (event.inputType !== 'insertText' || [...typed].length !== 1) return;
    const full = input.value.length >= digits && input.selectionStart === input.selectionEnd;
    if (full || !/\p{Nd}/u.test(typed)) event.preventDefault();
  });
  const clean = () => {
    const written = input.value;
    const lookup = pastedLookup(written);
    const code = lookup ? '' : codeIn(written);
    if (code !== written) input.value = code;
    if (lookup) invite(lookup);
    else if (!code && isPastedBroken(written)) broken();
  };
  input.addEventListener('input', (event) => {
    if (!('isComposing' in event && event.isComposing)) clean();
  });
  input.addEventListener('compositionend', clean);
}

// The colours of people go by the order in which they became members, as the server counts it: the
// first eight all differ, and every page has the same. The number of somebody who asks to join, or
// who had left before this page was loaded, is not known yet; until it is, they have the next free one.

const hues = 8; // as many as the style sheet has
const guesses = 200; // kept for people whose number never comes

/** @type {Map<string, number>} the numbers that the server has told, by the people's ids */
const known = new Map();
/** @type {Map<string, number>} */
const guessed = new Map();

/**
 * The number of a person's colour.
 *
 * @param {string} id the person's id, or their name if they have none
 */
export function hueOf(id) {
  return (known.get(id) ?? guessed.get(id) ?? guess(id)) % hues;
}

/**
 * Notes who arrived as which, and gives the people on the page their colours.
 *
 * @param {{member: string, arrival?: number}[]} members
 */
export function learnHues(members) {
  let news = false;
  for (const { member, arrival } of members) {
    if (arrival === undefined || known.get(member) === arrival) continue;
    known.set(member, arrival);
    guessed.delete(member);
    news = true;
  }
  if (!news) return;
  const taken = new Set([...known.values()].map((number) => number % hues));
  // Where all colours are taken nobody gains by another one.
  const ousted = taken.size === hues ? [] : [...guessed].filter(([, number]) => taken.has(number % hues)).map(([id]) => id);
  for (const id of ousted) guessed.delete(id);
  for (const id of ousted) guess(id);
  for (const node of document.querySelectorAll('[data-person]')) {
    const hue = String(hueOf(node.getAttribute('data-person') ?? ''));
    if (node.getAttribute('data-hue') !== hue) node.setAttribute('data-hue', hue);
  }
}

/** @param {string} id */
function guess(id) {
  const numbers = [...known.values(), ...guessed.values()];
  const taken = new Set(numbers.map((number) => number % hues));
  const next = Math.max(-1, ...numbers) + 1;
  const free = Array.from({ length: hues }, (_, ahead) => next + ahead).find((number) => !taken.has(number % hues)) ?? next;
  guessed.set(id, free);
  for (const oldest of guessed.keys()) {
    if (guessed.size <= guesses) break;
    guessed.delete(oldest);
  }
  return free;
}

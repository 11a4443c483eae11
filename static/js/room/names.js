import { formFor, isolated, text } from '../ui/words.js';

const language = document.documentElement.lang || undefined;
const row = new Intl.ListFormat(language, { type: 'unit', style: 'short' });
const sentence = new Intl.ListFormat(language, { type: 'conjunction' });
const most = 3; // names; of more the first two are named
const more = { one: 'names.more.one', other: 'names.more.other' };

/**
 * The title of a chat: the names of the others in it.
 *
 * @param {string[]} names
 */
export function titleOf(names) {
  return names.length === 0 ? text('room.just-you') : shortened(row, names);
}

/**
 * Names within a sentence.
 *
 * @param {string[]} names
 */
export function listOf(names) {
  return shortened(sentence, names);
}

/**
 * @param {Intl.ListFormat} list
 * @param {string[]} names
 */
function shortened(list, names) {
  const shown = names.map(isolated);
  if (names.length <= most) return list.format(shown);
  const number = names.length - most + 1;
  return text(formFor(more, number), { names: row.format(shown.slice(0, -number)), number });
}

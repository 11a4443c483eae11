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
 * @param {number} [unnamed] how many more there are
 */
export function listOf(names, unnamed) {
  return shortened(sentence, names, unnamed);
}

/**
 * @param {Intl.ListFormat} list
 * @param {string[]} names
 * @param {number} [unnamed]
 */
function shortened(list, names, unnamed = 0) {
  const shown = names.map(isolated);
  if (unnamed === 0 && names.length <= most) return list.format(shown);
  const named = shown.slice(0, most - 1);
  const number = names.length - named.length + unnamed;
  return text(formFor(more, number), { names: row.format(named), number });
}

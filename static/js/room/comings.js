import { textOf } from './content.js';
import { element } from '../ui/dom.js';
import { formFor, phrase, text } from '../ui/words.js';

const admitted = { one: 'member.admitted.one', other: 'member.admitted.other' };
/** @type {Record<string, string>} the text for each thing that a notice tells of */
const happenings = {
  joined: 'member.joined', returned: 'member.returned', lost: 'member.lost', away: 'member.away', left: 'member.left',
};
const list = new Intl.ListFormat(document.documentElement.lang || undefined, { type: 'conjunction' });

/** @typedef {import('../transport/events.js').Heard['notice']} Notice somebody comes or goes */

/**
 * The text of a notice, in nodes for the page; undefined if this page does not know what the
 * notice tells of.
 *
 * @param {Notice} notice
 */
export function saidBy({ what, display_name: shown, by, missed }) {
  const who = textOf(shown);
  const said = what === 'admitted' ? admission(who, by) : coming(who, what);
  if (!said) return undefined;
  return missed === true ? [text('member.missed'), ' ', ...said] : said;
}

/**
 * @param {string} who
 * @param {string} what
 */
function coming(who, what) {
  return Object.hasOwn(happenings, what) ? phrase(happenings[what], { who }) : undefined;
}

/**
 * @param {string} who
 * @param {string[]} [by]
 */
function admission(who, by = []) {
  const names = by.map(textOf);
  return names.length > 0 ? phrase(formFor(admitted, names.length), { who, names: listOf(names) }) : undefined;
}

/**
 * A list of names, in which each name is set apart and the words between them are not.
 *
 * @param {string[]} names
 */
function listOf(names) {
  const nodes = document.createDocumentFragment();
  for (const { type, value } of list.formatToParts(names)) nodes.append(type === 'element' ? element('bdi', {}, value) : value);
  return nodes;
}

import { textOf } from './content.js';
import { element } from '../ui/dom.js';
import { formFor, phrase, text } from '../ui/words.js';

const admitted = { one: 'member.admitted.one', other: 'member.admitted.other' };
const others = { one: 'people.others.one', other: 'people.others.other' };
/** @type {Record<string, import('../ui/words.js').PluralForms>} the text for each thing that people do */
const happenings = {
  joined: { one: 'member.joined', other: 'member.joined.many' },
  returned: { one: 'member.returned', other: 'member.returned.many' },
  away: { one: 'member.away', other: 'member.away.many' },
  left: { one: 'member.left', other: 'member.left.many' },
  declined: { one: 'request.refused', other: 'request.refused.many' },
  timed_out: { one: 'request.timed-out', other: 'request.timed-out.many' },
  withdrawn: { one: 'request.withdrawn', other: 'request.withdrawn.many' },
  displaced: { one: 'request.displaced', other: 'request.displaced.many' },
};
const list = new Intl.ListFormat(document.documentElement.lang || undefined, { type: 'conjunction' });

/** @type {Record<string, string>} a notice that people are told of as of another: nobody can know why a connection was lost */
const sameAs = { lost: 'away' };

/**
 * Somebody comes or goes, or asked in vain to come.
 *
 * @typedef {object} Coming
 * @property {string} what
 * @property {string} who the name
 * @property {string} [person] the person's id, if they have one
 * @property {string[]} [by] names of those who let them in
 * @property {boolean} [missed] true if it happened while no page of this person's was there to hear it
 */

/** @typedef {import('../transport/events.js').Heard['notice']} Notice */

/**
 * The coming or going that a notice tells of; undefined if this page does not know it.
 *
 * @param {Notice} notice
 * @returns {Coming | undefined}
 */
export function comingOf({ what: heard, member: person, display_name: shown, by = [], missed = false }) {
  const what = Object.hasOwn(sameAs, heard) ? sameAs[heard] : heard;
  const known = what === 'admitted' ? by.length > 0 : Object.hasOwn(happenings, what);
  return known ? { what, who: textOf(shown), person, by: by.map(textOf), missed } : undefined;
}

/**
 * The text of what one person does, in nodes for the page.
 *
 * @param {Coming} coming
 */
export function saidOf({ what, who, by = [] }) {
  if (what === 'admitted') return phrase(formFor(admitted, by.length), { who, names: listOf(by) });
  return phrase(formFor(happenings[what], 1), { who });
}

/**
 * One line for all that people did one after the other: who came, and where those are who are not as before.
 *
 * @param {Coming[]} comings at least one, all missed or none
 */
export function summaryOf(comings) {
  const said = comings.length === 1 ? saidOf(comings[0]) : [...outcomesOf(comings)].flatMap(([what, names], index) => {
    const sentence = phrase(formFor(happenings[what], names.length), { who: namesOf(names) });
    return index === 0 ? sentence : [' · ', ...sentence];
  });
  return comings[0].missed ? [text('member.missed'), ' ', ...said] : said;
}

/**
 * The names of people, those beyond two as a number.
 *
 * @param {string[]} names
 */
export function namesOf(names) {
  if (names.length < 3) return listOf(names);
  const nodes = document.createDocumentFragment();
  const number = names.length - 1;
  nodes.append(...phrase(formFor(others, number), { who: names[0], number: document.createTextNode(String(number)) }));
  return nodes;
}

/**
 * The names of the people by what became of them, in the order in which they were heard of.
 *
 * @param {Coming[]} comings
 */
function outcomesOf(comings) {
  /** @type {Map<string, {who: string, came: boolean, now: string}>} */
  const people = new Map();
  for (const { what, who, person = `${what} ${who}` } of comings) {
    const each = people.get(person) ?? { who, came: false, now: '' };
    people.set(person, each);
    // At a glance nobody was turned away who was let in after all. The line opens into both.
    if (what === 'admitted') for (const refused of Object.keys(happenings)) people.delete(`${refused} ${who}`);
    if (what === 'admitted' || what === 'joined') each.came = true;
    else each.now = what;
  }
  /** @type {Map<string, string[]>} */
  const outcomes = new Map();
  /**
   * @param {string} what
   * @param {string} who
   */
  const note = (what, who) => {
    const names = outcomes.get(what);
    if (names) names.push(who);
    else outcomes.set(what, [who]);
  };
  for (const { who, came, now } of people.values()) {
    if (came) note('joined', who);
    // Who came just now, and was lost and found since, has come.
    if (now !== '' && !(came && now === 'returned')) note(now, who);
  }
  return outcomes;
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

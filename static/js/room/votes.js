import { listOf } from './names.js';
import { element } from '../ui/dom.js';
import { formFor, text } from '../ui/words.js';

const crowd = 8; // voters; of more, those who have said yes are only counted
const votes = { yes: 'vote.yes', open: 'vote.open' };
const agreed = { one: 'votes.yes.one', other: 'votes.yes.other' };

/**
 * The members' answers to a request.
 *
 * @typedef {object} Votes
 * @property {string[]} yes names of those who have said yes
 * @property {string[]} missing names of those who have not answered
 */

/**
 * The votes in a sentence; '' if there is nothing to say.
 *
 * @param {Votes} votes
 * @param {string} self the name of the person at the page
 * @param {'yes' | 'no' | undefined} answer the person's own
 */
export function sentenceOf({ yes, missing }, self, answer) {
  if (answer === 'no') return text('request.declined');
  if (answer === 'yes') {
    const others = missing.filter((name) => name !== self);
    return others.length > 0 ? text('request.waiting', { names: listOf(others) }) : text('request.accepted');
  }
  if (yes.length > 0) return text(formFor(agreed, yes.length), { names: listOf(yes) });
  return missing.length > 1 ? text('request.rule') : '';
}

/**
 * A list item for each voter, those who have said yes first, and the person at the page first of all. Where only one person
 * is asked there are none.
 *
 * @param {Votes} votes
 * @param {string} self
 */
export function chipsOf({ yes, missing }, self) {
  const total = yes.length + missing.length;
  if (total < 2) return [];
  const own = (/** @type {string} */ name) => (name === self ? text('members.you') : name);
  const sorted = (/** @type {string[]} */ names) => [...names].sort((a, b) => Number(b === self) - Number(a === self)).map(own);
  const counted = total > crowd && yes.length > 1;
  const open = sorted(missing);
  return [
    ...(counted ? [text('votes.count', { yes: yes.length, all: total })] : sorted(yes)).map((name) => chip(name, 'yes')),
    ...open.slice(0, crowd).map((name) => chip(name, 'open')),
    ...open.length > crowd ? [chip(`+${open.length - crowd}`, 'open')] : [],
  ];
}

/**
 * @param {string} name
 * @param {'yes' | 'open'} vote
 */
function chip(name, vote) {
  return element('li', { className: vote }, element('bdi', {}, name), element('span', { className: 'visually-hidden' }, ` ${text(votes[vote])}`));
}

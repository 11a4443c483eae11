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
 * @property {number} yesMore how many more have, who are not named
 * @property {string[]} missing names of those who have not answered
 * @property {number} missingMore how many more have not
 * @property {boolean} own the person at the page has said yes
 */

/**
 * The votes in a sentence; '' if there is nothing to say.
 *
 * @param {Votes} votes
 * @param {string} self the name of the person at the page
 * @param {'yes' | 'no' | undefined} answer the person's own
 */
export function sentenceOf({ yes, yesMore, missing, missingMore }, self, answer) {
  if (answer === 'no') return text('request.declined');
  if (answer === 'yes') {
    const others = missing.filter((name) => name !== self);
    return others.length > 0 ? text('request.waiting', { names: listOf(others, missingMore) }) : text('request.accepted');
  }
  if (yes.length > 0) return text(formFor(agreed, yes.length + yesMore), { names: listOf(yes, yesMore) });
  return missing.length > 1 ? text('request.rule') : '';
}

/**
 * A list item for each voter, those who have said yes first, and the person at the page first of all. Where only one person
 * is asked there are none.
 *
 * @param {Votes} votes
 * @param {string} self
 */
export function chipsOf({ yes, yesMore, missing, missingMore }, self) {
  const agreeing = yes.length + yesMore;
  const total = agreeing + missing.length + missingMore;
  if (total < 2) return [];
  const own = (/** @type {string} */ name) => (name === self ? text('members.you') : name);
  const sorted = (/** @type {string[]} */ names) => [...names].sort((a, b) => Number(b === self) - Number(a === self)).map(own);
  const counted = yesMore > 0 || (total > crowd && agreeing > 1);
  const open = sorted(missing).slice(0, crowd);
  const unnamed = missing.length - open.length + missingMore;
  return [
    ...(counted ? [text('votes.count', { yes: agreeing, all: total })] : sorted(yes)).map((name) => chip(name, 'yes')),
    ...open.map((name) => chip(name, 'open')),
    ...unnamed > 0 ? [chip(`+${unnamed}`, 'open')] : [],
  ];
}

/**
 * @param {string} name
 * @param {'yes' | 'open'} vote
 */
function chip(name, vote) {
  return element('li', { className: vote }, element('bdi', {}, name), element('span', { className: 'visually-hidden' }, ` ${text(votes[vote])}`));
}

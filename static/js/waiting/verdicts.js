import { refusal, text } from '../ui/words.js';

/**
 * @typedef {object} Verdict
 * @property {string} kind the verdict's name in the style sheet
 * @property {string} title
 * @property {string} why
 * @property {string} next tells the person what to do now
 * @property {boolean} again tells whether it makes sense to ask the same room again
 */

/** @typedef {Omit<Verdict, 'again'> & {again?: boolean}} Kind `title`, `why` and `next` are names of texts; `again` is true if it is left out */

/** @type {Kind} */
const refused = { kind: 'refused', title: 'waiting.refused', why: 'waiting.refused.why', next: 'waiting.refused.next' };

/** @type {Map<unknown, Kind>} the kinds by the server's codes */
const kinds = new Map([
  ['declined', refused],
  ['timed_out', { kind: 'late', title: 'waiting.late', why: 'waiting.late.why', next: 'waiting.late.next' }],
  ['room_full', { kind: 'full', title: 'waiting.full', why: 'waiting.full.why', next: 'waiting.full.next' }],
  ['room_gone', { kind: 'gone', title: 'waiting.gone', why: 'waiting.gone.why', next: 'waiting.gone.next', again: false }],
  ['withdrawn', { kind: 'withdrawn', title: 'waiting.withdrawn', why: 'waiting.withdrawn.why', next: 'waiting.withdrawn.next' }],
  ['displaced', { kind: 'displaced', title: 'waiting.displaced', why: 'waiting.displaced.why', next: 'waiting.displaced.next' }],
  ['no_such_request', { kind: 'lost', title: 'waiting.lost', why: 'waiting.lost.why', next: 'waiting.lost.next' }],
]);

/**
 * The verdict for a code of the server's, in texts for people. If this page does not know the
 * code it shows the server's reason.
 *
 * @param {unknown} code
 * @param {unknown} reason
 * @returns {Verdict}
 */
export function verdictOf(code, reason) {
  const known = kinds.get(code);
  const { kind, title, why, next, again = true } = known ?? refused;
  return { kind, title: text(title), why: known || !reason ? text(why) : refusal(code, reason), next: text(next), again };
}

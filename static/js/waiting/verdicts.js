import { refusal, text } from '../ui/words.js';

// What the server's codes mean to who waits. After `again: false` there is
// nothing to ask again.
const kinds = new Map([
  ['declined', { kind: 'refused', title: 'waiting.refused', why: 'waiting.refused.why', next: 'waiting.refused.next' }],
  ['timed_out', { kind: 'late', title: 'waiting.late', why: 'waiting.late.why', next: 'waiting.late.next' }],
  ['room_full', { kind: 'full', title: 'waiting.full', why: 'waiting.full.why', next: 'waiting.full.next' }],
  ['room_gone', { kind: 'gone', title: 'waiting.gone', why: 'waiting.gone.why', next: 'waiting.gone.next', again: false }],
  ['withdrawn', { kind: 'withdrawn', title: 'waiting.withdrawn', why: 'waiting.withdrawn.why', next: 'waiting.withdrawn.next' }],
  ['displaced', { kind: 'displaced', title: 'waiting.displaced', why: 'waiting.displaced.why', next: 'waiting.displaced.next' }],
  ['no_such_request', { kind: 'lost', title: 'waiting.lost', why: 'waiting.lost.why', next: 'waiting.lost.next' }],
]);

/**
 * A verdict by its code: {kind, title, why, next, again} with texts for people. `again` tells whether
 * it makes sense to ask the same room again. Of a code that this page does not know, the server's reason is shown.
 */
export function verdictOf(code, reason) {
  const known = kinds.get(code);
  const { kind, title, why, next, again = true } = known ?? kinds.get('declined');
  return { kind, title: text(title), why: known || !reason ? text(why) : refusal(code, reason), next: text(next), again };
}

import { text, translated } from '../ui/words.js';

// What the server says, and what it means to who waits. After `again: false` there is
// nothing to ask again.
const kinds = new Map([
  [undefined, { kind: 'refused', title: 'waiting.refused', why: 'waiting.refused.why', next: 'waiting.refused.next' }],
  ['Request timed out', { kind: 'late', title: 'waiting.late', why: 'waiting.late.why', next: 'waiting.late.next' }],
  ['The room is full. Somebody has to leave it before you can join.', { kind: 'full', title: 'waiting.full', why: 'waiting.full.why', next: 'waiting.full.next' }],
  ['The room no longer exists.', { kind: 'gone', title: 'waiting.gone', why: 'waiting.gone.why', next: 'waiting.gone.next', again: false }],
  ['The request was withdrawn.', { kind: 'withdrawn', title: 'waiting.withdrawn', why: 'waiting.withdrawn.why', next: 'waiting.withdrawn.next' }],
  ['Too many requests came from your network at once, so somebody else got your place. Please ask again in a minute.', { kind: 'displaced', title: 'waiting.displaced', why: 'waiting.displaced.why', next: 'waiting.displaced.next' }],
  ['Your request is no longer open. Please go back and ask again.', { kind: 'lost', title: 'waiting.lost', why: 'waiting.lost.why', next: 'waiting.lost.next' }],
]);

/**
 * A verdict by its reason: {kind, title, why, next, again} with texts for people. `again`
 * tells whether it makes sense to ask the same room again.
 */
export function verdictOf(reason) {
  const { kind, title, why, next, again = true } = kinds.get(reason) ?? kinds.get(undefined);
  return { kind, title: text(title), why: kinds.has(reason) ? text(why) : translated(reason), next: text(next), again };
}

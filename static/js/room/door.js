import { textOf } from './content.js';

// Ends that are not simply a no, by their codes.
const endings = new Set(['timed_out', 'withdrawn', 'displaced']);

/** The room's door: who knocks, how the votes stand, and how it ends. */
export class Door {
  /**
   * @param {import('../transport/events.js').Events} events
   * @param {import('./requests.js').Requests} requests the cards of those who knock
   * @param {{knocked: (who: string) => void, ended: (what: string, who: string) => void}} on `knocked` is told of
   * somebody new, `ended` of one who was not let in
   */
  constructor(events, requests, on) {
    events.on('connect', () => requests.doubt());
    events.on('room_status', () => requests.dropDoubtful());
    events.on('join_request', ({ user_id: id, user }) => {
      const who = textOf(user);
      if (requests.add(id, who)) on.knocked(who);
    });
    events.on('request_votes', ({ user_id: id, user, yes, yes_more: yesMore = 0, missing, missing_more: missingMore = 0, own = false }) => {
      requests.vote(id, textOf(user), { yes: yes.map(textOf), yesMore, missing: missing.map(textOf), missingMore, own });
    });
    events.on('request_status', ({ user_id: id, time_remaining: seconds }) => requests.time(id, seconds));
    events.on('join_approved', ({ user_id: id }) => { requests.remove(id); });
    events.on('join_denied', ({ user_id: id, code = '' }) => {
      const who = requests.remove(id);
      if (who) on.ended(endings.has(code) ? code : 'declined', who);
    });
  }
}

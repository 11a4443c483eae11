import { textOf } from './content.js';
import { learnHues } from './hues.js';

/** @typedef {import('./members.js').Member} Member */

/** Asks who the members are, as often as that may have changed, and gives people their colours. */
export class Roster {
  #events;
  #asked = false; // and not answered yet
  #again = false; // something has changed since

  /**
   * @param {import('../transport/events.js').Events} events
   * @param {(members: (Member & {arrival?: number})[]) => void} learned
   */
  constructor(events, learned) {
    this.#events = events;
    events.on('join_success', () => this.ask());
    events.on('update_participants', () => this.ask());
    events.on('notice', () => this.ask()); // a membership that ends in somebody's absence changes no count
    for (const end of /** @type {const} */ (['disconnect', 'room_error'])) events.on(end, () => { this.#asked = false; });
    events.on('members', ({ members }) => {
      this.#asked = false;
      learnHues(members);
      learned(members.map((each) => ({ ...each, name: textOf(each.display_name) })));
      if (this.#again) this.ask();
    });
  }

  /** Asks once more. Only one question is open at a time: many things may change at once. */
  ask() {
    this.#again = this.#asked;
    if (!this.#asked) this.#asked = this.#events.say('request_members');
  }
}

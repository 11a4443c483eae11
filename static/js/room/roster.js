import { textOf } from './content.js';
import { learnHues } from './hues.js';

/** @typedef {import('./members.js').Member} Member */

const pauses = { first: 5000, longest: 60_000 }; // milliseconds after a question that the server has refused

/** Asks who the members are, as often as that may have changed, and gives people their colours. */
export class Roster {
  #events;
  #asked = false; // and not answered yet
  #again = false; // something has changed since, or could not be asked
  #told = false; // the answer has come
  #pause = pauses.first;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #later;

  /**
   * @param {import('../transport/events.js').Events} events
   * @param {(members: (Member & {arrival?: number})[]) => void} learned
   */
  constructor(events, learned) {
    this.#events = events;
    events.on('join_success', () => this.ask());
    events.on('update_participants', () => this.ask());
    events.on('notice', () => this.ask()); // a membership that ends in somebody's absence changes no count
    events.on('disconnect', () => {
      this.#again ||= this.#asked;
      this.#asked = false;
    });
    // The server says so to a page that is in the room again.
    events.on('room_status', () => { if (this.#again && !this.#asked) this.ask(); });
    events.on('members', ({ members }) => {
      this.#told = true;
      this.#pause = pauses.first;
      learnHues(members);
      learned(members.map((each) => ({ ...each, name: textOf(each.display_name) })));
    });
  }

  /** Asks once more. Only one question is open at a time: many things may change at once. */
  ask() {
    this.#again = true;
    if (this.#asked) return;
    clearTimeout(this.#later);
    this.#told = false;
    this.#asked = this.#events.say('request_members', {}, { answered: () => this.#answered() });
    this.#again = !this.#asked;
  }

  // The server is done with a question. It has refused one whose answer has not come by then.
  #answered() {
    this.#asked = false;
    if (!this.#told) {
      this.#later = setTimeout(() => this.ask(), this.#pause);
      this.#pause = Math.min(2 * this.#pause, pauses.longest); // each refusal is shown to the person
    } else if (this.#again) this.ask();
  }
}

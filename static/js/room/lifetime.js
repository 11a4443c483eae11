import { onReturn } from './attention.js';
import { ahead, timeOf } from '../ui/moments.js';
import { text } from '../ui/words.js';

const minute = 60_000; // milliseconds
const hour = 60 * minute;
const warnings = [hour, 10 * minute, minute]; // before the end

/**
 * Warns of the room's end, an hour, ten minutes and a minute before. Who was away for several of them,
 * or comes late, hears only the last one.
 */
export class Lifetime {
  #warn;
  #end = Infinity; // by the clock of this page, in milliseconds
  #warned = Infinity; // the last warning
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {import('../transport/events.js').Events} events
   * @param {(said: string, how: {urgent: boolean}) => void} warn
   */
  constructor(events, warn) {
    this.#warn = warn;
    events.on('join_success', () => events.say('ping_room'));
    events.on('room_status', ({ expires_in: seconds }) => {
      if (seconds === undefined) return;
      this.#end = Date.now() + seconds * 1000;
      this.#look();
    });
    onReturn(() => this.#look());
  }

  /** Warns no more. */
  stop() {
    this.#end = Infinity;
    clearTimeout(this.#timer);
  }

  // Goes by the clock: a computer that was asleep is late with its timers.
  #look() {
    clearTimeout(this.#timer);
    const left = this.#end - Date.now();
    if (left <= 0) return;
    const due = warnings.findLast((warning) => left <= warning);
    if (due !== undefined && due < this.#warned) {
      this.#warned = due;
      const urgent = due === minute;
      // The server says whole seconds, and each warning the same time.
      const time = timeOf(new Date(Math.round(this.#end / minute) * minute));
      this.#warn(text(urgent ? 'room.ends-now' : 'room.ends-soon', { ...ahead(left / 1000), time }), { urgent });
    }
    const next = warnings.find((warning) => warning < left);
    // A day is short enough for a timer, and the server is asked twice a minute.
    if (next !== undefined && left < Infinity) this.#timer = setTimeout(() => this.#look(), Math.min(left - next, hour));
  }
}

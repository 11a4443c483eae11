import { onReturn } from './attention.js';
import { ahead, timeOf } from '../ui/moments.js';
import { text } from '../ui/words.js';

const minute = 60_000; // milliseconds
const hour = 60 * minute;
const warnings = [hour, 10 * minute, minute]; // before the end
const same = minute / 2; // two moments nearer than that are the same minute, in words

/**
 * Warns of the room's end, an hour, ten minutes and a minute before. Who was away for several of them,
 * or comes late, hears only the last one: also the one that would say the same a few seconds later.
 */
export class Lifetime {
  #events;
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
    this.#events = events;
    this.#warn = warn;
    events.on('join_success', () => events.say('ping_room'));
    events.on('room_status', ({ expires_in: seconds }) => {
      if (seconds === undefined) return;
      this.#end = Date.now() + seconds * 1000;
      this.#look();
    });
    onReturn(() => this.#ask());
  }

  /** Warns no more. */
  stop() {
    this.#end = Infinity;
    clearTimeout(this.#timer);
  }

  // This clock may have been set, and a computer that was asleep is late with its timers. So it is the
  // server who knows how much time is left, and the clock only without a connection.
  #ask() {
    if (!this.#events.say('ping_room')) this.#look();
  }

  #look() {
    clearTimeout(this.#timer);
    const left = this.#end - Date.now();
    if (left <= 0) return;
    if (left > this.#warned + minute) this.#warned = Infinity; // the clock was wrong
    const due = warnings.findLast((warning) => left <= warning);
    if (due !== undefined && due < this.#warned) {
      this.#warned = warnings.findLast((warning) => left < warning + same) ?? due;
      const urgent = this.#warned === minute;
      const time = timeOf(new Date(this.#end)); // it begins with this minute: nothing ends earlier than told
      this.#warn(text(urgent ? 'room.ends-now' : 'room.ends-soon', { ...ahead(left / 1000), time }), { urgent });
    }
    const next = warnings.find((warning) => warning < left);
    // A day is short enough for a timer, and the server is asked twice a minute.
    if (next !== undefined && left < Infinity) this.#timer = setTimeout(() => this.#ask(), Math.min(left - next, hour));
  }
}

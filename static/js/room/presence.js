import { refusal, text } from '../ui/words.js';

const keepAlive = 30_000; // milliseconds between two questions whether the room is still there
const rejoinPause = 2000; // milliseconds after the server could not let this page in
const outside = 'room.outside'; // true of every end
/** @type {Record<string, string>} the few words for an end that the server gives a reason for, by the reason's code */
const ends = { left_elsewhere: 'room.left', room_gone: 'room.ended', unentered: 'room.ended', expired: 'room.ended' };

/**
 * The end of somebody's place in a room, in words for them.
 *
 * @typedef {object} Outcome
 * @property {string} why
 * @property {string} short the same in a few words
 */

/** This page's place in the room: it joins, is put back after a lost connection, or learns that there is none. */
export class Presence {
  #events;
  #name;
  #on;
  #joined = false;
  #caughtUp = false;
  /** @type {Outcome | undefined} */
  #trouble; // what the server said last, when it refused something
  #alive;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #later; // asks again whether the room is there

  /**
   * @param {import('../transport/events.js').Events} events
   * @param {string} name the person's
   * @param {{refused: (why: string, ref?: string) => void, gone: (outcome: Outcome) => void}} on `refused` is told what
   * the server refuses, `gone` why there is no place any more
   */
  constructor(events, name, on) {
    this.#events = events;
    this.#name = name;
    this.#on = on;
    events.on('connect', () => this.#connected());
    events.on('join_success', () => {
      this.#joined = true;
      events.entered();
    });
    // The answer comes after all that was said before.
    events.on('timer_sync', () => { this.#caughtUp ||= this.#joined; });
    events.on('room_error', (error) => this.#refused(error));
    events.on('room_status', ({ exists }) => this.#looked(exists));
    events.on('room_expired', () => on.gone({ why: text('room.expired'), short: text('room.ended') }));
    this.#alive = setInterval(() => events.say('ping_room'), keepAlive);
  }

  /** Whether all that was said before this page was opened has arrived. */
  get isCaughtUp() {
    return this.#caughtUp;
  }

  stop() {
    clearInterval(this.#alive);
    clearTimeout(this.#later);
  }

  // The server puts a page that comes back into its room by itself: saying join
  // again would be answered with the whole conversation once more.
  #connected() {
    if (!this.#joined) {
      this.#join();
      return;
    }
    this.#events.say('ping_room');
    this.#events.entered();
  }

  #join() {
    this.#events.say('join', { display_name: this.#name });
  }

  /** @param {{code?: string, message?: string, ref?: string}} error */
  #refused({ code, message, ref }) {
    const why = refusal(code, message);
    const known = code !== undefined && Object.hasOwn(ends, code);
    this.#trouble = { why, short: text(known ? ends[code] : outside) };
    this.#on.refused(why, ref);
    if (ref !== undefined) return;
    // The page asks whether it is still in the room. After a failure of the server it waits
    // first, since that may fail again.
    if (code === 'internal') this.#askLater();
    else this.#events.say('ping_room');
  }

  #askLater() {
    this.#later ??= setTimeout(() => {
      this.#later = undefined;
      this.#events.say('ping_room');
    }, rejoinPause);
  }

  /** @param {boolean} exists */
  #looked(exists) {
    if (!exists) {
      this.#on.gone(this.#trouble ?? { why: text('room.gone'), short: text(outside) });
      return;
    }
    this.#trouble = undefined;
    if (!this.#joined) setTimeout(() => this.#join(), rejoinPause);
  }
}

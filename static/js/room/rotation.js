import { clock, Countdown } from '../ui/countdown.js';
import { element } from '../ui/dom.js';

/** The room's code: six digits, to be read out. */
export class RoomCode {
  #place;

  /** @param {HTMLElement} place has the digits in it */
  constructor(place) {
    this.#place = place;
  }

  /** The code's digits. */
  get value() {
    return this.#place.textContent.trim();
  }

  /** @param {string} code */
  set(code) {
    this.#place.replaceChildren(...[...code].map((digit) => element('span', { className: 'digit' }, digit)));
  }
}

/** The room's code, which turns by the clock or when somebody wants another one, and the time until then. */
export class Rotation {
  #timer;

  /**
   * @param {import('../transport/events.js').Events} events
   * @param {RoomCode} code
   * @param {{timer: HTMLElement, renew: HTMLElement}} parts `timer` shows the time until the next code, `renew` asks for it now
   */
  constructor(events, code, { timer, renew }) {
    this.#timer = new Countdown((seconds) => { timer.textContent = clock(seconds); }, () => events.say('request_timer_sync'));
    events.on('connect', () => {
      events.say('request_code'); // it may have turned since the page was made, or lost its connection
      events.say('request_timer_sync');
    });
    events.on('code_update', ({ new_code: fresh }) => {
      if (fresh === code.value) return;
      code.set(fresh);
      events.say('request_timer_sync');
    });
    events.on('timer_sync', ({ time_remaining: seconds }) => this.#timer.start(seconds));
    renew.addEventListener('click', () => events.say('request_code_update'));
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) events.say('request_timer_sync'); // the clock may have stood still
    });
  }

  /** @param {number} seconds until the next code */
  start(seconds) {
    this.#timer.start(seconds);
  }

  stop() {
    this.#timer.stop();
  }
}

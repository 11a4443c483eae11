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

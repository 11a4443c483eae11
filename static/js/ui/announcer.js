const fresh = 1000; // milliseconds in which a text may not have been read out yet

/**
 * Says things to people who do not see the page. The place is on the page from the
 * start, because screen readers listen to what changes and not to what is new.
 */
export class Announcer {
  #place;
  #said = 0;

  /** @param {HTMLElement} place a live region */
  constructor(place) {
    this.#place = place;
  }

  /** @param {string} said */
  say(said) {
    // The same text once more would be no change.
    this.#place.textContent = this.#place.textContent === said ? `${said}\u00a0` : said;
    this.#said = performance.now();
  }

  /** Forgets the past before the place is moved, since what comes along with it is read out once more. */
  move() {
    if (performance.now() - this.#said > fresh) this.#place.textContent = '';
  }
}

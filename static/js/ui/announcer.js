/**
 * Says things to people who do not see the page. The place is on the page from the
 * start, because screen readers listen to what changes and not to what is new.
 */
export class Announcer {
  #place;

  /** @param {HTMLElement} place a live region */
  constructor(place) {
    this.#place = place;
  }

  /** @param {string} said */
  say(said) {
    // The same text once more would be no change.
    this.#place.textContent = this.#place.textContent === said ? `${said}\u00a0` : said;
  }
}

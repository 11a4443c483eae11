/**
 * Says things to those who do not see the page, as soon as they come up: in a place that
 * is there from the start, since screen readers listen to what changes and not to what
 * is new.
 */
export class Announcer {
  #place;

  constructor(place) {
    this.#place = place;
  }

  say(said) {
    // The same text once more would be no change.
    this.#place.textContent = this.#place.textContent === said ? `${said}\u00a0` : said;
  }
}

/**
 * What was sent and has not come back yet. The server sends every message to its
 * author too, so what stays away did not get through.
 */
export class Outbox {
  #texts = [];

  sent(text) {
    this.#texts.push(text);
  }

  /** The server relayed the oldest one. */
  returned() {
    this.#texts.shift();
  }

  /** The server refused one: gives it back, or undefined if nothing is out. */
  refused() {
    return this.#texts.pop();
  }
}

const patience = 10_000; // milliseconds after which a refusal is about something else

/**
 * What was sent and has not come back yet. The server sends every message to its
 * author too, so what stays away did not get through.
 */
export class Outbox {
  #out = [];

  sent(text) {
    this.#out.push({ text, until: Date.now() + patience });
  }

  /** The server relayed the oldest one. */
  returned() {
    this.#forget();
    this.#out.shift();
  }

  /** The server refused something: gives back the latest message that is out, or undefined. */
  refused() {
    this.#forget();
    return this.#out.pop()?.text;
  }

  // The server ignores what has nothing visible in it, and says nothing.
  #forget() {
    this.#out = this.#out.filter(({ until }) => Date.now() < until);
  }
}

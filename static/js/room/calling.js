const shortest = 10_000; // milliseconds between two calls
const share = 6; // of the time for which nobody has answered, where that is longer

/** Calls for an answer to the requests to join, again and again until each is answered or over. */
export class Calling {
  #on;
  /** @type {ReadonlyMap<string, string>} the names of those who wait for this person's answer, by the ids of their requests */
  #waiting = new Map();
  #since = 0; // when the newest of them came
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #isPaused = false;
  #isOwed = false; // somebody new came meanwhile

  /**
   * @param {{call: (names: string[], how: {again: boolean}) => void, over: () => void}} on `call` calls the person,
   * `over` is called when nobody waits any more
   */
  constructor(on) {
    this.#on = on;
  }

  /**
   * Takes note of who waits for an answer now. Somebody new is called for at once, with all others.
   *
   * @param {ReadonlyMap<string, string>} waiting names by the ids of the requests
   */
  follow(waiting) {
    const before = this.#waiting;
    this.#waiting = waiting;
    if (waiting.size === 0) {
      clearTimeout(this.#timer);
      if (before.size > 0) this.#on.over();
    } else if ([...waiting.keys()].some((id) => !before.has(id))) {
      this.#since = performance.now();
      this.#call(false);
    }
  }

  /** Calls for nobody: without a connection no answer could be given. */
  pause() {
    this.#isPaused = true;
    clearTimeout(this.#timer);
  }

  /** Goes on after a pause. */
  resume() {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    const isOwed = this.#isOwed;
    this.#isOwed = false;
    if (this.#waiting.size === 0) return;
    if (isOwed) this.#call(false);
    else this.#schedule();
  }

  /** @param {boolean} again */
  #call(again) {
    if (this.#isPaused) {
      this.#isOwed = true;
      return;
    }
    this.#on.call([...this.#waiting.values()], { again });
    this.#schedule();
  }

  #schedule() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#call(true), Math.max(shortest, (performance.now() - this.#since) / share));
  }
}

/**
 * Values that pass one after the other through a step that may take its time, and are handed on
 * in the order in which they were added. There is one step at a time.
 *
 * A step that returns a promise is waited for. Any other step hands on before `add` returns, if
 * nothing waits: what is said while a page is being left has gone out before the page is gone.
 *
 * A step has to end: all that comes after it waits for as long as it takes.
 *
 * @template {object} In
 * @template Out
 */
export class Queue {
  #step;
  #on;
  /** @type {In[]} */
  #waiting = [];
  #busy = false;
  #closed = false;
  #cleared = 0; // times: what was begun before the last one is not handed on

  /**
   * @param {(value: In) => Out | Promise<Out>} step
   * @param {{pass: (out: Out, value: In) => void, failed: (error: unknown, value: In) => void}} on
   * `pass` takes what the step has made of a value; `failed` is told of a value whose step or
   * `pass` has thrown. The queue goes on after either.
   */
  constructor(step, on) {
    this.#step = step;
    this.#on = on;
  }

  /** @param {In} value is dropped if the queue is closed */
  add(value) {
    if (this.#closed) return;
    this.#waiting.push(value);
    if (!this.#busy) this.#run();
  }

  /** Drops all that was added and not handed on. A step that is under way ends first, for nothing. */
  clear() {
    this.#waiting = [];
    this.#cleared += 1;
  }

  /** Drops the same, and whatever is added from here on. */
  close() {
    this.#closed = true;
    this.clear();
  }

  #run() {
    this.#busy = true;
    for (let value = this.#waiting.shift(); value !== undefined; value = this.#waiting.shift()) {
      const begun = this.#cleared;
      try {
        const out = this.#step(value);
        if (out instanceof Promise) {
          void this.#finish(out, value, begun); // tells itself what goes wrong
          return;
        }
        this.#pass(out, value, begun);
      } catch (error) {
        this.#fail(error, value, begun);
      }
    }
    this.#busy = false;
  }

  /**
   * @param {Promise<Out>} step
   * @param {In} value
   * @param {number} begun
   */
  async #finish(step, value, begun) {
    try {
      this.#pass(await step, value, begun);
    } catch (error) {
      this.#fail(error, value, begun);
    }
    this.#run();
  }

  /**
   * @param {Out} out
   * @param {In} value
   * @param {number} begun
   */
  #pass(out, value, begun) {
    if (begun === this.#cleared) this.#on.pass(out, value);
  }

  /**
   * @param {unknown} error
   * @param {In} value
   * @param {number} begun
   */
  #fail(error, value, begun) {
    // Nobody waits for a value that was dropped, but its error is one all the same.
    if (begun !== this.#cleared) {
      reportError(error);
      return;
    }
    try {
      this.#on.failed(error, value);
    } catch (another) {
      reportError(another);
    }
  }
}

/**
 * Seconds as m:ss.
 *
 * @param {number} seconds
 */
export function clock(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/**
 * Counts down whole seconds to a moment. It goes by the wall clock rather than by
 * counting its own ticks, which browsers hold back in hidden tabs.
 */
export class Countdown {
  #show;
  #over;
  #deadline = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {(seconds: number) => void} show is called at the start and with every second
   * @param {() => void} [over] is called once, at zero
   */
  constructor(show, over = () => {}) {
    this.#show = show;
    this.#over = over;
  }

  /**
   * Starts, or starts again, with so many seconds. Anything but a finite number changes
   * nothing.
   *
   * @param {number | undefined} seconds
   */
  start(seconds) {
    if (seconds === undefined || !Number.isFinite(seconds)) return;
    this.stop();
    this.#deadline = Date.now() + Math.max(0, seconds) * 1000;
    this.#tick();
  }

  /** Ends the countdown where it is: `over` is not called. */
  stop() {
    clearTimeout(this.#timer);
  }

  #tick() {
    const left = this.#deadline - Date.now();
    const seconds = Math.max(0, Math.ceil(left / 1000));
    this.#show(seconds);
    if (seconds === 0) {
      this.#over();
      return;
    }
    this.#timer = setTimeout(() => this.#tick(), left - (seconds - 1) * 1000);
  }
}

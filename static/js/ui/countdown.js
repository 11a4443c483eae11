/** Seconds as m:ss. */
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
  #timer;

  /** `show(seconds)` is called at the start and with every second, `over()` once at zero. */
  constructor(show, over = () => {}) {
    this.#show = show;
    this.#over = over;
  }

  /** Starts, or starts again, with so many seconds. What is no number is ignored. */
  start(seconds) {
    if (!Number.isFinite(seconds)) return;
    this.stop();
    this.#deadline = Date.now() + Math.max(0, seconds) * 1000;
    this.#tick();
  }

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

// Time that a test moves by hand.
import { mock } from 'node:test';

/**
 * Stops timers and Date until the end of a test. `mock.timers` of node:test moves them.
 *
 * @param {import('./wait.mjs').Test} t
 * @param {number} [now] milliseconds since 1970
 */
export function stopTime(t, now = 1_000_000) {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now });
  // Node 20.11 fails for a timer that was never set, or that has run.
  const { clearTimeout: clear, setTimeout: set } = globalThis;
  const waiting = new Set();
  globalThis.setTimeout = /** @type {typeof setTimeout} */ ((/** @type {(...values: unknown[]) => void} */ then, /** @type {number} */ after, /** @type {unknown[]} */ ...values) => {
    const timer = set(() => { waiting.delete(timer); then(...values); }, after);
    waiting.add(timer);
    return timer;
  });
  globalThis.clearTimeout = (timer) => { if (waiting.delete(timer)) clear(timer); };
  t.after(() => mock.timers.reset());
}

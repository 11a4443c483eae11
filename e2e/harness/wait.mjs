// Waiting for conditions. A timeout is only ever the failure of a wait.

/** @typedef {{after: (done: () => void | Promise<void>) => void}} Test the context of a test: its `t` */

/** How long a condition may take before the test that waits for it fails: long, for machines that have other things to do. */
export const patience = 60_000;

/**
 * Polls `condition` (sync or async) until it returns something truthy, and returns that.
 *
 * @template T
 * @param {() => T | Promise<T>} condition
 * @param {{timeout?: number, what?: string, every?: number}} [options] times in milliseconds
 */
export async function until(condition, { timeout = patience, what = condition.toString(), every = 20 } = {}) {
  const end = Date.now() + timeout;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${timeout} ms in vain for: ${what}`);
    await sleep(every);
  }
}

/**
 * Lets time pass. For pacing only (e.g. "the countdown runs"), never as a guess that something has happened.
 *
 * @param {number} ms
 * @returns {Promise<void>}
 */
export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Repeats an act that means something only if it takes no longer than `most` ms, since a room
 * ends meanwhile, for example. It settles as the first act that was in time.
 *
 * @template T
 * @param {number} most
 * @param {() => Promise<T>} act
 * @param {{timeout?: number}} [options]
 * @returns {Promise<T>}
 */
export async function inTime(most, act, { timeout = 4 * patience } = {}) {
  const end = Date.now() + timeout;
  for (;;) {
    const began = Date.now();
    /** @type {() => T} */
    const outcome = await act().then((value) => () => value, (error) => () => { throw error; });
    if (Date.now() - began <= most) return outcome();
    if (Date.now() > end) throw new Error(`never took less than ${most} ms: ${act}`);
  }
}

/**
 * Settles as the promise does, or rejects after `timeout` ms.
 *
 * @template T
 * @param {number} timeout
 * @param {string} what the condition in words, for the error
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
export function within(timeout, what, promise) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  /** @type {Promise<never>} */
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${timeout} ms in vain for: ${what}`)), timeout);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// Waiting for conditions. A timeout is only ever the failure of a wait.

/** How long a condition may take before the test that waits for it fails: long, for machines that have other things to do. */
export const patience = 60_000;

/** Polls `condition` (sync or async) until it returns something truthy, and returns that. */
export async function until(condition, { timeout = patience, what = condition.toString(), every = 20 } = {}) {
  const end = Date.now() + timeout;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${timeout} ms in vain for: ${what}`);
    await sleep(every);
  }
}

/** Lets time pass. For pacing only (e.g. "the countdown runs"), never as a guess that something has happened. */
export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Does what means something only if it takes no longer than `most` ms (a room that
 * ends meanwhile, for example), again and again until one time it did; settles as that time.
 */
export async function inTime(most, act, { timeout = 4 * patience } = {}) {
  const end = Date.now() + timeout;
  for (;;) {
    const began = Date.now();
    const outcome = await act().then((value) => () => value, (error) => () => { throw error; });
    if (Date.now() - began <= most) return outcome();
    if (Date.now() > end) throw new Error(`never took less than ${most} ms: ${act}`);
  }
}

/** Settles as the promise does, or rejects after `timeout` ms. */
export function within(timeout, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${timeout} ms in vain for: ${what}`)), timeout);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

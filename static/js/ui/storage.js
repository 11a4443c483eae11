// A browser remembers settings for good in `localStorage`, or in `sessionStorage` until the tab
// is closed. Some browsers refuse to, as in a private window; then this page alone remembers.

/** @typedef {'localStorage' | 'sessionStorage'} Area */

/** @type {Map<string, string>} */
const here = new Map();

/**
 * The remembered text, or null.
 *
 * @param {string} key
 * @param {Area} [area]
 * @returns {string | null}
 */
export function recall(key, area = 'localStorage') {
  try {
    return globalThis[area].getItem(key) ?? here.get(key) ?? null;
  } catch {
    return here.get(key) ?? null;
  }
}

/**
 * Remembers a text in place of the one before.
 *
 * @param {string} key
 * @param {string} value
 * @param {Area} [area]
 */
export function remember(key, value, area = 'localStorage') {
  try {
    globalThis[area].setItem(key, value);
    here.delete(key);
  } catch {
    forget(key, area); // or the old one would be recalled
    here.set(key, value);
  }
}

/**
 * Remembers nothing under a key any more.
 *
 * @param {string} key
 * @param {Area} [area]
 */
export function forget(key, area = 'localStorage') {
  here.delete(key);
  try {
    globalThis[area].removeItem(key);
  } catch {
    // Nothing was ever remembered there.
  }
}

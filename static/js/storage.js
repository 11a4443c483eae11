// What a browser remembers of its settings: for good, or in `sessionStorage` until the
// tab is closed. Some refuse to, as in a private window.

/** The remembered text, or null. */
export function recall(key, area = 'localStorage') {
  try {
    return globalThis[area].getItem(key);
  } catch {
    return null;
  }
}

export function remember(key, value, area = 'localStorage') {
  try {
    globalThis[area].setItem(key, value);
  } catch {
    // Then it holds for this page alone.
  }
}

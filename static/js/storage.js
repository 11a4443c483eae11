// What a browser remembers of its settings. Some refuse to, as in a private window.

/** The remembered text, or null. */
export function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Then it holds for this page alone.
  }
}

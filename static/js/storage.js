// What a browser remembers of its settings: for good, or in `sessionStorage` until the
// tab is closed. Some refuse to, as in a private window; then this page alone does.

const here = new Map();

/** The remembered text, or null. */
export function recall(key, area = 'localStorage') {
  try {
    return globalThis[area].getItem(key) ?? here.get(key) ?? null;
  } catch {
    return here.get(key) ?? null;
  }
}

export function remember(key, value, area = 'localStorage') {
  try {
    globalThis[area].setItem(key, value);
    here.delete(key);
  } catch {
    here.set(key, value);
  }
}

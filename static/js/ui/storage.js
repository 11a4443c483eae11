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
    forget(key, area); // or the old one would be recalled
    here.set(key, value);
  }
}

export function forget(key, area = 'localStorage') {
  here.delete(key);
  try {
    globalThis[area].removeItem(key);
  } catch {
    // Nothing was ever remembered there.
  }
}

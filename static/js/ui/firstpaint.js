// Light or dark, as the person at the page has chosen. Nothing may be drawn before that is known, so
// this is no module, for which browsers do not wait, and imports none.
(() => {
  const key = 'theme'; // that of theme.js
  const root = document.documentElement;

  function chosen() {
    try {
      return localStorage.getItem(key);
    } catch { // some browsers refuse, as in a private window; then this page alone knows
      return root.dataset.theme ?? null;
    }
  }

  /** @param {string | null} theme anything but light and dark leaves it to the system */
  function show(theme) {
    const byHand = theme === 'light' || theme === 'dark';
    if (byHand) root.dataset.theme = theme;
    else delete root.dataset.theme;
    for (const colour of document.querySelectorAll('meta[data-scheme]')) {
      if (!(colour instanceof HTMLMetaElement)) continue;
      const { scheme } = colour.dataset;
      const always = scheme === theme ? 'all' : 'not all';
      colour.media = byHand ? always : `(prefers-color-scheme: ${scheme})`;
    }
  }

  show(chosen());
  addEventListener('storage', (event) => { if (event.key === key || event.key === null) show(event.newValue); });
  // A page that the browser had put aside has not heard of a choice made meanwhile.
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) dispatchEvent(new StorageEvent('storage', { key, newValue: chosen() }));
  });
})();

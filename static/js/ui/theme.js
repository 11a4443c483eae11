import { element } from './dom.js';
import { forget, recall, remember } from './storage.js';
import { text } from './words.js';

const key = 'theme';
const system = 'system';
const labels = { [system]: 'theme.system', light: 'theme.light', dark: 'theme.dark' };

/** @param {string | null} kept */
const themeOf = (kept) => (kept !== null && Object.hasOwn(labels, kept) ? kept : system);

/**
 * The choice between the system's theme, the light and the dark one, as radio buttons. It is kept, and
 * holds for all pages in all tabs of the browser.
 *
 * @returns {HTMLElement} the buttons, to be put anywhere on the page, once
 */
export function themeSwitch() {
  const radios = Object.entries(labels).map(([theme, label]) => {
    const radio = element('input', { type: 'radio', name: 'theme', value: theme, autocomplete: 'off' });
    return { radio, label: element('label', {}, radio, text(label)) };
  });
  /** @param {string | null} kept */
  const show = (kept) => {
    for (const { radio } of radios) radio.checked = radio.value === themeOf(kept);
  };
  const group = element('div', { className: 'segments', role: 'radiogroup', ariaLabel: text('theme.label') }, ...radios.map(({ label }) => label));
  group.addEventListener('change', ({ target }) => { if (target instanceof HTMLInputElement) choose(target.value); });
  addEventListener('storage', (event) => { if (event.key === key || event.key === null) show(event.newValue); });
  show(recall(key));
  return group;
}

/** @param {string} theme */
function choose(theme) {
  const kept = theme === system ? null : theme;
  if (kept === null) forget(key);
  else remember(key, kept);
  // Browsers tell the other tabs in this way, and this tab's page shows what it hears of.
  dispatchEvent(new StorageEvent('storage', { key, newValue: kept }));
}

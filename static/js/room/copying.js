import { text } from '../ui/words.js';

const confirmedFor = 2000; // milliseconds

/** @type {WeakMap<HTMLElement, {said: string | null, timer: ReturnType<typeof setTimeout>}>} what stands on each button else */
const confirmed = new WeakMap();

/**
 * Puts a text on the clipboard; false if the browser does not allow it, as without HTTPS.
 *
 * @param {string} copied
 */
export async function copyText(copied) {
  try {
    await navigator.clipboard.writeText(copied);
    return true;
  } catch {
    return false;
  }
}

/**
 * Says on a button, for a moment, that something was copied.
 *
 * @param {HTMLElement} button
 */
export function confirmCopy(button) {
  const label = button.querySelector('span') ?? button;
  const before = confirmed.get(label);
  clearTimeout(before?.timer);
  const said = before ? before.said : label.textContent;
  label.textContent = text('copy.done');
  confirmed.set(label, { said, timer: setTimeout(() => {
    label.textContent = said;
    confirmed.delete(label);
  }, confirmedFor) });
}

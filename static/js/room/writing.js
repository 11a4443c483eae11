// The keyboard belongs to the field for the message, so that nobody is interrupted while
// writing, unless they take it elsewhere on purpose.

const takesKeys = 'a, button, input, select, textarea, dialog';

/**
 * Keeps the focus in a field while buttons of the page are pressed, and takes it there when
 * somebody just begins to type.
 *
 * @param {HTMLTextAreaElement} field
 */
export function keepWriting(field) {
  // Without it a phone puts its keyboard away, and Safari takes the focus from everything. A
  // dialog is elsewhere on purpose.
  document.addEventListener('mousedown', (event) => {
    const { target } = event;
    if (document.activeElement !== field || !(target instanceof Element)) return;
    const button = target.closest('button');
    if (button && !button.closest('dialog')) event.preventDefault();
  });
  document.addEventListener('keydown', (event) => {
    if (!writes(event) || field.readOnly || field.closest('[hidden]')) return;
    const at = document.activeElement ?? document.body;
    if (at.closest(takesKeys) || document.querySelector('dialog[open]')) return;
    // On something that scrolls, the space bar does.
    if (event.key === ' ' && at !== document.body) return;
    // The character itself lands in the field by its own doing.
    field.focus({ preventScroll: true });
  });
}

/**
 * Puts the focus into a field for who comes to the page, without a ring around it until they
 * do something: the caret is enough to see where one is.
 *
 * @param {HTMLTextAreaElement} field
 */
export function focusQuietly(field) {
  const around = field.parentElement;
  around?.setAttribute('data-untouched', '');
  const touch = () => around?.removeAttribute('data-untouched');
  for (const sign of ['keydown', 'pointerdown', 'input']) addEventListener(sign, touch, { once: true });
  field.focus({ preventScroll: true });
}

/**
 * Whether a key puts a character into a text, or, being dead, into the next one.
 *
 * @param {KeyboardEvent} event
 */
function writes(event) {
  if (event.isComposing || event.keyCode === 229) return false;
  // By AltGr, Windows says both Ctrl and Alt.
  const shortcut = event.ctrlKey || event.metaKey || event.altKey;
  if (shortcut && !event.getModifierState('AltGraph')) return false;
  return event.key === 'Dead' || [...event.key].length === 1;
}

import { element } from '../ui/dom.js';
import { text } from '../ui/words.js';

const shownFor = 10_000; // milliseconds: long enough to read it to somebody

/**
 * @typedef {object} CodeParts
 * @property {HTMLElement} code
 * @property {HTMLElement} dots stand in its place while it is hidden
 * @property {HTMLElement} toggle the button that shows and hides it
 * @property {HTMLElement} copy the button that copies it
 */

/** The room's code in the page's header. It is hidden until somebody asks for it. */
export class RoomCode {
  #parts;
  #show;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {CodeParts} parts
   * @param {(said: string) => void} say is called with the words about how copying went
   */
  constructor(parts, say) {
    this.#parts = parts;
    this.#show = parts.toggle.textContent;
    parts.toggle.addEventListener('click', () => this.#reveal(Boolean(parts.code.hidden)));
    parts.copy.addEventListener('click', async () => {
      const copied = await copyText(this.value);
      if (!copied) this.#reveal(true);
      say(text(copied ? 'code.copied' : 'code.not-copied'));
    });
  }

  /** The code's digits. */
  get value() {
    return this.#parts.code.textContent.trim();
  }

  /** @param {string} code */
  set(code) {
    this.#parts.code.replaceChildren(...[...code].map((digit) => element('span', { className: 'digit' }, digit)));
  }

  /** @param {boolean} visible */
  #reveal(visible) {
    const { code, dots, toggle } = this.#parts;
    code.hidden = !visible;
    dots.hidden = visible;
    toggle.textContent = visible ? text('code.hide') : this.#show;
    clearTimeout(this.#timer);
    if (visible) this.#timer = setTimeout(() => this.#reveal(false), shownFor);
  }
}

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

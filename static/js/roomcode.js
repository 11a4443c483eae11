import { element } from './dom.js';

const shownFor = 10_000; // milliseconds: long enough to read it to somebody

/** The room's code in the page's header: hidden until it is asked for. */
export class RoomCode {
  #parts;
  #timer;

  /** `parts` are the elements {code, dots, toggle, copy}; `said` is told how copying went. */
  constructor(parts, said) {
    this.#parts = parts;
    parts.toggle.addEventListener('click', () => this.#reveal(parts.code.hidden));
    parts.copy.addEventListener('click', async () => {
      const copied = await copyText(this.value);
      if (!copied) this.#reveal(true);
      said(copied ? 'The code is copied.' : 'The browser does not allow copying. Here is the code to select.');
    });
  }

  get value() {
    return this.#parts.code.textContent.trim();
  }

  set(code) {
    this.#parts.code.replaceChildren(...[...code].map((digit) => element('span', { className: 'digit' }, digit)));
  }

  #reveal(visible) {
    const { code, dots, toggle } = this.#parts;
    code.hidden = !visible;
    dots.hidden = visible;
    toggle.textContent = visible ? 'Hide' : 'Show';
    toggle.setAttribute('aria-pressed', String(visible));
    clearTimeout(this.#timer);
    if (visible) this.#timer = setTimeout(() => this.#reveal(false), shownFor);
  }
}

/** Puts a text on the clipboard; false if the browser does not allow it, as without HTTPS. */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

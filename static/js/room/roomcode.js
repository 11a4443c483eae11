import { element } from '../ui/dom.js';
import { text } from '../ui/words.js';

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
      said(text(copied ? 'code.copied' : 'code.not-copied'));
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
    toggle.textContent = text(visible ? 'code.hide' : 'code.show');
    clearTimeout(this.#timer);
    if (visible) this.#timer = setTimeout(() => this.#reveal(false), shownFor);
  }
}

/** Puts a text on the clipboard; false if the browser does not allow it, as without HTTPS. */
export async function copyText(copied) {
  try {
    await navigator.clipboard.writeText(copied);
    return true;
  } catch {
    return false;
  }
}

const warnBelow = 100; // characters left

/** The field for writing a message. */
export class Composer {
  #input;
  #left;

  /** `send(text)` returns whether the text is on its way; if not, it stays in the field. */
  constructor(form, input, left, send) {
    this.#input = input;
    this.#left = left;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const text = input.value.trim();
      if (text && send(text)) this.#set('');
      input.focus();
    });
    input.addEventListener('keydown', (event) => {
      // While an input method composes, Enter chooses a character.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    input.addEventListener('input', () => this.#changed());
    this.#changed();
  }

  /** Puts back a text that was not sent, unless something else was begun meanwhile. */
  restore(text) {
    if (this.#input.value.trim() === '') this.#set(text);
  }

  #set(text) {
    this.#input.value = text;
    this.#changed();
  }

  #changed() {
    const input = this.#input;
    if (!CSS.supports('field-sizing', 'content')) {
      input.style.height = 'auto';
      input.style.height = `${input.scrollHeight}px`;
    }
    const left = input.maxLength - input.value.length;
    this.#left.hidden = input.maxLength < 0 || left >= warnBelow;
    this.#left.textContent = left;
  }
}

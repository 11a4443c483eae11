const warnBelow = 100; // characters left

/**
 * The words about the length of a text.
 *
 * @typedef {object} LengthWords
 * @property {(count: number) => string} left so many characters are left
 * @property {(count: number) => string} over so many characters are too many
 */

/**
 * @typedef {object} ComposerEvents
 * @property {(text: string) => void} send is called with a text to send
 * @property {() => void} typed is called while somebody writes
 * @property {(text: string) => void} changed is called with all that is in the field
 * @property {(said: string) => void} announce tells something to people who do not see the field
 */

/** The field for writing a message. */
export class Composer {
  #form;
  #input;
  #left;
  #limit;
  #words;
  #on;

  /**
   * @param {HTMLFormElement} form
   * @param {HTMLTextAreaElement} input its `data-limit` is the number of characters that a message may have
   * @param {HTMLElement} left shows the words about the length
   * @param {LengthWords} words
   * @param {ComposerEvents} on
   */
  constructor(form, input, left, words, on) {
    this.#form = form;
    this.#input = input;
    this.#left = left;
    this.#words = words;
    this.#on = on;
    this.#limit = Number(input.dataset.limit) || Infinity;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    input.addEventListener('keydown', (event) => {
      // While an input method composes, Enter chooses a character. Safari has ended
      // that already, and tells by the key's old code.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      form.requestSubmit();
    });
    input.addEventListener('input', () => {
      this.#changed();
      if (input.value.trim() !== '') on.typed();
    });
    this.#changed();
  }

  /**
   * Puts a text back into the field, before the one that was begun meanwhile.
   *
   * @param {string} text
   */
  restore(text) {
    this.putBack(text);
    this.#input.focus();
  }

  /**
   * Does the same without the focus, with which a phone would show its keyboard.
   *
   * @param {string} text
   */
  putBack(text) {
    const begun = this.#input.value;
    this.#set(begun.trim() === '' ? text : `${text}\n${begun}`);
    this.#input.setSelectionRange(this.#input.value.length, this.#input.value.length);
  }

  /** Ends the sending. A text that was begun stays to be read and copied. */
  close() {
    this.#input.readOnly = true;
    this.#form.hidden = this.#input.value.trim() === '';
  }

  #submit() {
    const text = this.#written;
    // The field says so if it is too long, and nothing of it is cut off.
    if (text === '' || lengthOf(text) > this.#limit || this.#input.readOnly) return;
    this.#on.send(text);
    this.#set('');
    this.#input.focus();
  }

  // The text without empty lines and blanks around it. The first line keeps its indentation; a single
  // blank is none, since keyboards of phones put one before a word.
  get #written() {
    const written = this.#input.value.replace(/^\s*\n/, '').trimEnd();
    return written.includes('\n') ? written : written.replace(/^ (?! )/, '');
  }

  /** @param {string} text */
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
    this.#on.changed(input.value);
    const written = this.#written;
    const left = this.#limit - lengthOf(written);
    const over = left < 0;
    this.#tell(this.#aboutLength(left), over);
    input.setAttribute('aria-invalid', String(over));
    this.#form.classList.toggle('ready', written !== '' && !over);
  }

  /** @param {number} left */
  #aboutLength(left) {
    if (left < 0) return this.#words.over(-left);
    return left < warnBelow ? this.#words.left(left) : '';
  }

  /**
   * @param {string} said
   * @param {boolean} over
   */
  #tell(said, over) {
    // Once is enough for ears.
    const news = this.#left.textContent === '' || over !== this.#left.classList.contains('over');
    if (said !== '' && news) this.#on.announce(said);
    this.#left.textContent = said;
    this.#left.classList.toggle('over', over);
  }
}

/**
 * The length of a text as the server counts it: an emoji of one code point is one character.
 *
 * @param {string} text
 */
function lengthOf(text) {
  return [...text].length;
}

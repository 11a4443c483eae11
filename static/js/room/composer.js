const warnBelow = 100; // characters left

/** The field for writing a message. */
export class Composer {
  #form;
  #input;
  #left;
  #limit;
  #texts;
  #announce;
  #on;

  /**
   * `texts` has left(count) and over(count), the words about the length; `on` has
   * send(text), called with what is to be sent, typed(), called while somebody writes,
   * changed(text), called with all that is in the field, and announce(text), called with what
   * those who do not see the field should hear.
   */
  constructor(form, input, left, texts, on) {
    this.#form = form;
    this.#input = input;
    this.#left = left;
    this.#texts = texts;
    this.#announce = on.announce;
    this.#on = on;
    this.#limit = Number(input.dataset.limit) || Infinity;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit(on.send);
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

  /** Puts a text back into the field, before what was begun meanwhile. */
  restore(text) {
    this.putBack(text);
    this.#input.focus();
  }

  /** The same without the focus: a phone would show its keyboard. */
  putBack(text) {
    const begun = this.#input.value;
    this.#set(begun.trim() === '' ? text : `${text}\n${begun}`);
    this.#input.setSelectionRange(this.#input.value.length, this.#input.value.length);
  }

  /** Nothing can be sent any more. What was begun stays to be read and copied. */
  close() {
    this.#input.readOnly = true;
    this.#form.hidden = this.#input.value.trim() === '';
  }

  #submit(send) {
    const text = this.#written;
    // Too long: the field says so, and nothing of it is cut off.
    if (text === '' || lengthOf(text) > this.#limit || this.#input.readOnly) return;
    send(text);
    this.#set('');
    this.#input.focus();
  }

  // Without white space around it; but of several lines, how far the first is indented
  // is a part of it.
  get #written() {
    const written = this.#input.value.replace(/^\s*\n/, '').trimEnd();
    return written.includes('\n') ? written : written.trimStart();
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
    this.#on.changed(input.value);
    const written = this.#written;
    const left = this.#limit - lengthOf(written);
    const over = left < 0;
    this.#tell(this.#aboutLength(left), over);
    input.setAttribute('aria-invalid', String(over));
    this.#form.classList.toggle('ready', written !== '' && !over);
  }

  #aboutLength(left) {
    if (left < 0) return this.#texts.over(-left);
    return left < warnBelow ? this.#texts.left(left) : '';
  }

  #tell(said, over) {
    // Once is enough for ears.
    const news = this.#left.textContent === '' || over !== this.#left.classList.contains('over');
    if (said !== '' && news) this.#announce(said);
    this.#left.textContent = said;
    this.#left.classList.toggle('over', over);
  }
}

// As the server counts: an emoji of one code point is one character.
function lengthOf(text) {
  return [...text].length;
}

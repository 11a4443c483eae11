import { isCode } from './codefield.js';
import { post, Refusal } from './forms.js';
import { recall, remember } from './storage.js';
import { text, translated } from './words.js';

/** The name that worked the last time, on this device. */
export const rememberedName = () => recall('name') ?? '';

/** The code that this tab asked with. */
export const rememberedCode = () => recall('code', 'sessionStorage') ?? '';

// Of the refusals with status 400 the one that is not about the name.
const outdated = 'This form is no longer valid. Please reload the page it is on and try again.';

/** The two ways in: a new chat, or asking to join one. What is wrong is said where it is to be put right. */
export class Entrance {
  #token;
  #name;
  #code;
  #busy = null;

  /** `name` and `code` are Fields, `token` is the form's. */
  constructor(token, name, code) {
    this.#token = token;
    this.#name = name;
    this.#code = code;
    addEventListener('pageshow', () => this.#release()); // the back button
  }

  /** `button` is the one that was pressed; `problem` takes what is about neither field. The address to go to, or null. */
  create(button, problem) {
    return this.#send('/', button, problem, { display_name: this.#name }, { 400: this.#name });
  }

  ask(button, problem) {
    return this.#send('/join', button, problem, { display_name: this.#name, room_code: this.#code },
      { 400: this.#name, 403: this.#code, 404: this.#code, 409: this.#name });
  }

  async #send(address, button, problem, fields, concerned) {
    if (this.#busy) return null;
    for (const place of [this.#name, this.#code, problem]) place.clear();
    if (!this.#complete(Object.values(fields))) return null;
    this.#hold(button);
    const values = Object.entries(fields).map(([key, field]) => [key, field.value]);
    try {
      const next = await post(address, [['csrf_token', this.#token], ...values]);
      remember('name', this.#name.value);
      if (fields.room_code) remember('code', this.#code.value, 'sessionStorage');
      return next;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#release();
      const field = error.message === translated(outdated) ? undefined : concerned[error.status];
      (field ?? problem).say(error.message);
      field?.input.focus();
      return null;
    }
  }

  // What the server need not be asked about.
  #complete(fields) {
    const wrong = fields.filter((field) => {
      if (field === this.#name && !field.value) field.say(translated('Please enter a name.'));
      else if (field === this.#code && !isCode(field.value)) field.say(text('form.code'));
      else return false;
      return true;
    });
    wrong[0]?.input.focus();
    return wrong.length === 0;
  }

  // Two clicks on a slow connection would make two rooms. The button stays focusable, or
  // the keyboard would lose its place.
  #hold(button) {
    this.#busy = button;
    button.setAttribute('aria-disabled', 'true');
  }

  #release() {
    this.#busy?.removeAttribute('aria-disabled');
    this.#busy = null;
  }
}

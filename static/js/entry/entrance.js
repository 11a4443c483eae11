import { isCode } from './codefield.js';
import { post, Refusal } from './forms.js';
import { recall, remember } from '../ui/storage.js';
import { text } from '../ui/words.js';

/** The name that worked the last time, on this device. */
export const rememberedName = () => recall('name') ?? '';

/** The code that this tab asked with. */
export const rememberedCode = () => recall('code', 'sessionStorage') ?? '';

const patience = 20_000; // milliseconds that the next page may take before the button works again

/** The two ways in: a new chat, or asking to join one. What is wrong is said where it is to be put right. */
export class Entrance {
  #token;
  #name;
  #code;
  #busy = null;
  #used = false;

  /** `name` and `code` are Fields, `token` is the form's. */
  constructor(token, name, code) {
    this.#token = token;
    this.#name = name;
    this.#code = code;
    addEventListener('pageshow', ({ persisted }) => { if (persisted) this.#release(); }); // the back button
  }

  /** `button` is the one that was pressed; `problem` takes what is about neither field. The address to go to, or null. */
  create(button, problem) {
    return this.#send('/', button, problem, { display_name: this.#name });
  }

  ask(button, problem) {
    return this.#send('/join', button, problem, { display_name: this.#name, room_code: this.#code });
  }

  /** Whether the server has let somebody in here, or to the door. */
  get used() {
    return this.#used;
  }

  async #send(address, button, problem, fields) {
    if (this.#busy) return null;
    for (const place of [this.#name, this.#code, problem]) place.clear();
    if (!this.#complete(Object.values(fields))) return null;
    this.#hold(button);
    const values = Object.entries(fields).map(([key, field]) => [key, field.value]);
    try {
      const next = await post(address, [['csrf_token', this.#token], ...values]);
      this.#used = true;
      remember('name', this.#name.value);
      if (fields.room_code) remember('code', this.#code.value, 'sessionStorage');
      setTimeout(() => this.#release(), patience); // somebody may stop the loading
      return next;
    } catch (error) {
      this.#release();
      if (!(error instanceof Refusal)) throw error;
      const field = fields[error.field];
      (field ?? problem).say(error.message);
      field?.input.focus();
      return null;
    }
  }

  // What the server need not be asked about.
  #complete(fields) {
    const wrong = fields.filter((field) => {
      if (field === this.#name && !field.value) field.say(text('form.name'));
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

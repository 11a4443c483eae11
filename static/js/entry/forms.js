import { refusal, text } from '../ui/words.js';

const patience = 20_000; // milliseconds that an answer may take

/** A refusal in words for people. */
export class Refusal extends Error {
  /**
   * @param {string} why
   * @param {string} [field] the name of the field that it is about, if it is about one
   */
  constructor(why, field) {
    super(why);
    this.field = field;
  }
}

/**
 * Posts a form's fields.
 *
 * @param {string} address
 * @param {[name: string, value: string][]} fields
 * @returns {Promise<string>} the address of the page that comes next
 * @throws {Refusal}
 */
export async function post(address, fields) {
  const answer = await fetch(address, {
    method: 'POST',
    headers: { Accept: 'application/json' },
    body: new URLSearchParams(fields),
    signal: AbortSignal.timeout(patience),
  }).catch((error) => {
    console.warn(error);
    throw new Refusal(text('form.unreachable'));
  });
  // A proxy between this page and the server may answer with anything.
  /** @type {{location?: unknown, error?: unknown, code?: unknown, field?: unknown}} */
  const { location, error, code, field } = await answer.json().catch(() => null) ?? {};
  if (answer.ok && typeof location === 'string') return location;
  throw new Refusal(typeof error === 'string' ? refusal(code, error) : text('form.failed'), typeof field === 'string' ? field : undefined);
}

/**
 * The token without which the server takes no form.
 *
 * @param {HTMLFormElement} form
 */
export function csrfToken(form) {
  return String(new FormData(form).get('csrf_token') ?? '');
}

/** A place on the page for a problem: an alert with one element that takes the text. */
export class Problem {
  #place;

  /**
   * @param {HTMLElement} alert
   * @throws {TypeError} if the alert has no element for the text
   */
  constructor(alert) {
    const place = alert.firstElementChild;
    if (!place) throw new TypeError(`#${alert.id} has no place for a text`);
    this.#place = place;
  }

  /** @param {string} why */
  say(why) {
    this.#place.textContent = why;
  }

  /** Says nothing any more. */
  clear() {
    this.say('');
  }
}

/**
 * A field of a form, with a place below it for the problem that its value has. The problem
 * goes when the value is changed.
 */
export class Field {
  #problem;
  #row;

  /**
   * @param {HTMLInputElement} input
   * @param {HTMLElement} problem
   */
  constructor(input, problem) {
    const row = input.closest('.form-field');
    this.#row = row instanceof HTMLElement ? row : input;
    this.input = input;
    this.#problem = new Problem(problem);
    input.addEventListener('input', () => this.clear());
  }

  /** The value without white space around it. */
  get value() {
    return this.input.value.trim();
  }

  /** Hides the field, since nobody has to fill it in. */
  hide() {
    this.#row.hidden = true;
  }

  /** Whether nobody has to fill the field in. */
  get hidden() {
    return this.#row.hidden;
  }

  /** Shows the field, which was hidden. */
  show() {
    this.#row.hidden = false;
  }

  /**
   * Says what is wrong with the value. A field that was hidden, because nobody had to fill
   * it in, shows itself.
   *
   * @param {string} why
   */
  say(why) {
    this.show();
    this.input.setAttribute('aria-invalid', 'true');
    this.#problem.say(why);
  }

  /** Says nothing any more. */
  clear() {
    this.input.removeAttribute('aria-invalid');
    this.#problem.clear();
  }
}

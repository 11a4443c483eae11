import { refusal, text } from '../ui/words.js';

const patience = 20_000; // milliseconds that an answer may take

/** A no in words for people. `field` is the name of the field that it is about, if it is about one. */
export class Refusal extends Error {
  constructor(why, field) {
    super(why);
    this.field = field;
  }
}

/** Posts a form's fields and gives the address of the page that comes next, or throws a Refusal. */
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
  // What stands between here and the server may answer in its own way.
  const { location, error, code, field } = await answer.json().catch(() => null) ?? {};
  if (answer.ok && typeof location === 'string') return location;
  throw new Refusal(typeof error === 'string' ? refusal(code, error) : text('form.failed'), field);
}

/**
 * The token without which the server takes no form.
 *
 * @param {HTMLFormElement} form
 */
export function csrfToken(form) {
  return String(new FormData(form).get('csrf_token'));
}

/** A place for what is wrong: an alert with one element that takes the text. */
export class Problem {
  #place;

  constructor(node) {
    this.#place = node.firstElementChild;
  }

  say(why) {
    this.#place.textContent = why;
  }

  clear() {
    this.say('');
  }
}

/**
 * A field that says below it what is wrong with what is in it, until that is changed. One
 * that nobody had to fill in, and that was hidden, shows itself then.
 */
export class Field {
  #problem;

  constructor(input, problem) {
    this.input = input;
    this.#problem = new Problem(problem);
    input.addEventListener('input', () => this.clear());
  }

  get value() {
    return this.input.value.trim();
  }

  say(why) {
    this.input.closest('.form-field').hidden = false;
    this.input.setAttribute('aria-invalid', 'true');
    this.#problem.say(why);
  }

  clear() {
    this.input.removeAttribute('aria-invalid');
    this.#problem.clear();
  }
}

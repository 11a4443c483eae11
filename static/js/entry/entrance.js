import { isCode } from './codefield.js';
import { post, Refusal } from './forms.js';
import { forget, recall, remember } from '../ui/storage.js';
import { text } from '../ui/words.js';

/** @import { Field, Problem } from './forms.js' */

/** The name that worked the last time, on this device. */
export const rememberedName = () => recall('name') ?? '';

/** The code that this tab asked with. */
export const rememberedCode = () => recall('code', 'sessionStorage') ?? '';

/** The lookup of the invitation that this tab asked by, or null. */
export const rememberedInvitation = () => recall('invite', 'sessionStorage');

const patience = 20_000; // milliseconds that the next page may take before the button works again

/**
 * The two ways in: a new chat, or asking to join one. A problem is shown at the field that
 * it is about.
 */
export class Entrance {
  #token;
  #name;
  #code;
  /** @type {HTMLElement | undefined} the button of the form that is on its way */
  #busy;
  #used = false;
  /** @type {string | undefined} the lookup of the invitation that takes the code's place */
  #invitation;

  /**
   * @param {string} token the form's CSRF token
   * @param {Field} name
   * @param {Field} code
   */
  constructor(token, name, code) {
    this.#token = token;
    this.#name = name;
    this.#code = code;
    addEventListener('pageshow', ({ persisted }) => { if (persisted) this.#release(); }); // the back button
  }

  /**
   * Begins a new chat.
   *
   * @param {HTMLElement} button the one that was pressed
   * @param {Problem} problem takes a problem that is about neither field
   * @returns {Promise<string | null>} the address to go to; null if there is a problem
   */
  create(button, problem) {
    return this.#send('/', button, problem, new Map([['display_name', this.#name]]));
  }

  /**
   * Asks to join the chat of the invitation, or else the one with the code. Parameters and result
   * are those of `create`.
   *
   * @param {HTMLElement} button
   * @param {Problem} problem
   * @param {Problem} [dead] takes that the invitation holds no more, which is then forgotten
   * @returns {Promise<string | null>}
   */
  ask(button, problem, dead = problem) {
    const fields = new Map([['display_name', this.#name]]);
    if (!this.#invitation) fields.set('room_code', this.#code);
    return this.#send('/join', button, problem, fields, this.#invitation ? { lookup: this.#invitation, dead } : undefined);
  }

  /**
   * Has the invitation take the code's place, or the code its own again.
   *
   * @param {string} [lookup] of the invitation; none if the code is asked for
   */
  invite(lookup) {
    this.#invitation = lookup;
    this.#code.clear();
    if (lookup) this.#code.hide();
    else this.#code.show();
  }

  /** Whether there is an invitation in the code's place. */
  get invited() {
    return this.#invitation !== undefined;
  }

  /** Whether the server has accepted a form from here. */
  get used() {
    return this.#used;
  }

  /**
   * @param {string} address
   * @param {HTMLElement} button
   * @param {Problem} problem
   * @param {Map<string, Field>} fields
   * @param {{lookup: string, dead: Problem}} [invitation] the one that is asked by
   */
  async #send(address, button, problem, fields, invitation) {
    if (this.#busy) return null;
    for (const place of [this.#name, this.#code, problem]) place.clear();
    if (!this.#complete([...fields.values()])) return null;
    this.#hold(button);
    try {
      const next = await post(address, [['csrf_token', this.#token], ...valuesOf(fields, invitation?.lookup)]);
      this.#used = true;
      remember('name', this.#name.value);
      if (address === '/join') this.#rememberWay(invitation?.lookup);
      setTimeout(() => this.#release(), patience); // somebody may stop the loading
      return next;
    } catch (error) {
      this.#release();
      if (!(error instanceof Refusal)) throw error;
      if (invitation && error.field === 'invite') {
        this.#forgetInvitation();
        invitation.dead.say(error.message); // the code's field is empty, and not what is wrong
        this.#code.input.focus();
        return null;
      }
      const field = fields.get(error.field ?? '');
      (field ?? problem).say(error.message);
      field?.input.focus();
      return null;
    }
  }

  /**
   * Keeps for the next page what was asked with.
   *
   * @param {string} [invitation]
   */
  #rememberWay(invitation) {
    if (invitation) remember('invite', invitation, 'sessionStorage');
    else remember('code', this.#code.value, 'sessionStorage');
    forget(invitation ? 'code' : 'invite', 'sessionStorage');
  }

  #forgetInvitation() {
    this.invite();
    forget('invite', 'sessionStorage');
  }

  /**
   * Checks the fields as far as that needs no server.
   *
   * @param {Field[]} fields
   */
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

  /**
   * Keeps a second click on a slow connection from making a second room. The button stays
   * focusable, or the keyboard would lose its place.
   *
   * @param {HTMLElement} button
   */
  #hold(button) {
    this.#busy = button;
    button.setAttribute('aria-disabled', 'true');
  }

  #release() {
    this.#busy?.removeAttribute('aria-disabled');
    this.#busy = undefined;
  }
}

/**
 * @param {Map<string, Field>} fields
 * @param {string} [invitation]
 * @returns {[name: string, value: string][]}
 */
function valuesOf(fields, invitation) {
  /** @type {[name: string, value: string][]} */
  const values = [...fields].map(([name, field]) => [name, field.value]);
  if (invitation) values.push(['invite', invitation]);
  return values;
}

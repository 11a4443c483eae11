import { newId } from './random.js';

const mostTries = 5; // each by a connection that was lost before the answer

// The server takes sixty messages at once and ten a second: less, and none is refused.
// When it gets one is not when the page sends it: what is on its way may be stuck, and
// arrive together with all that follows. So a message counts when it is answered, and
// what is under way is set aside until then.
const atOnce = 50;
const interval = 120; // milliseconds between two more

/**
 * A message of this page's. By its `ref` the server knows it again, so that sending it once more
 * is harmless. Its `state` is
 *
 * - `waiting`: for the connection, or for its turn;
 * - `sending`: it has gone out to the server, which relays it to its author, too;
 * - `failed`: it was refused, or could not be sent, or one connection after the other was lost over it. It is kept
 *   until the person decides, or until it turns out to have arrived.
 *
 * @typedef {{ref: string, text: string, state: 'waiting' | 'sending' | 'failed'}} Outbound
 */

/**
 * A message as it is to be sent; `again` says that it may have been sent before.
 *
 * @typedef {{ref: string, text: string, again: boolean}} Posted
 */

/**
 * `posted` is what is under way: it is about to go out, or has gone and is not answered. `tries` counts
 * the connections that it has gone out by, and `unheard` says that nobody can have heard it.
 *
 * @typedef {Outbound & {posted?: Posted, tries: number, unheard: boolean}} Pending
 */

/** This page's messages that the server has not relayed yet. */
export class Outbox {
  /** @type {Map<string, Pending>} */
  #messages = new Map();
  #connected = false;
  #closed = false;
  #on;
  #allowance = atOnce;
  #counted = 0; // when the allowance was, in milliseconds
  #underway = 0; // messages
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #turn;

  /**
   * @param {{send: (message: Posted) => void, changed: (message: Outbound) => void}} on `send` takes a
   * message to the server, now or soon: it asks `sent` when it goes out, and says `failed` if it cannot.
   * `changed` is called with each message whose state changes.
   */
  constructor(on) {
    this.#on = on;
  }

  /**
   * Sends a text, now or when there is a connection.
   *
   * @param {string} text
   */
  add(text) {
    /** @type {Pending} */
    const message = { ref: newId(), text, state: 'waiting', tries: 0, unheard: true };
    this.#messages.set(message.ref, message);
    this.#become(message, 'waiting');
    this.#sendWaiting();
  }

  /** There is a connection that is in the room: what waits is sent, in order. */
  connected() {
    this.#connected = true;
    this.#sendWaiting();
  }

  /** The connection is lost. What was on its way may have arrived or not. */
  disconnected() {
    this.#connected = false;
    for (const message of this.#messages.values()) {
      if (message.state === 'sending') this.#become(message, message.tries < mostTries ? 'waiting' : 'failed');
      else this.#noLongerUnderway(message); // it has not gone out
    }
  }

  /**
   * A message goes out by the connection. Returns false if it must not any more: since `send` was
   * called it was refused or taken back, or has arrived.
   *
   * @param {Posted} posted as `send` was given it
   */
  sent(posted) {
    const message = this.#messages.get(posted.ref);
    if (message?.posted !== posted) return false;
    message.unheard = false;
    message.tries += 1;
    message.state = 'sending';
    this.#on.changed(message);
    return true;
  }

  /**
   * A message cannot be sent, and has not gone out.
   *
   * @param {Posted} posted as `send` was given it
   */
  failed(posted) {
    const message = this.#messages.get(posted.ref);
    if (message?.posted === posted) this.#become(message, 'failed');
  }

  /**
   * The server has relayed a message. Returns its text; undefined if it is none of this page's.
   *
   * @param {string} ref
   */
  relayed(ref) {
    return this.#remove(ref);
  }

  /**
   * The server has refused a message.
   *
   * @param {string} ref
   */
  refused(ref) {
    const message = this.#messages.get(ref);
    if (!message) return;
    message.unheard = true;
    this.#become(message, 'failed');
  }

  /**
   * Sends a failed message again.
   *
   * @param {string} ref
   */
  retry(ref) {
    const message = this.#messages.get(ref);
    if (!message || this.#closed) return;
    message.tries = Math.min(message.tries, 1);
    this.#become(message, 'waiting');
    this.#sendWaiting();
  }

  /**
   * Forgets a message and returns its text; undefined if the server has relayed it meanwhile.
   *
   * @param {string} ref
   */
  takeBack(ref) {
    return this.#remove(ref);
  }

  /** Nothing is sent any more: the room is over. */
  close() {
    this.#closed = true;
    this.#connected = false;
    clearTimeout(this.#turn);
    for (const message of this.#messages.values()) this.#become(message, 'failed');
  }

  /** Forgets all messages. Nothing is sent any more. */
  forget() {
    this.close();
    this.#messages.clear();
  }

  /** The texts that nobody can have heard: never told to the server, or refused by it. */
  get undelivered() {
    return [...this.#messages.values()].filter(({ unheard }) => unheard).map(({ text }) => text);
  }

  get isEmpty() {
    return this.#messages.size === 0;
  }

  #sendWaiting() {
    clearTimeout(this.#turn);
    if (!this.#connected) return;
    this.#refill();
    for (const message of this.#messages.values()) {
      if (message.state !== 'waiting' || message.posted) continue;
      if (this.#allowance - this.#underway < 1) {
        this.#turn = setTimeout(() => this.#sendWaiting(), interval);
        return;
      }
      this.#send(message);
    }
  }

  #refill() {
    const now = Date.now();
    this.#allowance = Math.min(atOnce, this.#allowance + Math.max(0, now - this.#counted) / interval);
    this.#counted = now;
  }

  /** @param {Pending} message */
  #send(message) {
    const { ref, text, tries } = message;
    const posted = { ref, text, again: tries > 0 };
    message.posted = posted;
    this.#underway += 1;
    this.#on.send(posted);
  }

  /**
   * A message is no longer under way. Nobody knows whether one that was lost has counted.
   *
   * @param {Pending} message
   */
  #noLongerUnderway(message) {
    if (!message.posted) return;
    message.posted = undefined;
    this.#underway -= 1;
    if (message.state !== 'sending') return;
    this.#refill();
    this.#allowance -= 1;
  }

  /**
   * @param {Pending} message
   * @param {Outbound['state']} state
   */
  #become(message, state) {
    this.#noLongerUnderway(message);
    message.state = state;
    this.#on.changed(message);
  }

  /** @param {string} ref */
  #remove(ref) {
    const message = this.#messages.get(ref);
    if (!message) return undefined;
    this.#noLongerUnderway(message);
    this.#messages.delete(ref);
    return message.text;
  }
}

import { asMarkup } from '../room/content.js';
import { newId } from './random.js';

const mostTries = 5; // each by a connection that was lost before the answer

// The server takes sixty messages at once and ten a second: less, and none is refused.
// When it gets one is not when the page sends it: what is on its way may be stuck, and
// arrive together with all that follows. So a message counts when it is answered, and
// what is under way is set aside until then.
const atOnce = 50;
const interval = 120; // milliseconds between two more

/**
 * This page's messages that the server has not relayed yet. Each has a `ref` by which
 * the server knows it again, so that sending it once more is harmless, and a `state`:
 *
 * - `waiting`: for the connection, or for its turn;
 * - `sending`: told to the server, which relays it to its author, too;
 * - `failed`: refused, or one connection after the other was lost over it; kept until the person decides,
 *   or until it turns out to have arrived.
 */
export class Outbox {
  #messages = new Map();
  #connected = false;
  #closed = false;
  #on;
  #allowance = atOnce;
  #counted = 0; // when the allowance was, in milliseconds
  #underway = 0; // messages being sent
  #turn;

  /**
   * `on` has send({message, ref, again}), which sends one as markup, and changed(message), called with
   * each whose state changes.
   */
  constructor(on) {
    this.#on = on;
  }

  /** Sends a text, now or when there is a connection. */
  add(text) {
    const message = { ref: newId(), text, tries: 0, unheard: true };
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
      if (message.state !== 'sending') continue;
      this.#become(message, message.tries < mostTries ? 'waiting' : 'failed');
    }
  }

  /** The server has relayed a message. */
  relayed(ref) {
    const message = this.#messages.get(ref);
    if (message?.state === 'sending') this.#count();
    this.#messages.delete(ref);
  }

  /** The server has refused a message. */
  refused(ref) {
    const message = this.#messages.get(ref);
    if (!message) return;
    message.unheard = true;
    this.#become(message, 'failed');
  }

  /** Sends a failed message again. */
  retry(ref) {
    const message = this.#messages.get(ref);
    if (!message || this.#closed) return;
    message.tries = 1;
    this.#become(message, 'waiting');
    this.#sendWaiting();
  }

  /** Forgets a message and returns its text; undefined if the server has relayed it meanwhile. */
  takeBack(ref) {
    const text = this.#messages.get(ref)?.text;
    this.relayed(ref);
    return text;
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
      if (message.state !== 'waiting') continue;
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

  // A message is no longer under way. Nobody knows whether one that was lost has counted.
  #count() {
    this.#refill();
    this.#underway -= 1;
    this.#allowance -= 1;
  }

  #send(message) {
    message.unheard = false;
    this.#become(message, 'sending');
    this.#underway += 1;
    this.#on.send({ message: asMarkup(message.text), ref: message.ref, again: message.tries > 0 });
    message.tries += 1;
  }

  #become(message, state) {
    if (message.state === 'sending') this.#count();
    message.state = state;
    this.#on.changed(message);
  }
}

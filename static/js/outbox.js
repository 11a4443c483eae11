const patience = 10_000; // milliseconds for the server to relay a message

/**
 * This page's messages that the server has not relayed yet. Each has a `ref` by which
 * the server knows it again, so that sending it once more is harmless, and a `state`:
 *
 * - `waiting`: for the connection;
 * - `sending`: told to the server, which relays it to its author, too;
 * - `failed`: refused or unanswered, and kept until the person decides.
 */
export class Outbox {
  #messages = new Map();
  #connected = false;
  #emit;
  #changed;

  /** `emit({message, ref, again})` sends one; `changed(message)` is called with each whose state changes. */
  constructor(emit, changed) {
    this.#emit = emit;
    this.#changed = changed;
  }

  /** Sends a text, now or when there is a connection. */
  add(text) {
    const message = { ref: newRef(), text, state: 'waiting', tried: false };
    this.#messages.set(message.ref, message);
    this.#send(message);
  }

  /** There is a connection that is in the room: what waits is sent, in order. */
  connected() {
    this.#connected = true;
    for (const message of this.#messages.values()) {
      if (message.state !== 'failed') this.#send(message);
    }
  }

  /** The connection is lost. What was on its way may have arrived or not. */
  disconnected() {
    this.#connected = false;
    for (const message of this.#messages.values()) {
      if (message.state === 'sending') this.#become(message, 'waiting');
    }
  }

  /** The server has relayed a message. */
  relayed(ref) {
    clearTimeout(this.#messages.get(ref)?.timer);
    this.#messages.delete(ref);
  }

  /** The server has refused a message. */
  refused(ref) {
    const message = this.#messages.get(ref);
    if (message) this.#become(message, 'failed');
  }

  /** Sends a failed message again. */
  retry(ref) {
    const message = this.#messages.get(ref);
    if (message) this.#send(message);
  }

  /** Forgets a message and returns its text. */
  takeBack(ref) {
    const text = this.#messages.get(ref)?.text;
    this.relayed(ref);
    return text;
  }

  /** Nothing is sent any more: the room is over. */
  close() {
    this.#connected = false;
    for (const message of this.#messages.values()) this.#become(message, 'failed');
  }

  get isEmpty() {
    return this.#messages.size === 0;
  }

  #send(message) {
    if (!this.#connected) {
      this.#become(message, 'waiting');
      return;
    }
    this.#become(message, 'sending');
    message.timer = setTimeout(() => this.#become(message, 'failed'), patience);
    this.#emit({ message: message.text, ref: message.ref, again: message.tried });
    message.tried = true;
  }

  #become(message, state) {
    clearTimeout(message.timer);
    message.state = state;
    this.#changed(message);
  }
}

// crypto.randomUUID is there with HTTPS only.
function newRef() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

import { text } from './words.js';

const clientModule = '../vendor/socket.io/socket.io.esm.min.js';

const firstPause = 1000; // milliseconds
const longestPause = 30_000;
const patience = 10_000; // for the server to say anything at all while it owes an acknowledgement

/**
 * The Socket.IO client's io function, or null and a notice if it cannot be had.
 */
export async function loadClient(notices) {
  try {
    return (await import(clientModule)).io;
  } catch (error) {
    console.error(error);
    notices.keep(text('connection.broken'));
    return null;
  }
}

/** A connection that is kept open until it is closed, and says how it is. */
export class Connection {
  #label;
  #closed = false;
  #pause = firstPause;
  #timer;
  #owed = 0; // acknowledgements that the server has not sent yet
  #silence; // runs while it owes one

  /** `seat` tells the server which of the browser's places this page is, if known; `label` shows the state. */
  constructor(io, seat, label) {
    this.#label = label;
    this.socket = io({ auth: { seat }, transports: ['websocket', 'polling'], tryAllTransports: true });
    this.socket.on('connect', () => {
      this.#pause = firstPause;
      this.#show('online');
    });
    this.socket.onAny(() => this.#heard());
    this.socket.on('disconnect', () => {
      this.#forgive();
      this.#lost();
    });
    this.socket.on('connect_error', () => this.#lost());
  }

  /**
   * Sends an event to the server, which acknowledges each. If it owes that and says nothing at
   * all, the connection is dead and nobody has noticed yet, as when a phone wakes up: it is made
   * anew. By itself the client takes up to 45 seconds.
   */
  send(event, fields) {
    this.#owed += 1;
    this.#silence ??= this.#doubt();
    this.socket.emit(event, fields, () => {
      this.#owed -= 1;
      this.#heard();
    });
  }

  close() {
    this.#closed = true;
    this.#forgive();
    clearTimeout(this.#timer);
    this.socket.disconnect();
    this.#show('closed');
  }

  #heard() {
    clearTimeout(this.#silence);
    this.#silence = this.#owed > 0 ? this.#doubt() : undefined;
  }

  // What a connection owed ends with it.
  #forgive() {
    this.#owed = 0;
    this.#heard();
  }

  #doubt() {
    // Closing the engine would wait for what it is writing, which may never end.
    return setTimeout(() => this.socket.io.engine.transport.close(), patience);
  }

  #lost() {
    if (this.#closed) return;
    this.#show('offline');
    // The client has given up if the server said goodbye, as it does before a
    // restart, or refused the connection.
    if (this.socket.active) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.socket.connect(), this.#pause * (0.5 + Math.random()));
    this.#pause = Math.min(this.#pause * 2, longestPause);
  }

  #show(state) {
    this.#label.dataset.state = state;
    this.#label.textContent = text(`connection.${state}`);
  }
}

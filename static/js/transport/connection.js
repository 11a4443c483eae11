import { newId } from './random.js';
import { text } from '../ui/words.js';

const firstPause = 1000; // milliseconds
const longestPause = 30_000;
const leastPatience = 10_000; // for the server to say something while it owes an answer
const mostPatience = 80_000;

/**
 * The Socket.IO client's io function, or null and a notice if it cannot be had.
 */
export async function loadClient(notices) {
  try {
    return (await import('../../vendor/socket.io/socket.io.esm.min.js')).io;
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
  #patience = leastPatience;
  #owed = new Set(); // what the server has not answered yet
  #silence; // runs while it owes something

  /** `seat` tells the server which of the browser's places this page is, if known; `label` shows the state. */
  constructor(io, seat, label) {
    this.#label = label;
    // By `page` the server knows which connection this page had before. Polling is last: a
    // transport that is given up must not be in the middle of a move to another.
    this.socket = io({ auth: { seat, page: newId() }, transports: ['websocket', 'polling'], tryAllTransports: true });
    let greeted;
    this.socket.io.on('open', () => { greeted = this.#owes(); });
    this.socket.on('connect', () => {
      greeted();
      this.#pause = firstPause;
      this.#show('online');
    });
    this.socket.onAny(() => this.#heard());
    for (const event of ['disconnect', 'connect_error']) this.socket.on(event, () => this.#lost());
  }

  /**
   * Sends an event to the server, which acknowledges each. If it owes that and no word comes,
   * the connection is dead and nobody has noticed yet, as when a phone wakes up: it is made
   * anew. By itself the client takes up to 45 seconds.
   */
  send(event, fields) {
    const answered = this.#owes();
    this.socket.emit(event, fields, () => {
      answered();
      if (this.#owed.size === 0) this.#patience = leastPatience;
    });
  }

  close() {
    this.#closed = true;
    this.#forgive();
    clearTimeout(this.#timer);
    this.socket.disconnect();
    this.#show('closed');
  }

  /** Notes that the server owes an answer, and returns what to call when it has come. */
  #owes() {
    const debt = {};
    this.#owed.add(debt);
    this.#silence ??= this.#doubt();
    return () => {
      this.#owed.delete(debt);
      this.#heard();
    };
  }

  #heard() {
    clearTimeout(this.#silence);
    this.#silence = this.#owed.size > 0 ? this.#doubt() : undefined;
  }

  // What a connection owed ends with it.
  #forgive() {
    this.#owed.clear();
    this.#heard();
  }

  #doubt() {
    return setTimeout(() => {
      // It may be slow rather than dead, and would be given up for ever.
      this.#patience = Math.min(this.#patience * 2, mostPatience);
      // Closing the engine would wait for what it is writing, which may never end.
      this.socket.io.engine.transport.close();
    }, this.#patience);
  }

  #lost() {
    this.#forgive();
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

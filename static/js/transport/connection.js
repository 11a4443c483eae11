import { newId } from './random.js';

const firstPause = 1000; // milliseconds
const longestPause = 30_000;
const leastPatience = 10_000; // for the server to say something while it owes an answer
const mostPatience = 80_000;

/**
 * The parts of a Socket.IO client's socket that we use.
 *
 * @typedef {object} Socket
 * @property {boolean} connected
 * @property {boolean} active whether the client connects again by itself
 * @property {{on: (event: string, handle: () => void) => void, engine: {transport: {close: () => void}}}} io
 * @property {(event: string, handle: () => void) => void} on
 * @property {(handle: (event: unknown, data: unknown) => void) => void} onAny
 * @property {(event: string, fields: object, answered?: (error?: unknown) => void) => void} emit
 * @property {(most: number) => Pick<Socket, 'emit'>} timeout
 * @property {() => void} connect
 * @property {() => void} disconnect
 */

/** @typedef {(options: object) => Socket} Client the Socket.IO client's io function */
/** @typedef {'online' | 'offline' | 'closed'} State */

/**
 * The Socket.IO client, or null if it cannot be had.
 *
 * @returns {Promise<Client | null>}
 */
export async function loadClient() {
  try {
    return (await import('../../vendor/socket.io/socket.io.esm.min.js')).io;
  } catch (error) {
    // The import is cut off when the page is left meanwhile, which is no error: a page that is gone runs no timer.
    setTimeout(console.error, 1000, error);
    return null;
  }
}

/** A connection that is kept open until it is closed, and says how it is. */
export class Connection {
  #socket;
  #on;
  #closed = false;
  #pause = firstPause;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #patience = leastPatience;
  #owed = new Set(); // what the server has not answered yet
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #silence; // runs while it owes something

  /**
   * @param {Client} io
   * @param {string} seat tells the server which of the browser's places this page is; '' if it is not known
   * @param {object} on
   * @param {(state: State) => void} on.state
   * @param {() => void} on.connected
   * @param {() => void} on.lost
   * @param {(event: unknown, data: unknown) => void} on.received called with whatever the server sends
   */
  constructor(io, seat, on) {
    this.#on = on;
    // By `page` the server knows which connection this page had before, and by `n` which is the
    // later one: connections can overtake each other.
    const page = newId();
    let n = 0;
    /** @param {(auth: object) => void} give */
    const auth = (give) => {
      n += 1;
      give({ seat, page, n });
    };
    // Polling is last: a transport that is given up must not be in the middle of a move to another.
    const socket = io({ auth, transports: ['websocket', 'polling'], tryAllTransports: true });
    this.#socket = socket;
    /** @type {(() => void) | undefined} */
    let greeted;
    socket.io.on('open', () => { greeted = this.#owes(); });
    socket.on('connect', () => {
      greeted?.();
      this.#pause = firstPause;
      on.state('online');
      on.connected();
    });
    socket.onAny((event, data) => {
      this.#heard();
      on.received(event, data);
    });
    socket.on('disconnect', () => {
      this.#lost();
      on.lost();
    });
    socket.on('connect_error', () => this.#lost());
  }

  get isUp() {
    return this.#socket.connected;
  }

  /**
   * Sends an event to the server, which acknowledges each. If it owes that and no word comes,
   * the connection is dead and nobody has noticed yet, as when a phone wakes up: it is made
   * anew. By itself the client takes up to 45 seconds.
   *
   * @param {string} event
   * @param {object} fields
   * @param {() => void} [done] called when the server has acknowledged it
   */
  send(event, fields, done) {
    const answered = this.#owes();
    this.#socket.emit(event, fields, () => {
      answered();
      done?.();
      if (this.#owed.size === 0) this.#patience = leastPatience;
    });
  }

  /**
   * Sends an event after which the page goes. It is no sign of a dead connection if the answer
   * does not come.
   *
   * @param {string} event
   * @param {object} fields
   * @param {number} most milliseconds
   * @param {((answered: boolean) => void) | undefined} done called when the server has answered, when it
   * takes longer than that, or when the connection is lost; without it nobody waits
   */
  sendLast(event, fields, most, done) {
    if (done) this.#socket.timeout(most).emit(event, fields, (error) => done(!error));
    else this.#socket.emit(event, fields);
  }

  close() {
    this.#closed = true;
    this.#forgive();
    clearTimeout(this.#timer);
    this.#socket.disconnect();
    this.#on.state('closed');
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

  // The answers that a connection owes end with it.
  #forgive() {
    this.#owed.clear();
    this.#heard();
  }

  #doubt() {
    return setTimeout(() => {
      // It may be slow rather than dead, and would be given up for ever.
      this.#patience = Math.min(this.#patience * 2, mostPatience);
      // Closing the engine would wait for what it is writing, which may never end.
      this.#socket.io.engine.transport.close();
    }, this.#patience);
  }

  #lost() {
    this.#forgive();
    if (this.#closed) return;
    this.#on.state('offline');
    // The client has given up if the server said goodbye, as it does before a
    // restart, or refused the connection.
    if (this.#socket.active) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#socket.connect(), this.#pause * (0.5 + Math.random()));
    this.#pause = Math.min(this.#pause * 2, longestPause);
  }
}

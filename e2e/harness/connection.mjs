// One Socket.IO client with a memory: everything it was sent, in order.
import { inspect } from 'node:util';
import { connect } from './clients.mjs';
import { patience, until, within } from './wait.mjs';

const lifecycle = new Set(['connect', 'disconnect', 'connect_error']);

/** @typedef {any} Payload an argument of an event, as it came: tests look at it */
/** @typedef {{event: string, data: Payload, args: Payload[], at: number}} Entry something received; `data` is the first argument */
/** @typedef {{version?: string} & import('./clients.mjs').ClientOptions} ConnectionOptions */

export class Connection {
  /** @type {Set<(entry: Entry, index: number) => void>} */
  #waiters = new Set();
  #unproven = false; // whether no ping has followed what came last by websocket

  /**
   * @param {string} url
   * @param {ConnectionOptions} [options]
   */
  constructor(url, { version = '4.8.4', ...options } = {}) {
    /** @type {Entry[]} everything received */
    this.log = [];
    this.socket = /** @type {import('./clients.mjs').Socket} */ (connect(version, url, {
      forceNew: true,
      reconnectionDelay: 50,
      reconnectionDelayMax: 200,
      ...options,
    }));
    this.socket.onAny((event, ...args) => this.#record(event, args));
    for (const event of lifecycle) this.socket.on(event, (/** @type {Payload[]} */ ...args) => this.#record(event, args));
    // Python's client does not show its packets.
    this.socket.io?.on?.('open', () => this.#noteReceipts(this.socket.io.engine));
  }

  /** @param {import('socket.io-client').Manager['engine']} engine */
  #noteReceipts(engine) {
    this.#unproven = false;
    engine.on('packet', ({ type }) => {
      if (type === 'message') this.#unproven = engine.transport.name === 'websocket';
      if (type === 'ping') this.#unproven = false;
    });
    engine.on('upgrade', () => { this.#unproven = false; });
  }

  /**
   * @param {string} event
   * @param {Payload[]} args
   */
  #record(event, args) {
    const entry = { event, data: args[0], args, at: Date.now() };
    this.log.push(entry);
    for (const waiter of [...this.#waiters]) waiter(entry, this.log.length - 1);
  }

  get connected() { return this.socket.connected; }

  /** 'polling' or 'websocket', whatever carries the packets now. */
  get transport() { return this.socket.io.engine?.transport?.name; }

  /** A place in the log, for `from`. */
  mark() { return this.log.length; }

  /**
   * @param {string} event
   * @param {...unknown} args
   */
  emit(event, ...args) {
    this.socket.emit(event, ...args);
    return this;
  }

  /**
   * Emits and resolves to the arguments of the acknowledgement.
   *
   * @param {string} event
   * @param {...unknown} args
   * @returns {Promise<Payload[]>}
   */
  request(event, ...args) {
    return within(patience, `the acknowledgement of ${event}`, new Promise((resolve) => {
      this.socket.emit(event, ...args, (/** @type {Payload[]} */ ...answer) => resolve(answer));
    }));
  }

  /**
   * Resolves to the payload of the first `event` that satisfies `predicate`,
   * counted from the mark `from` (default: the connection's beginning).
   * 'connect', 'disconnect' and 'connect_error' can be waited for too.
   *
   * @param {string} event
   * @param {(...args: Payload[]) => unknown} [predicate]
   * @param {{from?: number, timeout?: number}} [options]
   * @returns {Promise<Payload>}
   */
  waitFor(event, predicate = () => true, { from = 0, timeout = patience } = {}) {
    const matches = (/** @type {Entry} */ entry) => entry.event === event && predicate(entry.data, ...entry.args.slice(1));
    const found = this.log.find((entry, index) => index >= from && matches(entry));
    if (found) return Promise.resolve(found.data);
    return new Promise((resolve, reject) => {
      /** @type {(entry: Entry, index: number) => void} */
      const waiter = (entry, index) => {
        if (index < from || !matches(entry)) return;
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        resolve(entry.data);
      };
      const late = new Error();
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        late.message = `waited ${timeout} ms in vain for ${event} ${predicate}; got ${this.describe(from)}`;
        reject(late);
      }, timeout);
      this.#waiters.add(waiter);
    });
  }

  /**
   * The payloads of all events of a name since a mark.
   *
   * @param {string} event
   * @param {{from?: number}} [options]
   * @returns {Payload[]}
   */
  all(event, { from = 0 } = {}) {
    return this.log.slice(from).filter((entry) => entry.event === event).map((entry) => entry.data);
  }

  /** The names of what the server sent since a mark, in order, without the client's own lifecycle. */
  names({ from = 0 } = {}) {
    return this.log.slice(from).map((entry) => entry.event).filter((event) => !lifecycle.has(event));
  }

  /** The log since a mark, readable. */
  describe(from = 0) {
    const options = { breakLength: Infinity, maxStringLength: 100 };
    const entries = this.log.slice(from);
    const shown = entries.slice(-15).map(({ event, data }) => `${event} ${data instanceof Error ? data.message : inspect(data, options)}`);
    const more = entries.length > shown.length ? `… ${entries.length - shown.length} more; ` : '';
    return `[${more}${shown.join('; ')}] (${this.connected ? 'connected' : 'not connected'}, ${this.transport})`;
  }

  /**
   * Resolves when the server has handled everything this connection has sent
   * and everything the server sent it before that has arrived.
   */
  async barrier() {
    const from = this.mark();
    this.emit('ping');
    await this.waitFor('pong', () => true, { from });
  }

  /**
   * Resolves when the client has answered a ping behind everything that has come. A
   * polling client proves the same by its next request. What is asked next is handled
   * after that answer: with its reply, the server knows what has arrived.
   */
  async receipt() {
    await until(() => !this.#unproven, { what: 'a ping behind what has come' });
  }

  /** Resolves when the connection is a websocket. */
  upgraded() {
    if (this.transport === 'websocket') return Promise.resolve();
    return within(patience, 'the upgrade to websocket', new Promise((/** @type {(value?: undefined) => void} */ resolve) => {
      this.socket.io.engine.once('upgrade', () => resolve());
    }));
  }

  /** Says goodbye, as a page that is closed does. */
  close() { this.socket.disconnect(); }

  /** Loses the connection without a goodbye of Socket.IO; the client reconnects by itself. */
  drop() { this.socket.io.engine.close(); }
}

/**
 * `await barrier(a, b)`: the server has handled everything that `a` has sent, and everything
 * that it sent to `b` for that has arrived. It serves to prove that something did not happen.
 *
 * @param {...Connection} connections
 */
export async function barrier(...connections) {
  for (const connection of connections) await connection.barrier();
}

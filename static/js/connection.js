import { text } from './words.js';

const clientModule = '../vendor/socket.io/socket.io.esm.min.js';

const firstPause = 1000;
const longestPause = 30_000;

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

  /** `seat` tells the server which of the browser's places this page is, if known; `label` shows the state. */
  constructor(io, seat, label) {
    this.#label = label;
    this.socket = io({ auth: { seat }, transports: ['websocket', 'polling'], tryAllTransports: true });
    this.socket.on('connect', () => {
      this.#pause = firstPause;
      this.#show('online');
    });
    this.socket.on('disconnect', () => this.#lost());
    this.socket.on('connect_error', () => this.#lost());
  }

  /** Gives up a connection that is open on this side alone, and connects anew. */
  renew() {
    this.socket.io.engine?.close();
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.socket.disconnect();
    this.#show('closed');
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

// Python's Socket.IO client, in the form of the JavaScript ones as far as tests need it.
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { spawnBeside } from './server.mjs';
import { patience } from './wait.mjs';

const program = fileURLToPath(new URL('python/client.py', import.meta.url));

/** @typedef {(...args: any[]) => void} Listener */

export class PythonSocket {
  #process;
  /** @type {Listener[]} */
  #any = [];
  /** @type {Map<string, Listener>} */
  #listeners = new Map();
  /** @type {Listener[]} */
  #answers = [];
  /** @type {string | undefined} */
  #transport;
  connected = false;
  /** The complaints of Python, an exception in a handler for example. */
  complaints = '';

  /**
   * @param {string} url
   * @param {import('./clients.mjs').ClientOptions} options `transports`, and the headers among the `transportOptions`, have to be there
   */
  constructor(url, { transports, transportOptions, auth, query }) {
    const [transport] = transports ?? [];
    const address = new URL(url);
    for (const [name, value] of Object.entries(query ?? {})) address.searchParams.set(name, value);
    const { Origin: _, ...headers } = /** @type {any} */ (transportOptions)[String(transport)].extraHeaders; // it says its own
    const options = { url: address.href, transports, headers, auth: auth ?? {} };
    this.#process = spawnBeside('/usr/bin/python3', [program, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process.stderr.on('data', (text) => { this.complaints += text; });
    this.#process.stdin.on('error', () => {}); // it has ended
    createInterface(this.#process.stdout).on('line', (line) => this.#hear(JSON.parse(line)));
    const engine = { transport: { name: transport } };
    Object.defineProperty(engine.transport, 'name', { get: () => this.#transport });
    this.io = { engine };
  }

  /** @param {{event: string, args: unknown[], ack?: number, transport?: string}} line of the program's */
  #hear({ event, args, ack, transport }) {
    if (ack !== undefined) {
      this.#answers[ack](...args);
      return;
    }
    if (transport) this.#transport = transport;
    if (event === 'connect') this.connected = true;
    if (event === 'disconnect') this.connected = false;
    const own = this.#listeners.get(event);
    if (own) own(...args);
    else for (const listener of this.#any) listener(event, ...args);
  }

  /** @param {Listener} listener */
  onAny(listener) { this.#any.push(listener); }

  /**
   * @param {string} event
   * @param {Listener} listener
   */
  on(event, listener) { this.#listeners.set(event, listener); }

  /**
   * @param {string} event
   * @param {...any} args the last may be a function for the acknowledgement
   */
  emit(event, ...args) {
    let ack = null;
    if (typeof args.at(-1) === 'function') ack = this.#answers.push(args.pop()) - 1;
    this.#tell({ do: 'emit', event, args, ack });
  }

  /**
   * Emits an event whose argument is so many bytes, which follow it as an attachment.
   *
   * @param {string} event
   * @param {number} size
   */
  emitBytes(event, size) { this.#tell({ do: 'bytes', event, size }); }

  /** @param {object} command */
  #tell(command) { this.#process.stdin.write(`${JSON.stringify(command)}\n`); }

  /** Says goodbye, and ends the process. */
  disconnect() {
    this.#process.stdin.end();
    setTimeout(() => this.#process.kill('SIGKILL'), patience).unref();
  }
}

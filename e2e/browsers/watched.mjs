// WebDriver has no console, and nothing that runs in a page before the page's own scripts. A server
// behind this relay has both: it puts a script of the tests first in each page. Everything else
// passes as it is, packed as it is.
import { once } from 'node:events';
import http from 'node:http';
import { after, before } from 'node:test';

const path = '/script-of-the-tests.js';
const storage = 'problems-for-the-tests';

/** @typedef {import('./page.mjs').Problem} Problem */
/** @typedef {{url: string, port: number, output: string}} Server */

// In every page: note what goes wrong. It has to outlive the page, and no network is
// needed to note it.
const watch = (/** @type {string} */ key) => {
  const note = (/** @type {Omit<Problem, 'url'>} */ problem) => {
    const noted = JSON.parse(sessionStorage.getItem(key) ?? '[]');
    sessionStorage.setItem(key, JSON.stringify([...noted, { ...problem, url: location.href }]));
  };
  const told = (/** @type {unknown} */ value) => (value instanceof Error ? `${value}\n${value.stack}` : String(value));
  addEventListener('error', (event) => {
    const { target } = event;
    const text = target instanceof Element ? `could not be loaded: ${target.outerHTML}` : told(event.error ?? event.message);
    note({ event: 'pageerror', level: 'error', text });
  }, true);
  addEventListener('unhandledrejection', (event) => note({ event: 'pageerror', level: 'error', text: told(event.reason) }));
  for (const level of /** @type {const} */ (['error', 'warn'])) {
    const original = console[level];
    console[level] = (...values) => {
      note({ event: 'console', level, text: values.map(told).join(' ') });
      original.apply(console, values);
    };
  }
};

/** The source of a function that returns what was noted since the last time. */
export const takeProblems = `() => {
  if (!location.protocol.startsWith('http')) return []; // an empty page has no storage
  const noted = JSON.parse(sessionStorage.getItem(${JSON.stringify(storage)}) ?? '[]');
  sessionStorage.removeItem(${JSON.stringify(storage)});
  return noted;
}`;

export class Relay {
  #target;
  #listener;
  /** @type {Set<string>} */
  #scripts = new Set([`(${watch})(${JSON.stringify(storage)})`]);

  /** @param {Server} target */
  constructor(target) {
    this.#target = target;
    this.#listener = http.createServer((request, response) => this.#pass(request, response));
    this.#listener.on('upgrade', (request, socket, head) => this.#upgrade(request, /** @type {import('node:net').Socket} */ (socket), head));
  }

  get port() { return /** @type {import('node:net').AddressInfo} */ (this.#listener.address()).port; }

  /**
   * Puts a script first in all pages from now on.
   *
   * @param {() => void} script
   */
  addScript(script) { this.#scripts.add(`(${script})()`); }

  async open() {
    this.#listener.listen(0, '127.0.0.1');
    await once(this.#listener, 'listening');
  }

  async close() {
    this.#listener.closeAllConnections();
    this.#listener.close();
    await once(this.#listener, 'close');
  }

  /**
   * The same request to the server. A connection that ends on one side ends on the other.
   *
   * @param {http.IncomingMessage} request
   * @param {http.OutgoingHttpHeaders} headers
   * @param {import('node:stream').Writable} back to the browser
   */
  #ask(request, headers, back) {
    const { method, url } = request;
    const asked = http.request({ host: '127.0.0.1', port: this.#target.port, method, path: url, headers, agent: false });
    asked.on('error', () => back.destroy());
    back.on('close', () => asked.destroy());
    return asked;
  }

  /**
   * @param {http.IncomingMessage} request
   * @param {http.ServerResponse} response
   */
  #pass(request, response) {
    if (request.url === path) {
      response.writeHead(200, { 'content-type': 'text/javascript', 'cache-control': 'no-store' }).end([...this.#scripts].join(';\n'));
      return;
    }
    const headers = { ...request.headers };
    const asksForPage = headers.accept?.includes('text/html');
    if (asksForPage) delete headers['accept-encoding']; // so that it comes in plain text
    const asked = this.#ask(request, headers, response);
    asked.on('response', (answer) => {
      answer.on('error', () => response.destroy());
      const { statusCode = 0, statusMessage, rawHeaders } = answer;
      const isPage = asksForPage && answer.headers['content-type']?.startsWith('text/html');
      const redirects = statusCode >= 300 && statusCode < 400;
      if (isPage && !redirects) this.#insert(answer, response).catch(() => response.destroy()); // it was cut off
      else answer.pipe(response.writeHead(statusCode, statusMessage, rawHeaders));
    });
    request.pipe(asked);
  }

  /**
   * @param {http.IncomingMessage} answer
   * @param {http.ServerResponse} response
   */
  async #insert(answer, response) {
    const page = (await answer.setEncoding('utf8').toArray()).join('');
    const watched = page.replace(/<head[^>]*>/, (head) => `${head}<script src="${path}"></script>`);
    const { 'content-length': _, ...headers } = answer.headers;
    // A page that cannot be watched must not pass for one without problems.
    if (watched === page) response.writeHead(502, { 'content-type': 'text/plain' }).end('This page has no <head> for the script of the tests.');
    else response.writeHead(answer.statusCode ?? 0, headers).end(watched);
  }

  /**
   * @param {http.IncomingMessage} request
   * @param {import('node:net').Socket} socket
   * @param {Buffer} head
   */
  #upgrade(request, socket, head) {
    socket.on('error', () => socket.destroy());
    const asked = this.#ask(request, request.headers, socket);
    asked.on('response', () => socket.destroy()); // refused: to the page a connection that failed, either way
    asked.on('upgrade', (answer, server, first) => {
      const lines = [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`];
      for (let i = 0; i < answer.rawHeaders.length; i += 2) lines.push(`${answer.rawHeaders[i]}: ${answer.rawHeaders[i + 1]}`);
      socket.write(`${lines.join('\r\n')}\r\n\r\n`);
      socket.write(first);
      server.write(head);
      for (const [from, to] of [[socket, server], [server, socket]]) {
        from.setNoDelay?.(true);
        from.pipe(to);
        from.on('error', () => to.destroy());
        from.on('close', () => to.destroy());
      }
    });
    asked.end();
  }
}

/**
 * A server for a whole test file, behind a relay.
 *
 * @param {Server} server
 */
export function watched(server) {
  const relay = new Relay(server);
  before(() => relay.open());
  after(() => relay.close());
  return {
    relay,
    get url() { return `http://127.0.0.1:${relay.port}`; },
    get port() { return relay.port; },
    get output() { return server.output; },
  };
}

// A person at a browser: cookies, pages and live connections.
import assert from 'node:assert/strict';
import { Connection } from './connection.mjs';
import { transportSets } from './clients.mjs';

let count = 0;

/** An address of the benchmark range of RFC 2544 that no other person of this process has. */
function nextAddress() {
  count++;
  return `198.18.${(count >> 8) & 255}.${count & 255}`;
}

/** @typedef {import('./wait.mjs').Test} Test */
/** @typedef {{url: string, atEnd?: (fn: () => void) => void}} Place a Server, or the handle of one */
/** @typedef {Omit<RequestInit, 'headers'> & {headers?: Record<string, string>}} RequestOptions */
/** @typedef {{status: number, headers: Headers, text: string, location: string | null}} Answer */
/** @typedef {{status: number, headers: Headers, html: string, location: string | null, data: Record<string, string>, csrf: string | undefined}} Page `data` has the data attributes of a minimal page */
/** @typedef {{roomId: string, path: string, code: string, name: string, data: Record<string, string>, html: string}} Room */
/** @typedef {{pending: string, userId: string, path: string, name: string, data: Record<string, string>, html: string}} Knock `path` is the room's page after admission */

/** @typedef {string | {invite: string}} Way a room's code, or the lookup of an invitation to it */

/**
 * @typedef {object} PersonOptions
 * @property {string} [url] another way to the server, such as a proxy's
 * @property {string} [address] the address in X-Forwarded-For
 * @property {Record<string, string>} [headers] further headers of every request, such as a TLS proxy's
 * @property {Test} [t] everything is closed when that test ends
 */

/**
 * @typedef {object} PageConnection the connection of a page
 * @property {string | string[]} [transports] a list, or a name of transportSets
 * @property {string | null} [page] the Referer's path; null for none
 * @property {Record<string, string>} [extraHeaders]
 * @property {string | null} [cookie] another Cookie header; null for none
 * @property {string} [url]
 * @property {boolean} [wait] false to return at once
 * @property {string} [version] of the client
 * @property {import('./clients.mjs').ClientOptions['query']} [query]
 */

/** @typedef {PageConnection & Omit<import('./clients.mjs').ClientOptions, keyof PageConnection>} ConnectOptions with all that the client takes */

export class Person {
  /** @type {string | undefined} the token of the page last seen */
  csrf;

  /**
   * @param {Place} server
   * @param {PersonOptions} [options]
   */
  constructor(server, { url = server.url, address = nextAddress(), headers = {}, t } = {}) {
    this.url = url;
    this.address = address;
    this.headers = headers;
    /** @type {Map<string, string>} */
    this.cookies = new Map();
    /** The path of the page last opened; the Referer of new polling connections. */
    this.page = '/';
    /** @type {Connection[]} */
    this.connections = [];
    const close = () => this.close();
    t?.after(close);
    // Also then, because a hook of the test that fails keeps the later ones from running, and a
    // client that nobody closes reconnects for ever.
    server.atEnd?.(close);
  }

  // --- cookies -------------------------------------------------------------

  get cookieHeader() {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** @param {Response} response */
  #keepCookies(response) {
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(';');
      const [name, value] = [pair.slice(0, pair.indexOf('=')).trim(), pair.slice(pair.indexOf('=') + 1).trim()];
      if (attributes.some((attribute) => /^\s*max-age\s*=\s*(0|-\d+)\s*$/i.test(attribute))) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }

  // --- pages ---------------------------------------------------------------

  /**
   * One request with this person's cookies and address. Redirects are not followed.
   *
   * @param {string} path
   * @param {RequestOptions} [options]
   * @returns {Promise<Answer>}
   */
  async fetch(path, { headers = {}, ...init } = {}) {
    const ask = () => fetch(new URL(path, this.url), {
      redirect: 'manual',
      ...init,
      headers: {
        'X-Forwarded-For': this.address,
        Accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
        ...(this.cookies.size ? { Cookie: this.cookieHeader } : {}),
        ...this.headers,
        ...headers,
      },
    });
    // The server may close a connection that is kept for later just as it is used again. Browsers
    // take a new one then.
    const response = await ask().catch((error) => {
      if ((init.method ?? 'GET') === 'GET' && ['UND_ERR_SOCKET', 'ECONNRESET'].includes(error.cause?.code)) return ask();
      throw error;
    });
    this.#keepCookies(response);
    const text = await response.text();
    const { status, headers: answered } = response;
    return { status, headers: answered, text, location: answered.get('location') };
  }

  /**
   * GETs a page.
   *
   * @param {string} path
   * @param {RequestOptions} [options]
   */
  async open(path, options) {
    const response = await this.fetch(path, options);
    if (response.status === 200) this.page = path;
    const page = pageOf(response);
    if (page.csrf) this.csrf = page.csrf;
    return page;
  }

  /**
   * POSTs form fields with the token of the page last seen; it fetches `/` if there was none.
   *
   * @param {string} path
   * @param {Record<string, string>} fields
   * @param {RequestOptions} [options]
   */
  async post(path, fields, options = {}) {
    if (!('csrf_token' in fields) && !this.csrf) await this.open('/');
    const body = new URLSearchParams({ csrf_token: this.csrf ?? '', ...fields });
    const { headers = {}, ...rest } = options;
    const response = await this.fetch(path, {
      method: 'POST',
      body,
      ...rest,
      headers: { Origin: new URL(this.url).origin, Referer: `${this.url}/`, ...headers },
    });
    return pageOf(response);
  }

  /**
   * Creates a room and opens its page.
   *
   * @param {string} name
   * @returns {Promise<Room>}
   */
  async create(name) {
    const answer = await this.post('/', { display_name: name });
    assert.equal(answer.status, 302, `create as ${name}: ${answer.html}`);
    const path = new URL(answer.location ?? '', this.url).pathname;
    const page = await this.open(path);
    assert.equal(page.status, 200, `the new room's page: ${page.html}`);
    return { roomId: path.slice(path.lastIndexOf('/') + 1), path, code: page.data.displayCode, name, data: page.data, html: page.html };
  }

  /**
   * Asks to be let in.
   *
   * @param {Way} way
   * @param {string} name
   * @returns {Promise<Knock>}
   */
  async join(way, name) {
    const fields = typeof way === 'string' ? { room_code: way } : way;
    const answer = await this.post('/join', { ...fields, display_name: name });
    assert.equal(answer.status, 200, `join as ${name}: ${answer.html}`);
    this.page = '/join';
    return {
      pending: answer.data.pendingApproval,
      userId: answer.data.userId,
      path: `/room/${answer.data.pendingApproval}`,
      name,
      data: answer.data,
      html: answer.html,
    };
  }

  /**
   * Opens a room's page.
   *
   * @param {string} path
   */
  async openRoom(path) {
    const page = await this.open(path);
    return { ...page, path, roomId: page.data.roomCode, code: page.data.displayCode, remaining: Number(page.data.initialTime) };
  }

  // --- connections ---------------------------------------------------------

  /**
   * Connects as a page of this person does: with the cookies, and on polling
   * with the page as Referer.
   *
   * @param {ConnectOptions} [given]
   */
  async connect({ version, transports = 'upgrade', query, page = this.page, extraHeaders = {}, cookie = this.cookieHeader, url = this.url, wait = true, ...options } = {}) {
    const common = {
      'X-Forwarded-For': this.address,
      ...this.headers,
      ...(cookie ? { Cookie: cookie } : {}),
    };
    // Browsers name the page to a polling request and the origin to a websocket.
    const polling = { ...common, ...(page ? { Referer: new URL(page, url).href } : {}), ...extraHeaders };
    const websocket = { ...common, Origin: new URL(url).origin, ...extraHeaders };
    const connection = new Connection(url, {
      version,
      transports: typeof transports === 'string' ? transportSets[transports] : transports,
      query,
      transportOptions: { polling: { extraHeaders: polling }, websocket: { extraHeaders: websocket } },
      ...options,
    });
    this.connections.push(connection);
    if (wait) await connection.waitFor('connect');
    return connection;
  }

  /**
   * Connects and joins, as the chat page does. It resolves after join_success.
   *
   * @param {{path: string, roomId: string, name: string}} room
   * @param {ConnectOptions} [options]
   */
  async enter(room, options = {}) {
    const connection = await this.connect({ page: room.path, ...options });
    const from = connection.mark();
    connection.emit('join', { room: room.roomId, display_name: room.name });
    await connection.waitFor('join_success', () => true, { from });
    return connection;
  }

  /** Closes all connections. */
  close() {
    for (const connection of this.connections) connection.close();
  }
}

/**
 * An HTML answer in the form that tests look at.
 *
 * @param {Answer} response
 * @returns {Page}
 */
function pageOf(response) {
  return {
    status: response.status,
    location: response.location,
    headers: response.headers,
    html: response.text,
    data: dataAttributes(response.text),
    csrf: csrfToken(response.text),
  };
}

/**
 * The data-* attributes of a page's body, as `dataset` has them.
 *
 * @param {string} html
 */
export function dataAttributes(html) {
  const body = /<body\b[^>]*>/i.exec(html)?.[0] ?? '';
  /** @type {Record<string, string>} */
  const data = {};
  for (const [, name, value] of body.matchAll(/\bdata-([a-z-]+)="([^"]*)"/g)) {
    data[name.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase())] = decodeEntities(value);
  }
  return data;
}

/**
 * The token in a page's first hidden field, or undefined.
 *
 * @param {string} html
 */
export function csrfToken(html) {
  for (const [input] of html.matchAll(/<input\b[^>]*>/gi)) {
    if (!/\bname=["']?csrf_token\b/.test(input)) continue;
    const value = /\bvalue="([^"]*)"|\bvalue='([^']*)'/.exec(input);
    if (value) return decodeEntities(value[1] ?? value[2]);
  }
  return undefined;
}

/**
 * Resolves the character references that HTML escapers write.
 *
 * @param {string} text
 */
export function decodeEntities(text) {
  /** @type {Record<string, string>} */
  const named = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(lt|gt|amp|quot|apos));/gi, (_, hex, decimal, name) => {
    if (hex) return String.fromCodePoint(parseInt(hex, 16));
    if (decimal) return String.fromCodePoint(Number(decimal));
    return named[name.toLowerCase()];
  });
}

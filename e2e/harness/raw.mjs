// Engine.IO spoken by hand, for saying what no client says.
import { createHash, randomBytes } from 'node:crypto';
import net from 'node:net';
import { until } from './wait.mjs';

const recordSeparator = '\x1e';
const ping = Buffer.from('2');

/** @typedef {import('./person.mjs').Person} Person */

/** A polling session: one request at a time, nothing sent by itself. */
export class RawPolling {
  /** @type {string | undefined} */
  sid;

  /** @param {Person} person */
  constructor(person) { this.person = person; }

  async open() {
    const answer = await this.person.fetch(this.path());
    if (answer.status !== 200) throw new Error(`handshake: ${answer.status} ${answer.text}`);
    this.sid = JSON.parse(answer.text.slice(1)).sid;
    return this;
  }

  /** @returns {string} */
  path(extra = '') {
    return `/socket.io/?EIO=4&transport=polling${this.sid ? `&sid=${this.sid}` : ''}${extra}`;
  }

  /**
   * One POST; resolves to the response.
   *
   * @param {RequestInit['body']} body
   * @param {Record<string, string>} [headers]
   */
  post(body, headers = {}) {
    return this.person.fetch(this.path(), { method: 'POST', body, headers: { 'Content-Type': 'text/plain;charset=UTF-8', ...headers } });
  }

  /** One GET; resolves to {status, packets}. */
  async get() {
    const { status, text } = await this.person.fetch(this.path());
    return { status, packets: text.split(recordSeparator), text };
  }

  /** Enters the default namespace. */
  async connect() {
    await this.open();
    await this.post('40');
    await this.get();
    return this;
  }

  /** @param {...string} packets */
  static join(...packets) { return packets.join(recordSeparator); }
}

/** A websocket spoken frame by frame over TCP. */
export class RawWebSocket {
  /** @type {{opcode: number, data: Buffer}[]} */
  frames = [];
  closed = false;
  /** Whether it answers the server's pings, as a client does; who does not is given up after 20 s. */
  heartbeat = false;
  /** @type {Buffer} */
  #rest = Buffer.alloc(0);

  /** @param {net.Socket} socket */
  constructor(socket) { this.socket = socket; }

  /**
   * Opens the websocket.
   *
   * @param {Person} person
   * @param {{path?: string}} [options] `path` may name a sid for an upgrade
   */
  static async open(person, { path = '/socket.io/?EIO=4&transport=websocket' } = {}) {
    const { hostname, port, host } = new URL(person.url);
    const raw = new RawWebSocket(net.connect(Number(port), hostname));
    raw.socket.setNoDelay(true);
    raw.socket.on('error', () => {});
    raw.socket.on('close', () => { raw.closed = true; });
    const key = randomBytes(16).toString('base64');
    raw.socket.write([
      `GET ${path} HTTP/1.1`, `Host: ${host}`, 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${key}`, `X-Forwarded-For: ${person.address}`,
      ...(person.cookies.size ? [`Cookie: ${person.cookieHeader}`] : []), '', '',
    ].join('\r\n'));
    let head = '';
    let open = false;
    raw.socket.on('data', (bytes) => {
      if (open) {
        raw.#receive(bytes);
        return;
      }
      head += bytes.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      open = true;
      raw.#receive(Buffer.from(head.slice(end + 4), 'latin1'));
    });
    await until(() => open || raw.closed, { what: 'the websocket handshake' });
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    if (!head.startsWith('HTTP/1.1 101') || !head.includes(accept)) throw new Error(`no websocket: ${head.split('\r\n')[0]}`);
    return raw;
  }

  /** @param {Buffer} bytes */
  #receive(bytes) {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (;;) {
      if (this.#rest.length < 2) return;
      let length = this.#rest[1] & 127;
      let at = 2;
      if (length === 126) { if (this.#rest.length < 4) return; length = this.#rest.readUInt16BE(2); at = 4; }
      else if (length === 127) { if (this.#rest.length < 10) return; length = Number(this.#rest.readBigUInt64BE(2)); at = 10; }
      if (this.#rest.length < at + length) return;
      const data = this.#rest.subarray(at, at + length);
      this.frames.push({ opcode: this.#rest[0] & 15, data });
      this.#rest = this.#rest.subarray(at + length);
      if (this.heartbeat && data.equals(ping)) this.text('3');
    }
  }

  /** The text frames so far. */
  get texts() { return this.frames.filter((frame) => frame.opcode === 1).map((frame) => frame.data.toString()); }

  /**
   * Sends one frame. Every field of it can be wrong.
   *
   * @param {string | Buffer} payload
   * @param {{opcode?: number, fin?: boolean, masked?: boolean, reserved?: number, claim?: number}} [fields] `claim` is the length that it says it has
   */
  frame(payload, { opcode = 1, fin = true, masked = true, reserved = 0, claim } = {}) {
    const data = Buffer.from(payload);
    const length = claim ?? data.length;
    const head = [(fin ? 0x80 : 0) | (reserved << 4) | opcode];
    const mask = masked ? 0x80 : 0;
    if (length < 126) head.push(mask | length);
    else if (length < 65536) head.push(mask | 126, length >> 8, length & 255);
    else {
      const long = Buffer.alloc(8);
      long.writeBigUInt64BE(BigInt(length));
      head.push(mask | 127, ...long);
    }
    if (!masked) return this.bytes(Buffer.concat([Buffer.from(head), data]));
    const key = randomBytes(4);
    const body = Buffer.from(data.map((byte, i) => byte ^ key[i % 4]));
    return this.bytes(Buffer.concat([Buffer.from(head), key, body]));
  }

  /** @param {string} packet */
  text(packet) { return this.frame(packet); }

  /** @param {string | Uint8Array} bytes */
  bytes(bytes) {
    this.socket.write(bytes);
    return this;
  }

  /**
   * Enters the default namespace.
   *
   * @param {object} [auth] the page's words about itself
   */
  async connect(auth) {
    this.text(`40${auth ? JSON.stringify(auth) : ''}`);
    await until(() => this.texts.some((text) => text.startsWith('40')), { what: 'the namespace' });
    return this;
  }

  close() { this.socket.destroy(); }
}

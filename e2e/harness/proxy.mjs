// A TCP proxy between client and server, for cutting the network.
import net from 'node:net';

/**
 * @typedef {object} Pair
 * @property {net.Socket} client
 * @property {net.Socket} server
 * @property {(() => void)[]} [held] kept back, in order, if it holds
 */

export class Proxy {
  #listener;
  /** @type {Set<Pair>} */
  #pairs = new Set();
  #open = true;
  #blackhole = false;
  #delay = 0;
  #muted = false;

  /** @param {number} port */
  constructor(port) {
    /** The address for clients to connect to. */
    this.url = '';
    this.#listener = net.createServer((client) => this.#accept(client, port));
  }

  /**
   * A proxy to 127.0.0.1:port on a free port.
   *
   * @param {number} port
   */
  static async to(port) {
    const proxy = new Proxy(port);
    const listener = proxy.#listener;
    await new Promise((/** @type {(value?: undefined) => void} */ resolve, reject) => {
      listener.once('error', reject);
      listener.listen(0, '127.0.0.1', resolve);
    });
    const address = /** @type {net.AddressInfo} */ (listener.address()); // it listens for TCP
    proxy.url = `http://127.0.0.1:${address.port}`;
    return proxy;
  }

  /**
   * @param {net.Socket} client
   * @param {number} port
   */
  #accept(client, port) {
    if (!this.#open) {
      client.destroy();
      return;
    }
    const server = net.connect(port, '127.0.0.1');
    /** @type {Pair} */
    const pair = { client, server, held: undefined };
    this.#pairs.add(pair);
    const end = () => {
      this.#pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const [from, to] of [[client, server], [server, client]]) {
      from.setNoDelay(true);
      from.on('data', (bytes) => {
        if (from === client || !this.#muted) this.#later(pair, () => to.write(bytes));
      });
      from.on('end', () => this.#later(pair, () => to.end()));
      from.on('error', () => { if (!pair.held) end(); });
      // In a black hole neither side learns that the other is gone.
      from.on('close', () => {
        if (pair.held) pair.held.push(end);
        else if (!this.#blackhole) end();
      });
    }
  }

  /**
   * @param {Pair} pair
   * @param {() => void} pass
   */
  #later(pair, pass) {
    if (this.#blackhole) return;
    if (pair.held) pair.held.push(pass);
    else if (this.#delay === 0) pass();
    else setTimeout(pass, this.#delay); // timers of one delay keep their order
  }

  /** Connections that are open now. */
  get connections() { return this.#pairs.size; }

  /** Breaks every connection. New ones are possible. */
  cut() {
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
    this.#pairs.clear();
  }

  /** Breaks every connection and refuses new ones until restore(). */
  unplug() {
    this.#open = false;
    this.cut();
  }

  /**
   * Makes every byte take so many milliseconds from now on, each way. Set it before there are connections.
   *
   * @param {number} milliseconds
   */
  slow(milliseconds) { this.#delay = milliseconds; }

  /** Keeps connections open and swallows whatever is sent, both ways, until restore(). */
  blackhole() { this.#blackhole = true; }

  /** Keeps back what is sent by the connections that are open now, until release(). New ones work. */
  hold() {
    for (const pair of this.#pairs) pair.held ??= [];
  }

  /** How many pieces are kept back. */
  get held() { return [...this.#pairs].reduce((sum, { held }) => sum + (held?.length ?? 0), 0); }

  /** Lets what was kept back arrive, in order. */
  release() {
    for (const pair of this.#pairs) {
      const held = pair.held ?? [];
      pair.held = undefined;
      for (const pass of held) pass();
    }
  }

  /** Swallows what the server sends, until restore(). */
  mute() { this.#muted = true; }

  /** Lets everything through again; what was swallowed is lost, and so is every connection it belonged to. */
  restore() {
    if (this.#blackhole || this.#muted) this.cut();
    this.#blackhole = false;
    this.#muted = false;
    this.#open = true;
  }

  async close() {
    this.cut();
    await new Promise((resolve) => { this.#listener.close(resolve); });
  }
}

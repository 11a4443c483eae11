// A client for what every WebDriver offers by HTTP (https://www.w3.org/TR/webdriver2/). It is one
// request of JSON a command; npm's clients add their own waiting, their own looking for drivers to
// download, and megabytes to a dozen commands.

/** @typedef {import('./page.mjs').Driver} Driver */

/** Under this name JSON refers to an element. */
const reference = 'element-6066-11e4-a52e-4f735466cecf';

// Keys that are not characters have code points of their own.
/** @type {Record<string, string>} */
const codes = { Control: '\uE009', Shift: '\uE008', Enter: '\uE007', Tab: '\uE004', Escape: '\uE00C', Delete: '\uE017', Backspace: '\uE003' };

/** @param {string} key */
const code = (key) => {
  const value = codes[key] ?? key;
  if ([...value].length !== 1) throw new Error(`no code point is known for the key ${key}`);
  return value;
};

/**
 * @param {string} url
 * @param {string} method
 * @param {object} [body]
 */
async function request(url, method, body) {
  const headers = { 'content-type': 'application/json' }; // newer drivers take no other
  const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
  const { value } = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${url}: ${value.error}: ${value.message}`);
  return value;
}

/** Whether a driver answers and could begin a session. */
export async function isReady(/** @type {string} */ url) {
  const status = await request(`${url}/status`, 'GET').catch(() => undefined); // it does not listen yet
  return Boolean(status?.ready);
}

/**
 * One browser with one window.
 *
 * @implements {Driver}
 */
export class Session {
  #url;

  /** @param {string} url */
  constructor(url) { this.#url = url; }

  /**
   * Has a driver open a browser, and resolves to the session's address.
   *
   * @param {string} driver
   * @param {object} capabilities
   */
  static async begin(driver, capabilities) {
    const { sessionId } = await request(`${driver}/session`, 'POST', { capabilities: { alwaysMatch: capabilities } });
    return `${driver}/session/${sessionId}`;
  }

  /**
   * @param {string} command
   * @param {object} [body]
   */
  #post(command, body = {}) { return request(`${this.#url}/${command}`, 'POST', body); }

  /** @param {string} url */
  async goto(url) { await this.#post('url', { url }); }

  async reload() { await this.#post('refresh'); }

  /**
   * @param {string} source
   * @param {unknown[]} args
   */
  evaluate(source, args) { return this.#post('execute/sync', { script: `return (${source})(...arguments)`, args }); }

  /**
   * @param {string} source
   * @param {unknown[]} args
   */
  async click(source, args) {
    const element = await this.evaluate(source, args);
    await this.#post(`element/${element[reference]}/click`);
  }

  /** @param {string[]} keys */
  async press(keys) {
    const values = keys.map(code);
    await this.#keys([
      ...values.map((value) => ({ type: 'keyDown', value })),
      ...values.toReversed().map((value) => ({ type: 'keyUp', value })),
    ]);
  }

  /** @param {string} text */
  async type(text) {
    await this.#keys([...text].flatMap((value) => [{ type: 'keyDown', value }, { type: 'keyUp', value }]));
  }

  /** @param {{type: string, value: string}[]} actions */
  async #keys(actions) {
    await this.#post('actions', { actions: [{ type: 'key', id: 'keyboard', actions }] });
  }

  async screenshot() { return Buffer.from(await request(`${this.#url}/screenshot`, 'GET'), 'base64'); }

  /** Closes the window, and with it the browser. */
  async close() { await request(this.#url, 'DELETE'); }
}

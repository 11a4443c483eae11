// Firefox, as the distribution has it, by WebDriver BiDi. Puppeteer is its client: it supports the
// Firefox of others, while Playwright drives only one that it has patched.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import puppeteer from 'puppeteer-core';
import { patience } from '../harness/wait.mjs';
import { bareEnvironment } from './home.mjs';
import { Page } from './page.mjs';

/** @typedef {import('./page.mjs').Driver} Driver */

const candidates = [process.env.FIREFOX, '/usr/bin/firefox-esr', '/usr/bin/firefox'];

function executable() {
  const found = candidates.find((candidate) => candidate && existsSync(candidate));
  assert.ok(found, `no Firefox found: install it (apt-get install firefox-esr) or set FIREFOX; looked at ${candidates.filter(Boolean).join(', ')}`);
  return found;
}

// Firefox says so of a page that is left before its websocket is open.
// People may leave at any time. A page that stays without them is never online, which the tests wait for.
const farewell = /^The connection to wss?:\S+ was interrupted while the page was loading/;

// Runs in pages: an error that is logged would be called "JSHandle@error".
const tellErrors = () => {
  const { error } = console;
  console.error = (...values) => error.apply(console, values.map((value) => (value instanceof Error ? `${value}\n${value.stack}` : value)));
};

/** Puppeteer takes functions, not their sources. */
const compiled = (/** @type {string} */ source) => /** @type {(...args: any[]) => any} */ (new Function('...args', `return (${source})(...args);`));

/** @implements {Driver} */
class Tab {
  #tab;

  /** @param {import('puppeteer-core').Page} tab */
  constructor(tab) { this.#tab = tab; }

  /** @param {string} url */
  async goto(url) { await this.#tab.goto(url); }

  async reload() { await this.#tab.reload(); }

  /**
   * @param {string} source
   * @param {unknown[]} args
   */
  evaluate(source, args) { return this.#tab.evaluate(compiled(source), ...args); }

  /**
   * @param {string} source
   * @param {unknown[]} args
   */
  async click(source, args) {
    const handle = await this.#tab.evaluateHandle(compiled(source), ...args);
    const element = handle.asElement();
    assert.ok(element, 'an element to click on');
    await /** @type {import('puppeteer-core').ElementHandle<Element>} */ (element).click();
  }

  /** @param {string[]} keys */
  async press(keys) {
    const names = /** @type {import('puppeteer-core').KeyInput[]} */ (keys);
    for (const key of names) await this.#tab.keyboard.down(key);
    for (const key of names.toReversed()) await this.#tab.keyboard.up(key);
  }

  /** @param {string} text */
  async type(text) { await this.#tab.keyboard.type(text); }

  screenshot() { return this.#tab.screenshot(); }

  close() { return this.#tab.close(); }
}

/** A profile of its own: Playwright's BrowserContext. */
class Context {
  #context;
  /** @type {(() => void)[]} */
  #scripts = [tellErrors];

  /** @param {import('puppeteer-core').BrowserContext} context */
  constructor(context) { this.#context = context; }

  /** @param {() => void} script runs first in every page of this profile */
  async addInitScript(script) { this.#scripts.push(script); }

  setDefaultTimeout() {} // pages wait as long as all tests do

  // A window: a tab behind another one of the same window would be hidden.
  async newPage() {
    const tab = await this.#context.newPage({ type: 'window' });
    tab.setDefaultTimeout(patience);
    const page = new Page(new Tab(tab), this);
    tab.on('console', (message) => {
      const { url = '' } = message.location();
      if (!farewell.test(message.text())) page.report({ event: 'console', level: message.type(), text: message.text(), url });
    });
    tab.on('pageerror', (error) => {
      const text = error instanceof Error ? error.message : String(error);
      if (!farewell.test(text)) page.report({ event: 'pageerror', level: 'error', text, url: '' });
    });
    tab.on('dialog', (dialog) => page.emit('dialog', dialog));
    for (const script of this.#scripts) await tab.evaluateOnNewDocument(script);
    return page;
  }

  close() { return this.#context.close(); }
}

/** Firefox without a window on the screen. */
export async function openFirefox() {
  const firefox = await puppeteer.launch({ browser: 'firefox', executablePath: executable(), headless: true, env: bareEnvironment(), timeout: patience });
  return {
    // Without the settings that Playwright takes, an address of its own for example: none of these tests needs them.
    newContext: async () => new Context(await firefox.createBrowserContext()),
    close: () => firefox.close(),
  };
}

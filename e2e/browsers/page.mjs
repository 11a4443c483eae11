// Pages and locators in the form of Playwright's, for browsers that Playwright cannot drive as they
// come from the distribution. They have only what the tabs in e2e/browser/tabs.mjs call.
import { writeFile } from 'node:fs/promises';
import { until } from '../harness/wait.mjs';

/**
 * One tab of a browser. It runs functions in the page, given as source, and uses mouse and keyboard as the
 * browser's own driver does. A command that cannot be done now, since the page is being left for example, is an error.
 *
 * @typedef {object} Driver
 * @property {(url: string) => Promise<void>} goto resolves when the page is loaded
 * @property {() => Promise<void>} reload
 * @property {(source: string, args: unknown[]) => Promise<any>} evaluate
 * @property {(source: string, args: unknown[]) => Promise<void>} click clicks on the element that the function returns
 * @property {(keys: string[]) => Promise<void>} press holds them down in this order, and lets go: ['Control', 'v']
 * @property {(text: string) => Promise<void>} type into what has the focus
 * @property {() => Promise<Uint8Array>} screenshot a PNG
 * @property {() => Promise<void>} close asks nobody
 */

/**
 * @typedef {object} Problem of a page
 * @property {'console' | 'pageerror'} event Playwright's name
 * @property {string} level a console message's type
 * @property {string} text
 * @property {string} url
 */

/**
 * @typedef {{source: string, flags: string}} Pattern a RegExp that can be sent to a page
 * @typedef {{css: string} | {hasText: Pattern} | {has: Step[]} | {nth: number}} Step
 */

/** @typedef {{has?: Locator, hasText?: string | RegExp}} Filter */
/** @typedef {{state?: 'visible' | 'hidden' | 'attached' | 'detached', timeout?: number}} WaitOptions */

// This one and the next two run in pages, as part of the sources that are sent there.
const find = (/** @type {Step[]} */ steps) => {
  /** @type {(element: Element, pattern: Pattern) => boolean} */
  const says = (element, { source, flags }) => new RegExp(source, flags).test((element.textContent ?? '').replace(/\s+/g, ' ').trim());
  /** @type {(from: (Element | Document)[], chain: Step[]) => Element[]} */
  const walk = (from, chain) => {
    /** @type {any[]} */
    let found = from;
    for (const step of chain) {
      if ('css' in step) found = [...new Set(found.flatMap((root) => [...root.querySelectorAll(step.css)]))];
      else if ('hasText' in step) found = found.filter((element) => says(element, step.hasText));
      else if ('has' in step) found = found.filter((element) => walk([element], step.has).length > 0);
      else found = [found.at(step.nth)].filter(Boolean);
    }
    return found;
  };
  return walk([document], steps);
};

const one = (/** @type {Element[]} */ found) => {
  if (found.length !== 1) throw new Error(`${found.length} elements in place of one`);
  return /** @type {HTMLElement} */ (found[0]);
};

const visible = (/** @type {Element} */ element) => {
  const { width, height } = element.getBoundingClientRect();
  return width > 0 && height > 0 && element.checkVisibility({ visibilityProperty: true });
};

/**
 * The source of a function that gets all elements of a locator, and a value.
 *
 * @param {Function | string} fn
 */
const onAll = (fn) => `(steps, value) => {
  const find = ${find}; const one = ${one}; const visible = ${visible};
  return (${fn})(find(steps), value);
}`;

/** The same for the one element. */
const onOne = (/** @type {Function | string} */ fn) => onAll(`(found, value) => (${fn})(one(found), value)`);

// Playwright's: a string is found anywhere, in upper or lower case.
/** @returns {Pattern} */
const pattern = (/** @type {string | RegExp} */ text) => (typeof text === 'string'
  ? { source: text.replace(/[^\p{L}\p{N}\s]/gu, '\\$&'), flags: 'i' }
  : { source: text.source, flags: text.flags });

/** Elements of a page, as they are at the moment of each call. */
export class Locator {
  #page;
  #steps;

  /**
   * @param {Page} page
   * @param {Step[]} steps
   */
  constructor(page, steps) {
    this.#page = page;
    this.#steps = steps;
  }

  get steps() { return this.#steps; }

  /** @param {Step} step */
  #then(step) { return new Locator(this.#page, [...this.#steps, step]); }

  /**
   * @param {string} css
   * @param {Filter} [filter]
   */
  locator(css, filter = {}) { return this.#then({ css }).filter(filter); }

  /** @param {Filter} filter */
  filter({ has, hasText }) {
    /** @type {Locator} */
    let narrower = this;
    if (hasText !== undefined) narrower = narrower.#then({ hasText: pattern(hasText) });
    if (has) narrower = narrower.#then({ has: has.steps });
    return narrower;
  }

  last() { return this.#then({ nth: -1 }); }

  /**
   * Calls `fn` in the page with all elements, as they are now.
   *
   * @template Value
   * @param {(elements: any[], value: Value) => any} fn
   * @param {Value} [value]
   */
  evaluateAll(fn, value) { return this.#page.run(onAll(fn), [this.#steps, value]); }

  /**
   * Calls `fn` in the page with the one element, once it is there.
   *
   * @template Value
   * @param {(element: any, value: Value) => any} fn
   * @param {Value} [value]
   */
  async evaluate(fn, value) {
    await this.waitFor({ state: 'attached' });
    return this.#page.run(onOne(fn), [this.#steps, value]);
  }

  /** @returns {Promise<string[]>} */
  allTextContents() { return this.evaluateAll((elements) => elements.map((element) => element.textContent)); }

  /** @returns {Promise<string[]>} */
  allInnerTexts() { return this.evaluateAll((elements) => elements.map((element) => element.innerText)); }

  /** @returns {Promise<string>} */
  textContent() { return this.evaluate((element) => element.textContent); }

  /** @returns {Promise<string>} */
  innerText() { return this.evaluate((element) => element.innerText); }

  /** @returns {Promise<string>} */
  inputValue() { return this.evaluate((element) => element.value); }

  /** @param {WaitOptions} [options] */
  async waitFor({ state = 'visible', timeout } = {}) {
    const holds = {
      visible: '(found) => visible(one(found))',
      hidden: '(found) => !found.some(visible)',
      attached: '(found) => Boolean(one(found))',
      detached: '(found) => found.length === 0',
    }[state];
    await this.#page.until(onAll(holds), [this.#steps], { timeout, what: `${this} to be ${state}` });
  }

  /** Clicks where the element is, once it has come to rest and nothing lies over it. */
  async click() {
    // The page answers where the element is, or why it cannot be clicked on.
    const place = onOne(`(element) => {
      element.scrollIntoView({ block: 'nearest', behavior: 'instant' });
      if (!visible(element)) return 'it is not visible';
      if (element.matches(':disabled')) return 'it is disabled';
      const moving = document.getAnimations().some(({ playState, effect }) => playState === 'running'
        && effect.target.contains(element) && Number.isFinite(effect.getComputedTiming().endTime));
      if (moving) return 'it moves';
      const { left, top, width, height } = element.getBoundingClientRect();
      const hit = document.elementFromPoint(left + width / 2, top + height / 2);
      if (!element.contains(hit)) return 'it is covered by ' + hit?.outerHTML.slice(0, 200);
      return { rest: [left, top, width, height].join() };
    }`);
    let before = '';
    await this.#page.attempt(async () => {
      const answer = await this.#page.run(place, [this.#steps]);
      if (typeof answer === 'string') throw new Error(answer);
      const rests = answer.rest === before;
      before = answer.rest;
      if (!rests) throw new Error('it moves');
    }, { what: `${this} to be ready for a click` });
    await this.#page.driver.click(onOne('(element) => element'), [this.#steps]);
  }

  /** Types the text in place of what is in the field. */
  async fill(/** @type {string} */ text) {
    await this.waitFor();
    await this.#page.run(onOne(`(field) => {
      if (field.matches(':disabled, :read-only')) throw new Error('nothing can be typed here');
      field.focus();
      field.select();
    }`), [this.#steps]);
    if (text) await this.#page.driver.type(text);
    else await this.#page.driver.press(['Delete']);
  }

  toString() { return JSON.stringify(this.#steps); }
}

/** A tab: Playwright's Page. */
export class Page {
  #driver;
  #context;
  #url = 'about:blank';
  #closed = false;
  /** @type {Map<string, ((event: any) => void)[]>} */
  #listeners = new Map();

  /**
   * @param {Driver} driver
   * @param {object} context the browser's profile that it belongs to
   */
  constructor(driver, context) {
    this.#driver = driver;
    this.#context = context;
    this.keyboard = { press: (/** @type {string} */ keys) => driver.press(keys.split('+')) };
  }

  get driver() { return this.#driver; }

  context() { return this.#context; }

  /** The address, as of the last answer of the page. */
  url() { return this.#url; }

  isClosed() { return this.#closed; }

  /**
   * @param {string} event 'console', 'pageerror' or 'dialog'
   * @param {(event: any) => void} listener
   */
  on(event, listener) { this.#listeners.set(event, [...this.#listeners.get(event) ?? [], listener]); }

  /**
   * Tells those who listen.
   *
   * @param {string} event
   * @param {any} value
   */
  emit(event, value) {
    for (const listener of this.#listeners.get(event) ?? []) listener(value);
  }

  /** @param {Problem} problem */
  report({ event, level, text, url }) {
    if (event === 'pageerror') this.emit(event, { message: text, stack: text });
    else this.emit(event, { type: () => level, text: () => text, location: () => ({ url }) });
  }

  /**
   * Runs a function in the page: its result is JSON, or a promise of that.
   *
   * @param {string} source
   * @param {unknown[]} args
   */
  async run(source, args) {
    const { href, value } = await this.#driver.evaluate(`async (...args) => ({ value: await (${source})(...args), href: location.href })`, args);
    this.#url = href;
    return value;
  }

  /**
   * @template Value
   * @param {(value: Value) => any} fn
   * @param {Value} [value]
   */
  evaluate(fn, value) { return this.run(String(fn), [value]); }

  /**
   * Makes attempts until one succeeds, and fails as the last one did.
   *
   * @template T
   * @param {() => Promise<T>} act
   * @param {{timeout?: number, what: string}} options
   * @returns {Promise<T>}
   */
  async attempt(act, { timeout, what }) {
    let last = '';
    const done = await until(async () => {
      try {
        return { value: await act() };
      } catch (error) {
        last = error instanceof Error ? error.message : String(error);
        return undefined;
      }
    }, { timeout, what }).catch((error) => { throw new Error(`${error.message}: ${last}`); });
    return done.value;
  }

  /**
   * Waits until the function returns something true. A page may be left meanwhile.
   *
   * @param {string} source
   * @param {unknown[]} args
   * @param {{timeout?: number, what: string}} options
   */
  async until(source, args, options) {
    await this.attempt(async () => {
      if (!await this.run(source, args)) throw new Error('not yet');
    }, options);
  }

  /** @param {string} url */
  async goto(url) {
    await this.#driver.goto(url);
    await this.evaluate(() => {});
  }

  async reload() {
    await this.#driver.reload();
    await this.evaluate(() => {});
  }

  /** @param {RegExp | ((url: URL) => boolean)} wanted */
  async waitForURL(wanted) {
    await this.attempt(async () => {
      const state = await this.evaluate(() => document.readyState);
      const here = wanted instanceof RegExp ? wanted.test(this.#url) : wanted(new URL(this.#url));
      if (!here || state !== 'complete') throw new Error(`${this.#url} is ${state}`);
    }, { what: `the address ${wanted}` });
  }

  /**
   * @param {string} css
   * @param {Filter} [filter]
   */
  locator(css, filter) { return new Locator(this, []).locator(css, filter); }

  /** @param {string} css */
  click(css) { return this.locator(css).click(); }

  /**
   * @param {string} css
   * @param {string} text
   */
  fill(css, text) { return this.locator(css).fill(text); }

  /** @param {string} css */
  innerText(css) { return this.locator(css).innerText(); }

  /** @param {string} css */
  inputValue(css) { return this.locator(css).inputValue(); }

  /** @param {{path: string}} options */
  async screenshot({ path }) { await writeFile(path, await this.#driver.screenshot()); }

  async close() {
    await this.#driver.close();
    this.#closed = true;
  }
}

// Chromium for the browser tests: one process a test file, contexts of their
// own for every test, and a record of whatever goes wrong in a page.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { Proxy } from '../harness/proxy.mjs';
import { root, temporaryFolder } from '../harness/server.mjs';
import { patience, sleep } from '../harness/wait.mjs';
import { fontEnvironment } from './fonts.mjs';

// The headless shell comes first: it needs half the time, having no windows to draw.
const candidates = [
  process.env.CHROMIUM, '/usr/bin/chromium-headless-shell', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome',
];

// The shell denies a page notifications whatever it is told.
const shows = (candidate) => !candidate.endsWith('headless-shell');

/** The browser's path: CHROMIUM, or where distributions put it. */
function executable(notifies) {
  const found = candidates.find((candidate) => candidate && existsSync(candidate) && (!notifies || shows(candidate)));
  assert.ok(found, `no Chromium found: install it (apt-get install chromium) or set CHROMIUM; looked at ${candidates.filter(Boolean).join(', ')}`);
  return found;
}

/** A headless Chromium that does nothing on its own account; `args` go to it as well, `font` is for fontEnvironment(), and one that `notifies` shows notifications. */
export function openBrowser(args = [], font, { notifies = false } = {}) {
  return chromium.launch({
    executablePath: executable(notifies),
    env: { ...process.env, ...fontEnvironment(font) },
    headless: true,
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync', ...args,
    ],
  });
}

/** One Chromium for a whole test file, or for a part of it; `font` and `options` are openBrowser()'s. */
export function browserForFile(font, options) {
  const handle = {};
  before(async () => { handle.browser = await openBrowser([], font, options); });
  after(async () => { await handle.browser?.close(); });
  return handle;
}

/** The folder of a generation's pages. */
export function fixture(generation) {
  return path.join(root, 'e2e', 'fixtures', generation);
}

/** A STATIC_DIR with the scripts that the fixture pages would load from a CDN. */
export function cdnFolder() {
  const folder = temporaryFolder();
  const lib = path.join(folder, 'lib');
  mkdirSync(lib);
  const { resolve } = createRequire(import.meta.url);
  const packageFile = (name, file) => path.join(path.dirname(resolve(`${name}/package.json`)), file);
  copyFileSync(packageFile('socket.io-client-4.0.1', 'dist/socket.io.min.js'), path.join(lib, 'socket.io-4.0.1.min.js'));
  copyFileSync(packageFile('crypto-js', 'crypto-js.js'), path.join(lib, 'crypto-js-4.1.1.min.js'));
  return folder;
}

/** Runs `check` until it no longer throws; fails with what it threw last. */
export async function eventually(check, timeout = patience) {
  const end = Date.now() + timeout;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await sleep(25);
  }
}

let addresses = 0;

/** An address no other context of this process has; the server reads it as the nearest proxy's word. */
function nextAddress() {
  addresses += 1;
  return `10.${(addresses >> 16) & 255}.${(addresses >> 8) & 255}.${addresses & 255}`;
}

// In every page: report what the Content-Security-Policy refused.
const reportViolations = () => {
  addEventListener('securitypolicyviolation', (event) => {
    console.error(`CSP refused ${event.violatedDirective}: ${event.blockedURI} ${event.sample}`);
  });
};

// In every page of a browser whose network lets no websocket through.
const refuseWebSockets = () => {
  globalThis.WebSocket = class {
    constructor() {
      setTimeout(() => {
        this.onerror?.(new Event('error'));
        this.onclose?.(new CloseEvent('close', { code: 1006 }));
      });
    }

    send() {}

    close() {}
  };
};

/**
 * The place that one test plays at: it makes tabs, keeps a record of them, and clears up.
 * `Tab` is the class that knows the frontend's pages.
 */
export class Stage {
  #browser;
  #Tab;
  #settings;
  #contexts = [];
  #networks = [];
  tabs = [];

  /** `settings` are Playwright's of a browser context, for all tabs. */
  constructor(browser, server, Tab, settings = {}) {
    this.#browser = browser;
    this.#Tab = Tab;
    this.#settings = settings;
    this.server = server;
  }

  /**
   * A tab in a browser of its own, or in the browser of the tab `sharing`;
   * `network` is the proxy it goes through; without `webSockets` something on
   * the way refuses every one; `settings` are Playwright's for a browser of its own.
   */
  async tab({ sharing, network = sharing?.network, webSockets = true, settings } = {}) {
    const context = sharing?.page.context() ?? await this.#newContext(settings);
    if (!webSockets) await context.addInitScript(refuseWebSockets);
    const tab = new this.#Tab(await context.newPage(), { url: network?.url ?? this.server.url, network, webSockets });
    this.tabs.push(tab);
    return tab;
  }

  /** A stretch of network before the server that can be cut. */
  async network() {
    const network = await Proxy.to(this.server.port);
    this.#networks.push(network);
    return network;
  }

  async #newContext(settings) {
    const context = await this.#browser.newContext({
      extraHTTPHeaders: { 'X-Forwarded-For': nextAddress() }, ...this.#settings, ...settings,
    });
    context.setDefaultTimeout(patience);
    await context.addInitScript(reportViolations);
    this.#contexts.push(context);
    return context;
  }

  /** A member alone in a new room. */
  async room(name, options) {
    const tab = await this.tab(options);
    await tab.create(name);
    return tab;
  }

  /** Lets one more person into the room of `members`, who all say yes. */
  async admit(members, name, options) {
    const tab = await this.tab(options);
    await tab.knock(await members[0].code(), name);
    for (const member of members) await member.vote(name, true);
    await tab.entered();
    return tab;
  }

  /** Fails if any page logged an error, threw, or broke its CSP, other than what the test expected. */
  assertClean() {
    const problems = this.tabs.flatMap((tab) => tab.problems.filter((text) => !tab.expected.some((e) => e.test(text))));
    assert.deepEqual(problems, [], 'errors in the pages');
  }

  /** Writes a screenshot, the console and the dialogs of every tab to a new folder, and returns its path. */
  async record(name) {
    const parent = path.join(os.tmpdir(), 'securechat-e2e-failures');
    mkdirSync(parent, { recursive: true });
    const folder = mkdtempSync(path.join(parent, `${name.replace(/\W+/g, '-').slice(0, 60)}-`));
    for (const [i, tab] of this.tabs.entries()) {
      if (tab.page.isClosed()) continue;
      const lines = [tab.page.url(), ...tab.dialogs.map((text) => `dialog: ${text}`), ...tab.console];
      writeFileSync(path.join(folder, `${i}-${tab.name ?? 'nobody'}.txt`), `${lines.join('\n')}\n`);
      await tab.page.screenshot({ path: path.join(folder, `${i}-${tab.name ?? 'nobody'}.png`), timeout: 3000 })
        .catch((error) => writeFileSync(path.join(folder, `${i}.screenshot-failed.txt`), String(error)));
    }
    writeFileSync(path.join(folder, 'server.txt'), this.server.output);
    return folder;
  }

  async close() {
    for (const context of this.#contexts) await context.close();
    for (const network of this.#networks) await network.close();
  }
}

/** One test on a stage of its own: a failure leaves pictures, a success must leave clean consoles. */
export function scenario(name, { chromium: handle, server, Tab }, play) {
  test(name, { timeout: 10 * patience }, async () => {
    const stage = new Stage(handle.browser, server, Tab);
    try {
      await play(stage);
      stage.assertClean();
    } catch (error) {
      error.message += `\n(what the pages looked like: ${await stage.record(name)})`;
      throw error;
    } finally {
      await stage.close();
    }
  });
}

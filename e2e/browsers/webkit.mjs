// WebKit as GTK has it, by its own WebDriver: Safari's engine, without Safari. It draws on a screen in
// memory (Xvfb), since it has no mode without windows.
import { freePort, spawnBeside } from '../harness/server.mjs';
import { patience, until, within } from '../harness/wait.mjs';
import { bareEnvironment } from './home.mjs';
import { Page } from './page.mjs';
import { takeProblems } from './watched.mjs';
import { Session, isReady } from './webdriver.mjs';

/** @typedef {Pick<import('./watched.mjs').Relay, 'addScript'>} Relay */
/** @typedef {import('node:child_process').ChildProcess} ChildProcess */

/** Starts a screen, and resolves to it with its name. It chooses a name that nobody has. */
async function openScreen() {
  const screen = spawnBeside('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'], { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
  let said = '';
  screen.stderr?.on('data', (text) => { said += text; });
  const number = new Promise((resolve, reject) => {
    screen.stdio[3]?.once('data', (digits) => resolve(String(digits).trim()));
    screen.on('error', (error) => reject(new Error(`Xvfb does not start (apt-get install xvfb): ${error.message}`)));
    screen.on('exit', (code) => reject(new Error(`Xvfb ended with ${code}: ${said}`)));
  });
  return { screen, display: `:${await within(patience, 'Xvfb to start', number)}` };
}

/**
 * No graphics card, nothing that is asked for by a bus, and no sandbox, which containers do not allow: all
 * pages are ours.
 *
 * @param {string} display
 */
const environment = (display) => ({
  ...bareEnvironment(), DISPLAY: display, GDK_BACKEND: 'x11', LIBGL_ALWAYS_SOFTWARE: '1',
  NO_AT_BRIDGE: '1', GTK_A11Y: 'none', GIO_USE_VFS: 'local', GSETTINGS_BACKEND: 'memory',
  WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
});

/**
 * Starts WebKitWebDriver, which serves one browser at a time.
 *
 * @param {NodeJS.ProcessEnv} env
 */
async function startDriver(env) {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const driver = spawnBeside('WebKitWebDriver', [`--port=${port}`], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    driver.stderr?.on('data', (text) => { said += text; });
    /** @type {Error | undefined} */
    let failed;
    driver.on('error', (error) => { failed = error; });
    const ended = () => failed || driver.exitCode !== null || driver.signalCode !== null;
    await until(async () => ended() || isReady(url), { what: 'WebKitWebDriver to start' });
    if (!ended()) return { driver, url };
    // Somebody else may have taken the port meanwhile.
    if (failed || attempt === 3) throw new Error(`WebKitWebDriver does not start (apt-get install webkit2gtk-driver): ${failed?.message ?? said}`);
  }
}

/** Each answer of a page brings along what went wrong in it. */
class Tab extends Session {
  #report;

  /**
   * @param {string} url
   * @param {(problem: import('./page.mjs').Problem) => void} report
   */
  constructor(url, report) {
    super(url);
    this.#report = report;
  }

  /**
   * @param {string} source
   * @param {unknown[]} args
   */
  async evaluate(source, args) {
    const { problems, value } = await super.evaluate(`async (...args) => {
      const value = await (${source})(...args);
      return { value, problems: (${takeProblems})() };
    }`, args);
    for (const problem of problems) this.#report(problem);
    return value;
  }
}

/** A browser of its own: Playwright's BrowserContext, with one page. */
class Context {
  #env;
  #relays;
  /** @type {ChildProcess | undefined} */
  #driver;
  /** @type {Page | undefined} */
  #page;

  /**
   * @param {NodeJS.ProcessEnv} env
   * @param {Relay[]} relays
   */
  constructor(env, relays) {
    this.#env = env;
    this.#relays = relays;
  }

  /** @param {() => void} script runs first in every page, also in those of other profiles */
  async addInitScript(script) {
    for (const relay of this.#relays) relay.addScript(script);
  }

  setDefaultTimeout() {} // pages wait as long as all tests do

  async newPage() {
    if (this.#page) throw new Error('this browser has one page');
    const { driver, url } = await startDriver(this.#env);
    this.#driver = driver;
    const tab = new Tab(await Session.begin(url, { unhandledPromptBehavior: 'accept and notify' }), (problem) => page.report(problem));
    const page = new Page(tab, this);
    this.#page = page;
    return page;
  }

  async close() {
    try {
      if (this.#page && !this.#page.isClosed()) await this.#page.close();
    } finally {
      this.#driver?.kill();
    }
  }
}

/**
 * WebKit on a screen of its own.
 *
 * @param {Relay[]} relays before the servers that it is to visit
 */
export async function openWebKit(relays) {
  const { screen, display } = await openScreen();
  return {
    // Without the settings that Playwright takes, an address of its own for example: none of these tests needs them.
    newContext: async () => new Context(environment(display), relays),
    close: async () => { screen.kill(); },
  };
}

// What a person can do and see in one tab, whichever frontend it shows.
import assert from 'node:assert/strict';
import { until } from '../harness/wait.mjs';
import { eventually } from './harness.mjs';

// Chromium reports every lost connection and every error status by itself; a
// test that cuts the network or provokes a refusal says so with `expect`.
export const networkErrors = /net::ERR_|WebSocket connection to .* failed|WebSocket is already in CLOSING/;
export const refusals = /the server responded with a status of 4\d\d/;

/** One tab. The members that every frontend shares are here; the rest is in the subclasses. */
export class Tab {
  /** Texts of dialogs, oldest first. All are accepted, questions before leaving too. */
  dialogs = [];
  /** Everything on the console. */
  console = [];
  /** Console errors, uncaught exceptions, CSP violations. */
  problems = [];
  /** Patterns of problems that belong to the test. */
  expected = [];

  constructor(page, url, network) {
    this.page = page;
    this.url = url;
    this.network = network;
    page.on('dialog', (dialog) => {
      if (dialog.type() !== 'beforeunload') this.dialogs.push(dialog.message());
      // A page that goes away takes its dialog along.
      dialog.accept().catch(() => {});
    });
    page.on('console', (message) => {
      this.console.push(`${message.type()}: ${message.text()}`);
      if (message.type() === 'error') this.problems.push(`${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => {
      this.console.push(`uncaught: ${error.stack}`);
      this.problems.push(`uncaught: ${error.message}`);
    });
  }

  /** Declares problems that this test provokes. */
  expect(...patterns) { this.expected.push(...patterns); }

  get path() { return new URL(this.page.url()).pathname; }

  async home() { await this.page.goto(`${this.url}/`); }

  /** Opens a room; its page is loaded afterwards. */
  async create(name) {
    await this.home();
    await this.submitCreate(name);
    await this.entered();
  }

  /** Asks to be let in; the waiting page is shown afterwards. */
  async knock(code, name) {
    await this.home();
    await this.submitKnock(code, name);
    await this.page.locator(this.at.applicant).waitFor();
    assert.equal(this.path, '/join');
  }

  async submitCreate(name) {
    this.name = name;
    await this.page.fill(this.at.createName, name);
    await this.page.click(this.at.createButton);
  }

  async submitKnock(code, name) {
    this.name = name;
    await this.page.fill(this.at.knockName, name);
    await this.page.fill(this.at.knockCode, code);
    await this.page.click(this.at.knockButton);
  }

  /** Waits for the chat page with a live connection. */
  async entered() {
    await this.page.waitForURL(/\/room\/[^/]+$/, { waitUntil: 'load' });
    await this.connected();
  }

  /** Waits for the start page. */
  async backHome() {
    await this.page.waitForURL((url) => url.pathname === '/');
    await this.page.locator(this.at.createName).waitFor();
  }

  async reload() {
    await this.page.reload();
    await this.connected();
  }

  async say(text) {
    await this.page.fill(this.at.draft, text);
    await this.page.click(this.at.send);
  }

  /** The conversation: [{who, what}], as it can be read. */
  lines() {
    return this.page.locator(this.at.line).evaluateAll((lines, { at, me }) => lines.map((line) => ({
      who: line.querySelector(at.who)?.textContent.trim() ?? (line.matches(at.own) ? me : 'nobody'),
      what: line.querySelector(at.what).textContent.trim(),
    })), { at: this.at, me: this.name });
  }

  /** Waits until the conversation is exactly this: ['Ana: hello', …]. */
  async reads(...conversation) {
    await eventually(async () => {
      const lines = await this.lines();
      assert.deepEqual(lines.map(({ who, what }) => `${who}: ${what}`), conversation, `the conversation that ${this.name} sees`);
    });
  }

  /** The names on the cards of those who knock. */
  async knocking() {
    return (await this.page.locator(`${this.at.card} ${this.at.cardName}`).allTextContents()).map((name) => name.trim());
  }

  card(name) {
    return this.page.locator(this.at.card).filter({ has: this.page.locator(this.at.cardName).getByText(name, { exact: true }) });
  }

  /** Waits for the card of somebody who knocks and clicks on it. */
  async vote(name, yes) {
    await this.card(name).locator(yes ? this.at.yes : this.at.no).click();
  }

  async code() { return (await this.page.locator(this.at.code).innerText()).replace(/\D/g, ''); }

  /** Waits for another code than `old` and returns it. */
  newCode(old, timeout) {
    return until(async () => {
      const code = await this.code();
      return code.length === 6 && code !== old && code;
    }, { what: `a new code on the page of ${this.name}`, timeout });
  }

  async count() { return Number(await this.page.locator(this.at.count).innerText()); }

  /** Waits until the page shows this number of people. */
  async counts(number) {
    await eventually(async () => assert.equal(await this.count(), number, `participants on the page of ${this.name}`));
  }

  /** Seconds to the next code, as the page shows them. */
  async seconds() {
    const text = await this.page.locator(this.at.clock).innerText();
    const [, minutes, seconds] = /(?:(\d+):)?(\d+)/.exec(text) ?? assert.fail(`no time in "${text}"`);
    return Number(minutes ?? 0) * 60 + Number(seconds);
  }

  async saysDialog(pattern) {
    await eventually(() => assert.match(this.dialogs.join('\n'), pattern, `dialogs of ${this.name}`));
  }

  /** Loses the network: connections die, new ones fail. */
  async unplug() {
    this.expect(networkErrors);
    this.network.unplug();
    await this.disconnected();
  }

  /** Closes the tab as a person does. */
  async close() {
    await this.page.close({ runBeforeUnload: true });
    await until(() => this.page.isClosed(), { what: `the tab of ${this.name} to close` });
  }
}

/** The pages in e2e/fixtures. Their `socket` is a global. */
export class FixtureTab extends Tab {
  // They name no icon, so Chromium looks for one.
  expected = [/favicon\.ico/];

  at = {
    createName: '#open [name=display_name]', createButton: '#open button',
    knockName: '#enter [name=display_name]', knockCode: '#enter [name=room_code]', knockButton: '#enter button',
    applicant: '#me',
    draft: '#draft', send: '#send',
    log: '#log', line: '.line', who: '.who', what: '.what', own: '.own', notice: '.notice',
    card: '.card', cardName: '.who', cardState: '.state', yes: 'button:has-text("Yes")', no: 'button:has-text("No")',
    code: '#code', count: '#present', clock: '#clock',
  };

  async connected() {
    await this.page.waitForFunction(() => typeof socket !== 'undefined' && socket.connected);
  }

  async disconnected() {
    await this.page.waitForFunction(() => !socket.connected);
  }

  /** Waits for the bad news and the way back to the start page. */
  async refused(reason = /said no/) {
    await this.saysDialog(reason);
    await this.backHome();
    this.dialogs.length = 0;
  }

  /** Says something past the page's own code, as a hostile member would. */
  async attack(text) { await this.emit('message', { message: text }); }

  /** Emits as a script in the page can. */
  async emit(event, fields) {
    await this.page.evaluate(([name, payload]) => socket.emit(name, { room, ...payload }), [event, fields]);
  }

  async requestCode() { await this.emit('request_code_update', {}); }

  /** Resolves when the server has handled all that this page said, and the answers are here. */
  async settled() {
    await this.page.evaluate(() => new Promise((resolve) => {
      socket.once('pong', resolve);
      socket.emit('ping');
    }));
  }

  async leave() {
    await this.page.click('#go');
    await this.backHome();
  }
}

export class EarlyTab extends FixtureTab {
  async partial(name, text) {
    await eventually(async () => assert.equal(await this.card(name).locator(this.at.cardState).innerText(), text));
  }
}

export class TodayTab extends FixtureTab {
  constructor(...args) {
    super(...args);
    this.at.code = '#heading';
  }

  /** The comings and goings, as the page tells them. */
  notices() { return this.page.locator(this.at.notice).allInnerTexts(); }

  async leave() {
    await this.page.goto(`${this.url}/`);
    await this.backHome();
  }
}

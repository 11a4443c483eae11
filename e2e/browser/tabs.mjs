// A tab offers what a person can do and see in it, whichever frontend it shows.
import assert from 'node:assert/strict';
import { until } from '../harness/wait.mjs';
import { eventually } from './harness.mjs';

// Chromium reports every lost connection and every error status by itself, and Firefox every websocket
// that could not be opened; a test that cuts the network or provokes a refusal says so with `expect`.
export const networkErrors = /net::ERR_|WebSocket connection to .* failed|WebSocket is already in CLOSING|Firefox can’t establish a connection to the server/;
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

  /** `network` is a Proxy or undefined; `webSockets` tells whether they get through. */
  constructor(page, { url, network, webSockets }) {
    Object.assign(this, { page, url, network, webSockets });
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
    assert.match(this.path, this.at.waiting);
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
    const exactly = new RegExp(`^\\s*${name.replace(/[^\p{L}\p{N}]/gu, '\\$&')}\\s*$`);
    return this.page.locator(this.at.card).filter({ has: this.page.locator(this.at.cardName, { hasText: exactly }) });
  }

  /** Waits for the card of somebody who knocks and clicks on it: the newest one, an old one may be fading. */
  async vote(name, yes) {
    await this.card(name).last().locator(yes ? this.at.yes : this.at.no).click();
  }

  async code() { return (await this.page.locator(this.at.code).textContent()).replace(/\D/g, ''); }

  /** Waits for another code than `old` and returns it. */
  newCode(old, timeout) {
    return until(async () => {
      const code = await this.code();
      return code.length === 6 && code !== old && code;
    }, { what: `a new code on the page of ${this.name}`, timeout });
  }

  async count() { return Number.parseInt(await this.page.locator(this.at.count).innerText(), 10); }

  /** Waits until the page shows this number of people. */
  async counts(number, timeout) {
    await eventually(async () => assert.equal(await this.count(), number, `participants on the page of ${this.name}`), timeout);
  }

  /** Seconds to the next code, as the page shows them. */
  async seconds() {
    const text = await this.page.locator(this.at.clock).innerText();
    const [, minutes, seconds] = /(?:(\d+):)?(\d+)/.exec(text) ?? assert.fail(`no time in "${text}"`);
    return Number(minutes ?? 0) * 60 + Number(seconds);
  }

  /** Waits until the card of somebody who knocks says this. */
  async partial(name, text) {
    await eventually(async () => assert.equal(await this.card(name).locator(this.at.cardState).innerText(), text));
  }

  /** The comings and goings, as the page tells them. */
  notices() { return this.page.locator(this.at.notice).allInnerTexts(); }

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

  constructor(...args) {
    super(...args);
    this.#expectLateGoodbyes();
  }

  // Client 4.0.1 ends its session the moment its page goes, and what it has just posted
  // may reach the server after that.
  #expectLateGoodbyes() {
    let departures = 0;
    const posted = new WeakMap();
    this.page.on('request', (request) => {
      if (request.isNavigationRequest()) departures += 1;
      if (request.method() === 'POST') posted.set(request, departures);
    });
    this.page.on('response', (response) => {
      const url = response.url();
      if (response.status() !== 400 || !url.includes('/socket.io/') || !(posted.get(response.request()) < departures)) return;
      this.expected.push({ test: (text) => text.includes(url) });
    });
  }

  at = {
    createName: '#open [name=display_name]', createButton: '#open button',
    knockName: '#enter [name=display_name]', knockCode: '#enter [name=room_code]', knockButton: '#enter button',
    applicant: '#me', waiting: /^\/join$/,
    draft: '#draft', send: '#send',
    log: '#log', line: '.line', who: '.who', what: '.what', own: '.own', notice: '.notice',
    card: '.card', cardName: '.who', cardState: '.state', yes: 'button:has-text("Yes")', no: 'button:has-text("No")',
    code: '#code', count: '#present', clock: '#clock',
  };

  // Also for the move to a websocket: client 4.0.1 does not notice for 45 s
  // that it lost the network in the middle of it.
  async connected() {
    await this.page.waitForFunction((moves) => typeof socket !== 'undefined' && socket.connected
      && (!moves || socket.io.engine.transport.name === 'websocket'), this.webSockets);
    await this.page.evaluate(() => {
      const { engine } = socket.io;
      engine.on('packet', ({ type }) => {
        if (type === 'message') engine.unproven = engine.transport.name === 'websocket';
        if (type === 'ping') engine.unproven = false;
      });
    });
  }

  /**
   * Waits until the server knows what this page has got: from the answer to a ping
   * behind it, or from the next poll. What it does not know of a client 4.0.1 is sent again.
   */
  async receipt() {
    await this.page.waitForFunction(() => !socket.io.engine.unproven);
    // Handled after that answer.
    await this.page.evaluate(() => new Promise((resolve) => {
      socket.once('pong', resolve);
      socket.emit('ping');
    }));
  }

  async disconnected() {
    await this.page.waitForFunction(() => !socket.connected);
  }

  /** Waits for the bad news and the way back to the start page. */
  async refused({ late } = {}) {
    await this.saysDialog(late ? /Request timed out/ : /said no/);
    await this.backHome();
    this.dialogs.length = 0;
  }

  /** Says something past the page's own code, as a hostile member would. */
  async attack(text) { await this.emit('message', { message: text }); }

  /** Emits as a script in the page can. */
  async emit(event, fields) {
    await this.page.evaluate(([name, payload]) => socket.emit(name, { room, ...payload }), [event, fields]);
  }

  /** The applicant's name as the waiting page has it. */
  applicant() { return this.page.locator(this.at.applicant).innerText(); }

  async requestCode() { await this.emit('request_code_update', {}); }

  async leave() {
    await this.page.click('#go');
    await this.backHome();
  }
}

export class TodayTab extends FixtureTab {
  constructor(...args) {
    super(...args);
    this.at.code = '#heading';
  }

  // It has no way out but the browser's.
  async leave() {
    await this.page.goto(`${this.url}/`);
    await this.backHome();
  }
}

/** The pages that the server brings along. */
export class EmbeddedTab extends Tab {
  at = {
    createName: '#name', createButton: '#create',
    knockName: '#name', knockCode: '#code', knockButton: '#join',
    applicant: '#waiting', waiting: /^\/join(\/[^/]+)?$/,
    draft: '#message-input', send: '#send',
    log: '#chat', line: '#chat .message', who: '.message-sender', what: '.message-content', own: '.sent', notice: '.system-message',
    ownParts: '.system-message > details',
    card: '.join-request-notification', cardName: 'strong', cardState: '.approval-status', yes: '.accept', no: '.deny',
    code: '#currentCode', count: '#count', clock: '#timer',
  };

  async connected() { await this.page.locator('#connection[data-state=online]').waitFor({ state: 'attached' }); }

  /** Nothing to wait for: the page itself says what it has got. */
  async receipt() {}

  async disconnected(timeout) { await this.page.locator('#connection[data-state=offline]').waitFor({ state: 'attached', timeout }); }

  /** Like the others' lines, but a name stands only above the first of several lines. */
  async lines() {
    const lines = await this.page.locator(this.at.line).evaluateAll((rows, at) => rows.map((row) => ({
      who: row.querySelector(at.who)?.textContent,
      what: row.querySelector(at.what).textContent,
      own: row.matches(at.own),
    })), this.at);
    for (const [i, line] of lines.entries()) {
      line.who ??= lines[i - 1].who;
      assert.equal(line.own, line.who === this.name, `whose line is "${line.what}" on the page of ${this.name}`);
      delete line.own;
    }
    return lines;
  }

  async refused({ late } = {}) {
    await this.page.locator('#waiting[data-ended]').waitFor();
    assert.match(await this.page.locator('#status').innerText(), late ? /in time/ : /said no/);
    await this.page.click('#home');
    await this.backHome();
  }

  /** How many are there: the header counts all members, and those of them who are away. */
  async count() {
    const [all = NaN, away = 0] = (await this.page.locator(this.at.count).innerText()).match(/\d+/g) ?? [];
    return all - away;
  }

  /** The names in the header. */
  title() { return this.page.locator('#names').innerText(); }

  async openInvitation() {
    await this.page.click('#invite');
    await this.page.locator('#invite-dialog[open]').waitFor();
  }

  /** Seconds to the next code, as its sheet shows them. */
  async seconds() {
    const [minutes, seconds] = (await this.page.locator(this.at.clock).textContent()).split(':').map(Number);
    return minutes * 60 + seconds;
  }

  /** Each by itself, also those that share a row, and without the marks that keep a name of the other direction to itself. */
  async notices() {
    const texts = await this.page.locator(this.at.notice).evaluateAll((rows) => Promise.all(rows.map(async (row) => {
      const shared = row.querySelector('details');
      if (!shared) return [row.innerText];
      if (!shared.open) {
        const opened = new Promise((resolve) => { shared.addEventListener('toggle', resolve, { once: true }); });
        shared.open = true;
        await opened;
      }
      return [...shared.querySelectorAll('li > span')].map((notice) => notice.innerText);
    })));
    return texts.flat().map((text) => text.replace(/[\u2068\u2069]/g, ''));
  }

  async attack(text) { await this.say(text); }

  /** The applicant's name as the waiting page has it. */
  applicant() { return this.page.locator('#waiting .as strong').innerText(); }

  async requestCode() {
    await this.openInvitation();
    await this.page.click('#new-code');
    await this.page.keyboard.press('Escape');
  }

  /** Copies the link of the invitation by its button, and resolves to the link as the sheet has it. */
  async copyInvitation() {
    await this.openInvitation();
    const place = this.page.locator('#invite-link');
    const link = await until(() => place.textContent(), { what: `the link of ${this.name}` });
    await this.page.click('#copy-link');
    await this.page.keyboard.press('Escape');
    return link;
  }

  /** Opens an invitation and asks to be let in; the waiting page is shown afterwards. */
  async followInvitation(link, name) {
    this.name = name;
    await this.page.goto(link);
    await this.page.fill(this.at.knockName, name);
    await this.page.click(this.at.knockButton);
    await this.page.locator(this.at.applicant).waitFor();
  }

  /** Pastes into the field for messages, by the keys, and resolves to what is in it then. It is empty afterwards. */
  async paste() {
    await this.page.click(this.at.draft);
    await this.page.keyboard.press('Control+v');
    const pasted = await this.page.inputValue(this.at.draft);
    await this.page.fill(this.at.draft, '');
    return pasted;
  }

  /** Waits for the word that the room has reached its end. */
  async ended() {
    await this.page.locator('#ended').waitFor();
    await this.page.locator('#composer').waitFor({ state: 'hidden' });
  }

  async leave() {
    await this.page.click('#more');
    await this.page.click('#menu-leave');
    await this.page.click('#leave-confirm');
    await this.backHome();
  }
}

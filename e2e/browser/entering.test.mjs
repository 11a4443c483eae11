// The ways into a room, on the pages that the server brings along: the start page and
// the waiting page, with a server behind them.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { serverForFile } from '../harness/server.mjs';
import { browserForFile, eventually, scenario } from './harness.mjs';
import { EmbeddedTab, networkErrors, refusals } from './tabs.mjs';

describe('entering', { concurrency: 3 }, () => {
  const chromium = browserForFile();
  const server = serverForFile({ env: { TEMPLATES_DIR: undefined, MAX_MEMBERS: '3', ABSENCE_GRACE: '1h', APPROVAL_TIMEOUT: '10m' } });
  const play = (title, steps) => scenario(title, { chromium, server, Tab: EmbeddedTab }, steps);

  const says = (tab, selector, pattern) => eventually(async () => assert.match(await tab.page.locator(selector).innerText(), pattern));
  const verdict = (tab, kind) => tab.page.locator(`#waiting[data-ended=${kind}]`).waitFor();
  const focused = (tab) => tab.page.evaluate(() => document.activeElement.id);
  // The mark is lost when a page is loaded anew.
  const mark = (tab) => tab.page.evaluate(() => { globalThis.sameDocument = true; });
  const assertSameDocument = async (tab) => assert.equal(await tab.page.evaluate(() => globalThis.sameDocument), true);

  play('without JavaScript, up to the waiting page', async (stage) => {
    const ana = await stage.room('Ana');
    const plain = await stage.tab({ settings: { javaScriptEnabled: false } });
    const { page } = plain;
    await plain.home();
    await page.fill('#name', 'Plain');
    await page.fill('#code', await ana.code());
    await page.press('#name', 'Enter');
    await says(plain, '#waiting', /needs JavaScript/);
    assert.equal(plain.path, '/join');
    assert.equal(await plain.applicant(), 'Plain');
    await ana.card('Plain').waitFor();

    // A wrong code has a page of its own then.
    plain.expect(refusals);
    await plain.home();
    await plain.submitKnock('000000', 'Plain');
    await page.getByRole('alert').waitFor();
    await page.click('a');
    await plain.backHome();

    // Who has no code needs none to begin.
    await plain.submitCreate('Plain');
    await page.waitForURL(/\/room\/[^/]+$/);
    // Nothing else in the room would work.
    await says(plain, 'main', /needs JavaScript/);
    assert.deepEqual(await page.locator('button:visible, textarea:visible, a:visible').allInnerTexts(), ['Back to the start page']);
    await page.click('.no-script a');
    await plain.backHome();
    // A plain form leaves the chat.
    const chat = page.locator('form[action$="/leave"]');
    assert.equal(await chat.count(), 1);
    await Promise.all([page.waitForEvent('load'), chat.evaluate((form) => form.requestSubmit())]);
    await plain.backHome();
    assert.equal(await chat.count(), 0);
  });

  play('a start page that the browser had put aside tells of the chats that there are', async (stage) => {
    const ana = await stage.room('Ana');
    const start = await stage.tab({ sharing: ana });
    const { page } = start;
    const chats = page.locator('form[action$="/leave"]');
    // Browsers put few pages aside while a debugger is there, so this is told as they tell it.
    const backTo = () => page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
    await start.home();
    assert.equal(await chats.count(), 1);
    await ana.leave();
    await backTo();
    await chats.waitFor({ state: 'detached' });

    // Nobody types a code twice.
    await page.fill('#code', '123456');
    await mark(start);
    await backTo();
    await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
    await assertSameDocument(start);
    await eventually(async () => assert.match(await page.inputValue('#code'), /123 ?456/));
    await page.fill('#code', '');
    await backTo();
    await eventually(async () => assert.equal(await page.evaluate(() => globalThis.sameDocument), undefined));
  });

  play('the device remembers the name', async (stage) => {
    const ana = await stage.room('Ana María');
    const later = await stage.tab({ sharing: ana });
    await later.home();
    assert.equal(await later.page.inputValue('#name'), '', 'nobody else can have it in a chat that this browser is in');
    await ana.leave();
    await later.home();
    assert.equal(await later.page.inputValue('#name'), 'Ana María');
    await later.page.click('#create');
    await later.entered();
  });

  play('a code is pasted as it was sent', async (stage) => {
    const ana = await stage.room('Ana');
    const ben = await stage.tab();
    const { page } = ben;
    await ben.home();
    const code = await ana.code();
    for (const sent of [`${code.slice(0, 3)} ${code.slice(3)}`, `${ben.url}/#${code}`]) {
      await page.fill('#name', sent);
      await page.focus('#name');
      await page.keyboard.press('ControlOrMeta+A');
      await page.keyboard.press('ControlOrMeta+X');
      await page.fill('#code', '');
      await page.focus('#code');
      await page.keyboard.press('ControlOrMeta+V');
      await eventually(async () => assert.equal(await page.inputValue('#code'), code));
    }
    await page.fill('#name', 'Ben');
    await page.press('#code', 'Enter');
    await ana.vote('Ben', true);
    await ben.entered();
  });

  play('what is wrong is said in place', async (stage) => {
    const ana = await stage.room('Ana');
    const ben = await stage.tab({ settings: { locale: 'de-DE' } });
    ben.expect(refusals);
    await ben.home();
    await mark(ben);
    const code = await ana.code();
    const wrong = code === '999999' ? '999998' : '999999';
    for (const [name, typed, field, pattern] of [
      ['Ben', wrong, 'code', /^\s*Diesen Raum gibt es nicht\./],
      ['Ana', code, 'name', /^\s*Jemand in diesem Chat heißt schon so\./],
      ['B<en', code, 'name', /^\s*Ein Name darf kein < enthalten\./],
    ]) {
      await ben.submitKnock(typed, name);
      await says(ben, `#${field}-problem`, pattern);
      assert.equal(await focused(ben), field);
      assert.equal(await ben.page.locator('[aria-invalid]').count(), 1);
    }
    await ben.submitCreate('x'.repeat(21));
    await says(ben, '#name-problem', /^\s*Dieser Name ist zu lang\./);
    await ben.page.context().clearCookies();
    await ben.submitCreate('Ben');
    await says(ben, '#create-problem', /^\s*Dieses Formular ist abgelaufen\./);
    await assertSameDocument(ben);
    await ben.page.reload();
    await ben.submitCreate('Ben');
    await ben.entered();
  });

  play('an invite link leads to the door', async (stage) => {
    const ana = await stage.room('Ana');
    const ben = await stage.tab();
    await ben.page.goto(`${ben.url}/#${await ana.code()}`);
    await ben.page.locator('#invitation').waitFor();
    assert.equal(ben.page.url(), `${ben.url}/`);
    assert.equal(await focused(ben), 'name');
    ben.name = 'Ben';
    await ben.page.keyboard.type('Ben');
    await ben.page.keyboard.press('Enter');
    await ana.vote('Ben', true);
    await ben.entered();

    // The second time, the page is open and the name is known.
    await ben.leave();
    const again = await stage.tab({ sharing: ben });
    await again.home();
    await mark(again);
    await again.page.goto(`${again.url}/#123456`);
    await again.page.locator('#invitation').waitFor();
    await assertSameDocument(again);
    assert.equal(await focused(again), 'join');
    assert.equal(again.page.url(), `${again.url}/`);
  });

  /** An invitation, which a page of the tab's member asks for. */
  const invitation = ({ page, path }) => page.evaluate(async (room) => {
    const { io } = await import('/static/vendor/socket.io/socket.io.esm.min.js');
    const socket = io();
    await new Promise((resolve) => { socket.on('connect', resolve); });
    const told = new Promise((resolve) => { socket.on('invite', resolve); });
    socket.emit('request_invite', { room });
    const { lookup } = await told;
    globalThis.revoke = () => new Promise((resolve) => { socket.emit('revoke_invite', { room, lookup }, resolve); });
    return lookup;
  }, path.slice('/room/'.length));

  play('a link with an invitation outlives the code, and a no', async (stage) => {
    const ana = await stage.room('Ana');
    const lookup = await invitation(ana);
    const old = await ana.code();
    await ana.requestCode();
    await ana.newCode(old);
    const ben = await stage.tab();
    ben.expect(refusals);
    await ben.page.goto(`${ben.url}/#${lookup}`);
    await ben.page.locator('#invitation').waitFor();
    assert.equal(ben.page.url(), `${ben.url}/`);
    assert.equal(await ben.page.locator('#code').isVisible(), false);
    ben.name = 'Ben';
    await ben.page.keyboard.type('Ben');
    await ben.page.keyboard.press('Enter');
    await ana.vote('Ben', false);
    await verdict(ben, 'refused');
    assert.equal(await ben.page.locator('#again-code').isVisible(), false);
    const first = ben.path;
    await ben.page.click('#ask-again');
    await ben.page.waitForURL((url) => url.pathname !== first);
    await ana.vote('Ben', false);
    await verdict(ben, 'refused');

    // When the link has ended the code is asked for.
    await ana.page.evaluate(() => globalThis.revoke());
    await ben.page.click('#ask-again');
    await says(ben, '#again-problem', /^\s*This invite link no longer works\. Ask for a new one\./);
    await ben.page.fill('#again-code', await ana.code());
    await ben.page.click('#ask-again');
    await ana.vote('Ben', true);
    await ben.entered();
  });

  // Threat: somebody sends a link that they have ended themselves.
  play('a link that ends in another tab is not offered any more, with or without a connection meanwhile', async (stage) => {
    const network = await stage.network();
    const ana = await stage.room('Ana', { network });
    const link = ana.page.locator('#invite-lasts', { hasText: 'works for' });
    const over = ana.page.locator('#invite-said', { hasText: 'This link no longer works.' });
    const anew = async () => {
      await ana.page.keyboard.press('Escape');
      await ana.page.click('#invite');
      await link.waitFor();
    };
    const other = await stage.tab({ sharing: ana, network: null });
    other.name = 'Ana';
    await other.page.goto(other.url + ana.path);
    await other.entered();
    await ana.page.click('#invite');
    await link.waitFor();
    await other.page.click('#invite');
    await other.page.locator('#invite-lasts', { hasText: 'works for' }).waitFor();
    await other.page.click('#end-links');
    await over.waitFor();
    assert.equal(await ana.page.locator('#qr').isVisible(), false);
    // The new link of the other tab is not touched by what this one gets now.
    await anew();
    assert.equal(await other.page.locator('#invite-lasts', { hasText: 'works for' }).isVisible(), true);
    // A sixth ends the oldest.
    for (let i = 0; i < 5; i++) await invitation(other);
    await over.waitFor();
    // The end is missed without a connection.
    await anew();
    await ana.unplug();
    await other.page.click('#end-links');
    await other.page.locator('#invite-said', { hasText: 'Here’s a new one.' }).waitFor();
    await link.waitFor();
    ana.network.restore();
    await over.waitFor();
  });

  play('a request that is taken back is gone from the room', async (stage) => {
    const ana = await stage.room('Ana');
    const ben = await stage.tab();
    await ben.knock(await ana.code(), 'Ben');
    await ben.connected();
    const second = await stage.tab({ sharing: ben });
    await second.page.goto(ben.page.url());
    await second.connected();
    await ana.card('Ben').waitFor();
    await ben.page.click('#home');
    await ben.backHome();
    await eventually(async () => assert.deepEqual(await ana.knocking(), []));
    await verdict(second, 'withdrawn');
    // Nothing is in the way of asking anew.
    await ben.knock(await ana.code(), 'Ben');
    await ana.vote('Ben', true);
    await ben.entered();
  });

  play('asking again after a no, with a code that has turned', async (stage) => {
    const ana = await stage.room('Ana');
    const ben = await stage.tab();
    ben.expect(refusals);
    const old = await ana.code();
    await ben.knock(old, 'Ben');
    await ana.vote('Ben', false);
    await verdict(ben, 'refused');
    assert.equal(await ben.page.title(), 'You weren’t let in · Secure Chat');
    await mark(ben);
    assert.equal(await ben.page.inputValue('#again-code'), old);
    await ana.requestCode();
    const fresh = await ana.newCode(old);
    await ben.page.click('#ask-again');
    await says(ben, '#again-code-problem', /^\s*Room not found\./);
    await assertSameDocument(ben);
    const before = ben.path;
    await ben.page.fill('#again-code', fresh);
    await ben.page.click('#ask-again');
    await ana.vote('Ben', true);
    await ben.entered();
    assert.notEqual(ben.path, before.replace('/join/', '/room/'), 'a request of its own');
  });

  play('a reload while waiting changes nothing', async (stage) => {
    const ana = await stage.room('Ana');
    const ben = await stage.tab();
    await ben.knock(await ana.code(), 'Ben');
    await says(ben, '#status', /^Waiting for 1 person to answer\.$/);
    const { path } = ben;
    await ben.page.reload();
    await says(ben, '#status', /^Waiting for 1 person to answer\./);
    assert.equal(ben.path, path);
    assert.deepEqual(await ana.knocking(), ['Ben']);
    await ana.vote('Ben', true);
    await ben.entered();
    // The address is no dead end either.
    await ben.page.goto(ben.url + path);
    await ben.entered();

    // A verdict can be read again, too.
    const cleo = await stage.tab();
    await cleo.knock(await ana.code(), 'Cleo');
    await ben.vote('Cleo', false);
    await verdict(cleo, 'refused');
    await cleo.page.reload();
    await verdict(cleo, 'refused');
  });

  play('two people ask at once and learn nothing of the room', async (stage) => {
    const ana = await stage.room('Ana');
    const [ben, cleo] = [await stage.tab(), await stage.tab()];
    await ben.knock(await ana.code(), 'Ben');
    await cleo.knock(await ana.code(), 'Cleo');
    for (const tab of [ben, cleo]) {
      await says(tab, '#status', /^Waiting for 1 person to answer\.$/);
      assert.match(await tab.page.locator('.as').innerText(), new RegExp(`${tab.name}$`));
      assert.match(await tab.page.locator('#timer').innerText(), /^(600|[1-5]?\d?\d)$/);
    }
    await ana.vote('Ben', true);
    await ben.entered();
    await says(cleo, '#status', /^Waiting for 2 people to answer\.$/);
    await ben.vote('Cleo', true);
    await says(cleo, '#status', /^1 person has said yes\.\s+Waiting for 1 person to answer\.$/);
    assert.doesNotMatch(await cleo.page.locator('body').innerText(), /Ana|Ben/);
    // Who goes is not asked any more; the rest have agreed.
    await ana.leave();
    await cleo.entered();
    await cleo.counts(2);
  });

  play('a full room and one that is gone are told apart', async (stage) => {
    const ana = await stage.room('Ana');
    const ben = await stage.admit([ana], 'Ben');
    const [cleo, dan] = [await stage.tab(), await stage.tab()];
    await cleo.knock(await ana.code(), 'Cleo');
    await dan.knock(await ana.code(), 'Dan');
    for (const tab of [ana, ben]) await tab.vote('Cleo', true);
    await cleo.entered();
    for (const tab of [ana, ben, cleo]) await tab.vote('Dan', true);
    await verdict(dan, 'full');

    await cleo.leave();
    await dan.page.click('#ask-again');
    await ana.card('Dan').last().waitFor();
    await ana.leave();
    await ben.leave();
    await verdict(dan, 'gone');
    assert.equal(await dan.page.isVisible('#again'), false);
    await dan.page.click('#home');
    await dan.backHome();
  });

  play('Cancel leads home without a connection, too', async (stage) => {
    const ana = await stage.room('Ana');
    const ben = await stage.tab({ network: await stage.network() });
    await ben.knock(await ana.code(), 'Ben');
    await ben.connected();
    await ben.unplug();
    await ben.page.route((url) => url.pathname === '/', (route) => route.fulfill({ contentType: 'text/html', body: '<input id="name">' }));
    await ben.page.click('#home');
    await ben.backHome();
    // Nobody could be told; the request ends with its time.
    assert.deepEqual(await ana.knocking(), ['Ben']);
  });
});

// The embedded chat page can do more than every frontend has to. This is tried here with a
// real server and several browsers.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { serverForFile } from '../harness/server.mjs';
import { inTime, patience, until } from '../harness/wait.mjs';
import { browserForFile, eventually, scenario } from './harness.mjs';
import { EmbeddedTab, networkErrors, refusals } from './tabs.mjs';

const latency = 300; // milliseconds each way
const silence = 10_000; // milliseconds after which the page gives up a connection that answers nothing
const ttl = 10_000;

describe('chatting', { concurrency: 3 }, () => {
  const chromium = browserForFile();
  const env = { TEMPLATES_DIR: undefined, ABSENCE_GRACE: '1h', APPROVAL_TIMEOUT: '1h' };
  const server = serverForFile({ env });
  const missing = serverForFile({ env: { ...env, ABSENCE_GRACE: '1s', RETURN_GRACE: '1h' } });
  const limited = serverForFile({ env: { ...env, RATE_LIMITS: 'on' } });
  const shortLived = serverForFile({ env: { ...env, ROOM_TTL: `${ttl}ms`, APPROVAL_TIMEOUT: '2s', ABSENCE_GRACE: '1s' } });
  const on = (where) => (title, steps) => scenario(title, { chromium, server: where, Tab: EmbeddedTab }, steps);
  const play = on(server);

  const states = (tab) => tab.page.locator('.message[data-state]').evaluateAll((rows) => rows.map((row) => row.dataset.state));
  const shows = (tab, selector, text) => tab.page.locator(selector, { hasText: text }).waitFor();

  on(missing)('votes are seen by everybody as they come in, and the card goes for all', async (stage) => {
    const ana = await stage.room('Ana');
    const ben = await stage.admit([ana], 'Ben');
    const cleo = await stage.admit([ana, ben], 'Cleo');
    const members = [ana, ben, cleo];
    const dora = await stage.tab();
    await dora.knock(await ana.code(), 'Dora');
    const emil = await stage.tab();
    await emil.knock(await ana.code(), 'Emil');
    for (const tab of members) {
      for (const name of ['Dora', 'Emil']) await tab.partial(name, 'Everyone has to say yes.');
    }
    await ana.vote('Dora', true);
    await ana.partial('Dora', 'You said yes. Waiting for Ben and Cleo.');
    for (const tab of [ben, cleo]) await tab.partial('Dora', 'Ana said yes.');
    await ben.vote('Dora', true);
    for (const tab of [ana, ben]) await tab.partial('Dora', 'You said yes. Waiting for Cleo.');
    await cleo.partial('Dora', 'Ana and Ben said yes.');
    await cleo.vote('Dora', true);
    await dora.entered();
    // Now there is one more to ask about Emil.
    await ana.vote('Emil', true);
    await ana.partial('Emil', 'You said yes. Waiting for Ben, Cleo, and Dora.');
    for (const tab of members) assert.deepEqual(await tab.knocking(), ['Emil']);
    await dora.close();
    await ana.partial('Emil', 'You said yes. Waiting for Ben and Cleo.');
    // Ana's yes outlives her page, and can be taken back.
    await ana.reload();
    await ana.partial('Emil', 'You said yes. Waiting for Ben and Cleo.');
    await ana.card('Emil').getByRole('button', { name: 'Decline after all' }).click();
    for (const tab of members) await eventually(async () => assert.deepEqual(await tab.knocking(), []));
  });

  play('cards stack below the header, and leave room to write', async (stage) => {
    const ana = await stage.room('Ana');
    await ana.page.setViewportSize({ width: 390, height: 700 });
    for (const name of ['Ben', 'Cleo', 'Dora', 'Emil', 'Finn']) {
      const tab = await stage.tab();
      await tab.knock(await ana.code(), name);
      await ana.card(name).waitFor();
    }
    const { header, first, composer, chat } = await ana.page.evaluate(() => Object.fromEntries(Object.entries({
      header: '.room-info', first: '.join-request-notification', composer: '#composer', chat: '#chat',
    }).map(([key, selector]) => [key, document.querySelector(selector).getBoundingClientRect().toJSON()])));
    assert.ok(first.top >= header.bottom, 'no card covers the header');
    assert.ok(composer.bottom <= 700, 'the composer is in sight');
    assert.ok(chat.height > 100, `${chat.height} px are left of the conversation`);
    // Each can be reached.
    await ana.vote('Finn', false);
    await ana.card('Finn').waitFor({ state: 'detached' });
  });

  play('who writes is shown to the others, until it is said', async (stage) => {
    const ana = await stage.room('Ana');
    const ben = await stage.admit([ana], 'Ben');
    const cleo = await stage.admit([ana, ben], 'Cleo');
    // A sign is a hint: it may be dropped, and is forgotten after six seconds. Who goes on writing gives more.
    const writing = (tabs, sights) => eventually(async () => {
      for (const tab of tabs) await tab.page.locator(tab.at.draft).pressSequentially('x');
      for (const [tab, text] of sights) assert.equal(await tab.page.locator('#typing', { hasText: text }).isVisible(), true, String(text));
    });
    await writing([ben], [[ana, 'Ben is typing…'], [cleo, 'Ben is typing…']]);
    await writing([ben, cleo], [[ana, /(Ben and Cleo|Cleo and Ben) are typing…/], [ben, 'Cleo is typing…']]);
    await ben.say('I thought so');
    await ana.reads('Ben: I thought so');
    await writing([cleo], [[ana, 'Cleo is typing…']]);
    // It ends by itself as well.
    await ana.page.locator('#typing').waitFor({ state: 'hidden' });
    assert.equal(await ben.page.locator('#typing', { hasText: 'Ben' }).count(), 0);
  });

  on(missing)('the number of people opens the list of them, and it follows', async (stage) => {
    const ana = await stage.room('Ana');
    const ben = await stage.admit([ana], 'Ben');
    await ana.page.click('#member-count');
    const list = async () => (await ana.page.locator('#members li').allInnerTexts()).map((text) => text.split('\n').slice(1).join(' ').trim());
    await eventually(async () => assert.deepEqual(await list(), ['Ana You', 'Ben Here']));
    await ben.close();
    await eventually(async () => assert.deepEqual(await list(), ['Ana You', 'Ben Away']));
    await shows(ana, '#room-end', 'This chat ends in 24 hours, on');
  });

  play('what is written into a connection that is dying arrives once', async (stage) => {
    const ana = await stage.room('Ana');
    const ben = await stage.admit([ana], 'Ben', { network: await stage.network() });
    await ben.say('one');
    await ana.reads('Ben: one');
    await ben.reads('Ben: one');
    // The server hears two, but its answer is lost; three is lost on the way.
    ben.network.mute();
    await ben.say('two');
    await ana.reads('Ben: one', 'Ben: two');
    ben.network.blackhole();
    await ben.say('three');
    await ben.unplug();
    await ben.say('four');
    assert.deepEqual([...new Set(await states(ben))], ['waiting']);
    ben.network.restore();
    const all = ['Ben: one', 'Ben: two', 'Ben: three', 'Ben: four'];
    for (const tab of [ana, ben]) await tab.reads(...all);
    assert.deepEqual(await states(ben), []);
  });

  on(missing)('who comes and goes while one is away is told in its place, and how', async (stage) => {
    const ana = await stage.room('Ana');
    const ben = await stage.admit([ana], 'Ben', { network: await stage.network() });
    ben.expect(networkErrors);
    const happened = (tab) => tab.page.locator('.message-content, .system-message').allInnerTexts();
    await ben.unplug();
    await ben.disconnected();
    await shows(ana, '.system-message', 'Ben is away');
    await ana.say('while Ben is away');
    await ana.reads('Ana: while Ben is away');
    const cleo = await stage.admit([ana], 'Cleo');
    await cleo.say('I am new');
    await ana.reads('Ana: while Ben is away', 'Cleo: I am new');
    await cleo.leave();
    await shows(ana, '.system-message', 'Cleo left');
    await ana.say('and gone');
    ben.network.restore();
    const missed = ['while Ben is away', 'While you were away: Cleo joined', 'I am new', 'While you were away: Cleo left', 'and gone'];
    await eventually(async () => assert.deepEqual(await happened(ben), missed));
    await shows(ana, '.system-message', 'Ben is back');
    // The page that is loaded again shows it all in its place, as it is known now.
    await ben.reload();
    const known = missed.map((line) => line.replace('While you were away: ', ''));
    await eventually(async () => assert.deepEqual(await happened(ben), known));
  });

  // As when a phone wakes up: nobody has told it that the connection is dead.
  for (const [how, webSockets] of [['a websocket', true], ['polling', false]]) {
    play(`a dead connection is found out by what is written into it: ${how}`, async (stage) => {
      const ana = await stage.room('Ana');
      const ben = await stage.admit([ana], 'Ben', { network: await stage.network(), webSockets });
      ben.expect(networkErrors);
      if (!webSockets) ben.expect(refusals); // Chromium repeats by itself what a dead connection has lost
      ben.network.blackhole();
      await ben.say('hello?');
      await ben.disconnected(silence + patience);
      ben.network.restore();
      for (const tab of [ana, ben]) await tab.reads('Ben: hello?');
      assert.deepEqual(await states(ben), []);
    });
  }

  play('a dead connection is found out by what is asked', async (stage) => {
    const ana = await stage.room('Ana');
    const ben = await stage.admit([ana], 'Ben', { network: await stage.network() });
    await ana.say('hello');
    await ben.reads('Ana: hello');
    ben.expect(networkErrors);
    ben.network.blackhole();
    await ana.say('are you there?');
    await ben.page.click('#member-count');
    await ben.disconnected(silence + patience);
    ben.network.restore();
    await ben.reads('Ana: hello', 'Ana: are you there?');
  });

  play('a connection that dies while the page enters the room is found out by itself', async (stage) => {
    const ana = await stage.room('Ana');
    const network = await stage.network();
    const ben = await stage.tab({ network });
    let dead; // the first connection that would have entered
    await ben.page.routeWebSocket('**', (socket) => {
      socket.connectToServer().onMessage((frame) => {
        if (!dead && String(frame).includes('join_success')) {
          dead = socket;
          network.blackhole();
        }
        if (socket !== dead) socket.send(frame);
      });
    });
    ben.expect(networkErrors);
    await ben.knock(await ana.code(), 'Ben');
    await ana.vote('Ben', true);
    await ben.entered();
    // Nothing is typed, which would be another question.
    await ben.page.locator('#composer').evaluate((form) => {
      form.querySelector('#message-input').value = 'hello?';
      form.requestSubmit();
    });
    await eventually(async () => assert.deepEqual(await states(ben), ['waiting']));
    await ben.disconnected(silence + patience);
    network.restore();
    for (const tab of [ana, ben]) await tab.reads('Ben: hello?');
  });

  // The page says it again by its next connection; what it had said was not lost.
  play('what arrives late has arrived once', async (stage) => {
    const ana = await stage.room('Ana');
    const ben = await stage.admit([ana], 'Ben', { network: await stage.network() });
    await ana.say('hello');
    await ben.reads('Ana: hello');
    ben.expect(networkErrors);
    ben.network.hold();
    await ben.say('hello?');
    await ben.disconnected(silence + patience);
    for (const tab of [ana, ben]) await tab.reads('Ana: hello', 'Ben: hello?');
    assert.ok(ben.network.held > 0, 'something is late');
    ben.network.release();
    await ben.say('there you are');
    for (const tab of [ana, ben]) await tab.reads('Ana: hello', 'Ben: hello?', 'Ben: there you are');
  });

  play('who was away has the code of now, and only the cards of now', async (stage) => {
    const ana = await stage.room('Ana');
    const ben = await stage.admit([ana], 'Ben', { network: await stage.network() });
    const [cleo, dora] = [await stage.tab(), await stage.tab()];
    await cleo.knock(await ana.code(), 'Cleo');
    await dora.knock(await ana.code(), 'Dora');
    for (const name of ['Cleo', 'Dora']) await ben.card(name).waitFor();
    await ben.vote('Dora', true);
    await ana.partial('Dora', 'Ben said yes.');
    await ben.unplug();
    const old = await ana.code();
    await ana.requestCode();
    const fresh = await ana.newCode(old);
    await ana.vote('Cleo', false);
    ben.network.restore();
    await eventually(async () => assert.equal(await ben.code(), fresh));
    await eventually(async () => assert.deepEqual(await ben.knocking(), ['Dora']));
    await ben.partial('Dora', 'You said yes. Waiting for Ana.');
  });

  play('on a slow network all is the same, and the page says what it waits for', async (stage) => {
    const ana = await stage.room('Ana');
    const network = await stage.network();
    network.slow(latency);
    const ben = await stage.admit([ana], 'Ben', { network });
    // Noted by the page itself: from outside, one may look too late.
    const seen = await ben.page.evaluateHandle(() => {
      const noted = new Set();
      new MutationObserver(() => {
        for (const row of document.querySelectorAll('.message[data-state]')) noted.add(row.dataset.state);
      }).observe(document.querySelector('#chat'), { subtree: true, childList: true, attributeFilter: ['data-state'] });
      return noted;
    });
    await ben.say('from far away');
    await ben.reads('Ben: from far away');
    await eventually(async () => assert.deepEqual(await states(ben), []));
    // It may have waited for the connection first.
    assert.deepEqual((await seen.evaluate((noted) => [...noted])).filter((state) => state !== 'waiting'), ['sending']);
    await ana.say('hello');
    for (const tab of [ana, ben]) await tab.reads('Ben: from far away', 'Ana: hello');
    // They are read one after the other, and a page may be late to show a second.
    await eventually(async () => {
      const [there, here] = await Promise.all([ana.seconds(), ben.seconds()]);
      assert.ok(Math.abs(there - here) <= 2, `the clocks show ${there} and ${here}`);
    });
  });

  on(limited)('whoever writes faster than the server takes loses nothing', async (stage) => {
    const ana = await stage.room('Ana');
    const texts = Array.from({ length: 100 }, (_, i) => `no ${i}`);
    await ana.page.evaluate((all) => {
      const field = document.querySelector('#message-input');
      for (const text of all) {
        field.value = text;
        field.form.requestSubmit();
        // A page that is held up sends all of it together.
        if (text === all[49]) for (const end = Date.now() + 3000; Date.now() < end;);
      }
    }, texts);
    await eventually(async () => assert.deepEqual(await states(ana), []), 2 * patience);
    await ana.reads(...texts.map((text) => `Ana: ${text}`));
  });

  on(limited)('what the server refuses can be sent again', async (stage) => {
    const ana = await stage.room('Ana');
    // Each tab has its own pace, and the server counts both together.
    const twin = await stage.tab({ sharing: ana });
    twin.name = 'Ana';
    await twin.page.goto(ana.page.url());
    await twin.entered();
    const write = (tab, count) => tab.page.evaluate((n) => {
      const field = document.querySelector('#message-input');
      for (let i = 0; i < n; i += 1) {
        field.value = `message ${i}`;
        field.form.requestSubmit();
      }
    }, count);
    const tabs = [ana, twin];
    const failed = (tab) => tab.page.locator('.message[data-state=failed] button', { hasText: 'Try again' });
    const unsaid = async () => (await Promise.all(tabs.map(states))).flat();
    let written = 0;
    // The two write faster than the server takes, unless the machine is held up: then they write more.
    await until(async () => {
      if ((await unsaid()).includes('failed')) return true;
      if ((await unsaid()).length > 0) return false;
      await Promise.all(tabs.map((tab) => write(tab, 50)));
      written += 100;
      return false;
    }, { timeout: 2 * patience, what: 'the server refuses something' });
    await failed(await failed(ana).count() > 0 ? ana : twin).first().click();
    // They move as others are said, so the rest is not aimed at.
    await until(async () => {
      for (const tab of tabs) await failed(tab).evaluateAll((buttons) => { for (const again of buttons) again.click(); });
      return (await unsaid()).length === 0;
    }, { timeout: 2 * patience, what: 'everything is said' });
    for (const tab of tabs) await eventually(async () => assert.equal((await tab.lines()).length, written));
  });

  play('an invitation leads to the door', async (stage) => {
    const ana = await stage.room('Ana', { settings: { permissions: ['clipboard-read', 'clipboard-write'] } });
    const link = await ana.copyInvitation();
    assert.match(link, new RegExp(`^${ana.url}/#[\\w-]{22}$`));
    assert.equal(await ana.copyInvitation(), link, 'one page has one link');
    const ben = await stage.tab();
    await ben.followInvitation(link, 'Ben');
    await ana.vote('Ben', true);
    await ben.entered();
  });

  on(shortLived)('the end of a room is told to those inside and to those who wait', async (stage) => {
    const ana = await inTime(ttl, async () => {
      const tab = await stage.room('Ana');
      await tab.say('before the end');
      await tab.reads('Ana: before the end');
      return tab;
    });
    await shows(ana, '#ended', 'this chat has ended');
    await ana.reads('Ana: before the end');
    assert.equal(await ana.page.locator('#composer').isVisible(), false);
    assert.equal(await ana.page.evaluate(() => document.activeElement.id), 'ended');
    await ana.page.keyboard.press('Tab');
    await ana.page.keyboard.press('Enter');
    await ana.backHome();
  });

  play('a tab in the background counts what is unread', async (stage) => {
    const ana = await stage.room('Ana');
    const ben = await stage.admit([ana], 'Ben');
    await ana.page.evaluate(() => {
      Object.defineProperty(document, 'hidden', { value: true, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await ben.say('are you there?');
    await ben.say('hello?');
    await eventually(async () => assert.match(await ana.page.title(), /^\(2\) /));
  });

  play('a second tab of the same member shows what the first one says, once', async (stage) => {
    const ana = await stage.room('Ana');
    const twin = await stage.tab({ sharing: ana });
    twin.name = 'Ana';
    await twin.page.goto(ana.page.url());
    await twin.entered();
    await ana.say('from the first');
    await twin.say('from the second');
    for (const tab of [ana, twin]) {
      await eventually(async () => assert.deepEqual((await tab.lines()).map(({ what }) => what).sort(), ['from the first', 'from the second']));
      assert.deepEqual(await states(tab), []);
    }
    await ana.counts(1);
  });

  play('a tab with something unsent asks before it closes', async (stage) => {
    const ana = await stage.room('Ana', { network: await stage.network() });
    await ana.unplug();
    await ana.say('unsent');
    ana.expect(networkErrors);
    const asked = new Promise((resolve) => { ana.page.once('dialog', (dialog) => resolve(dialog.type())); });
    await ana.page.close({ runBeforeUnload: true });
    assert.equal(await asked, 'beforeunload');
  });
});

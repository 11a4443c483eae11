// The back button: a page that the browser has kept forgets what was said, and does not live again.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { browserForFile, eventually } from '../browser/harness.mjs';
import { openPage } from './embedded-page.mjs';
import { alice, askToLeave, joinedRoom, knock, self } from './room.mjs';

describe('a page that was left', () => {
  const chromium = browserForFile();
  const hide = (page, persisted = true) => page.evaluate((value) => { dispatchEvent(new PageTransitionEvent('pagehide', { persisted: value })); }, persisted);
  const show = (page) => page.evaluate(() => { dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })); });
  const isEmpty = async (page) => assert.equal(await page.evaluate(() => document.querySelector('main').childNodes.length), 0);

  // Holds on to what the scripts may hold on to, with what they make from here on.
  const hold = (page) => page.evaluate(() => {
    globalThis.held = [...document.querySelectorAll('main *')];
    globalThis.made = new MutationObserver(() => {});
    globalThis.made.observe(document.querySelector('main'), { subtree: true, childList: true });
  });
  const heldText = (page) => page.evaluate(() => {
    const made = globalThis.made.takeRecords().flatMap(({ addedNodes }) => [...addedNodes]);
    return [...globalThis.held, ...made].map((node) => `${node.textContent}${node.value ?? ''}`).join(' ');
  });

  const talk = async (page) => {
    await page.receive('message', { ...alice, id: 1, content: 'a secret' });
    await page.receive('message', { ...self, id: 2, content: 'a secret of mine' });
    await page.receive('join_request', knock);
    await page.receive('disconnect', 'transport close');
    await page.fill('#message-input', 'a secret on its way');
    await page.keyboard.press('Enter');
    await page.fill('#message-input', 'a secret begun');
  };

  const ends = {
    'whose room has ended': (page) => page.receive('room_expired', { room: 'room-1' }),
    'whose membership has ended': (page) => page.receive('room_status', { exists: false }),
  };
  for (const [what, end] of Object.entries(ends)) {
    for (const persisted of [true, false]) {
      test(`${what} forgets what was said${persisted ? ' and leads to the start page' : ''}`, async (t) => {
        const page = await joinedRoom(t, chromium);
        await talk(page);
        await end(page);
        await hold(page);
        await hide(page, persisted);
        await isEmpty(page);
        assert.doesNotMatch(await heldText(page), /secret|Charlie/);
        await page.receive('message', { ...alice, id: 3, content: 'more' });
        await page.receive('connect');
        await isEmpty(page);
        assert.deepEqual(page.problems, []);
        if (!persisted) return;
        await show(page);
        await page.waitForURL('http://localhost/');
      });
    }
  }

  test('alive forgets what was said, keeps the draft, and is loaded anew', async (t) => {
    const page = await joinedRoom(t, chromium);
    await talk(page);
    const draft = await page.evaluate(() => sessionStorage.getItem('draft'));
    await hold(page);
    await page.sent();
    await hide(page);
    assert.deepEqual(await page.sent(), [['(disconnect)']]);
    await isEmpty(page);
    assert.doesNotMatch(await heldText(page), /secret|Charlie/);
    await page.receive('disconnect', 'io client disconnect');
    assert.equal(await page.evaluate(() => sessionStorage.getItem('draft')), draft);
    await page.evaluate(() => { globalThis.before = true; });
    await show(page);
    await page.waitForFunction(() => !globalThis.before && globalThis.options);
    assert.equal(await page.inputValue('#message-input'), 'a secret on its way\na secret begun');
    assert.equal(await page.locator('.message').count(), 0);
    assert.deepEqual(page.problems, []);
  });

  test('alive has no names in its title, not even when its window gets the focus', async (t) => {
    const page = await joinedRoom(t, chromium);
    await page.receive('members', { members: [{ member: 'seat-2', display_name: 'Alice', present: true, you: false }] });
    assert.match(await page.title(), /Alice/);
    const focus = (has) => page.evaluate((focused) => {
      document.hasFocus = () => focused;
      dispatchEvent(new Event(focused ? 'focus' : 'blur'));
    }, has);
    await focus(false);
    await hide(page);
    assert.equal(await page.title(), 'Secure Chat');
    await focus(true);
    assert.equal(await page.title(), 'Secure Chat');
  });

  test('by reloading asks nothing and loses nothing', async (t) => {
    const page = await joinedRoom(t, chromium);
    await page.fill('#message-input', 'half');
    await hide(page, false);
    assert.equal(await page.inputValue('#message-input'), 'half', 'somebody may have stayed after all');
  });

  test('for good is not in the history', async (t) => {
    const page = await joinedRoom(t, chromium);
    await page.receive('disconnect', 'transport close');
    const entries = await page.evaluate(() => history.length);
    await askToLeave(page);
    await page.click('#leave-confirm');
    await page.waitForURL('http://localhost/');
    assert.equal(await page.evaluate(() => history.length), entries);
  });

  const waiting = { answer_time: 60, csrf_token: 'x', session: { pending_approval: 'knock-1', user_id: 'knock-1', display_name: 'Zoë' } };
  const waits = {
    waiting: async () => {},
    refused: (page) => page.receive('join_denied', { user_id: 'knock-1', room: 'x' }),
  };
  for (const [what, end] of Object.entries(waits)) {
    test(`at the door, ${what}, is asked for anew`, async (t) => {
      const page = await openPage(t, chromium.browser, 'waiting_approval.html', waiting);
      await page.receive('connect');
      await end(page);
      await hide(page);
      await isEmpty(page);
      page.navigations.length = 0;
      await show(page);
      await eventually(() => assert.deepEqual(page.navigations, ['/join/knock-1']));
      assert.deepEqual(page.problems, []);
    });
  }

  const start = (t) => openPage(t, chromium.browser, 'index.html', { csrf_token: 'x' }, { at: '#123456' });

  test('at the start, unused, keeps what was filled in', async (t) => {
    const page = await start(t);
    await page.locator('#invitation').waitFor();
    await page.fill('#name', 'Zoë');
    await hide(page);
    await show(page);
    assert.deepEqual([await page.inputValue('#name'), await page.inputValue('#code'), await page.locator('#invitation').isVisible()], ['Zoë', '123456', true]);
  });

  test('at the start, used, has no code and no invitation any more, and its buttons work', async (t) => {
    const page = await start(t);
    await page.locator('#invitation').waitFor();
    await page.fill('#name', 'Zoë');
    // The browser keeps the page as it is when somebody goes; here it stays.
    await page.route('**/join/knock-1', (route) => route.fulfill({ status: 204 }));
    page.answers.push({ status: 200, contentType: 'application/json', body: '{"location":"/join/knock-1"}' });
    await page.click('#join');
    await eventually(() => assert.equal(page.posted.length, 1));
    await eventually(async () => assert.equal(await page.evaluate(() => localStorage.getItem('name')), 'Zoë'));
    await hide(page);
    await page.evaluate(() => { globalThis.before = true; });
    await show(page);
    await page.waitForFunction(() => !globalThis.before && document.readyState === 'complete');
    await eventually(async () => assert.equal(await page.inputValue('#name'), 'Zoë'));
    assert.deepEqual([await page.inputValue('#code'), await page.locator('#invitation').isVisible()], ['', false]);
    assert.equal(await page.locator('#join').getAttribute('aria-disabled'), null);
  });
});

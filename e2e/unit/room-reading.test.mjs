// The page shows where reading stopped while nobody looked at it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { browserForFile, eventually } from '../browser/harness.mjs';
import { alice, joinedRoom, openRoom, self } from './room.mjs';

describe('where reading stopped', () => {
  const chromium = browserForFile();
  const joined = (t, options) => joinedRoom(t, chromium, { viewport: { width: 390, height: 700 }, ...options });

  const look = (page, looks) => page.evaluate((seen) => {
    Object.defineProperty(document, 'hidden', { value: !seen, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, looks);
  const say = async (page, from, to, who = alice) => {
    await page.evaluate(([first, last, message]) => {
      for (let id = first; id <= last; id += 1) globalThis.receive('message', { ...message, id, content: `no ${id}` });
    }, [from, to, who]);
    await page.locator('.message-content', { hasText: new RegExp(`^no ${to}$`) }).waitFor({ state: 'attached' });
  };
  /** The messages below the line; undefined if there is none. */
  const below = (page) => page.locator('#log').evaluate((log) => {
    const all = [...log.querySelectorAll('.unread, .message-content')];
    const at = all.findIndex((row) => row.matches('.unread'));
    return at < 0 ? undefined : all.slice(at + 1).map((row) => row.textContent);
  });
  /** Pixels from the top of the conversation to the line, and from its end to what is in sight. */
  const place = (page) => page.locator('#chat').evaluate((chat) => {
    const line = chat.querySelector('.unread');
    return {
      line: line && Math.round(line.getBoundingClientRect().top - chat.getBoundingClientRect().top),
      left: Math.round(chat.scrollHeight - chat.scrollTop - chat.clientHeight),
    };
  });

  test('a line stands above what came while nobody looked, and the end is in sight if all of it is', async (t) => {
    const page = await joined(t);
    await say(page, 1, 3);
    assert.equal(await below(page), undefined);
    await look(page, false);
    await page.receive('member_joined', { display_name: 'Ben' }); // no message
    assert.equal(await below(page), undefined);
    await say(page, 4, 6);
    assert.deepEqual(await below(page), ['no 4', 'no 5', 'no 6']);
    assert.equal(await page.locator('.unread').innerText(), 'New messages');
    await look(page, true);
    await say(page, 7, 7);
    assert.deepEqual(await below(page), ['no 4', 'no 5', 'no 6', 'no 7'], 'it stays where it is');
    assert.ok((await place(page)).left <= 1);
    assert.equal(await page.locator('#to-latest').isVisible(), false);
    await look(page, false);
    assert.equal(await below(page), undefined, 'all was seen');
    await say(page, 8, 8);
    assert.deepEqual(await below(page), ['no 8']);
  });

  test('with more than a screenful it is held at the top, and the rest is counted from there', async (t) => {
    const page = await joined(t);
    await say(page, 1, 30);
    await look(page, false);
    await say(page, 31, 80);
    await say(page, 81, 90);
    await look(page, true);
    const { line, left } = await place(page);
    assert.ok(line >= 0 && line < 40, `${line} px from the top`);
    assert.ok(left > 300);
    await eventually(async () => assert.equal(await page.locator('#to-latest').innerText(), '60 new messages ↓'));
    await say(page, 91, 91);
    await eventually(async () => assert.equal(await page.locator('#to-latest').innerText(), '61 new messages ↓'));
    assert.deepEqual((await place(page)).line, line, 'who reads is not moved');
    // Away again before all was read: the line stays, and the count goes on.
    await look(page, false);
    await say(page, 92, 92);
    assert.equal((await below(page))[0], 'no 31');
    await look(page, true);
    await page.click('#to-latest');
    await eventually(async () => assert.ok((await place(page)).left <= 1));
    assert.equal(await page.locator('#to-latest').isVisible(), false);
    await say(page, 93, 93);
    assert.ok((await place(page)).left <= 1, 'it follows again');
  });

  test('who says something has read what was said before', async (t) => {
    const page = await joined(t);
    await say(page, 1, 30);
    await look(page, false);
    await say(page, 31, 60);
    await look(page, true);
    await page.fill('#message-input', 'mine');
    await page.click('#send');
    assert.equal(await below(page), undefined);
    await eventually(async () => assert.ok((await place(page)).left <= 1));
    assert.equal(await page.locator('#to-latest').isVisible(), false);
  });

  test('so has who says it in another tab', async (t) => {
    const page = await joined(t);
    await look(page, false);
    await say(page, 1, 3);
    await say(page, 4, 4, { ...self, ref: 'of another tab' });
    assert.equal(await below(page), undefined);
    await say(page, 5, 5);
    assert.deepEqual(await below(page), ['no 5']);
  });

  test('a window that is seen without the focus is one that nobody looks at', async (t) => {
    const page = await joined(t);
    await say(page, 1, 2);
    await page.evaluate(() => {
      document.hasFocus = () => false;
      dispatchEvent(new Event('blur'));
    });
    await say(page, 3, 4);
    assert.deepEqual(await below(page), ['no 3', 'no 4']);
  });

  test('who read further up when they left stays there', async (t) => {
    const page = await joined(t);
    await say(page, 1, 60);
    await page.locator('#chat').evaluate((chat) => { chat.scrollTop = 0; });
    await page.receive('pong'); // a frame goes by, in which the scrolling is told
    await look(page, false);
    await say(page, 61, 63);
    await look(page, true);
    assert.equal(await page.locator('#chat').evaluate((chat) => chat.scrollTop), 0);
    assert.equal(await page.locator('#to-latest').innerText(), '3 new messages ↓');
    assert.deepEqual(await below(page), ['no 61', 'no 62', 'no 63']);
  });

  test('what a page that is away for long forgets, it does not hold', async (t) => {
    const page = await joined(t);
    await say(page, 1, 10);
    await look(page, false);
    for (let from = 11; from < 1600; from += 300) await say(page, from, from + 299);
    assert.ok(await page.locator('.message').count() <= 1300);
    await look(page, true);
    assert.equal(await page.locator('.unread').count(), 1);
  });

  // Browsers throw pages away that nobody looks at, and load them anew.
  test('a page that is loaded again knows what was read', async (t) => {
    const page = await joined(t);
    const enter = async (last) => {
      await page.waitForFunction(() => globalThis.options);
      await page.receive('connect');
      await page.receive('join_success', { count: 2 });
      await say(page, 1, last);
      await page.receive('timer_sync', { time_remaining: 240 });
    };
    await say(page, 1, 10);
    await page.reload();
    await enter(10);
    assert.equal(await below(page), undefined, 'all was read');
    await look(page, false);
    await say(page, 11, 14);
    await page.reload();
    await enter(16);
    assert.deepEqual(await below(page), ['no 11', 'no 12', 'no 13', 'no 14', 'no 15', 'no 16']);
    assert.equal(await page.locator('#to-latest').isVisible(), false);
    await page.reload();
    await enter(16);
    assert.equal(await below(page), undefined, 'it was seen after the last time');
    assert.deepEqual(page.problems, []);
  });

  test('the first page has no past to catch up with, and forgets its place when the chat is over', async (t) => {
    const page = await openRoom(t, chromium);
    await page.receive('connect');
    await page.receive('join_success', { count: 2 });
    await say(page, 1, 40);
    await page.receive('timer_sync', { time_remaining: 240 });
    assert.equal(await below(page), undefined);
    await look(page, false);
    assert.match(await page.evaluate(() => sessionStorage.getItem('read')), /^room-1 seat-1 40$/);
    await page.receive('room_expired', { room: 'room-1' });
    assert.equal(await page.evaluate(() => sessionStorage.getItem('read')), null);
    await page.evaluate(() => { dispatchEvent(new PageTransitionEvent('pagehide', { persisted: false })); });
    assert.equal(await page.evaluate(() => sessionStorage.getItem('read')), null, 'nor when the page goes');
  });
});

describe('the end of a chat', () => {
  const chromium = browserForFile();

  /** A page whose time the test decides on, in a chat that ends after so many seconds. */
  async function ending(t, seconds) {
    const page = await openRoom(t, chromium, { locale: 'en-GB', timezoneId: 'Europe/Vienna' });
    await page.clock.install({ time: new Date('2026-06-01T12:00:00+02:00') });
    page.tick = (ms) => page.clock.runFor(ms);
    await page.evaluate(() => globalThis.receive('connect'));
    await page.evaluate(() => globalThis.receive('join_success', { count: 1 }));
    page.status = async (left) => {
      await page.evaluate((expires) => globalThis.receive('room_status', { exists: true, participant_count: 1, expires_in: expires }), left);
      await page.tick(100);
    };
    assert.ok((await page.sent()).some(([event]) => event === 'ping_room'), 'it asks when that is');
    await page.status(seconds);
    return page;
  }
  const told = async (page) => (await page.locator('.system-message').allInnerTexts()).map((said) => said.replace(/\.[^]*$/, ''));
  /** Lets the server answer the page, which has asked how much time is left. */
  const answer = async (page, seconds) => {
    assert.ok((await page.sent()).some(([event]) => event === 'ping_room'), 'it asks before it warns');
    await page.status(seconds);
  };
  const [hour, tenMinutes, minute] = ['This chat ends in 1 hour, at 15:00', 'This chat ends in 10 minutes, at 15:00', 'This chat ends at 15:00'];

  test('is announced an hour, ten minutes and a minute before, once each', async (t) => {
    const page = await ending(t, 3 * 3600);
    assert.deepEqual(await told(page), []);
    await page.clock.fastForward(2 * 3_600_000);
    await page.tick(1100);
    assert.deepEqual(await told(page), []);
    await answer(page, 3599);
    assert.deepEqual(await told(page), [hour]);
    assert.match(await page.locator('#news').textContent(), /ends in 1 hour/);
    await page.status(3599);
    await page.clock.fastForward(50 * 60_000);
    await page.tick(1100);
    await answer(page, 599);
    assert.deepEqual(await told(page), [hour, tenMinutes]);
    assert.equal(await page.locator('.notice').count(), 0);
    await page.clock.fastForward(9 * 60_000);
    await page.tick(1100);
    await answer(page, 59);
    assert.deepEqual(await told(page), [hour, tenMinutes, minute]);
    assert.match(await page.locator('.notice').innerText(), /This chat ends at 15:00\. Copy/);
    assert.doesNotMatch(await page.locator('#news').textContent(), /15:00\. Copy/, 'the notice is heard already');
    await page.status(30);
    assert.equal((await told(page)).length, 3);
    assert.deepEqual(page.problems, []);
  });

  for (const [seconds, expected] of [[3000, /in 50 minutes/], [300, /in 5 minutes/], [95, /in 2 minutes, at 12:01/], [40, /ends at 12:00$/]]) {
    test(`who comes ${seconds} seconds before hears the warning that holds, and no other`, async (t) => {
      const page = await ending(t, seconds);
      const all = await told(page);
      assert.equal(all.length, 1);
      assert.match(all[0], expected);
      assert.equal(await page.locator('#empty').count(), 1, 'the founder can still invite');
    });
  }

  for (const [seconds, expected] of [[605, /in 10 minutes, at 12:10/], [70, /ends at 12:01$/]]) {
    test(`who comes ${seconds} seconds before does not hear the same minute twice`, async (t) => {
      const page = await ending(t, seconds);
      await page.clock.fastForward(15_000);
      await page.tick(100);
      await answer(page, seconds - 15);
      const all = await told(page);
      assert.equal(all.length, 1);
      assert.match(all[0], expected);
    });
  }

  // The end is in the middle of a minute, and nobody has all of it.
  test('tells no time after the end', async (t) => {
    const page = await ending(t, 50);
    assert.match((await told(page))[0], /ends at 12:00$/);
  });

  test('a clock that is set uses up no warning, and tells a wrong one to nobody who is connected', async (t) => {
    const page = await ending(t, 3 * 3600);
    await page.clock.setSystemTime(new Date('2026-06-01T14:55:00+02:00'));
    await page.clock.fastForward(3_600_000);
    assert.deepEqual(await told(page), []);
    assert.ok((await page.sent()).some(([event]) => event === 'ping_room'), 'it asks');
    for (const [left, said] of [[3599, /in 1 hour/], [599, /in 10 minutes/], [59, /ends at/]]) {
      await page.status(left);
      const all = await told(page);
      assert.match(all.at(-1), said);
      await page.status(left - 1);
      assert.equal((await told(page)).length, all.length, 'once');
      await page.clock.setSystemTime(new Date('2026-06-01T18:00:00+02:00'));
      await page.clock.fastForward(31_000);
    }
    assert.equal((await told(page)).length, 3);
  });

  test('without a connection the clock has to do, and what was wrong is said anew', async (t) => {
    const page = await ending(t, 2 * 3600);
    await page.evaluate(() => globalThis.receive('disconnect', 'transport close'));
    await page.clock.fastForward(7_200_000 - 300_000);
    await page.tick(1100);
    assert.match((await told(page)).at(-1), /in 5 minutes/);
    await page.evaluate(() => globalThis.receive('connect'));
    await page.status(1800); // the clock was ahead
    assert.match((await told(page)).at(-1), /in 30 minutes/);
    await page.status(599);
    assert.match((await told(page)).at(-1), /in 10 minutes/);
    assert.equal((await told(page)).length, 3);
  });

  test('a page that slept through the warnings gives the last one only', async (t) => {
    const page = await ending(t, 3 * 3600);
    // No timer has fired meanwhile, and the clock has gone on.
    await page.clock.setSystemTime(new Date('2026-06-01T14:55:00+02:00'));
    await page.evaluate(() => dispatchEvent(new Event('pageshow')));
    await page.status(300);
    const all = await told(page);
    assert.equal(all.length, 1);
    assert.match(all[0], /in 5 minutes/);
  });

  test('after it nothing is announced', async (t) => {
    const page = await ending(t, 3601);
    await page.evaluate(() => globalThis.receive('room_expired', {}));
    await page.clock.fastForward(3_600_000);
    await page.tick(1000);
    assert.deepEqual(await told(page), []);
  });
});

describe('files', () => {
  const chromium = browserForFile();
  const joined = (t) => joinedRoom(t, chromium);

  /** Lets somebody drag or paste something: resolves to whether the page keeps the browser from doing something with it. */
  const give = (page, selector, type, data) => page.evaluate(([where, event, given]) => {
    const transfer = new DataTransfer();
    if (given.file) transfer.items.add(new File(['x'], given.file));
    for (const [kind, value] of Object.entries(given.texts ?? {})) transfer.setData(kind, value);
    const init = { bubbles: true, cancelable: true };
    const made = event === 'paste' ? new ClipboardEvent(event, { ...init, clipboardData: transfer }) : new DragEvent(event, { ...init, dataTransfer: transfer });
    return !document.querySelector(where).dispatchEvent(made);
  }, [selector, type, data]);
  const refusal = (page) => page.locator('.notice', { hasText: 'Files can’t be sent yet.' }).count();

  for (const [what, where, type, data, kept, told] of [
    ['a file dropped on the conversation', '#chat', 'drop', { file: 'a.png' }, true, 1],
    ['a file dropped on the field', '#message-input', 'drop', { file: 'a.png' }, true, 1],
    ['a file dropped beside the chat', 'body', 'drop', { file: 'a.png' }, true, 1],
    ['a file over the page', 'body', 'dragover', { file: 'a.png' }, true, 0],
    ['a picture that is pasted', '#message-input', 'paste', { file: 'a.png' }, true, 1],
    ['a table that is pasted as text and picture', '#message-input', 'paste', { file: 'a.png', texts: { 'text/plain': '1\t2' } }, false, 0],
    ['a text that is pasted', '#message-input', 'paste', { texts: { 'text/plain': 'hi' } }, false, 0],
    ['a text dropped on the field', '#message-input', 'drop', { texts: { 'text/plain': 'hi' } }, false, 0],
    ['a link dropped on the field', '#message-input', 'drop', { texts: { 'text/uri-list': 'https://example.org/' } }, false, 0],
    ['a link dropped on a switch', '#sound', 'drop', { texts: { 'text/uri-list': 'https://example.org/' } }, true, 0],
    ['a link over a switch', '#sound', 'dragover', { texts: { 'text/uri-list': 'https://example.org/' } }, true, 0],
    ['a link dropped on the choice of colours', '#appearance input', 'drop', { texts: { 'text/uri-list': 'https://example.org/' } }, true, 0],
    ['a text dropped on a button', '#send', 'drop', { texts: { 'text/plain': 'hi' } }, true, 0],
    ['a link dropped on the conversation', '#chat', 'drop', { texts: { 'text/uri-list': 'https://example.org/' } }, true, 0],
  ]) {
    test(what, async (t) => {
      const page = await joined(t);
      assert.equal(await give(page, where, type, data), kept);
      assert.equal(await refusal(page), told);
      assert.equal(await page.inputValue('#message-input'), '');
    });
  }

  // The browser does nothing with a text that such a field cannot take, but follows a link.
  for (const state of ['disabled', 'readOnly']) {
    test(`a link dropped on the field while it is ${state}`, async (t) => {
      const page = await joined(t);
      await page.evaluate((how) => { document.querySelector('#message-input')[how] = true; }, state);
      assert.equal(await give(page, '#message-input', 'drop', { texts: { 'text/uri-list': 'https://example.org/' } }), true);
    });
  }
});

// A draft, which is written and not sent, is there again after a reload, and nowhere else.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { browserForFile, eventually } from '../browser/harness.mjs';
import { openPage } from './embedded-page.mjs';
import { askToLeave, joinedRoom, self } from './room.mjs';

describe('a draft', () => {
  const chromium = browserForFile();
  const joined = async (t, options) => {
    const page = await joinedRoom(t, chromium, options);
    page.on('dialog', (dialog) => dialog.accept()); // what is on its way would be lost
    return page;
  };
  const written = (page) => page.inputValue('#message-input');
  const kept = (page) => page.evaluate(() => sessionStorage.getItem('draft'));
  const sent = async (page) => (await page.sent()).filter(([event]) => event === 'message').map(([, message]) => message);
  const reload = async (page) => {
    await page.reload();
    await page.waitForFunction(() => globalThis.options);
  };
  const write = async (page, text) => {
    await page.focus('#message-input');
    await page.keyboard.type(text);
  };

  test('survives a reload, to the letter', async (t) => {
    const page = await joined(t);
    await page.fill('#message-input', '  half a\n\tsentence <b> ');
    await reload(page);
    assert.equal(await written(page), '  half a\n\tsentence <b> ');
    await write(page, 'and on');
    await reload(page);
    assert.equal(await written(page), '  half a\n\tsentence <b> and on');
    assert.deepEqual(page.problems, []);
  });

  test('does not open the keyboard of a phone', async (t) => {
    const page = await joined(t, { isMobile: true, hasTouch: true, viewport: { width: 390, height: 844 } });
    await page.fill('#message-input', 'half');
    await reload(page);
    assert.equal(await written(page), 'half');
    assert.equal(await page.evaluate(() => document.activeElement.localName), 'body');
  });

  test('is erased when it is sent', async (t) => {
    const page = await joined(t);
    await write(page, 'hello');
    assert.match(await kept(page), /hello/);
    await page.keyboard.press('Enter');
    assert.equal(await kept(page), null);
    await reload(page);
    assert.equal(await written(page), '');
  });

  for (const [what, end] of Object.entries({
    'the room ends': (page) => page.receive('room_expired', { room: 'room-1' }),
    'the membership ends': (page) => page.receive('room_status', { exists: false }),
    'the person leaves': async (page) => {
      await page.receive('disconnect', 'transport close');
      await askToLeave(page);
      await page.click('#leave-confirm');
      await page.waitForURL('http://localhost/');
    },
  })) {
    test(`is erased when ${what}`, async (t) => {
      const page = await joined(t);
      await page.receive('disconnect', 'transport close');
      await write(page, 'waits');
      await page.keyboard.press('Enter');
      await write(page, 'half');
      assert.match(await kept(page), /waits.*half/);
      await end(page);
      await eventually(async () => assert.equal(await kept(page), null));
    });
  }

  test('is never shown to another seat', async (t) => {
    for (const other of [{ room: 'room-1', member: 'seat-2' }, { room: 'room-2', member: 'seat-1' }]) {
      const page = await joined(t, { prepare: (context) => context.addInitScript((value) => {
        sessionStorage.setItem('draft', JSON.stringify(value));
      }, { ...other, text: 'for others' }) });
      assert.equal(await written(page), '');
      assert.equal(await kept(page), null);
    }
  });

  test('what nobody can read does no harm', async (t) => {
    for (const odd of ['{', 'null', '7', '{"room":"room-1","member":"seat-1","text":7}']) {
      const page = await joined(t, { prepare: (context) => context.addInitScript((value) => { sessionStorage.setItem('draft', value); }, odd) });
      assert.equal(await written(page), '');
      assert.deepEqual(page.problems, []);
    }
  });

  test('what was sent and never heard is in it, and what may have been heard is not', async (t) => {
    const page = await joined(t);
    const say = async (text) => { await write(page, text); await page.keyboard.press('Enter'); };
    await say('refused');
    const [{ ref }] = await sent(page);
    await page.receive('room_error', { message: 'Slow down.', ref });
    await say('perhaps');
    await page.receive('disconnect', 'transport close');
    await say('waits');
    await write(page, 'half');
    await reload(page);
    assert.equal(await written(page), 'refused\nwaits\nhalf');
  });

  test('what had arrived after all is not in it', async (t) => {
    const page = await joined(t);
    await write(page, 'there');
    await page.keyboard.press('Enter');
    const [{ ref }] = await sent(page);
    await page.receive('room_error', { message: 'Slow down.', ref });
    assert.match(await kept(page), /there/);
    await page.receive('message', { ...self, id: 1, content: 'there', ref });
    assert.equal(await kept(page), null);
  });

  test('what is typed before the page works is not lost to it', async (t) => {
    const page = await joined(t);
    await page.fill('#message-input', 'half');
    let go;
    const held = new Promise((resolve) => { go = resolve; });
    await page.route('**/js/room/page.js', async (route) => {
      await held;
      await route.fallback();
    });
    await page.reload({ waitUntil: 'commit' });
    await page.fill('#message-input', 'early');
    go();
    await eventually(async () => assert.equal(await written(page), 'half\nearly'));
  });

  // A redirect to the start page looks like a step back to it.
  for (const [what, answer, survives] of [
    ['is still a member', { status: 200, body: 'the room' }, true],
    ['is no member any more', { status: 302, headers: { Location: '/' } }, false],
    ['cannot reach the server', null, true],
  ]) {
    test(`at the start page, of who ${what}, ${survives ? 'stays' : 'goes'}`, async (t) => {
      const asked = [];
      const page = await openPage(t, chromium.browser, 'index.html', { csrf_token: 'x' }, { prepare: async (context) => {
        await context.addInitScript(() => { sessionStorage.setItem('draft', JSON.stringify({ room: 'room-1', member: 'seat-1', text: 'half' })); });
        await context.route('**/room/room-1', (route) => {
          asked.push(route.request().url());
          return answer ? route.fulfill(answer) : route.abort();
        });
      } });
      await page.route('**/room/room-1', (route) => {
        asked.push(route.request().url());
        return answer ? route.fulfill(answer) : route.abort();
      });
      await page.reload();
      await eventually(() => assert.ok(asked.length > 0));
      await page.waitForLoadState('networkidle');
      await eventually(async () => assert.equal(await kept(page) !== null, survives));
    });
  }
});

// Who writes goes on writing, whatever happens on the page and whichever button is pressed.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { browserForFile, eventually } from '../browser/harness.mjs';
import { alice, askToLeave, events, joinedRoom, knock, self } from './room.mjs';

const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

describe('the keyboard', () => {
  const chromium = browserForFile();
  const joined = (t, options) => joinedRoom(t, chromium, options);
  const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.localName);
  const written = (page) => page.inputValue('#message-input');
  const press = (page, { hasTouch }, selector) => (hasTouch ? page.tap(selector) : page.click(selector));

  const refused = async (page) => {
    await page.fill('#message-input', 'too much');
    await page.keyboard.press('Enter');
    const [, { ref }] = (await page.sent()).find(([event]) => event === 'message');
    await page.receive('room_error', { message: 'Slow down.', ref });
  };
  const readingUp = async (page) => {
    for (let id = 0; id < 60; id += 1) await page.receive('message', { ...alice, id, content: `line ${id}` });
    await page.locator('#chat').evaluate((chat) => { chat.scrollTop = 0; });
    await page.receive('message', { ...alice, id: 60, content: 'news' });
  };
  const knocked = (page) => page.receive('join_request', knock);
  const presses = {
    'yes to a knock': [knocked, '#notification-knock-1 .accept'],
    'no to a knock': [knocked, '#notification-knock-1 .deny'],
    'the button that closes a notice': [(page) => page.receive('room_error', { message: 'Slow down.' }), '.notice button'],
    'the way to the latest message': [readingUp, '#to-latest'],
    'try again': [refused, '.message-state button:first-of-type'],
  };

  for (const [kind, options] of [['a mouse', {}], ['a thumb', phone]]) {
    for (const [what, [prepare, selector]] of Object.entries(presses)) {
      test(`stays in a half-written message with ${kind} on ${what}`, async (t) => {
        const page = await joined(t, options);
        await prepare(page);
        await press(page, options, '#message-input');
        await page.keyboard.type('half a ');
        await page.evaluate(() => {
          globalThis.lost = 0;
          document.getElementById('message-input').addEventListener('blur', () => { globalThis.lost += 1; });
        });
        await press(page, options, selector);
        await page.keyboard.type('sentence');
        assert.equal(await focused(page), 'message-input');
        assert.equal(await written(page), 'half a sentence');
        assert.equal(await page.evaluate(() => globalThis.lost), 0, 'a phone would have put its keyboard away');
      });
    }
  }

  test('stays in a half-written message whatever happens', async (t) => {
    const page = await joined(t);
    await page.focus('#message-input');
    const all = [
      ['join_request', knock], ['request_status', { user_id: 'knock-1', approvals: 1, required: 2, time_remaining: 20 }],
      ['join_approved', { user_id: 'knock-1', room: 'room-1', current_time: 1 }], ['member_joined', { display_name: 'Charlie' }],
      ['join_request', { ...knock, user_id: 'knock-2' }], ['join_denied', { user_id: 'knock-2', room: 'room-1' }],
      ['room_error', { message: 'Slow down.' }], ['disconnect', 'transport close'], ['connect'],
      ['code_update', { new_code: '654321', code: '654321' }], ['message', { ...alice, id: 1, content: 'hello' }], ['member_left', { display_name: 'Charlie' }],
    ];
    for (const [i, happened] of all.entries()) {
      await page.receive(...happened);
      await page.keyboard.type(`${i} `);
    }
    assert.equal(await written(page), all.map((_, i) => `${i} `).join(''));
  });

  test('a dialog has it, and gives it back', async (t) => {
    const page = await joined(t);
    for (const [opener, dialog] of [['#invite', 'invite-dialog'], ['#member-count', 'members-dialog']]) {
      await page.focus('#message-input');
      await page.keyboard.type('x');
      await page.click(opener);
      assert.equal(await page.evaluate((id) => document.getElementById(id).contains(document.activeElement), dialog), true);
      await page.keyboard.type('y');
      await knocked(page); // closes it
      await page.keyboard.type('z');
      await page.receive('join_denied', { user_id: 'knock-1', room: 'room-1' });
    }
    assert.equal(await written(page), 'xzxz');
  });

  test('finds a place when the button that had it goes', async (t) => {
    const page = await joined(t);
    await page.clock.install();
    await page.receive('room_error', { message: 'Slow down.' });
    await page.focus('.notice button');
    await page.clock.runFor(10_000);
    assert.equal(await page.locator('.notice').count(), 0);
    assert.equal(await focused(page), 'chat');

    await refused(page);
    await page.locator('.message-state button').first().focus();
    await page.keyboard.press('Enter');
    assert.equal(await focused(page), 'message-input');
    const [, { ref }] = (await page.sent()).find(([event]) => event === 'message');
    await page.receive('room_error', { message: 'Slow down.', ref });
    await page.locator('.message-state button').first().focus();
    await page.receive('message', { ...self, id: 9, content: 'too much', ref }); // it had arrived
    assert.equal(await focused(page), 'message-input');
  });

  const nowhere = (page) => page.evaluate(() => document.activeElement.blur());

  test('printable keys with nothing focused go to the message', async (t) => {
    const page = await joined(t);
    await nowhere(page);
    await page.keyboard.type('Hi ');
    assert.equal(await written(page), 'Hi ');
    await page.focus('#chat');
    await page.keyboard.type('ü7?');
    assert.equal(await written(page), 'Hi ü7?');
    await page.receive('join_request', knock);
    await page.locator('#notification-knock-1').focus(); // where the keyboard is after a yes
    await page.keyboard.type('!');
    assert.equal(await written(page), 'Hi ü7?!');
    await page.keyboard.press('Enter');
    assert.deepEqual((await events(page)).filter((event) => event === 'message'), ['message']);
  });

  test('they go on where the message ends', async (t) => {
    const page = await joined(t);
    await page.fill('#message-input', 'half a ');
    await nowhere(page);
    await page.keyboard.type('sentence');
    assert.equal(await written(page), 'half a sentence');
  });

  test('other keys, and those that somebody else takes, do not', async (t) => {
    const page = await joined(t);
    for (const key of ['Control+b', 'Alt+j', 'Meta+j', 'Escape', 'F2', 'ArrowDown', 'PageUp', 'Shift', 'Enter', 'Backspace']) {
      await nowhere(page);
      await page.keyboard.press(key);
      assert.equal(await focused(page), 'body', key);
    }
    await page.focus('#chat');
    await page.keyboard.press('Space'); // scrolls
    assert.equal(await focused(page), 'chat');
    await page.focus('#more');
    await page.keyboard.press('x');
    assert.equal(await focused(page), 'more');
    await nowhere(page);
    for (const init of [{ key: 'k', isComposing: true }, { key: 'k', keyCode: 229 }]) {
      await page.evaluate((given) => document.body.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, ...given })), init);
      assert.equal(await focused(page), 'body');
    }
    await askToLeave(page);
    await page.keyboard.type('x');
    assert.equal(await page.evaluate(() => document.activeElement.closest('dialog').id), 'leave-dialog');
    assert.equal(await written(page), '');
  });

  test('AltGr writes, as for @ and € on many keyboards', async (t) => {
    const page = await joined(t);
    await nowhere(page);
    await page.evaluate(() => document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '@', ctrlKey: true, altKey: true, modifierAltGraph: true, bubbles: true })));
    assert.equal(await focused(page), 'message-input');
  });

  test('when the room is over they go nowhere', async (t) => {
    const page = await joined(t);
    await page.fill('#message-input', 'half');
    await page.receive('room_expired', { room: 'room-1' });
    await nowhere(page);
    await page.keyboard.type('x');
    assert.equal(await focused(page), 'body');
    await eventually(async () => assert.equal(await written(page), 'half'));
  });
});

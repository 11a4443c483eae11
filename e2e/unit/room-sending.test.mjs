// The page sends a message that somebody writes, and shows what becomes of it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { browserForFile, eventually } from '../browser/harness.mjs';
import { alice, events, joinedRoom, openRoom, self, textOf } from './room.mjs';

describe('sending', () => {
  const chromium = browserForFile();
  const joined = (t, options) => joinedRoom(t, chromium, options);

  const say = async (page, text) => {
    await page.fill('#message-input', text);
    await page.click('#send');
  };
  const sent = async (page) => (await page.sent()).filter(([event]) => event === 'message').map(([, message]) => message);
  const states = (page) => page.locator('.message[data-state]').evaluateAll((rows) => rows.map((row) => row.dataset.state));

  test('a message is there at once, and in its place when the server has relayed it', async (t) => {
    const page = await joined(t);
    await say(page, 'hello <b>you</b> & all &amp; https://a.example/?b=1&c=2 Promise<string>');
    const [{ ref, message, again }] = await sent(page);
    const content = 'hello &lt;b>you&lt;/b> &amp; all &amp;amp; https://a.example/?b=1&amp;c=2 Promise&lt;string>';
    assert.deepEqual([message, again], [content, false]);
    assert.match(ref, /^[0-9a-f]{32}$/);
    const bubble = page.locator('.message.sent .message-content');
    assert.equal(await bubble.innerText(), 'hello <b>you</b> & all &amp; https://a.example/?b=1&c=2 Promise<string>');
    const echo = await bubble.innerHTML();
    assert.match(echo, /<a href="https:\/\/a\.example\/\?b=1&amp;c=2"/);
    assert.deepEqual(await states(page), ['sending']);
    // Somebody was faster.
    await page.receive('message', { ...alice, id: 1, content: 'me first' });
    await page.receive('message', { ...self, id: 2, content: content.replaceAll('>', '&gt;'), ref });
    assert.deepEqual((await page.locator('.message-content').allInnerTexts()).length, 2);
    assert.equal(await bubble.innerHTML(), echo, 'what was relayed looks other than what was sent');
    assert.deepEqual(await states(page), []);
  });

  // Who encrypts cannot open their own message.
  test('a message is shown as it was written here, whatever the server makes of it, and once', async (t) => {
    const page = await joined(t);
    await say(page, 'hello <b>you</b>');
    const [{ ref }] = await sent(page);
    await page.receive('message', { ...self, id: 1, content: 'sealed', ref });
    assert.deepEqual(await page.locator('.message-content').allInnerTexts(), ['hello <b>you</b>']);
    await page.receive('message', { ...self, id: 1, content: 'sealed', ref });
    await page.receive('message', { ...self, id: 2, content: 'of another tab', ref: 'x' });
    assert.deepEqual(await page.locator('.message-content').allInnerTexts(), ['hello <b>you</b>', 'of another tab']);
  });

  // Somebody who knows what a message is called here could make it theirs, or take it away.
  test('nobody else\'s message is one of this page, whatever it is called', async (t) => {
    const page = await joined(t);
    await say(page, 'mine');
    const [{ ref }] = await sent(page);
    await page.receive('message', { ...alice, id: 1, content: 'hers', ref });
    assert.deepEqual(await page.locator('.message-content').allInnerTexts(), ['hers', 'mine']);
    assert.deepEqual(await states(page), ['sending']);
    await page.receive('disconnect', 'transport close');
    await page.receive('connect');
    assert.deepEqual((await sent(page)).map((message) => [message.message, message.ref]), [['mine', ref]]);
  });

  test('what is typed is what arrives, spaces and all', async (t) => {
    const page = await joined(t);
    await say(page, '\n  \n    if (a<b && c>d) {\n\treturn;\n    }  \n\n');
    const [{ message, ref }] = await sent(page);
    assert.equal(message, '    if (a&lt;b &amp;&amp; c>d) {\n\treturn;\n    }');
    const bubble = page.locator('.message.sent .message-content');
    assert.equal(await bubble.evaluate((node) => node.textContent), '    if (a<b && c>d) {\n\treturn;\n    }');
    await page.receive('room_error', { message: 'Slow down.', ref });
    await page.getByRole('button', { name: 'Try again' }).click();
    assert.deepEqual((await sent(page)).map((again) => [again.message, again.ref]), [[message, ref]]);
    await page.receive('room_error', { message: 'Slow down.', ref });
    await page.getByRole('button', { name: 'Edit' }).click();
    assert.equal(await page.inputValue('#message-input'), '    if (a<b && c>d) {\n\treturn;\n    }');
  });

  test('a line keeps its indentation, and not the blank that a keyboard puts before a word', async (t) => {
    const page = await joined(t);
    for (const [written, expected] of [['    return;', '    return;'], ['\treturn;', '\treturn;'], [' word ', 'word'], ['\n  one', '  one'], [' \n ', undefined]]) {
      await say(page, written);
      assert.deepEqual((await sent(page)).map(({ message }) => message), expected === undefined ? [] : [expected]);
    }
  });

  test('the length is that of what is typed', async (t) => {
    const page = await joined(t);
    await say(page, '<'.repeat(1000));
    assert.deepEqual((await sent(page)).map(({ message }) => message.length), [4000]);
    await say(page, '&'.repeat(1001));
    assert.deepEqual(await sent(page), []);
  });

  test('what is written without a connection is sent when it is back, in order', async (t) => {
    const page = await joined(t);
    await say(page, 'one');
    await page.receive('disconnect', 'transport close');
    await say(page, 'two');
    assert.deepEqual(await states(page), ['waiting', 'waiting']);
    assert.match(await textOf(page, '.message-state >> nth=1'), /Waiting for a connection/);
    const [one] = await sent(page);
    await page.receive('connect');
    assert.deepEqual((await sent(page)).map(({ message, ref, again }) => [message, ref === one.ref, again]), [['one', true, true], ['two', false, false]]);
  });

  test('what is written before the page is in the room is sent then', async (t) => {
    const page = await openRoom(t, chromium);
    await say(page, 'early');
    await page.receive('connect');
    assert.deepEqual(await events(page), ['join', 'request_code', 'request_timer_sync']);
    await page.receive('join_success', { count: 1 });
    assert.deepEqual((await sent(page)).map(({ message }) => message), ['early']);
  });

  test('a refused message can be tried again, changed or given up', async (t) => {
    const page = await joined(t);
    await say(page, 'too much');
    const [{ ref }] = await sent(page);
    await page.receive('room_error', { message: 'Slow down.', ref });
    assert.match(await textOf(page, '#notices'), /Slow down\./);
    assert.match(await textOf(page, '.message-state'), /Not sent\./);
    await page.getByRole('button', { name: 'Try again' }).click();
    assert.deepEqual((await sent(page)).map((message) => [message.message, message.ref, message.again]), [['too much', ref, true]]);
    await page.receive('room_error', { message: 'Slow down.', ref });
    await page.fill('#message-input', 'meanwhile');
    await page.getByRole('button', { name: 'Edit' }).click();
    assert.equal(await page.inputValue('#message-input'), 'too much\nmeanwhile');
    assert.equal(await page.locator('.message').count(), 0);
    await page.fill('#message-input', 'and that');
    await page.click('#send');
    const [{ ref: last }] = await sent(page);
    await page.receive('room_error', { message: 'Slow down.', ref: last });
    await page.fill('#message-input', 'now this');
    await page.getByRole('button', { name: 'Delete' }).click();
    assert.equal(await page.inputValue('#message-input'), 'now this');
    assert.equal(await page.locator('.message').count(), 0);
  });

  test('an error about something else leaves the messages alone', async (t) => {
    const page = await joined(t);
    await say(page, 'fine');
    await page.receive('room_error', { message: 'Slow down.' });
    assert.deepEqual(await states(page), ['sending']);
    assert.equal(await page.locator('#ended').isVisible(), false);
  });

  test('a message that the server does not answer makes the page connect anew', async (t) => {
    const page = await joined(t);
    await page.clock.install();
    await page.evaluate(() => { globalThis.silent = true; });
    await say(page, 'hello?');
    await page.sent();
    await page.clock.runFor(10_100);
    const seen = [];
    await eventually(async () => {
      seen.push(...await events(page));
      assert.deepEqual(seen, ['(renew)']);
    });
    await page.receive('disconnect', 'transport close');
    await page.receive('connect');
    assert.deepEqual((await sent(page)).map(({ message, again }) => [message, again]), [['hello?', true]]);
  });

  // The server's word is heard, and its row is shown with the next frame.
  test('a message that was relayed this moment cannot be taken back', async (t) => {
    const page = await joined(t);
    await say(page, 'just in time');
    const [{ ref }] = await sent(page);
    await page.receive('room_error', { message: 'Slow down.', ref });
    await page.evaluate((message) => {
      globalThis.receive('message', message);
      [...document.querySelectorAll('.message-state button')].at(-1).click();
    }, { ...self, id: 1, content: 'just in time', ref });
    await page.locator('.message:not([data-state])').waitFor();
    assert.equal(await page.inputValue('#message-input'), '');
    assert.equal(await page.locator('.message').count(), 1);
  });

  // While an input method composes, Enter chooses a character; Safari tells so in its own way.
  test('Enter for an input method sends nothing', async (t) => {
    const page = await joined(t);
    await page.fill('#message-input', 'かな');
    for (const how of [{ isComposing: true }, { keyCode: 229 }]) {
      await page.locator('#message-input').dispatchEvent('keydown', { key: 'Enter', ...how });
    }
    assert.deepEqual(await sent(page), []);
    await page.keyboard.press('Enter');
    assert.equal((await sent(page)).length, 1);
  });

  test('a closed tab would lose what is on its way, so the browser asks', async (t) => {
    const page = await joined(t);
    const asked = [];
    page.on('dialog', (dialog) => {
      asked.push(dialog.type());
      dialog.dismiss();
    });
    await say(page, 'wait');
    await page.close({ runBeforeUnload: true });
    await eventually(() => assert.deepEqual(asked, ['beforeunload']));
    const [{ ref }] = await sent(page);
    await page.receive('message', { ...self, id: 1, content: 'wait', ref });
    await page.close({ runBeforeUnload: true });
    await eventually(() => assert.ok(page.isClosed()));
    assert.deepEqual(asked, ['beforeunload']);
  });

  test('the field tells how much is left, and cuts nothing off', async (t) => {
    const page = await joined(t);
    const left = page.locator('#characters-left');
    await page.fill('#message-input', 'x'.repeat(900));
    assert.equal(await left.isVisible(), false);
    await page.fill('#message-input', `${'x'.repeat(900)}${'🎉'.repeat(50)}`);
    assert.equal(await left.innerText(), '50 characters left');
    await page.fill('#message-input', 'x'.repeat(999));
    assert.equal(await left.innerText(), '1 character left');
    await page.fill('#message-input', 'x'.repeat(1001));
    assert.match(await left.innerText(), /^1 character too many/);
    await page.fill('#message-input', 'x'.repeat(1007));
    assert.match(await left.innerText(), /^7 characters too many/);
    assert.equal(await page.getAttribute('#message-input', 'aria-invalid'), 'true');
    await page.click('#send');
    assert.equal((await page.inputValue('#message-input')).length, 1007);
    assert.deepEqual(await sent(page), []);
    await page.fill('#message-input', 'x'.repeat(1000));
    await page.click('#send');
    assert.equal((await sent(page)).length, 1);
  });

  test('grows with what is written', async (t) => {
    const page = await joined(t);
    const height = () => page.locator('#message-input').evaluate((field) => field.offsetHeight);
    const before = await height();
    await page.fill('#message-input', 'one\ntwo\nthree');
    assert.ok(await height() > before + 30);
    await page.fill('#message-input', 'line\n'.repeat(100));
    assert.ok(await height() <= 170, 'it leaves room for the conversation');
  });

  test('tells the others now and then that somebody is writing', async (t) => {
    const page = await joined(t);
    await page.clock.install();
    const typings = async () => (await events(page)).filter((event) => event === 'typing').length;
    await page.locator('#message-input').pressSequentially('hello');
    assert.equal(await typings(), 1);
    await page.clock.runFor(3100);
    await page.locator('#message-input').pressSequentially(' you');
    assert.equal(await typings(), 1);
    await page.keyboard.press('Enter');
    await page.locator('#message-input').pressSequentially('and');
    assert.equal(await typings(), 1);
    // Blanks are nothing to announce.
    await page.clock.runFor(3100);
    await page.fill('#message-input', '  ');
    assert.equal(await typings(), 0);
  });

  test('shows who is writing', async (t) => {
    const page = await joined(t);
    await page.clock.install();
    const row = page.locator('#typing');
    assert.equal(await row.isVisible(), false);
    await page.receive('typing', { member: 'seat-2', display_name: 'Alice &amp; Co' });
    assert.match(await row.innerText(), /Alice & Co is typing…/);
    await page.receive('typing', { member: 'seat-3', display_name: 'Ben' });
    assert.match(await row.innerText(), /Alice & Co and Ben are typing…/);
    await page.receive('typing', { member: 'seat-4', display_name: 'Cleo' });
    assert.match(await row.innerText(), /3 people are typing…/);
    // A member who has said it writes no more.
    await page.receive('message', { ...alice, id: 1, content: 'done' });
    assert.match(await row.innerText(), /Ben and Cleo are typing…/);
    await page.clock.runFor(6100);
    assert.equal(await row.isVisible(), false);
  });
});

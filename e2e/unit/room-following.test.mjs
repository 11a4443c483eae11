// Who looks at the latest message goes on seeing it, whatever takes room from the conversation.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { browserForFile, eventually } from '../browser/harness.mjs';
import { alice, joinedRoom, knock } from './room.mjs';

const phone = { width: 360, height: 640 };
const withKeyboard = { width: 360, height: 330 };

describe('following the conversation', () => {
  const chromium = browserForFile();

  /** A room on a phone in which much has been said, in lines of different heights. */
  async function talkedRoom(t, options) {
    const page = await joinedRoom(t, chromium, { viewport: phone, ...options });
    await page.evaluate((from) => {
      for (let id = 0; id < 120; id += 1) globalThis.receive('message', { ...from, id, content: `line ${id}${'\nand more'.repeat(id % 4)}` });
    }, alice);
    await latestInSight(page, 'line 119');
    return page;
  }

  const frames = (page) => page.evaluate(() => new Promise((done) => {
    let left = 3;
    const next = () => { if (--left > 0) requestAnimationFrame(next); else done(); };
    requestAnimationFrame(next);
  }));

  const latest = (page) => page.locator('#chat').evaluate((chat) => ({
    text: [...chat.querySelectorAll('.message-content')].at(-1).textContent.split('\n')[0],
    inSight: [...chat.querySelectorAll('.message-content')].at(-1).getBoundingClientRect().bottom <= chat.getBoundingClientRect().bottom + 1,
  }));

  async function latestInSight(page, text) {
    await eventually(async () => assert.deepEqual(await latest(page), { text, inSight: true }));
    assert.equal(await page.locator('#to-latest').isVisible(), false);
  }

  const knocks = (page) => page.receive('join_request', knock);
  const disturbances = {
    'a notice': (page) => page.receive('room_error', { message: 'Slow down.' }),
    'several notices': async (page) => { for (const n of [1, 2, 3]) await page.receive('room_error', { message: `Number ${n}. ${'It is long. '.repeat(20)}` }); },
    'a knock': knocks,
    'a lost connection': (page) => page.receive('disconnect', 'transport close'),
    'somebody who writes': (page) => page.receive('typing', { member: 'seat-2', display_name: 'Alice' }),
    'a long message being written': (page) => page.fill('#message-input', 'line\n'.repeat(9)),
    'a knock that ends': async (page) => {
      await knocks(page);
      await frames(page);
      await page.receive('join_denied', { user_id: 'knock-1', room: 'room-1' });
    },
  };

  for (const [what, disturb] of Object.entries(disturbances)) {
    test(`${what}, then the keyboard, then more is said`, async (t) => {
      const page = await talkedRoom(t);
      await disturb(page);
      await frames(page);
      const { text } = await latest(page);
      await latestInSight(page, text);
      for (const size of [withKeyboard, phone, withKeyboard]) {
        await page.setViewportSize(size);
        await frames(page);
        await latestInSight(page, text);
      }
      await page.receive('message', { ...alice, id: 1000, content: 'and now?' });
      await latestInSight(page, 'and now?');
    });
  }

  // The browser holds what is in sight in its place, and tells that as scrolling.
  test('a browser that moves the conversation by itself is not somebody who reads further up', async (t) => {
    const page = await talkedRoom(t);
    await page.locator('#chat').evaluate((chat) => {
      chat.style.height = '250px';
      chat.scrollTop -= 190; // as scroll anchoring does
    });
    await frames(page);
    await latestInSight(page, 'line 119');
    await page.receive('message', { ...alice, id: 1000, content: 'and now?' });
    await latestInSight(page, 'and now?');
  });

  test('letters that become larger do not hide the latest', async (t) => {
    const page = await talkedRoom(t);
    await page.evaluate(() => { document.documentElement.style.fontSize = '150%'; });
    await frames(page);
    await latestInSight(page, 'line 119');
  });

  test('who scrolls up stays there, through notices and the keyboard', async (t) => {
    const page = await talkedRoom(t);
    const box = await page.locator('#chat').boundingBox();
    await page.mouse.move(box.x + 100, box.y + 100);
    for (let i = 0; i < 6; i += 1) await page.mouse.wheel(0, -60);
    await eventually(async () => assert.equal((await latest(page)).inSight, false));
    await frames(page);
    const read = () => page.locator('#chat').evaluate((chat) => {
      const top = chat.getBoundingClientRect().top;
      return [...chat.querySelectorAll('.message-content')].find((node) => node.getBoundingClientRect().bottom > top + 60).textContent;
    });
    const before = await read();
    await page.receive('message', { ...alice, id: 1000, content: 'meanwhile' });
    await page.locator('#to-latest').waitFor();
    assert.equal(await read(), before);
    await page.receive('room_error', { message: 'Slow down.' });
    await page.setViewportSize(withKeyboard);
    await frames(page);
    assert.equal((await latest(page)).inSight, false);
    await page.click('#to-latest');
    await latestInSight(page, 'meanwhile');
  });
});

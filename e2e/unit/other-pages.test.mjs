import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { browserForFile } from '../browser/harness.mjs';
import { openPage } from './embedded-page.mjs';

describe('the waiting page', () => {
  const chromium = browserForFile();
  const variables = { answer_time: 60, session: { pending_approval: 'knock-1', user_id: 'knock-1', display_name: "Zoë O'Brien" } };
  const open = (t) => openPage(t, chromium.browser, 'waiting_approval.html', variables);

  test('announces the request with every connection', async (t) => {
    const page = await open(t);
    assert.deepEqual(await page.evaluate(() => globalThis.options.auth), { seat: 'knock-1' });
    for (let i = 0; i < 2; i += 1) {
      await page.receive('connect');
      assert.deepEqual(await page.sent(), [['join_request', { room: 'knock-1', user: "Zoë O'Brien", user_id: 'knock-1' }]]);
      await page.receive('disconnect', 'transport close');
    }
    assert.match(await page.locator('#timer').innerText(), /^(60|5\d)$/);
    assert.deepEqual(page.problems, []);
  });

  test('goes into the room when it is let in', async (t) => {
    const page = await open(t);
    await page.receive('connect');
    // Somebody else's verdict: another tab of this browser waits as well.
    await page.receive('join_approved', { user_id: 'knock-2', room: 'x' });
    await page.receive('join_denied', { user_id: 'knock-2', room: 'x' });
    assert.equal(await page.locator('#waiting-title').innerText(), 'Waiting to be let in');
    await page.receive('join_approved', { user_id: 'knock-1', room: 'x', current_time: 1 }).catch(() => {}); // it navigates
    await page.waitForURL('http://localhost/room/knock-1');
  });

  for (const [reason, words] of [
    [undefined, 'Somebody in the room said no.'],
    ['Request timed out', 'Not everybody answered in time. Please ask again.'],
    ['The room is full.', 'The room is full.'],
  ]) {
    test(`says why it is not let in: ${reason}`, async (t) => {
      const page = await open(t);
      await page.receive('connect');
      await page.receive('join_denied', { user_id: 'knock-1', room: 'x', reason });
      assert.equal(await page.locator('#waiting-title').innerText(), 'Not let in');
      assert.equal(await page.locator('#status').innerText(), words);
      assert.equal(await page.locator('#countdown').isVisible(), false);
      await page.click('#home');
      await page.waitForURL('http://localhost/');
    });
  }

  test('shows an error and stays', async (t) => {
    const page = await open(t);
    await page.receive('connect');
    await page.receive('room_error', { message: 'Slow down.' });
    assert.match(await page.locator('#notices').innerText(), /Slow down\./);
    assert.equal(await page.locator('#waiting-title').innerText(), 'Waiting to be let in');
  });
});

describe('the start page', () => {
  const chromium = browserForFile();

  test('sends a form once', async (t) => {
    const page = await openPage(t, chromium.browser, 'index.html', {});
    await page.waitForLoadState('networkidle');
    await page.fill('#create-name', 'Zoë');
    await page.evaluate(() => {
      const form = document.querySelector('.create-form form');
      form.addEventListener('submit', (event) => event.preventDefault());
    });
    await page.click('.create-form button');
    assert.equal(await page.locator('.create-form button').isDisabled(), true);
    assert.equal(await page.locator('.join-form button').isEnabled(), true);
    assert.deepEqual(page.problems, []);
  });

  test('says what to run without the client', async (t) => {
    const page = await openPage(t, chromium.browser, 'index.html', {}, { client: false });
    await page.locator('.notice').waitFor();
    assert.match(await page.locator('#notices').innerText(), /“make run”/);
  });
});

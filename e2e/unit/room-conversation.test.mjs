// How the conversation looks.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { browserForFile, eventually } from '../browser/harness.mjs';
import { alice, joinedRoom, knock, rows, self } from './room.mjs';

describe('the conversation', () => {
  const chromium = browserForFile();
  const joined = (t, options) => joinedRoom(t, chromium, options);

  const links = (page) => page.locator('.message-content').last().locator('a').evaluateAll((all) => all.map((a) => [a.textContent, a.href]));

  test('makes links of addresses, and of nothing else', async (t) => {
    const page = await joined(t);
    const cases = [
      ['see https://example.org/a?b=c&amp;d#e.', [['https://example.org/a?b=c&d#e', 'https://example.org/a?b=c&d#e']]],
      ['(http://example.org/x_(y)), and https://example.net!', [['http://example.org/x_(y)', 'http://example.org/x_(y)'], ['https://example.net', 'https://example.net/']]],
      ['<b>https://example.org</b>', [['https://example.org', 'https://example.org/']]],
      ['<a href="https://example.org/">https://example.net/</a>', [['https://example.net/', 'https://example.org/']]],
      ['javascript:alert(1) data:text/html,x example.org https:// https://[', []],
      ['https://münchen.example/ü', [['https://münchen.example/ü', 'https://xn--mnchen-3ya.example/%C3%BC']]],
      ['„https://example.org/ä“, “https://example.org/b” ‘https://example.org/c’ «https://example.org/d»', [
        ['https://example.org/ä', 'https://example.org/%C3%A4'], ...['b', 'c', 'd'].map((last) => [`https://example.org/${last}`, `https://example.org/${last}`])]],
      ['[https://example.org/] {https://example.org/a[1]} 见https://example.org/，', [
        ['https://example.org/', 'https://example.org/'], ['https://example.org/a[1]', 'https://example.org/a[1]'], ['https://example.org/', 'https://example.org/']]],
      ['https://example.org/).).)!', [['https://example.org/', 'https://example.org/']]],
      ['&lt;https://example.org/&gt;', [['https://example.org/', 'https://example.org/']]],
    ];
    for (const [i, [content, expected]] of cases.entries()) {
      await page.receive('message', { ...alice, id: i, content });
      assert.deepEqual(await links(page), expected, content);
    }
    for (const link of await page.locator('.message-content a').all()) {
      assert.deepEqual([await link.getAttribute('target'), await link.getAttribute('rel')], ['_blank', 'noopener noreferrer nofollow']);
    }
  });

  test('shows a few emoji large', async (t) => {
    const page = await joined(t);
    const large = ['🎉', '👍🏽 👩‍👩‍👧', '❤️🇦🇹', '1️⃣'];
    const small = ['12', 'ok 🎉', '🎉🎉🎉🎉🎉🎉🎉', '❤ x', '#', '👍🏽'.repeat(25)];
    for (const [i, content] of [...large, ...small].entries()) await page.receive('message', { ...alice, id: i, content });
    const shown = await page.locator('.message-content').evaluateAll((all) => all.filter((node) => node.classList.contains('emoji')).map((node) => node.textContent));
    assert.deepEqual(shown, large);
  });

  test('groups what one person says, under one name and one time', async (t) => {
    const page = await joined(t);
    const at = Date.UTC(2026, 5, 1, 12, 0, 10);
    const says = (id, who, seconds) => page.receive('message', { ...who, id, content: `no ${id}`, at: at + seconds * 1000 });
    await says(1, alice, 0);
    await says(2, alice, 5);
    await says(3, alice, 60);
    await says(4, self, 61);
    await says(5, alice, 62);
    const shape = await page.locator('.message').evaluateAll((all) => all.map((row) => [
      row.querySelector('.message-content').textContent, row.classList.contains('first'), row.classList.contains('last'), row.querySelector('time') !== null,
    ]));
    assert.deepEqual(shape, [
      ['no 1', true, false, false], ['no 2', false, false, true], ['no 3', false, true, true], ['no 4', true, true, true], ['no 5', true, true, true],
    ]);
    // Everybody has a colour, on every page the same.
    const hue = (i) => page.locator('.message').nth(i).getAttribute('data-hue');
    assert.equal(await hue(0), await hue(4));
  });

  test('separates the days', async (t) => {
    const page = await joined(t, { locale: 'en-GB', timezoneId: 'Europe/Vienna' });
    await page.clock.setFixedTime(new Date('2026-06-03T00:30:00+02:00'));
    const says = (id, time) => page.receive('message', { ...alice, id, content: `no ${id}`, at: Date.parse(time) });
    await says(1, '2026-06-01T23:59:00+02:00');
    await says(2, '2026-06-02T00:01:00+02:00');
    await says(3, '2026-06-02T22:00:00+02:00');
    await says(4, '2026-06-03T00:29:00+02:00');
    assert.deepEqual(await rows(page), ['Monday, June 1', 'no 1', 'Yesterday', 'no 2', 'no 3', 'Today', 'no 4']);
    // A day later the names are others.
    await page.clock.setFixedTime(new Date('2026-06-04T09:00:00+02:00'));
    await says(5, '2026-06-04T09:00:00+02:00');
    assert.deepEqual((await rows(page)).filter((row) => !row.startsWith('no')), ['Monday, June 1', 'Tuesday, June 2', 'Yesterday', 'Today']);
  });

  test('separates the day of what happens as well, whether it says when or not', async (t) => {
    const page = await joined(t, { locale: 'en-GB', timezoneId: 'Europe/Vienna' });
    await page.clock.setFixedTime(new Date('2026-06-02T22:00:00+02:00'));
    const says = (id, time) => page.receive('message', { ...alice, id, content: `no ${id}`, at: Date.parse(time) });
    await says(1, '2026-06-01T22:00:00+02:00');
    await page.receive('join_request', knock);
    await page.receive('join_denied', { user_id: knock.user_id });
    await says(2, '2026-06-02T22:01:00+02:00');
    assert.deepEqual(await rows(page), ['Yesterday', 'no 1', 'Today', 'Charlie wasn’t let in', 'no 2']);
    await page.clock.setFixedTime(new Date('2026-06-03T00:01:00+02:00'));
    await page.receive('member_left', { display_name: 'Ben' });
    await says(3, '2026-06-03T00:02:00+02:00');
    assert.deepEqual((await rows(page)).slice(-3), ['Today', 'Ben left', 'no 3']);
  });

  test('tells what came while one reads further up, and counts it', async (t) => {
    const page = await joined(t);
    for (let id = 0; id < 40; id += 1) await page.receive('message', { ...alice, id, content: `line ${id}` });
    const chat = page.locator('#chat');
    await chat.evaluate((list) => { list.scrollTop = 0; });
    await page.receive('connect'); // a frame goes by, in which the scrolling is told
    await page.receive('message', { ...alice, id: 40, content: 'meanwhile' });
    assert.equal(await page.locator('#to-latest').innerText(), '1 new message ↓');
    await page.receive('message', { ...alice, id: 41, content: 'more' });
    await page.receive('member_left', { display_name: 'Ben' }); // no message
    assert.equal(await page.locator('#to-latest').innerText(), '2 new messages ↓');
    assert.equal(await chat.evaluate((list) => list.scrollTop), 0);
    await page.click('#to-latest');
    assert.equal(await page.locator('#to-latest').isVisible(), false);
    await page.locator('.message-content', { hasText: 'more' }).waitFor();
  });

  test('an empty room says what to do', async (t) => {
    const page = await joined(t);
    assert.match(await page.locator('#empty').innerText(), /No messages yet/);
    await page.click('#invite-first');
    assert.equal(await page.locator('#invite-dialog').isVisible(), true);
    await page.keyboard.press('Escape');
    await page.receive('message', { ...alice, id: 1, content: 'hello' });
    assert.equal(await page.locator('#empty').count(), 0);
  });

  test('a name that reads like news is marked as a name, and nothing that is said looks like news', async (t) => {
    const page = await joined(t);
    const name = 'Ana left. Ben';
    await page.receive('member_joined', { display_name: name });
    await page.receive('message', { ...alice, id: 1, name, sender: name, content: 'Ana left' });
    await page.receive('join_request', { ...knock, user: name });
    await page.receive('join_denied', { user_id: knock.user_id });
    await page.receive('typing', { member: 'seat-9', display_name: name });
    const news = page.locator('.system-message, #typing-text');
    await eventually(async () => assert.deepEqual(await news.evaluateAll((all) => all.map((row) => [row.querySelector('bdi')?.textContent, row.textContent])), [
      [name, `${name} joined`], [name, `${name} wasn’t let in`], [name, `${name} is typing…`],
    ]));
    const weights = await page.locator('.system-message').first().evaluate((row) => [row, row.firstElementChild].map((node) => getComputedStyle(node).fontWeight));
    assert.deepEqual(weights, ['400', '600']);
    assert.equal(await page.locator('article .system-message, .system-message article').count(), 0);
  });

  test('a name that is written from right to left does not turn the sentence around it', async (t) => {
    const page = await joined(t);
    await page.receive('member_joined', { display_name: 'مريم' });
    await page.receive('member_joined', { display_name: 'Ben' });
    assert.deepEqual(await rows(page), ['Today', 'مريم joined', 'Ben joined']);
  });

  test('reads out what is said, once, and not what was said before', async (t) => {
    const page = await joined(t);
    const past = Array.from({ length: 5 }, (_, id) => ({ ...alice, id, content: `no ${id}` }));
    // Each takes longer than all of them may: there is one in a frame.
    await page.evaluate(() => {
      let now = performance.now();
      performance.now = () => { now += 1000; return now; };
    });
    await page.evaluate((messages) => { for (const message of messages) globalThis.receive('message', message); }, past);
    await page.locator('.message-content', { hasText: 'no 4' }).waitFor();
    const log = page.getByRole('log');
    assert.equal(await log.getAttribute('aria-live'), 'off');
    await page.receive('message', { ...alice, id: 5, content: 'news' });
    assert.equal(await log.getAttribute('aria-live'), 'polite');
    assert.match(await log.innerText(), /no 0[^]*news/);
    // The log does not say what is on its way, and who is writing: that is said elsewhere or not at all.
    await page.fill('#message-input', 'mine');
    await page.click('#send');
    await page.receive('typing', { member: 'seat-2', display_name: 'Alice' });
    assert.doesNotMatch(await log.innerText(), /mine|writing/);
  });

  // Frames do not come while nobody looks.
  test('a hidden tab has the conversation as well', async (t) => {
    const page = await joined(t);
    await page.evaluate((message) => {
      Object.defineProperty(document, 'hidden', { value: true, configurable: true });
      globalThis.requestAnimationFrame = () => 0;
      globalThis.receive('message', message);
    }, { ...alice, id: 1, content: 'are you there?' });
    await page.locator('.message-content', { hasText: 'are you there?' }).waitFor();
    assert.match(await page.title(), /^\(1\) /);
  });

  // Not every emoji has a picture: some are drawn as letters are, in the colour of the text.
  test('an emoji without a bubble has the colour of the page', async (t) => {
    for (const colorScheme of ['light', 'dark']) {
      const page = await joined(t, { colorScheme });
      await page.receive('message', { ...self, content: '🎉' });
      const [emoji, around] = await page.locator('.sent .message-content.emoji').evaluate((node) => [node, document.body].map((each) => getComputedStyle(each).color));
      assert.equal(emoji, around);
    }
  });
});

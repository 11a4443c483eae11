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
      ['www.example.org, WWW.Example.org/a?b and (www.example.co.uk:8080/x).', [['www.example.org', 'https://www.example.org/'],
        ['WWW.Example.org/a?b', 'https://www.example.org/a?b'], ['www.example.co.uk:8080/x', 'https://www.example.co.uk:8080/x']]],
      ['see example.com/path, or sub.example.de/.', [['example.com/path', 'https://example.com/path'], ['sub.example.de/', 'https://sub.example.de/']]],
      ['mail ana.b+c@example.org. Or <b>x@y.example</b>?', [['ana.b+c@example.org', 'mailto:ana.b+c@example.org'], ['x@y.example', 'mailto:x@y.example']]],
      ['x@example.org?bcc=y@example.net', [['x@example.org', 'mailto:x@example.org'], ['y@example.net', 'mailto:y@example.net']]],
      // No addresses
      ['e.g. i.e. z.B. file.txt a.b a.b/c and/or 1.5/2 12.30/13.45 10.0.0.1/24 README.md/x main.go/y src/main.rs/z km.h/x example.com', []],
      ['www. www.x www.-a.com @www.example.org a@b user@host x@y. foo.www.example.org ../www.example.org', []],
      ['node.js/express script.sh/ C:\\www.example.org', []],
      // Where they lead has to be plain.
      ['https://bank.example@evil.example/ https://bank.example:443@evil.example', []],
      ['bank.example/@evil.example', []],
      ['https://\u0430pple.com/ https://www.p\u0430ypal.com', []],
      ['\u0430pple.com/x www.example.com\u0430 www.examp\u217ee.com \u0430@example.org', []],
      ['https://bank.example\u2215login.evil.example/ https://bank.example\ua789443.evil.example https://bank.example\u30cea.evil.example/', []],
      ['https://\ua4eepple.com/ https://\u2c9fpple.com/', []],
      ['https://яндекс.рф/', [['https://яндекс.рф/', 'https://xn--d1acpjx3f.xn--p1ai/']]],
      ['https://example.org/\u202Egpj.exe', [['https://example.org/', 'https://example.org/']]],
      ['www.example.org/\u2066x', [['www.example.org/', 'https://www.example.org/']]],
      ['www.example.org/\u200Bx', [['www.example.org/', 'https://www.example.org/']]],
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
    const [foreign, plain] = await page.locator('.message-content a').evaluateAll((all) => [all.find((a) => a.textContent.includes('яндекс')), all[0]].map((a) => [a.title, a.dir]));
    assert.deepEqual([foreign, plain], [['https://xn--d1acpjx3f.xn--p1ai/', 'ltr'], ['', 'ltr']], 'the letters of another script can be told from others');
    for (const link of await page.locator('.message-content a').all()) {
      assert.deepEqual([await link.getAttribute('target'), await link.getAttribute('rel')], ['_blank', 'noopener noreferrer nofollow']);
    }
  });

  // Threat: a text that takes the page minutes to look for addresses in.
  test('looks for addresses in the longest texts at once', async (t) => {
    const page = await joined(t);
    const steps = await page.evaluate(async () => {
      const { linksIn } = await import('/static/js/room/links.js');
      const length = 60_000;
      const texts = ['a.', 'a-', 'www.', 'a@', 'a.a@', 'https://', '(', 'w', '1.2/', 'x.com', 'a+', '.', 'https://a)'].map((part) => part.repeat(length / part.length));
      const began = performance.now();
      const found = texts.map((text) => [...linksIn(text)].length);
      return { found, took: performance.now() - began };
    });
    t.diagnostic(`${Math.round(steps.took)} ms`);
    assert.equal(steps.found.length, 13);
  });

  test('shows a few emoji large', async (t) => {
    const page = await joined(t);
    const large = ['🎉', '👍🏽 👩‍👩‍👧', '❤️🇦🇹', '1️⃣'];
    const small = ['12', 'ok 🎉', '🎉🎉🎉🎉🎉🎉🎉', '❤ x', '#', '👍🏽'.repeat(25)];
    for (const [i, content] of [...large, ...small].entries()) await page.receive('message', { ...alice, id: i, content });
    const shown = await page.locator('.message-content').evaluateAll((all) => all.filter((node) => node.classList.contains('emoji')).map((node) => node.textContent));
    assert.deepEqual(shown, large);
  });

  const minute = 60_000;
  const noon = new Date('2026-06-01T12:00:00+02:00').getTime();
  const vienna = { locale: 'en-GB', timezoneId: 'Europe/Vienna' };

  test('groups what one person says, under one name', async (t) => {
    const page = await joined(t);
    const says = (id, who, seconds) => page.receive('message', { ...who, id, content: `no ${id}`, at: noon + seconds * 1000 });
    await says(1, alice, 0);
    await says(2, alice, 5);
    await says(3, alice, 60);
    await says(4, self, 61);
    await says(5, alice, 62);
    const shape = await page.locator('.message').evaluateAll((all) => all.map((row) => [
      row.querySelector('.message-content').textContent, row.classList.contains('first'), row.classList.contains('last'), row.querySelector('.message-sender') !== null,
    ]));
    assert.deepEqual(shape, [
      ['no 1', true, false, true], ['no 2', false, false, false], ['no 3', false, true, false], ['no 4', true, true, true], ['no 5', true, true, true],
    ]);
    assert.equal(await page.locator('.stamp').count(), 1, 'one time for all of it');
  });

  test('shows the time where there is a gap, and once in an hour', async (t) => {
    const page = await joined(t, vienna);
    await page.clock.setFixedTime(new Date(noon + 500 * minute));
    const minutes = [0, 0, 14, 28, 43, 43, 58, 72, 86, 100, 114, 300];
    for (const [id, after] of minutes.entries()) await page.receive('message', { ...(id % 2 ? alice : self), id, content: `at ${after}`, at: noon + after * minute });
    const shown = await page.locator('#log').evaluate((log) => [...log.querySelectorAll('.stamp, .message-content')].map((row) => row.textContent));
    assert.deepEqual(shown, [
      'Today 12:00', 'at 0', 'at 0', 'at 14', 'at 28', '12:43', 'at 43', 'at 43', '12:58', 'at 58', 'at 72', 'at 86', 'at 100', 'at 114', '17:00', 'at 300',
    ]);
  });

  test('has the exact time of every message, for those who listen, point, tap, or come by the keyboard', async (t) => {
    const page = await joined(t, vienna);
    for (const id of [1, 2, 3]) await page.receive('message', { ...alice, id, content: `no ${id}`, at: noon + id * minute });
    const times = page.locator('.message-time');
    assert.deepEqual(await times.allTextContents(), ['12:01', '12:02', '12:03']);
    assert.match(await page.locator('#log').ariaSnapshot(), /time: 12:02/);
    const seen = () => times.evaluateAll((all) => all.map((time) => getComputedStyle(time).clipPath === 'none'));
    await page.mouse.move(0, 0);
    assert.deepEqual(await seen(), [false, false, false]);
    await page.locator('.message').nth(1).hover();
    assert.deepEqual(await seen(), [false, true, false]);
    await page.locator('.message').nth(2).click();
    await page.mouse.move(0, 0);
    assert.deepEqual(await seen(), [false, false, true]);
    await page.locator('.message').nth(2).click();
    await page.mouse.move(0, 0);
    assert.deepEqual(await seen(), [false, false, false]);
    await page.locator('#message-input').focus();
    await page.keyboard.press('Shift+Tab');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'chat');
    assert.deepEqual(await seen(), [true, true, true]);
  });

  test('a chat of two needs neither names nor pictures, and one of more has both', async (t) => {
    const page = await joined(t);
    const ben = { member: 'seat-3', name: 'Ben', sender: 'Ben' };
    const seen = () => page.locator('.message').evaluateAll((rows) => rows.map((row) => [
      getComputedStyle(row.querySelector('.message-sender') ?? row).position === 'static',
      row.querySelector('.avatar')?.checkVisibility() ?? false,
    ]));
    await page.receive('message', { ...alice, id: 1, content: 'one' });
    await page.receive('message', { ...self, id: 2, content: 'two' });
    assert.deepEqual(await seen(), [[false, false], [false, false]]);
    assert.match(await page.locator('#log').ariaSnapshot(), /Alice/, 'who listens hears the name');
    await page.receive('message', { ...ben, id: 3, content: 'three' });
    await page.receive('message', { ...ben, id: 4, content: 'four' });
    assert.deepEqual(await seen(), [[true, true], [false, false], [true, false], [false, true]], 'the last of several has the picture');
    const hues = await page.locator('.message').last().evaluate((row) => [row.dataset.hue, row.querySelector('.avatar').dataset.hue]);
    assert.equal(hues[0], hues[1]);
  });

  test('says who is in a group before they have said anything', async (t) => {
    const page = await joined(t);
    await page.receive('message', { ...alice, id: 1, content: 'one' });
    assert.equal(await page.locator('#chat.group').count(), 0);
    await page.receive('notice', { id: 2, what: 'joined', member: 'seat-3', display_name: 'Ben', at: noon });
    assert.equal(await page.locator('#chat.group').count(), 1);
  });

  // 7 or 8 had a place of 900 pixels when each had its time and name.
  test('has room for more than a dozen lines in the window of a desktop', async (t) => {
    const page = await joined(t, { viewport: { width: 1440, height: 900 } });
    for (let id = 0; id < 40; id += 1) await page.receive('message', { ...(id % 2 ? alice : self), id, content: `line ${id}`, at: noon });
    const inSight = await page.locator('#chat').evaluate((chat) => {
      const { top, bottom } = chat.getBoundingClientRect();
      return [...chat.querySelectorAll('.message-content')].map((node) => node.getBoundingClientRect()).filter((box) => box.top >= top && box.bottom <= bottom).length;
    });
    t.diagnostic(`${inSight} messages of one line`);
    assert.ok(inSight >= 15, `${inSight}`);
  });

  test('people have their colours by the order of arrival, in the list, on cards and in the conversation', async (t) => {
    const page = await joined(t);
    const people = Array.from({ length: 10 }, (_, arrival) => ({ member: `m${arrival}`, display_name: `P${arrival}`, present: true, you: false, arrival }));
    // They speak in another order, and the page does not know yet who came when.
    for (const [id, n] of [7, 3, 9, 0, 1, 2, 8, 4, 5, 6].entries()) await page.receive('message', { sender: `P${n}`, name: `P${n}`, member: `m${n}`, id, content: 'hi' });
    const hues = () => page.locator('.message').evaluateAll((rows) => Object.fromEntries(rows.map((row) => [row.dataset.person, Number(row.dataset.hue)])));
    assert.equal(new Set(Object.values(await hues())).size, 8, 'until then they differ as far as they can');
    await page.receive('members', { members: people });
    assert.deepEqual(await hues(), { m0: 0, m1: 1, m2: 2, m3: 3, m4: 4, m5: 5, m6: 6, m7: 7, m8: 0, m9: 1 });
    assert.deepEqual(await page.locator('#members .avatar').evaluateAll((all) => all.map((each) => Number(each.dataset.hue))), [0, 1, 2, 3, 4, 5, 6, 7, 0, 1]);
    assert.deepEqual(await page.locator('.message[data-person=m9] .avatar').getAttribute('data-hue'), '1');
    // Who has left keeps theirs, and so does everybody else.
    await page.receive('members', { members: people.slice(5) });
    assert.equal((await hues()).m3, 3);
    // So does who had left before the page was loaded, whoever comes.
    await page.receive('message', { ...alice, member: 'gone', id: 20, content: 'hi' });
    const { gone } = await hues();
    await page.receive('members', { members: [...people, { ...people[0], member: 'm10', display_name: 'P10', arrival: 10 }] });
    assert.equal((await hues()).gone, gone);
  });

  test('somebody whose arrival is not known has a colour that nobody else has', async (t) => {
    const page = await joined(t);
    await page.receive('message', { ...alice, member: 'gone', id: 1, content: 'and now I go' });
    await page.receive('members', { members: [
      { member: 'seat-1', display_name: 'Zoë', present: true, you: true, arrival: 0 }, { member: 'seat-4', display_name: 'Dan', present: true, you: false, arrival: 3 },
    ] });
    await page.receive('join_request', knock);
    const hue = (selector) => page.locator(selector).first().getAttribute('data-hue');
    const known = [await hue('.message'), await hue('.join-request-notification .avatar'), '0', '3'];
    assert.equal(new Set(known).size, 4, known.join());
  });

  test('separates the days, and shows them and the time as the reader writes them', async (t) => {
    const page = await joined(t, vienna);
    await page.clock.setFixedTime(new Date('2026-06-03T00:30:00+02:00'));
    const says = (id, time) => page.receive('message', { ...alice, id, content: `no ${id}`, at: Date.parse(time) });
    await says(1, '2026-06-01T23:59:00+02:00');
    await says(2, '2026-06-02T00:01:00+02:00');
    await says(3, '2026-06-02T22:00:00+02:00');
    await says(4, '2026-06-03T00:29:00+02:00');
    assert.deepEqual(await rows(page), ['Monday, June 1', 'no 1', 'Yesterday', 'no 2', 'no 3', 'Today', 'no 4']);
    assert.deepEqual(await page.locator('.stamp').allTextContents(), ['Monday, June 1 23:59', 'Yesterday 00:01', '22:00', 'Today 00:29']);
    // A day later the names are others.
    await page.clock.setFixedTime(new Date('2026-06-04T09:00:00+02:00'));
    await says(5, '2026-06-04T09:00:00+02:00');
    assert.deepEqual((await rows(page)).filter((row) => !row.startsWith('no')), ['Monday, June 1', 'Tuesday, June 2', 'Yesterday', 'Today']);
  });

  test('has one clock, the reader\'s', async (t) => {
    for (const [lang, locale, expected] of [['en', 'en-GB', '13:05'], ['en', 'en-US', '1:05 PM'], ['en', 'de-DE', '13:05'], ['de', 'de-DE', '13:05']]) {
      const page = await joined(t, { lang, locale, timezoneId: 'Europe/Vienna' });
      await page.receive('message', { ...alice, id: 1, content: 'hi', at: noon + 65 * minute });
      const shown = (await page.locator('.stamp time, .message-time').allTextContents()).map((time) => time.replace(/\s/, ' '));
      assert.deepEqual(shown, [expected, expected], `${lang}, ${locale}`);
    }
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
    assert.equal(await page.innerText('#invite-first'), 'Copy link');
    await page.click('#invite-more');
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
    const weights = await page.locator('.system-message').first().evaluate((row) => [row, row.querySelector('bdi')].map((node) => getComputedStyle(node).fontWeight));
    assert.deepEqual(weights, ['400', '600']);
    assert.equal(await page.locator('article .system-message, .system-message article').count(), 0);
  });

  test('a name that is written from right to left does not turn the sentence around it', async (t) => {
    const page = await joined(t);
    await page.receive('member_joined', { display_name: 'مريم' });
    await page.receive('member_joined', { display_name: 'Ben' });
    assert.deepEqual(await rows(page), ['Today', 'مريم and Ben joined']);
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

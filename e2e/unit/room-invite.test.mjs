// The sheet with the invitation: the link and how long it lives, the picture, and the room's code.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { browserForFile, eventually } from '../browser/harness.mjs';
import { events, joinedRoom, knock, textOf } from './room.mjs';

const minute = 60_000; // milliseconds
const hour = 60 * minute;

describe('the invitation', () => {
  const chromium = browserForFile();
  const joined = (t, options) => joinedRoom(t, chromium, options);
  const clipboard = { permissions: ['clipboard-read', 'clipboard-write'] };
  const sharing = (context) => context.addInitScript(() => {
    Navigator.prototype.canShare = () => true;
    Navigator.prototype.share = async (data) => {
      globalThis.shared = data;
      if (globalThis.refusal) throw new DOMException('', globalThis.refusal);
    };
  });

  // No frame goes by while the clock stands still.
  const receive = (page, event, data) => page.evaluate((heard) => globalThis.receive(...heard), [event, data]);
  const hashOf = (lookup) => `hash of ${lookup}`;
  const invite = (page, lookup, lasts = hour, until = 0) => receive(page, 'invite', { lookup, until, lasts: lasts / 1000, hash: hashOf(lookup) });
  /** Tells which invitations hold: those with these lookups, and one of another tab. */
  const holding = (page, ...lookups) => receive(page, 'invites', { hashes: [...lookups, 'another'].map(hashOf) });
  /** A page whose clock stands still, with the sheet open and its link there. */
  const opened = async (t, options) => {
    const page = await joined(t, options);
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 1000);
    await page.click('#invite');
    await invite(page, 'one');
    await page.sent();
    return page;
  };
  const copied = (page) => page.evaluate(() => navigator.clipboard.readText());
  const asks = async (page) => (await events(page)).filter((event) => event === 'request_invite').length;

  test('is asked for when the sheet opens, and is the same when it opens again', async (t) => {
    const page = await joined(t, clipboard);
    await page.click('#invite');
    assert.deepEqual(await page.sent(), [['request_invite', { room: 'room-1' }]]);
    assert.match(await textOf(page, '#invite-dialog'), /Getting a link…/);
    await invite(page, 'one');
    assert.match(await textOf(page, '#invite-dialog'), /This link works for 1 hour\. Everyone here is asked/);
    await page.click('#copy-link');
    await eventually(async () => assert.equal(await copied(page), 'http://localhost/#one'));
    for (const opener of ['#invite', '#invite-more']) {
      await page.keyboard.press('Escape');
      await page.click(opener);
    }
    await page.keyboard.press('Escape');
    await page.click('#more');
    await page.click('#menu-invite');
    assert.equal(await page.isVisible('#invite-dialog'), true);
    assert.equal(await asks(page), 0);
    assert.deepEqual(page.problems, []);
  });

  test('says in words how long it still works', async (t) => {
    const page = await opened(t);
    for (const [passed, words] of [[0, '1 hour'], [minute, '59 minutes'], [19 * minute, '40 minutes']]) {
      await page.clock.runFor(passed);
      assert.equal(await textOf(page, '#invite-lasts'), `This link works for ${words}.`);
    }
    const german = await joined(t, { lang: 'de' });
    await german.click('#invite');
    await invite(german, 'one', 25 * minute);
    assert.equal(await textOf(german, '#invite-lasts'), 'Dieser Link gilt noch 25 Minuten.');
  });

  test('never says that it works longer than the chat lasts', async (t) => {
    const page = await opened(t);
    for (const [seconds, words] of [[125, '2 minutes'], [80, '1 minute'], [20, '1 minute']]) {
      await page.click('#end-links');
      await invite(page, `${seconds} s`, seconds * 1000); // the server ends none later than the room
      await page.evaluate((left) => globalThis.receive('room_status', { exists: true, participant_count: 2, expires_in: left }), seconds);
      assert.equal(await textOf(page, '#invite-lasts'), `This link works for ${words}.`);
      assert.match(await textOf(page, '#room-end'), new RegExp(`ends in ${words}`));
    }
  });

  test('is replaced by itself while the sheet is open, and not while it is closed', async (t) => {
    const page = await opened(t);
    await page.clock.runFor(49 * minute);
    assert.equal(await asks(page), 0);
    await page.clock.runFor(minute);
    assert.equal(await asks(page), 1);
    assert.match(await textOf(page, '#invite-lasts'), /10 minutes/, 'the old one still works');
    await invite(page, 'two');
    assert.match(await textOf(page, '#invite-lasts'), /1 hour/);
    await page.keyboard.press('Escape');
    await page.clock.runFor(2 * hour);
    assert.equal(await asks(page), 0);
    await page.click('#invite');
    assert.equal(await asks(page), 1);
    assert.match(await textOf(page, '#invite-dialog'), /Getting a link/);
  });

  test('with enough time left is used again, and with less is not', async (t) => {
    const page = await opened(t);
    for (const [passed, expected] of [[49 * minute, 0], [2 * minute, 1]]) {
      await page.keyboard.press('Escape');
      await page.clock.runFor(passed);
      await page.click('#invite');
      assert.equal(await asks(page), expected);
    }
  });

  // Shortly before the room's end no invitation lives longer than the room.
  test('that ends with the room is not asked for again and again', async (t) => {
    const page = await opened(t);
    await page.clock.runFor(50 * minute);
    await invite(page, 'two', 8 * minute);
    assert.equal(await asks(page), 1);
    await page.clock.runFor(4 * minute);
    assert.equal(await asks(page), 0);
    assert.match(await textOf(page, '#invite-lasts'), /4 minutes/);
  });

  // Threat: a page that asks without end, or shows a dead link, because its clock and the server's differ.
  test('does not mind a clock that is wrong', async (t) => {
    for (const wrong of [-48 * hour, -58 * minute, 0, 58 * minute, 48 * hour]) {
      const page = await opened(t);
      await page.clock.runFor(50 * minute);
      await page.sent();
      await invite(page, 'two', hour, Date.now() + wrong);
      assert.match(await textOf(page, '#invite-lasts'), /1 hour/);
      await page.clock.runFor(30 * minute);
      assert.equal(await asks(page), 0, `${wrong}`);
      assert.match(await textOf(page, '#invite-lasts'), /30 minutes/);
    }
  });

  // Threat: a browser puts the page to sleep before the answer comes, and the link is older than it looks.
  test('lasts from when it was asked for', async (t) => {
    const page = await joined(t);
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 1000);
    await page.click('#invite');
    await page.clock.setSystemTime(Date.now() + 1000 + 20 * minute);
    await invite(page, 'one');
    assert.match(await textOf(page, '#invite-lasts'), /40 minutes/);
  });

  // Threat: somebody sends a link that they have ended themselves, in another tab.
  test('that was ended elsewhere is not shown any more, and the next one is for the person to ask for', async (t) => {
    const page = await opened(t, clipboard);
    await holding(page, 'one');
    assert.match(await textOf(page, '#invite-lasts'), /1 hour/);
    await holding(page);
    assert.equal(await textOf(page, '#invite-said'), 'This link no longer works. Copy or share to get a new one.');
    assert.equal(await page.isVisible('#qr'), false);
    assert.doesNotMatch(await textOf(page, '#invite-dialog'), /Getting|works for/);
    await page.clock.runFor(30 * minute);
    assert.equal(await asks(page), 0, 'two pages that asked by themselves could go on for ever');
    await page.click('#copy-link');
    assert.equal(await asks(page), 1);
    await holding(page); // what was ended once is not ended again
    assert.match(await textOf(page, '#invite-lasts'), /Getting a link/);
    await invite(page, 'two');
    await eventually(async () => assert.equal(await copied(page), 'http://localhost/#two'));
    assert.equal(await page.isVisible('#qr'), true);

    // With the sheet closed it is not copied, and the sheet gets another one when it opens.
    await page.keyboard.press('Escape');
    await holding(page);
    assert.equal(await asks(page), 0);
    await page.click('#invite');
    assert.equal(await asks(page), 1);
    assert.equal(await textOf(page, '#invite-said'), '');
    await invite(page, 'three');
    assert.match(await textOf(page, '#invite-lasts'), /1 hour/);
    assert.deepEqual(page.problems, []);
  });

  test('that was ended while the connection was lost is not shown after it', async (t) => {
    const page = await opened(t);
    await receive(page, 'disconnect', 'transport close');
    assert.match(await textOf(page, '#invite-lasts'), /1 hour/, 'nobody knows yet');
    await receive(page, 'connect');
    await holding(page);
    assert.match(await textOf(page, '#invite-said'), /no longer works/);
    assert.equal(await asks(page), 0);
  });

  test('without a connection the sheet says so, offers the code, and gets a link by itself later', async (t) => {
    const page = await joined(t, clipboard);
    await page.receive('disconnect', 'transport close');
    await page.click('#invite');
    assert.match(await textOf(page, '#invite-said'), /not connected, so there’s no link right now\. You can still read out the code/);
    assert.equal(await textOf(page, '#currentCode'), '123456');
    assert.equal(await page.isVisible('#qr'), false);
    assert.doesNotMatch(await textOf(page, '#invite-dialog'), /Getting|works for/);
    // There is nothing to copy, which the button shows; who presses it all the same is told why.
    const looksDisabled = () => page.locator('#copy-link').getAttribute('aria-disabled');
    assert.equal(await looksDisabled(), 'true');
    await page.locator('#copy-link').press('Enter');
    assert.match(await textOf(page, '#invite-said'), /not connected/);
    await page.receive('connect');
    assert.equal(await asks(page), 1);
    await invite(page, 'one');
    assert.equal(await textOf(page, '#invite-said'), '');
    assert.equal(await page.isVisible('#qr'), true);
    assert.equal(await looksDisabled(), null);
    // A link that is there still works.
    await page.receive('disconnect', 'transport close');
    await page.click('#copy-link');
    await eventually(async () => assert.equal(await copied(page), 'http://localhost/#one'));
  });

  test('that does not come is said, and asked for once more', async (t) => {
    const page = await joined(t);
    await page.clock.install();
    await page.click('#invite');
    await page.receive('room_error', { code: 'too_fast', message: 'Slow down.' });
    assert.match(await textOf(page, '#invite-said'), /no link right now\. You can read out the code instead/);
    await page.sent();
    await page.clock.runFor(10_000);
    assert.equal(await asks(page), 1);
    assert.equal(await textOf(page, '#invite-said'), '');
    await page.clock.runFor(10_000);
    assert.match(await textOf(page, '#invite-said'), /no link right now/, 'nor has the server answered');
    await invite(page, 'one');
    assert.match(await textOf(page, '#invite-lasts'), /1 hour/);
  });

  // Threat: a page that asks again as soon as it is refused does nothing else any more.
  test('that is refused while the one before still works is not asked for at once', async (t) => {
    const page = await opened(t);
    await page.clock.runFor(50 * minute);
    assert.equal(await asks(page), 1);
    await page.evaluate(() => globalThis.receive('room_error', { code: 'too_fast', message: 'Slow down.' }));
    assert.equal(await asks(page), 0);
    await page.clock.runFor(10_000);
    assert.equal(await asks(page), 1);
  });

  test('a press that comes before the link is not lost', async (t) => {
    const page = await joined(t, clipboard);
    await page.click('#invite');
    await page.click('#copy-link');
    await page.click('#copy-link');
    await invite(page, 'one');
    await eventually(async () => assert.equal(await copied(page), 'http://localhost/#one'));
    assert.equal(await asks(page), 1);
  });

  test('copying is confirmed on the button for two seconds, and told to who does not see it', async (t) => {
    const page = await opened(t, clipboard);
    const label = page.locator('#copy-link');
    await label.click();
    await page.locator('#copy-link', { hasText: 'Copied ✓' }).waitFor();
    assert.equal(await page.locator('#invite-said').textContent(), 'Link copied.');
    await page.clock.runFor(1500);
    await page.evaluate(() => { document.querySelector('#invite-said').textContent = ''; });
    await label.click(); // once more begins anew
    await page.locator('#invite-said', { hasText: 'Link copied.' }).waitFor({ state: 'attached' });
    await page.clock.runFor(1900);
    assert.equal(await label.innerText(), 'Copied ✓');
    await page.clock.runFor(200);
    assert.equal(await label.innerText(), 'Copy link');
    await page.click('#copy-code');
    await page.locator('#copy-code', { hasText: 'Copied ✓' }).waitFor();
    assert.equal(await copied(page), '123456');
  });

  // Without HTTPS there is no clipboard.
  test('where nothing can be copied the link is shown and selected, and said how to copy it', async (t) => {
    const page = await joined(t);
    await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
    const selection = () => page.evaluate(() => getSelection().toString());
    // The same button on the empty page opens the sheet for it.
    await page.click('#invite-first');
    await invite(page, 'one');
    await page.locator('#invite-said', { hasText: 'Ctrl+C' }).waitFor();
    assert.equal(await selection(), 'http://localhost/#one');
    assert.equal(await page.isVisible('#invite-link'), true);
    assert.equal(await textOf(page, '#copy-link'), 'Copy link');
    await page.click('#copy-code');
    await page.locator('#invite-said', { hasText: 'The code is selected' }).waitFor();
    assert.equal(await selection(), '123456');
  });

  test('the picture is of the link, and another one with another link', async (t) => {
    const page = await opened(t);
    const picture = () => page.locator('#qr').evaluate((canvas) => canvas.toDataURL());
    await page.waitForFunction(() => document.querySelector('#qr').width > 29);
    const before = await picture();
    await page.click('#end-links');
    assert.deepEqual(await page.sent(), [['revoke_invite', { room: 'room-1' }], ['request_invite', { room: 'room-1' }]]);
    await invite(page, 'two');
    await eventually(async () => assert.notEqual(await picture(), before));
    assert.equal(await textOf(page, '#invite-said'), 'Your old links no longer work. Here’s a new one.');
    assert.deepEqual(page.problems, []);
  });

  // Threat: the answer to a question from before comes after it, with a link that has ended.
  test('a link that was ended while it was on its way is not shown', async (t) => {
    const page = await joined(t, clipboard);
    await page.click('#invite');
    await page.click('#copy-link');
    await page.click('#end-links');
    assert.deepEqual(await events(page), ['request_invite', 'revoke_invite']);
    await invite(page, 'dead');
    assert.equal(await asks(page), 1);
    assert.match(await textOf(page, '#invite-lasts'), /Getting a link/);
    await invite(page, 'one');
    await eventually(async () => assert.equal(await copied(page), 'http://localhost/#one'));
    assert.equal(await asks(page), 0);
  });

  test('the picture of links that were ended is not shown until there is a new one', async (t) => {
    const page = await joined(t);
    const black = () => page.locator('#qr').evaluate((qr) => qr.getContext('2d').getImageData(0, 0, qr.width, qr.height).data.some((value, i) => i % 4 === 3 && value > 0));
    await page.click('#invite');
    await invite(page, 'one');
    await eventually(async () => assert.equal(await black(), true));
    await page.click('#end-links');
    assert.equal(await black(), false);
    await invite(page, 'one');
    await eventually(async () => assert.equal(await black(), true));
  });

  test('links are not ended without a connection, which is said', async (t) => {
    const page = await opened(t);
    await page.evaluate(() => globalThis.receive('disconnect', 'transport close'));
    await page.click('#end-links');
    assert.match(await textOf(page, '#invite-said'), /not connected/);
    assert.match(await textOf(page, '#invite-lasts'), /1 hour/);
  });

  test('a picture that cannot be drawn is not missed', async (t) => {
    const page = await joined(t, clipboard);
    await page.route('**/lean-qr/**', (route) => route.abort());
    await page.click('#invite');
    await invite(page, 'one');
    await page.locator('#invite-said', { hasText: 'copy the link' }).waitFor();
    assert.equal(await page.isVisible('#qr'), false);
    await page.click('#copy-link');
    await eventually(async () => assert.equal(await copied(page), 'http://localhost/#one'));
  });

  test('the first button shares where the browser can, and copies elsewhere', async (t) => {
    const firstButton = (page) => page.evaluate(() => [...document.querySelectorAll('#invite-dialog button:not(.close)')].find((button) => button.checkVisibility()).id);
    const focused = (page) => page.evaluate(() => document.activeElement.id);
    const without = await joined(t, { prepare: (context) => context.addInitScript(() => { Navigator.prototype.canShare = undefined; }) });
    assert.equal(await textOf(without, '#invite-first'), 'Copy link');
    await without.click('#invite');
    assert.equal(await firstButton(without), 'copy-link');
    assert.equal(await focused(without), 'copy-link');

    const page = await joined(t, { prepare: sharing });
    assert.equal(await textOf(page, '#invite-first'), 'Share link');
    await page.click('#invite');
    assert.equal(await firstButton(page), 'share');
    assert.equal(await focused(page), 'share');
    await invite(page, 'one', 40 * minute);
    await page.click('#share');
    assert.deepEqual(await page.evaluate(() => globalThis.shared), { url: 'http://localhost/#one', text: 'Join me for a chat. This link works for 40 minutes.' });
    for (const [refusal, words] of [['AbortError', ''], ['InvalidStateError', ''], ['NotAllowedError', 'Sharing didn’t work. You can copy the link instead.']]) {
      await page.evaluate((name) => { globalThis.refusal = name; }, refusal);
      await page.click('#share');
      await eventually(async () => assert.equal(await textOf(page, '#invite-said'), words));
    }
  });

  test('the code turns in the sheet', async (t) => {
    const page = await joined(t);
    await page.click('#invite');
    assert.equal(await textOf(page, '#currentCode'), '123456');
    await page.receive('code_update', { new_code: '007001', code: '007001' });
    assert.equal(await textOf(page, '#currentCode'), '007001');
    await page.receive('timer_sync', { time_remaining: 61 });
    assert.equal(await textOf(page, '#code-timer'), 'Changes in 1:01');
  });

  test('goes when the room ends', async (t) => {
    const page = await opened(t);
    await page.evaluate(() => globalThis.receive('room_expired', { room: 'room-1' }));
    assert.equal(await page.isVisible('#invite-dialog'), false);
    await page.sent();
    await page.clock.runFor(2 * hour);
    assert.deepEqual(await page.sent(), []);
    assert.deepEqual(page.problems, []);
  });

  test('is not offered any more in a room that ended before anything was said', async (t) => {
    const page = await joined(t);
    await page.receive('room_expired', { room: 'room-1' });
    assert.equal(await page.isVisible('#empty'), false);
  });

  test('gives way to somebody who wants to join', async (t) => {
    const page = await opened(t);
    await page.evaluate((request) => globalThis.receive('join_request', request), knock);
    assert.equal(await page.isVisible('#invite-dialog'), false);
  });
});

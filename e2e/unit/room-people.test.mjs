// Who wants to join, and how long the room lives.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { browserForFile, eventually } from '../browser/harness.mjs';
import { alice, askToLeave, events, joinedRoom, knock, openRoom, textOf } from './room.mjs';

describe('people', () => {
  const chromium = browserForFile();
  const joined = (t, options) => joinedRoom(t, chromium, options);

  const knocks = (page, ...ids) => Promise.all(ids.map((id) => page.receive('join_request', { ...knock, user: id, user_id: id })));
  const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.textContent);

  // As when a vote cannot be signed.
  test('an answer that cannot be told is taken back, with a sentence', async (t) => {
    const page = await joined(t);
    await page.evaluate(async () => {
      const { Requests } = await import('/static/js/room/requests.js');
      const cards = document.querySelector('#join-requests-container');
      const requests = new Requests(cards, 60, 'Ana', { answer: (id, yes, untold) => { globalThis.untold = untold; return true; }, changed() {}, focus() {} });
      requests.add('knock-9', 'Charlie');
      const atOnce = new Requests(cards, 60, 'Ana', { answer: (id, yes, untold) => { untold(); return true; }, changed() {}, focus() {} });
      atOnce.add('knock-8', 'Dora');
    });
    await page.click('#notification-knock-8 .accept');
    await page.locator('#notification-knock-8', { hasText: 'couldn’t be sent' }).waitFor();
    assert.equal(await page.isVisible('#notification-knock-8 .accept'), true);
    const [card, accept] = ['#notification-knock-9', '#notification-knock-9 .accept'];
    await page.click(accept);
    await page.locator(card, { hasText: 'You said yes' }).waitFor();
    assert.equal(await page.isVisible(accept), false);
    await page.evaluate(() => globalThis.untold());
    await page.locator(card, { hasText: 'couldn’t be sent' }).waitFor();
    assert.equal(await page.isVisible(accept), true);
  });

  const refuse = async (page, error) => {
    if (error) await page.receive('room_error', error);
    await page.evaluate(() => globalThis.acknowledge());
  };

  // The server complains at most once in three seconds, and says nothing of what it drops then.
  for (const [what, error, why] of [['with a reason', { message: 'Too fast.', code: 'too_fast' }, /too fast/], ['without a word', undefined, /couldn’t be sent/]]) {
    test(`an answer that the server refuses ${what} is asked for again`, async (t) => {
      const page = await joined(t);
      const [card, state] = ['#notification-knock-1', '#status-knock-1'];
      const choices = () => page.locator(`${card} button:visible`).allInnerTexts();
      const votes = { ...knock, yes: [], missing: ['Ben', 'Zoë O&#39;Brien'] };
      await page.receive('join_request', knock);
      await page.receive('request_votes', votes);
      for (const answer of ['accept', 'deny']) {
        await page.click(`${card} .${answer}`);
        assert.match(await textOf(page, state), answer === 'deny' ? /^You said no/ : /^You said yes/);
        await refuse(page, error);
        assert.match(await textOf(page, state), why);
        assert.deepEqual(await choices(), ['Decline', 'Let in']);
      }
      await page.click(`${card} .accept`);
      await page.receive('request_votes', { ...votes, yes: ['Zoë O&#39;Brien'], missing: ['Ben'], own: true });
      await page.receive('room_error', { message: 'Something else.' });
      assert.equal(await textOf(page, state), 'You said yes. Waiting for Ben.');
      await page.click(`${card} .after`);
      await refuse(page, error);
      assert.match(await textOf(page, state), why);
      assert.deepEqual(await choices(), ['Decline after all'], 'the yes still counts');
      assert.deepEqual(page.problems, []);
    });
  }

  test('an answer that went with the connection is asked for again, unless the server has it', async (t) => {
    const page = await joined(t);
    await knocks(page, 'one', 'two');
    for (const id of ['one', 'two']) await page.click(`#notification-${id} .accept`);
    await page.receive('disconnect', 'transport close');
    for (const id of ['one', 'two']) {
      assert.match(await textOf(page, `#notification-${id}`), /not connected/);
      assert.equal(await page.isVisible(`#notification-${id} .accept`), true);
    }
    await page.receive('connect');
    await page.receive('join_request', { ...knock, user: 'one', user_id: 'one' });
    await page.receive('request_votes', { ...knock, user: 'two', user_id: 'two', yes: ['Zoë O&#39;Brien'], missing: ['Ben'], own: true });
    assert.equal(await textOf(page, '#status-one'), '');
    assert.equal(await page.isVisible('#notification-one .accept'), true);
    assert.equal(await textOf(page, '#status-two'), 'You said yes. Waiting for Ben.');
    assert.equal(await page.isVisible('#notification-two .accept'), false);
  });

  test('a question for the members that is open is asked once more after a change, whatever else the server refuses', async (t) => {
    const page = await joined(t); // which asks
    const asked = async () => (await events(page)).filter((event) => event === 'request_members').length;
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 1000);
    const receive = (...values) => page.evaluate((all) => globalThis.receive(...all), values);
    await receive('update_participants', { count: 3 });
    await receive('room_error', { message: 'Something else.' });
    assert.equal(await asked(), 0);
    await receive('members', { members: [] });
    assert.equal(await asked(), 1);
    await page.evaluate(() => globalThis.acknowledge()); // refused
    assert.equal(await asked(), 0);
    await page.clock.runFor(5000);
    assert.equal(await asked(), 1, 'after a while');
    await receive('update_participants', { count: 4 });
    await receive('disconnect', 'transport close');
    await page.clock.runFor(5000);
    await receive('connect');
    await receive('room_status', { exists: true });
    assert.equal(await asked(), 1, 'by the next connection');
    await receive('room_status', { exists: true });
    assert.equal(await asked(), 0);
    await receive('members', { members: [] });
    await page.clock.runFor(60_000);
    assert.equal(await asked(), 0);
  });

  // Some browsers count in hours that the page's language does not.
  for (const [locale, lang, time] of [
    ['en-US', 'en', '4:02 PM'], ['en-GB', 'en', '16:02'], ['de-DE', 'en', '16:02'], ['de-DE', 'de', '16:02'], ['en-US', 'de', '4:02 PM'],
  ]) {
    test(`a browser in ${locale} has one clock on a page in ${lang}`, async (t) => {
      const page = await joined(t, { locale, lang, timezoneId: 'Europe/Vienna' });
      await page.clock.setFixedTime(new Date('2026-06-05T16:02:00+02:00'));
      const said = async (selector) => (await textOf(page, selector)).replaceAll('\u202f', ' ');
      await page.receive('message', { ...alice, id: 1, content: 'now', at: Date.parse('2026-06-05T16:02:00+02:00') });
      assert.equal(await said('.message-time >> nth=-1'), time);
      await page.click('#member-count');
      const ends = async (/** @type {number} */ seconds) => {
        await page.receive('room_status', { exists: true, participant_count: 2, expires_in: seconds });
        return said('#room-end');
      };
      const [day, date] = lang === 'de' ? ['am Samstag um', 'am Freitag, 12. Juni um'] : ['on Saturday at', 'on Friday, June 12 at'];
      assert.match(await ends(24 * 3600), new RegExp(`24 (hours|Stunden), ${day} ${time}\\.$`));
      assert.match(await ends(7 * 24 * 3600), new RegExp(`7 (days|Tagen), ${date} ${time}\\.$`));
      assert.match(await ends(60), / 1 (minute|Minute), /);
      assert.match(await ends(0), / 1 (minute|Minute), /, 'not in 0 minutes');
    });
  }

  test('one and more people are counted as the language does', async (t) => {
    const page = await joined(t, { lang: 'de' });
    assert.equal(await textOf(page, '#count'), '2 Leute');
    await page.receive('update_participants', { count: 1 });
    assert.equal(await textOf(page, '#count'), '1 Person');
    await page.receive('join_request', knock);
    for (const [yes, words] of [[['Ana'], 'Ana hat zugestimmt.'], [['Ana', 'Ben'], 'Ana und Ben haben zugestimmt.']]) {
      await page.receive('request_votes', { ...knock, yes, missing: ['Cleo', 'Zoë O&#39;Brien'] });
      assert.equal(await textOf(page, '#status-knock-1'), words);
    }
  });

  test('a card says who has said yes, who has not, and what oneself has said', async (t) => {
    const page = await joined(t);
    const [card, state] = ['#notification-knock-1', '#status-knock-1'];
    const self = 'Zoë O&#39;Brien';
    const votes = (yes, missing) => page.receive('request_votes', { ...knock, yes, missing, own: yes.includes(self) });
    const chips = async () => (await page.locator(`${card} .votes li`).allTextContents()).map((text) => text.replace(/ (said yes|hasn’t answered)$/, (_, vote) => (vote === 'said yes' ? '+' : '-')));
    await page.receive('join_request', knock);
    await votes([], [self]);
    assert.equal(await textOf(page, state), '', 'who is asked alone needs no counting');
    assert.deepEqual(await chips(), []);
    await votes([], ['Ben', 'Tom &amp; Ina', self]);
    assert.equal(await textOf(page, state), 'Everyone has to say yes.');
    assert.deepEqual(await chips(), ['You-', 'Ben-', 'Tom & Ina-']);
    await page.receive('request_status', { user_id: 'knock-1', approvals: 0, required: 3, time_remaining: 41 });
    assert.match(await textOf(page, card), /0:4[01]/);
    await votes(['Ben'], ['Tom &amp; Ina', self]);
    assert.equal(await textOf(page, state), 'Ben said yes.');
    await page.click(`${card} .accept`);
    assert.equal(await textOf(page, state), 'You said yes. Waiting for Tom & Ina.');
    await votes(['Ben', self], ['Tom &amp; Ina']);
    assert.deepEqual(await chips(), ['You+', 'Ben+', 'Tom & Ina-']);
    assert.deepEqual(await page.locator(`${card} button:visible`).allInnerTexts(), ['Decline after all']);
    await page.sent();
    await page.click(`${card} .after`);
    assert.deepEqual(await page.sent(), [['deny_join', { room: 'room-1', user_id: 'knock-1' }]]);
    assert.equal(await textOf(page, state), 'You said no.');
    assert.equal(await page.locator(`${card} button:visible`).count(), 0);
    await page.receive('join_denied', { user_id: 'knock-1', room: 'room-1', reason: 'Taken back.', code: 'withdrawn' });
    assert.equal(await page.locator(card).count(), 0);
    assert.deepEqual(page.problems, []);
  });

  test('a page that was loaded after its yes has the card, answered', async (t) => {
    const page = await joined(t);
    await page.receive('request_votes', { ...knock, yes: ['Zoë O&#39;Brien'], missing: ['Ben'], own: true });
    await page.receive('request_status', { user_id: 'knock-1', approvals: 1, required: 2, time_remaining: 30 });
    assert.equal(await textOf(page, '#status-knock-1'), 'You said yes. Waiting for Ben.');
    assert.equal(await page.locator('#notification-knock-1 .after').isVisible(), true);
    assert.equal(await page.getByRole('alert').textContent(), '', 'it is no news');
  });

  // A member who comes back changes the votes, and hears so before being asked.
  test('a request whose votes are told first is news all the same', async (t) => {
    const page = await joined(t);
    await page.receive('request_votes', { ...knock, yes: [], missing: ['Ben', 'Zoë O&#39;Brien'] });
    const alert = page.getByRole('alert');
    assert.equal(await alert.textContent(), '');
    await page.receive('join_request', knock);
    const said = await alert.textContent();
    assert.match(said, /wants to join/);
    await page.receive('join_request', knock); // a repeat is none
    assert.equal(await alert.textContent(), said);
  });

  test('many voters are counted, and those who are missing named as far as there is room', async (t) => {
    const page = await joined(t);
    const crowd = (from, to) => Array.from({ length: to - from }, (_, i) => `M${from + i}`);
    await page.receive('join_request', knock);
    await page.receive('request_votes', { ...knock, yes: [...crowd(0, 6), 'Zoë O&#39;Brien'], missing: crowd(6, 19), own: true });
    assert.equal(await textOf(page, '#status-knock-1'), 'You said yes. Waiting for M6, M7 and 11 others.');
    const chips = await page.locator('#notification-knock-1 .votes bdi').allTextContents();
    assert.deepEqual([chips[0], chips.at(-1), chips.length], ['7 of 20', '+5', 10]);
  });

  test('voters whom the server does not name are counted, oneself among them', async (t) => {
    const page = await joined(t);
    const chips = () => page.locator('#notification-knock-1 .votes bdi').allTextContents();
    const votes = (told) => page.receive('request_votes', { ...knock, ...told });
    await page.receive('join_request', knock);
    await votes({ yes: ['Ana', 'Ben'], yes_more: 3, missing: ['Cleo'], missing_more: 2 });
    assert.equal(await textOf(page, '#status-knock-1'), 'Ana, Ben and 3 others said yes.');
    assert.deepEqual(await chips(), ['5 of 8', 'Cleo', '+2']);
    assert.equal(await page.locator('#notification-knock-1 .accept').isVisible(), true);
    await votes({ yes: ['Ana', 'Ben'], yes_more: 4, missing: ['Cleo'], missing_more: 1, own: true });
    assert.equal(await textOf(page, '#status-knock-1'), 'You said yes. Waiting for Cleo and 1 other.');
    assert.equal(await page.locator('#notification-knock-1 .after').isVisible(), true, 'as said in another tab');
    await page.receive('join_request', knock);
    assert.equal(await page.locator('#notification-knock-1 .accept').isVisible(), true, 'the server asks again');
    assert.deepEqual(page.problems, []);
  });

  test('several are counted, and a low window shows one of them and how many more', async (t) => {
    const page = await joined(t);
    const seen = () => page.locator('.join-request-notification:visible strong').allInnerTexts();
    await knocks(page, 'one', 'two', 'three');
    assert.equal(await textOf(page, '.requests-count'), '3 people want to join');
    assert.deepEqual(await seen(), ['one', 'two', 'three']);
    assert.equal(await page.isVisible('.requests-more'), false);
    await page.setViewportSize({ width: 390, height: 430 });
    assert.deepEqual(await seen(), ['one']);
    await page.focus('#notification-one .accept');
    await page.keyboard.press('Enter');
    assert.deepEqual(await seen(), ['two'], 'the next that has no answer');
    assert.equal(await focused(page), 'notification-two');
    const others = page.getByRole('button', { name: '2 more requests' });
    assert.equal(await others.innerText(), '+2');
    await others.click();
    assert.deepEqual(await seen(), ['one', 'two', 'three']);
    await page.getByRole('button', { name: 'Show fewer' }).click();
    assert.deepEqual(await seen(), ['two']);
    for (const id of ['one', 'two']) await page.receive('join_denied', { user_id: id, room: 'room-1' });
    assert.equal(await page.locator('.requests-more, .requests-count').count(), 0);
    await page.receive('join_denied', { user_id: 'three', room: 'room-1' });
    assert.equal(await page.locator('#join-requests-container > *').count(), 0);
  });

  test('a knock that lost its place at the door goes', async (t) => {
    const page = await joined(t);
    await page.receive('join_request', knock);
    await page.receive('join_denied', { user_id: 'knock-1', room: 'room-1', reason: 'Too many.', code: 'displaced' });
    assert.equal(await page.locator('#notification-knock-1').count(), 0);
    assert.equal(await textOf(page, '.system-message'), 'Charlie lost their place: too many people were asking to join');
  });

  const dialogs = { people: (page) => page.click('#member-count'), invitation: (page) => page.click('#invite'), leaving: askToLeave };
  for (const [name, open] of Object.entries(dialogs)) {
    test(`what the page says is seen and heard over the dialog: ${name}`, async (t) => {
      const page = await joined(t);
      await open(page);
      await page.receive('room_error', { message: 'Too fast.', code: 'too_fast', ref: 'x' });
      const toast = page.locator('dialog[open] .notice');
      assert.match(await toast.innerText(), /too fast/);
      await toast.getByRole('button').click(); // nothing covers it
      assert.equal(await toast.count(), 0);
      await page.receive('disconnect', 'transport close');
      assert.match(await textOf(page, 'dialog[open] #connection'), /No connection/);
      assert.equal(await page.locator('dialog[open]').locator('#announcer, #news, #notices, #connection').count(), 4);
      await page.keyboard.press('Escape');
      await page.locator('#top > #live').waitFor({ state: 'attached' });
      assert.deepEqual(page.problems, []);
    });

    test(`a request to join is not below the dialog: ${name}`, async (t) => {
      const page = await joined(t);
      await open(page);
      await page.receive('join_request', knock);
      assert.equal(await page.locator('dialog[open]').count(), 0);
      assert.equal(await page.getByRole('alert').filter({ hasText: 'Charlie' }).textContent(), 'Charlie wants to join');
      await page.click('#notification-knock-1 .accept');
    });
  }

  test('a knock is told to those who do not see it, and shown to those who look elsewhere', async (t) => {
    const page = await joined(t);
    await page.click('#invite');
    await page.receive('join_request', knock);
    assert.equal(await page.getByRole('alert').filter({ hasText: 'Charlie' }).textContent(), 'Charlie wants to join');
    assert.equal(await page.locator('dialog[open]').count(), 0, 'the card is not under a dialog');
  });

  test('cards of requests that ended while the page was away go, and others stay', async (t) => {
    const page = await joined(t);
    await knocks(page, 'ended', 'open', 'answered');
    await page.click('#notification-answered .accept');
    await page.receive('disconnect', 'transport close');
    await page.receive('connect');
    await page.receive('join_request', { ...knock, user: 'open', user_id: 'open' });
    await page.receive('request_status', { user_id: 'answered', approvals: 1, required: 2, time_remaining: 20 });
    assert.equal(await page.locator('.join-request-notification').count(), 3);
    await page.receive('room_status', { exists: true, participant_count: 2, expires_in: 3600 });
    assert.deepEqual(await page.locator('.join-request-notification strong').allInnerTexts(), ['open', 'answered']);
  });

  test('a vote without a connection is not given, and not lost', async (t) => {
    const page = await joined(t);
    await page.receive('join_request', knock);
    await page.receive('disconnect', 'transport close');
    await page.click('#notification-knock-1 .accept');
    assert.match(await textOf(page, '#notification-knock-1'), /not connected/);
    await page.receive('connect');
    assert.ok(!(await events(page)).includes('approve_join'));
    await page.click('#notification-knock-1 .accept');
    assert.deepEqual(await events(page), ['approve_join']);
  });

  test('the keyboard keeps its place when cards and buttons go', async (t) => {
    const page = await joined(t);
    await knocks(page, 'one', 'two');
    await page.focus('#notification-one .accept');
    await page.keyboard.press('Enter');
    assert.equal(await focused(page), 'notification-one');
    await page.receive('join_approved', { user_id: 'one', room: 'room-1', current_time: 1 });
    assert.equal(await focused(page), 'notification-two');
    await page.receive('join_denied', { user_id: 'two', room: 'room-1' });
    assert.equal(await focused(page), 'chat');
  });

  // The next card takes the place of the one that has gone.
  test('a click that was meant for another card does nothing', async (t) => {
    const page = await joined(t);
    await knocks(page, 'one', 'two');
    await page.sent();
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 1000);
    const { x, y } = await page.locator('#notification-one .accept').boundingBox();
    await page.evaluate(() => globalThis.receive('join_denied', { user_id: 'one', room: 'room-1' }));
    const press = () => page.mouse.click(x + 10, y + 10);
    await press();
    assert.deepEqual(await events(page), []);
    await page.clock.runFor(500);
    await press();
    assert.deepEqual(await page.sent(), [['approve_join', { room: 'room-1', user_id: 'two' }]]);
  });

  test('a click beside a dialog closes it, one in it does not', async (t) => {
    const page = await joined(t);
    const dialog = page.locator('#invite-dialog');
    await page.click('#invite');
    const { x, y, width } = await dialog.boundingBox();
    await page.mouse.click(x + 4, y + 40); // the padding
    assert.equal(await dialog.isVisible(), true);
    await page.mouse.move(x + width / 2, y + 60); // selecting
    await page.mouse.down();
    await page.mouse.move(x - 20, y + 60);
    await page.mouse.up();
    assert.equal(await dialog.isVisible(), true);
    await page.mouse.click(x - 20, y + 60);
    assert.equal(await dialog.isVisible(), false);
  });
});

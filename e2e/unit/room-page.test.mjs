import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { browserForFile, eventually } from '../browser/harness.mjs';
import { random } from './client.mjs';
import { alice, askToLeave, events, joinedRoom, knock, openRoom, self, textOf as text } from './room.mjs';

describe('the room page', () => {
  const chromium = browserForFile();

  const open = (t, options) => openRoom(t, chromium, options);
  const joined = (t, options) => joinedRoom(t, chromium, options);

  test('enters the room with what the template says', async (t) => {
    const page = await open(t);
    const auth = await page.evaluate(() => globalThis.options.auth);
    assert.equal(auth.seat, 'seat-1');
    assert.match(auth.page, /^[0-9a-f]{32}$/);
    assert.equal(auth.n, 1, 'its first connection');
    assert.match(await text(page, '#timer'), /^(4:00|3:[0-5]\d)$/, 'it counts down from there');
    assert.equal(await text(page, '#count'), '2 people');
    await page.receive('connect');
    assert.deepEqual(await page.sent(), [
      ['join', { room: 'room-1', display_name: "Zoë O'Brien" }],
      ['request_code', { room: 'room-1' }],
      ['request_timer_sync', { room: 'room-1' }],
    ]);
    await page.receive('join_success', { count: 3 });
    assert.equal(await text(page, '#count'), '3 people');
    assert.deepEqual(page.problems, []);
  });

  // The server restores a connection that comes back. A second join would be a page anew.
  test('joins once, but until it has succeeded', async (t) => {
    const page = await open(t);
    for (const [succeeds, expected] of [[false, 'join'], [true, 'join'], [false, 'ping_room'], [false, 'ping_room']]) {
      await page.receive('connect');
      if (succeeds) await page.receive('join_success', { count: 1 });
      assert.deepEqual((await events(page)).slice(0, 3), [expected, 'request_code', 'request_timer_sync']);
      await page.receive('disconnect', 'transport close');
    }
  });

  test('shows whether there is a connection', async (t) => {
    const page = await joined(t);
    // That all is well needs no place on the page.
    const said = page.locator('#connection');
    const height = async () => (await said.boundingBox()).height;
    assert.equal(await height(), 1);
    assert.equal(await said.textContent(), 'Connected');
    await page.receive('disconnect', 'transport close');
    assert.equal(await said.innerText(), 'No connection. Trying again…');
    assert.ok(await height() > 20);
    await page.receive('connect');
    assert.equal(await height(), 1);
  });

  // By itself the client would take 45 seconds. Between two steps lie four of real time at least.
  describe('connects anew when the server owes an answer and says nothing', () => {
    const renewed = async (page) => (await events(page)).includes('(renew)');
    const silent = async (t) => {
      const page = await open(t);
      await page.clock.install();
      await page.evaluate(() => { globalThis.silent = true; });
      return page;
    };

    test('whatever it says shows that it lives', async (t) => {
      const page = await silent(t);
      await page.receive('connect');
      await page.clock.runFor(6000);
      await page.receive('code_update', { new_code: '654321' });
      await page.clock.runFor(6000);
      assert.equal(await renewed(page), false);
      await page.clock.runFor(4100);
      assert.equal(await renewed(page), true);
    });

    test('with more patience each time, until an answer has come', async (t) => {
      const page = await silent(t);
      for (const patience of [10_000, 20_000, 40_000, 80_000, 80_000]) {
        await page.receive('connect');
        await page.clock.runFor(patience - 4000);
        assert.equal(await renewed(page), false, `${patience}`);
        await page.clock.runFor(4100);
        assert.equal(await renewed(page), true, `${patience}`);
        await page.receive('disconnect', 'transport close');
        await page.clock.runFor(200_000);
        assert.equal(await renewed(page), false, 'without a connection nothing is owed');
      }
      await page.evaluate(() => { globalThis.silent = false; });
      await page.receive('connect');
      await page.click('#member-count');
      await page.evaluate(() => { globalThis.silent = true; });
      await page.keyboard.press('Escape');
      await page.click('#member-count');
      await page.clock.runFor(10_100);
      assert.equal(await renewed(page), true);
    });

    // The client keeps what is said into a connection whose time is over, and says it by the next.
    test('an answer to the connection before pays for nothing', async (t) => {
      const page = await silent(t);
      await page.receive('connect');
      await page.evaluate(() => { globalThis.kept = globalThis.acknowledgements.splice(0); });
      await page.receive('disconnect', 'ping timeout');
      await page.receive('connect');
      await page.evaluate(() => { for (const acknowledge of globalThis.kept) acknowledge(); });
      await page.receive('code_update', { new_code: '654321' });
      await page.clock.runFor(10_100);
      assert.equal(await renewed(page), true);
    });

    test('of a room that is over nothing is expected', async (t) => {
      const page = await silent(t);
      await page.receive('connect');
      await page.receive('room_expired', { room: 'room-1' });
      await page.clock.runFor(60_000);
      assert.equal(await renewed(page), false);
    });

    // Between the two of them there is no time to lose either.
    test('the greeting is an answer, too', async (t) => {
      const page = await silent(t);
      await page.receive('open');
      await page.clock.runFor(10_100);
      assert.equal(await renewed(page), true);
    });
  });

  test('leaves a quiet server alone', async (t) => {
    const page = await joined(t);
    await page.receive('members', { members: [] }); // nothing is owed any more
    await page.clock.install();
    await page.locator('#message-input').pressSequentially('h');
    await page.clock.runFor(60_000);
    assert.deepEqual(await events(page), ['typing']);
  });

  // The client gives up when the server says goodbye, as it does before a restart.
  test('comes back by itself when the server has said goodbye', async (t) => {
    const page = await joined(t);
    await page.evaluate(() => { globalThis.socket.active = false; });
    await page.receive('disconnect', 'io server disconnect');
    await page.waitForFunction(() => globalThis.sent.some(([event]) => event === '(connect)'));
  });

  test('tells the own messages from the others\'', async (t) => {
    const page = await joined(t);
    await page.receive('message', { ...alice, id: 1, content: 'one' });
    await page.receive('message', { ...alice, id: 2, content: 'two' });
    await page.receive('message', { ...self, id: 3, content: 'three' });
    // The same name, but somebody else: the member decides.
    await page.receive('message', { ...self, member: 'seat-9', id: 4, content: 'four' });
    const rows = await page.locator('.message').evaluateAll((all) => all.map((row) => [
      row.classList.contains('sent'), row.querySelector('.message-sender')?.textContent, row.querySelector('.message-content').textContent,
    ]));
    assert.deepEqual(rows, [[false, 'Alice', 'one'], [false, undefined, 'two'], [true, "Zoë O'Brien", 'three'], [false, "Zoë O'Brien", 'four']]);
  });

  test('needs only the three fields of the original', async (t) => {
    const page = await joined(t);
    await page.receive('message', { sender: 'Zoë O&#39;Brien', content: 'mine', timestamp: '12:34:56' });
    await page.receive('message', { sender: 'Alice', content: 'hers', timestamp: '12:34:56' });
    assert.deepEqual(await page.locator('.message.sent .message-content').allInnerTexts(), ['mine']);
    assert.deepEqual(await page.locator('.message.received .message-content').allInnerTexts(), ['hers']);
    assert.equal(await page.locator('.message-time').first().innerText(), '12:34');
  });

  test('shows a message once', async (t) => {
    const page = await joined(t);
    for (const id of [1, 2, 2, 1, 3]) await page.receive('message', { ...alice, id, content: `no ${id}` });
    assert.deepEqual(await page.locator('.message-content').allInnerTexts(), ['no 1', 'no 2', 'no 3']);
  });

  // The server sanitises; the page holds even if that failed.
  test('builds only the allowed elements', async (t) => {
    const page = await joined(t);
    await page.receive('message', {
      ...alice,
      content: '<b>b</b><i>i</i><em>e</em><strong>s</strong> &lt;u&gt;<img src=x><svg><a href="https://x.example">v</a></svg>'
        + '<iframe src="https://x.example"></iframe><style>body{display:none}</style>'
        + '<a href="javascript:alert(1)">j</a><a href="/room/x">r</a><a href="https://a.example/" title="t" id="x" target="_self" rel="opener">ok</a>',
    });
    const content = page.locator('.message-content');
    assert.equal(await content.innerHTML(),
      '<b>b</b><i>i</i><em>e</em><strong>s</strong> &lt;u&gt;<a href="https://x.example/" rel="noopener noreferrer nofollow" target="_blank">v</a>'
      + 'body{display:none}<a>j</a><a>r</a>'
      + '<a href="https://a.example/" rel="noopener noreferrer nofollow" target="_blank" title="t">ok</a>');
  });

  test('keeps newlines and spaces', async (t) => {
    const page = await joined(t);
    await page.receive('message', { ...alice, content: '  one\n   two' });
    assert.equal(await page.locator('.message-content').innerText(), '  one\n   two');
  });

  test('survives fields that are missing or odd', async (t) => {
    const page = await joined(t);
    for (const event of ['message', 'join_request', 'partial_approval', 'join_approved', 'join_denied', 'code_update', 'timer_sync', 'invite', 'invites',
      'request_status', 'request_votes', 'typing', 'members', 'update_participants', 'member_joined', 'member_left', 'member_returned', 'notice', 'position', 'room_status', 'room_error']) {
      for (const value of [undefined, null, {}, 7, 'x', []]) await page.receive(event, value);
    }
    assert.equal(await page.locator('#join-requests-container').innerText(), '');
    assert.equal(await page.locator('.message, .system-message, .typing:visible').count(), 0);
    assert.equal(await page.locator('#currentCode').textContent(), '123456');
    await page.receive('message', { ...alice, content: 'still here' });
    assert.equal(await page.locator('.message-content').innerText(), 'still here');
    assert.equal(await page.locator('#ended').isVisible(), false);
    assert.deepEqual(page.problems, []);
  });

  // A server that is not ours, or not itself.
  test('takes no harm from anything that the server may say', async (t) => {
    const page = await joined(t);
    await page.receive('join_request', knock);
    const next = random(5);
    const pick = (all) => all[Math.floor(next() * all.length)];
    const names = ['message', 'join_request', 'partial_approval', 'join_approved', 'join_denied', 'code_update', 'timer_sync', 'request_status', 'request_votes', 'invite', 'invites', 'typing', 'members',
      'update_participants', 'member_joined', 'member_left', 'member_returned', 'notice', 'position', 'room_error', 'join_success', 'pong', 'new_event', 'toString', '__proto__'];
    const fields = ['content', 'sender', 'name', 'member', 'id', 'at', 'ref', 'timestamp', 'display_name', 'what', 'by', 'missed', 'members', 'new_code', 'time_remaining',
      'user', 'user_id', 'approvals', 'required', 'yes', 'missing', 'lookup', 'lasts', 'hash', 'hashes', 'reason', 'code', 'count', 'message', 'present', 'you', '__proto__'];
    const value = (depth = 0) => {
      const kind = Math.floor(next() * (depth > 2 ? 7 : 10));
      if (kind === 7) return Array.from({ length: Math.floor(next() * 4) }, () => value(depth + 1));
      if (kind > 7) return Object.fromEntries(fields.filter(() => next() < 0.6).map((field) => [field, value(depth + 1)]));
      return [null, next() < 0.5, Math.floor(next() * 9) - 3, next() * 1e20, '', '<b>text</b>', 'admitted'][kind];
    };
    await page.evaluate((all) => { for (const said of all) globalThis.receive(...said); }, Array.from({ length: 3000 }, () => [pick(names), value()]));
    await page.receive('message', { ...alice, content: 'still here' });
    await page.locator('.message-content', { hasText: 'still here' }).waitFor();
    await page.receive('timer_sync', { time_remaining: 77 });
    assert.equal(await text(page, '#timer'), '1:17');
    assert.equal(await page.locator('#ended').isVisible(), false);
    assert.deepEqual(page.problems, []);
  });

  test('sends with the button and with Enter, not with Shift and Enter', async (t) => {
    const page = await joined(t);
    await page.fill('#message-input', ' hello ');
    await page.click('#send');
    const sent = async () => (await page.sent()).filter(([event]) => event === 'message').map(([, { room, message }]) => [room, message]);
    assert.deepEqual(await sent(), [['room-1', 'hello']]);
    assert.equal(await page.inputValue('#message-input'), '');
    await page.locator('#message-input').pressSequentially('a');
    await page.keyboard.press('Shift+Enter');
    await page.locator('#message-input').pressSequentially('b');
    await page.keyboard.press('Enter');
    assert.deepEqual(await sent(), [['room-1', 'a\nb']]);
    await page.fill('#message-input', ' \n ');
    await page.click('#send');
    assert.deepEqual(await sent(), []);
  });

  test('asks about those who knock, and takes the card away with the verdict', async (t) => {
    const page = await joined(t);
    await page.receive('join_request', knock);
    await page.receive('join_request', knock);
    assert.equal(await page.locator('.join-request-notification').count(), 1);
    assert.match(await text(page, '#notification-knock-1'), /Charlie wants to join\s+1:00/);
    await page.click('#notification-knock-1 .accept');
    assert.deepEqual(await page.sent(), [['approve_join', { room: 'room-1', user_id: 'knock-1' }]]);
    assert.equal(await page.locator('#notification-knock-1 .deny').isVisible(), false);
    await page.receive('request_votes', { ...knock, yes: ['Zoë O&#39;Brien'], missing: ['Alice'], own: true });
    assert.equal(await text(page, '#status-knock-1'), 'You said yes. Waiting for Alice.');
    await page.receive('join_approved', { user_id: 'knock-1', room: 'room-1', current_time: 1 });
    assert.equal(await page.locator('#notification-knock-1').count(), 0);
  });

  test('says no, and tells how it ended', async (t) => {
    const page = await joined(t);
    await page.receive('join_request', knock);
    await page.click('#notification-knock-1 .deny');
    assert.deepEqual(await page.sent(), [['deny_join', { room: 'room-1', user_id: 'knock-1' }]]);
    await page.receive('join_denied', { user_id: 'knock-1', room: 'room-1' });
    assert.equal(await text(page, '.system-message'), 'Charlie wasn’t let in');
    await page.receive('join_request', knock);
    await page.receive('join_denied', { user_id: 'knock-1', room: 'room-1', reason: 'Request timed out', code: 'timed_out' });
    assert.match(await page.locator('.system-message').last().innerText(), /not everyone answered in time/);
  });

  // The server repeats a request to those whose answer it has not got.
  test('can be asked again', async (t) => {
    const page = await joined(t);
    await page.receive('join_request', knock);
    await page.click('#notification-knock-1 .accept');
    await page.receive('join_request', knock);
    assert.equal(await page.locator('#notification-knock-1 .accept').isVisible(), true);
    assert.match(await text(page, '#notification-knock-1'), /1:00/);
  });

  test('names and ids are text everywhere', async (t) => {
    const page = await joined(t);
    const name = '&lt;img src=x&gt; &#39;"';
    await page.receive('join_request', { user: name, user_id: '"><img src=x>' });
    await page.receive('member_joined', { display_name: name });
    await page.receive('message', { sender: name, content: 'x', timestamp: '' });
    await page.receive('room_error', { message: '<img src=x>' });
    assert.equal(await page.locator('#room img[src=x]').count(), 0);
    assert.equal(await page.locator('.join-request-notification strong').innerText(), '<img src=x> \'"');
    assert.equal(await page.locator('.message-sender').innerText(), '<img src=x> \'"');
    assert.deepEqual(page.problems, []);
  });

  test('keeps time with the server', async (t) => {
    const page = await joined(t);
    await page.receive('timer_sync', { time_remaining: 77 });
    assert.equal(await text(page, '#timer'), '1:17');
    // The server is asked when the next code comes.
    await page.receive('code_update', { new_code: '654321', code: '654321' });
    assert.deepEqual(await events(page), ['request_timer_sync']);
    await page.receive('timer_sync', { time_remaining: 0.05 });
    await page.waitForFunction(() => document.querySelector('#timer').textContent === '0:00');
    assert.deepEqual(await events(page), ['request_timer_sync']);
    await page.click('#invite');
    await page.sent();
    await page.click('#new-code');
    assert.deepEqual(await events(page), ['request_code_update']);
  });

  for (const [what, event, value, words] of [
    ['expires', 'room_expired', { room: 'room-1' }, /this chat has ended/],
    ['is gone', 'room_status', { exists: false }, /no longer/],
  ]) {
    test(`ends with dignity when the room ${what}`, async (t) => {
      const page = await joined(t);
      await page.receive('message', { ...alice, content: 'remember this' });
      await page.receive('join_request', knock);
      await page.receive(event, value);
      assert.match(await text(page, '#ended'), words);
      assert.equal(await page.locator('#composer').isVisible(), false);
      assert.equal(await page.locator('.join-request-notification').count(), 0);
      assert.equal(await text(page, '.message-content'), 'remember this');
      assert.deepEqual(await events(page), ['(disconnect)']);
      // Nothing brings it back.
      await page.receive('disconnect', 'io client disconnect');
      assert.equal(await page.locator('#connection').textContent(), 'Disconnected');
      await page.click('#ended a');
      await page.waitForURL('http://localhost/');
    });
  }

  test('ends when it is not let in', async (t) => {
    const page = await open(t);
    await page.receive('connect');
    await page.sent();
    // An error may be about anything: the server is asked.
    await page.receive('room_error', { message: 'You are not in this room.' });
    assert.equal(await page.locator('#ended').isVisible(), false);
    assert.deepEqual(await events(page), ['ping_room']);
    await page.receive('room_status', { exists: false });
    assert.match(await text(page, '#ended'), /You are not in this room\./);
  });

  // The server's sentence may be any: only of a code that it does not know a page shows it.
  test('tells what was refused in its language, by the code', async (t) => {
    const page = await open(t, { lang: 'de' });
    await page.receive('connect');
    for (const [error, shown] of [
      [{ code: 'not_member', message: 'No.' }, 'Du bist nicht in diesem Chat. Bitte frag mit dem Raumcode an, ob du beitreten darfst.'],
      [{ code: 'moon_full', message: 'The moon is full.' }, 'The moon is full.'],
      [{ code: 'constructor', message: 'The sun is low.' }, 'The sun is low.'],
      [{ message: 'You are not in this room.' }, 'You are not in this room.'],
      [{ code: 'too_many_wrong_codes', message: 'Bitte warte 5 Minuten.' }, 'Bitte warte 5 Minuten.'],
      [{ code: 7, message: {} }, 'Das hat nicht geklappt. Bitte versuche es noch einmal.'],
    ]) {
      await page.receive('room_error', error);
      assert.match(await text(page, '#notices'), new RegExp(shown.replaceAll('.', '\\.')));
    }
    assert.deepEqual(page.problems, []);
  });

  test('asks again to be let in when that went wrong for once', async (t) => {
    const page = await open(t);
    await page.receive('connect');
    await page.receive('room_error', { message: 'Something went wrong on this server.' });
    await page.sent();
    await page.receive('room_status', { exists: true, participant_count: 1, expires_in: 3600 });
    await page.waitForFunction(() => globalThis.sent.some(([event]) => event === 'join'));
    assert.equal(await page.locator('#ended').isVisible(), false);
  });

  test('takes nothing from who is writing when the room ends', async (t) => {
    const page = await joined(t);
    await page.fill('#message-input', 'sent in vain');
    await page.keyboard.press('Enter');
    await page.locator('#message-input').pressSequentially('half a sen');
    await page.receive('room_expired', { room: 'room-1' });
    await page.keyboard.press('Enter');
    assert.deepEqual(page.navigations, []);
    assert.equal(await page.inputValue('#message-input'), 'half a sen');
    assert.equal(await page.locator('#message-input').isVisible(), true);
    assert.equal(await page.locator('#send').isVisible(), false);
    assert.match(await text(page, '.message[data-state=failed]'), /sent in vain\s+Not sent\.$/);
    assert.equal(await page.locator('.message button:visible').count(), 0, 'there is nowhere to send it');
  });

  test('says what leaving costs: the way back, or the chat', async (t) => {
    const page = await joined(t);
    const ana = { member: 'a', display_name: 'Ana', present: true, you: true };
    for (const [members, said] of [[[ana, { member: 'b', display_name: 'Ben', present: false, you: false }], /^To come back/], [[ana], /^Nobody else/]]) {
      await page.receive('members', { members });
      await askToLeave(page);
      await eventually(async () => assert.match(await page.locator('#leave-dialog > p:visible').innerText(), said));
      await page.click('#leave-dialog button[value=stay]');
    }
  });

  test('leaves for good after asking', async (t) => {
    const page = await joined(t);
    await askToLeave(page);
    await page.click('#leave-dialog button[value=stay]');
    assert.deepEqual(await page.sent(), []);
    await askToLeave(page);
    await page.evaluate(() => {
      globalThis.socket.emit = (event, value, done) => {
        sessionStorage.setItem('said', JSON.stringify([event, value]));
        done(null);
      };
    });
    await page.click('#leave-confirm');
    await page.waitForURL('http://localhost/');
    assert.deepEqual(JSON.parse(await page.evaluate(() => sessionStorage.getItem('said'))),
      ['leave_room', { room: 'room-1', display_name: "Zoë O'Brien", final: true }]);
  });

  test('follows the conversation, but not away from what is being read', async (t) => {
    const page = await joined(t);
    const atBottom = () => page.locator('#chat').evaluate((chat) => chat.scrollHeight - chat.scrollTop - chat.clientHeight < 5);
    for (let id = 0; id < 60; id += 1) await page.receive('message', { ...alice, id, content: `line ${id}` });
    assert.equal(await atBottom(), true);
    await page.locator('#chat').evaluate((chat) => { chat.scrollTop = 0; });
    await page.receive('message', { ...alice, id: 60, content: 'meanwhile' });
    assert.equal(await atBottom(), false);
    await page.click('#to-latest');
    assert.equal(await atBottom(), true);
    await page.locator('#to-latest').waitFor({ state: 'hidden' });
    // A message of one's own is followed without a doubt.
    await page.locator('#chat').evaluate((chat) => { chat.scrollTop = 0; });
    await page.receive('message', { ...self, id: 61, content: 'mine' });
    assert.equal(await atBottom(), true);
  });

  test('keeps the latest messages, more than the server does', async (t) => {
    const page = await joined(t);
    await page.evaluate((from) => {
      for (let id = 0; id < 1300; id += 1) globalThis.receive('message', { ...from, id, content: `line ${id}` });
    }, alice);
    await page.locator('.message-content', { hasText: 'line 1299' }).waitFor();
    const lines = await page.locator('.message-content').allTextContents();
    assert.ok(lines.length >= 1000 && lines.length <= 1200, `${lines.length} are kept`);
    assert.deepEqual(lines, lines.map((_, i) => `line ${1300 - lines.length + i}`));
  });

  test('says what to run without the client', async (t) => {
    const page = await open(t, { client: false });
    await page.locator('.notice').waitFor();
    assert.match(await text(page, '#notices'), /“make run”/);
  });
});

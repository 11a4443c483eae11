// The optional parts of the interface: what pages may say and listen to that know
// of it, for both clients over polling, websocket and the upgrade between them.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { matrix } from '../harness/clients.mjs';
import { barrier } from '../harness/connection.mjs';
import { assertKeys, assertRefused } from '../harness/expect.mjs';
import { Person } from '../harness/person.mjs';
import { admit, createRoom, knock, roomWith } from '../harness/scenario.mjs';
import { serverForFile } from '../harness/server.mjs';
import { until } from '../harness/wait.mjs';

const withdrawn = 'The request was cancelled.';

for (const { label, version, transports } of matrix) {
  describe(`optional events with ${label}`, { concurrency: 6 }, () => {
    const server = serverForFile();
    const how = { version, transports };
    const here = (t) => ({ ...how, t });
    const tally = ({ approvals, required }) => `${approvals}/${required}`;

    // --- request_status ------------------------------------------------------------

    test('request_status: after join_request, and to everybody concerned with each vote', async (t) => {
      const seats = await roomWith(server, ['Ana', 'Bob'], here(t));
      const [ana, bob] = seats;
      const marks = seats.map(({ conn }) => conn.mark());
      const carol = new Person(server, { t });
      const asked = Date.now();
      const waiting = await carol.join(ana.room.code, 'Carol');
      for (const [i, { conn }] of seats.entries()) {
        const status = await conn.waitFor('request_status', () => true, { from: marks[i] });
        const least = 60 - (Date.now() - asked) / 1000 - 1;
        assertKeys(status, ['user_id', 'approvals', 'required', 'time_remaining']);
        assert.equal(status.user_id, waiting.userId);
        assert.equal(tally(status), '0/2');
        assert.ok(Number.isInteger(status.time_remaining) && status.time_remaining >= least && status.time_remaining <= 60, `${status.time_remaining}`);
        assert.deepEqual(conn.names({ from: marks[i] }), ['join_request', 'request_status']);
      }
      const page = await carol.connect(how);
      page.emit('join_request', { room: waiting.pending, user: 'Carol', user_id: waiting.userId });
      assert.equal(tally(await page.waitFor('request_status')), '0/2');
      await ana.conn.barrier();
      const from = ana.conn.mark();
      bob.emit('approve_join', { user_id: waiting.userId });
      await ana.conn.waitFor('request_status', (status) => tally(status) === '1/2', { from });
      assert.deepEqual(ana.conn.names({ from }), ['partial_approval', 'request_status']);
      await page.waitFor('request_status', (status) => tally(status) === '1/2');
      // He goes, and his yes with him.
      bob.emit('leave_room');
      await page.waitFor('request_status', (status) => tally(status) === '0/1');
      ana.emit('approve_join', { user_id: waiting.userId });
      await page.waitFor('join_approved');
      await page.barrier();
      assert.deepEqual(page.all('request_status').map(tally), ['0/2', '1/2', '0/1']);
      assert.ok(!JSON.stringify(page.all('request_status')).includes(ana.roomId));
    });

    test('request_status: a page that is loaded later, and a newcomer who counts', async (t) => {
      const ana = await createRoom(server, 'Ana', here(t));
      const bob = await knock(server, ana.room.code, 'Bob', here(t));
      const carol = await knock(server, ana.room.code, 'Carol', here(t));
      const seat = await admit([ana], bob, how);
      const userId = carol.knock.userId;
      const status = await seat.conn.waitFor('request_status', (data) => data.user_id === userId);
      assert.equal(tally(status), '0/2');
      const names = seat.conn.names();
      assert.equal(names[names.indexOf('join_request') + 1], 'request_status');
      await carol.conn.waitFor('request_status', (data) => tally(data) === '0/2');
      assert.deepEqual(carol.conn.all('partial_approval'), []);
    });

    // --- request_members -------------------------------------------------------------

    test('request_members: the memberships, oldest first, to who asks alone', async (t) => {
      const seats = await roomWith(server, ['Ana', "O'Bob", 'Carol'], here(t));
      const [ana, bob, carol] = seats;
      bob.emit('leave_room');
      await carol.conn.waitFor('member_left');
      carol.say('who am I?').emit('request_members');
      const { members } = await carol.conn.waitFor('members');
      const { member } = await ana.conn.waitFor('message');
      for (const each of members) assertKeys(each, ['member', 'display_name', 'present', 'you']);
      assert.deepEqual(members.map(({ display_name: name, present, you }) => [name, present, you]),
        [['Ana', true, false], ['O&#39;Bob', false, false], ['Carol', true, true]]);
      assert.equal(members[2].member, member, 'as a message names its sender');
      assert.equal(members[1].member, bob.userId);
      await ana.conn.barrier();
      assert.deepEqual(ana.conn.all('members'), []);
    });

    test('request_members: not to who is no member', async (t) => {
      const ana = await createRoom(server, 'Ana', here(t));
      const bob = await knock(server, ana.room.code, 'Bob', here(t));
      const zoe = await createRoom(server, 'Zoe', here(t));
      const stranger = await new Person(server, { t }).connect(how);
      for (const conn of [bob.conn, zoe.conn, stranger]) {
        for (const room of [ana.roomId, bob.knock.userId, undefined]) {
          const from = conn.mark();
          conn.emit('request_members', { room });
          await assertRefused(conn, from);
        }
        assert.deepEqual(conn.all('members'), []);
      }
    });

    // --- request_code ------------------------------------------------------------------

    test('request_code: the present code, to who asks alone', async (t) => {
      const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], here(t));
      const [froms, code] = [[ana, bob].map(({ conn }) => conn.mark()), ana.room.code];
      bob.emit('request_code');
      assert.deepEqual(await bob.conn.waitFor('code_update', () => true, { from: froms[1] }), { new_code: code, code });
      await barrier(ana.conn, bob.conn);
      assert.deepEqual(ana.conn.all('code_update', { from: froms[0] }), []);
      const carol = await knock(server, code, 'Carol', here(t));
      const from = carol.conn.mark();
      for (const room of [ana.roomId, carol.knock.userId]) carol.conn.emit('request_code', { room });
      await assertRefused(carol.conn, from);
      assert.deepEqual(carol.conn.all('code_update'), []);
    });

    test('request_status: a page that comes back hears how all requests stand', async (t) => {
      const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], here(t));
      const [carol, dora] = [await knock(server, ana.room.code, 'Carol', here(t)), await knock(server, ana.room.code, 'Dora', here(t))];
      ana.emit('approve_join', { user_id: carol.knock.userId });
      await bob.conn.waitFor('partial_approval');
      const tab = await ana.person.enter({ ...(await ana.person.openRoom(ana.room.path)), name: 'Ana' }, how);
      const heard = (user) => tab.waitFor('request_status', (status) => status.user_id === user.knock.userId).then(tally);
      assert.deepEqual([await heard(carol), await heard(dora)], ['1/2', '0/2']);
      // She is asked only about whom she has not answered.
      assert.deepEqual(tab.all('join_request').map(({ user_id: id }) => id), [dora.knock.userId]);
    });

    // --- typing ------------------------------------------------------------------------

    test('typing: to all but the pages of who types', async (t) => {
      const [ana, bob] = await roomWith(server, ['Ana', "O'Bob"], here(t));
      const tab = await bob.person.enter({ ...(await bob.person.openRoom(bob.room.path)), name: "O'Bob" }, how);
      const waiting = await knock(server, ana.room.code, 'Carol', here(t));
      // A hint may be lost on a connection that is busy: so until one is heard.
      await until(async () => {
        bob.emit('typing', { member: ana.userId, display_name: 'Ana' });
        await barrier(bob.conn, ana.conn);
        return ana.conn.all('typing').length > 0;
      }, { what: 'a hint' });
      assert.deepEqual(ana.conn.all('typing')[0], { member: bob.userId, display_name: 'O&#39;Bob' });
      for (const conn of [bob.conn, tab, waiting.conn]) {
        await conn.barrier();
        assert.deepEqual(conn.all('typing'), []);
        assert.deepEqual(conn.all('room_error'), []);
      }
    });

    test('typing from who is in no room is nothing, not even an error', async (t) => {
      const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], here(t));
      const waiting = await knock(server, ana.room.code, 'Carol', here(t));
      const zoe = await createRoom(server, 'Zoe', here(t));
      bob.emit('leave_room');
      for (const conn of [waiting.conn, zoe.conn, bob.conn, await new Person(server, { t }).connect(how)]) {
        for (let i = 0; i < 10; i++) {
          conn.emit('typing', { room: ana.roomId });
          await conn.barrier();
        }
        assert.deepEqual(conn.all('room_error'), []);
      }
      await ana.conn.barrier();
      assert.deepEqual(ana.conn.all('typing'), []);
    });

    // --- refs --------------------------------------------------------------------------

    test('a message carries its ref, and is posted once however often it is sent', async (t) => {
      const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], here(t));
      ana.emit('message', { message: 'hello', ref: 'r1' });
      const message = await bob.conn.waitFor('message');
      assert.deepEqual(Object.keys(message), ['sender', 'content', 'timestamp', 'id', 'member', 'name', 'at', 'ref']);
      assert.equal(message.ref, 'r1');
      ana.emit('message', { message: 'hello', ref: 'r1', again: true }).emit('message', { message: 'lost', ref: 'r2', again: true }).say('plain');
      await bob.conn.waitFor('message', ({ content }) => content === 'plain');
      await barrier(ana.conn);
      assert.deepEqual(ana.conn.all('message').map(({ content, ref }) => [content, ref]),
        [['hello', 'r1'], ['hello', 'r1'], ['lost', 'r2'], ['plain', undefined]]);
      assert.deepEqual(ana.conn.all('message')[1], message, 'the earlier one');
      assert.deepEqual(bob.conn.all('message').map(({ content }) => content), ['hello', 'lost', 'plain']);
      assertKeys(bob.conn.all('message')[2], ['sender', 'content', 'timestamp', 'id', 'member', 'name', 'at']);
    });

    test('a message that was sent before a connection was lost is not posted twice after it', async (t) => {
      const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], here(t));
      ana.emit('message', { message: 'hello', ref: 'r1' });
      await bob.conn.waitFor('message');
      ana.conn.drop();
      await ana.conn.waitFor('disconnect');
      const from = ana.conn.mark();
      await ana.conn.waitFor('connect', () => true, { from });
      ana.emit('message', { message: 'hello', ref: 'r1', again: true }).say('end');
      await ana.conn.waitFor('message', ({ content }) => content === 'end', { from });
      assert.ok(ana.conn.all('message', { from }).some(({ ref }) => ref === 'r1'), 'its page learns that it is there');
      await bob.conn.waitFor('message', ({ content }) => content === 'end');
      assert.deepEqual(bob.conn.all('message').map(({ content }) => content), ['hello', 'end']);
    });

    test('what is no ref is taken for none, and an error names its message', async (t) => {
      const ana = await createRoom(server, 'Ana', here(t));
      const longest = 'x'.repeat(64);
      for (const ref of ['', `${longest}x`, 'ä'.repeat(33), 7, null, {}, ['r']]) ana.emit('message', { message: 'hello', ref, again: true });
      ana.emit('message', { message: 'end', ref: longest });
      await ana.conn.waitFor('message', ({ ref }) => ref === longest);
      const [last, ...others] = ana.conn.all('message').reverse();
      assert.equal(last.content, 'end');
      assert.deepEqual(others.map((message) => 'ref' in message), Array(7).fill(false));
      ana.conn.emit('message', { room: 'elsewhere', message: 'hello', ref: 'r1' });
      const error = await ana.conn.waitFor('room_error');
      assertKeys(error, ['message', 'ref']);
      assert.equal(error.ref, 'r1');
      const from = ana.conn.mark();
      ana.conn.emit('message', { room: 'elsewhere', message: 'hello' });
      await assertRefused(ana.conn, from);
    });

    // --- withdraw_request ----------------------------------------------------------------

    test('withdraw_request: join_denied to the members and the applicant', async (t) => {
      const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], here(t));
      const carol = await knock(server, ana.room.code, 'Carol', here(t));
      const tab = await carol.person.connect(how);
      const { userId, pending } = carol.knock;
      tab.emit('join_request', { room: pending, user: 'Carol', user_id: userId });
      await tab.waitFor('request_status');
      carol.conn.emit('withdraw_request', { room: pending, user_id: userId });
      for (const conn of [carol.conn, tab]) assert.deepEqual(await conn.waitFor('join_denied'), { user_id: userId, room: pending, reason: withdrawn });
      for (const { conn } of [ana, bob]) {
        assert.deepEqual(await conn.waitFor('join_denied'), { user_id: userId, room: ana.roomId, reason: withdrawn });
      }
      ana.emit('approve_join', { user_id: userId });
      await barrier(ana.conn, carol.conn);
      assert.deepEqual(carol.conn.all('join_approved'), []);
      assert.equal(carol.conn.all('join_denied').length, 1);
      // The name is free, for the same person as well.
      const again = await carol.person.join(ana.room.code, 'Carol');
      assert.notEqual(again.userId, userId);
    });

    test('code: in join_denied and room_error, for pages that say auth.page alone', async (t) => {
      const ana = await createRoom(server, 'Ana', { ...here(t), auth: { page: 'a page of Ana' } });
      const old = await ana.person.enter(ana.room, how);
      const bob = await knock(server, ana.room.code, 'Bob', { ...here(t), auth: { page: 'a page of Bob' } });
      const carol = await knock(server, ana.room.code, 'Carol', here(t));
      ana.emit('deny_join', { user_id: bob.knock.userId });
      carol.conn.emit('withdraw_request', { room: carol.knock.pending, user_id: carol.knock.userId });
      const declined = (room) => ({ user_id: bob.knock.userId, room });
      const taken = (room) => ({ user_id: carol.knock.userId, room, reason: withdrawn });
      assert.deepEqual(await bob.conn.waitFor('join_denied'), { ...declined(bob.knock.pending), code: 'declined' });
      assert.deepEqual(await carol.conn.waitFor('join_denied'), taken(carol.knock.pending));
      for (const [conn, ...codes] of [[ana.conn, { code: 'declined' }, { code: 'withdrawn' }], [old, {}, {}]]) {
        await until(() => conn.all('join_denied').length === 2, { what: 'both verdicts' });
        const of = ({ user_id: id }) => (id === bob.knock.userId ? 0 : 1);
        assert.deepEqual(conn.all('join_denied').sort((a, b) => of(a) - of(b)),
          [{ ...declined(ana.roomId), ...codes[0] }, { ...taken(ana.roomId), ...codes[1] }]);
        conn.emit('message', { room: 'elsewhere', message: 'hello', ref: 'r' });
        const error = await conn.waitFor('room_error');
        assertKeys(error, ['message', 'ref', ...Object.keys(codes[0])]);
        assert.equal(error.code, conn === ana.conn ? 'not_member' : undefined);
      }
    });

    test('message: with nothing to see, it is refused if it has a ref', async (t) => {
      const ana = await createRoom(server, 'Ana', here(t));
      for (const [i, message] of ['', ' \n', '<b></b>', '&nbsp;', null, 7, ['a']].entries()) {
        const from = ana.conn.mark();
        ana.emit('message', { message });
        ana.emit('message', { message, ref: `r${i}` });
        const error = await ana.conn.waitFor('room_error', () => true, { from });
        assert.deepEqual([error.ref, error.message], [`r${i}`, 'Your message looks empty, so it wasn’t sent.']);
      }
      await ana.conn.barrier();
      assert.equal(ana.conn.all('room_error').length, 7);
      assert.deepEqual(ana.conn.all('message'), []);
    });

    test('withdraw_request: too late, of somebody else’s, of nothing', async (t) => {
      const ana = await createRoom(server, 'Ana', here(t));
      const bob = await knock(server, ana.room.code, 'Bob', here(t));
      const carol = await knock(server, ana.room.code, 'Carol', here(t));
      const { userId, pending } = bob.knock;
      const stranger = await new Person(server, { t }).connect(how);
      for (const conn of [carol.conn, stranger, ana.conn]) {
        const from = conn.mark();
        conn.emit('withdraw_request', { room: pending, user_id: userId });
        assert.notEqual((await conn.waitFor('join_denied', () => true, { from })).reason, withdrawn);
        conn.emit('withdraw_request', { room: ana.roomId, user_id: userId });
        await assertRefused(conn, from);
      }
      await barrier(ana.conn, bob.conn);
      assert.deepEqual(bob.conn.all('join_denied'), []);
      ana.emit('approve_join', { user_id: userId });
      await bob.conn.waitFor('join_approved');
      const from = bob.conn.mark();
      bob.conn.emit('withdraw_request', { room: pending, user_id: userId });
      assert.equal((await bob.conn.waitFor('join_approved', () => true, { from })).user_id, userId);
      assert.equal((await bob.person.open(bob.knock.path)).status, 200);
    });
  });
}

describe('optional events under RATE_LIMITS', { concurrency: 4 }, () => {
  const server = serverForFile({ env: { RATE_LIMITS: 'on' } });

  for (const transports of ['polling', 'websocket']) {
    test(`typing without end is dropped in silence, and costs no message its place, ${transports}`, async (t) => {
      const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], { t, transports });
      const began = Date.now();
      // A hint may be lost on a connection that is busy: so until one is heard, no oftener than he may.
      await until(async () => {
        bob.emit('typing');
        await barrier(bob.conn, ana.conn);
        return ana.conn.all('typing').length > 0;
      }, { what: 'a hint', every: 1000 });
      for (let i = 0; i < 500; i++) bob.emit('typing');
      for (let i = 0; i < 50; i++) bob.say(`message ${i}`);
      await until(() => ana.conn.all('message').length === 50);
      // Some of those that are let through may be lost. TestTypingIsLimited counts how many are dropped.
      const most = 3 + (Date.now() - began) / 2000;
      assert.ok(ana.conn.all('typing').length <= most, `${ana.conn.all('typing').length} came through`);
      // Were they counted among the messages, most of these would be refused.
      await bob.conn.barrier();
      assert.deepEqual(bob.conn.all('room_error'), []);
    });

    test(`each message that is dropped is named, ${transports}`, async (t) => {
      const ana = await createRoom(server, 'Ana', { t, transports });
      for (let i = 0; i < 400; i++) ana.emit('message', { message: 'hello', ref: `r${i}` });
      const about = () => [...ana.conn.all('message'), ...ana.conn.all('room_error')].map(({ ref }) => ref);
      await until(() => about().length >= 400, { what: 'an answer to each' });
      await ana.conn.barrier();
      assert.equal(about().length, 400);
      assert.equal(new Set(about()).size, 400);
      assert.ok(ana.conn.all('room_error').length > 0);
      assert.equal(ana.conn.connected, true);
    });
  }
});

describe('the waiting page and the forms of scripts', { concurrency: 4 }, () => {
  const server = serverForFile();
  const script = { headers: { Accept: 'application/json' } };

  test('GET /join/<request id> is the waiting page, until there is an answer', async (t) => {
    const ana = await createRoom(server, 'Ana', { t });
    const bob = new Person(server, { t });
    const waiting = await bob.join(ana.room.code, 'Bob');
    const path = `/join/${waiting.userId}`;
    const page = await bob.open(path);
    assert.equal(page.status, 200);
    assert.deepEqual(page.data, waiting.data);
    assert.ok(!page.html.includes(ana.roomId));
    for (const stranger of [new Person(server, { t }), ana.person]) assert.equal((await stranger.open(path)).location, '/');
    // From there it waits as from where the form was posted.
    const conn = await bob.connect({ transports: 'polling' });
    assert.equal(bob.page, path);
    conn.emit('join_request', { room: waiting.pending, user: 'Bob', user_id: waiting.userId });
    await conn.waitFor('request_status');
    ana.emit('approve_join', { user_id: waiting.userId });
    await conn.waitFor('join_approved');
    assert.equal((await bob.open(path)).location, waiting.path);
  });

  test('GET /join/<request id> of one that was refused', async (t) => {
    const ana = await createRoom(server, 'Ana', { t });
    const bob = await knock(server, ana.room.code, 'Bob', { t });
    ana.emit('deny_join', { user_id: bob.knock.userId });
    await bob.conn.waitFor('join_denied');
    const page = await bob.person.open(`/join/${bob.knock.userId}`);
    assert.equal(page.status, 200);
    assert.equal(page.data.page, 'waiting');
    const conn = await bob.person.connect();
    assert.equal((await conn.waitFor('join_denied')).user_id, bob.knock.userId);
  });

  test('GET /join and what was never asked lead to the start page', async (t) => {
    const anybody = new Person(server, { t });
    for (const path of ['/join', '/join/', '/join/x', '/join/11111111-2222-3333-4444-555555555555']) {
      const answer = await anybody.fetch(path);
      assert.equal(answer.status, 302, path);
      assert.equal(answer.location, '/', path);
    }
  });

  test('a script is told by a code why it is refused', async (t) => {
    const ana = await createRoom(server, 'Ana', { t });
    const bob = new Person(server, { t });
    for (const [fields, status, code, field] of [
      [{ room_code: '12', display_name: 'Bob' }, 400, 'invalid_code', 'room_code'],
      [{ room_code: ana.room.code, display_name: 'Ana' }, 409, 'name_taken', 'display_name'],
      [{ room_code: ana.room.code, display_name: '<b>' }, 400, 'name_sign', 'display_name'],
      [{ room_code: ana.room.code, display_name: ' ' }, 400, 'name_blank', 'display_name'],
      [{ room_code: ana.room.code, display_name: 'Bob', csrf_token: 'none' }, 400, 'form_expired', undefined],
    ]) {
      const answer = await bob.post('/join', fields, script);
      assert.equal(answer.status, status, code);
      const { error, ...rest } = JSON.parse(answer.html);
      assert.deepEqual(rest, { code, status, ...(field ? { field } : {}) });
      assert.ok(error.length > 10, error);
    }
  });

  test('a script is told where to go', async (t) => {
    const ana = new Person(server, { t });
    const created = await ana.post('/', { display_name: 'Ana' }, script);
    assert.equal(created.status, 200);
    assert.match(created.headers.get('content-type'), /^application\/json/);
    const { location } = JSON.parse(created.html);
    assertKeys(JSON.parse(created.html), ['location']);
    const room = await ana.openRoom(location);
    assert.equal(room.status, 200);
    const conn = await ana.enter({ ...room, name: 'Ana' });

    const bob = new Person(server, { t });
    const joined = await bob.post('/join', { room_code: room.code, display_name: 'Bob' }, script);
    assert.equal(joined.status, 200);
    const waiting = JSON.parse(joined.html).location;
    const request = await conn.waitFor('join_request');
    assert.equal(waiting, `/join/${request.user_id}`);
    assert.equal((await bob.open(waiting)).data.pendingApproval, request.user_id);
    conn.emit('approve_join', { room: room.roomId, user_id: request.user_id });
    await conn.waitFor('join_approved');
    const back = await bob.post('/join', { room_code: room.code, display_name: 'Bob' }, script);
    assert.deepEqual(JSON.parse(back.html), { location: `/room/${request.user_id}` });
  });

  test('a script is told what is wrong with a blank name', async (t) => {
    const ana = new Person(server, { t });
    for (const name of ['', '  ']) {
      const answer = await ana.post('/', { display_name: name }, script);
      assert.equal(answer.status, 400);
      assert.match(JSON.parse(answer.html).error, /1 to 20/);
    }
  });
});

// Contract: presence, absence and return; tabs; several members in one browser.
// Points 1, 2, 10, 11 and 13 of "What the original got wrong".
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { matrix } from '../harness/clients.mjs';
import { barrier } from '../harness/connection.mjs';
import { assertRefused } from '../harness/expect.mjs';
import { Person } from '../harness/person.mjs';
import { Proxy } from '../harness/proxy.mjs';
import { Seat, admit, createRoom, knock, roomWith, takeSeat } from '../harness/scenario.mjs';
import { serverForFile } from '../harness/server.mjs';
import { inTime, sleep, until } from '../harness/wait.mjs';

// The graces of those tests that wait for their end; for the others they last longer than any test.
const absenceGrace = 1500;
const returnGrace = 3000;

/** The seat's page is loaded again and joins, as after F5. */
async function reload(seat, connect = {}) {
  seat.conn.close();
  const page = await seat.person.openRoom(seat.room.path);
  assert.equal(page.status, 200);
  const room = { ...page, name: seat.name };
  return new Seat(seat.person, room, await seat.person.enter(room, connect), seat.userId);
}

/** When an event was received first, in ms. */
function receivedAt(conn, event) {
  return conn.log.find((entry) => entry.event === event).at;
}

describe('members', { concurrency: 10 }, () => {
  const server = serverForFile({ env: { ABSENCE_GRACE: '1h', RETURN_GRACE: '1h' } });
  /** Who goes is soon absent, and keeps their place. */
  const hasty = serverForFile({ env: { ABSENCE_GRACE: `${absenceGrace}ms`, RETURN_GRACE: '1h' } });
  /** And loses it soon. */
  const fleeting = serverForFile({ env: { ABSENCE_GRACE: `${absenceGrace}ms`, RETURN_GRACE: `${returnGrace}ms` } });
  const status = async (room, where = server) => JSON.parse((await new Person(where).fetch(`/room/${room}/status`)).text);

  // --- 1: presence ---------------------------------------------------------------

  test('1: a reload by the only member keeps the room', async () => {
    const ana = await createRoom(server, 'Ana');
    const again = await reload(ana);
    assert.deepEqual(again.conn.all('join_success'), [{ count: 1 }]);
    again.say('still here');
    await again.conn.waitFor('message');
    assert.equal((await status(ana.roomId)).participant_count, 1);
  });

  test('1: absence comes after its grace, and is no end', async () => {
    const [ana, bob] = await roomWith(hasty, ['Ana', 'Bob']);
    const from = ana.conn.mark();
    const closed = Date.now();
    bob.conn.close();
    assert.deepEqual(await ana.conn.waitFor('member_left'), { display_name: 'Bob' });
    assert.ok(receivedAt(ana.conn, 'member_left') - closed >= absenceGrace, 'not before the grace is over');
    assert.deepEqual(await ana.conn.waitFor('update_participants', () => true, { from }), { count: 1 });
    assert.deepEqual(ana.conn.names({ from }), ['member_left', 'update_participants']);
    assert.equal((await status(ana.roomId, hasty)).participant_count, 1);

    const back = await reload(bob);
    assert.deepEqual(back.conn.all('join_success'), [{ count: 2 }]);
    await ana.conn.waitFor('update_participants', (data) => data.count === 2, { from });
    await barrier(back.conn, ana.conn);
    assert.deepEqual(ana.conn.all('member_joined', { from }), [], 'announced the first time only');
    assert.deepEqual(ana.conn.all('join_request', { from }), [], 'no new vote');
  });

  test('1: a reload within the grace is not noticed by the others', async () => {
    const [ana, bob, carol] = await roomWith(hasty, ['Ana', 'Bob', 'Carol']);
    let from;
    await inTime(absenceGrace, async () => {
      await ana.conn.barrier();
      from = ana.conn.mark();
      bob.conn = (await reload(bob)).conn;
    });
    // His grace would have ended before Carol's, which begins only now.
    carol.conn.close();
    await ana.conn.waitFor('update_participants', (data) => data.count === 2, { from });
    assert.deepEqual(ana.conn.all('member_left', { from }), [{ display_name: 'Carol' }]);
  });

  test('1: an absent member has no vote', async () => {
    const [ana, bob] = await roomWith(hasty, ['Ana', 'Bob']);
    bob.conn.close();
    await ana.conn.waitFor('member_left');
    const carol = await knock(hasty, ana.room.code, 'Carol');
    ana.emit('approve_join', { user_id: carol.knock.userId });
    await carol.conn.waitFor('join_approved');
  });

  test('1: leave_room skips the grace', async () => {
    const [ana, bob] = await roomWith(server, ['Ana', 'Bob']);
    bob.emit('leave_room');
    await ana.conn.waitFor('member_left');
  });

  test('1: an empty room waits for its member', async () => {
    const ana = await createRoom(hasty, 'Ana');
    ana.conn.close();
    await until(async () => (await status(ana.roomId, hasty)).participant_count === 0, { what: 'Ana is absent' });
    assert.equal((await status(ana.roomId, hasty)).status, 'active');
    assert.deepEqual((await reload(ana)).conn.all('join_success'), [{ count: 1 }]);
  });

  test('1: an empty room lives for the return grace, then it is gone', async () => {
    const ana = await createRoom(fleeting, 'Ana');
    const closed = Date.now();
    ana.conn.close();
    await until(async () => (await status(ana.roomId, fleeting)).status === 'not_found', { what: 'the end of the room' });
    assert.ok(Date.now() - closed >= absenceGrace + returnGrace);
    assert.equal((await ana.person.open(ana.room.path)).status, 302);
    assert.equal((await new Person(fleeting).post('/join', { room_code: ana.room.code, display_name: 'Bob' })).status, 404);
  });

  test('1: a membership ends with the return grace, the room goes on', async () => {
    // Who is admitted and does not come soon enough loses the place, too.
    const [ana, bob] = await inTime(absenceGrace + returnGrace, () => roomWith(fleeting, ['Ana', 'Bob']));
    bob.conn.close();
    await ana.conn.waitFor('member_left');
    await until(async () => (await bob.person.fetch(bob.room.path)).status === 302, { what: 'Bob’s membership is over', every: returnGrace + 500 });
    const conn = await bob.person.connect({ page: bob.room.path });
    conn.emit('join', { room: ana.roomId, display_name: 'Bob' });
    await assertRefused(conn, 0);
    await ana.conn.barrier();
    assert.equal(ana.conn.all('member_left').length, 1, 'told once');
    await new Person(fleeting).join(ana.room.code, 'Bob');
  });

  // --- 2: dropped connections -------------------------------------------------------

  for (const { label, version, transports } of matrix) {
    test(`2: after a dropped connection the socket is in its room again, ${label}`, async (t) => {
      const proxy = await Proxy.to(server.port);
      t.after(() => proxy.close());
      const ana = await createRoom(server, 'Ana', { version, transports });
      const applicant = await knock(server, ana.room.code, 'Bob', { person: new Person(server, { url: proxy.url, t }), version, transports });
      const bob = await admit([ana], applicant, { version, transports });
      if (transports.length > 1) await bob.conn.upgraded();
      const [fromAna, fromBob] = [ana.conn.mark(), bob.conn.mark()];
      // Not cut(): Node's polling client repeats a request whose connection broke.
      proxy.unplug();
      await bob.conn.waitFor('disconnect');
      proxy.restore();
      await bob.conn.waitFor('connect', () => true, { from: fromBob });
      // Nobody says join again, as no page does.
      bob.say('back');
      assert.equal((await ana.conn.waitFor('message')).sender, 'Bob');
      ana.say('welcome');
      await bob.conn.waitFor('message', (message) => message.content === 'welcome');
      await barrier(ana.conn, bob.conn);
      assert.deepEqual(ana.conn.all('member_left', { from: fromAna }), []);
      assert.deepEqual(bob.conn.all('room_error'), []);
      assert.deepEqual(bob.conn.all('message').map((message) => message.content), ['back', 'welcome']);
    });
  }

  test('2: after a long outage too, when the member was absent', async (t) => {
    const proxy = await Proxy.to(hasty.port);
    t.after(() => proxy.close());
    const ana = await createRoom(hasty, 'Ana');
    const applicant = await knock(hasty, ana.room.code, 'Bob', { person: new Person(hasty, { url: proxy.url, t }) });
    const bob = await admit([ana], applicant);
    const from = ana.conn.mark();
    proxy.unplug();
    await ana.conn.waitFor('member_left', () => true, { from });
    ana.say('while you were out');
    await ana.conn.waitFor('message');
    proxy.restore();
    assert.equal((await bob.conn.waitFor('message')).content, 'while you were out');
    await ana.conn.waitFor('update_participants', (data) => data.count === 2, { from });
    bob.emit('request_code_update');
    await ana.conn.waitFor('code_update');
  });

  test('2: connections that nobody speaks on outlive the heartbeats', async (t) => {
    const seats = await Promise.all(matrix.map(({ version, transports }) => createRoom(server, 'Ana', { t, version, transports })));
    await barrier(...seats.map(({ conn }) => conn));
    const marks = seats.map(({ conn }) => conn.mark());
    await sleep(33_000); // the protocol's default interval is 25 s
    for (const [i, seat] of seats.entries()) {
      seat.say('still here');
      await seat.conn.waitFor('message');
      const heard = seat.conn.log.slice(marks[i]).map((entry) => entry.event);
      assert.deepEqual(heard.filter((event) => event !== 'position'), ['message'], matrix[i].label);
    }
  });

  test('2: a waiting page is restored too, and told its verdict', async (t) => {
    const proxy = await Proxy.to(server.port);
    t.after(() => proxy.close());
    const ana = await createRoom(server, 'Ana');
    const bob = await knock(server, ana.room.code, 'Bob', { person: new Person(server, { url: proxy.url, t }) });
    await ana.conn.waitFor('join_request');
    proxy.unplug();
    await bob.conn.waitFor('disconnect');
    ana.emit('approve_join', { user_id: bob.knock.userId });
    await ana.conn.waitFor('join_approved');
    proxy.restore();
    assert.equal((await bob.conn.waitFor('join_approved')).user_id, bob.knock.userId);
  });

  // --- 10: memberships, tabs, rooms -----------------------------------------------

  test('10: a second tab is the same member; closing one leaves the other', async () => {
    const [ana, bob, carol] = await roomWith(hasty, ['Ana', 'Bob', 'Carol']);
    const page = await bob.person.openRoom(bob.room.path);
    const second = await bob.person.enter({ ...page, name: 'Bob' });
    assert.deepEqual(second.all('join_success'), [{ count: 3 }], 'counted once');
    const from = ana.conn.mark();
    ana.say('both hear this');
    await bob.conn.waitFor('message');
    await second.waitFor('message');
    bob.conn.close();
    await ana.conn.barrier();
    // His grace would be over before hers.
    carol.conn.close();
    await ana.conn.waitFor('update_participants', (data) => data.count === 2, { from });
    assert.deepEqual(ana.conn.all('member_left', { from }), [{ display_name: 'Carol' }]);
    assert.equal((await status(ana.roomId, hasty)).participant_count, 2);
    second.emit('message', { room: ana.roomId, message: 'still here' });
    await ana.conn.waitFor('message', (message) => message.content === 'still here');
    assert.deepEqual(ana.conn.all('message').map((message) => message.content), ['both hear this', 'still here']);
  });

  test('10: leave_room of one tab does not take the member out', async () => {
    const [ana, bob] = await roomWith(server, ['Ana', 'Bob']);
    const page = await bob.person.openRoom(bob.room.path);
    const second = await bob.person.enter({ ...page, name: 'Bob' });
    const from = ana.conn.mark();
    bob.emit('leave_room');
    await barrier(bob.conn, ana.conn);
    assert.deepEqual(ana.conn.all('member_left', { from }), []);
    ana.say('hello');
    await second.waitFor('message');
    await bob.conn.barrier();
    assert.deepEqual(bob.conn.all('message'), []);
  });

  test('10: two rooms in one browser do not touch each other', async () => {
    const browser = new Person(server);
    const first = await createRoom(server, 'Ana', { person: browser });
    const second = await createRoom(server, 'Bea', { person: browser });
    first.say('one');
    second.say('two');
    assert.equal((await first.conn.waitFor('message')).sender, 'Ana', 'not renamed by the second room');
    assert.equal((await second.conn.waitFor('message')).sender, 'Bea');
    assert.equal((await browser.openRoom(first.room.path)).data.displayName, 'Ana');
    assert.equal((await browser.openRoom(second.room.path)).data.displayName, 'Bea');
    second.emit('leave_room', { final: true });
    await second.conn.barrier();
    first.say('three');
    await first.conn.waitFor('message', (message) => message.content === 'three');
    assert.equal((await status(first.roomId)).participant_count, 1);
    assert.equal((await status(second.roomId)).status, 'not_found');
    assert.deepEqual(first.conn.all('member_left'), []);
  });

  test('10: the same name in two rooms', async () => {
    const rooms = await Promise.all([roomWith(server, ['Ana', 'Bob']), roomWith(server, ['Ana', 'Bob'])]);
    const [[ana, bob], [otherAna]] = rooms;
    bob.emit('leave_room', { final: true });
    await ana.conn.waitFor('member_left');
    await otherAna.conn.barrier();
    assert.deepEqual(otherAna.conn.all('member_left'), []);
    assert.equal((await status(otherAna.roomId)).participant_count, 2);
  });

  test('10: the members of two rooms from one socket’s browser hear only their own', async () => {
    const browser = new Person(server);
    const first = await createRoom(server, 'Ana', { person: browser });
    const second = await createRoom(server, 'Ana', { person: browser });
    first.say('first');
    second.say('second');
    await first.conn.waitFor('message');
    await second.conn.waitFor('message');
    await barrier(first.conn, second.conn);
    assert.deepEqual(first.conn.all('message').map((message) => message.content), ['first']);
    assert.deepEqual(second.conn.all('message').map((message) => message.content), ['second']);
  });

  // --- 11: the conversation ----------------------------------------------------------

  for (const { label, version, transports } of matrix) {
    test(`11: a reload shows the conversation since the admission, in order, once, ${label}`, async () => {
      const how = { version, transports };
      const ana = await createRoom(server, 'Ana', how);
      ana.say('before Bob');
      await ana.conn.waitFor('message');
      const bob = await admit([ana], await knock(server, ana.room.code, 'Bob', how), how);
      const texts = Array.from({ length: 30 }, (_, i) => `message ${i}`);
      texts.forEach((text, i) => (i % 3 ? ana : bob).say(text));
      for (const { conn } of [ana, bob]) await until(() => conn.all('message').length >= texts.length);
      // Bob heard what each wrote, in the one order of the room.
      const heard = bob.conn.all('message').map(({ sender, content, timestamp }) => ({ sender, content, timestamp }));
      assert.equal(heard.length, 30, 'a newcomer sees nothing from before');

      const again = await reload(bob, how);
      await until(() => again.conn.all('message').length >= texts.length);
      await again.conn.barrier();
      assert.deepEqual(again.conn.all('message').map(({ sender, content, timestamp }) => ({ sender, content, timestamp })), heard);

      const anaAgain = await reload(ana, how);
      await until(() => anaAgain.conn.all('message').length >= texts.length + 1);
      await anaAgain.conn.barrier();
      assert.equal(anaAgain.conn.all('message')[0].content, 'before Bob');
      assert.equal(anaAgain.conn.all('message').length, 31);
    });
  }

  // --- 13: two people in one browser -------------------------------------------------

  const generations = {
    'today’s': { name: true, query: false },
    'the early': { name: false, query: true },
  };
  for (const { label, version, transports } of matrix) {
    for (const [generation, says] of Object.entries(generations)) {
      test(`13: Alice and Bob in two tabs of one browser, ${generation} pages, ${label}`, async () => {
        const browser = new Person(server);
        const how = (room) => ({ version, transports, ...(says.query ? { query: { room: room.roomId } } : {}) });
        const enter = async (room) => {
          const conn = await browser.connect({ page: room.path, ...how(room) });
          conn.emit('join', says.name ? { room: room.roomId, display_name: room.name } : { room: room.roomId });
          await conn.waitFor('join_success');
          return new Seat(browser, room, conn);
        };
        const alice = await enter(await browser.create('Alice'));
        const waiting = await browser.join(alice.room.code, 'Bob');
        assert.equal(waiting.data.displayName, 'Bob');
        const tab = await browser.connect({ page: '/join', version, transports });
        if (says.name) tab.emit('join_request', { room: waiting.pending, user: 'Bob', user_id: waiting.userId });
        const request = await alice.conn.waitFor('join_request');
        assert.equal(request.user, 'Bob');
        alice.emit('approve_join', { user_id: request.user_id });
        await tab.waitFor('join_approved', (verdict) => verdict.user_id === waiting.userId);
        tab.close();
        const page = await browser.openRoom(waiting.path);
        assert.equal(page.status, 200);
        assert.equal(page.data.displayName, 'Bob');
        const bob = await enter({ ...page, name: 'Bob' });
        assert.deepEqual(bob.conn.all('join_success'), [{ count: 2 }]);
        assert.deepEqual(await alice.conn.waitFor('member_joined'), { display_name: 'Bob' });
        assert.equal(alice.conn.all('join_approved').length, 1);

        alice.say('I am Alice');
        bob.say('I am Bob');
        for (const { conn } of [alice, bob]) {
          assert.equal((await conn.waitFor('message', (message) => message.content === 'I am Alice')).sender, 'Alice');
          assert.equal((await conn.waitFor('message', (message) => message.content === 'I am Bob')).sender, 'Bob');
          assert.equal(conn.all('message').length, 2);
        }

        // Each has a vote of their own.
        const carol = await knock(server, alice.room.code, 'Carol', { version, transports });
        await bob.conn.waitFor('join_request', (data) => data.user === 'Carol');
        bob.emit('approve_join', { user_id: carol.knock.userId });
        assert.deepEqual(await alice.conn.waitFor('partial_approval'), { user_id: carol.knock.userId, approvals: 1, required: 2 });
        alice.emit('approve_join', { user_id: carol.knock.userId });
        await carol.conn.waitFor('join_approved');
        const third = await takeSeat(carol, { version, transports });

        // A reload of either tab is the same person again.
        for (const seat of [bob, alice]) {
          seat.conn.close();
          const reloaded = await browser.openRoom(seat.room.path);
          assert.equal(reloaded.data.displayName, seat.name);
          Object.assign(seat, await enter({ ...reloaded, name: seat.name }));
          const from = third.conn.mark();
          seat.say('reloaded');
          assert.equal((await third.conn.waitFor('message', () => true, { from })).sender, seat.name);
        }

        // One closing its tab leaves the other.
        bob.emit('leave_room', { display_name: 'Bob' });
        assert.deepEqual(await third.conn.waitFor('member_left'), { display_name: 'Bob' });
        alice.say('still here');
        assert.equal((await third.conn.waitFor('message', (message) => message.content === 'still here')).sender, 'Alice');
      });
    }
  }

  // A websocket handshake names no page, so only polling can tell the tabs apart here.
  for (const { label, version, transports } of matrix.filter((cell) => cell.transports.includes('polling'))) {
    test(`13: both tabs lose the network and come back as who they were, ${label}`, async (t) => {
      const proxy = await Proxy.to(server.port);
      t.after(() => proxy.close());
      const browser = new Person(server, { url: proxy.url, t });
      const how = { version, transports };
      const alice = await createRoom(server, 'Alice', { person: browser, ...how });
      const bob = await admit([alice], await knock(server, alice.room.code, 'Bob', { person: browser, ...how }), how);
      const carol = await knock(server, alice.room.code, 'Carol', how);
      const third = await admit([alice, bob], carol, how);
      const marks = [alice, bob].map(({ conn }) => conn.mark());
      proxy.unplug();
      await Promise.all([alice, bob].map(({ conn }) => conn.waitFor('disconnect')));
      proxy.restore();
      await Promise.all([bob, alice].map(({ conn }, i) => conn.waitFor('connect', () => true, { from: marks[1 - i] })));
      bob.say('I am Bob');
      alice.say('I am Alice');
      assert.equal((await third.conn.waitFor('message', (message) => message.content === 'I am Bob')).sender, 'Bob');
      assert.equal((await third.conn.waitFor('message', (message) => message.content === 'I am Alice')).sender, 'Alice');
    });
  }

  test('13: the one tab may knock on another room meanwhile', async () => {
    const browser = new Person(server);
    const alice = await createRoom(server, 'Alice', { person: browser });
    const host = await createRoom(server, 'Host');
    const bob = await admit([host], await knock(server, host.room.code, 'Bob', { person: browser }));
    alice.say('mine');
    bob.say('yours');
    assert.equal((await alice.conn.waitFor('message')).sender, 'Alice');
    assert.equal((await host.conn.waitFor('message')).sender, 'Bob');
    await barrier(alice.conn, bob.conn, host.conn);
    assert.equal(alice.conn.all('message').length, 1);
    assert.equal(host.conn.all('message').length, 1);
  });
});

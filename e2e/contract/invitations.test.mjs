// Invitations: links that hold for an hour, whatever the code is meanwhile. With both clients over
// polling, websocket and the upgrade between them.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { matrix } from '../harness/clients.mjs';
import { barrier } from '../harness/connection.mjs';
import { assertKeys, assertRefused } from '../harness/expect.mjs';
import { Person } from '../harness/person.mjs';
import { admit, createRoom, invite, knock, roomWith, takeSeat } from '../harness/scenario.mjs';
import { serverForFile } from '../harness/server.mjs';
import { until } from '../harness/wait.mjs';

const lookupShape = /^[\w-]{21}[AQgw]$/;
const hour = 3_600_000;
/** Asks as a script does, by an invitation. */
const ask = async (person, fields) => {
  const { status, html } = await person.post('/join', { display_name: 'Zoe', ...fields }, { headers: { Accept: 'application/json' } });
  return { status, ...JSON.parse(html) };
};
const ended = { status: 404, code: 'no_such_invite', error: 'This invite link no longer works. Ask for a new one.', field: 'invite' };

for (const { label, version, transports } of matrix) {
  describe(`invitations with ${label}`, { concurrency: 6 }, () => {
    const server = serverForFile();
    const how = { version, transports };
    const here = (t) => ({ ...how, t });

    test('request_invite: to the page that asks alone; the link outlives the code, and everybody is asked', async (t) => {
      const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], here(t));
      const tab = await ana.person.enter({ ...(await ana.person.openRoom(ana.room.path)), name: 'Ana' }, how);
      await barrier(tab, bob.conn);
      const others = [tab, bob.conn];
      const marks = others.map((conn) => conn.mark());
      const before = Date.now();
      ana.emit('request_invite');
      const told = await ana.conn.waitFor('invite');
      assertKeys(told, ['lookup', 'until']);
      assert.match(told.lookup, lookupShape);
      assert.ok(told.until >= before + hour && told.until <= Date.now() + hour, `${told.until - before} ms`);
      await barrier(tab, bob.conn);
      assert.deepEqual(others.map((conn, i) => conn.names({ from: marks[i] }).filter((name) => name !== 'pong')), [[], []]);

      ana.emit('request_code_update');
      await bob.conn.waitFor('code_update', ({ code }) => code !== ana.room.code);
      const carol = await knock(server, { invite: told.lookup }, 'Carol', here(t));
      const seat = await admit([ana, bob], carol, how);
      seat.say('hello');
      assert.equal((await ana.conn.waitFor('message')).sender, 'Carol');
      // It is for more than one, and a repetition is no second request.
      const dan = new Person(server, { t });
      const { userId } = await dan.join({ invite: told.lookup }, 'Dan');
      assert.equal((await dan.join({ invite: told.lookup }, 'Dan')).userId, userId);
      // A member whose pages are closed comes back by it, as by the code.
      seat.conn.close();
      await until(async () => (await ask(carol.person, { invite: told.lookup, display_name: 'Carol' })).location === carol.knock.path, { what: 'Carol is back' });
    });

    test('revoke_invite: one, or all of one’s own; the requests stay', async (t) => {
      const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], here(t));
      const [one, two, three, other] = [await invite(ana), await invite(ana), await invite(ana), await invite(bob)];
      const holds = async (lookup) => (await ask(new Person(server, { t }), { invite: lookup, display_name: 'Bob' })).code !== 'no_such_invite';
      const standing = () => Promise.all([one, two, three, other].map(holds));
      const carol = await knock(server, { invite: one }, 'Carol', here(t));
      ana.emit('revoke_invite', { lookup: one }).emit('revoke_invite', { lookup: other });
      for (const lookup of ['', 7, null, true, {}, [two], `${two}.${two}`, two.slice(1), '__proto__']) ana.emit('revoke_invite', { lookup });
      await ana.conn.barrier();
      assert.deepEqual(await standing(), [false, true, true, true]);
      assert.deepEqual(await ask(new Person(server, { t }), { invite: one }), ended);
      ana.emit('revoke_invite');
      await ana.conn.barrier();
      assert.deepEqual(await standing(), [false, false, false, true]);
      await admit([ana, bob], carol, how);
      assert.deepEqual(ana.conn.all('room_error'), []);
    });

    test('a sixth one ends the oldest, and leaving for good ends all', async (t) => {
      const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], here(t));
      const lookups = [];
      for (let i = 0; i < 6; i++) lookups.push(await invite(bob));
      assert.equal(new Set(lookups).size, 6);
      const codes = async () => Promise.all(lookups.map(async (lookup) => (await ask(new Person(server, { t }), { invite: lookup, display_name: 'Ana' })).code));
      assert.deepEqual(await codes(), ['no_such_invite', ...Array(5).fill('name_taken')]);
      bob.emit('leave_room', { final: true });
      await ana.conn.waitFor('member_left');
      assert.deepEqual(await codes(), Array(6).fill('no_such_invite'));
    });

    // Threat: a page shows a link that was ended in another tab, or while it was away.
    test('invites: which hold, to all pages of the member that say auth.page', async (t) => {
      const hashOf = (lookup) => createHash('sha256').update(Buffer.from(lookup, 'base64url')).digest('base64url');
      const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], here(t));
      const open = async (page) => ana.person.enter({ ...(await ana.person.openRoom(ana.room.path)), name: 'Ana' }, { ...how, auth: { page } });
      const [one, two] = [await open('one'), await open('two')];
      const holding = (conn) => conn.all('invites').at(-1);
      await barrier(one, two);
      assert.deepEqual([holding(one), holding(two)], [{ hashes: [] }, { hashes: [] }]);

      one.emit('request_invite', { room: ana.roomId });
      const told = await one.waitFor('invite');
      assertKeys(told, ['lookup', 'until', 'lasts', 'hash']);
      assert.equal(told.hash, hashOf(told.lookup));
      assert.ok(told.lasts <= 3600 && told.lasts >= (told.until - Date.now()) / 1000 - 1, `${told.lasts} s`);
      const others = [];
      for (let i = 0; i < 5; i++) others.push(hashOf(await invite(ana)));
      await barrier(one, two);
      for (const conn of [one, two]) assert.deepEqual(holding(conn), { hashes: others }, 'a sixth ended the first');
      ana.emit('revoke_invite');
      await ana.conn.barrier();
      await barrier(one, two);
      for (const conn of [one, two]) assert.deepEqual(holding(conn), { hashes: [] }, 'the other page ended all');

      // A page that comes is told what it missed.
      const last = hashOf(await invite(ana));
      assert.deepEqual(await (await open('three')).waitFor('invites'), { hashes: [last] });
      for (const { conn } of [ana, bob]) {
        await conn.barrier();
        assert.deepEqual(conn.all('invites'), [], 'pages that do not say auth.page');
      }
    });

    // A page that knows nothing of them is told nothing of them, and nobody outside makes or ends one.
    test('not for who is no member', async (t) => {
      const ana = await createRoom(server, 'Ana', here(t));
      const lookup = await invite(ana);
      const bob = await knock(server, ana.room.code, 'Bob', here(t));
      const zoe = await createRoom(server, 'Zoe', here(t));
      const stranger = await new Person(server, { t }).connect(how);
      for (const conn of [bob.conn, zoe.conn, stranger]) {
        for (const room of [ana.roomId, bob.knock.userId, undefined]) {
          for (const [event, fields] of [['request_invite', {}], ['revoke_invite', {}], ['revoke_invite', { lookup }]]) {
            const from = conn.mark();
            conn.emit(event, { room, ...fields });
            await assertRefused(conn, from);
          }
        }
        assert.deepEqual(conn.all('invite'), []);
      }
      await knock(server, { invite: lookup }, 'Carol', here(t));
    });
  });
}

describe('POST /join by an invitation', { concurrency: 4 }, () => {
  const server = serverForFile({ env: { RATE_LIMITS: 'on' } });

  // Threat: the answer tells whether there ever was such an invitation.
  test('whatever leads nowhere has one answer', async (t) => {
    const ana = await createRoom(server, 'Ana', { t });
    const gone = await invite(ana);
    ana.emit('revoke_invite');
    await ana.conn.barrier();
    const never = 'AAAAAAAAAAAAAAAAAAAAAA';
    for (const fields of [{ invite: gone }, { invite: never }, { invite: gone, room_code: ana.room.code }, { invite: never, room_code: '000000' }]) {
      assert.deepEqual(await ask(new Person(server, { t }), fields), ended);
    }
    await ana.conn.barrier();
    assert.deepEqual(ana.conn.all('join_request'), []);
  });

  test('what is malformed is a 400, and a blank one is none', async (t) => {
    const ana = await createRoom(server, 'Ana', { t });
    const lookup = await invite(ana);
    for (const malformed of [lookup.slice(1), `${lookup}A`, `${lookup}.secret`, `#${lookup}`, `${lookup.slice(0, 21)}B`, `${lookup}==`, ana.room.code, '\u0000'.repeat(22), 'é'.repeat(11)]) {
      const { status, code, field } = await ask(new Person(server, { t }), { invite: malformed, room_code: ana.room.code });
      assert.deepEqual([status, code, field], [400, 'invalid_invite', 'invite'], malformed);
    }
    assert.equal((await ask(new Person(server, { t }), { invite: ' ', room_code: ana.room.code })).status, 200);
    assert.equal((await ask(new Person(server, { t }), { invite: lookup, room_code: '', display_name: 'Carol' })).status, 200);
  });

  test('who has guessed codes still comes by a link', async (t) => {
    const ana = await createRoom(server, 'Ana', { t });
    const lookup = await invite(ana);
    const guesser = new Person(server, { t });
    let refused;
    for (let guess = 100; guess < 200 && !refused; guess++) {
      const { status } = await ask(guesser, { room_code: `000${guess}` });
      if (status === 429) refused = status;
    }
    assert.ok(refused, 'no limit within 100 wrong guesses');
    assert.equal((await ask(guesser, { room_code: ana.room.code })).status, 429);
    // Not by a wrong link that has the code beside it, either.
    for (let i = 0; i < 20; i++) assert.equal((await ask(guesser, { invite: 'AAAAAAAAAAAAAAAAAAAAAA', room_code: ana.room.code })).status, 404);
    const bob = await knock(server, { invite: lookup }, 'Bob', { person: guesser });
    await admit([ana], bob);
  });
});

describe('who has sent a link may close the page', { concurrency: 2 }, () => {
  const server = serverForFile({ env: { ABSENCE_GRACE: '100ms', RETURN_GRACE: '200ms' } });
  const state = async ({ roomId }) => JSON.parse((await new Person(server).fetch(`/room/${roomId}/status`)).text);

  test('the room stays while the link holds; who asks waits for somebody to come', async (t) => {
    const ana = await createRoom(server, 'Ana', { t });
    const lookup = await invite(ana);
    ana.conn.close();
    await until(async () => (await state(ana)).participant_count === 0, { what: 'Ana is absent' });
    // A room that was left later, without a link, is gone.
    const zoe = await createRoom(server, 'Zoe', { t });
    zoe.conn.close();
    await until(async () => (await state(zoe)).status === 'not_found', { what: 'the end of a room without a link' });
    assert.equal((await state(ana)).status, 'active');
    const bob = await knock(server, { invite: lookup }, 'Bob', { t });
    const { approvals, required } = await bob.conn.waitFor('request_status');
    assert.deepEqual([approvals, required], [0, 0]);
    // She is a member still, and is asked when she comes.
    const back = await takeSeat({ person: ana.person, knock: { path: ana.room.path }, name: 'Ana' });
    await admit([back], bob);
  });

  test('a link that is taken back keeps nothing', async (t) => {
    const ana = await createRoom(server, 'Ana', { t });
    await invite(ana);
    ana.emit('revoke_invite');
    await ana.conn.barrier();
    ana.conn.close();
    await until(async () => (await state(ana)).status === 'not_found', { what: 'the end of the room' });
  });
});

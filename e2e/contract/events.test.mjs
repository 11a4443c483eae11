// Contract: "Socket events", every row of both tables, for both clients over
// polling, websocket and the upgrade between them.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import CryptoJS from 'crypto-js';
import { matrix } from '../harness/clients.mjs';
import { barrier } from '../harness/connection.mjs';
import { assertKeys, assertOrder, assertRefused } from '../harness/expect.mjs';
import { Person } from '../harness/person.mjs';
import { admit, createRoom, knock, roomWith, takeSeat } from '../harness/scenario.mjs';
import { serverForFile } from '../harness/server.mjs';
import { until } from '../harness/wait.mjs';

const nowhere = '11111111-2222-3333-4444-555555555555';

for (const { label, version, transports } of matrix) {
  describe(`events with ${label}`, { concurrency: 6 }, () => {
    const server = serverForFile({ env: { ROOM_TTL: '3h', ABSENCE_GRACE: '1h', APPROVAL_TIMEOUT: '1h' } });
    const how = { version, transports };
    const here = (t) => ({ ...how, t });

    test('it is the transport that is meant', async (t) => {
      const ana = await createRoom(server, 'Ana', here(t));
      if (transports.length > 1) await ana.conn.upgraded();
      assert.equal(ana.conn.transport, transports.at(-1));
    });

    // --- join ----------------------------------------------------------------

    test('join by the creator: join_success, update_participants, no member_joined', async (t) => {
      const ana = await createRoom(server, 'Ana', here(t));
      await ana.conn.waitFor('update_participants');
      await ana.conn.barrier();
      assert.deepEqual(ana.conn.names(), ['join_success', 'update_participants', 'pong']);
      assert.deepEqual(ana.conn.all('join_success'), [{ count: 1 }]);
      assert.deepEqual(ana.conn.all('update_participants'), [{ count: 1 }]);
    });

    test('join by a newcomer: member_joined, join_success, update_participants', async (t) => {
      const ana = await createRoom(server, 'Ana', here(t));
      const applicant = await knock(server, ana.room.code, 'Bob', here(t));
      await ana.conn.waitFor('join_request');
      const from = ana.conn.mark();
      const bob = await admit([ana], applicant, how);
      await bob.conn.waitFor('update_participants');
      await barrier(bob.conn, ana.conn);
      // A websocket does not tell a waiting page from a chat page, so the verdict may be repeated to it.
      assert.deepEqual(bob.conn.names().filter((name) => name !== 'join_approved'), ['member_joined', 'join_success', 'update_participants', 'pong']);
      assert.deepEqual(bob.conn.all('member_joined'), [{ display_name: 'Bob' }]);
      assert.deepEqual(bob.conn.all('join_success'), [{ count: 2 }]);
      assert.deepEqual(bob.conn.all('update_participants').at(-1), { count: 2 });
      assert.deepEqual(ana.conn.all('member_joined', { from }), [{ display_name: 'Bob' }]);
      assert.deepEqual(ana.conn.all('join_success', { from }), []);
      assertOrder(ana.conn.names({ from }), ['join_approved', 'member_joined', 'update_participants']);
      assert.deepEqual(ana.conn.all('update_participants', { from }).at(-1), { count: 2 });
    });

    test('join needs no name, and does not believe one', async (t) => {
      const ana = await createRoom(server, 'Ana', here(t));
      const applicant = await knock(server, ana.room.code, 'Bob', here(t));
      ana.emit('approve_join', { user_id: applicant.knock.userId });
      await applicant.conn.waitFor('join_approved');
      const room = await applicant.person.openRoom(applicant.knock.path);
      const conn = await applicant.person.connect({ ...how, page: room.path });
      conn.emit('join', { room: room.roomId, display_name: 'Mallory' });
      await conn.waitFor('join_success');
      assert.deepEqual(await ana.conn.waitFor('member_joined'), { display_name: 'Bob' });
      conn.emit('message', { room: room.roomId, message: 'hi', display_name: 'Mallory', sender: 'Mallory' });
      assert.equal((await ana.conn.waitFor('message')).sender, 'Bob');
      const again = await ana.person.connect({ ...how, page: ana.room.path });
      again.emit('join', { room: ana.roomId });
      assert.deepEqual(await again.waitFor('join_success'), { count: 2 });
    });

    test('join of a reloaded page announces nobody', async (t) => {
      const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], here(t));
      const from = ana.conn.mark();
      bob.conn.close();
      const page = await bob.person.openRoom(bob.room.path);
      const conn = await bob.person.enter({ ...page, name: 'Bob' }, how);
      await barrier(conn, ana.conn);
      assert.deepEqual(conn.all('member_joined'), []);
      assert.deepEqual(ana.conn.all('member_joined', { from }), []);
      assert.deepEqual(ana.conn.all('member_left', { from }), []);
      assert.deepEqual(conn.all('join_success'), [{ count: 2 }]);
    });

    test('join a room that is unknown, or of which one is no member', async (t) => {
      const [ana, bob] = await Promise.all([createRoom(server, 'Ana', here(t)), createRoom(server, 'Bob', here(t))]);
      for (const room of [nowhere, '', 'x', ana.roomId]) {
        const from = bob.conn.mark();
        bob.conn.emit('join', { room, display_name: 'Bob' });
        await assertRefused(bob.conn, from);
      }
      const stranger = await new Person(server, { t }).connect(how);
      stranger.emit('join', { room: ana.roomId, display_name: 'Ana' });
      await assertRefused(stranger, 0);
      ana.say('among us');
      await ana.conn.waitFor('message');
      await barrier(bob.conn, stranger);
      assert.deepEqual(bob.conn.all('message'), []);
      assert.deepEqual(stranger.all('message'), []);
      assert.deepEqual(ana.conn.all('member_joined'), []);
      assert.deepEqual(ana.conn.all('update_participants'), [{ count: 1 }]);
    });

    // --- connect with ?room= ---------------------------------------------------

    test('?room= enters the room, then update_participants', async (t) => {
      const ana = await createRoom(server, 'Ana', here(t));
      const applicant = await knock(server, ana.room.code, 'Bob', here(t));
      ana.emit('approve_join', { user_id: applicant.knock.userId });
      await applicant.conn.waitFor('join_approved');
      const room = await applicant.person.openRoom(applicant.knock.path);
      const from = ana.conn.mark();
      const conn = await applicant.person.connect({ ...how, page: room.path, query: { room: room.roomId } });
      assert.deepEqual(await conn.waitFor('update_participants'), { count: 2 });
      assert.deepEqual(await ana.conn.waitFor('update_participants', () => true, { from }), { count: 2 });
      ana.say('hello');
      assert.equal((await conn.waitFor('message')).content, 'hello');
      // The early pages say join as well.
      conn.emit('join', { room: room.roomId });
      assert.deepEqual(await conn.waitFor('join_success'), { count: 2 });
      await barrier(conn, ana.conn);
      assert.deepEqual(ana.conn.all('member_joined'), [{ display_name: 'Bob' }], 'announced once');
    });

    test('?room= of a stranger enters nothing', async (t) => {
      const ana = await createRoom(server, 'Ana', here(t));
      const stranger = await new Person(server, { t }).connect({ ...how, query: { room: ana.roomId } });
      ana.say('among us');
      await ana.conn.waitFor('message');
      await stranger.barrier();
      assert.deepEqual(stranger.names().filter((name) => !['pong', 'room_error'].includes(name)), []);
      await ana.conn.barrier();
      assert.deepEqual(ana.conn.all('update_participants'), [{ count: 1 }]);
    });

    // --- message ---------------------------------------------------------------

    test('message: to the whole room, sender included, in its exact shape', async (t) => {
      const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], here(t));
      ana.say('hello');
      for (const { conn } of [ana, bob]) {
        const message = await conn.waitFor('message');
        assert.deepEqual(Object.keys(message).slice(0, 3), ['sender', 'content', 'timestamp']);
        assert.equal(message.sender, 'Ana');
        assert.equal(message.content, 'hello');
        assert.match(message.timestamp, /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d$/);
      }
      await barrier(ana.conn, bob.conn);
      assert.equal(ana.conn.all('message').length, 1);
      assert.equal(bob.conn.all('message').length, 1);
    });

    test('message: each member exactly once, and in one order for all', async (t) => {
      const seats = await roomWith(server, ['Ana', 'Bob', 'Carol'], here(t));
      const each = 25;
      for (let i = 0; i < each; i++) for (const seat of seats) seat.say(`${seat.name} ${i}`);
      const total = each * seats.length;
      for (const { conn } of seats) {
        await Promise.all(seats.map((seat) => conn.waitFor('message', (message) => message.content === `${seat.name} ${each - 1}`)));
      }
      await barrier(...seats.map((seat) => seat.conn));
      const lists = seats.map(({ conn }) => conn.all('message').map((message) => message.content));
      assert.equal(lists[0].length, total);
      assert.equal(new Set(lists[0]).size, total);
      assert.deepEqual(lists[1], lists[0]);
      assert.deepEqual(lists[2], lists[0]);
      for (const seat of seats) {
        assert.deepEqual(lists[0].filter((text) => text.startsWith(seat.name)), Array.from({ length: each }, (_, i) => `${seat.name} ${i}`));
      }
    });

    test('message: whatever is no string, or only blank, is ignored', async (t) => {
      const ana = await createRoom(server, 'Ana', here(t));
      for (const message of [undefined, null, 0, 1.5, true, [], ['a'], {}, { toString: 'x' }, '', ' ', '\n\t ', '\u00a0']) {
        ana.conn.emit('message', { room: ana.roomId, message });
      }
      ana.say('end');
      await ana.conn.waitFor('message', (message) => message.content === 'end');
      assert.equal(ana.conn.all('message').length, 1);
      // Today's page leaves the room on any room_error.
      assert.deepEqual(ana.conn.all('room_error'), []);
    });

    test('message: an envelope of the encrypted generation arrives byte for byte', async (t) => {
      const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], here(t));
      const passphrase = ana.roomId + ana.room.data.encryptionKey;
      for (const text of ['secret', '<b>&"\'', 'ünï😀', 'x'.repeat(20000)]) {
        const salt = CryptoJS.lib.WordArray.random(16);
        const key = CryptoJS.PBKDF2(passphrase, salt, { keySize: 8, iterations: 10 });
        const content = CryptoJS.AES.encrypt(text, key.toString()).toString();
        const envelope = JSON.stringify({ salt: salt.toString(), content });
        const from = bob.conn.mark();
        ana.say(envelope);
        const received = await bob.conn.waitFor('message', () => true, { from });
        assert.equal(received.content, envelope);
        const parsed = JSON.parse(received.content);
        const theirKey = CryptoJS.PBKDF2(bob.roomId + bob.room.data.encryptionKey, CryptoJS.enc.Hex.parse(parsed.salt), { keySize: 8, iterations: 10 });
        assert.equal(CryptoJS.AES.decrypt(parsed.content, theirKey.toString()).toString(CryptoJS.enc.Utf8), text);
      }
    });

    for (const hasher of ['SHA1', 'SHA256']) { // of CryptoJS until 4.1, and since
      test(`message: an envelope whose text would run in a page is sealed anew without that, ${hasher}`, async (t) => {
        const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], here(t));
        const keyOf = (salt) => CryptoJS.PBKDF2(ana.roomId + ana.room.data.encryptionKey, salt, { keySize: 8, iterations: 1000, hasher: CryptoJS.algo[hasher] }).toString();
        const pass = async (text) => {
          const salt = CryptoJS.lib.WordArray.random(16);
          const envelope = JSON.stringify({ salt: salt.toString(), content: CryptoJS.AES.encrypt(text, keyOf(salt)).toString() });
          const from = bob.conn.mark();
          ana.say(envelope);
          const { content } = await bob.conn.waitFor('message', () => true, { from });
          const parsed = JSON.parse(content);
          assert.deepEqual(Object.keys(parsed), ['salt', 'content']);
          assert.equal(JSON.stringify(parsed), content);
          assert.equal(parsed.salt.length, 32);
          const opened = CryptoJS.AES.decrypt(parsed.content, keyOf(CryptoJS.enc.Hex.parse(parsed.salt))).toString(CryptoJS.enc.Utf8);
          return [opened, content === envelope];
        };
        for (const text of ['hello', 'it\'s "5 < 6" & <3', '<b>bold</b> <a href="https://a.example/?a=1&b=2">x</a>', '&lt;script&gt;', 'ünï😀'.repeat(500)]) {
          assert.deepEqual(await pass(text), [text, true]);
        }
        assert.deepEqual(await pass('<img src=x onerror="alert(1)">'), ['&lt;img src=x onerror=&#34;alert(1)&#34;&gt;', false]);
        assert.deepEqual(await pass('<b onclick=alert(1)>x</b>'), ['<b>x</b>', false]);
        assert.deepEqual(await pass('<a href="javascript:alert(1)">x</a> ü'), ['x ü', false]);
      });
    }

    // --- knocking and voting ---------------------------------------------------

    test('join_request: every member hears of a knock at once, in its exact shape', async (t) => {
      const seats = await roomWith(server, ['Ana', 'Bob'], here(t));
      const carol = new Person(server, { t });
      const waiting = await carol.join(seats[0].room.code, "O'Carol");
      for (const { conn } of seats) {
        const request = await conn.waitFor('join_request', (data) => data.user_id === waiting.userId);
        assert.deepEqual(request, { user: 'O&#39;Carol', user_id: waiting.userId, room: seats[0].roomId });
      }
    });

    for (const event of ['join_request', 'request_approval']) {
      test(`${event} from the waiting page announces the request again`, async (t) => {
        const ana = await createRoom(server, 'Ana', here(t));
        const bob = new Person(server, { t });
        const waiting = await bob.join(ana.room.code, 'Bob');
        const first = await ana.conn.waitFor('join_request');
        const conn = await bob.connect(how);
        await barrier(conn, ana.conn);
        const from = ana.conn.mark();
        conn.emit(event, { room: waiting.pending, user: 'Mallory', user_id: waiting.userId });
        assert.deepEqual(await ana.conn.waitFor('join_request', () => true, { from }), first);
        assert.deepEqual(conn.all('room_error'), []);
      });
    }

    test('a member who comes later sees the open requests', async (t) => {
      const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], here(t));
      bob.conn.close();
      const carol = await knock(server, ana.room.code, 'Carol', here(t));
      await ana.conn.waitFor('join_request', (data) => data.user_id === carol.knock.userId);
      const page = await bob.person.openRoom(bob.room.path);
      const conn = await bob.person.enter({ ...page, name: 'Bob' }, how);
      const request = await conn.waitFor('join_request');
      assert.deepEqual(request, { user: 'Carol', user_id: carol.knock.userId, room: ana.roomId });
    });

    for (const event of ['approve_join', 'approve']) {
      test(`${event}: partial_approval, then join_approved`, async (t) => {
        const seats = await roomWith(server, ['Ana', 'Bob', 'Carol'], here(t));
        const [ana, bob, carol] = seats;
        const dan = await knock(server, ana.room.code, 'Dan', here(t));
        const { userId } = dan.knock;
        await Promise.all(seats.map(({ conn }) => conn.waitFor('join_request', (data) => data.user_id === userId)));
        const marks = seats.map(({ conn }) => conn.mark());
        ana.emit(event, { user_id: userId });
        await barrier(ana.conn);
        bob.emit(event, { user_id: userId });
        await barrier(bob.conn);
        const before = Math.floor(Date.now() / 1000);
        carol.emit(event, { user_id: userId });
        for (const [i, { conn }] of seats.entries()) {
          const verdict = await conn.waitFor('join_approved', () => true, { from: marks[i] });
          assertKeys(verdict, ['user_id', 'room', 'current_time']);
          assert.equal(verdict.user_id, userId);
          assert.equal(verdict.room, ana.roomId);
          assert.ok(Number.isInteger(verdict.current_time));
          assert.ok(verdict.current_time >= before && verdict.current_time <= Date.now() / 1000, 'seconds since 1970');
          assert.deepEqual(conn.all('partial_approval', { from: marks[i] }), [
            { user_id: userId, approvals: 1, required: 3 },
            { user_id: userId, approvals: 2, required: 3 },
          ]);
        }
        const verdict = await dan.conn.waitFor('join_approved');
        assertKeys(verdict, ['user_id', 'room', 'current_time']);
        assert.equal(verdict.user_id, userId);
        const page = await dan.person.openRoom(`/room/${verdict.room}`);
        assert.equal(page.status, 200, 'the room named by the verdict opens');
        await takeSeat(dan, how);
      });
    }

    for (const event of ['deny_join', 'deny']) {
      test(`${event}: join_denied to the applicant and the members`, async (t) => {
        const seats = await roomWith(server, ['Ana', 'Bob'], here(t));
        const carol = await knock(server, seats[0].room.code, 'Carol', here(t));
        const { userId, path } = carol.knock;
        await seats[1].conn.waitFor('join_request', (data) => data.user_id === userId);
        seats[1].emit(event, { user_id: userId });
        for (const { conn } of seats) {
          const verdict = await conn.waitFor('join_denied');
          assert.equal(verdict.user_id, userId);
          assert.equal(verdict.room, seats[0].roomId);
          assert.deepEqual(Object.keys(verdict).filter((key) => !['user_id', 'room', 'reason'].includes(key)), []);
          assert.notEqual(verdict.reason, 'Request timed out');
        }
        const verdict = await carol.conn.waitFor('join_denied');
        assert.equal(verdict.user_id, userId);
        assert.ok('room' in verdict);
        assert.ok(!JSON.stringify(verdict).includes(seats[0].roomId), 'the refused learn no room id');
        assert.equal((await carol.person.open(path)).status, 302);
        // The request is over: a late yes changes nothing, and does not throw the voter out.
        const from = seats[0].conn.mark();
        seats[0].emit('approve_join', { user_id: userId });
        await barrier(seats[0].conn, carol.conn);
        assert.deepEqual(seats[0].conn.all('partial_approval', { from }), []);
        assert.deepEqual(seats[0].conn.all('room_error', { from }), []);
        assert.deepEqual(carol.conn.all('join_approved'), []);
        // Who was refused may ask again.
        const again = await carol.person.join(seats[0].room.code, 'Carol');
        assert.notEqual(again.userId, userId);
      });
    }

    test('verdicts go to the applicant and the members, and to nobody else', async (t) => {
      const ana = await createRoom(server, 'Ana', here(t));
      const neighbour = await createRoom(server, 'Zoe', here(t));
      const stranger = await new Person(server, { t }).connect(how);
      const other = await knock(server, neighbour.room.code, 'Other', here(t));
      const bob = await knock(server, ana.room.code, 'Bob', here(t));
      const carol = await knock(server, ana.room.code, 'Carol', here(t));
      ana.emit('approve_join', { user_id: bob.knock.userId });
      ana.emit('deny_join', { user_id: carol.knock.userId });
      await bob.conn.waitFor('join_approved');
      await carol.conn.waitFor('join_denied');
      await barrier(ana.conn, neighbour.conn, stranger, other.conn, bob.conn, carol.conn);
      for (const conn of [stranger, other.conn, neighbour.conn]) {
        assert.deepEqual(conn.all('join_approved'), []);
        assert.deepEqual(conn.all('join_denied'), []);
      }
      assert.deepEqual(neighbour.conn.all('join_request').filter((request) => request.user !== 'Other'), []);
      assert.deepEqual(bob.conn.all('join_denied'), []);
      assert.deepEqual(carol.conn.all('join_approved'), []);
      assert.deepEqual(stranger.names(), ['pong']);
    });

    // --- code and clock ----------------------------------------------------------

    for (const event of ['request_code_update', 'code_refresh']) {
      test(`${event}: a new code for the room at once`, async (t) => {
        const seats = await roomWith(server, ['Ana', 'Bob'], here(t));
        const old = seats[0].room.code;
        seats[1].emit(event);
        for (const { conn } of seats) {
          const update = await conn.waitFor('code_update');
          assertKeys(update, ['new_code', 'code']);
          assert.equal(update.code, update.new_code);
          assert.match(update.code, /^[1-9]\d{5}$/);
          assert.notEqual(update.code, old);
        }
        const { code } = await seats[0].conn.waitFor('code_update');
        const carol = new Person(server, { t });
        assert.equal((await carol.post('/join', { room_code: old, display_name: 'Carol' })).status, 404);
        await carol.join(code, 'Carol');
        assert.equal((await seats[0].person.openRoom(seats[0].room.path)).code, code);
      });
    }

    test('request_timer_sync: timer_sync to the sender alone', async (t) => {
      const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], here(t));
      const [asked, from] = [Date.now(), ana.conn.mark()]; // one may have come with Bob
      ana.emit('request_timer_sync');
      const sync = await ana.conn.waitFor('timer_sync', () => true, { from });
      assertKeys(sync, ['time_remaining']);
      assert.ok(Number.isInteger(sync.time_remaining));
      const { remaining } = await ana.person.openRoom(ana.room.path);
      const passed = sync.time_remaining - remaining;
      assert.ok(passed >= 0 && passed <= (Date.now() - asked) / 1000 + 1, `${sync.time_remaining}, then ${remaining}`);
      await bob.conn.barrier();
      assert.deepEqual(bob.conn.all('timer_sync'), []);
    });

    // --- room status, ping --------------------------------------------------------

    test('ping_room: room_status to the sender alone', async (t) => {
      const began = Date.now();
      const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], here(t));
      ana.emit('ping_room');
      const status = await ana.conn.waitFor('room_status');
      assertKeys(status, ['exists', 'participant_count', 'expires_in']);
      assert.equal(status.exists, true);
      assert.equal(status.participant_count, 2);
      assert.ok(Number.isInteger(status.expires_in) && status.expires_in >= 10800 - 1 - (Date.now() - began) / 1000 && status.expires_in <= 10800, `${status.expires_in} s`);
      await bob.conn.barrier();
      assert.deepEqual(bob.conn.all('room_status'), []);
    });

    test('ping_room of a room that is unknown, or of which one is no member', async (t) => {
      const [ana, bob] = await Promise.all([createRoom(server, 'Ana', here(t)), createRoom(server, 'Bob', here(t))]);
      for (const room of [nowhere, ana.roomId]) {
        const from = bob.conn.mark();
        bob.conn.emit('ping_room', { room });
        assert.deepEqual(await bob.conn.waitFor('room_status', () => true, { from }), { exists: false });
      }
      assert.deepEqual(bob.conn.all('room_error'), []);
    });

    test('ping: pong without arguments', async (t) => {
      const anybody = await new Person(server, { t }).connect(how);
      anybody.emit('ping');
      await anybody.waitFor('pong');
      assert.deepEqual(anybody.log.find((entry) => entry.event === 'pong').args, []);
    });

    // --- leaving ------------------------------------------------------------------

    test('leave_room: member_left, then update_participants, to the rest; the place is kept', async (t) => {
      const seats = await roomWith(server, ['Ana', 'Bob', 'Carol'], here(t));
      const [ana, bob, carol] = seats;
      const marks = seats.map(({ conn }) => conn.mark());
      // The server does not believe what a page says about names.
      bob.emit('leave_room', { display_name: 'Ana' });
      for (const seat of [ana, carol]) {
        const from = marks[seats.indexOf(seat)];
        await seat.conn.waitFor('update_participants', () => true, { from });
        assert.deepEqual(seat.conn.names({ from }), ['member_left', 'update_participants']);
        assert.deepEqual(seat.conn.all('member_left', { from }), [{ display_name: 'Bob' }]);
        assert.deepEqual(seat.conn.all('update_participants', { from }), [{ count: 2 }]);
      }
      ana.say('without Bob');
      await carol.conn.waitFor('message');
      await bob.conn.barrier();
      assert.deepEqual(bob.conn.all('message'), []);
      // Bob comes back without a vote and hears what he missed.
      const page = await bob.person.openRoom(bob.room.path);
      assert.equal(page.status, 200);
      const conn = await bob.person.enter({ ...page, name: 'Bob' }, how);
      assert.deepEqual(conn.all('join_success'), [{ count: 3 }]);
      assert.equal((await conn.waitFor('message')).content, 'without Bob');
      await barrier(conn, ana.conn);
      assert.deepEqual(ana.conn.all('member_joined').filter((data) => data.display_name === 'Bob').length, 1);
    });

    test('leave_room with final: true ends the membership', async (t) => {
      const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], here(t));
      bob.emit('leave_room', { display_name: 'Bob', final: true });
      assert.deepEqual(await ana.conn.waitFor('member_left'), { display_name: 'Bob' });
      await ana.conn.barrier();
      assert.deepEqual(ana.conn.all('update_participants').at(-1), { count: 1 });
      assert.equal((await bob.person.open(bob.room.path)).status, 302);
      const conn = await bob.person.connect({ ...how, page: bob.room.path });
      conn.emit('join', { room: ana.roomId, display_name: 'Bob' });
      await assertRefused(conn, 0);
      // The name is free again.
      await new Person(server, { t }).join(ana.room.code, 'Bob');
      ana.emit('leave_room', { final: true });
      await ana.conn.barrier();
      const status = await ana.person.fetch(`/room/${ana.roomId}/status`);
      assert.equal(status.status, 404, 'an empty room without memberships is gone');
    });

    test('POST /room/<id>/leave ends the membership as leave_room with final: true does', async (t) => {
      const [ana, bob, cleo] = await roomWith(server, ['Ana', 'Bob', 'Cleo'], here(t));
      const from = ana.conn.mark();
      bob.say('Bye');
      await ana.conn.waitFor('message', () => true, { from });
      // Nobody else's membership, and nobody without a token.
      assert.equal((await ana.person.post(`${bob.room.path}/leave`, {})).location, '/');
      assert.equal((await bob.person.post(`${bob.room.path}/leave`, { csrf_token: '' })).status, 400);
      assert.equal((await bob.person.post(`/room/${ana.roomId}/leave`, {})).location, '/');
      await ana.conn.barrier();
      const told = () => ana.conn.names({ from }).filter((name) => !['position', 'pong'].includes(name));
      assert.deepEqual(told(), ['message']);

      const left = await bob.person.post(`${bob.room.path}/leave`, {});
      assert.equal(left.status, 302);
      assert.equal(left.location, '/');
      assert.equal((await bob.conn.waitFor('room_error')).message, 'You left this chat in another tab.');
      for (const { conn } of [ana, cleo]) {
        assert.deepEqual(await conn.waitFor('member_left'), { display_name: 'Bob' });
        await conn.barrier();
        assert.deepEqual(conn.all('update_participants').at(-1), { count: 2 });
      }
      assert.deepEqual(told(), ['message', 'member_left', 'update_participants']);
      assert.equal((await bob.person.open(bob.room.path)).status, 302);
      const again = await bob.person.post(`${bob.room.path}/leave`, {}, { headers: { Accept: 'application/json' } });
      assert.equal(again.status, 200);
      assert.deepEqual(JSON.parse(again.html), { location: '/' });
      await new Person(server, { t }).join(ana.room.code, 'Bob');
    });

    // --- acknowledgements, malformed payloads --------------------------------------

    test('requested acknowledgements are answered with an empty list', async (t) => {
      const ana = await createRoom(server, 'Ana', here(t));
      const bob = await knock(server, ana.room.code, 'Bob', here(t));
      const room = ana.roomId;
      const requests = [
        ['join', { room }], ['join', { room: nowhere }], ['message', { room, message: 'x' }], ['message', { room, message: 7 }],
        ['approve_join', { room, user_id: 'x' }], ['deny_join', { room, user_id: 'x' }],
        ['request_code_update', { room }], ['code_refresh', { room }], ['request_timer_sync', { room }],
        ['typing', { room }], ['request_members', { room }], ['request_code', { room }], ['withdraw_request', { room, user_id: 'x' }],
        ['request_invite', { room }], ['request_invite', { room: nowhere }], ['revoke_invite', { room }], ['revoke_invite', { room, lookup: 'x' }],
        ['ping_room', { room }], ['ping'], ['approve', { room, user_id: bob.knock.userId }], ['leave_room', { room }],
      ];
      for (const request of requests) assert.deepEqual(await ana.conn.request(...request), [], request[0]);
      for (const event of ['join_request', 'request_approval']) {
        assert.deepEqual(await bob.conn.request(event, { room: bob.knock.pending, user_id: bob.knock.userId }), []);
      }
    });

    test('a malformed payload never ends the connection nor changes the room', async (t) => {
      const ana = await createRoom(server, 'Ana', here(t));
      const bob = await knock(server, ana.room.code, 'Bob', here(t));
      await ana.conn.barrier();
      const { id } = ana.conn.socket;
      const from = ana.conn.mark();
      const events = ['join', 'message', 'join_request', 'request_approval', 'approve_join', 'approve', 'deny_join', 'deny',
        'request_code_update', 'code_refresh', 'request_timer_sync', 'ping_room', 'leave_room', 'typing', 'request_members', 'request_code',
        'request_invite', 'revoke_invite', 'withdraw_request', 'no_such_event', ''];
      const payloads = [[], [null], [0], [-1.5], [true], ['text'], [[]], [{}], [{ room: 5 }], [{ room: null }], [{ room: {} }],
        [{ room: [ana.roomId] }], [{ room: ana.roomId.toUpperCase() + 'x', user_id: {} }], [{ user_id: bob.knock.userId }],
        [{ room: nowhere, user_id: bob.knock.userId, message: 'x' }], [{ __proto__: null, constructor: 1 }],
        [Buffer.from('binary')], [{ room: Buffer.from(ana.roomId) }], [null, null, null]];
      for (const event of events) for (const payload of payloads) ana.conn.emit(event, ...payload);
      await ana.conn.barrier();
      assert.equal(ana.conn.connected, true);
      assert.equal(ana.conn.socket.id, id, 'the same connection');
      assert.deepEqual(ana.conn.all('disconnect'), []);
      const allowed = new Set(['room_error', 'pong', 'room_status']);
      assert.deepEqual(ana.conn.names({ from }).filter((name) => !allowed.has(name)), []);
      assert.deepEqual(ana.conn.all('room_status', { from }).filter((status) => status.exists), []);
      // The request is still open, the code is still good, the room still works.
      assert.equal((await ana.person.openRoom(ana.room.path)).code, ana.room.code);
      ana.emit('approve_join', { user_id: bob.knock.userId });
      await bob.conn.waitFor('join_approved');
      ana.say('works');
      await ana.conn.waitFor('message', (message) => message.content === 'works');
    });
  });
}

describe('different clients in one room', () => {
  const server = serverForFile();

  test('hear each other in one order', async (t) => {
    const ana = await createRoom(server, 'Ana', { t, version: matrix[0].version, transports: matrix[0].transports });
    const seats = [ana];
    for (const [i, cell] of matrix.slice(1).entries()) {
      const { version, transports } = cell;
      const applicant = await knock(server, ana.room.code, `Guest ${i}`, { t, version, transports });
      seats.push(await admit(seats, applicant, { version, transports }));
    }
    for (let i = 0; i < 20; i++) for (const seat of seats) seat.say(`${seat.name}: ${i}`);
    const total = 20 * seats.length;
    const lists = await Promise.all(seats.map(async ({ conn }) => {
      await until(() => conn.all('message').length >= total, { what: `${total} messages` });
      await conn.barrier();
      return conn.all('message').map((message) => message.content);
    }));
    assert.equal(new Set(lists[0]).size, total);
    for (const list of lists) assert.deepEqual(list, lists[0]);
  });
});

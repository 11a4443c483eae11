// Contract: unanimous votes of those present, decided again whenever somebody
// leaves. Points 4, 8 and 9 of "What the original got wrong".
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { barrier } from '../harness/connection.mjs';
import { Person } from '../harness/person.mjs';
import { createRoom, knock, roomWith, takeSeat } from '../harness/scenario.mjs';
import { serverForFile } from '../harness/server.mjs';
import { inTime, until } from '../harness/wait.mjs';

const approvalTimeout = 4000;

describe('votes', { concurrency: 8 }, () => {
  // A member who goes is soon absent. Nobody need hurry otherwise.
  const server = serverForFile({ env: { APPROVAL_TIMEOUT: '1h', ABSENCE_GRACE: '1s', RETURN_GRACE: '1h' } });
  const hasty = serverForFile({ env: { APPROVAL_TIMEOUT: `${approvalTimeout}ms` } });
  const participants = async (room) => JSON.parse((await new Person(server).fetch(`/room/${room}/status`)).text).participant_count;

  /** Everybody has seen the request. */
  async function seen(seats, applicant) {
    await Promise.all(seats.map(({ conn }) => conn.waitFor('join_request', (data) => data.user_id === applicant.knock.userId)));
  }
  const approve = (seat, applicant) => seat.emit('approve_join', { user_id: applicant.knock.userId });

  // --- 4 ------------------------------------------------------------------------------

  test('4: a member with two tabs has one vote', async () => {
    const [ana, bob] = await roomWith(server, ['Ana', 'Bob']);
    const second = await ana.person.enter({ ...(await ana.person.openRoom(ana.room.path)), name: 'Ana' });
    const carol = await knock(server, ana.room.code, 'Carol');
    await seen([ana, bob], carol);
    approve(ana, carol);
    second.emit('approve_join', { room: ana.roomId, user_id: carol.knock.userId });
    approve(ana, carol);
    await barrier(ana.conn, second, carol.conn);
    assert.deepEqual(carol.conn.all('join_approved'), []);
    assert.ok(bob.conn.all('partial_approval').every(({ approvals, required }) => approvals === 1 && required === 2));
    approve(bob, carol);
    await carol.conn.waitFor('join_approved');
  });

  test('4: votes are told apart by member, not by name', async () => {
    // "Ana" of another room has no say here, whatever her page claims.
    const [ana, bob] = await roomWith(server, ['Ana', 'Bob']);
    const otherAna = await createRoom(server, 'Bob');
    const carol = await knock(server, ana.room.code, 'Carol');
    await seen([ana, bob], carol);
    approve(ana, carol);
    otherAna.conn.emit('approve_join', { room: ana.roomId, user_id: carol.knock.userId });
    await barrier(ana.conn, otherAna.conn, carol.conn);
    assert.deepEqual(carol.conn.all('join_approved'), []);
  });

  // A page takes an answer for refused if nothing has come of it when it is acknowledged.
  for (const transports of ['polling', 'websocket']) {
    test(`what comes of a vote or a question is told before it is acknowledged, ${transports}`, async (t) => {
      const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], { t, transports, auth: { page: 'a page' } });
      const carol = await knock(server, ana.room.code, 'Carol', { t });
      await seen([ana, bob], carol);
      const vote = { room: ana.roomId, user_id: carol.knock.userId };
      for (const [event, fields, result] of [
        ['request_members', { room: ana.roomId }, () => ana.conn.all('members').at(-1)],
        ['approve_join', vote, () => ana.conn.all('request_votes').at(-1)?.own],
        ['deny_join', vote, () => ana.conn.all('join_denied').at(-1)],
      ]) {
        assert.ok(!result(), event);
        await ana.conn.request(event, fields);
        assert.ok(result(), event);
      }
    });
  }

  // --- 8 ------------------------------------------------------------------------------

  const verdicts = { approve_join: 'join_approved', deny_join: 'join_denied' };
  for (const [vote, verdict] of Object.entries(verdicts)) {
    for (const says of ['nothing', 'join_request']) {
      for (const transports of ['polling', 'websocket']) {
        test(`8: a waiting page that connects after ${vote} is told, saying ${says}, ${transports}`, async () => {
          const ana = await createRoom(server, 'Ana');
          const bob = new Person(server);
          const waiting = await bob.join(ana.room.code, 'Bob');
          await ana.conn.waitFor('join_request');
          ana.emit(vote, { user_id: waiting.userId });
          await ana.conn.waitFor(verdict);
          const conn = await bob.connect({ transports });
          if (says === 'join_request') conn.emit('join_request', { room: waiting.pending, user: 'Bob', user_id: waiting.userId });
          const told = await conn.waitFor(verdict);
          assert.equal(told.user_id, waiting.userId);
          // Today's waiting page knows no room_error; none is called for.
          await conn.barrier();
          assert.deepEqual(conn.all('room_error'), []);
          assert.equal((await bob.open(waiting.path)).status, vote === 'approve_join' ? 200 : 302);
        });
      }
    }
  }

  test('8: a waiting page that connects after the timeout is told', async () => {
    const ana = await createRoom(hasty, 'Ana');
    const bob = new Person(hasty);
    const waiting = await bob.join(ana.room.code, 'Bob');
    await ana.conn.waitFor('join_denied');
    const conn = await bob.connect();
    const told = await conn.waitFor('join_denied');
    assert.equal(told.user_id, waiting.userId);
    assert.equal(told.reason, 'Request timed out');
  });

  test('8: an approved person who never comes blocks nobody and is not counted for ever', async () => {
    const ana = await createRoom(server, 'Ana');
    const bob = new Person(server);
    const waiting = await bob.join(ana.room.code, 'Bob');
    await ana.conn.waitFor('join_request');
    ana.emit('approve_join', { user_id: waiting.userId });
    await ana.conn.waitFor('join_approved');
    const carol = await knock(server, ana.room.code, 'Carol');
    await seen([ana], carol);
    approve(ana, carol);
    await carol.conn.waitFor('join_approved');
    await until(async () => (await participants(ana.roomId)) <= 2, { what: 'Bob is counted no longer' });
    await ana.conn.barrier();
    assert.deepEqual(ana.conn.all('member_joined'), [], 'who never came did not join');
    assert.deepEqual(ana.conn.all('member_left'), [], 'and does not leave');
  });

  test('8: an approved person who closes the waiting page blocks nobody, and may still come', async () => {
    const ana = await createRoom(server, 'Ana');
    const bob = await knock(server, ana.room.code, 'Bob');
    await seen([ana], bob);
    approve(ana, bob);
    await bob.conn.waitFor('join_approved');
    bob.conn.close();
    await until(async () => (await participants(ana.roomId)) === 1, { what: 'Bob is counted no longer' });
    const carol = await knock(server, ana.room.code, 'Carol');
    await seen([ana], carol);
    approve(ana, carol);
    await carol.conn.waitFor('join_approved');
    const late = await takeSeat(bob);
    late.say('late');
    assert.equal((await ana.conn.waitFor('message')).sender, 'Bob');
    assert.deepEqual(ana.conn.all('member_joined').filter((data) => data.display_name === 'Bob').length, 1);
  });

  // --- 9 ------------------------------------------------------------------------------

  const departures = {
    'leave_room': (seat) => seat.emit('leave_room'),
    'leave_room for good': (seat) => seat.emit('leave_room', { final: true }),
    'a closed page': (seat) => seat.conn.close(),
  };
  for (const [what, leave] of Object.entries(departures)) {
    test(`9: the last missing voter going (${what}) completes the vote`, async () => {
      const seats = await roomWith(server, ['Ana', 'Bob', 'Carol']);
      const [ana, bob, carol] = seats;
      const dan = await knock(server, ana.room.code, 'Dan');
      await seen(seats, dan);
      approve(ana, dan);
      approve(bob, dan);
      await bob.conn.waitFor('partial_approval', (data) => data.approvals === 2);
      assert.deepEqual(dan.conn.all('join_approved'), []);
      leave(carol);
      await dan.conn.waitFor('join_approved');
      await ana.conn.waitFor('join_approved', (data) => data.user_id === dan.knock.userId);
    });
  }

  test('9: the yes of somebody who left counts no longer, and nobody waits for ever', async () => {
    const seats = await roomWith(server, ['Ana', 'Bob', 'Carol']);
    const [ana, bob, carol] = seats;
    const dan = await knock(server, ana.room.code, 'Dan');
    await seen(seats, dan);
    approve(ana, dan);
    approve(bob, dan);
    await carol.conn.waitFor('partial_approval', (data) => data.approvals === 2);
    bob.emit('leave_room');
    await carol.conn.waitFor('member_left');
    await barrier(carol.conn, dan.conn);
    assert.deepEqual(dan.conn.all('join_approved'), [], 'Carol is still to be asked');
    approve(carol, dan);
    await dan.conn.waitFor('join_approved');
  });

  test('9: more yeses than members admit', async () => {
    const seats = await roomWith(server, ['Ana', 'Bob', 'Carol']);
    const [ana, bob, carol] = seats;
    const dan = await knock(server, ana.room.code, 'Dan');
    await seen(seats, dan);
    approve(ana, dan);
    approve(bob, dan);
    await ana.conn.waitFor('partial_approval', (data) => data.approvals === 2);
    // Two yeses, and at once only Carol is left to be asked.
    ana.emit('leave_room');
    bob.emit('leave_room');
    await carol.conn.waitFor('update_participants', (data) => data.count === 1);
    approve(carol, dan);
    await dan.conn.waitFor('join_approved');
  });

  test('9: nobody present admits nobody; who returns is asked', async () => {
    const ana = await createRoom(server, 'Ana');
    const bob = await knock(server, ana.room.code, 'Bob');
    await seen([ana], bob);
    ana.emit('leave_room');
    await barrier(ana.conn, bob.conn);
    assert.deepEqual(bob.conn.all('join_approved'), []);
    const page = await ana.person.openRoom(ana.room.path);
    const conn = await ana.person.enter({ ...page, name: 'Ana' });
    const request = await conn.waitFor('join_request');
    assert.equal(request.user_id, bob.knock.userId);
    conn.emit('approve_join', { room: ana.roomId, user_id: bob.knock.userId });
    await bob.conn.waitFor('join_approved');
  });

  test('9: a newcomer has a vote on what is still open', async () => {
    const ana = await createRoom(server, 'Ana');
    const bob = await knock(server, ana.room.code, 'Bob');
    const carol = await knock(server, ana.room.code, 'Carol');
    await seen([ana], bob);
    approve(ana, bob);
    await bob.conn.waitFor('join_approved');
    const seat = await takeSeat(bob);
    assert.equal((await seat.conn.waitFor('join_request')).user_id, carol.knock.userId);
    approve(ana, carol);
    await barrier(ana.conn, carol.conn);
    assert.deepEqual(carol.conn.all('join_approved'), []);
    approve(seat, carol);
    await carol.conn.waitFor('join_approved');
  });

  // --- the timeout ------------------------------------------------------------------------

  test('a request times out by itself, and everybody concerned is told why', async () => {
    const seats = await inTime(approvalTimeout, () => roomWith(hasty, ['Ana', 'Bob']));
    const asked = Date.now();
    const carol = await knock(hasty, seats[0].room.code, 'Carol');
    await seen(seats, carol);
    approve(seats[0], carol);
    for (const { conn } of [...seats, carol]) {
      const verdict = await conn.waitFor('join_denied');
      assert.equal(verdict.user_id, carol.knock.userId);
      assert.equal(verdict.reason, 'Request timed out');
      assert.ok('room' in verdict);
    }
    assert.ok(Date.now() - asked >= approvalTimeout);
    approve(seats[1], carol);
    await barrier(seats[1].conn, carol.conn);
    assert.deepEqual(carol.conn.all('join_approved'), []);
    assert.equal((await carol.person.open(carol.knock.path)).status, 302);
  });

  test('asking again does not prolong a request', async () => {
    const ana = await createRoom(hasty, 'Ana');
    const asked = Date.now();
    const bob = await knock(hasty, ana.room.code, 'Bob');
    await until(() => Date.now() - asked > approvalTimeout / 2);
    const carol = await knock(hasty, ana.room.code, 'Carol');
    bob.conn.emit('join_request', { room: bob.knock.pending, user: 'Bob', user_id: bob.knock.userId });
    await bob.person.join(ana.room.code, 'Bob');
    const verdict = await bob.conn.waitFor('join_denied');
    assert.equal(verdict.reason, 'Request timed out');
    // A request that was prolonged would outlast one that began before it was repeated.
    await ana.conn.waitFor('join_denied', (data) => data.user_id === carol.knock.userId);
    assert.equal(ana.conn.all('join_denied')[0].user_id, bob.knock.userId);
  });
});

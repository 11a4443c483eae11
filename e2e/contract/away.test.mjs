// Who was away hears, in order with the messages, who was let in and who left meanwhile:
// once, whatever the client, and never again when the page is loaded anew.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clients, matrix } from '../harness/clients.mjs';
import { Person } from '../harness/person.mjs';
import { Proxy } from '../harness/proxy.mjs';
import { Seat, admit, createRoom, knock, roomWith } from '../harness/scenario.mjs';
import { serverForFile } from '../harness/server.mjs';
import { until } from '../harness/wait.mjs';

const goings = new Set(['member_joined', 'member_left', 'member_returned']);

/** The conversation as a connection was told it, one line each. */
const told = (conn, from = 0) => conn.log.slice(from)
  .filter(({ event }) => event === 'message' || goings.has(event))
  .map(({ event, data }) => (event === 'message' ? data.content : `${event} ${data.display_name}`));

/** The notices, one line each. */
const notices = (conn, from = 0) => conn.all('notice', { from })
  .map(({ what, display_name: who, by, missed }) => [missed ? 'missed:' : '', what, who, ...by ? ['by', ...by] : []].filter(Boolean).join(' '));

/** Resolves when everything sent to the connection has arrived. Not barrier(): see delivery.test.mjs. */
const quiet = (seat) => seat.conn.request('ping_room', { room: seat.roomId });

/** Resolves when the server knows what has arrived. */
async function learnt(seat) {
  await quiet(seat);
  await seat.conn.receipt();
  await quiet(seat);
}

/** Bob is behind a network of his own, in a room with Ana. */
async function apart(server, t, how) {
  const proxy = await Proxy.to(server.port);
  t.after(() => proxy.close());
  const ana = await createRoom(server, 'Ana', { t });
  const person = new Person(server, { url: proxy.url, t });
  const bob = await admit([ana], await knock(server, ana.room.code, 'Bob', { person, ...how }), how);
  if (how.transports?.length > 1) await bob.conn.upgraded();
  return { proxy, ana, bob };
}

/** Somebody knocks, and Bob says yes before he is cut off. */
async function knocks(server, t, ana, bob, name) {
  const applicant = await knock(server, ana.room.code, name, { t });
  bob.emit('approve_join', { user_id: applicant.knock.userId });
  await ana.conn.waitFor('partial_approval', ({ user_id: id }) => id === applicant.knock.userId);
  return applicant;
}

async function unplug(proxy, bob) {
  await learnt(bob);
  proxy.unplug();
  await bob.conn.waitFor('disconnect');
  return bob.conn.mark();
}

async function says(seat, text) {
  seat.say(text);
  await seat.conn.waitFor('message', (message) => message.content === text);
}

/** An applicant is let in, speaks, and leaves for good. */
async function visit(members, applicant) {
  const [ana] = members;
  const seat = await admit(members, applicant);
  await says(seat, `I am ${seat.name}`);
  seat.emit('leave_room', { final: true });
  await ana.conn.waitFor('member_left', (who) => who.display_name === seat.name);
}

describe('while one is away', { concurrency: 4 }, () => {
  const server = serverForFile({ env: { ABSENCE_GRACE: '1h', RETURN_GRACE: '1h' } });
  const hasty = serverForFile({ env: { ABSENCE_GRACE: '400ms', RETURN_GRACE: '1h' } });

  for (const { label, version, transports } of matrix) {
    test(`who came, and who is gone again, ${label}`, async (t) => {
      const { proxy, ana, bob } = await apart(server, t, { version, transports });
      const [dan, eve] = [await knocks(server, t, ana, bob, 'Dan'), await knocks(server, t, ana, bob, 'Eve')];
      const from = await unplug(proxy, bob);
      await says(ana, 'before');
      const danInside = await admit([ana], dan);
      await says(ana, 'between');
      await visit([ana, danInside], eve);
      await says(ana, 'after');
      proxy.restore();
      await bob.conn.waitFor('message', (message) => message.content === 'after');
      await quiet(bob);
      const missed = ['before', 'member_joined Dan', 'between', 'member_joined Eve', 'I am Eve', 'member_left Eve', 'after'];
      assert.deepEqual(told(bob.conn, from), missed);

      // The next cut tells nothing again.
      await says(ana, 'and then');
      await bob.conn.waitFor('message', (message) => message.content === 'and then');
      await quiet(bob);
      await until(() => bob.conn.all('position').length > 0, { what: 'the position' });
      const again = bob.conn.mark();
      bob.conn.drop();
      await bob.conn.waitFor('connect', () => true, { from: again });
      await quiet(bob);
      assert.deepEqual(told(bob.conn, again).filter((line) => goings.has(line.split(' ')[0])), []);
      for (const { event, args } of bob.conn.log) {
        if (event === 'message' || goings.has(event)) assert.equal(args.length, 1, event);
      }
      assert.deepEqual(bob.conn.all('notice'), [], 'a page that did not say auth.page');
    });
  }

  for (const version of Object.keys(clients)) {
    test(`a page that is loaded, and loaded again, ${version}`, async (t) => {
      const { proxy, ana, bob } = await apart(server, t, { version });
      const eve = await knocks(server, t, ana, bob, 'Eve');
      await unplug(proxy, bob);
      bob.conn.close();
      await says(ana, 'before');
      await visit([ana], eve);
      proxy.restore();
      const load = async () => {
        const page = await bob.person.openRoom(bob.room.path);
        const seat = new Seat(bob.person, { ...page, name: 'Bob' }, await bob.person.enter({ ...page, name: 'Bob' }, { version }), bob.userId);
        await seat.conn.waitFor('message', (message) => message.content === 'I am Eve');
        await quiet(seat);
        return seat;
      };
      const first = await load();
      assert.deepEqual(told(first.conn), ['before', 'member_joined Eve', 'I am Eve', 'member_left Eve']);
      await learnt(first);
      first.conn.close();
      await ana.conn.barrier();
      const second = await load();
      assert.deepEqual(told(second.conn), ['before', 'I am Eve']);
    });

    test(`a page that names itself is told who said yes, ${version}`, async (t) => {
      const { proxy, ana, bob } = await apart(server, t, { version, auth: { page: 'a page of Bob' } });
      const eve = await knocks(server, t, ana, bob, 'Eve');
      const from = await unplug(proxy, bob);
      await says(ana, 'before');
      await visit([ana], eve);
      proxy.restore();
      await bob.conn.waitFor('message', (message) => message.content === 'I am Eve', { from });
      await bob.conn.waitFor('member_left', () => true, { from });
      assert.deepEqual(notices(bob.conn, from), ['missed: admitted Eve by Ana Bob', 'missed: joined Eve', 'missed: left Eve']);
      assert.deepEqual(told(bob.conn, from), ['before', 'member_joined Eve', 'I am Eve', 'member_left Eve']);
      const ids = bob.conn.log.slice(from).filter(({ event }) => event === 'message' || event === 'notice').map(({ data }) => data.id);
      assert.deepEqual(ids, ids.toSorted((a, b) => a - b), 'one count for messages and notices');
    });
  }

  test('a lost connection, a closed page and a goodbye are told apart', async (t) => {
    const proxy = await Proxy.to(hasty.port);
    t.after(() => proxy.close());
    const ana = await createRoom(hasty, 'Ana', { t, auth: { page: 'a page of Ana' } });
    const lea = await admit([ana], await knock(hasty, ana.room.code, 'Lea', { person: new Person(hasty, { url: proxy.url, t }) }), { transports: 'websocket' });
    await ana.conn.waitFor('notice', ({ what, display_name: who }) => what === 'joined' && who === 'Lea');
    proxy.unplug();
    const lost = await ana.conn.waitFor('notice', ({ what }) => what === 'lost');
    assert.equal(lost.display_name, 'Lea');
    lea.conn.close();
    const leo = await admit([ana], await knock(hasty, ana.room.code, 'Leo', { t }));
    leo.conn.close();
    assert.equal((await ana.conn.waitFor('notice', ({ what }) => what === 'away')).display_name, 'Leo');
    const lou = await admit([ana], await knock(hasty, ana.room.code, 'Lou', { t }));
    lou.emit('leave_room', { final: true });
    assert.equal((await ana.conn.waitFor('notice', ({ what }) => what === 'left')).display_name, 'Lou');
    await ana.conn.barrier();
    assert.deepEqual(ana.conn.all('member_left').map(({ display_name: who }) => who), ['Lea', 'Leo', 'Lou']);
  });

  test('notices are no messages: they count nowhere', async (t) => {
    const [ana] = await roomWith(server, ['Ana', 'Bob'], { t });
    await says(ana, 'one');
    const status = await ana.person.fetch(`/room/${ana.roomId}/status`);
    assert.equal(JSON.parse(status.text).message_count, 1);
  });
});

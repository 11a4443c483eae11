// Messages arrive complete, once and in order: under load, and over a network
// that breaks. Point 11 of "What the original got wrong".
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { matrix } from '../harness/clients.mjs';
import { Person } from '../harness/person.mjs';
import { Proxy } from '../harness/proxy.mjs';
import { admit, createRoom, knock, roomWith } from '../harness/scenario.mjs';
import { serverForFile } from '../harness/server.mjs';
import { sleep, until } from '../harness/wait.mjs';

const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => `message ${from + i}`);
const heard = ({ conn }) => conn.all('message').map((message) => message.content);

/** Resolves when the seat has heard so many messages and nothing more is on its way. */
async function hears(seat, count) {
  await until(() => heard(seat).length >= count, { what: `${count} messages at ${seat.name}, has ${heard(seat).length}` })
    .catch((error) => { throw new Error(`${error.message}; got ${heard(seat).length}: ${missing(heard(seat), count)}`); });
  await quiet(seat);
}

/**
 * Resolves when everything sent to the seat has arrived. Not barrier(): newer
 * clients remember the last string they were sent as their place in the
 * conversation, and take the name of an event without arguments for one.
 */
function quiet(seat) {
  return seat.conn.request('ping_room', { room: seat.roomId });
}

/**
 * Resolves when the server knows what has arrived. What was on its way at
 * the very moment of a cut is the business of a test of its own.
 */
async function settled(seat, count) {
  await hears(seat, count);
  await seat.conn.receipt();
  await quiet(seat);
}

function missing(list, count) {
  const lost = range(1, count).filter((text) => !list.includes(text));
  const repeated = list.filter((text, i) => list.indexOf(text) !== i);
  return `lost [${lost.slice(0, 10)}${lost.length > 10 ? ', …' : ''}], repeated [${repeated.slice(0, 10)}]`;
}

function assertHeard(seat, count) {
  const list = heard(seat);
  assert.equal(missing(list, count), 'lost [], repeated []', `${seat.name} heard ${list.length} of ${count}`);
  assert.deepEqual(list, range(1, count));
}

/**
 * Newer clients say what they have seen. Of an older one nobody can know whether
 * it read what was on its way at the very instant of a cut: that comes again, and
 * nothing is missing or out of order.
 */
function assertHeardAcrossACut(seat, count, version) {
  if (version === '4.0.1') assert.deepEqual([...new Set(heard(seat))], range(1, count));
  else assertHeard(seat, count);
}

describe('delivery under load', { concurrency: 2 }, () => {
  const server = serverForFile({ env: { MAX_MESSAGES_PER_ROOM: '5000' } });

  for (const { label, version, transports } of matrix) {
    test(`2,000 messages back to back, ${label}`, async (t) => {
      const how = { t, version, transports };
      const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], how);
      for (const text of range(1, 2000)) ana.say(text);
      for (const seat of [ana, bob]) await hears(seat, 2000);
      for (const seat of [ana, bob]) assertHeard(seat, 2000);
    });

    test(`messages from the first moment of a connection, ${label}`, async (t) => {
      const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], { t, transports: 'websocket' });
      // Buffered by the client until it is connected, then sent while it upgrades.
      ana.conn.close();
      const page = await ana.person.openRoom(ana.room.path);
      const conn = await ana.person.connect({ version, transports, page: page.path, wait: false });
      conn.emit('join', { room: ana.roomId });
      for (const text of range(1, 500)) conn.emit('message', { room: ana.roomId, message: text });
      await hears(bob, 500);
      assertHeard(bob, 500);
      const seat = Object.assign(Object.create(Object.getPrototypeOf(ana)), ana, { conn });
      await hears(seat, 500);
      assertHeard(seat, 500);
    });

    test(`messages right before goodbye, ${label}`, async (t) => {
      const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], { t, version, transports });
      for (const text of range(1, 200)) ana.say(text);
      ana.conn.close();
      await hears(bob, 200);
      assertHeard(bob, 200);
    });
  }
});

describe('delivery over a network that breaks', { concurrency: 6 }, () => {
  const server = serverForFile({ env: { ABSENCE_GRACE: '1h' } });

  /** Ana beside the server, Bob behind a network of his own. */
  async function overProxy(t, how) {
    const proxy = await Proxy.to(server.port);
    t.after(() => proxy.close());
    const ana = await createRoom(server, 'Ana', { t });
    const person = new Person(server, { url: proxy.url, t });
    const bob = await admit([ana], await knock(server, ana.room.code, 'Bob', { person, ...how }), how);
    if (how.transports.length > 1) await bob.conn.upgraded();
    const joined = bob.conn.all('join_success').length;
    return { proxy, ana, bob, joined };
  }

  async function says(seat, texts) {
    const last = texts.at(-1);
    for (const text of texts) seat.say(text);
    await seat.conn.waitFor('message', (message) => message.content === last);
  }

  for (const { label, version, transports } of matrix) {
    const how = { version, transports };

    test(`the network is away for a while, ${label}`, async (t) => {
      const { proxy, ana, bob, joined } = await overProxy(t, how);
      await says(ana, range(1, 20));
      await settled(bob, 20);
      proxy.unplug();
      await bob.conn.waitFor('disconnect');
      await says(ana, range(21, 40));
      proxy.restore();
      await hears(bob, 40);
      await says(ana, range(41, 60));
      await hears(bob, 60);
      assertHeard(bob, 60);
      assertHeard(ana, 60);
      assert.equal(bob.conn.all('join_success').length, joined, 'no join was said');
      assert.deepEqual(bob.conn.all('room_error'), []);
    });

    test(`the network is away again and again, ${label}`, async (t) => {
      const { proxy, ana, bob } = await overProxy(t, how);
      for (let round = 0; round < 5; round++) {
        await says(ana, range(round * 20 + 1, round * 20 + 10));
        await settled(bob, round * 20 + 10);
        const mark = bob.conn.mark();
        proxy.unplug();
        await bob.conn.waitFor('disconnect', () => true, { from: mark });
        await says(ana, range(round * 20 + 11, round * 20 + 20));
        proxy.restore();
        await hears(bob, round * 20 + 20);
      }
      assertHeard(bob, 100);
    });

    // Neither side learns that the other is gone: what the server writes
    // meanwhile seems to be sent.
    test(`the network swallows everything, then the client gives up, ${label}`, async (t) => {
      const { proxy, ana, bob, joined } = await overProxy(t, how);
      await says(ana, range(1, 20));
      await settled(bob, 20);
      proxy.blackhole();
      await says(ana, range(21, 40));
      await sleep(1000);
      const mark = bob.conn.mark();
      bob.conn.drop();
      proxy.restore();
      await bob.conn.waitFor('connect', () => true, { from: mark });
      await says(ana, range(41, 60));
      await hears(bob, 60);
      assertHeard(bob, 60);
      assert.equal(bob.conn.all('join_success').length, joined);
    });

    test(`the connection is cut in the middle of a stream, ${label}`, async (t) => {
      const { proxy, ana, bob } = await overProxy(t, how);
      const total = 300;
      for (const [i, text] of range(1, total).entries()) {
        ana.say(text);
        if (i % 75 === 50) proxy.cut();
        await sleep(4);
      }
      await hears(ana, total);
      await until(() => heard(bob).includes(`message ${total}`));
      await quiet(bob);
      assertHeardAcrossACut(bob, total, version);
    });

    test(`what the client said offline arrives, ${label}`, async (t) => {
      const { proxy, ana, bob, joined } = await overProxy(t, how);
      for (const text of range(1, 5)) bob.say(text);
      await settled(bob, 5);
      proxy.unplug();
      await bob.conn.waitFor('disconnect');
      for (const text of range(6, 25)) bob.say(text);
      proxy.restore();
      await hears(ana, 25);
      await hears(bob, 25);
      assertHeard(ana, 25);
      assertHeardAcrossACut(bob, 25, version);
      assert.equal(bob.conn.all('join_success').length, joined);
    });
  }

  test('what both sides said meanwhile', async (t) => {
    const { proxy, ana, bob } = await overProxy(t, { version: '4.8.4', transports: ['polling', 'websocket'] });
    proxy.unplug();
    await bob.conn.waitFor('disconnect');
    await says(ana, ['Ana 1', 'Ana 2']);
    bob.say('Bob 1').say('Bob 2');
    proxy.restore();
    await until(() => heard(ana).length === 4 && heard(bob).length === 4);
    assert.deepEqual(heard(bob), heard(ana));
    assert.deepEqual(heard(ana), ['Ana 1', 'Ana 2', 'Bob 1', 'Bob 2']);
  });
});

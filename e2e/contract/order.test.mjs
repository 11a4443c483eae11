// Complete, once and in order, in a rush: over each transport and across the
// move between them, while others come and go, up to the last word before a
// goodbye, and past a client that does not read.
import assert from 'node:assert/strict';
import net from 'node:net';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { clients, matrix, transportSets } from '../harness/clients.mjs';
import { Proxy } from '../harness/proxy.mjs';
import { RawWebSocket } from '../harness/raw.mjs';
import { Seat, roomWith } from '../harness/scenario.mjs';
import { serverForFile } from '../harness/server.mjs';
import { until } from '../harness/wait.mjs';

const versions = Object.keys(clients);
const [oldest, newest] = versions;
const ways = Object.keys(transportSets);

/** How long a rush may take to arrive on a machine that has other things to do. */
const rush = 180_000;

const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => `message ${from + i}`);
const contents = (conn) => conn.all('message').map((message) => message.content);
const cell = (version, way) => ({ version, transports: transportSets[way], label: `${version} ${way}` });

/** A way to the server on which websockets wait until `open()`, so that a test says when a connection moves to one. */
class Gate {
  #sockets = new Set();

  static async to(t, port) {
    const gate = new Gate();
    gate.opened = new Promise((resolve) => { gate.open = resolve; });
    const listener = net.createServer((client) => gate.#accept(client, port));
    await new Promise((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(0, '127.0.0.1', resolve);
    });
    gate.url = `http://127.0.0.1:${listener.address().port}`;
    t.after(() => {
      listener.close();
      for (const socket of gate.#sockets) socket.destroy();
    });
    return gate;
  }

  #accept(client, port) {
    this.#keep(client);
    client.once('data', async (head) => {
      client.pause();
      if (/^upgrade: websocket/im.test(head.toString('latin1'))) await this.opened;
      const server = net.connect(port, '127.0.0.1');
      this.#keep(server);
      client.on('close', () => server.destroy());
      server.on('close', () => client.destroy());
      server.write(head);
      client.pipe(server).pipe(client);
    });
  }

  #keep(socket) {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }
}

/** The seat's page is loaded again and joins, by another client and way; on the way to an upgrade stands a gate. */
async function reenter(t, server, seat, { version, transports, auth }, url) {
  const gate = transports.length > 1 && !url ? await Gate.to(t, server.port) : undefined;
  seat.conn.close();
  const room = { ...await seat.person.openRoom(seat.room.path), name: seat.name };
  const conn = await seat.person.enter(room, { version, transports, auth, ...(gate || url ? { url: url ?? gate.url } : {}) });
  return Object.assign(new Seat(seat.person, room, conn, seat.userId), { gate });
}

/** Resolves when the connection has heard the text and everything else that the server sent it so far. */
async function hears(conn, room, text) {
  await conn.waitFor('message', (message) => message.content === text, { timeout: rush });
  // Not barrier(): newer clients take the name of an event without arguments for an offset.
  await conn.request('ping_room', { room });
}

function assertSequence(heard, said, who) {
  const [set, known, seen] = [new Set(heard), new Set(said), new Set()];
  const few = (list) => `${list.length} [${list.slice(0, 5)}${list.length > 5 ? ', …' : ''}]`;
  const lost = said.filter((text) => !set.has(text));
  const repeated = heard.filter((text) => seen.size === seen.add(text).size);
  const foreign = heard.filter((text) => !known.has(text));
  assert.equal(`lost ${few(lost)}, repeated ${few(repeated)}, foreign ${few(foreign)}`, 'lost 0 [], repeated 0 [], foreign 0 []', who);
  assert.deepEqual(heard, said, `${who}: the order`);
}

/** Those who stayed have heard everything, and nobody put them out or complained. */
function assertUndisturbed(seat, said, who = seat.name) {
  assertSequence(contents(seat.conn), said, who);
  assert.deepEqual([...seat.conn.all('disconnect'), ...seat.conn.all('room_error')], [], who);
}

/** Says everything back to back; if a gate holds the seat's upgrade, that happens after a fifth and before the last one. */
async function saysAll(seat, said) {
  let i = 0;
  const sayUntil = (end) => { while (i < end) seat.say(said[i++]); };
  if (seat.gate) {
    sayUntil(said.length / 5);
    seat.gate.open();
    // A few at a time: some then fall into each step of the move.
    while (seat.conn.transport === 'polling' && i < said.length * 4 / 5) {
      sayUntil(i + 10);
      await turn();
    }
    await seat.conn.upgraded();
  }
  sayUntil(said.length);
}

/** Opens the seat's gate as soon as it has heard a message, so that it moves while more arrive. */
async function movesWhileHearing({ conn, gate }) {
  if (!gate) return;
  await conn.waitFor('message', () => true, { timeout: rush });
  gate.open();
  await conn.upgraded();
}

describe('a rush', { concurrency: 2 }, () => {
  describe('of 5,000 messages', { concurrency: 2 }, () => {
    const server = serverForFile();
    const said = range(1, 5000);

    for (const [i, { label, ...how }] of matrix.entries()) {
      const receivers = ways.map((way, j) => cell(versions[(i + j) % versions.length], way));
      test(`from ${label} to ${receivers.map((receiver) => receiver.label).join(', ')}`, { timeout: 2 * rush }, async (t) => {
        const [ana, ...others] = await roomWith(server, ['Ana', 'Bob', 'Carol', 'Dan'], { t, transports: 'websocket' });
        const seats = await Promise.all([how, ...receivers].map((mine, j) => reenter(t, server, [ana, ...others][j], mine)));
        const [sender, ...hearing] = seats;
        await Promise.all([
          saysAll(sender, said),
          ...hearing.map(movesWhileHearing),
          ...seats.map((seat) => hears(seat.conn, seat.roomId, said.at(-1))),
        ]);
        for (const [j, seat] of seats.entries()) assertUndisturbed(seat, said, [label, ...receivers.map((receiver) => receiver.label)][j]);
      });
    }
  });

  describe('of 5,000 messages while others come and go', { concurrency: 2 }, () => {
    const said = range(1, 5000);
    const rounds = 10;
    const share = said.length / rounds;
    // A page that comes back by itself is to find all that it has missed.
    const server = serverForFile({ env: { MAX_MESSAGES_PER_ROOM: String(said.length) } });

    /** Somebody who leaves in the middle of each round, and is back in the middle of the next. */
    class Guest {
      #mark;
      #back;

      constructor(seat, proxy, leaving) {
        Object.assign(this, { seat, proxy, leaving, conn: seat.conn });
        this.#mark = this.conn.mark();
      }

      /** Is back first, then leaves after some messages more, to come back after `enough()`. Resolves when it leaves. */
      async visit(round, enough) {
        await this.#back;
        let more = 1 + (round * 67) % 200;
        await this.conn.waitFor('message', () => --more <= 0, { from: this.#mark, timeout: rush });
        this.#mark = this.conn.mark();
        this.#back = this[this.leaving(round)](enough);
      }

      /** Resolves when it has come back for the last time. */
      stays() { return this.#back; }

      #connected(from) { return this.conn.waitFor('connect', () => true, { from, timeout: rush }); }

      /** The page says goodbye and comes back later. */
      async goodbye(enough) {
        this.conn.close();
        await enough();
        const from = this.conn.mark();
        this.conn.socket.connect();
        await this.#connected(from);
        this.conn.emit('join', { room: this.seat.roomId });
      }

      /** The connection is closed without a goodbye, and the client reconnects at once. */
      async drop() {
        const from = this.conn.mark();
        this.conn.drop();
        await this.#connected(from);
      }

      /** The network is away. Not in the middle of an upgrade: a client whose polling pauses for it then hears nothing until its ping timeout. */
      async cut(enough) {
        if (this.seat.upgrades) await this.conn.upgraded();
        const from = this.conn.mark();
        this.proxy.unplug();
        await this.conn.waitFor('disconnect', () => true, { from, timeout: rush });
        await enough();
        this.proxy.restore();
        await this.#connected(from);
      }
    }

    for (const [i, { label, ...how }] of matrix.entries()) {
      const nth = (n) => matrix[(i + n) % matrix.length];
      const stays = [nth(1), nth(4)];
      const [returnsNew, returnsOld] = [cell(newest, ways[i % 3]), cell(oldest, ways[(i + 1) % 3])];
      test(`from ${label}: ${stays.map((mine) => mine.label).join(' and ')} stay, ${returnsNew.label} and ${returnsOld.label} come and go`, { timeout: 2 * rush }, async (t) => {
        const room = await roomWith(server, ['Ana', 'Bob', 'Carol', 'Dan', 'Eve'], { t, transports: 'websocket' });
        const staying = await Promise.all([how, ...stays].map((mine, j) => reenter(t, server, room[j], mine)));
        const [ana, bob] = staying;
        const invite = async (seat, mine, leaving) => {
          const proxy = await Proxy.to(server.port);
          t.after(() => proxy.close());
          const page = await reenter(t, server, seat, mine, proxy.url);
          return new Guest(Object.assign(page, { upgrades: mine.transports.length > 1 }), proxy, leaving);
        };
        // A page that names itself is told its place in the conversation together with each message: no cut
        // comes between the two, and nothing is heard twice.
        const dan = await invite(room[3], { ...returnsNew, auth: { page: 'the page of Dan' } }, (round) => ['drop', 'goodbye', 'cut'][round % 3]);
        // After a goodbye, an older page is taken for a new one and shown everything: once is enough.
        const eve = await invite(room[4], returnsOld, (round) => ({ 0: 'goodbye', 5: 'cut' })[round] ?? 'drop');

        /** A second tab of Dan's, from one round to the next but one; or to the end. */
        const tab = async (mine, closing) => {
          const page = await dan.seat.person.openRoom(dan.seat.room.path);
          const conn = await dan.seat.person.enter({ ...page, name: 'Dan' }, mine);
          const last = said[closing * share] ?? said.at(-1);
          await conn.waitFor('message', (message) => message.content === last, { timeout: rush });
          if (closing < rounds) conn.close();
          else await hears(conn, ana.roomId, last);
          const heard = contents(conn);
          assertSequence(heard, said.slice(0, heard.length), `a tab on ${mine.label}`);
        };
        const tabs = [];
        const talk = async () => {
          for (let round = 0; round < rounds; round++) {
            if ([1, 4, 7].includes(round)) tabs.push(tab(nth(round), round + 3));
            const enough = async () => {
              const last = said[(round + 1) * share + 150];
              if (last) await bob.conn.waitFor('message', (message) => message.content === last, { timeout: rush });
            };
            const gone = [dan, eve].map((guest) => guest.visit(round, enough));
            if (round === 3) ana.gate?.open();
            for (const text of said.slice(round * share, (round + 1) * share)) ana.say(text);
            await Promise.all(gone);
          }
        };
        await Promise.all([talk(), ...staying.slice(1).map(movesWhileHearing)]);
        await Promise.all([dan.stays(), eve.stays(), ...tabs]);
        await Promise.all([...staying, dan.seat, eve.seat].map(({ conn, roomId }) => hears(conn, roomId, said.at(-1))));
        for (const [j, seat] of staying.entries()) assertUndisturbed(seat, said, `${[how, ...stays][j].version} ${seat.conn.transport}, staying`);
        assertSequence(contents(dan.conn), said, `${returnsNew.label}, coming and going`);
        // An older page may get again what was on its way at a cut, but misses nothing.
        assertSequence([...new Set(contents(eve.conn))], said, `${returnsOld.label}, coming and going`);
        assert.deepEqual([...dan.conn.all('room_error'), ...eve.conn.all('room_error')], []);
      });
    }
  });

  describe('right before the end', { concurrency: 2 }, () => {
    const server = serverForFile();
    const said = range(1, 500);
    const ends = {
      'a goodbye': (conn) => conn.close(),
      'the end of the connection': (conn) => conn.drop(),
    };

    for (const { label, ...how } of matrix) {
      for (const [name, end] of Object.entries(ends)) {
        test(`${name}, ${label}`, { timeout: 2 * rush }, async (t) => {
          const [ana, bob, carol] = await roomWith(server, ['Ana', 'Bob', 'Carol'], { t, transports: 'websocket' });
          const page = { ...await ana.person.openRoom(ana.room.path), name: 'Ana' };
          ana.conn.close();
          // Right after it has joined: a connection that upgrades is about to.
          const conn = await ana.person.enter(page, how);
          for (const text of said) conn.emit('message', { room: ana.roomId, message: text });
          end(conn);
          for (const seat of [bob, carol]) {
            await hears(seat.conn, seat.roomId, said.at(-1));
            assertUndisturbed(seat, said);
          }
        });
      }
    }
  });

  describe('past a client that does not read', () => {
    // A message of control characters is six times as long on the wire as in the room's log: so
    // it fills what may wait for a client, and the kernel's buffers, long before that.
    const length = 4000;
    const writeTimeout = 15_000; // the server's
    const server = serverForFile({ env: { ABSENCE_GRACE: '500ms', MAX_MESSAGE_LENGTH: String(length), LOG_LEVEL: 'DEBUG' } });
    const putOut = () => server.output.match(/does not keep up/g)?.length ?? 0;

    /** A member's page as a raw websocket that has joined. */
    async function joinsRaw(t, seat) {
      seat.conn.close();
      await seat.person.openRoom(seat.room.path);
      const raw = await (await RawWebSocket.open(seat.person)).connect({ page: `the page of ${seat.name}` });
      t.after(() => raw.close());
      raw.heartbeat = true;
      raw.text(`42${JSON.stringify(['join', { room: seat.roomId }])}`);
      await until(() => raw.texts.some((text) => text.startsWith('42["join_success"')), { what: `${seat.name} joins` });
      return raw;
    }

    /** The messages that a raw websocket has been sent: [payload, offset]. */
    const heardRaw = (raw) => raw.texts.filter((text) => text.startsWith('42["message"')).map((text) => JSON.parse(text.slice(2)).slice(1));

    test('it is put out, the others talk on, and it finds what it has missed', { timeout: 2 * rush }, async (t) => {
      const [ana, bob, ...silent] = await roomWith(server, ['Ana', 'Bob', 'Carol', 'Dan', 'Eve'], { t, transports: 'websocket' });
      const talkers = [ana, await reenter(t, server, bob, cell(oldest, 'polling'))];
      const raws = await Promise.all(silent.map((seat) => joinsRaw(t, seat)));
      const from = ana.conn.mark();

      const text = (n, { name }) => `${n} ${name} `.padEnd(length, '\u0001');
      let count = 0;
      /** Each of the two says ten messages, and both hear all of them. */
      const talk = async () => {
        for (let i = 0; i < 10; i++) for (const seat of talkers) seat.say(text(++count, seat));
        await until(() => talkers.every(({ conn }) => conn.all('message').length >= count), { what: 'both hear both', every: 2 });
      };

      await talk();
      await until(() => raws.every((raw) => heardRaw(raw).length === count), { what: 'all read for a while' });
      for (const raw of raws) raw.socket.pause();
      const [read, paused] = [count, Date.now()];
      const heard = silent.map(() => count); // by the two, while so many or fewer were put out
      // A room keeps 1,000 messages and 4 MiB.
      while (putOut() < silent.length) {
        assert.ok(count < 900, `${putOut()} put out after ${count} messages`);
        await talk();
        heard.fill(count, putOut());
      }
      // The others wait for nobody: they have heard more than could be sent to who does not read.
      // On a machine that needs longer than the server waits for one write, that cannot be told.
      const tells = Date.now() - paused < writeTimeout;
      await talk();
      // Nobody is made absent by what others say, before they could have come back.
      assert.deepEqual(ana.conn.all('member_left', { from }), []);

      // Some pages wake up and read what is left on the wire, others never do.
      const backs = await Promise.all(silent.map(async (seat, i) => {
        const raw = raws[i];
        if (i > 0) {
          raw.socket.resume();
          await until(() => raw.closed, { what: 'the server closes the connection' });
        } else {
          raw.close();
        }
        const before = heardRaw(raw);
        assert.ok(before.length >= read && before.length < count, `${before.length} of ${count}`);
        const conn = await seat.person.connect({ version: newest, transports: transportSets[ways[i]], page: seat.room.path, auth: { offset: before.at(-1)[1] } });
        return { conn, before: before.map(([message]) => message.content) };
      }));
      // Kernels take more for one connection than for another: who was put out later was sent more.
      const sent = backs.map(({ before }) => before.length).sort((a, b) => a - b);
      for (const [i, length] of sent.entries()) {
        assert.ok(!tells || length < heard[i], `${sent} of ${count}, the others heard ${heard}`);
      }
      await talk();
      const said = contents(ana.conn);
      for (const seat of talkers) assertUndisturbed(seat, said);
      for (const [i, { conn, before }] of backs.entries()) {
        await hears(conn, ana.roomId, said.at(-1));
        assertSequence([...before, ...contents(conn)], said, `back on ${ways[i]} after ${before.length}`);
        assert.deepEqual([...conn.all('disconnect'), ...conn.all('room_error')], []);
      }
    });
  });
});

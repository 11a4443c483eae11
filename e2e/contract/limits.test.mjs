// Contract: "Clocks and limits": every variable has its effect. Points 6, 7
// and 12 of "What the original got wrong".
import assert from 'node:assert/strict';
import os from 'node:os';
import { describe, test } from 'node:test';
import { barrier } from '../harness/connection.mjs';
import { assertKeys, assertRefused } from '../harness/expect.mjs';
import { Person } from '../harness/person.mjs';
import { admit, createRoom, knock, roomWith } from '../harness/scenario.mjs';
import { freePort, serverForFile, serverForTest, startServer } from '../harness/server.mjs';
import { inTime, sleep, until } from '../harness/wait.mjs';

const plain = { headers: { Accept: 'text/plain' } };

describe('the code’s clock', { concurrency: 8 }, () => {
  const rotation = 4000;
  const server = serverForFile({ env: { CODE_ROTATION: `${rotation}ms` } });
  // Slow enough for a stalled machine to be told from a wrong clock.
  const slowRotation = 300;
  const slow = serverForFile({ env: { CODE_ROTATION: `${slowRotation}s` } });
  /** The seconds to the next code, as the server tells them. */
  const remaining = async ({ conn, roomId }) => {
    const from = conn.mark();
    conn.emit('request_timer_sync', { room: roomId });
    return (await conn.waitFor('timer_sync', () => true, { from })).time_remaining;
  };
  const updates = (conn) => conn.log.filter((entry) => entry.event === 'code_update');

  test('the code turns by itself, for the whole room, and the one before still holds', async () => {
    // All before the second turn.
    const ana = await inTime(2 * rotation, async () => {
      const [member, bob] = await roomWith(server, ['Ana', 'Bob']);
      const update = await bob.conn.waitFor('code_update');
      assertKeys(update, ['new_code', 'code']);
      assert.equal(update.code, update.new_code);
      assert.match(update.code, /^[1-9]\d{5}$/);
      assert.deepEqual(await member.conn.waitFor('code_update'), update);
      await Promise.all([new Person(server).join(update.code, 'Carol'), new Person(server).join(member.room.code, 'Dan')]);
      return member;
    });
    // The second turn ends it, and says what to do.
    await until(() => updates(ana.conn).length >= 2);
    const late = await new Person(server).post('/join', { room_code: ana.room.code, display_name: 'Eve' }, plain);
    assert.equal(late.status, 404);
    assert.match(late.html, /^Room not found\. Room codes change every few minutes\./);
  });

  test('a code that somebody asked to replace ends at once, and the one before with it', async () => {
    await inTime(2 * rotation, async () => {
      const ana = await createRoom(server, 'Ana');
      const turned = await ana.conn.waitFor('code_update');
      const from = ana.conn.mark();
      ana.emit('request_code_update');
      const asked = await ana.conn.waitFor('code_update', ({ code }) => code !== turned.code, { from });
      for (const code of [ana.room.code, turned.code]) {
        assert.equal((await new Person(server).post('/join', { room_code: code, display_name: 'Bob' })).status, 404);
      }
      await new Person(server).join(asked.code, 'Bob');
    });
  });

  // The original ran one clock for all rooms, so its countdown was wrong.
  test('each room has a clock of its own, from its creation', async () => {
    const first = await createRoom(slow, 'Ana');
    const created = Date.now();
    await until(() => Date.now() - created > 3000);
    const began = Date.now();
    const second = await createRoom(slow, 'Bea');
    const asked = Date.now();
    const [older, younger] = await Promise.all([first, second].map(remaining));
    // Each is as late as what has passed since its room began, and rounds to whole seconds.
    assert.ok(older <= slowRotation - (asked - created) / 1000 + 1, `${older} s for the first room`);
    assert.ok(younger >= slowRotation - (Date.now() - began) / 1000 - 1, `${younger} s for the second room`);
  });

  test('a turn comes a whole rotation after the one before, and no sooner', async () => {
    const created = Date.now();
    const { conn } = await createRoom(server, 'Ana');
    await until(() => updates(conn).length >= 3);
    for (const [i, { at }] of updates(conn).entries()) assert.ok(at - created >= (i + 1) * rotation, `turn ${i + 1} after ${at - created} ms`);
  });

  test('12: the page’s countdown and timer_sync agree with the server’s clock', async () => {
    // Both are asked before the first turn.
    const { ana, asked, page, told } = await inTime(rotation, async () => {
      const member = await createRoom(server, 'Ana');
      const now = Date.now();
      const shown = await member.person.openRoom(member.room.path);
      return { ana: member, asked: now, page: shown, told: [shown.remaining, await remaining(member)] };
    });
    const answered = Date.now();
    const turned = (await until(() => updates(ana.conn).find(({ data }) => data.code !== page.code))).at;
    for (const seconds of told) {
      assert.ok(seconds >= 1 && seconds <= rotation / 1000, `told ${seconds}`);
      // A second that has begun is told as a whole one.
      assert.ok(turned >= asked + (seconds - 1) * 1000, `told ${seconds} s, turned after ${turned - asked} ms`);
    }
    // A page that is asked for after all that was told has another code.
    await until(() => Date.now() > answered + Math.max(...told) * 1000);
    assert.notEqual((await ana.person.openRoom(ana.room.path)).code, page.code);
    // After a turn it counts anew.
    const again = await remaining(ana);
    assert.ok(again >= 1 && again <= rotation / 1000, `${again} s after a turn`);
  });

  test('12: a requested code restarts the clock', async () => {
    const ana = await createRoom(slow, 'Ana');
    const created = Date.now();
    await until(() => Date.now() - created > 3000);
    const asked = Date.now();
    ana.emit('request_code_update');
    await ana.conn.waitFor('code_update');
    for (const left of [await remaining(ana), (await ana.person.openRoom(ana.room.path)).remaining]) {
      assert.ok(left <= slowRotation && left >= slowRotation - (Date.now() - asked) / 1000 - 1, `${left} s`);
    }
  });
});

describe('codes', { concurrency: 4 }, () => {
  const server = serverForFile();

  test('6: no two live rooms have the same code, and codes differ', async () => {
    const people = Array.from({ length: 10 }, () => new Person(server));
    const codes = (await Promise.all(people.map(async (person) => {
      const mine = [];
      for (let i = 0; i < 20; i++) mine.push((await person.create('Ana')).code);
      return mine;
    }))).flat();
    assert.equal(new Set(codes).size, codes.length);
    for (const code of codes) assert.match(code, /^[1-9]\d{5}$/);
    // Not one after the other, as a counter would give them.
    const numbers = codes.map(Number).sort((a, b) => a - b);
    assert.ok(numbers.at(-1) - numbers[0] > 400_000, `from ${numbers[0]} to ${numbers.at(-1)}`);
  });
});

describe('ROOM_TTL', { concurrency: 4 }, () => {
  const ttl = 8;
  const server = serverForFile({ env: { ROOM_TTL: `${ttl}s` } });

  test('the room ends for members, applicants and pages', async () => {
    const { created, seats: [ana, bob], carol } = await inTime(ttl * 1000, async () => {
      const now = Date.now();
      const seats = await roomWith(server, ['Ana', 'Bob']);
      const applicant = await knock(server, seats[0].room.code, 'Carol');
      seats[0].emit('ping_room');
      const status = await seats[0].conn.waitFor('room_status');
      assert.ok(status.expires_in >= 1 && status.expires_in <= ttl, `${status.expires_in} s`);
      return { created: now, seats, carol: applicant };
    });
    for (const { conn } of [ana, bob]) {
      assert.deepEqual(await conn.waitFor('room_expired'), { room: ana.roomId });
      assert.deepEqual(await conn.waitFor('room_status', (data) => !data.exists), { exists: false });
    }
    assert.ok(Date.now() - created >= ttl * 1000);
    assert.equal((await carol.conn.waitFor('join_denied')).user_id, carol.knock.userId);
    assert.equal((await ana.person.open(ana.room.path)).status, 302);
    assert.equal((await ana.person.fetch(`/room/${ana.roomId}/status`)).status, 404);
    assert.equal((await new Person(server).post('/join', { room_code: ana.room.code, display_name: 'Dan' })).status, 404);
    const from = ana.conn.mark();
    ana.say('anybody?');
    await assertRefused(ana.conn, from);
    ana.emit('ping_room');
    assert.deepEqual(await ana.conn.waitFor('room_status', () => true, { from }), { exists: false });
    await bob.conn.barrier();
    assert.deepEqual(bob.conn.all('message'), []);
    assert.deepEqual(bob.conn.all('room_expired').length, 1);
  });
});

describe('APPROVAL_TIMEOUT', { concurrency: 4 }, () => {
  const server = serverForFile({ env: { APPROVAL_TIMEOUT: '1s' } });

  test('ends a request by timer, without a vote', async () => {
    const ana = await createRoom(server, 'Ana');
    const asked = Date.now();
    const bob = await knock(server, ana.room.code, 'Bob');
    for (const { conn } of [ana, bob]) {
      const verdict = await conn.waitFor('join_denied');
      assert.equal(verdict.user_id, bob.knock.userId);
      assert.equal(verdict.reason, 'Request timed out');
    }
    const elapsed = Date.now() - asked;
    assert.ok(elapsed >= 1000, `${elapsed} ms`);
  });
});

describe('numbers of rooms, members and messages', { concurrency: 8 }, () => {
  test('MAX_ROOMS: 503 in plain text, and a place is free again when a room ends', async (t) => {
    const server = await serverForTest(t, { env: { MAX_ROOMS: '2' } });
    const ana = await createRoom(server, 'Ana');
    await createRoom(server, 'Bea');
    // Both are in use, by people who are there.
    const carol = new Person(server);
    const refused = await carol.post('/', { display_name: 'Carol' }, plain);
    assert.equal(refused.status, 503);
    assert.match(refused.headers.get('content-type'), /^text\/plain\b/);
    assert.ok(refused.html.length > 10);
    ana.emit('leave_room', { final: true });
    await ana.conn.barrier();
    await carol.create('Carol');
  });

  test('MAX_ROOMS: rooms that nobody has entered give way, the oldest first', async (t) => {
    const server = await serverForTest(t, { env: { MAX_ROOMS: '2' } });
    const ana = await createRoom(server, 'Ana');
    const [bea, cleo, dora] = ['Bea', 'Cleo', 'Dora'].map(() => new Person(server));
    const first = await bea.create('Bea');
    await cleo.create('Cleo');
    const third = await dora.create('Dora');
    assert.equal((await bea.open(first.path)).status, 302, 'the room that nobody entered is gone');
    assert.equal((await dora.open(third.path)).status, 200);
    ana.emit('message', { message: 'still here' });
    assert.equal((await ana.conn.waitFor('message')).content, 'still here');
  });

  test('MAX_ROOMS_PER_IP: 403 in plain text, for that address alone', async (t) => {
    const server = await serverForTest(t, { env: { MAX_ROOMS_PER_IP: undefined } });
    const address = '198.19.0.1';
    const rooms = [];
    for (const name of ['Ana', 'Bea', 'Cleo']) rooms.push(await createRoom(server, name, { person: new Person(server, { address }) }));
    const dora = new Person(server, { address });
    const refused = await dora.post('/', { display_name: 'Dora' }, plain);
    assert.equal(refused.status, 403, 'three is the default');
    assert.match(refused.headers.get('content-type'), /^text\/plain\b/);
    await new Person(server).create('Elsewhere');
    // 7: what a visitor writes into the header in front of the proxy's entry is not believed.
    const spoofed = await dora.post('/', { display_name: 'Dora' }, { headers: { 'X-Forwarded-For': `203.0.113.7, ${address}` } });
    assert.equal(spoofed.status, 403);
    rooms[0].emit('leave_room', { final: true });
    await rooms[0].conn.barrier();
    await dora.create('Dora');
  });

  test('7: without trusted proxies the header means nothing', async (t) => {
    const server = await serverForTest(t, { env: { MAX_ROOMS_PER_IP: '2', TRUSTED_PROXIES: undefined } });
    for (const name of ['Ana', 'Bea']) await new Person(server).create(name);
    const third = await new Person(server).post('/', { display_name: 'Cleo' });
    assert.equal(third.status, 403, 'all came from 127.0.0.1');
  });

  test('7: a trusted range of addresses', async (t) => {
    const server = await serverForTest(t, { env: { MAX_ROOMS_PER_IP: '2', TRUSTED_PROXIES: '127.0.0.0/8, 10.1.0.0/16' } });
    for (const name of ['Ana', 'Bea', 'Cleo']) await new Person(server).create(name);
    const address = '198.19.0.2';
    // Two proxies of ours in a row: the visitor is the last one who is not.
    const headers = { 'X-Forwarded-For': `203.0.113.9, ${address}, 10.1.2.3` };
    const person = new Person(server);
    for (const status of [302, 302, 403]) {
      assert.equal((await person.post('/', { display_name: 'Dora' }, { headers })).status, status);
    }
  });

  test('MAX_MEMBERS: the join form says that the room is full', async (t) => {
    const server = await serverForTest(t, { env: { MAX_MEMBERS: '2' } });
    const ana = await createRoom(server, 'Ana');
    const [bob, carol] = [await knock(server, ana.room.code, 'Bob'), await knock(server, ana.room.code, 'Carol')];
    const seat = await admit([ana], bob);
    // Two may knock for the last place; one gets it.
    for (const member of [ana, seat]) member.emit('approve_join', { user_id: carol.knock.userId });
    const verdict = await carol.conn.waitFor('join_denied');
    assert.match(verdict.reason, /full/i);
    const dan = await new Person(server).post('/join', { room_code: ana.room.code, display_name: 'Dan' }, plain);
    assert.ok(dan.status >= 400 && dan.status < 600, `status ${dan.status}`);
    assert.match(dan.html, /full/i);
    await ana.conn.barrier();
    assert.equal(ana.conn.all('join_request').filter((request) => request.user === 'Dan').length, 0);
    assert.equal(ana.conn.all('update_participants').at(-1).count, 2);
  });

  test('MAX_MESSAGE_LENGTH: plain text is cut and marked, counted in characters', async (t) => {
    const server = await serverForTest(t, { env: { MAX_MESSAGE_LENGTH: '10' } });
    const ana = await createRoom(server, 'Ana');
    const mark = '... (message truncated)';
    const cases = {
      '1234567890': '1234567890',
      '12345678901': `1234567890${mark}`,
      ['x'.repeat(5000)]: 'x'.repeat(10) + mark,
      '😀😀😀😀😀😀😀😀😀😀': '😀😀😀😀😀😀😀😀😀😀',
      'ééééééééééé': `éééééééééé${mark}`,
      ['&lt;'.repeat(10)]: '&lt;'.repeat(10),
      ['&amp;'.repeat(11)]: '&amp;'.repeat(10) + mark,
      '1234567<b>8</b>': `1234567<b></b>${mark}`,
    };
    for (const [text, content] of Object.entries(cases)) {
      const from = ana.conn.mark();
      ana.say(text);
      assert.equal((await ana.conn.waitFor('message', () => true, { from })).content, content);
    }
  });

  test('MAX_MESSAGE_LENGTH is 1000 unless set', async (t) => {
    const server = await serverForTest(t);
    const ana = await createRoom(server, 'Ana');
    assert.equal(ana.room.data.maxMessageLength, '1000');
    ana.say('y'.repeat(1000)).say('z'.repeat(1001));
    await until(() => ana.conn.all('message').length === 2);
    const [whole, cut] = ana.conn.all('message').map((message) => message.content);
    assert.equal(whole, 'y'.repeat(1000));
    assert.equal(cut, `${'z'.repeat(1000)}... (message truncated)`);
  });

  test('MAX_MESSAGES_PER_ROOM: only the newest are kept', async (t) => {
    const server = await serverForTest(t, { env: { MAX_MESSAGES_PER_ROOM: '5' } });
    const ana = await createRoom(server, 'Ana');
    for (let i = 1; i <= 12; i++) ana.say(`message ${i}`);
    await until(() => ana.conn.all('message').length === 12);
    const status = JSON.parse((await ana.person.fetch(`/room/${ana.roomId}/status`)).text);
    assert.equal(status.message_count, 5);
    ana.conn.close();
    const page = await ana.person.openRoom(ana.room.path);
    const conn = await ana.person.enter({ ...page, name: 'Ana' });
    await conn.waitFor('message', (message) => message.content === 'message 12');
    await conn.barrier();
    assert.deepEqual(conn.all('message').map((message) => message.content), [8, 9, 10, 11, 12].map((i) => `message ${i}`));
  });
});

describe('origins of live connections', { concurrency: 8 }, () => {
  const server = serverForFile({ env: { ALLOWED_ORIGINS: 'https://chat.example.org,http://localhost:3000' } });

  for (const transports of ['polling', 'websocket']) {
    for (const origin of ['https://chat.example.org', 'http://localhost:3000']) {
      test(`${origin} is allowed, ${transports}`, async () => {
        const ana = new Person(server);
        const room = await ana.create('Ana');
        const conn = await ana.enter(room, { transports, extraHeaders: { Origin: origin } });
        conn.emit('message', { room: room.roomId, message: 'hi' });
        await conn.waitFor('message');
      });
    }
    for (const origin of ['http://evil.example', 'https://chat.example.org.evil.example', 'http://chat.example.org', 'http://localhost:3001', 'null', 'http://127.0.0.1', 'garbage']) {
      test(`${origin} is refused, ${transports}`, async () => {
        const ana = new Person(server);
        const room = await ana.create('Ana');
        const conn = await ana.connect({ transports, extraHeaders: { Origin: origin }, page: room.path, wait: false, reconnection: false });
        await conn.waitFor('connect_error');
        assert.equal(conn.connected, false);
      });
    }
  }

  for (const transports of ['polling', 'websocket']) {
    test(`the public origin behind a TLS proxy is the same origin, ${transports}`, async () => {
      const ana = new Person(server, { headers: { 'X-Forwarded-Proto': 'https' } });
      const origin = server.url.replace('http:', 'https:');
      const { location } = await ana.post('/', { display_name: 'Ana' }, { headers: { Origin: origin, Referer: `${origin}/` } });
      const room = { ...(await ana.openRoom(location)), name: 'Ana' };
      const conn = await ana.enter(room, { transports, extraHeaders: { Origin: origin } });
      await conn.barrier();
    });
  }

  test('an allowed origin may read answers of polling, with credentials', async () => {
    const anybody = new Person(server);
    const origin = 'https://chat.example.org';
    const answer = await anybody.fetch('/socket.io/?EIO=4&transport=polling', { headers: { Origin: origin } });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('access-control-allow-origin'), origin);
    assert.equal(answer.headers.get('access-control-allow-credentials'), 'true');
    const foreign = await anybody.fetch('/socket.io/?EIO=4&transport=polling', { headers: { Origin: 'http://evil.example' } });
    assert.ok(foreign.status >= 400, `status ${foreign.status}`);
    assert.notEqual(foreign.headers.get('access-control-allow-origin'), 'http://evil.example');
  });

  test('a foreign origin may not use a session id it has learned', async () => {
    const ana = new Person(server);
    const room = await ana.create('Ana');
    const conn = await ana.enter(room, { transports: 'polling' });
    const sid = conn.socket.io.engine.id;
    const answer = await ana.fetch(`/socket.io/?EIO=4&transport=polling&sid=${sid}`, {
      method: 'POST', body: `42["message",{"room":"${room.roomId}","message":"forged"}]`, headers: { Origin: 'http://evil.example', 'Content-Type': 'text/plain' },
    });
    assert.ok(answer.status >= 400, `status ${answer.status}`);
    await conn.barrier();
    assert.deepEqual(conn.all('message'), []);
  });
});

describe('RATE_LIMITS', { concurrency: 4 }, () => {
  const server = serverForFile({ env: { RATE_LIMITS: 'on', CODE_ROTATION: '1h', APPROVAL_TIMEOUT: '1h' } });

  test('one address does not keep the door busy, and a full door displaces the address with most', async () => {
    const ana = await createRoom(server, 'Ana');
    const { code } = ana.room;
    const crowd = (address, n) => Promise.all(Array.from({ length: n }, async (_, i) => {
      const person = new Person(server, { address });
      return { person, ...(await person.join(code, `${address.replaceAll('.', ' ')} ${i}`.slice(-20))) };
    }));
    const first = await crowd('198.19.1.1', 10);
    const one = await new Person(server, { address: '198.19.1.1' }).post('/join', { room_code: code, display_name: 'One more' });
    assert.equal(one.status, 429);
    const second = await crowd('198.19.1.2', 10);
    // The door is full: who has fewer knocks than others gets in, the latest of the others goes.
    const carol = new Person(server);
    await carol.join(code, 'Carol');
    const denied = await ana.conn.waitFor('join_denied');
    assert.match(denied.reason, /someone else got your place/);
    const lost = [...first, ...second].find(({ userId }) => userId === denied.user_id);
    assert.ok(lost, 'it is one of the two crowds');
    const waiting = await lost.person.connect({ page: '/join' });
    assert.match((await waiting.waitFor('join_denied')).reason, /someone else got your place/);
    waiting.close();
  });

  test('while the door is full, nobody learns who is inside', async () => {
    const ana = await createRoom(server, 'Ana');
    await Promise.all(Array.from({ length: 20 }, (_, i) => new Person(server).join(ana.room.code, `Guest ${i}`)));
    const answers = [];
    for (const name of ['Ana', 'A1ice', 'Guest 3', 'Nobody']) {
      const { status, html } = await new Person(server).post('/join', { room_code: ana.room.code, display_name: name }, plain);
      answers.push(`${status} ${html}`);
    }
    assert.equal(new Set(answers).size, 1, answers.join('\n'));
    assert.match(answers[0], /^429 /);
  });

  test('wrong codes: 429 with Retry-After for that address, and people with the right code get in', async () => {
    const ana = await createRoom(server, 'Ana');
    const guesser = new Person(server);
    let refused;
    for (let guess = 100; guess < 200 && !refused; guess++) {
      const answer = await guesser.post('/join', { room_code: `000${guess}`, display_name: 'Guesser' });
      if (answer.status === 429) refused = answer;
      else assert.equal(answer.status, 404);
    }
    assert.ok(refused, 'no limit within 100 wrong guesses');
    assert.match(refused.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
    // A right guess is no way to tell: neither the page nor the room learns of it.
    const right = await guesser.post('/join', { room_code: ana.room.code, display_name: 'Guesser' });
    assert.equal(right.status, 429);
    await ana.conn.barrier();
    assert.deepEqual(ana.conn.all('join_request'), []);
    const bob = await knock(server, ana.room.code, 'Bob');
    await admit([ana], bob);
  });

  test('many addresses guessing are braked, and the right code is not locked out', async () => {
    const ana = await createRoom(server, 'Ana');
    const guess = (person, code = '000000') => person.post('/join', { room_code: code, display_name: 'Guesser' });
    for (let batch = 0; batch < 40; batch++) {
      const answers = await Promise.all(Array.from({ length: 10 }, () => guess(new Person(server))));
      for (const { status } of answers) assert.ok([404, 429].includes(status), `status ${status}`);
    }
    // A slip of the finger is forgiven, a search is not.
    const slip = new Person(server);
    assert.equal((await guess(slip)).status, 404);
    assert.equal((await guess(slip, ana.room.code)).status, 200);
    const search = new Person(server);
    let tries = 0;
    while ((await guess(search)).status === 404) assert.ok(++tries < 10, 'no brake within 10 guesses of one of many');
    await admit([ana], await knock(server, ana.room.code, 'Bob'));
  });

  test('people never meet the limits of a conversation', async () => {
    const seats = await roomWith(server, ['Ana', 'Bob', 'Carol']);
    // Faster than people type, for longer than a paste takes.
    for (let round = 0; round < 15; round++) {
      for (const seat of seats) seat.say(`${seat.name} ${round}`).emit('ping_room');
      await sleep(100);
    }
    for (const { conn } of seats) {
      await until(() => conn.all('message').length === 45);
      assert.deepEqual(conn.all('room_error'), []);
    }
  });

  test('a flood is braked with room_error, and the others talk on', async () => {
    const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], { transports: 'websocket' });
    const began = Date.now();
    for (let i = 0; i < 4000; i++) ana.say(`flood ${i}`);
    await assertRefused(ana.conn, 0);
    // Ana's pings fall under the limit too, until it wears off.
    await until(async () => {
      ana.emit('ping');
      return ana.conn.all('pong').length > 1;
    }, { what: 'the flood is over', every: 200 });
    await bob.conn.barrier();
    const got = bob.conn.all('message').length;
    const most = 200 + 40 * (Date.now() - began) / 1000; // it lasts longer on a slow machine
    assert.ok(got > 0 && got < most, `${got} of 4000 came through`);
    // One refusal a message would be a flood of its own.
    assert.ok(ana.conn.all('room_error').length < 1000, `${ana.conn.all('room_error').length} errors`);
    assert.equal(ana.conn.connected, true);
    bob.say('Bob is not limited');
    await ana.conn.waitFor('message', (message) => message.content === 'Bob is not limited');
  });

  test('a flood over polling likewise', async () => {
    const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], { transports: 'polling' });
    for (let i = 0; i < 2000; i++) ana.say(`flood ${i}`);
    await assertRefused(ana.conn, 0);
    bob.say('Bob is not limited');
    await bob.conn.waitFor('message', (message) => message.content === 'Bob is not limited');
  });

  test('creating rooms is limited per address', async () => {
    const eager = new Person(server);
    let refused;
    for (let i = 0; i < 200 && !refused; i++) {
      const answer = await eager.post('/', { display_name: 'Eager' });
      if (answer.status === 429) refused = answer;
      else assert.equal(answer.status, 302);
    }
    assert.ok(refused, 'no limit within 200 rooms');
    assert.match(refused.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
    await new Person(server).create('Other');
  });

  test('handshakes are limited per address', async () => {
    const eager = new Person(server);
    let refused;
    for (let i = 0; i < 2000 && !refused; i += 50) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => eager.fetch('/socket.io/?EIO=4&transport=polling')));
      for (const { status } of answers) assert.ok([200, 429].includes(status), `status ${status}`);
      refused = answers.some(({ status }) => status === 429);
    }
    assert.ok(refused, 'no limit within 2000 handshakes');
    await (await new Person(server).connect()).barrier();
  });
});

describe('METRICS_ADDR', () => {
  test('metrics are on their own listener, and count', async (t) => {
    const port = await freePort();
    const server = await serverForTest(t, { env: { METRICS_ADDR: `127.0.0.1:${port}` } });
    const ana = await createRoom(server, 'Ana');
    ana.say('hello');
    await ana.conn.waitFor('message');
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    assert.match(metrics, /^# TYPE \w*rooms\w* gauge$/m);
    assert.match(metrics, /^# TYPE \w*messages\w* counter$/m);
    assert.match(metrics, /^\w*rooms\w* 1$/m);
    for (const word of ['members', 'sockets', 'refus', 'seconds_bucket']) assert.ok(metrics.includes(word), word);
    for (const secret of [ana.roomId, ana.room.code, 'Ana', 'hello']) assert.ok(!metrics.includes(secret), secret);
    assert.equal((await fetch(`${server.url}/metrics`)).status, 404);
  });
});

describe('PORT and HOST', () => {
  const outside = Object.values(os.networkInterfaces()).flat().find((face) => face.family === 'IPv4' && !face.internal)?.address;

  test('PORT set means all interfaces', { skip: outside ? false : 'this machine has no other interface' }, async (t) => {
    const server = await serverForTest(t, { env: { HOST: undefined } });
    const answer = await fetch(`http://${outside}:${server.port}/healthz`);
    assert.equal(answer.status, 200);
  });

  test('HOST overrides that', { skip: outside ? false : 'this machine has no other interface' }, async (t) => {
    const server = await serverForTest(t, { env: { HOST: '127.0.0.1' } });
    await assert.rejects(fetch(`http://${outside}:${server.port}/healthz`));
  });

  test('without PORT it is 127.0.0.1:5000', async (t) => {
    const server = await startServer({ env: { HOST: undefined, PORT: undefined } }).catch((error) => {
      if (!/already in use/.test(error.message)) throw error;
    });
    if (!server) return t.skip('port 5000 is in use');
    t.after(() => server.kill());
    assert.equal(server.url, 'http://127.0.0.1:5000');
    if (outside) await assert.rejects(fetch(`http://${outside}:5000/healthz`));
    await server.stop();
  });
});

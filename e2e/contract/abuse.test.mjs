// Hostile input: each abuse is refused with a clear error, changes no state,
// and the room still works afterwards.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { matrix } from '../harness/clients.mjs';
import { barrier } from '../harness/connection.mjs';
import { assertRefused } from '../harness/expect.mjs';
import { Person, decodeEntities } from '../harness/person.mjs';
import { RawPolling, RawWebSocket } from '../harness/raw.mjs';
import { createRoom, knock, roomWith } from '../harness/scenario.mjs';
import { serverForFile } from '../harness/server.mjs';
import { sleep, until } from '../harness/wait.mjs';

const limited = { RATE_LIMITS: 'on', ABSENCE_GRACE: '1h' };

/** Everybody is where they were, the code is what it was, and everybody hears everybody. */
async function assertUnharmed(server, seats) {
  assert.ok(server.running, `the server died:\n${server.output}`);
  const [host] = seats;
  const code = host.conn.all('code_update').at(-1)?.new_code ?? host.room.code;
  const page = await host.person.fetch(host.room.path);
  assert.equal(page.status, 200);
  assert.ok(page.text.includes(`data-display-code="${code}"`), 'the code is what it was');
  const status = JSON.parse((await host.person.fetch(`/room/${host.roomId}/status`)).text);
  assert.equal(status.participant_count, seats.length);
  for (const seat of seats) {
    const text = `unharmed ${seat.name} ${Math.random()}`;
    const marks = seats.map(({ conn }) => conn.mark());
    seat.say(text);
    for (const [i, { conn }] of seats.entries()) {
      const heard = await conn.waitFor('message', (message) => message.content === text, { from: marks[i] });
      assert.equal(heard.sender, seat.name);
    }
  }
  for (const { conn } of seats) assert.deepEqual(conn.all('disconnect'), []);
}

describe('abuse of rooms', { concurrency: 6 }, () => {
  const server = serverForFile({ env: limited });
  for (const transports of ['polling', 'websocket']) {
    /** A stranger's connection, whatever they claim. */
    const intrude = async (t, options) => (await new Person(server, { t }).connect({ transports, ...options }));

    test(`enter by id, ${transports}`, async (t) => {
      const seats = await roomWith(server, ['Ana', 'Bob'], { t });
      const stranger = new Person(server, { t });
      for (const path of [seats[0].room.path, seats[1].room.path]) {
        const page = await stranger.open(path);
        assert.equal(page.status, 302);
        assert.equal(page.location, '/');
      }
      const conn = await stranger.connect({ transports, page: seats[1].room.path });
      for (const payload of [{ room: seats[0].roomId, display_name: 'Ana' }, { room: seats[1].userId, display_name: 'Bob' }]) {
        const from = conn.mark();
        conn.emit('join', payload);
        await assertRefused(conn, from);
      }
      await assertUnharmed(server, seats);
      await conn.barrier();
      assert.deepEqual(conn.all('message'), []);
      assert.deepEqual(seats[0].conn.all('member_joined').length, 1);
    });

    test(`approve oneself, ${transports}`, async (t) => {
      const seats = await roomWith(server, ['Ana', 'Bob'], { t });
      const mallory = await knock(server, seats[0].room.code, 'Mallory', { t, transports });
      const { userId, pending, path } = mallory.knock;
      for (const event of ['approve_join', 'approve']) {
        for (const room of [seats[0].roomId, pending, userId]) {
          const from = mallory.conn.mark();
          mallory.conn.emit(event, { room, user_id: userId });
          await assertRefused(mallory.conn, from);
        }
      }
      // One yes is missing still.
      seats[0].emit('approve_join', { user_id: userId });
      assert.deepEqual(await seats[1].conn.waitFor('partial_approval'), { user_id: userId, approvals: 1, required: 2 });
      await barrier(mallory.conn);
      assert.deepEqual(mallory.conn.all('join_approved'), []);
      assert.equal((await mallory.person.open(path)).status, 302);
      await assertUnharmed(server, seats);
    });

    test(`vote twice, ${transports}`, async (t) => {
      const seats = await roomWith(server, ['Ana', 'Bob'], { t, transports });
      const mallory = await knock(server, seats[0].room.code, 'Mallory', { t });
      await seats[0].conn.waitFor('join_request', (data) => data.user === 'Mallory');
      for (let i = 0; i < 5; i++) seats[0].emit(i % 2 ? 'approve' : 'approve_join', { user_id: mallory.knock.userId });
      await barrier(seats[0].conn, mallory.conn, seats[1].conn);
      assert.deepEqual(mallory.conn.all('join_approved'), []);
      assert.ok(seats[1].conn.all('partial_approval').every(({ approvals, required }) => approvals === 1 && required === 2));
      await assertUnharmed(server, seats);
    });

    test(`vote as a stranger, as another applicant, as a member of another room, ${transports}`, async (t) => {
      const seats = await roomWith(server, ['Ana', 'Bob'], { t });
      const room = seats[0].roomId;
      const victim = await knock(server, seats[0].room.code, 'Victim', { t });
      const user_id = victim.knock.userId;
      const voters = [
        await intrude(t, { query: { room } }),
        (await knock(server, seats[0].room.code, 'Other', { t, transports })).conn,
        (await createRoom(server, 'Neighbour', { t, transports })).conn,
      ];
      for (const conn of voters) {
        for (const event of ['approve_join', 'approve', 'deny_join', 'deny']) {
          const from = conn.mark();
          conn.emit(event, { room, user_id });
          await assertRefused(conn, from);
        }
      }
      await barrier(victim.conn, ...seats.map(({ conn }) => conn));
      assert.deepEqual(victim.conn.all('join_denied'), []);
      assert.deepEqual(victim.conn.all('join_approved'), []);
      assert.deepEqual(seats[0].conn.all('partial_approval'), []);
      await assertUnharmed(server, seats);
    });

    test(`speak as another, or where one is not, ${transports}`, async (t) => {
      const seats = await roomWith(server, ['Ana', 'Bob'], { t });
      const room = seats[0].roomId;
      const neighbour = await createRoom(server, 'Mallory', { t, transports });
      const applicant = await knock(server, seats[0].room.code, 'Applicant', { t, transports });
      const intruders = [neighbour.conn, applicant.conn, await intrude(t), await intrude(t, { query: { room } })];
      for (const conn of intruders) {
        const from = conn.mark();
        conn.emit('message', { room, message: 'as Ana', sender: 'Ana', display_name: 'Ana', user: 'Ana' });
        await assertRefused(conn, from);
      }
      await barrier(...intruders, seats[0].conn, seats[1].conn);
      assert.deepEqual(seats[0].conn.all('message'), []);
      assert.deepEqual(neighbour.conn.all('message'), []);
      seats[1].emit('message', { message: 'claims', sender: 'Ana', display_name: 'Ana', member: 'Ana', timestamp: 'never' });
      const message = await seats[0].conn.waitFor('message');
      assert.equal(message.sender, 'Bob');
      assert.match(message.timestamp, /^\d\d:\d\d:\d\d$/);
      await assertUnharmed(server, seats);
      assert.equal(JSON.parse((await seats[0].person.fetch(`/room/${room}/status`)).text).message_count, 3);
    });

    test(`evict, ${transports}`, async (t) => {
      const seats = await roomWith(server, ['Ana', 'Bob'], { t });
      const room = seats[0].roomId;
      const neighbour = await createRoom(server, 'Ana', { t, transports });
      for (const conn of [neighbour.conn, await intrude(t), await intrude(t, { query: { room } })]) {
        for (const extra of [{ display_name: 'Ana' }, { display_name: 'Bob', final: true }, { display_name: 'Bob', user_id: seats[1].userId, final: true }]) {
          conn.emit('leave_room', { room, ...extra });
        }
        await conn.barrier();
      }
      await barrier(seats[0].conn, seats[1].conn);
      for (const { conn } of seats) assert.deepEqual(conn.all('member_left'), []);
      await assertUnharmed(server, seats);
      await assertUnharmed(server, [neighbour]);
    });

    test(`refresh a stranger’s code, ${transports}`, async (t) => {
      const seats = await roomWith(server, ['Ana', 'Bob'], { t });
      const room = seats[0].roomId;
      const neighbour = await createRoom(server, 'Mallory', { t, transports });
      const applicant = await knock(server, seats[0].room.code, 'Applicant', { t, transports });
      for (const conn of [neighbour.conn, applicant.conn, await intrude(t)]) {
        for (const event of ['request_code_update', 'code_refresh']) {
          const from = conn.mark();
          conn.emit(event, { room });
          await assertRefused(conn, from);
        }
        const from = conn.mark();
        conn.emit('request_timer_sync', { room });
        await assertRefused(conn, from);
        assert.deepEqual(conn.all('timer_sync'), []);
      }
      await seats[0].conn.barrier();
      assert.deepEqual(seats[0].conn.all('code_update'), []);
      await assertUnharmed(server, seats);
    });

    test(`eavesdrop with ?room=, ${transports}`, async (t) => {
      const seats = await roomWith(server, ['Ana', 'Bob'], { t });
      const room = seats[0].roomId;
      const applicant = await knock(server, seats[0].room.code, 'Applicant', { t });
      const ears = [
        await intrude(t, { query: { room } }),
        await intrude(t, { query: { room: `${room}`, display_name: 'Ana', user_id: seats[1].userId, member: seats[1].userId } }),
        await intrude(t, { query: { room: [room, room] } }),
        await intrude(t, { page: seats[0].room.path }),
        await intrude(t, { auth: { room, user_id: seats[1].userId, session: 'x' } }),
        await applicant.person.connect({ transports, query: { room } }),
        await (await createRoom(server, 'Mallory', { t })).person.connect({ transports, query: { room } }),
      ];
      await assertUnharmed(server, seats);
      seats[0].emit('request_code_update');
      await seats[1].conn.waitFor('code_update');
      for (const conn of ears) {
        await conn.barrier();
        assert.deepEqual(conn.names().filter((name) => !['pong', 'room_error', 'join_success', 'update_participants'].includes(name)), []);
        assert.ok(!JSON.stringify(conn.log).includes('unharmed'));
        assert.ok(conn.all('update_participants').every((data) => data.count === 1), 'only of their own room');
      }
    });

    test(`forged cookies, ${transports}`, async (t) => {
      const seats = await roomWith(server, ['Ana', 'Bob'], { t });
      const real = seats[0].person.cookies.get('session');
      const flipped = real.slice(0, 30) + (real[30] === 'A' ? 'B' : 'A') + real.slice(31);
      const forgeries = [flipped, real.slice(0, -4), `${real}A`, 'x', '""', '%00', `${'A'.repeat(3000)}`, Buffer.from(JSON.stringify({ room: seats[0].roomId, display_name: 'Ana' })).toString('base64'), real.toUpperCase()];
      for (const forged of forgeries) {
        const thief = new Person(server, { t });
        thief.cookies.set('session', forged);
        const page = await thief.open(seats[0].room.path);
        assert.equal(page.status, 302, forged);
        thief.cookies.set('session', forged);
        const conn = await thief.connect({ transports, page: seats[0].room.path });
        conn.emit('join', { room: seats[0].roomId, display_name: 'Ana' });
        await assertRefused(conn, 0);
        conn.close();
      }
      await assertUnharmed(server, seats);
    });
  }

  test('a foreign origin', async (t) => {
    const seats = await roomWith(server, ['Ana', 'Bob'], { t });
    for (const transports of ['polling', 'websocket']) {
      const conn = await seats[0].person.connect({ transports, extraHeaders: { Origin: 'http://evil.example' }, wait: false, reconnection: false });
      await conn.waitFor('connect_error');
    }
    const posted = await seats[0].person.post('/', { display_name: 'Ana' }, { headers: { Origin: 'http://evil.example', Referer: 'http://evil.example/' } });
    assert.equal(posted.status, 400);
    await assertUnharmed(server, seats);
  });

  test('markup in names', async (t) => {
    const ana = await createRoom(server, 'Ana', { t });
    for (const name of ['<script>alert(1)</script>', '<b>x', '"><img src=x>', 'a&lt;b', 'x\\', "');alert(1)//\\", '`${x}`']) {
      const mallory = new Person(server, { t });
      assert.equal((await mallory.post('/join', { room_code: ana.room.code, display_name: name })).status, 400, name);
      assert.equal((await mallory.post('/', { display_name: name })).status, 400, name);
    }
    // An allowed character is still escaped wherever it may stand in an attribute.
    const quoted = await knock(server, ana.room.code, "x' onclick='y", { t });
    const request = await ana.conn.waitFor('join_request', (data) => data.user_id === quoted.knock.userId);
    assert.doesNotMatch(request.user, /'/);
    await assertUnharmed(server, [ana]);
    assert.deepEqual(ana.conn.all('join_request').length >= 1, true);
  });

  test('the HTTP side: strange bodies, methods and fields', async (t) => {
    const seats = await roomWith(server, ['Ana', 'Bob'], { t });
    const mallory = new Person(server, { t });
    await mallory.open('/');
    const strange = [
      { method: 'POST', body: 'display_name=%zz&csrf_token=%', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } },
      { method: 'POST', body: '{"display_name":"Ana"}', headers: { 'Content-Type': 'application/json' } },
      { method: 'POST', body: '--x\r\nContent-Disposition: form-data; name="display_name"\r\n\r\nAna\r\n--y', headers: { 'Content-Type': 'multipart/form-data; boundary=x' } },
      { method: 'POST', body: `display_name=${'A'.repeat(3_000_000)}`, headers: { 'Content-Type': 'application/x-www-form-urlencoded' } },
      { method: 'POST', body: Buffer.alloc(1000, 0), headers: { 'Content-Type': 'application/x-www-form-urlencoded' } },
      { method: 'POST' }, { method: 'PUT', body: 'x' }, { method: 'DELETE' }, { method: 'PATCH', body: 'x' },
    ];
    for (const request of strange) {
      for (const path of ['/', '/join', seats[0].room.path]) {
        const answer = await mallory.fetch(path, request).catch((error) => ({ status: 0, error }));
        assert.ok(answer.status === 0 || (answer.status >= 400 && answer.status < 500), `${request.method} ${path}: ${answer.status}`);
      }
    }
    // The same field twice, and an array in PHP's manner.
    const doubled = new URLSearchParams([['csrf_token', mallory.csrf], ['display_name', 'Ana'], ['display_name', '<b>'], ['display_name[]', 'x']]);
    const answer = await mallory.fetch('/', { method: 'POST', body: doubled, headers: { Origin: server.url } });
    assert.ok([302, 400].includes(answer.status));
    await assertUnharmed(server, seats);
  });

  test('knocking without end', async (t) => {
    const ana = await createRoom(server, 'Ana', { t });
    let refused = 0;
    const mallory = new Person(server, { t });
    for (let i = 0; i < 150; i++) {
      const answer = await mallory.post('/join', { room_code: ana.room.code, display_name: `Mallory ${i}` });
      if (answer.status !== 200) refused++;
    }
    assert.ok(refused > 0, '150 knocks of one person at one door');
    await assertUnharmed(server, [ana]);
    ana.emit('leave_room', { final: true });
  });
});

/** Asserts that content holds nothing but b, i, em, strong, harmless links and text. */
function assertSafeMarkup(content, attack) {
  const what = `${attack} became ${content}`;
  const rest = content.replace(/<(\/?)([a-z]+)((?: [a-z]+="[^"<>]*")*)>/g, (_, closing, tag, attributes) => {
    assert.ok(['b', 'i', 'em', 'strong', 'a'].includes(tag), what);
    for (const [, name, value] of attributes.matchAll(/ ([a-z]+)="([^"]*)"/g)) {
      assert.equal(closing, '', what);
      assert.equal(tag, 'a', what);
      assert.ok(['href', 'title', 'rel', 'target'].includes(name), what);
      if (name === 'href') assert.match(decodeEntities(value), /^(https?:\/\/|mailto:)/, what);
      if (name === 'rel') assert.equal(value, 'noopener noreferrer nofollow', what);
    }
    return '';
  });
  assert.doesNotMatch(rest, /[<>]/, what);
}

describe('abuse of content', { concurrency: 2 }, () => {
  // Without rate limits: they are not what is tested here.
  const server = serverForFile();

  test('markup in messages', async (t) => {
    const seats = await roomWith(server, ['Ana', 'Bob'], { t });
    const attacks = [
      '<script>alert(1)</script>x', '<img src=x onerror=alert(1)>x', '<svg onload=alert(1)>x', '<a href="javascript:alert(1)">x</a>',
      '<a href="JaVaScRiPt:alert(1)">x</a>', '<a href=" javascript:alert(1)">x</a>', '<a href="java\tscript:alert(1)">x</a>', '<a href="&#106;avascript:alert(1)">x</a>',
      '<a href="data:text/html,<script>alert(1)</script>">x</a>', '<a href="vbscript:x">x</a>', '<a href="//evil.example">x</a>', '<a href="https://ok.example" onclick="alert(1)" style="x" target="_top">x</a>',
      '<b onmouseover=alert(1)>x</b>', '<b style="position:fixed">x</b>', '<iframe srcdoc="<script>alert(1)</script>">x</iframe>', '<math><mi//xlink:href="data:x,<script>alert(1)</script>">x',
      '<<script>script>alert(1)<</script>/script>x', '<b><!--</b><img src=x onerror=alert(1)>-->x', '<noscript><p title="</noscript><img src=x onerror=alert(1)>">x', '<style>*{display:none}</style>x',
      '<form action=/><input name=csrf_token>x</form>', '</div></div><h1>x</h1>', '<b>x', '&lt;img src=x onerror=alert(1)&gt;x', '<a href="https://ok.example/?a=1&b=2" title="t&quot;><img src=x>">x</a>', '<x\u0000script>alert(1)</x\u0000script>x',
      '<scr\u0000ipt>alert(1)</scr\u0000ipt>x', '{"salt":"<img src=x onerror=alert(1)>","content":"U2FsdGVkX18="}', '{"salt":"00","content":"U2FsdGVkX18=","x":"<img src=x onerror=alert(1)>"}',
      '{"salt":"00112233445566778899aabbccddeeff","content":"U2FsdGVkX1+<img src=x onerror=alert(1)>"}',
    ];
    for (const attack of attacks) {
      const from = seats[1].conn.mark();
      seats[0].say(attack).say(`after ${attacks.indexOf(attack)}`);
      await seats[1].conn.waitFor('message', (message) => message.content === `after ${attacks.indexOf(attack)}`, { from });
      for (const { content } of seats[1].conn.all('message', { from })) assertSafeMarkup(content, attack);
    }
    for (const [said, expected] of [
      ['<b>b</b> <i>i</i> <em>e</em> <strong>s</strong>', /^<b>b<\/b> <i>i<\/i> <em>e<\/em> <strong>s<\/strong>$/],
      ['<a href="https://example.org/x?a=1" title="t">x</a>', /^<a (?=[^>]*href="https:\/\/example\.org\/x\?a=1")(?=[^>]*title="t")(?=[^>]*rel="noopener noreferrer nofollow")[^>]*>x<\/a>$/],
      ['<a href="mailto:a@example.org">x</a>', /^<a [^>]*href="mailto:a@example\.org"[^>]*>x<\/a>$/],
      ['1 < 2 & 3 > 2', /^1 &lt; 2 &amp; 3 &gt; 2$/],
      // A text that only looks like a tag is not lost. A text that a page has escaped stays as it was typed.
      ['Promise<string>', /^Promise&lt;string&gt;$/],
      ['<script>alert(1)</script>', /^&lt;script&gt;alert\(1\)&lt;\/script&gt;$/],
      ['a <!-- b --> <3 <- <b', /^a &lt;!-- b --&gt; &lt;3 &lt;- &lt;b$/],
      ['a<b and c>d', /^a&lt;b and c&gt;d$/],
      ['a&lt;b and c>d &amp;amp;', /^a&lt;b and c&gt;d &amp;amp;$/],
    ]) {
      const from = seats[1].conn.mark();
      seats[0].say(said);
      assert.match((await seats[1].conn.waitFor('message', () => true, { from })).content, expected);
    }
    await assertUnharmed(server, seats);
  });
});

describe('abuse of size and number', { concurrency: 3 }, () => {
  const server = serverForFile({ env: limited });

  for (const { label, version, transports } of matrix) {
    test(`a 2 MB message, ${label}`, async (t) => {
      const seats = await roomWith(server, ['Ana', 'Bob'], { t, version, transports });
      const { id } = seats[0].conn.socket;
      const ciphertext = Buffer.alloc(1_600_000, 'Salted__').toString('base64');
      const envelope = JSON.stringify({ salt: '00112233445566778899aabbccddeeff', content: ciphertext });
      for (const huge of ['x'.repeat(2_000_000), envelope]) {
        const from = seats[0].conn.mark();
        seats[0].say(huge);
        const message = await assertRefused(seats[0].conn, from);
        assert.match(message, /long|large|big/i);
      }
      assert.equal(seats[0].conn.socket.id, id, 'the same connection');
      await seats[1].conn.barrier();
      assert.deepEqual(seats[1].conn.all('message'), []);
      await assertUnharmed(server, seats);
    });
  }

  test('2 MB where nobody expects them', async (t) => {
    const seats = await roomWith(server, ['Ana', 'Bob'], { t });
    const huge = 'x'.repeat(2_000_000);
    const mallory = await new Person(server, { t }).connect({ transports: 'websocket' });
    for (const event of ['join', 'message', 'approve_join', 'leave_room', 'ping_room', 'unknown']) mallory.emit(event, { room: huge, user_id: huge, display_name: huge });
    mallory.emit(huge, 1);
    mallory.emit('message', { room: seats[0].roomId, message: [huge] });
    // Whether this ends Mallory's connection is Mallory's affair.
    await assertUnharmed(server, seats);
    let deep = '"x"';
    for (let i = 0; i < 20_000; i++) deep = `[${deep}]`;
    const raw = await (await RawWebSocket.open(seats[0].person)).connect();
    raw.text(`42["message",{"room":"${seats[0].roomId}","message":${deep}}]`);
    raw.text('42["ping"]');
    await until(() => raw.closed || raw.texts.includes('42["pong"]'));
    raw.close();
    await assertUnharmed(server, seats);
  });

  const floods = {
    message: (room, i) => ['message', { room, message: `flood ${i}` }],
    'messages with refs': (room, i) => ['message', { room, message: `flood ${i}`, ref: `r${i}` }],
    'messages posted again': (room, i) => ['message', { room, message: `flood ${i}`, ref: `r${i % 10}`, again: true }],
    join: (room) => ['join', { room, display_name: 'Ana' }],
    request_code_update: (room) => ['request_code_update', { room }],
    request_timer_sync: (room) => ['request_timer_sync', { room }],
    ping_room: (room) => ['ping_room', { room }],
    approve_join: (room, i) => ['approve_join', { room, user_id: `x${i}` }],
    request_members: (room) => ['request_members', { room }],
    request_code: (room) => ['request_code', { room }],
    request_invite: (room) => ['request_invite', { room }],
    revoke_invite: (room) => ['revoke_invite', { room }],
    withdraw_request: (room, i) => ['withdraw_request', { room, user_id: `x${i}` }],
    typing: (room) => ['typing', { room }],
    'unknown events': (room, i) => [`unknown ${i}`, { room }],
    'wrong types': (room, i) => ['message', i],
  };
  const unanswered = ['typing', 'unknown events', 'wrong types'];
  const named = ['messages with refs', 'messages posted again'];

  /** Asserts that each of a flood's messages is answered, and that nobody reads one twice. */
  async function assertEachIsAnswered(conn, from, reader, since, many) {
    const refs = (who, event, mark) => who.all(event, { from: mark }).map(({ ref }) => ref);
    const answers = () => [...refs(conn, 'message', from).filter(Boolean), ...refs(conn, 'room_error', from)];
    await until(() => answers().length >= many, { what: 'an answer to each', timeout: 60_000, every: 100 });
    const known = new Set(answers());
    for (let i = 0; i < known.size; i++) assert.ok(known.has(`r${i}`), `no answer to message ${i}, but to ${known.size}`);
    await reader.barrier();
    const read = refs(reader, 'message', since).filter(Boolean);
    assert.equal(new Set(read).size, read.length);
  }

  /**
   * Asserts that a flood is refused. It may end the connection, and what a polling client
   * says then is not taken: it fetches nothing more, and may not have fetched the error. Who
   * comes back and floods less than that is told in any case.
   */
  async function assertFloodIsRefused(conn, from, floodLess) {
    await until(() => conn.all('room_error', { from }).length > 0 || conn.all('disconnect', { from }).length > 0, { what: 'an error, or the end' });
    if (conn.all('room_error', { from }).length === 0) floodLess();
    await assertRefused(conn, from);
  }

  for (const [what, flood] of Object.entries(floods)) {
    for (const transports of ['polling', 'websocket']) {
      // Beyond 8,000 that are not handled the connection ends, and with it what it has not taken yet.
      const many = named.includes(what) ? 5000 : 10_000;
      test(`${many} events at once: ${what}, ${transports}`, async (t) => {
        const seats = await roomWith(server, ['Ana', 'Bob'], { t });
        const mallory = await seats[0].person.connect({ transports, page: seats[0].room.path });
        mallory.emit('join', { room: seats[0].roomId });
        await mallory.waitFor('join_success');
        const from = mallory.mark();
        for (let i = 0; i < many; i++) mallory.emit(...flood(seats[0].roomId, i));
        // Meanwhile the others talk.
        const bobs = seats[1].conn.mark();
        seats[1].say('in the flood');
        await seats[1].conn.waitFor('message', (message) => message.content === 'in the flood', { from: bobs });
        if (named.includes(what)) await assertEachIsAnswered(mallory, from, seats[1].conn, bobs, many);
        else if (!unanswered.includes(what)) {
          await assertFloodIsRefused(mallory, from, () => {
            for (let i = 0; i < 1000; i++) mallory.emit(...flood(seats[0].roomId, many + i));
          });
        }
        // A ping behind it is answered, if it does not end its connection. Some are dropped, until the limit wears off.
        await until(() => !mallory.emit('ping').connected || mallory.all('pong', { from }).length > 0, { what: 'the flood is over', every: 200 });
        const reached = seats[1].conn.log.length - bobs;
        assert.ok(reached < 3000, `${reached} events reached the other member`);
        mallory.close();
        // The limit of the flooding member wears off, once what is left of the flood is dealt with.
        await until(async () => {
          const mark = seats[0].conn.mark();
          for (let i = 0; i < 5; i++) {
            seats[0].say(`again ${i}`);
            await sleep(200);
          }
          await seats[0].conn.barrier();
          return seats[0].conn.all('message', { from: mark }).length === 5;
        }, { what: 'the member may speak again' });
        await assertUnharmed(server, seats);
      });
    }
  }
});

describe('malformed packets', { concurrency: 6 }, () => {
  const server = serverForFile({ env: limited });

  const packets = (room) => [
    '', '0', '1', '2', '2probe', '3', '3probe', '4', '5', '6', '7', '9', 'x', '\u0000', '4x', '40', '40{', '40[]', '40"x"', '40{"a":', '41', '41/nowhere,', '42', '42[', '42[]', '42{}', '42null', '42""',
    '42[null]', '42[1]', '42[{}]', '42[[]]', '42["message"', '42["message",]', '42["message",{]', '42["connect"]', '42["disconnect"]', '42["disconnecting"]', '42["connect_error",{}]', '42["newListener","x"]', '42["removeListener","x"]',
    '42["error"]', '42["constructor"]', '42["__proto__",{}]', '42/nowhere,["x"]', '42/nowhere', '40/nowhere,', '40/nowhere', '40/../,', `42${'9'.repeat(400)}["ping"]`, '42-1["ping"]', '421.5["ping"]',
    '43', '430[]', '43999[]', '43x', '44', '44{"message":"x"}', '45', '451-', '451-["message"]', `451-["message",{"_placeholder":true,"num":0}]`, '459999999-["x"]', '45-1-["x"]', '451-["message",{"_placeholder":true,"num":99}]', '46', '461-0[]', '47', '48', '4\u0000',
    `42["message",{"room":"${room}","message":"\ud800"}]`, '42["message",{"room":1e999}]', `42["message",{"room":"${room}","room":"x","message":5}]`, 'b', 'b4', 'bAAAA', 'b!!!!', 'bBBBB====',
  ];

  test('over polling', async (t) => {
    const seats = await roomWith(server, ['Ana', 'Bob'], { t });
    for (const packet of packets(seats[0].roomId)) {
      const raw = await new RawPolling(new Person(server, { t })).connect();
      const answer = await raw.post(packet);
      assert.ok(answer.status === 200 || (answer.status >= 400 && answer.status < 500), `${JSON.stringify(packet)}: ${answer.status}`);
    }
    await assertUnharmed(server, seats);
  });

  test('over polling, many in one request, and from a member', async (t) => {
    const seats = await roomWith(server, ['Ana', 'Bob'], { t });
    const all = packets(seats[0].roomId).filter((packet) => !['1', '41', ''].includes(packet));
    const raw = await new RawPolling(seats[1].person).connect();
    await raw.post(RawPolling.join(...all));
    const other = await new RawPolling(new Person(server, { t })).connect();
    await other.post(RawPolling.join(...Array(5000).fill('2')));
    const third = await new RawPolling(new Person(server, { t })).connect();
    await third.post('\x1e'.repeat(10_000));
    await assertUnharmed(server, seats);
  });

  test('over websocket, each on a connection of its own', async (t) => {
    const seats = await roomWith(server, ['Ana', 'Bob'], { t });
    await Promise.all(packets(seats[0].roomId).map(async (packet) => {
      const raw = await (await RawWebSocket.open(new Person(server, { t }))).connect();
      t.after(() => raw.close());
      raw.text(packet).text('42["ping"]');
      await until(() => raw.closed || raw.frames.some((frame) => frame.opcode === 8) || raw.texts.includes('42["pong"]') || /^(1|41|5|45)/.test(packet), { what: `an answer after ${packet}` });
      raw.close();
    }));
    await assertUnharmed(server, seats);
  });

  test('before the namespace is entered', async (t) => {
    const seats = await roomWith(server, ['Ana', 'Bob'], { t });
    await Promise.all(packets(seats[0].roomId).map(async (packet) => {
      const raw = await RawWebSocket.open(new Person(server, { t }));
      t.after(() => raw.close());
      raw.text(packet).text('40');
      await until(() => raw.closed || raw.frames.some((frame) => frame.opcode === 8) || raw.texts.some((text) => text.startsWith('40')) || /^(1|5|45)/.test(packet), { what: `an answer after ${packet}` });
      raw.close();
    }));
    await assertUnharmed(server, seats);
  });

  // The Socket.IO library behind the server once died of exactly this.
  test('a pong right after the upgrade', async (t) => {
    const seats = await roomWith(server, ['Ana', 'Bob'], { t });
    for (let i = 0; i < 10; i++) {
      const person = new Person(server, { t });
      const polling = await new RawPolling(person).connect();
      const raw = await RawWebSocket.open(person, { path: `/socket.io/?EIO=4&transport=websocket&sid=${polling.sid}` });
      t.after(() => raw.close());
      raw.text('2probe');
      await until(() => raw.texts.includes('3probe'));
      raw.text('5').text('3').text('3').text('42["ping"]');
      await until(() => raw.closed || raw.texts.includes('42["pong"]'));
    }
    await assertUnharmed(server, seats);
  });

  test('malformed upgrades', async (t) => {
    const seats = await roomWith(server, ['Ana', 'Bob'], { t });
    for (const probe of ['5', '3', '2', '4', '40', '2prob', '42["ping"]', '2probe2probe', '\u0000']) {
      const person = new Person(server, { t });
      const polling = await new RawPolling(person).connect();
      const raw = await RawWebSocket.open(person, { path: `/socket.io/?EIO=4&transport=websocket&sid=${polling.sid}` });
      raw.text(probe).text('5').text('5');
      raw.close();
    }
    // Somebody else's session cannot be upgraded away.
    const victim = await createRoom(server, 'Victim', { t, transports: 'polling' });
    const sid = victim.conn.socket.io.engine.id;
    const thief = await RawWebSocket.open(new Person(server, { t }), { path: `/socket.io/?EIO=4&transport=websocket&sid=${sid}` }).catch(() => null);
    thief?.text('2probe');
    thief?.close();
    await assertUnharmed(server, [victim]);
    await assertUnharmed(server, seats);
  });

  test('malformed websocket frames', async (t) => {
    const seats = await roomWith(server, ['Ana', 'Bob'], { t });
    const frames = [
      (raw) => raw.frame('40', { masked: false }),
      (raw) => raw.frame('40', { reserved: 7 }),
      (raw) => raw.frame('40', { opcode: 3 }),
      (raw) => raw.frame('40', { opcode: 0 }),
      (raw) => raw.frame('4', { fin: false }).frame('2["ping"]', { opcode: 1 }),
      (raw) => raw.frame('4', { fin: false }).frame('2["ping"]', { opcode: 0 }),
      (raw) => raw.frame('x'.repeat(200), { opcode: 9 }),
      (raw) => raw.frame('', { opcode: 8 }),
      (raw) => raw.frame('x', { opcode: 8 }),
      (raw) => raw.frame(Buffer.from([0xff, 0xfe, 0xfd])),
      (raw) => raw.frame(Buffer.from([0x34, 0x32, 0x5b, 0x22, 0xc3, 0x28, 0x22, 0x5d])),
      (raw) => raw.frame(Buffer.from([1, 2, 3]), { opcode: 2 }),
      (raw) => raw.frame(Buffer.alloc(0), { opcode: 2 }),
      (raw) => raw.frame('40', { claim: 2 ** 40 }),
      (raw) => raw.frame('40', { claim: 100 }),
      (raw) => raw.frame('', { opcode: 10 }),
      (raw) => raw.frame('', { opcode: 1 }),
      (raw) => raw.bytes(Buffer.from('GET / HTTP/1.1\r\n\r\n')),
      (raw) => raw.bytes(Buffer.alloc(5000, 0xff)),
    ];
    for (const [i, send] of frames.entries()) {
      for (const connected of [false, true]) {
        const raw = await RawWebSocket.open(new Person(server, { t }));
        t.after(() => raw.close());
        if (connected) await raw.connect();
        send(raw);
        if (i % 2) raw.close();
      }
    }
    await assertUnharmed(server, seats);
  });

  test('malformed requests to the endpoint', async (t) => {
    const seats = await roomWith(server, ['Ana', 'Bob'], { t });
    const mallory = new Person(server, { t });
    const requests = ['?', '?EIO=3&transport=polling', '?EIO=4', '?EIO=4&transport=webtransport', '?EIO=4&transport=x', '?EIO=4&transport=polling&sid=nobody', '?EIO=4&transport=polling&sid=', `?EIO=4&transport=polling&sid=${'x'.repeat(5000)}`,
      '?EIO=x&transport=polling', '?EIO=4&EIO=4&transport=polling&transport=polling&sid=a&sid=b', '?EIO=4&transport=websocket', '?EIO=4&transport=polling&j=0', '?EIO=4&transport=polling&j=%3Cscript%3E', '?EIO=4&transport=polling&b64=1', '?%zz'];
    for (const query of requests) {
      for (const method of ['GET', 'POST', 'PUT', 'OPTIONS', 'DELETE']) {
        const answer = await mallory.fetch(`/socket.io/${query}`, { method, ...(method === 'GET' || method === 'OPTIONS' || method === 'DELETE' ? {} : { body: '40' }) });
        assert.ok(answer.status < 500, `${method} ${query}: ${answer.status}`);
        assert.doesNotMatch(answer.text, /<script>/);
      }
    }
    await assertUnharmed(server, seats);
  });
});

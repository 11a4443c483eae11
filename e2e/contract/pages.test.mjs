// Contract: "Pages and forms".
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Person } from '../harness/person.mjs';
import { createRoom, knock, roomWith } from '../harness/scenario.mjs';
import { serverForFile } from '../harness/server.mjs';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A request may ask for these forms, and must get them. */
const forms = [
  { ask: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8', get: /^text\/html\b/ },
  { ask: 'text/plain', get: /^text\/plain\b/ },
  { ask: 'application/json', get: /^application\/json\b/ },
];

/** Asserts an error answer in all three forms; `request(headers)` makes it. */
async function assertRefusal(request, status, text) {
  for (const { ask, get } of forms) {
    const answer = await request({ Accept: ask });
    assert.equal(answer.status, status, `${ask}: ${answer.html}`);
    assert.match(answer.headers.get('content-type'), get);
    const shown = ask === 'application/json' ? Object.values(JSON.parse(answer.html)).join(' ') : answer.html;
    assert.match(shown, text, ask);
    // A person must find a way back.
    if (get.test('text/html')) assert.match(answer.html, /<a\b[^>]*href="\/"/);
  }
}

describe('pages and forms', { concurrency: 8 }, () => {
  const server = serverForFile();

  test('GET / is index.html and sets the session', async () => {
    const ana = new Person(server);
    const page = await ana.open('/');
    assert.equal(page.status, 200);
    assert.match(page.headers.get('content-type'), /^text\/html; ?charset=utf-8$/i);
    assert.equal(page.data.page, 'index');
    const cookie = page.headers.getSetCookie().find((line) => line.startsWith('session='));
    assert.ok(cookie, 'a cookie named session');
    assert.match(cookie, /;\s*HttpOnly/i);
    assert.match(cookie, /;\s*SameSite=Lax/i);
    assert.match(cookie, /;\s*Path=\/(;|$)/i);
    assert.doesNotMatch(cookie, /;\s*Secure/i, 'over plain HTTP it would be lost');
  });

  test('the session cookie is Secure behind a TLS proxy', async () => {
    const page = await new Person(server).open('/', { headers: { 'X-Forwarded-Proto': 'https' } });
    const cookie = page.headers.getSetCookie().find((line) => line.startsWith('__Host-session='));
    assert.match(cookie, /;\s*Secure/i);
  });

  test('POST / creates a room and leads to it', async () => {
    const ana = new Person(server);
    const answer = await ana.post('/', { display_name: 'Ana' });
    assert.equal(answer.status, 302);
    const [, folder, id] = answer.location.split('/');
    assert.equal(folder, 'room');
    assert.match(id, uuid);
    const page = await ana.openRoom(answer.location);
    assert.equal(page.status, 200);
    assert.equal(page.data.page, 'room');
    assert.equal(page.roomId, id);
    assert.match(page.code, /^[1-9]\d{5}$/);
  });

  for (const name of ['', '   ', '\t\n ']) {
    test(`POST / with the name ${JSON.stringify(name)} goes back to the form`, async () => {
      const answer = await new Person(server).post('/', { display_name: name });
      assert.equal(answer.status, 302);
      assert.equal(answer.location, '/');
    });
  }

  test('POST / without the field goes back to the form', async () => {
    const answer = await new Person(server).post('/', {});
    assert.equal(answer.status, 302);
    assert.equal(answer.location, '/');
  });

  test('surrounding space is stripped from the name, on both forms', async () => {
    const ana = new Person(server);
    const room = await ana.create('  Ana \t');
    assert.equal(room.data.displayName, 'Ana');
    const waiting = await new Person(server).join(room.code, ' Bob ');
    assert.equal(waiting.data.displayName, 'Bob');
  });

  const goodNames = ['a', 'Ana María', '李雷', 'Алиса', 'گل\u200cناز', '👩\u200d🚀', "O'Brien", 'محمد', 'a_b-c', '12345678901234567890', '😀', 'Zoë'];
  for (const name of goodNames) {
    test(`the name ${name} is good on both forms`, async () => {
      const room = await new Person(server).create(name);
      assert.equal(room.data.displayName, name);
      const other = await new Person(server).create('Somebody');
      const waiting = await new Person(server).join(other.code, name);
      assert.equal(waiting.data.displayName, name);
    });
  }

  test('white space inside of a name becomes one space, on both forms', async () => {
    const room = await new Person(server).create('山田\u3000\t太郎');
    assert.equal(room.data.displayName, '山田 太郎');
    const waiting = await new Person(server).join(room.code, 'Ana\u00a0\n María');
    assert.equal(waiting.data.displayName, 'Ana María');
  });

  test('a name that looks like one in the room is refused, and says so', async () => {
    const room = await new Person(server).create('Alice');
    for (const name of ['\u0391lice', '\u0410lice', 'AIice', 'A1ice', 'Alice.']) {
      const other = new Person(server);
      await assertRefusal((headers) => other.post('/join', { display_name: name, room_code: room.code }, { headers }), 409, /too much like another one in this chat/);
    }
  });

  for (const digits of ['٠١٢٣٤٥٦٧٨٩', '०१२३४५६७८९', '０１２３４５６７８９']) {
    test(`a code is a code in the digits ${digits}`, async () => {
      const room = await new Person(server).create('Ana');
      const code = room.code.replace(/\d/g, (digit) => digits[digit]);
      const waiting = await new Person(server).join(code, 'Bob');
      assert.equal(waiting.data.displayName, 'Bob');
    });
  }

  const badNames = {
    'too long': 'a'.repeat(21),
    'opening bracket': 'a<b',
    'closing bracket': 'a>b',
    'ampersand': 'a&b',
    'double quote': 'a"b',
    // It used to escape the closing quote of the page's script.
    'backslash': 'Ana\\',
    'backtick': 'a`b',
    'markup': '<img src=x onerror=alert(1)>',
    'control character': 'a\u0007b',
    'NUL': 'a\u0000b',
    'bidi override': 'a\u202Eb',
    'bidi isolate': 'a\u2066b',
    'zero-width space': 'a\u200Bb',
    'zero-width joiner': 'a\u200Db',
    'byte order mark': 'a\uFEFFb',
  };
  for (const [what, name] of Object.entries(badNames)) {
    test(`a name with ${what} is refused on both forms, saying what is allowed`, async () => {
      const room = await new Person(server).create('Ana');
      const bob = new Person(server);
      const allowed = /1 to 20|20 characters at most/;
      await assertRefusal((headers) => bob.post('/', { display_name: name }, { headers }), 400, allowed);
      await assertRefusal((headers) => bob.post('/join', { display_name: name, room_code: room.code }, { headers }), 400, allowed);
      assert.equal((await bob.fetch(`/room/${room.roomId}/status`)).status, 200);
    });
  }

  test('POST /join shows the waiting page', async () => {
    const room = await new Person(server).create('Ana');
    const bob = new Person(server);
    const answer = await bob.post('/join', { room_code: room.code, display_name: 'Bob' });
    assert.equal(answer.status, 200);
    assert.equal(answer.data.page, 'waiting');
    assert.equal(answer.data.displayName, 'Bob');
    assert.ok(answer.data.userId);
    assert.ok(answer.data.pendingApproval);
  });

  // Changed: the original put the room's id there, and whoever had it was in.
  test('the waiting page and its cookie hold no room id', async () => {
    const room = await new Person(server).create('Ana');
    const bob = new Person(server);
    const waiting = await bob.join(room.code, 'Bob');
    assert.notEqual(waiting.pending, room.roomId);
    assert.ok(!waiting.html.includes(room.roomId));
    for (const value of bob.cookies.values()) {
      const readings = [value, decodeURIComponent(value), ...['base64', 'base64url'].map((code) => Buffer.from(value, code).toString('latin1'))];
      for (const reading of readings) {
        assert.ok(!reading.includes(room.roomId));
        for (const part of reading.split(/[^A-Za-z0-9+/_=-]/)) {
          assert.ok(!Buffer.from(part, 'base64').toString('latin1').includes(room.roomId));
        }
      }
    }
  });

  for (const code of ['', '12345', '1234567', 'abcdef', '12345a', '123 456', '①②③④⑤⑥', '12345\n']) {
    test(`POST /join with the malformed code ${JSON.stringify(code)}`, async () => {
      const bob = new Person(server);
      await assertRefusal((headers) => bob.post('/join', { room_code: code, display_name: 'Bob' }, { headers }), 400, /Invalid input\./);
    });
  }

  test('POST /join without the fields', async () => {
    const bob = new Person(server);
    await assertRefusal((headers) => bob.post('/join', {}, { headers }), 400, /Invalid input\./);
    await assertRefusal((headers) => bob.post('/join', { room_code: '123456' }, { headers }), 400, /1 to 20/);
    await assertRefusal((headers) => bob.post('/join', { display_name: 'Bob' }, { headers }), 400, /Invalid input\./);
  });

  test('POST /join with a code that no room has', async () => {
    const bob = new Person(server);
    // Codes begin with 1 to 9.
    await assertRefusal((headers) => bob.post('/join', { room_code: '000000', display_name: 'Bob' }, { headers }), 404, /Room not found\./);
  });

  test('a name that a member of the room holds: 409 and no request', async () => {
    const ana = await createRoom(server, 'José Ángel');
    const same = ['José Ángel', 'JOSÉ ÁNGEL', 'jose\u0301 a\u0301ngel', '  josé ángel '];
    for (const name of same) {
      const bob = new Person(server);
      await assertRefusal((headers) => bob.post('/join', { room_code: ana.room.code, display_name: name }, { headers }), 409, /name/i);
    }
    await ana.conn.barrier();
    assert.deepEqual(ana.conn.all('join_request'), []);
    // The same name elsewhere is nobody's business.
    await new Person(server).create('josé ángel');
  });

  test('two applicants of one name never both become members', async () => {
    const ana = await createRoom(server, 'Ana');
    const first = await knock(server, ana.room.code, 'Bob');
    const second = new Person(server);
    const answer = await second.post('/join', { room_code: ana.room.code, display_name: 'BOB' });
    ana.emit('approve_join', { user_id: first.knock.userId });
    await first.conn.waitFor('join_approved');
    if (answer.status === 200) {
      ana.emit('approve_join', { user_id: answer.data.userId });
      await ana.conn.barrier();
      assert.equal((await second.open(`/room/${answer.data.pendingApproval}`)).status, 302);
    } else {
      assert.equal(answer.status, 409);
    }
  });

  test('a repeated POST /join makes one request', async () => {
    const ana = await createRoom(server, 'Ana');
    const bob = new Person(server);
    const waiting = await bob.join(ana.room.code, 'Bob');
    const again = await Promise.all([1, 2, 3].map(() => bob.join(ana.room.code, 'Bob')));
    for (const { userId, pending } of again) {
      assert.equal(userId, waiting.userId);
      assert.equal(pending, waiting.pending);
    }
    await ana.conn.waitFor('join_request');
    await ana.conn.barrier();
    const ids = new Set(ana.conn.all('join_request').map((request) => request.user_id));
    assert.deepEqual([...ids], [waiting.userId]);
  });

  test('GET /room/<id> is the page for its members', async () => {
    const [ana, bob] = await roomWith(server, ['Ana', 'Bob']);
    assert.equal((await ana.person.openRoom(`/room/${ana.roomId}`)).status, 200);
    const page = await bob.person.openRoom(bob.room.path);
    assert.equal(page.status, 200);
    assert.equal(page.roomId, ana.roomId);
    assert.equal(page.data.displayName, 'Bob');
    const byRoom = await bob.person.openRoom(`/room/${ana.roomId}`);
    assert.equal(byRoom.status, 200);
    assert.equal(byRoom.data.displayName, 'Bob');
  });

  test('GET /room/<id> of an unknown room, with and without a session', async () => {
    for (const id of ['11111111-2222-3333-4444-555555555555', 'x', '%00', '..%2f', 'a'.repeat(3000)]) {
      const page = await new Person(server).open(`/room/${id}`);
      assert.equal(page.status, 302, id);
      assert.equal(page.location, '/');
    }
  });

  // Changed: the original let anybody in who had the id.
  test('GET /room/<id> of somebody who was not admitted', async () => {
    const ana = await createRoom(server, 'Ana');
    const stranger = new Person(server);
    const applicant = await knock(server, ana.room.code, 'Bob');
    const neighbour = await createRoom(server, 'Carol');
    for (const person of [stranger, applicant.person, neighbour.person]) {
      const page = await person.open(`/room/${ana.roomId}`);
      assert.equal(page.status, 302);
      assert.equal(page.location, '/');
    }
    const early = await applicant.person.open(applicant.knock.path);
    assert.equal(early.status, 302, 'before admission');
  });

  test('an admitted applicant’s address is of no use to others', async () => {
    const [, bob] = await roomWith(server, ['Ana', 'Bob']);
    const page = await new Person(server).open(bob.room.path);
    assert.equal(page.status, 302);
    assert.equal(page.location, '/');
  });

  test('GET /room/<id>/status', async () => {
    const began = Date.now();
    const [ana, bob] = await roomWith(server, ['Ana', 'Bob']);
    ana.say('one');
    await bob.conn.waitFor('message');
    const answer = await new Person(server).fetch(`/room/${ana.roomId}/status`);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type'), /^application\/json\b/);
    const status = JSON.parse(answer.text);
    const { expires_in: left, ...rest } = status;
    assert.deepEqual(rest, { status: 'active', participant_count: 2, message_count: 1 });
    assert.ok(Number.isInteger(left) && left >= 86400 - 1 - (Date.now() - began) / 1000 && left <= 86400, `expires_in ${left}`);
  });

  test('GET /room/<id>/status of an unknown room', async () => {
    const answer = await new Person(server).fetch('/room/11111111-2222-3333-4444-555555555555/status');
    assert.equal(answer.status, 404);
    assert.match(answer.headers.get('content-type'), /^application\/json\b/);
    assert.equal(JSON.parse(answer.text).status, 'not_found');
  });

  test('pages carry the usual security headers and are not cached', async () => {
    const ana = new Person(server);
    const room = await ana.create('Ana');
    for (const path of ['/', room.path]) {
      const { headers } = await ana.open(path);
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      assert.match(headers.get('content-security-policy') ?? '', /frame-ancestors/);
      // A foreign page must not be cut off from a Referer: it tells two tabs apart.
      assert.match(headers.get('referrer-policy') ?? '', /same-origin|strict-origin-when-cross-origin/);
      assert.match(headers.get('cache-control') ?? '', /no-store/);
    }
  });

  test('/healthz and /readyz answer, metrics do not', async () => {
    const anybody = new Person(server);
    assert.equal((await anybody.fetch('/healthz')).status, 200);
    assert.equal((await anybody.fetch('/readyz')).status, 200);
    assert.equal((await anybody.fetch('/metrics')).status, 404);
  });

  test('unknown addresses and methods', async () => {
    const anybody = new Person(server);
    const missing = await anybody.fetch('/nowhere');
    assert.equal(missing.status, 404);
    assert.match(missing.text, /<a\b[^>]*href="\/"/);
    assert.equal((await anybody.post('/room/x', {})).status, 405);
  });

  for (const file of ['socket.io.min.js', 'socket.io.esm.min.js']) {
    test(`/socket.io/${file} is the official client, cacheable for long`, async () => {
      const anybody = new Person(server);
      const answer = await anybody.fetch(`/socket.io/${file}`);
      assert.equal(answer.status, 200);
      assert.match(answer.headers.get('content-type'), /javascript/);
      assert.match(answer.text, /Socket\.IO v4\.8\./);
      const [, seconds] = /max-age=(\d+)/.exec(answer.headers.get('cache-control') ?? '') ?? [];
      assert.ok(Number(seconds) >= 86400, answer.headers.get('cache-control'));
      const tag = answer.headers.get('etag');
      assert.ok(tag);
      assert.equal((await anybody.fetch(`/socket.io/${file}`, { headers: { 'If-None-Match': tag } })).status, 304);
    });
  }
});

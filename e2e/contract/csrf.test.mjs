// Contract: "a POST without a valid csrf_token", and where tokens are taken from.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Person } from '../harness/person.mjs';
import { createRoom } from '../harness/scenario.mjs';
import { serverForFile } from '../harness/server.mjs';

describe('csrf', { concurrency: 8 }, () => {
  const server = serverForFile();

  test('a token can be posted more than once', async () => {
    const ana = new Person(server);
    const { csrf } = await ana.open('/');
    for (let time = 1; time <= 3; time++) {
      assert.equal((await ana.post('/', { csrf_token: csrf, display_name: 'Ana' })).status, 302, `time ${time}`);
    }
  });

  test('tokens of two tabs are both good', async () => {
    const ana = new Person(server);
    const first = await ana.open('/');
    const second = await ana.open('/');
    for (const { csrf } of [second, first]) {
      const answer = await ana.post('/', { csrf_token: csrf, display_name: 'Ana' });
      assert.match(answer.location, /^\/room\//);
    }
  });

  test('the token of the room page is good too', async () => {
    const ana = new Person(server);
    const room = await ana.create('Ana');
    const answer = await ana.post('/', { csrf_token: room.data.csrfToken, display_name: 'Ana' });
    assert.match(answer.location, /^\/room\//);
  });

  test('the token is taken from the header X-CSRFToken', async () => {
    const ana = new Person(server);
    const { csrf } = await ana.open('/');
    const answer = await ana.fetch('/', {
      method: 'POST',
      body: new URLSearchParams({ display_name: 'Ana' }),
      headers: { 'X-CSRFToken': csrf, Origin: server.url },
    });
    assert.equal(answer.status, 302);
    assert.match(answer.location, /^\/room\//);
  });

  const withoutToken = {
    'no token': async () => ({}),
    'an empty token': async () => ({ csrf_token: '' }),
    'an invented token': async () => ({ csrf_token: 'A'.repeat(86) + '==' }),
    'a token that is no base64': async () => ({ csrf_token: '\u0000%%%' }),
    'somebody else’s token': async () => ({ csrf_token: (await new Person(server).open('/')).csrf }),
  };
  for (const [what, token] of Object.entries(withoutToken)) {
    test(`${what}: 400 on both forms, and nothing happens`, async () => {
      const host = await createRoom(server, 'Host');
      const ana = new Person(server);
      await ana.open('/');
      for (const [path, fields] of [['/', { display_name: 'Ana' }], ['/join', { display_name: 'Ana', room_code: host.room.code }]]) {
        const answer = await ana.fetch(path, {
          method: 'POST',
          body: new URLSearchParams({ ...fields, ...await token() }),
          headers: { Origin: server.url },
        });
        assert.equal(answer.status, 400, path);
        assert.match(answer.headers.get('content-type'), /^text\/html\b/);
        assert.match(answer.text, /<a\b[^>]*href="\/"/, 'a way back');
      }
      await host.conn.barrier();
      assert.deepEqual(host.conn.all('join_request'), []);
    });
  }

  test('a good token without its cookie: 400', async () => {
    const { csrf } = await new Person(server).open('/');
    const answer = await new Person(server).fetch('/', {
      method: 'POST', body: new URLSearchParams({ csrf_token: csrf, display_name: 'Ana' }), headers: { Origin: server.url },
    });
    assert.equal(answer.status, 400);
  });

  // A foreign page that somehow learned the token still says where it comes from.
  for (const origin of ['http://evil.example', 'https://evil.example', 'http://127.0.0.1.evil.example']) {
    test(`a POST from the origin ${origin}: 400`, async () => {
      const ana = new Person(server);
      const { csrf } = await ana.open('/');
      const answer = await ana.post('/', { csrf_token: csrf, display_name: 'Ana' }, { headers: { Origin: origin, Referer: `${origin}/` } });
      assert.equal(answer.status, 400);
    });
  }

  // Browsers say "null" for our own pages, too, if those forbid the Referer: the token decides.
  test('a POST from the origin null needs its token like any other', async () => {
    const ana = new Person(server);
    const { csrf } = await ana.open('/');
    const headers = { Origin: 'null' };
    assert.equal((await ana.post('/', { csrf_token: csrf.split('').reverse().join(''), display_name: 'Ana' }, { headers })).status, 400);
    assert.equal((await ana.post('/', { csrf_token: csrf, display_name: 'Ana' }, { headers })).status, 302);
    const crossSite = { ...headers, 'Sec-Fetch-Site': 'cross-site' };
    assert.equal((await ana.post('/', { csrf_token: csrf, display_name: 'Ana' }, { headers: crossSite })).status, 400);
  });

  test('behind a TLS proxy the public origin is the same origin', async () => {
    const ana = new Person(server, { headers: { 'X-Forwarded-Proto': 'https' } });
    const origin = server.url.replace('http:', 'https:');
    const answer = await ana.post('/', { display_name: 'Ana' }, { headers: { Origin: origin, Referer: `${origin}/` } });
    assert.equal(answer.status, 302, answer.html);
    assert.match(answer.location, /^\/room\//);
  });

  test('what asks for JSON gets JSON', async () => {
    const answer = await new Person(server).fetch('/', { method: 'POST', body: new URLSearchParams({ display_name: 'Ana' }), headers: { Accept: 'application/json' } });
    assert.equal(answer.status, 400);
    assert.match(answer.headers.get('content-type'), /^application\/json\b/);
    JSON.parse(answer.text);
  });
});

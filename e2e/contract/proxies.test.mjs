// Real proxies in front, with TLS and HTTP/2: people are known by their own address and
// origin, and what they claim themselves is not believed.
import assert from 'node:assert/strict';
import os from 'node:os';
import { describe, test } from 'node:test';
import { admit, createRoom, knock } from '../harness/scenario.mjs';
import { serverForTest } from '../harness/server.mjs';
import { OutsidePerson, names, proxyForTest } from '../harness/tlsproxy.mjs';

/** Headers that a visitor may write to be taken for somebody else. */
const claims = {
  'X-Forwarded-For': '203.0.113.9, 203.0.113.10', Forwarded: 'for=203.0.113.9;proto=http;host=evil.example', 'X-Real-IP': '203.0.113.9',
  'CF-Connecting-IP': '203.0.113.9', 'True-Client-IP': '203.0.113.9',
};

// Only Linux has all of 127.0.0.0/8 for its own, so that people can come from several addresses.
describe('behind', { skip: os.platform() === 'linux' ? false : 'needs Linux' }, () => {
  for (const name of names) {
    for (const trusted of ['1', '127.0.0.1']) {
      test(`${name}, TRUSTED_PROXIES=${trusted}`, async (t) => {
        const server = await serverForTest(t, { env: { TRUSTED_PROXIES: trusted, MAX_ROOMS_PER_IP: '1', RATE_LIMITS: 'on' } });
        const proxy = await proxyForTest(t, name, server);
        const outside = (address, headers) => new OutsidePerson(server, proxy, { address, headers, t });

        const first = await outside('127.0.0.7').fetch('/');
        assert.equal(first.status, 200, first.text);
        assert.ok(first.cookies.length > 0);
        for (const line of first.cookies) assert.match(line, /^__Host-[^;]*;.*\bSecure\b/);
        assert.ok(first.headers.get('strict-transport-security'));

        const ana = await createRoom(server, 'Ana', { t, person: outside('127.0.0.7') });
        const bob = await admit([ana], await knock(server, ana.room.code, 'Bob', { t, person: outside('127.0.0.8'), transports: 'polling' }), { transports: 'websocket' });
        await ana.conn.upgraded();
        for (const [from, to] of [[ana, bob], [bob, ana]]) {
          from.say(`from ${from.name}`);
          await to.conn.waitFor('message', ({ content }) => content === `from ${from.name}`);
        }

        // One room for each address: the proxy's own is nobody's, and claims change nothing.
        const again = (person) => person.post('/', { display_name: 'Again' }).then(({ status }) => status);
        assert.equal(await again(outside('127.0.0.7')), 403, 'a second room of one address');
        for (const [header, value] of Object.entries(claims)) {
          assert.equal(await again(outside('127.0.0.7', { [header]: value })), 403, `with ${header}`);
        }
        assert.equal(await again(outside('127.0.0.7', claims)), 403, 'with all of them');
        assert.equal(await again(outside('127.0.0.9')), 302, 'another address');

        // Somebody else's page may neither post nor connect.
        const mallory = outside('127.0.0.10');
        const evil = { headers: { Origin: 'https://evil.example', Referer: 'https://evil.example/' } };
        assert.equal((await mallory.post('/', { display_name: 'Mallory' }, evil)).status, 400);
        const refused = await mallory.connect({ transports: 'websocket', extraHeaders: { Origin: 'https://evil.example' }, wait: false, reconnection: false });
        await refused.waitFor('connect_error');
        assert.doesNotMatch(server.output, /127\.0\.0\.(7|8|9|10)/);
        assert.doesNotMatch(server.output, /not trusted/);
      });
    }
  }

  test('Caddy, not trusted: the room works, and a warning says what to set', async (t) => {
    const server = await serverForTest(t, { env: { TRUSTED_PROXIES: undefined, RATE_LIMITS: 'on' } });
    const proxy = await proxyForTest(t, 'caddy', server);
    const person = new OutsidePerson(server, proxy, { address: '127.0.0.7', t });
    const ana = await createRoom(server, 'Ana', { t, person });
    ana.say('hello');
    await ana.conn.waitFor('message');
    assert.equal(server.output.split('\n').filter((line) => line.includes('not trusted')).length, 1);
  });
});

// Strangers who open connections and do nothing with them: the server's memory stays
// bounded, and nobody who has a place is shut out.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import { describe, test } from 'node:test';
import { Person } from '../harness/person.mjs';
import { RawWebSocket } from '../harness/raw.mjs';
import { createRoom, knock, roomWith } from '../harness/scenario.mjs';
import { raceDetector, serverForTest } from '../harness/server.mjs';
import { until } from '../harness/wait.mjs';

const linux = os.platform() === 'linux' ? false : 'it reads /proc';
const measured = raceDetector ? 'the race detector needs more' : linux;

/** The most memory that a process has had, in MB. */
function peak(pid) {
  return Number(/VmHWM:\s*(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

/** How many files and connections a process has open. */
function openFiles(pid) { return readdirSync(`/proc/${pid}/fd`).length; }

/** A connection that sends `text` and reads nothing, unless it gives way to others first. */
function deaf(port, text) {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1' }, () => {
      socket.pause();
      socket.write(text, () => resolve(socket));
    });
    socket.on('error', () => resolve(socket));
  });
}

describe('connections that do nothing', () => {
  const head = 'Host: chat.example\r\nAccept-Encoding: gzip\r\nX-Forwarded-For: 198.51.100.1\r\n';
  // Many requests one after the other, so that the system's buffers cannot hold the answers.
  const ask = (path) => `GET ${path} HTTP/1.1\r\n${head}\r\n`.repeat(40);
  const sent = {
    'ask for the library’s source map and read nothing': ask('/socket.io/socket.io.min.js.map'),
    'ask for a module and read nothing': ask('/static/js/room/page.js'),
    'ask for a page and read nothing': ask('/'),
    'send a header without end': `GET / HTTP/1.1\r\n${head}${'X: y\r\n'.repeat(2000)}`,
    'send a form without end': `POST /join HTTP/1.1\r\n${head}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 8000\r\n\r\n${'a'.repeat(7999)}`,
  };
  for (const [what, text] of Object.entries(sent)) {
    test(`1,000 that ${what}, in 512 MB`, { skip: measured }, async (t) => {
      const server = await serverForTest(t, { env: { RATE_LIMITS: 'on' } });
      execFileSync('prlimit', ['--pid', String(server.pid), `--data=${640 << 20}`]);
      const deafs = await Promise.all(Array.from({ length: 1000 }, () => deaf(server.port, text)));
      server.atEnd(() => { for (const socket of deafs) socket.destroy(); }); // else it would wait for them
      const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], { t });
      for (let i = 0; i < 20; i++) {
        ana.say(`still here ${i}`);
        await bob.conn.waitFor('message', ({ content }) => content === `still here ${i}`);
      }
      const mb = peak(server.pid);
      t.diagnostic(`peak ${mb.toFixed(0)} MB with 1,000 that ${what}`);
      assert.ok(mb < 480, `${mb} MB`);
    });
  }

  test('more than there may be in all: who is in a room stays', { skip: linux }, async (t) => {
    const server = await serverForTest(t, { env: { RATE_LIMITS: 'on', MAX_CONNECTIONS: '50' } });
    const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], { t });
    await Promise.all([ana.conn.upgraded(), bob.conn.upgraded()]);
    const deafs = await Promise.all(Array.from({ length: 300 }, () => deaf(server.port, 'GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 198.51.100.2\r\n')));
    server.atEnd(() => { for (const socket of deafs) socket.destroy(); }); // else it would wait for them
    // Newcomers find a place, too.
    const cara = await knock(server, ana.room.code, 'Cara', { t });
    await ana.conn.waitFor('join_request', ({ user_id }) => user_id === cara.knock.userId);
    ana.say('nobody was put out');
    await bob.conn.waitFor('message', ({ content }) => content === 'nobody was put out');
    assert.deepEqual([...ana.conn.all('disconnect'), ...bob.conn.all('disconnect')], []);
    // Those that gave way may take a moment to be gone.
    await until(() => openFiles(server.pid) < 50 + 20, { what: 'no more than 50 connections, and the process’s own files' });
  });

  test('sockets of one address shut out nobody behind it', async (t) => {
    const server = await serverForTest(t, { env: { RATE_LIMITS: 'on', ABSENCE_GRACE: '1h', APPROVAL_TIMEOUT: '1h' } });
    const address = '198.19.7.7';
    const person = () => new Person(server, { t, address });
    const ana = await createRoom(server, 'Ana', { t, person: person() });
    const bob = await knock(server, ana.room.code, 'Bob', { t, person: person() });
    const strangers = await Promise.all(Array.from({ length: 250 }, async () => (await RawWebSocket.open(person())).text('40')));
    t.after(() => { for (const stranger of strangers) stranger.close(); });
    await until(() => strangers.some((stranger) => stranger.closed), { what: 'the first of them to give way' });
    // A member who lost the network comes back, and somebody at the door is still heard.
    const from = ana.conn.mark();
    ana.conn.drop();
    await ana.conn.waitFor('connect', () => true, { from });
    ana.say('I am back');
    await ana.conn.waitFor('message', ({ content }) => content === 'I am back');
    ana.emit('approve_join', { user_id: bob.knock.userId });
    await bob.conn.waitFor('join_approved');
    // A newcomer gets in as well.
    const cara = await knock(server, ana.room.code, 'Cara', { t, person: person() });
    await ana.conn.waitFor('join_request', ({ user_id }) => user_id === cara.knock.userId);
  });
});

describe('behind a proxy that nobody configured', () => {
  test('one warning says so, names what to set, and holds no address', async (t) => {
    const server = await serverForTest(t, { env: { TRUSTED_PROXIES: undefined } });
    for (let i = 0; i < 3; i++) await new Person(server, { t, address: '198.51.100.77' }).open('/');
    const warnings = server.output.split('\n').filter((line) => /WARN/.test(line) && line.includes('not trusted'));
    assert.equal(warnings.length, 1, server.output);
    assert.match(warnings[0], /TRUSTED_PROXIES/);
    assert.doesNotMatch(server.output, /198\.51\.100\.77/);
  });
});

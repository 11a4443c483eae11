// Contract: configuration at start, secrets, logging, shutdown.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { Person } from '../harness/person.mjs';
import { admit, createRoom, invite, knock, roomWith } from '../harness/scenario.mjs';
import { freePort, serverBinary, serverForTest, spawnServer, startServer, temporaryFolder } from '../harness/server.mjs';
import { patience, until, within } from '../harness/wait.mjs';

/** Starts a server that is expected to refuse, and resolves to what it says. */
async function refusal(t, env) {
  const server = spawnServer({ HOST: '127.0.0.1', PORT: String(await freePort()), ...env });
  t.after(() => server.kill());
  const { code, signal } = await within(patience, 'the refusal to start', server.exited);
  assert.equal(signal, null);
  assert.ok(code > 0, `exit code ${code}`);
  return server.output;
}

describe('the secret', { concurrency: 4 }, () => {
  for (const env of [{ APP_ENV: 'production' }, { RENDER: 'true' }]) {
    test(`production (${Object.keys(env)}) without one refuses to start`, async (t) => {
      assert.match(await refusal(t, env), /SECRET_KEY/);
    });
  }

  test('without one outside production: a random one, and a warning', async (t) => {
    const server = await serverForTest(t, { env: { SECRET_KEY: undefined } });
    assert.match(server.output, /SECRET_KEY/);
    await new Person(server).create('Ana');
  });

  for (const name of ['SECRET_KEY', 'FLASK_SECRET_KEY']) {
    test(`${name} is taken, also in production, and is never printed`, async (t) => {
      const secret = 'canary-secret-0123456789abcdef';
      const server = await serverForTest(t, { env: { SECRET_KEY: undefined, [name]: secret, APP_ENV: 'production', RATE_LIMITS: 'on', LOG_LEVEL: 'DEBUG' } });
      await new Person(server).create('Ana');
      assert.ok(!server.output.includes(secret));
      assert.doesNotMatch(server.output, /SECRET_KEY is not set/);
    });
  }

  test('a cookie of another secret means nothing, and is replaced', async (t) => {
    const [first, second] = await Promise.all(['one', 'two'].map((word) => serverForTest(t, { env: { SECRET_KEY: `a secret of sufficient length: ${word}` } })));
    const ana = new Person(first);
    await ana.open('/');
    const elsewhere = new Person(second);
    for (const [name, value] of ana.cookies) elsewhere.cookies.set(name, value);
    const before = elsewhere.cookies.get('session');
    assert.equal((await elsewhere.open('/')).status, 200);
    assert.notEqual(elsewhere.cookies.get('session'), before);
    await elsewhere.create('Ana');
  });
});

describe('mistakes in the configuration', { concurrency: 4 }, () => {
  test('all of them are reported at once', async (t) => {
    const output = await refusal(t, { CODE_ROTATION: 'often', MAX_ROOMS: '-1', LOG_LEVEL: 'LOUD', TEMPLATES_DIR: '/nowhere/at/all', ALLOWED_ORIGINS: 'not an origin', TRUSTED_PROXIES: 'x' });
    for (const name of ['CODE_ROTATION', 'MAX_ROOMS', 'LOG_LEVEL', 'TEMPLATES_DIR', 'ALLOWED_ORIGINS', 'TRUSTED_PROXIES']) assert.match(output, new RegExp(name));
  });

  test('RATE_LIMITS=off is warned about, and refused in production', async (t) => {
    const server = await serverForTest(t);
    assert.match(server.output, /RATE_LIMITS/);
    assert.match(await refusal(t, { APP_ENV: 'production', SECRET_KEY: 'x'.repeat(40), RATE_LIMITS: 'off' }), /RATE_LIMITS/);
  });

  test('a port that is taken: says so and ends with an error', async (t) => {
    const server = await serverForTest(t);
    assert.match(await refusal(t, { PORT: String(server.port) }), /in use/);
  });

  test('a template folder with a broken template: says which', async (t) => {
    const folder = temporaryFolder();
    for (const page of ['index', 'waiting_approval', 'chatroom']) writeFileSync(path.join(folder, `${page}.html`), 'ok');
    writeFileSync(path.join(folder, 'chatroom.html'), '{% if %}{{');
    assert.match(await refusal(t, { TEMPLATES_DIR: folder }), /chatroom\.html/);
  });
});

describe('the version', { concurrency: 3 }, () => {
  /** Runs the server with arguments and resolves to how that ended. */
  const call = (...args) => new Promise((resolve) => {
    execFile(serverBinary(), args, { cwd: temporaryFolder(), env: { PATH: process.env.PATH }, timeout: patience },
      (error, stdout, stderr) => resolve({ code: error ? error.code : 0, stdout, stderr }));
  });

  test('--version prints it and starts nothing', async () => {
    const { code, stdout, stderr } = await call('--version');
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    assert.match(stdout, /^Secure Chat \d+\.\d+\.\d+ \(([0-9a-f]{7,}(-dirty)?|dev)\)\n$/);
  });

  test('what is not understood is refused, with the usage', async () => {
    for (const args of [['--nonsense'], ['serve'], ['--version', 'please']]) {
      const { code, stdout, stderr } = await call(...args);
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
      assert.match(stderr, /Usage: securechat/);
      assert.ok(stderr.includes(args.at(-1)));
    }
  });

  test('the line that says where the server is and the metrics tell it', async (t) => {
    const { stdout } = await call('--version');
    const [, number, commit] = stdout.match(/^Secure Chat (\S+) \((\S+)\)/);
    const metrics = `127.0.0.1:${await freePort()}`;
    const server = await serverForTest(t, { env: { METRICS_ADDR: metrics } });
    await until(() => server.output.includes(`Secure Chat ${number} (${commit}) is at ${server.url}\n`));
    const scraped = await fetch(`http://${metrics}/metrics`).then((answer) => answer.text());
    assert.ok(scraped.includes(`securechat_build_info{commit="${commit}",version="${number}"} 1\n`));
  });
});

describe('.env', () => {
  test('is read, and the environment wins over it', async (t) => {
    const cwd = temporaryFolder();
    writeFileSync(path.join(cwd, '.env'), 'FLASK_SECRET_KEY=from-the-file-0123456789\nMAX_MESSAGE_LENGTH=77\nMAX_MEMBERS=2\nAPP_ENV=production\n');
    const server = await serverForTest(t, { cwd, env: { SECRET_KEY: undefined, MAX_MESSAGE_LENGTH: '88', RATE_LIMITS: 'on' } });
    const ana = await createRoom(server, 'Ana');
    assert.equal(ana.room.data.maxMessageLength, '88');
    await admit([ana], await knock(server, ana.room.code, 'Bob'));
    const full = await new Person(server).post('/join', { room_code: ana.room.code, display_name: 'Carol' });
    assert.match(full.html, /full/i);
  });
});

describe('logs', { concurrency: 4 }, () => {
  test('LOG_LEVEL takes Python’s and slog’s names, and has an effect', async (t) => {
    const sizes = {};
    for (const level of ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL', 'warn', 'debug']) {
      const server = await startServer({ env: { LOG_LEVEL: level } });
      t.after(() => server.kill());
      const ana = await createRoom(server, 'Ana');
      ana.conn.close();
      await server.stop();
      // Main says where the server is, whatever the level.
      sizes[level] = server.output.replace(/^Secure Chat .* is at http.*\n/m, '').length;
    }
    assert.equal(sizes.CRITICAL, 0);
    assert.equal(sizes.ERROR, 0);
    assert.ok(sizes.WARNING > 0, 'RATE_LIMITS=off is warned about');
    assert.ok(sizes.INFO > sizes.WARNING);
    assert.ok(sizes.DEBUG > sizes.INFO);
    assert.ok(sizes.debug > sizes.INFO);
    assert.ok(sizes.warn > 0 && sizes.warn < sizes.INFO);
  });

  test('even at DEBUG they hold no name, message, room id, code, cookie or address', async (t) => {
    const server = await startServer({ env: { LOG_LEVEL: 'DEBUG' } });
    t.after(() => server.kill());
    const canaries = new Set();
    const note = (...values) => values.forEach((value) => canaries.add(String(value)));
    const names = ['CanaryAna', 'CanaryBob', 'CanaryCarol'];
    note(...names);
    const seats = await roomWith(server, names.slice(0, 2));
    const [ana, bob] = seats;
    note(ana.roomId, bob.userId, ana.room.code, ana.room.data.encryptionKey, ana.person.address, bob.person.address);
    for (const { person } of seats) note(...person.cookies.values(), person.csrf);
    for (const { conn } of seats) note(conn.socket.id, conn.socket.io.engine.id);
    for (const text of ['canary-message-one', '<b>canary-message-two</b>', JSON.stringify({ salt: 'canary-salt', content: 'canary-content' })]) ana.say(text);
    note('canary-');
    await until(() => bob.conn.all('message').length === 3);
    ana.emit('request_code_update');
    note((await ana.conn.waitFor('code_update')).new_code);

    const lookup = await invite(ana);
    note(lookup, lookup.slice(4));
    await new Person(server).join({ invite: lookup }, 'CanaryGuest');
    note('CanaryGuest');
    ana.emit('revoke_invite', { lookup }).emit('revoke_invite', { lookup: `${lookup}.${lookup}` });
    await ana.conn.barrier();
    for (const way of [lookup, `${lookup}.${lookup}`, `#${lookup}`]) await new Person(server).post('/join', { invite: way, display_name: 'CanaryGuest' });
    await new Person(server).open(`/?invite=${lookup}`);
    await new Person(server).open(`/${lookup}`);

    // Everything that can go wrong, too.
    const carol = await knock(server, ana.conn.all('code_update')[0].new_code, names[2]);
    note(carol.knock.userId, ...carol.person.cookies.values(), carol.person.address);
    ana.emit('deny_join', { user_id: carol.knock.userId });
    await carol.conn.waitFor('join_denied');
    carol.conn.emit('join', { room: ana.roomId, display_name: 'CanaryClaim' });
    note('CanaryClaim');
    await carol.conn.waitFor('room_error');
    const stranger = new Person(server);
    note(stranger.address);
    const conn = await stranger.connect({ query: { room: ana.roomId } });
    for (const event of ['join', 'message', 'approve_join', 'deny_join', 'leave_room', 'request_code_update', 'ping_room', 'canary-event']) {
      conn.emit(event, { room: ana.roomId, message: 'canary-intruder', user_id: carol.knock.userId, display_name: 'CanaryClaim' });
    }
    await conn.barrier();
    await stranger.post('/', { display_name: 'Canary<Bad>' });
    await stranger.post('/join', { display_name: 'CanaryGuess', room_code: '000000' });
    note('CanaryGuess', 'Canary<Bad>', 'CanaryCookie');
    await stranger.open(`/room/${ana.roomId}`);
    await stranger.fetch(`/room/${ana.roomId}/status`);
    await stranger.post('/', { display_name: 'CanaryGuess', csrf_token: 'canary-token' });
    stranger.cookies.set('session', 'CanaryCookie');
    await stranger.open('/');
    await (await stranger.connect()).barrier();
    bob.emit('leave_room', { final: true });
    await ana.conn.waitFor('member_left');
    await server.stop();

    assert.ok(server.output.length > 500, 'it did log something');
    // The digits of times, durations and hashes can be those of a code.
    const output = server.output.replace(/\d{4}-\d\d-\d\dT[\d:.]+|\b\d+\.\d+(?=[nµm]?s\b)|#[\da-f]{10}\b/g, '');
    for (const canary of canaries) {
      const at = output.indexOf(canary);
      assert.equal(at, -1, `found ${canary} in: ${output.slice(Math.max(0, at - 200), at + 200)}`);
    }
    // Not even the address that the proxy itself has.
    assert.doesNotMatch(server.output.replaceAll(`127.0.0.1:${server.port}`, ''), /127\.0\.0\.1:\d+/);
  });
});

describe('shutdown', { concurrency: 3 }, () => {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    test(`${signal} with connected clients: they are told, exit 0`, async (t) => {
      const server = await startServer();
      t.after(() => server.kill());
      const seats = await Promise.all(['polling', 'websocket', 'upgrade'].flatMap((transports) =>
        ['4.0.1', '4.8.4'].map((version) => createRoom(server, 'Ana', { transports, version, reconnection: false, t }))));
      const waiting = await knock(server, seats[0].room.code, 'Bob', { reconnection: false, t });
      server.signal(signal);
      await Promise.all([...seats, waiting].map(({ conn }) => conn.waitFor('disconnect')));
      const { code, signal: killedBy } = await within(patience, 'the exit', server.exited);
      assert.deepEqual({ code, killedBy }, { code: 0, killedBy: null }, server.output);
      assert.doesNotMatch(server.output, /panic|goroutine \d+/);
    });
  }

  test('a message that is on its way arrives before the end', async (t) => {
    const server = await startServer();
    t.after(() => server.kill());
    const [ana, bob] = await roomWith(server, ['Ana', 'Bob'], { t, transports: 'websocket', reconnection: false });
    for (let i = 0; i < 50; i++) ana.say(`message ${i}`);
    await ana.conn.barrier();
    server.signal('SIGTERM');
    await bob.conn.waitFor('disconnect');
    assert.equal(bob.conn.all('message').length, 50);
    assert.equal((await server.exited).code, 0);
  });

  test('a client that holds a request open does not hold up the exit', async (t) => {
    const server = await startServer();
    t.after(() => server.kill());
    const { default: net } = await import('node:net');
    const idle = net.connect(server.port, '127.0.0.1');
    t.after(() => idle.destroy());
    idle.on('error', () => {});
    idle.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf');
    await until(() => idle.bytesWritten > 0);
    server.signal('SIGTERM');
    const { code } = await within(patience, 'the exit', server.exited);
    assert.equal(code, 0);
  });
});


// The harness reads pages and breaks networks as it says.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { csrfToken, dataAttributes, decodeEntities } from '../harness/person.mjs';
import { Proxy } from '../harness/proxy.mjs';
import { root } from '../harness/server.mjs';
import { inTime, patience, sleep, until, within } from '../harness/wait.mjs';

test('data attributes of the body', () => {
  assert.deepEqual(
    dataAttributes('<p data-x="no"><body class=x data-room-code="a&amp;b" data-digits="1,"\n data-empty=""><i data-y="no">'),
    { roomCode: 'a&b', digits: '1,', empty: '' },
  );
  assert.deepEqual(dataAttributes('no page'), {});
});

test('character references', () => {
  assert.equal(decodeEntities('&lt;&#39;&#x2F;&#43;&quot;&amp;lt;&bogus;'), '<\'/+"&lt;&bogus;');
});

test('the token of a page, however the field is written', () => {
  for (const field of [
    '<input type="hidden" name="csrf_token" value="a&#43;b">',
    "<input value='a+b' name='csrf_token'/>",
    '<INPUT name=csrf_token value="a+b">',
  ]) assert.equal(csrfToken(`<form><input name="x" value="y">${field}</form>`), 'a+b', field);
  assert.equal(csrfToken('<input name="other" value="x">'), undefined);
});

test('the proxy forwards, cuts, swallows and refuses', async (t) => {
  const echo = net.createServer((socket) => socket.on('error', () => {}).pipe(socket));
  await new Promise((resolve) => echo.listen(0, '127.0.0.1', resolve));
  t.after(() => echo.close());
  const proxy = await Proxy.to(echo.address().port);
  t.after(() => proxy.close());
  const dial = () => {
    const state = { text: '', closed: false };
    state.socket = net.connect(new URL(proxy.url).port, '127.0.0.1');
    state.socket.on('data', (bytes) => { state.text += bytes; });
    state.socket.on('error', () => {});
    state.socket.on('close', () => { state.closed = true; });
    return state;
  };

  const first = dial();
  first.socket.write('one');
  await until(() => first.text === 'one');
  proxy.cut();
  await until(() => first.closed);
  assert.equal(proxy.connections, 0);

  const second = dial();
  second.socket.write('two');
  await until(() => second.text === 'two');
  proxy.blackhole();
  second.socket.write('three');
  await until(() => second.socket.bytesWritten === 8);
  proxy.restore();
  await until(() => second.closed);
  assert.equal(second.text, 'two');

  proxy.unplug();
  const third = dial();
  await until(() => third.closed);
  proxy.restore();
  const fourth = dial();
  fourth.socket.write('four');
  await until(() => fourth.text === 'four');

  proxy.hold();
  fourth.socket.write('five');
  const fifth = dial();
  fifth.socket.write('six');
  await until(() => fifth.text === 'six');
  await until(() => proxy.held === 1);
  assert.equal(fourth.text, 'four');
  proxy.release();
  await until(() => fourth.text === 'fourfive');
  for (const { socket } of [fourth, fifth]) socket.destroy();
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  test(`who is ended by ${signal} leaves no process and no folder`, async (t) => {
    const program = `
      import { spawnBeside, temporaryFolder } from './harness/server.mjs';
      spawnBeside('sleep', ['600'], { stdio: 'inherit' });
      console.log(temporaryFolder());`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { cwd: path.join(root, 'e2e'), stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
    assert.ok(existsSync(line.trim()));
    child.kill(signal);
    await within(patience, 'the end of all who write to that pipe', once(child, 'close'));
    assert.equal(existsSync(line.trim()), false);
  });
}

test('what took too long is done again, and what it came to does not count', async () => {
  let times = 0;
  const slowAtFirst = async () => {
    times += 1;
    if (times > 2) return times;
    await sleep(60);
    if (times === 1) throw new Error('too late');
    return 'too late as well';
  };
  assert.ok(await inTime(50, slowAtFirst) > 2);
  await assert.rejects(inTime(1000, async () => { throw new Error('in time'); }), /in time/);
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { root, temporaryFolder } from '../harness/server.mjs';
import { until } from '../harness/wait.mjs';

/** Starts commands side by side, until the end of the test at most: {child, said(), ended}. */
function start(t, ...lanes) {
  const child = spawn(process.execPath, [path.join(root, 'scripts', 'side-by-side.mjs'), ...lanes], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill());
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { said += text; });
  const ended = new Promise((resolve) => { child.on('close', (code) => resolve(code)); });
  return { child, said: () => said, ended };
}

test('all of them run to their end, and what one says is in one piece', async (t) => {
  // The first waits for what the test does when the second is over.
  const pipe = path.join(temporaryFolder(), 'pipe');
  const run = start(t, `One=mkfifo ${pipe}; printf half; read line < ${pipe}; echo " $line"`, 'Two=echo first; echo second >&2');
  await until(() => run.said().includes('second\n') && existsSync(pipe));
  assert.equal(await start(t, `Three=echo whole > ${pipe}`).ended, 0);
  assert.equal(await run.ended, 0);
  assert.match(run.said(), /── Two: passed after 0 min \d+ s ─+\nfirst\nsecond\nhalf whole\n/);
  assert.match(run.said(), /✔ One: passed .*\n✔ Two: passed .*\n$/);
});

test('what has failed is said at the end, and is the exit status', async (t) => {
  const run = start(t, 'One=echo fine; sleep 0.1', 'Two=echo wrong >&2; exit 3', 'Three=echo good');
  assert.equal(await run.ended, 1);
  assert.ok(run.said().indexOf('good') < run.said().indexOf('wrong'));
  assert.ok(run.said().indexOf('fine') < run.said().indexOf('wrong'));
  assert.match(run.said(), /── Two: failed \(status 3\) after .*\nwrong\n\n── All in all ─+\n✔ One: .*\n✖ Two: failed .*\n✔ Three: .*\n$/);
});

test('the first counts, too', async (t) => {
  assert.equal(await start(t, 'One=exit 1', 'Two=true').ended, 1);
});

test('a signal ends all of them', async (t) => {
  const run = start(t, 'One=echo ready; sleep 600 & wait', 'Two=sleep 600');
  await until(() => run.said().includes('ready'));
  run.child.kill('SIGTERM');
  assert.equal(await run.ended, 143);
});

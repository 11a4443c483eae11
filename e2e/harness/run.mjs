// Builds the server once, then hands the test files of the named folders to
// Node's own test runner: `node harness/run.mjs contract unit`. Whatever
// follows `--` goes to the runner, e.g. `-- --test-name-pattern=rotation`.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { serverBinary, root } from './server.mjs';

const split = process.argv.indexOf('--');
const folders = process.argv.slice(2, split < 0 ? undefined : split);
const passedOn = split < 0 ? [] : process.argv.slice(split + 1);

/** All `*.test.mjs` files below a folder, or the file itself. */
function testFiles(start) {
  if (!existsSync(start)) return [];
  if (start.endsWith('.mjs')) return [start];
  return readdirSync(start, { withFileTypes: true }).flatMap((entry) => {
    const full = path.join(start, entry.name);
    if (entry.isDirectory()) return testFiles(full);
    return entry.name.endsWith('.test.mjs') ? [full] : [];
  });
}

const files = folders.flatMap((folder) => testFiles(path.join(root, 'e2e', folder))).sort();
if (files.length === 0) {
  console.error(`no test files in ${folders.join(', ')}`);
  process.exit(1);
}

// Two files at a time: each one has a server and a few clients of its own.
const child = spawn(
  process.execPath,
  ['--test', '--test-reporter=spec', `--test-concurrency=${process.env.E2E_CONCURRENCY ?? 2}`, ...passedOn, ...files],
  { stdio: 'inherit', env: { ...process.env, SECURECHAT_BIN: serverBinary() } },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : code));

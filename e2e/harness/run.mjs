// Builds the server once, then runs the test files of the named folders, or the
// named files, with Node's own test runner:
//
//   node harness/run.mjs [--no-browser] [--concurrency=N] contract unit [-- --test-name-pattern=rotation]
//
// `--no-browser` leaves out the files that open one.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';
import { root, serverBinary } from './server.mjs';

// The longest begin first, or the last of them runs alone while everything else is
// done. A file that is not here counts as short.
const longest = [
  'browser/chatting', 'pages/states', 'browser/embedded', 'browser/today', 'browser/early', 'browser/encrypted',
  'contract/members', 'browser/entering', 'browsers/webkit', 'browsers/firefox', 'unit/other-pages', 'unit/room-page', 'unit/room-people', 'contract/events',
].map((name) => path.join(root, 'e2e', `${name}.test.mjs`));

/**
 * All `*.test.mjs` files below a folder, or the file itself.
 *
 * @param {string} start
 */
function testFiles(start) {
  if (!existsSync(start)) return [];
  if (start.endsWith('.mjs')) return [start];
  return readdirSync(start, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.mjs')).map((name) => path.join(start, name));
}

/** @param {string} file */
const opensBrowser = (file) => readFileSync(file, 'utf8').includes("from '../browser/harness.mjs'");

/**
 * The rank of a file by the time that it takes. The longest has the smallest.
 *
 * @param {string} file
 */
const rank = (file) => (longest.includes(file) ? longest.indexOf(file) : longest.length);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'no-browser': { type: 'boolean' },
    // Each file has a server and a few clients of its own, and often a browser.
    concurrency: { type: 'string', default: process.env.E2E_CONCURRENCY ?? '2' },
    'test-name-pattern': { type: 'string', multiple: true },
  },
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
});

const files = positionals.flatMap((name) => testFiles(path.join(root, 'e2e', name)))
  .filter((file) => !values['no-browser'] || !opensBrowser(file))
  .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
if (files.length === 0) {
  console.error(`no test files in ${positionals.join(', ')}`);
  process.exit(1);
}

process.env.SECURECHAT_BIN = serverBinary();
const stop = new AbortController();
// Not at once, as server.mjs has it: the files have things to clear away.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(signal).on(signal, () => stop.abort());
// A client that tries for ever to reach a server that has died keeps its file from ending.
const timeout = 20 * 60_000; // ms, of a file
run({ files, concurrency: Number(values.concurrency), testNamePatterns: values['test-name-pattern'], signal: stop.signal, timeout })
  .on('test:fail', () => { process.exitCode = 1; })
  .compose(new spec())
  .pipe(process.stdout);

// Runs shell commands side by side, because most of what the tests do is waiting:
//
//   node scripts/side-by-side.mjs 'Name=command' 'Other name=command'
//
// The first is shown as it goes. What another says is shown in one piece: when it has
// passed, or, so that nobody has to search for it, at the very end if it has failed.
// All of them run to their end; the exit status is 1 if one has failed.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** @param {string} text */
const banner = (text) => `\n── ${text} ${'─'.repeat(Math.max(3, 76 - text.length))}\n`;

/** Whole lines only, so that what another says comes between two of them. */
class Lines {
  #rest = '';

  /** @param {string} text */
  write(text) {
    const end = text.lastIndexOf('\n') + 1;
    if (end > 0) process.stdout.write(this.#rest + text.slice(0, end));
    this.#rest = (end > 0 ? '' : this.#rest) + text.slice(end);
  }

  end() {
    if (this.#rest) process.stdout.write(`${this.#rest}\n`);
    this.#rest = '';
  }
}

/** @typedef {{name: string, passed: boolean, how: string, output: string}} Result */

/** @type {Set<import('node:child_process').ChildProcess>} */
const children = new Set();

/**
 * Runs one command and resolves to how it ended.
 *
 * @param {string} name
 * @param {string} command
 * @param {(text: string) => void} [hear] is called with the command's output, which is collected otherwise
 * @returns {Promise<Result>}
 */
function run(name, command, hear) {
  const began = Date.now();
  // A group of its own, which a signal to it ends as a whole.
  const child = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  children.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      if (hear) hear(text);
      else output += text;
    });
  }
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ name, passed: false, how: `did not start: ${error.message}`, output }));
    child.on('close', (code, signal) => {
      children.delete(child);
      const seconds = Math.round((Date.now() - began) / 1000);
      const how = code === 0 ? 'passed' : `failed (${signal ?? `status ${code}`})`;
      resolve({ name, passed: code === 0, how: `${how} after ${Math.floor(seconds / 60)} min ${seconds % 60} s`, output });
    });
  });
}

const lanes = process.argv.slice(2).map((argument) => {
  const [, name, command] = argument.match(/^([^=]+)=(.+)$/s) ?? [];
  if (!command) throw new Error(`not of the form Name=command: ${argument}`);
  return { name, command };
});

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => {
    for (const { pid } of children) {
      if (pid !== undefined) process.kill(-pid, signal); // it has none if it did not start
    }
    process.exitCode = 128 + constants.signals[signal];
  });
}

const lines = new Lines();
const results = await Promise.all(lanes.map(async ({ name, command }, i) => {
  const result = await run(name, command, i === 0 ? (text) => lines.write(text) : undefined);
  if (i === 0) lines.end();
  else if (result.passed) process.stdout.write(banner(`${name}: ${result.how}`) + result.output);
  return result;
}));

for (const { name, passed, how, output } of results.slice(1)) {
  if (!passed) process.stdout.write(banner(`${name}: ${how}`) + output);
}
process.stdout.write(banner('All in all') + results.map(({ name, passed, how }) => `${passed ? '✔' : '✖'} ${name}: ${how}\n`).join(''));
if (!results.every(({ passed }) => passed)) process.exitCode ||= 1;

// The server under test, as a process of its own.
import assert from 'node:assert/strict';
import { spawn, execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { patience, sleep, within } from './wait.mjs';

/** The repository's root folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Pages that print the contract's template variables and nothing else. */
export const minimalTemplates = path.join(root, 'e2e', 'fixtures', 'minimal');

/** @typedef {import('./wait.mjs').Test} Test */
/** @typedef {Record<string, string | number | boolean | null | undefined>} Environment null and undefined take a variable away */
/** @typedef {import('node:child_process').ChildProcess} ChildProcess */

/** @type {Set<ChildProcess>} */
const children = new Set();
/** @type {Set<string>} */
const folders = new Set();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
// Nothing runs at the exit of a process that dies of a signal, so it exits by itself.
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => process.exit(128 + os.constants.signals[signal]));
}

/** @typedef {import('node:child_process').StdioNull} Nothing */
/** @typedef {import('node:child_process').StdioPipe} Pipe */

/**
 * A process that ends with this one at the latest: spawn() of node:child_process.
 *
 * @overload
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptionsWithStdioTuple<Nothing, Pipe, Pipe>} options
 * @returns {import('node:child_process').ChildProcessByStdio<null, import('node:stream').Readable, import('node:stream').Readable>}
 *
 * @overload
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptionsWithStdioTuple<Pipe, Pipe, Pipe>} options
 * @returns {import('node:child_process').ChildProcessWithoutNullStreams}
 *
 * @overload
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 * @returns {ChildProcess}
 *
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 * @returns {ChildProcess}
 */
export function spawnBeside(command, args, options) {
  const child = spawn(command, args, options);
  children.add(child);
  child.on('close', () => children.delete(child)); // has ended, and all it wrote is read
  return child;
}

/** A new empty folder that goes away with this process. */
export function temporaryFolder() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'securechat-e2e-'));
  folders.add(folder);
  return folder;
}

let binary = process.env.SECURECHAT_BIN;

/** Whether the server looks for races: then its memory says nothing of how much it takes. */
export const raceDetector = Boolean(process.env.E2E_RACE);

/**
 * The path of the server's binary, built at the first call. Test files that
 * the runner starts get its build through SECURECHAT_BIN. E2E_RACE=1 builds
 * with the race detector.
 */
export function serverBinary() {
  if (binary) return binary;
  const target = path.join(temporaryFolder(), 'securechat');
  const race = raceDetector ? ['-race'] : [];
  execFileSync('go', ['build', ...race, '-o', target, '.'], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  binary = target;
  return binary;
}

/**
 * A TCP port on 127.0.0.1 that nobody listened on a moment ago, and that no client is given by the system.
 *
 * @returns {Promise<number>}
 */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    const port = randomInt(10_000, 32_768);
    probe.once('error', (/** @type {NodeJS.ErrnoException} */ error) => (error.code === 'EADDRINUSE' ? resolve(freePort()) : reject(error)));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(port)));
  });
}

/**
 * The environment of a test server unless a test says otherwise: nobody meets a rate
 * limit or the room limits, and each Person has an address of their own.
 */
export const defaults = {
  HOST: '127.0.0.1',
  SECRET_KEY: 'a key for tests that is long enough to be accepted',
  LOG_LEVEL: 'INFO',
  RATE_LIMITS: 'off',
  TRUSTED_PROXIES: '1',
  MAX_ROOMS: '100000',
  MAX_ROOMS_PER_IP: '100000',
  TEMPLATES_DIR: minimalTemplates,
};

/** One running server process. */
export class Server {
  #child;
  #output = '';
  #exit;
  /** @type {(() => void)[]} */
  #atEnd = [];

  /**
   * @param {import('node:child_process').ChildProcessByStdio<null, import('node:stream').Readable, import('node:stream').Readable>} child
   * @param {string} url
   */
  constructor(child, url) {
    this.#child = child;
    this.url = url;
    this.port = Number(new URL(url).port);
    this.pid = child.pid;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => { this.#output += text; });
    }
    /** @type {Promise<{code: number | null, signal: NodeJS.Signals | null}>} */
    this.#exit = new Promise((resolve) => {
      child.on('close', (code, signal) => resolve({ code, signal }));
    });
  }

  /** Everything the process has written so far. */
  get output() { return this.#output; }

  get running() { return this.#child.exitCode === null && this.#child.signalCode === null; }

  /** Resolves to {code, signal} when the process has ended. */
  get exited() { return this.#exit; }

  /**
   * Calls `fn` (e.g. to close a client) when the harness is about to end this server.
   *
   * @param {() => void} fn
   */
  atEnd(fn) { this.#atEnd.push(fn); }

  /** Does what was left to be done at the end: a client that nobody closed would go on reconnecting for ever. */
  release() {
    for (const fn of this.#atEnd.splice(0)) fn();
  }

  /**
   * Sends a signal and does not wait.
   *
   * @param {NodeJS.Signals} name
   */
  signal(name) { this.#child.kill(name); }

  /** Ends the process as an operator does; it must exit with 0. */
  async stop() {
    assert.ok(this.running, `the server ended by itself:\n${this.#output}`);
    this.#child.kill('SIGTERM');
    const { code, signal } = await within(patience, 'the server to exit after SIGTERM', this.#exit)
      .catch((error) => { this.kill(); throw error; });
    this.release();
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, `exit after SIGTERM:\n${this.#output}`);
  }

  /** Ends the process at once, whatever state it is in. */
  kill() {
    this.release();
    this.#child.kill('SIGKILL');
  }
}

/**
 * Starts the binary with exactly `env` (plus PATH) in an empty folder, and returns without waiting.
 *
 * @param {Environment} env
 * @param {{cwd?: string, wrap?: string[]}} [options] `wrap` is a command line that gets the binary's path as its last argument
 */
export function spawnServer(env, { cwd = temporaryFolder(), wrap = [] } = {}) {
  /** @type {Record<string, string>} */
  const set = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && value !== null) set[name] = String(value);
  }
  const [command, ...args] = [...wrap, serverBinary()];
  const child = spawnBeside(command, args, {
    cwd,
    env: { PATH: process.env.PATH, ...set },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Server(child, `http://127.0.0.1:${set.PORT ?? 5000}`);
}

/**
 * Starts a server on a free port of 127.0.0.1 and resolves when it is ready.
 * `env` is laid over the defaults.
 *
 * @param {{env?: Environment, cwd?: string, wrap?: string[]}} [options]
 */
export async function startServer({ env = {}, cwd, wrap } = {}) {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const server = spawnServer({ ...defaults, PORT: String(port), ...env }, { cwd, wrap });
    if (await ready(server)) return server;
    server.kill();
    // Somebody else may have taken the port meanwhile; anything else is a failure.
    if (attempt === 3 || !/address already in use/i.test(server.output)) {
      throw new Error(`the server did not become ready:\n${server.output}`);
    }
  }
}

/** @param {Server} server */
async function ready(server) {
  const end = Date.now() + patience;
  while (server.running && Date.now() < end) {
    const answer = await fetch(`${server.url}/readyz`).catch(() => null);
    await answer?.body?.cancel();
    // It says where it is: what answers may be somebody else who has the port.
    if (answer?.ok && server.output.includes(' is at http')) return true;
    await sleep(25);
  }
  return false;
}

/**
 * A server for a whole test file (or describe block): started before its
 * first test, stopped after its last, when it must still be alive and exit
 * with 0.
 *
 * @param {Parameters<typeof startServer>[0]} [options]
 */
export function serverForFile(options = {}) {
  /** @type {Server | undefined} */
  let server;
  const started = () => {
    assert.ok(server, 'the server is there from the first test on');
    return server;
  };
  before(async () => { server = await startServer(options); });
  after(async () => {
    if (!server) return;
    server.release();
    try {
      await server.stop();
    } finally {
      server.kill();
    }
  });
  return {
    get process() { return started(); },
    get url() { return started().url; },
    get port() { return started().port; },
    get output() { return started().output; },
    get running() { return started().running; },
    /** @param {() => void} fn */
    atEnd(fn) { started().atEnd(fn); },
  };
}

/**
 * A server for one test: stopped (with the assertions of stop) or killed when the test ends.
 *
 * @param {Test} t
 * @param {Parameters<typeof startServer>[0]} [options]
 */
export async function serverForTest(t, options = {}) {
  const server = await startServer(options);
  t.after(async () => {
    server.release();
    try {
      if (server.running) await server.stop();
    } finally {
      server.kill();
    }
  });
  return server;
}

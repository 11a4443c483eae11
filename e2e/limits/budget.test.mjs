// Every row of docs/limits.md is driven to its bound, one after the other, in a process that may have
// 640 MiB of data in all, while a room of three goes on talking.
import assert from 'node:assert/strict';
import { appendFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { roomWith } from '../harness/scenario.mjs';
import { minimalTemplates, raceDetector, root, serverForFile, temporaryFolder } from '../harness/server.mjs';
import { patience, until } from '../harness/wait.mjs';
import { attacks, floods, keepers, maxRooms } from './attacks.mjs';

/** The kernel lets the process reserve so many bytes. Heap that is reserved and not used counts as well. */
const maxData = 671_088_640;
/** The process may really have had so many bytes in memory at any time: the smallest machines have 512 MB. */
const maxPeak = 480 << 20;

/** The settings of the blueprint for Render. */
const blueprint = readFileSync(`${root}/render.yaml`, 'utf8');
const [GOMEMLIMIT, MAX_CONNECTIONS] = ['GOMEMLIMIT', 'MAX_CONNECTIONS']
  .map((name) => new RegExp(`key: ${name}\\b.*\\n\\s*value: "?([^"\\s]+)`).exec(blueprint)[1]);

/** A folder whose room page is longer than what the system takes of an answer. */
function longPages() {
  const folder = temporaryFolder();
  cpSync(minimalTemplates, folder, { recursive: true });
  appendFileSync(`${folder}/chatroom.html`, `<!-- ${'x'.repeat(900 << 10)} -->`);
  return folder;
}

const isWord = (content) => /^word \d+$/.test(content);
const MiB = (bytes) => `${Math.round(bytes / (1 << 20))} MiB`;

/**
 * Lets a server meet attacks one after the other while its room of three talks.
 *
 * @param {string} title
 * @param {Record<string, string>} env
 * @param {typeof attacks} list
 */
function underAttack(title, env, list) {
  describe(title, () => {
    const server = serverForFile({
      wrap: raceDetector ? [] : ['prlimit', `--data=${maxData}`, '--'],
      env: { MAX_ROOMS: undefined, MAX_ROOMS_PER_IP: undefined, GOMEMLIMIT, MAX_CONNECTIONS, ...env },
    });
    let seats;
    let said = 0;
    let talk;
    before(async () => {
      seats = await roomWith(server, ['Ana', 'Bob', 'Cleo'], { transports: 'websocket' });
      talk = setInterval(() => seats[said % 3].say(`word ${said++}`), 250);
    });
    after(() => clearInterval(talk));

    /** Everybody in the room has heard every word up to now, once and in the same order, and nobody was away. */
    async function assertUndisturbed() {
      const words = Array.from({ length: said }, (_, i) => `word ${i}`);
      const heard = ({ conn }) => conn.all('message').map(({ content }) => content).filter(isWord);
      for (const seat of seats) {
        // Words are said by three connections, and a later one may be heard first.
        await until(() => words.every((word) => heard(seat).includes(word)), { what: `${seat.name} hears ${words.length} words`, timeout: 3 * patience });
        assert.deepEqual(seat.conn.all('disconnect'), []);
      }
      const [first, ...others] = seats.map(heard);
      assert.equal(new Set(first).size, first.length, 'nothing is heard twice');
      assert.deepEqual(words.filter((word) => !first.includes(word)), []);
      for (const other of others) {
        const both = Math.min(first.length, other.length);
        assert.deepEqual(other.slice(0, both), first.slice(0, both));
      }
    }

    /** Who has a seat is not locked out: the room's page is there for them, from wherever they come. */
    async function assertWelcome() {
      const [{ person, room }] = seats;
      assert.equal((await person.fetch(room.path)).status, 200);
    }

    const peak = () => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.process.pid}/status`, 'utf8'))[1]) * 1024;

    for (const { row, what, drive } of list) {
      test(`${row}: ${what}`, { timeout: 10 * patience }, async (t) => {
        writeFileSync(`/proc/${server.process.pid}/clear_refs`, '5'); // the peak begins anew
        const end = await drive(server, seats, (figures) => t.diagnostic(figures));
        try {
          await assertUndisturbed();
          await assertWelcome();
        } finally {
          end();
        }
        t.diagnostic(`peak ${MiB(peak())}`);
        assert.ok(server.running, `the server died:\n${server.output.slice(-4000)}`);
        assert.ok(raceDetector || peak() < maxPeak, `the process had ${MiB(peak())}`);
      });
    }
  });
}

underAttack('a process of 512 MB', { RATE_LIMITS: 'on', TEMPLATES_DIR: longPages() }, attacks);
underAttack('a process of 512 MB, where few rooms are kept', {
  RATE_LIMITS: 'on', MAX_ROOMS: String(maxRooms), ABSENCE_GRACE: '100ms', RETURN_GRACE: '200ms',
}, keepers);
underAttack('a process of 512 MB, without limits on how fast members say something', { RATE_LIMITS: 'off' }, floods);
test('every row of docs/limits.md is driven to its bound, and nothing else is', () => {
  const [, table] = /\n## Phases\n([^]*?)\n## /.exec(readFileSync(`${root}/docs/limits.md`, 'utf8'));
  const rows = new Set([...table.matchAll(/^\| \*\*([^*]+)\*\* \|/gm)].map(([, row]) => row));
  assert.deepEqual([...new Set([...attacks, ...keepers, ...floods].map(({ row }) => row))].sort(), [...rows].sort());
});

// Nothing is left of connections that are over.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matrix } from '../harness/clients.mjs';
import { Person } from '../harness/person.mjs';
import { RawWebSocket } from '../harness/raw.mjs';
import { createRoom } from '../harness/scenario.mjs';
import { freePort, serverForTest } from '../harness/server.mjs';
import { until } from '../harness/wait.mjs';

test('goroutines and sockets of closed connections are gone', async (t) => {
  const port = await freePort();
  const server = await serverForTest(t, { env: { METRICS_ADDR: `127.0.0.1:${port}`, ABSENCE_GRACE: '1h', RETURN_GRACE: '2h' } });
  const gauge = async (name) => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)[1]);
  };
  const room = await createRoom(server, 'Ana', { t });
  room.conn.close();

  /** A round of everything: connections that join and say goodbye, or break off, or talk nonsense. */
  async function round(times) {
    for (let i = 0; i < times; i++) {
      await Promise.all(matrix.map(async ({ version, transports }) => {
        const conn = await room.person.enter(room.room, { version, transports });
        conn.emit('message', { room: room.roomId, message: `round ${i}` });
        await conn.barrier();
        conn.close();
      }));
      for (const packet of ['42["ping"]', 'nonsense', '5', '41']) {
        const raw = await (await RawWebSocket.open(new Person(server, { t }))).connect();
        raw.text(packet);
        raw.close();
      }
    }
    await until(async () => (await gauge('securechat_sockets')) === 0, { what: 'all sockets are gone' });
  }

  await round(5);
  const before = await gauge('go_goroutines');
  await round(50);
  // Five hundred connections later; a few belong to the requests for these figures.
  await until(async () => (await gauge('go_goroutines')) <= before + 25, { what: 'the goroutines are gone' })
    .catch(async (error) => assert.fail(`${error.message}: ${before} before, ${await gauge('go_goroutines')} after`));
});

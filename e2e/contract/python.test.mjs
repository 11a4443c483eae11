// A client that is not JavaScript, and whose handlers take the arguments of the interface
// and no more: Python raises an exception at any other.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clients, python, transportSets } from '../harness/clients.mjs';
import { Person } from '../harness/person.mjs';
import { Proxy } from '../harness/proxy.mjs';
import { admit, createRoom, knock, roomWith } from '../harness/scenario.mjs';
import { serverForFile } from '../harness/server.mjs';
import { until } from '../harness/wait.mjs';

const newest = Object.keys(clients).at(-1);
const heard = ({ conn }) => conn.all('message').map(({ content }) => content);

for (const transports of Object.keys(transportSets)) {
  describe(`${python}, ${transports}`, { concurrency: 4 }, () => {
    const server = serverForFile();
    const how = (t) => ({ t, version: python, transports });
    const content = (seat) => assert.equal(seat.conn.socket.complaints, '');

    test('knock, enter, talk both ways', async (t) => {
      const ana = await createRoom(server, 'Ana', { t, version: newest });
      const applicant = await knock(server, ana.room.code, 'Bob', how(t));
      const bob = await admit([ana], applicant, { version: python, transports });
      ana.say('from JavaScript: ä😀');
      await bob.conn.waitFor('message', (message) => message.content === 'from JavaScript: ä😀' && message.sender === 'Ana');
      bob.say('from Python: ä😀');
      await ana.conn.waitFor('message', (message) => message.content === 'from Python: ä😀' && message.sender === 'Bob');
      await bob.conn.waitFor('message', (message) => message.content === 'from Python: ä😀');
      bob.emit('ping_room');
      assert.equal((await bob.conn.waitFor('room_status')).participant_count, 2);
      await bob.conn.barrier();
      content(bob);
    });

    test('acknowledgements', async (t) => {
      const ana = await createRoom(server, 'Ana', how(t));
      const answers = [
        await ana.conn.request('message', { room: ana.roomId, message: 'one' }),
        await ana.conn.request('ping_room', { room: ana.roomId }),
        await ana.conn.request('nobody knows this', { a: [1, { b: 2 }] }),
        await ana.conn.request('message', { room: ana.roomId, message: 'x'.repeat(1_000_000), ref: 'long' }),
      ];
      assert.deepEqual(answers, [[], [], [], []]);
      const refused = await ana.conn.waitFor('room_error', ({ ref }) => ref === 'long');
      assert.match(refused.message, /too long/);
      content(ana);
    });

    test('an attachment is nobody\'s, and the conversation goes on', async (t) => {
      const ana = await createRoom(server, 'Ana', how(t));
      for (const size of [1, 100_000]) ana.conn.socket.emitBytes('message', size);
      ana.say('after');
      await ana.conn.waitFor('message', (message) => message.content === 'after');
      assert.deepEqual(heard(ana), ['after']);
      assert.deepEqual(ana.conn.all('disconnect'), []);
      content(ana);
    });

    test('each message once over cuts', async (t) => {
      const seats = await roomWith(server, ['Ana'], { t, version: newest });
      const [ana] = seats;
      const proxy = await Proxy.to(server.port);
      t.after(() => proxy.close());
      const person = new Person(server, { t, url: proxy.url });
      const applicant = await knock(server, ana.room.code, 'Bob', { ...how(t), person });
      const bob = await admit([ana], applicant, { version: python, transports });
      const said = [];
      for (let cut = 1; cut <= 3; cut++) {
        for (let i = 1; i <= 5; i++) {
          said.push(`${cut}.${i}`);
          ana.say(said.at(-1));
        }
        await until(() => heard(bob).length >= said.length, { what: `all of ${said.length}` });
        await bob.conn.request('ping_room', { room: bob.roomId });
        proxy.cut();
        said.push(`missed ${cut}`);
        ana.say(said.at(-1));
        await until(() => heard(bob).length >= said.length, { what: `the missed one of ${said.length}` });
      }
      bob.say('still here');
      await ana.conn.waitFor('message', (message) => message.content === 'still here');
      await until(() => heard(bob).includes('still here'), { what: 'its own word' });
      assert.deepEqual(heard(bob).toSorted(), [...said, 'still here'].toSorted()); // Python calls handlers side by side
      content(bob);
    });
  });
}

// Somebody who asks to be let in and takes that back, with steps that take their time.
import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import { Events } from '../../static/js/transport/events.js';
import { JoinRequest } from '../../static/js/waiting/request.js';
import { stopTime } from '../harness/clock.mjs';
import { fakeClient, later, reported, settled } from './client.mjs';

const verdict = { user_id: 'knock-1' };
const slowly = (value) => Promise.resolve(value);

/** A waiting page that has said its join_request; `went` has where it has gone to. */
async function waiting(t, steps = {}) {
  const client = fakeClient();
  const errors = reported(t);
  t.after(() => { assert.deepEqual(errors, []); });
  const went = [];
  const before = globalThis.location;
  globalThis.location = { replace: (to) => went.push(to) };
  const events = new Events(client.io, { room: 'knock-1', seat: 'knock-1' }, steps, { state() {} });
  t.after(() => {
    events.close();
    globalThis.location = before;
  });
  let click;
  const home = { addEventListener: (_, handle) => { click = handle; }, setAttribute() {} };
  new JoinRequest(events, { room: 'knock-1', id: 'knock-1', name: 'Zoë' }, { show() {}, admit() {}, refuse() {} }, home);
  client.connect();
  await settled();
  assert.deepEqual(client.take(), ['join_request']);
  client.answers.length = 0;
  return { client, events, went, cancel: () => click({ preventDefault() {} }) };
}

describe('a request that is taken back', () => {
  test('is, and the page goes when the server has answered', async (t) => {
    const { client, went, cancel } = await waiting(t);
    cancel();
    assert.deepEqual([client.take(), went], [['withdraw_request'], []]);
    client.answers[0](null);
    assert.deepEqual(went, ['/']);
  });

  const steps = {
    'at once': {},
    'with an opening that takes its time': { open: slowly },
    'with a sealing that takes its time': { seal: slowly },
    'with both taking their time': { open: slowly, seal: slowly },
  };
  for (const [how, given] of Object.entries(steps)) {
    // Else the place would be kept, and counted, and nobody would take it.
    test(`gives the place back if the last yes was faster, ${how}`, async (t) => {
      const { client, went, cancel } = await waiting(t, given);
      cancel();
      await settled();
      client.receive('join_approved', verdict);
      client.answers.shift()(null); // right behind it
      await settled();
      assert.deepEqual([client.take(), went], [['withdraw_request', 'leave_room'], []]);
      client.answers.shift()(null);
      await settled();
      assert.deepEqual(went, ['/'], 'once');
    });

    test(`gives the place back if the yes was there before the click, ${how}`, async (t) => {
      const { client, went, cancel } = await waiting(t, given);
      if (given.open === undefined) return; // the page has gone into the room
      client.receive('join_approved', verdict);
      cancel();
      await settled();
      client.answers.shift()(null);
      await settled();
      assert.deepEqual([client.take(), went], [['withdraw_request', 'leave_room'], []]);
      client.answers.shift()(null);
      await settled();
      assert.deepEqual(went, ['/']);
    });
  }

  test('is not made again by the next connection, but taken back again', async (t) => {
    stopTime(t);
    const seal = later();
    const { client, events, went, cancel } = await waiting(t, { seal: (said) => (said.event === 'typing' ? seal.promise : said) });
    events.say('typing');
    cancel(); // waits behind it
    client.lose();
    client.connect();
    seal.resolve({ event: 'typing', fields: {} });
    await settled();
    assert.deepEqual([client.take(), went], [['withdraw_request'], []]);
    mock.timers.tick(1500);
    assert.deepEqual(went, ['/']);
  });
});

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Outbox } from '../../static/js/outbox.js';

/** An outbox with what it has sent, and with the states that its messages went through. */
function outbox(t) {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const sent = [];
  const states = [];
  const box = new Outbox(
    ({ message, again }) => sent.push(again ? `${message} again` : message),
    ({ text, state }) => states.push(`${text} ${state}`),
  );
  return { box, sent, take: () => [sent.splice(0), states.splice(0)] };
}

/** An outbox that tells the refs of what it sends. */
function refs(t) {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const sent = [];
  const failed = [];
  const box = new Outbox((message) => sent.push(message), ({ ref, state }) => { if (state === 'failed') failed.push(ref); });
  box.connected();
  return { box, sent, failed };
}

test('a message waits for the connection, and those before it', (t) => {
  const { box, take } = outbox(t);
  box.add('one');
  box.add('two');
  assert.deepEqual(take(), [[], ['one waiting', 'two waiting']]);
  box.connected();
  assert.deepEqual(take(), [['one', 'two'], ['one sending', 'two sending']]);
  box.add('three');
  assert.deepEqual(take(), [['three'], ['three sending']]);
});

// Whether the server has got it nobody knows; it knows by the ref whether it is new.
test('what was on its way when the connection was lost is sent again, in order', (t) => {
  const { box, take } = outbox(t);
  box.connected();
  box.add('one');
  box.disconnected();
  box.add('two');
  take();
  box.connected();
  assert.deepEqual(take()[0], ['one again', 'two']);
});

test('a message that the server has relayed is done', (t) => {
  const { box, sent, failed } = refs(t);
  box.add('one');
  box.add('two');
  assert.notEqual(sent[0].ref, sent[1].ref);
  box.relayed(sent[0].ref);
  assert.equal(box.isEmpty, false);
  mock.timers.tick(60_000);
  assert.deepEqual(failed, [sent[1].ref]);
  box.relayed(sent[1].ref); // late, but not too late
  assert.equal(box.isEmpty, true);
  box.relayed('of another tab');
});

test('a message that is not answered has failed, and can be sent again', (t) => {
  const { box, take } = outbox(t);
  box.connected();
  box.add('one');
  take();
  mock.timers.tick(9_999);
  assert.deepEqual(take()[1], []);
  mock.timers.tick(1);
  assert.deepEqual(take(), [[], ['one failed']]);
  // Nothing happens to it by itself.
  box.disconnected();
  box.connected();
  assert.deepEqual(take(), [[], []]);
});

test('time without a connection does not count', (t) => {
  const { box, take } = outbox(t);
  box.connected();
  box.add('one');
  box.disconnected();
  mock.timers.tick(60_000);
  assert.deepEqual(take()[1], ['one sending', 'one waiting']);
});

test('a refused message stays until the person decides', (t) => {
  const { box, sent, failed } = refs(t);
  box.add('one');
  const [{ ref }] = sent;
  box.refused(ref);
  box.refused('of another tab');
  assert.deepEqual(failed, [ref]);
  box.retry(ref);
  assert.deepEqual(sent[1], { message: 'one', ref, again: true });
  box.refused(ref);
  assert.equal(box.takeBack(ref), 'one');
  assert.equal(box.isEmpty, true);
  assert.equal(box.takeBack(ref), undefined);
});

test('nothing is sent once the room is over', (t) => {
  const { box, take } = outbox(t);
  box.connected();
  box.add('one');
  take();
  box.close();
  assert.deepEqual(take(), [[], ['one failed']]);
});

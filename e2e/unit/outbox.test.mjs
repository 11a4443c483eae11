import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Outbox } from '../../static/js/transport/outbox.js';
import { stopTime } from '../harness/clock.mjs';

/** An outbox, and what it did: `take()` gives what was sent and the states that messages went through. */
function outbox(t) {
  stopTime(t);
  const sent = [];
  const states = [];
  const box = new Outbox({
    send(message) {
      sent.push(message);
      box.sent(message); // it goes out at once
    },
    changed: ({ text, state }) => states.push(`${text} ${state}`),
  });
  const shown = ({ text, again }) => (again ? `${text} again` : text);
  return { box, sent, take: () => [sent.splice(0).map(shown), states.splice(0)] };
}

test('a message waits for the connection, and those before it', (t) => {
  const { box, take } = outbox(t);
  box.add('one');
  box.add('two');
  assert.deepEqual(take(), [[], ['one waiting', 'two waiting']]);
  box.connected();
  assert.deepEqual(take(), [['one', 'two'], ['one sending', 'two sending']]);
  box.add('three');
  assert.deepEqual(take(), [['three'], ['three waiting', 'three sending']]);
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
  const { box, sent, take } = outbox(t);
  box.connected();
  box.add('one');
  box.add('two');
  const [one, two] = sent.map(({ ref }) => ref);
  assert.notEqual(one, two);
  box.relayed(one);
  assert.equal(box.isEmpty, false);
  take();
  mock.timers.tick(60_000); // whether the server is too slow is for the connection to judge
  assert.deepEqual(take(), [[], []]);
  box.relayed(two);
  assert.equal(box.isEmpty, true);
  box.relayed('of another tab');
});

// As of something between the page and the server that takes offence at it.
test('a message over which one connection after the other is lost has failed, and can be sent again', (t) => {
  const { box, sent, take } = outbox(t);
  let ref;
  box.add('one');
  for (let i = 0; i < 5; i += 1) {
    box.connected();
    [{ ref }] = sent;
    assert.equal(take()[1].at(-1), 'one sending');
    box.disconnected();
  }
  assert.deepEqual(take()[1], ['one failed']);
  box.connected();
  box.disconnected();
  box.connected();
  assert.deepEqual(take(), [[], []]);
  box.retry(ref);
  assert.deepEqual(take(), [['one again'], ['one waiting', 'one sending']]);
  box.disconnected();
  assert.deepEqual(take()[1], ['one waiting']);
});

// The server takes sixty at once and ten a second.
test('much at once goes at a pace that the server takes, in order', (t) => {
  const { box, sent } = outbox(t);
  const texts = Array.from({ length: 100 }, (_, i) => `no ${i}`);
  for (const text of texts) box.add(text);
  box.connected();
  assert.equal(sent.length, 50);
  const relay = (from) => { for (const { ref } of sent.slice(from)) box.relayed(ref); };
  relay(0);
  for (const seconds of [1, 2, 3]) {
    const before = sent.length;
    mock.timers.tick(1000);
    assert.ok(sent.length - before >= 7 && sent.length - before <= 9, `${sent.length - before} in the second ${seconds}`);
    relay(before);
  }
  for (let i = 0; i < 10; i += 1) {
    const before = sent.length;
    mock.timers.tick(1000);
    relay(before);
  }
  assert.deepEqual(sent.map(({ text }) => text), texts);
  assert.equal(box.isEmpty, true);
});

// The server's clock starts when the first one arrives, not when it was sent.
test('what is stuck on its way leaves no room for more', (t) => {
  const { box, sent } = outbox(t);
  for (let i = 0; i < 200; i += 1) box.add(`no ${i}`);
  box.connected();
  mock.timers.tick(5000);
  assert.equal(sent.length, 50);
  for (const { ref } of sent) box.relayed(ref);
  mock.timers.tick(1000);
  assert.ok(sent.length >= 57 && sent.length <= 59, `${sent.length - 50} in a second`);
  // Those of a lost connection may have arrived, or not.
  box.disconnected();
  box.connected();
  const again = sent.length;
  mock.timers.tick(1000);
  assert.ok(sent.length - again >= 7 && sent.length - again <= 9, `${sent.length - again} in a second`);
});

test('a long way takes no longer for many', (t) => {
  const { box, sent } = outbox(t);
  for (let i = 0; i < 100; i += 1) box.add(`no ${i}`);
  box.connected();
  const answered = sent.map(({ ref }) => ref);
  for (const ref of answered) box.relayed(ref);
  // An answer takes a second and a half.
  let done = 50;
  const arrivals = [];
  for (let ms = 0; ms < 8000; ms += 100) {
    while (arrivals.length + 50 < sent.length) arrivals.push(ms + 1500);
    mock.timers.tick(100);
    while (done < sent.length && arrivals[done - 50] <= ms) box.relayed(sent[done++].ref);
  }
  assert.equal(sent.length, 100);
});

// A message that has not gone out has not counted at the server.
test('messages that cannot be sent take nobody\'s turn', (t) => {
  stopTime(t);
  const sent = [];
  let works = false;
  const box = new Outbox({
    send(message) {
      if (!works) box.failed(message);
      else if (box.sent(message)) sent.push(message.text);
    },
    changed() {},
  });
  box.connected();
  for (let i = 0; i < 200; i += 1) box.add(`no ${i}`);
  works = true;
  for (let i = 0; i < 50; i += 1) box.add(`then ${i}`);
  assert.equal(sent.length, 50);
});

test('a refused message stays until the person decides', (t) => {
  const { box, sent, take } = outbox(t);
  box.connected();
  box.add('one');
  const [{ ref }] = sent;
  box.refused(ref);
  box.refused('of another tab');
  assert.equal(take()[1].at(-1), 'one failed');
  box.retry(ref);
  assert.deepEqual(sent.map(({ text, again }) => [text, again]), [['one', true]]);
  box.refused(ref);
  assert.equal(box.takeBack(ref), 'one');
  assert.equal(box.isEmpty, true);
  assert.equal(box.takeBack(ref), undefined);
  box.retry(ref);
});

test('nothing is sent once the room is over', (t) => {
  const { box, sent, take } = outbox(t);
  box.connected();
  box.add('one');
  const [{ ref }] = sent;
  take();
  box.close();
  box.retry(ref);
  mock.timers.tick(60_000);
  assert.deepEqual(take(), [[], ['one failed']]);
});

// A page says and hears in order, with steps that take their time: as sealing and opening do.
import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import { Events } from '../../static/js/transport/events.js';
import { stopTime } from '../harness/clock.mjs';
import { fakeClient, later, reported, settled } from './client.mjs';

const place = { room: 'room-1', seat: 'seat-1' };
const own = { member: 'seat-1', sender: 'Zoë', name: 'Zoë' };
const alice = { member: 'seat-2', sender: 'Alice', name: 'Alice' };

/**
 * The events of a page. `heard` has [event, data] in the order in which they are handed on, `states` those that
 * its messages went through, `refs` what they are called, `warned` what was not understood.
 */
function page(t, steps = {}) {
  const client = fakeClient();
  const [heard, states, warned, refs] = [[], [], [], new Map()];
  t.mock.method(console, 'warn', (...said) => warned.push(said.join(' ')));
  const errors = reported(t);
  const events = new Events(client.io, place, steps, { state: () => {}, changed({ ref, text, state }) {
    refs.set(text, ref);
    states.push(`${text} ${state}`);
  } });
  for (const event of ['connect', 'disconnect', 'message', 'typing', 'room_status', 'room_error']) events.on(event, (data) => heard.push([event, data]));
  events.on('connect', () => events.entered());
  t.after(() => events.close());
  return { client, events, heard, states, refs, warned, errors, names: () => heard.splice(0).map(([event, { content, text }]) => text ?? content ?? event) };
}

/** Steps that last until the test ends them, in turn: `under` has what is under way. */
function slowly() {
  const under = [];
  const step = (value) => {
    const one = later();
    under.push({ value, end: async (out) => { one.resolve(out); await settled(); }, fail: async () => { one.reject(new Error('no key')); await settled(); } });
    return one.promise;
  };
  return { under, step };
}

const sealed = ({ event, fields, text }) => ({ event, fields: text === undefined ? fields : { ...fields, data: `sealed ${text}` } });

describe('what a page says', () => {
  test('goes out at once, with the room, and is acknowledged', (t) => {
    const { client, events } = page(t);
    client.connect();
    assert.equal(events.say('ping_room'), true);
    assert.equal(events.say('approve_join', { user_id: 'knock-1' }), true);
    assert.deepEqual(client.sent, [['ping_room', { room: 'room-1' }, true], ['approve_join', { room: 'room-1', user_id: 'knock-1' }, true]]);
  });

  test('is nothing without a connection, nor after the end', (t) => {
    const { client, events } = page(t);
    assert.equal(events.say('ping_room'), false);
    client.connect();
    client.lose();
    assert.equal(events.say('ping_room'), false);
    client.connect();
    assert.deepEqual(client.take(), []);
    events.close();
    client.connect();
    assert.equal(events.say('ping_room'), false);
    assert.deepEqual(client.take(), []);
  });

  // A vote that is given after a message comes after it everywhere.
  test('goes out in order, however long one takes to seal', async (t) => {
    const { under, step } = slowly();
    const { client, events } = page(t, { seal: (said) => (said.text === undefined ? sealed(said) : step(said)) });
    client.connect();
    events.outbox.add('one');
    events.say('typing');
    events.outbox.add('two');
    events.say('ping_room');
    assert.deepEqual(client.take(), []);
    await under[0].end(sealed(under[0].value));
    assert.deepEqual(client.take(), ['message', 'typing']);
    await under[1].end(sealed(under[1].value));
    assert.deepEqual(client.take(), ['message', 'ping_room']);
  });

  test('is sent as it was sealed, and a text in no other way', (t) => {
    const { client, events } = page(t, { seal: sealed });
    client.connect();
    events.outbox.add('a secret');
    const [[event, { ref, ...fields }]] = client.sent;
    assert.match(ref, /^[0-9a-f]{32}$/);
    assert.deepEqual([event, fields], ['message', { room: 'room-1', again: false, data: 'sealed a secret' }]);
    const unsealed = page(t);
    unsealed.client.connect();
    unsealed.events.outbox.add('a secret');
    assert.doesNotMatch(JSON.stringify(unsealed.client.sent), /secret/);
  });

  for (const [how, fail] of [['throws', () => { throw new Error('no key'); }], ['rejects', async () => { throw new Error('no key'); }]]) {
    test(`is kept as not sent if the sealing ${how}, and sent when that works`, async (t) => {
      let broken = true;
      const { client, events, states, refs, errors } = page(t, { seal: (said) => (broken && said.text === 'one' ? fail() : sealed(said)) });
      client.connect();
      events.outbox.add('one');
      events.outbox.add('two');
      await settled();
      assert.deepEqual(client.sent.map(([, { data }]) => data), ['sealed two']);
      assert.deepEqual(states.filter((state) => state.startsWith('one')), ['one waiting', 'one failed']);
      assert.deepEqual(events.outbox.undelivered, ['one']);
      assert.deepEqual(errors.map(({ message }) => message), ['no key']);
      client.lose();
      client.connect();
      await settled();
      assert.doesNotMatch(JSON.stringify(client.sent), /one/, 'only the person decides');
      broken = false;
      const ref = refs.get('one');
      events.outbox.retry(ref);
      assert.deepEqual(client.sent.at(-1), ['message', { room: 'room-1', ref, again: false, data: 'sealed one' }, true]);
    });
  }

  // Nobody means to say twice what may have been heard.
  test('that has gone out before is no draft when it cannot be sealed once more', (t) => {
    let broken = false;
    const { client, events, states } = page(t, { seal(said) {
      if (broken) throw new Error('no key');
      return sealed(said);
    } });
    client.connect();
    events.outbox.add('one');
    client.lose();
    broken = true;
    client.connect();
    assert.equal(states.at(-1), 'one failed');
    assert.deepEqual(events.outbox.undelivered, []);
    broken = false;
    events.outbox.retry(client.sent[0][1].ref);
    assert.equal(client.sent.at(-1)[1].again, true);
  });

  test('and was being sealed when the connection was lost goes out by the next one, once', async (t) => {
    const { under, step } = slowly();
    const { client, events, states } = page(t, { seal: step });
    client.connect();
    events.outbox.add('one');
    events.outbox.add('two');
    events.say('typing');
    client.lose();
    client.connect();
    assert.deepEqual(events.outbox.undelivered, ['one', 'two']);
    await under[0].end(sealed(under[0].value));
    assert.deepEqual(client.take(), [], 'it was sealed for the connection that is lost');
    for (const i of [1, 2]) await under[i].end(sealed(under[i].value));
    assert.equal(under.length, 3, 'what was no message is said by nobody any more');
    assert.deepEqual(client.sent.map(([event, { data, again }]) => [event, data, again]), [['message', 'sealed one', false], ['message', 'sealed two', false]]);
    assert.deepEqual(states, ['one waiting', 'two waiting', 'one sending', 'two sending']);
  });

  test('and has gone out when the connection is lost is said again as such', (t) => {
    const { client, events } = page(t, { seal: sealed });
    client.connect();
    events.outbox.add('one');
    client.lose();
    client.connect();
    assert.deepEqual(client.sent.map(([, { data, again }]) => [data, again]), [['sealed one', false], ['sealed one', true]]);
  });

  test('goes out by no connection at all while one after the other is lost over the sealing', async (t) => {
    const { under, step } = slowly();
    const { client, events, states } = page(t, { seal: step });
    events.outbox.add('one');
    for (let i = 0; i < 9; i += 1) {
      client.connect();
      client.lose();
      await under.at(-1)?.end(sealed(under.at(-1).value));
    }
    assert.deepEqual([client.take(), states], [[], ['one waiting']]);
    client.connect();
    await under.at(-1).end(sealed(under.at(-1).value));
    assert.deepEqual(client.take(), ['message']);
  });

  for (const [what, happens] of Object.entries({
    'taken back': ({ events }, ref) => assert.equal(events.outbox.takeBack(ref), 'one'),
    relayed: ({ client }, ref) => client.receive('message', { ...own, id: 1, content: 'one', ref }),
    refused: ({ client }, ref) => client.receive('room_error', { message: 'Slow down.', ref }),
  })) {
    test(`does not go out any more if it was ${what} while it was being sealed`, async (t) => {
      const { under, step } = slowly();
      const opened = page(t, { seal: step });
      const { client, events } = opened;
      client.connect();
      events.outbox.add('one');
      await happens(opened, under[0].value.fields.ref);
      await under[0].end(sealed(under[0].value));
      assert.deepEqual(client.take(), []);
      events.outbox.add('two');
      await under[1].end(sealed(under[1].value));
      assert.deepEqual(client.take(), ['message']);
    });
  }

  test('of a retry goes out once, though the first sealing ends after it', async (t) => {
    const { under, step } = slowly();
    const { client, events } = page(t, { seal: step });
    client.connect();
    events.outbox.add('one');
    const { ref } = under[0].value.fields;
    client.receive('room_error', { message: 'Slow down.', ref });
    events.outbox.retry(ref);
    await under[0].end(sealed(under[0].value));
    assert.deepEqual(client.take(), []);
    await under[1].end(sealed(under[1].value));
    assert.deepEqual(client.take(), ['message']);
  });

  test('of a retry goes out though the first sealing fails after it', async (t) => {
    const { under, step } = slowly();
    const { client, events, states, errors } = page(t, { seal: step });
    client.connect();
    events.outbox.add('one');
    const { ref } = under[0].value.fields;
    client.receive('room_error', { message: 'Slow down.', ref });
    events.outbox.retry(ref);
    await under[0].fail();
    await under[1].end(sealed(under[1].value));
    assert.deepEqual([client.take(), states.at(-1), errors.length], [['message'], 'one sending', 1]);
  });

  test('and is no message is reported if it cannot be sealed', (t) => {
    const { client, events, errors } = page(t, { seal(said) {
      if (said.event === 'approve_join') throw new Error('no key');
      return sealed(said);
    } });
    client.connect();
    const unsaid = [];
    events.say('approve_join', { user_id: 'knock-1' }, { unsaid: () => unsaid.push('approve_join') });
    events.say('ping_room', {}, { unsaid: () => unsaid.push('ping_room') });
    assert.deepEqual([client.take(), unsaid], [['ping_room'], ['approve_join']]);
    assert.deepEqual(errors.map(({ message }) => message), ['no key']);
  });

  test('stays unsaid when the page has ended meanwhile, and the person sees that', async (t) => {
    const { under, step } = slowly();
    const { client, events, states, errors } = page(t, { seal: step });
    client.connect();
    events.say('typing');
    events.outbox.add('one');
    events.close();
    await under[0].end(sealed(under[0].value));
    assert.equal(under.length, 1);
    assert.deepEqual([client.take(), states.at(-1), errors], [[], 'one failed', []]);
  });
});

describe('what a page hears', () => {
  const says = (client, id, fields) => client.receive('message', { ...alice, id, content: `no ${id}`, ...fields });

  test('is handed on at once, to all who want to hear it, in order', (t) => {
    const { client, events, names } = page(t);
    const also = [];
    events.on('message', ({ content }) => also.push(content));
    client.connect();
    says(client, 1);
    client.receive('typing', { member: 'seat-2', display_name: 'Alice' });
    client.lose();
    assert.deepEqual(names(), ['connect', 'no 1', 'typing', 'disconnect']);
    assert.deepEqual(also, ['no 1']);
  });

  test('is handed on in order, however long one takes to open', async (t) => {
    const { under, step } = slowly();
    const { client, names } = page(t, { open: (event) => (event.event === 'message' ? step(event) : event) });
    client.connect();
    says(client, 1);
    client.receive('typing', { member: 'seat-2', display_name: 'Alice' });
    says(client, 2);
    assert.deepEqual(names(), ['connect']);
    await under[0].end({ event: 'message', data: { ...alice, content: 'opened' } });
    assert.deepEqual(names(), ['opened', 'typing']);
    await under[1].end(undefined); // nothing for the page
    says(client, 3);
    await under[2].end(under[2].value);
    assert.deepEqual(names(), ['no 3']);
  });

  // A page that comes back says what depends on what it has heard before.
  test('of a connection that was lost comes before the next one', async (t) => {
    const { under, step } = slowly();
    const { client, names } = page(t, { open: (event) => (event.event === 'message' ? step(event) : event) });
    client.connect();
    says(client, 1);
    client.lose();
    client.connect();
    client.receive('room_status', { exists: true });
    assert.deepEqual(names(), ['connect']);
    await under[0].end(under[0].value);
    assert.deepEqual(names(), ['no 1', 'disconnect', 'connect', 'room_status']);
  });

  test('is no connection that is lost again', async (t) => {
    const { under, step } = slowly();
    const { client, events, names } = page(t, { seal: sealed, open: (event) => (event.event === 'message' ? step(event) : event) });
    client.connect();
    says(client, 1);
    events.outbox.add('one');
    client.take();
    for (let i = 0; i < 2; i += 1) {
      client.lose();
      client.connect();
    }
    client.lose();
    await under[0].end(under[0].value);
    assert.deepEqual(names(), ['connect', 'no 1', 'disconnect', 'disconnect', 'disconnect']);
    assert.deepEqual(client.take(), []);
    client.connect();
    assert.deepEqual(client.take(), ['message']);
  });

  test('to have been relayed is not said again, though the connection is lost before that is opened', async (t) => {
    const { under, step } = slowly();
    const { client, events, names } = page(t, { seal: sealed, open: (event) => (event.event === 'message' ? step(event) : event) });
    client.connect();
    events.outbox.add('mine');
    const [[, { ref }]] = client.sent.splice(0);
    client.receive('message', { ...own, id: 1, content: '', ref });
    client.lose();
    client.connect();
    await under[0].end(under[0].value);
    assert.deepEqual(names(), ['connect', 'mine', 'disconnect', 'connect']);
    assert.deepEqual([client.take(), events.outbox.isEmpty], [[], true]);
  });

  test('of its own comes with the text, which nobody else can give', (t) => {
    const { client, events, heard } = page(t, { seal: sealed });
    client.connect();
    events.outbox.add('mine');
    events.outbox.add('also mine');
    const [first, second] = client.sent.map(([, { ref }]) => ref);
    const last = () => heard.at(-1)[1].text;
    client.receive('message', { ...alice, id: 1, content: 'hers', ref: second });
    assert.equal(last(), undefined);
    assert.equal(events.outbox.isEmpty, false);
    client.receive('message', { ...own, id: 2, content: 'sealed mine', ref: first });
    assert.equal(last(), 'mine');
    client.receive('message', { ...own, id: 2, content: 'sealed mine', ref: first });
    assert.equal(last(), undefined, 'it is given back once');
    client.receive('message', { ...own, id: 3, content: 'of another tab', ref: 'x' });
    assert.equal(last(), undefined);
    client.receive('message', { ...own, id: 4, content: 'sealed also mine', ref: second });
    assert.equal(last(), 'also mine');
    assert.equal(events.outbox.isEmpty, true);
  });

  for (const [how, fail] of [['throws', () => { throw new Error('no key'); }], ['rejects', async () => { throw new Error('no key'); }]]) {
    test(`is reported if its opening ${how}, and the next one is heard`, async (t) => {
      const { client, names, errors } = page(t, { open: (event) => (event.data.content === 'no 1' ? fail() : event) });
      client.connect();
      says(client, 1);
      says(client, 2);
      await settled();
      assert.deepEqual(names(), ['connect', 'no 2']);
      assert.deepEqual(errors.map(({ message }) => message), ['no key']);
    });
  }

  // Its words are known here, and the server has relayed them.
  test('is heard if it is an own message whose opening fails, and takes no place in the outbox', (t) => {
    const { client, events, names, errors } = page(t, { open: (event) => { if (event.event === 'message') throw new Error('no key'); return event; } });
    client.connect();
    const count = 3;
    for (let i = 1; i <= count; i += 1) {
      events.outbox.add(`no ${i}`);
      const [[, { ref }]] = client.sent.splice(0);
      client.receive('message', { ...own, id: i, content: 'sealed', ref });
      client.receive('message', { ...own, id: i, content: 'sealed', ref }); // of another tab, or a repeat
    }
    assert.deepEqual(names(), ['connect', ...Array.from({ length: count }, (_, i) => `no ${i + 1}`)]);
    assert.ok(events.outbox.isEmpty);
    assert.equal(errors.length, 2 * count);
  });

  test('is heard by all, though one of them fails over it', (t) => {
    const { client, events, errors } = page(t);
    const also = [];
    events.on('pong', () => { throw new Error('broken'); });
    events.on('pong', () => also.push('pong'));
    client.connect();
    client.receive('pong');
    client.receive('pong');
    assert.deepEqual(also, ['pong', 'pong']);
    assert.deepEqual(errors.map(({ message }) => message), ['broken', 'broken']);
  });

  test('is dropped with a warning if it makes no sense, and nothing of it is in the warning', (t) => {
    const { client, names, warned, errors } = page(t);
    client.connect();
    for (const args of [['message', { content: 7, sender: 'a secret' }], ['message'], ['new_event', 'a secret'], ['toString', {}], ['__proto__'], ['typing', [{ member: 'a secret' }]]]) {
      client.receive(...args);
    }
    assert.equal(warned.length, 6);
    assert.doesNotMatch(warned.join(' '), /secret/);
    client.receive('position', 'p'); // is for the client alone
    client.receive('pong');
    assert.equal(warned.length, 6);
    assert.deepEqual([names(), errors], [['connect'], []]);
  });

  test('ends in the middle', async (t) => {
    const { under, step } = slowly();
    const { client, events, names } = page(t, { open: (event) => (event.event === 'message' ? step(event) : event) });
    client.connect();
    says(client, 1);
    client.receive('typing', { member: 'seat-2', display_name: 'Alice' });
    events.close();
    await under[0].end(under[0].value);
    says(client, 2);
    client.connect();
    client.lose();
    assert.deepEqual(names(), ['connect']);
    assert.equal(under.length, 1);
  });

  test('ends for those who would have heard the same event later', (t) => {
    const { client, events, names } = page(t);
    const late = [];
    events.on('room_expired', () => events.close());
    for (const event of ['room_expired', 'pong']) events.on(event, () => late.push(event));
    client.connect();
    client.receive('room_expired');
    client.receive('pong');
    assert.deepEqual([names(), late], [['connect'], []]);
  });
});

describe('the last word', () => {
  const farewell = 1500; // milliseconds

  /** Opens a page that can leave, and has 'gone' in `done` as often as it went. */
  function leaving(t, steps) {
    stopTime(t);
    const opened = page(t, steps);
    const done = [];
    return { ...opened, done, leave: () => opened.events.sayLast('leave_room', { final: true }, () => done.push('gone')) };
  }

  test('goes out at once, and the page goes when it is heard', (t) => {
    const { client, done, leave } = leaving(t);
    client.connect();
    leave();
    assert.deepEqual(client.sent, [['leave_room', { room: 'room-1', final: true }, true]]);
    assert.deepEqual(done, []);
    client.answers[0](null);
    assert.deepEqual(done, ['gone']);
    mock.timers.tick(farewell);
    assert.deepEqual(done, ['gone'], 'once');
  });

  // The answer means that there is nothing more to hear before the page goes.
  test('is answered when what came before the answer was heard', async (t) => {
    const { under, step } = slowly();
    const { client, done, names, leave } = leaving(t, { open: step });
    client.connect();
    client.receive('typing', { member: 'seat-2', display_name: 'Alice' });
    leave();
    client.answers[0](null);
    assert.deepEqual(done, []);
    await under[0].end(under[0].value);
    assert.deepEqual([names(), done], [['connect', 'typing'], ['gone']]);
  });

  test('does not wait long for what came before the answer', async (t) => {
    const { under, step } = slowly();
    const { client, done, leave } = leaving(t, { open: step });
    client.connect();
    client.receive('typing', { member: 'seat-2', display_name: 'Alice' });
    leave();
    client.answers[0](null);
    mock.timers.tick(farewell);
    assert.deepEqual(done, ['gone']);
    await under[0].end(under[0].value);
    assert.deepEqual(done, ['gone'], 'once');
  });

  test('is none without a connection', (t) => {
    const { client, done, leave } = leaving(t);
    leave();
    assert.deepEqual([done, client.take()], [['gone'], []]);
  });

  for (const [what, happens] of Object.entries({
    'the answer does not come': () => {},
    'it is still being sealed': () => {},
    'the connection is lost while it is being sealed': ({ client }) => client.lose(),
  })) {
    test(`is not waited for too long if ${what}`, async (t) => {
      const { under, step } = slowly();
      const opened = leaving(t, what === 'the answer does not come' ? {} : { seal: step });
      opened.client.connect();
      opened.leave();
      happens(opened);
      mock.timers.tick(farewell - 1);
      assert.deepEqual(opened.done, []);
      mock.timers.tick(1);
      assert.deepEqual(opened.done, ['gone']);
      await under[0]?.end(sealed(under[0].value));
      opened.client.answers[0]?.(null);
      mock.timers.tick(farewell);
      assert.deepEqual(opened.done, ['gone']);
    });
  }

  test('is not waited for if the connection is lost', (t) => {
    const { client, done, leave } = leaving(t);
    client.connect();
    leave();
    client.lose();
    assert.deepEqual(done, ['gone']);
  });

  // It is the answer's turn then.
  test('has its time to be answered, however long it took to be sealed', async (t) => {
    const { under, step } = slowly();
    const { client, done, leave } = leaving(t, { seal: step });
    client.connect();
    leave();
    mock.timers.tick(farewell - 1);
    await under[0].end(sealed(under[0].value));
    mock.timers.tick(farewell - 1);
    assert.deepEqual([client.take(), done], [['leave_room'], []]);
    mock.timers.tick(1);
    assert.deepEqual(done, ['gone']);
  });

  test('is not waited for if it cannot be sealed', (t) => {
    const { client, done, errors, leave } = leaving(t, { seal() { throw new Error('no key'); } });
    client.connect();
    leave();
    assert.deepEqual([done, errors.length, client.take()], [['gone'], 1, []]);
  });

  test('comes after what was said before', async (t) => {
    const { under, step } = slowly();
    const { client, events, leave } = leaving(t, { seal: (said) => (said.text === undefined ? sealed(said) : step(said)) });
    client.connect();
    events.outbox.add('one');
    leave();
    await under[0].end(sealed(under[0].value));
    assert.deepEqual(client.take(), ['message', 'leave_room']);
  });

  test('can be one that nobody waits for', (t) => {
    const { client, events } = page(t);
    client.connect();
    events.sayLast('leave_room', { room: 'knock-1', final: true });
    assert.deepEqual(client.sent, [['leave_room', { room: 'knock-1', final: true }, false]]);
  });
});

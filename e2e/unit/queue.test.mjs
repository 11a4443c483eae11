import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Queue } from '../../static/js/transport/queue.js';
import { later, random, reported, settled } from './client.mjs';

/** A queue whose steps take as long as the test wants: `steps` has those that have begun, by value. */
function queue({ pass = () => {}, failed = () => {}, step } = {}) {
  const [steps, passed, errors] = [new Map(), [], []];
  const slow = ({ name }) => {
    const under = later();
    steps.set(name, under);
    return under.promise;
  };
  const made = new Queue(step ?? slow, {
    pass(out, value) {
      passed.push([value.name, out]);
      pass(value);
    },
    failed(error, value) {
      errors.push([value.name, error.message]);
      failed(value);
    },
  });
  return { queue: made, steps, passed, errors, add: (...names) => { for (const name of names) made.add({ name }); } };
}

// Who leaves a page says so in its last moment.
test('a step that takes no time hands on at once', () => {
  const { add, passed } = queue({ step: ({ name }) => name.toUpperCase() });
  add('one', 'two');
  assert.deepEqual(passed, [['one', 'ONE'], ['two', 'TWO']]);
});

test('a quick step does not overtake a slow one', async () => {
  const slow = later();
  const { add, passed } = queue({ step: ({ name }) => (name === 'slow' ? slow.promise : name) });
  add('first', 'slow', 'quick', 'last');
  assert.deepEqual(passed, [['first', 'first']]);
  slow.resolve('at last');
  await settled();
  assert.deepEqual(passed, [['first', 'first'], ['slow', 'at last'], ['quick', 'quick'], ['last', 'last']]);
  add('after');
  assert.deepEqual(passed.at(-1), ['after', 'after'], 'at once again');
});

test('there is one step at a time', async () => {
  const { add, steps, passed } = queue();
  add('one', 'two');
  assert.deepEqual([...steps.keys()], ['one']);
  steps.get('one').resolve(1);
  await settled();
  assert.deepEqual([...steps.keys()], ['one', 'two']);
  steps.get('two').resolve(2);
  await settled();
  assert.deepEqual(passed, [['one', 1], ['two', 2]]);
});

test('what is added while something is handed on comes after it', () => {
  const order = [];
  const made = queue({
    step: ({ name }) => name,
    pass({ name }) {
      order.push(`${name} begins`);
      if (name === 'one') made.add('within');
      order.push(`${name} ends`);
    },
  });
  made.add('one', 'two');
  assert.deepEqual(order, ['one begins', 'one ends', 'within begins', 'within ends', 'two begins', 'two ends']);
});

for (const [how, fail] of [['throws', () => { throw new Error('broken'); }], ['rejects', () => Promise.reject(new Error('broken'))]]) {
  test(`a step that ${how} is told of, and the next one goes on`, async (t) => {
    const uncaught = reported(t);
    const { add, passed, errors } = queue({ step: (value) => (value.name === 'bad' ? fail() : value.name) });
    add('bad', 'good');
    await settled();
    assert.deepEqual(errors, [['bad', 'broken']]);
    assert.deepEqual(passed, [['good', 'good']]);
    assert.deepEqual(uncaught, []);
  });
}

for (const [how, step] of [['at once', () => 1], ['later', async () => 1]]) {
  test(`who takes what is handed on ${how} may fail, and so may who is told`, async (t) => {
    const uncaught = reported(t);
    const throws = ({ name }) => { if (name === 'bad') throw new Error('broken'); };
    const { add, passed, errors } = queue({ step, pass: throws, failed: throws });
    add('bad', 'good');
    await settled();
    assert.deepEqual(errors, [['bad', 'broken']]);
    assert.deepEqual(passed.map(([name]) => name), ['bad', 'good']);
    assert.deepEqual(uncaught.map(({ message }) => message), ['broken']);
  });
}

test('clearing drops what waits and what is under way, and what comes then waits for its end', async () => {
  const { queue: made, add, steps, passed } = queue();
  add('under way', 'waits');
  made.clear();
  add('new');
  assert.deepEqual([...steps.keys()], ['under way']);
  steps.get('under way').resolve();
  await settled();
  assert.deepEqual([...steps.keys()], ['under way', 'new']);
  steps.get('new').resolve('made');
  await settled();
  assert.deepEqual(passed, [['new', 'made']]);
});

test('the error of what was dropped is not lost', async (t) => {
  const uncaught = reported(t);
  const { queue: made, add, steps, errors } = queue();
  add('dropped');
  made.clear();
  steps.get('dropped').reject(new Error('broken'));
  await settled();
  assert.deepEqual(errors, [], 'nobody waits for it');
  assert.deepEqual(uncaught.map(({ message }) => message), ['broken']);
});

test('a closed queue hands on nothing', async () => {
  const { queue: made, add, steps, passed } = queue();
  add('under way', 'waits');
  made.close();
  add('after');
  steps.get('under way').resolve();
  await settled();
  assert.deepEqual([...steps.keys()], ['under way']);
  assert.deepEqual(passed, []);
});

test('it can be closed by who is handed something', () => {
  const made = queue({ step: ({ name }) => name, pass: () => made.queue.close() });
  made.add('last', 'never');
  assert.deepEqual(made.passed, [['last', 'last']]);
});

test('whatever the steps do, all is handed on once and in order, but for what failed or was dropped', async (t) => {
  const uncaught = reported(t);
  for (let seed = 1; seed <= 200; seed += 1) {
    const next = random(seed);
    let running = 0;
    const pending = [];
    const failing = new Set();
    const { queue: made, add, passed, errors } = queue({ step({ name }) {
      const fails = next() < 0.2;
      if (fails) failing.add(name);
      if (next() < 0.4) {
        if (fails) throw new Error('broken');
        return name;
      }
      running += 1;
      assert.equal(running, 1, `seed ${seed}: two steps at a time`);
      const under = later();
      pending.push(() => {
        running -= 1;
        if (fails) under.reject(new Error('broken'));
        else under.resolve(name);
      });
      return under.promise;
    } });
    const dropped = new Set();
    let added = 0;
    const heard = () => new Set([...passed, ...errors].map(([name]) => name));
    for (let i = 0; i < 60; i += 1) {
      const dice = next();
      if (dice < 0.6) {
        add(added);
        added += 1;
      } else if (dice < 0.95) {
        pending.shift()?.();
        await settled();
      } else {
        const before = heard();
        for (let name = 0; name < added; name += 1) if (!before.has(name)) dropped.add(name);
        made.clear();
      }
    }
    while (pending.length > 0) {
      pending.shift()();
      await settled();
    }
    const all = Array.from({ length: added }, (_, name) => name).filter((name) => !dropped.has(name));
    assert.deepEqual(passed.map(([name]) => name), all.filter((name) => !failing.has(name)), `seed ${seed}`);
    assert.deepEqual(errors.map(([name]) => name), all.filter((name) => failing.has(name)), `seed ${seed}`);
  }
  assert.ok(uncaught.every(({ message }) => message === 'broken'));
});

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Outbox } from '../../static/js/outbox.js';

test('a refusal gives back the latest message that has not returned', () => {
  const outbox = new Outbox();
  outbox.sent('one');
  outbox.sent('two');
  outbox.returned();
  assert.equal(outbox.refused(), 'two');
  assert.equal(outbox.refused(), undefined);
});

test('nothing is out once everything has returned', () => {
  const outbox = new Outbox();
  outbox.returned();
  outbox.sent('one');
  outbox.returned();
  assert.equal(outbox.refused(), undefined);
});

// A message without anything visible is ignored: it neither returns nor is refused.
test('what was ignored is forgotten', (t) => {
  mock.timers.enable({ apis: ['Date'] });
  t.after(() => mock.timers.reset());
  const outbox = new Outbox();
  outbox.sent('<p></p>');
  mock.timers.tick(10_000);
  assert.equal(outbox.refused(), undefined);
  outbox.sent('<p></p>');
  mock.timers.tick(10_000);
  outbox.sent('two');
  outbox.returned();
  assert.equal(outbox.refused(), undefined);
});

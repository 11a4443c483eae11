import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { clock, Countdown } from '../../static/js/ui/countdown.js';
import { stopTime } from '../harness/clock.mjs';

test('clock', () => {
  for (const [seconds, text] of [[0, '0:00'], [9, '0:09'], [60, '1:00'], [299, '4:59'], [3600, '60:00']]) {
    assert.equal(clock(seconds), text);
  }
});

/** A countdown under fake time: what it showed, how often it was over, and hands on the clock. */
function counted(t) {
  stopTime(t);
  const log = { shown: [], over: 0 };
  log.countdown = new Countdown((seconds) => log.shown.push(seconds), () => { log.over += 1; });
  return log;
}

test('shows every second once and ends once', (t) => {
  const log = counted(t);
  log.countdown.start(3);
  for (let i = 0; i < 100; i += 1) mock.timers.tick(100);
  assert.deepEqual(log.shown, [3, 2, 1, 0]);
  assert.equal(log.over, 1);
});

test('starting again replaces the first run', (t) => {
  const log = counted(t);
  log.countdown.start(2);
  mock.timers.tick(1000);
  log.countdown.start(5);
  mock.timers.tick(1500);
  assert.deepEqual(log.shown, [2, 1, 5, 4]);
  assert.equal(log.over, 0);
});

test('a part of a second counts as a second', (t) => {
  const log = counted(t);
  log.countdown.start(1.2);
  mock.timers.tick(300);
  assert.deepEqual(log.shown, [2, 1]);
  mock.timers.tick(1000);
  assert.deepEqual(log.shown, [2, 1, 0]);
});

// Browsers hold timers back in hidden tabs, and a sleeping phone has none.
test('catches up after timers were held back', (t) => {
  const log = counted(t);
  log.countdown.start(300);
  mock.timers.setTime(1_000_000 + 250_000);
  mock.timers.tick(1000);
  assert.equal(log.shown.at(-1), 49);
});

test('stops', (t) => {
  const log = counted(t);
  log.countdown.start(2);
  log.countdown.stop();
  mock.timers.tick(5000);
  assert.deepEqual(log.shown, [2]);
  assert.equal(log.over, 0);
});

test('what is no number changes nothing', (t) => {
  const log = counted(t);
  log.countdown.start(10);
  for (const odd of [undefined, null, NaN, '5', {}, Infinity]) log.countdown.start(odd);
  assert.deepEqual(log.shown, [10]);
});

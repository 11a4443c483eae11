// Whether somebody is looking at the page.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { browserForFile } from '../browser/harness.mjs';
import { alice, joinedRoom, knock } from './room.mjs';

describe('attention', () => {
  const chromium = browserForFile();

  /** A page that notes who comes back to it and leaves it, and whose focus the test decides on. */
  async function watched(t) {
    const page = await joinedRoom(t, chromium);
    await page.evaluate(async () => {
      const attention = await import('/static/js/room/attention.js');
      globalThis.isLooking = attention.isLooking;
      globalThis.seen = [];
      attention.onReturn(() => globalThis.seen.push('return'));
      attention.onLeave(() => globalThis.seen.push('leave'));
      globalThis.state = { hidden: false, focused: true };
      Object.defineProperty(document, 'hidden', { get: () => globalThis.state.hidden });
      document.hasFocus = () => globalThis.state.focused;
    });
    return page;
  }

  /** Changes the page's state and tells it by the event; gives what the page made of it. */
  const change = (page, state, name) => page.evaluate(async ([changed, event]) => {
    Object.assign(globalThis.state, changed);
    if (event === 'visibilitychange') document.dispatchEvent(new Event(event));
    else if (event) dispatchEvent(new Event(event));
    await new Promise((passed) => { setTimeout(passed); });
    return [globalThis.isLooking(), ...globalThis.seen.splice(0)];
  }, [state, name]);

  test('somebody looks at a page that is seen and has the focus, and is told of once', async (t) => {
    const page = await watched(t);
    assert.deepEqual(await change(page, { focused: false }, 'blur'), [false, 'leave'], 'another window has the focus');
    assert.deepEqual(await change(page, { hidden: true }, 'visibilitychange'), [false], 'which is nothing new');
    assert.deepEqual(await change(page, { hidden: false }, 'visibilitychange'), [false], 'seen beside another window');
    assert.deepEqual(await change(page, { focused: true }, 'focus'), [true, 'return']);
    assert.deepEqual(await change(page, { hidden: true }, 'visibilitychange'), [false, 'leave']);
    assert.deepEqual(await change(page, { hidden: false }, 'visibilitychange'), [true, 'return']);
  });

  // A part of the page, such as a frame, may take the focus from the window.
  test('a blur is believed only if the page has no focus any more', async (t) => {
    const page = await watched(t);
    assert.deepEqual(await change(page, {}, 'blur'), [true]);
  });

  test('a page that the browser has told of its focus too early looks again', async (t) => {
    const page = await watched(t);
    const late = (focused, name) => page.evaluate(async ([has, event]) => {
      dispatchEvent(new Event(event));
      globalThis.state.focused = has;
      await new Promise((passed) => { setTimeout(passed); });
      return globalThis.seen.splice(0);
    }, [focused, name]);
    assert.deepEqual(await late(false, 'blur'), ['leave']);
    assert.deepEqual(await late(true, 'focus'), ['return']);
  });

  for (const sign of ['pageshow', 'pointerdown', 'keydown']) {
    test(`a focus that the browser has not told of is noticed by the next ${sign}`, async (t) => {
      const page = await watched(t);
      await change(page, { focused: false }, 'blur');
      assert.deepEqual(await change(page, { focused: true }, undefined), [true]);
      assert.deepEqual(await change(page, {}, sign), [true, 'return']);
    });
  }

  test('a window without the focus counts what is unread in its title', async (t) => {
    const page = await watched(t);
    await change(page, { focused: false }, 'blur');
    await page.receive('message', { ...alice, id: 1, content: 'one' });
    await page.receive('join_request', knock);
    assert.match(await page.title(), /^\(2\) /);
    await change(page, { focused: true }, 'focus');
    assert.doesNotMatch(await page.title(), /^\(/);
    await page.receive('message', { ...alice, id: 2, content: 'two' });
    assert.doesNotMatch(await page.title(), /^\(/, 'who looks needs no count');
  });
});

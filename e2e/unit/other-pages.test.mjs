import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { browserForFile, eventually, openBrowser } from '../browser/harness.mjs';
import { openPage } from './embedded-page.mjs';

const json = (status, body) => ({ status, contentType: 'application/json', body: JSON.stringify(body) });
const fieldOf = { name: 'display_name', code: 'room_code' };
const refusal = (status, error, where) => json(status, { error, status, field: fieldOf[where] });

/** The problem that a field tells of, as people and screen readers get it; '' if it tells of none. */
async function complaint(page, id) {
  const field = page.locator(`#${id}`);
  const said = page.locator(`#${id}-problem`);
  assert.equal(await said.getAttribute('role'), 'alert');
  assert.ok((await field.getAttribute('aria-describedby')).split(' ').includes(`${id}-problem`));
  const why = await said.innerText();
  assert.equal(await field.getAttribute('aria-invalid'), why ? 'true' : null);
  return why.trim();
}

const focused = (page) => page.evaluate(() => document.activeElement.id);
const shown = (page, selector) => page.locator(selector).isVisible();

const rememberName = (context) => context.addInitScript(() => localStorage.setItem('name', 'Ana María'));
const rememberInvitation = (context) => context.addInitScript(() => {
  if (!sessionStorage.getItem('tried')) sessionStorage.setItem('invite', 'jLx3Zk0mQ2y-7_PvTnB1sA');
  sessionStorage.setItem('tried', 'yes'); // what the page forgets stays forgotten
});
const lookup = 'jLx3Zk0mQ2y-7_PvTnB1sA';
const ended = json(404, { code: 'no_such_invite', error: 'It is over.', field: 'invite', status: 404 });
const cutOff = 'This invite link was cut off. Copy the whole link, or ask for a new one.';
const saidOfInvitation = async (page) => (await page.locator('#invitation-problem').innerText()).trim();
const rememberCode = (context) => context.addInitScript(() => sessionStorage.setItem('code', '482915'));

// As with cookies and site data blocked: asking for the storage throws already.
const refuseStorage = (context) => context.addInitScript(() => {
  for (const area of ['localStorage', 'sessionStorage']) {
    Object.defineProperty(globalThis, area, { get() { throw new DOMException('denied', 'SecurityError'); } });
  }
});

describe('the waiting page', { concurrency: 3 }, () => {
  const chromium = browserForFile();
  const variables = { answer_time: 60, csrf_token: 'the token', session: { pending_approval: 'knock-1', user_id: 'knock-1', display_name: "Zoë O'Brien" } };
  const open = (t, options) => openPage(t, chromium.browser, 'waiting_approval.html', variables, options);
  const status = (fields) => ['request_status', { user_id: 'knock-1', approvals: 0, required: 1, time_remaining: 40, ...fields }];
  const deny = (page, code, reason) => page.receive('join_denied', { user_id: 'knock-1', room: 'x', reason, code });

  test('announces the request with every connection', async (t) => {
    const page = await open(t);
    assert.equal(await page.evaluate(() => globalThis.options.auth.seat), 'knock-1');
    for (let i = 0; i < 2; i += 1) {
      await page.receive('connect');
      assert.deepEqual(await page.sent(), [['join_request', { room: 'knock-1', user: "Zoë O'Brien", user_id: 'knock-1' }]]);
      await page.receive('disconnect', 'transport close');
    }
    assert.match(await page.locator('.as').innerText(), /Zoë O'Brien$/);
    assert.deepEqual(page.problems, []);
  });

  test('is not left for a file or a link that is dropped on it', async (t) => {
    const page = await open(t);
    const drop = (selector, file) => page.evaluate(([where, name]) => {
      const dataTransfer = new DataTransfer();
      if (name) dataTransfer.items.add(new File(['x'], name));
      else dataTransfer.setData('text/uri-list', 'https://example.org/');
      return !document.querySelector(where).dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer }));
    }, [selector, file]);
    assert.deepEqual([await drop('body', 'a.png'), await drop('body'), await drop('#again-name')], [true, true, false]);
    assert.deepEqual(await page.locator('.notice').allInnerTexts().then((all) => all.map((said) => said.split('\n')[0])), ['Files can’t be sent yet.']);
  });

  test('connects anew when the server does not answer', async (t) => {
    const page = await open(t);
    await page.clock.install();
    await page.evaluate(() => { globalThis.silent = true; });
    await page.receive('connect');
    await page.sent();
    await page.clock.runFor(10_100);
    assert.deepEqual(await page.sent(), [['(renew)']]);
    await page.receive('disconnect', 'transport close');
    await page.evaluate(() => { globalThis.silent = false; });
    await page.receive('connect');
    await page.sent();
    await page.clock.runFor(30_000);
    assert.deepEqual(await page.sent(), []);
  });

  test('has an address that can be loaded again', async (t) => {
    const page = await open(t);
    assert.equal(new URL(page.url()).pathname, '/join/knock-1');
  });

  test('goes into the room when it is let in', async (t) => {
    const page = await open(t);
    await page.receive('connect');
    // Somebody else's verdict: another tab of this browser waits as well.
    await page.receive('join_approved', { user_id: 'knock-2', room: 'x' });
    await page.receive('join_denied', { user_id: 'knock-2', room: 'x' });
    assert.equal(await page.locator('#waiting-title').innerText(), 'Waiting to be let in');
    await page.receive('join_approved', { user_id: 'knock-1', room: 'x', current_time: 1 }).catch(() => {}); // it navigates
    await page.waitForURL('http://localhost/room/knock-1');
  });

  test('tells how many are asked and how many have agreed', async (t) => {
    const page = await open(t);
    await page.receive('connect');
    const dots = async () => [await page.locator('#dots span').count(), await page.locator('#dots .yes').count()];
    for (const [fields, words, expected] of [
      [{ required: 1 }, 'Waiting for 1 person to answer.', [1, 0]],
      [{ required: 3, approvals: 1 }, '1 person has said yes.\nWaiting for 2 people to answer.', [3, 1]],
      [{ required: 3, approvals: 2 }, '2 people have said yes.\nWaiting for 1 person to answer.', [3, 2]],
      [{ required: 2, approvals: 1 }, '1 person has said yes.\nWaiting for 1 person to answer.', [2, 1]],
      [{ required: 40, approvals: 12 }, '12 people have said yes.\nWaiting for 28 people to answer.', [0, 0]],
      [{ required: 0 }, 'Nobody is in the chat right now. Anyone who comes back in time will be asked.', [0, 0]],
    ]) {
      await page.receive(...status(fields));
      assert.equal(await page.locator('#status').innerText(), words);
      assert.deepEqual(await dots(), expected, words);
    }
    for (const nonsense of [{ approvals: '9' }, { required: null }, { user_id: 'knock-2' }]) await page.receive(...status(nonsense));
    assert.match(await page.locator('#status').innerText(), /^Nobody is in the chat/);
  });

  test('says it in the language’s own plurals', async (t) => {
    const page = await open(t, { lang: 'de' });
    await page.receive('connect');
    await page.receive(...status({ required: 1, approvals: 0 }));
    assert.equal(await page.locator('#status').innerText(), 'Es fehlt noch 1 Antwort.');
    await page.receive(...status({ required: 2, approvals: 1 }));
    assert.equal(await page.locator('#status').innerText(), '1 Person hat zugestimmt.\nEs fehlt noch 1 Antwort.');
  });

  test('counts the last second alone', async (t) => {
    const page = await open(t);
    await page.clock.setFixedTime(new Date());
    await page.receive('connect');
    await page.receive(...status({ required: 1, approvals: 0, time_remaining: 2 }));
    assert.match(await page.locator('#countdown').innerText(), /^2\s+seconds left$/);
    await page.receive(...status({ required: 1, approvals: 0, time_remaining: 1 }));
    assert.match(await page.locator('#countdown').innerText(), /^1\s+second left$/);
  });

  test('counts down what the server says is left', async (t) => {
    const page = await open(t);
    const opacity = () => page.locator('#countdown').evaluate((node) => getComputedStyle(node).opacity);
    assert.equal(await opacity(), '0', 'nothing is claimed before');
    await page.receive('connect');
    await page.receive(...status({ time_remaining: 42 }));
    assert.match(await page.locator('#timer').innerText(), /^4[12]$/);
    await eventually(async () => assert.equal(await opacity(), '1'));
    const left = await page.locator('#ring').evaluate((node) => 1 - Number(node.style.strokeDashoffset));
    assert.ok(left > 0.65 && left <= 0.7, `the ring shows ${left} of the minute`);
    await page.receive(...status({ time_remaining: 20 }));
    assert.match(await page.locator('#timer').innerText(), /^(20|19)$/);
  });

  test('offers to ask again when the time is over and nothing was said', async (t) => {
    const page = await open(t);
    await page.receive('connect');
    assert.equal(await shown(page, '#again'), false);
    await page.receive(...status({ time_remaining: 0 }));
    assert.match(await page.locator('#status').innerText(), /^Time’s up\./);
    assert.equal(await shown(page, '#again'), true);
    // The verdict comes after all.
    await page.receive('join_approved', { user_id: 'knock-1', room: 'x', current_time: 1 }).catch(() => {});
    await page.waitForURL('http://localhost/room/knock-1');
  });

  // The server's sentence may be any: only of a code that it does not know a page shows it.
  for (const [code, reason, kind, title, words, again] of [
    ['declined', undefined, 'refused', 'You weren’t let in', 'Someone in the chat said no.', true],
    ['timed_out', 'Request timed out', 'late', 'Time’s up', 'Not everyone answered in time.', true],
    ['room_full', 'No place.', 'full', 'This chat is full', 'Someone else got the last place.', true],
    ['room_gone', 'Gone.', 'gone', 'This chat has ended', 'It ended while you were waiting.', false],
    ['withdrawn', 'Request timed out', 'withdrawn', 'You’re no longer waiting', 'You cancelled your request.', true],
    ['displaced', 'Too many.', 'displaced', 'Someone else got your place', 'Too many requests came from your network at once.', true],
    ['no_such_request', 'Unknown.', 'lost', 'You’re no longer waiting', 'The server has lost track of your request.', true],
    ['moon_full', 'The moon is full.', 'refused', 'You weren’t let in', 'The moon is full.', true],
    ['constructor', 'The moon is full.', 'refused', 'You weren’t let in', 'The moon is full.', true],
    [undefined, undefined, 'refused', 'You weren’t let in', 'Someone in the chat said no.', true],
    [undefined, 'Request timed out', 'refused', 'You weren’t let in', 'Not everyone answered in time. Please ask again.', true],
    [undefined, 'The room no longer exists.', 'refused', 'You weren’t let in', 'The room no longer exists.', true],
  ]) {
    test(`says why it is not let in: ${code}, ${reason}`, async (t) => {
      const page = await open(t);
      await page.receive('connect');
      const before = await page.locator('#next').innerText();
      await deny(page, code, reason);
      assert.equal(await page.locator('#waiting').getAttribute('data-ended'), kind);
      assert.equal(await page.locator('#waiting-title').innerText(), title);
      assert.equal(await page.title(), `${title} · Secure Chat`);
      assert.equal(await page.locator('#status').innerText(), words);
      assert.notEqual(await page.locator('#next').innerText(), before);
      assert.equal(await shown(page, '#countdown'), false);
      assert.equal(await page.locator('.glyph path:visible').count(), 1);
      assert.equal(await shown(page, '#again'), again);
      assert.deepEqual((await page.sent()).at(-1), ['(disconnect)']);
      await page.click('#home');
      await page.waitForURL('http://localhost/');
      assert.deepEqual(page.problems, []);
    });
  }

  test('shakes the device with the verdict, if it was touched: browsers complain else', async (t) => {
    const prepare = (context) => context.addInitScript(() => {
      globalThis.shaken = 0;
      navigator.vibrate = () => { globalThis.shaken += 1; };
      Object.defineProperty(navigator, 'userActivation', { get: () => ({ hasBeenActive: globalThis.touched }) });
    });
    for (const touched of [false, true]) {
      const page = await open(t, { prepare });
      await page.evaluate((value) => { globalThis.touched = value; }, touched);
      await page.receive('connect');
      await deny(page);
      assert.equal(await page.evaluate(() => globalThis.shaken), Number(touched));
    }
  });

  test('takes the request back', async (t) => {
    const page = await open(t);
    await page.receive('connect');
    await page.sent();
    await page.evaluate(() => {
      const { emit } = globalThis.socket;
      globalThis.socket.emit = (event, ...values) => {
        emit(event, ...values);
        globalThis.confirmed = values.at(-1);
      };
    });
    await page.click('#home');
    assert.deepEqual(await page.sent(), [['withdraw_request', { room: 'knock-1', user_id: 'knock-1' }]]);
    // The verdict is on its way too, and not news.
    await deny(page, 'withdrawn');
    assert.equal(await page.locator('#waiting').getAttribute('data-ended'), null);
    await page.evaluate(() => document.getElementById('home').click()); // impatient
    assert.deepEqual(await page.sent(), []);
    await page.evaluate(() => globalThis.confirmed(null));
    await page.waitForURL('http://localhost/');
  });

  // Or the place would be kept, and counted, though nobody takes it.
  test('gives back the place when the last yes was faster than the cancelling', async (t) => {
    const page = await open(t);
    await page.receive('connect');
    await page.evaluate(() => {
      const { emit } = globalThis.socket;
      globalThis.answers = [];
      globalThis.socket.emit = (event, ...values) => {
        emit(event, ...values);
        globalThis.answers.push(values.at(-1));
      };
    });
    await page.sent();
    await page.click('#home');
    await page.receive('join_approved', { user_id: 'knock-1', room: 'room-1', current_time: 1 });
    const [, [event, { room, final }]] = await page.sent();
    assert.deepEqual([event, room, final], ['leave_room', 'knock-1', true]);
    // The server answers the withdrawal, and then that the place is free.
    const [withdrawn, left] = [0, 1].map((i) => () => page.evaluate((said) => { globalThis.answers[said](null); }, i));
    await withdrawn();
    assert.deepEqual(page.navigations, []);
    await left();
    await page.waitForURL('http://localhost/');
  });

  test('goes away without a connection, too', async (t) => {
    const page = await open(t);
    await page.receive('connect');
    await page.receive('disconnect', 'transport close');
    await page.sent();
    await page.click('#home');
    await page.waitForURL('http://localhost/');
  });

  test('asks again with the same name and code', async (t) => {
    const page = await open(t, { prepare: rememberCode });
    await page.receive('connect');
    await deny(page);
    assert.equal(await page.locator('#again-code').inputValue(), '482915');
    assert.equal(await shown(page, '#again-name'), false);
    page.answers.push(json(200, { location: '/join/knock-2' }));
    await page.click('#ask-again');
    await page.waitForURL('http://localhost/join/knock-2');
    assert.deepEqual(page.posted, [['/join', { csrf_token: 'the token', display_name: "Zoë O'Brien", room_code: '482915' }]]);
    await page.goBack().catch(() => {});
    assert.notEqual(new URL(page.url()).pathname, '/join/knock-1', 'the old request is not in the history');
  });

  test('asks again with another code, and says what is wrong in place', async (t) => {
    const page = await open(t, { prepare: rememberCode });
    await page.receive('connect');
    await deny(page, 'timed_out');
    page.answers.push(refusal(404, 'Room not found.', 'code'));
    await page.click('#ask-again');
    await eventually(async () => assert.equal(await complaint(page, 'again-code'), 'Room not found.'));
    assert.equal(await focused(page), 'again-code');

    await page.fill('#again-code', '123 456');
    assert.equal(await complaint(page, 'again-code'), '');
    page.answers.push(refusal(409, 'Somebody in this room already has this name.', 'name'));
    await page.keyboard.press('Enter');
    await eventually(async () => assert.equal(await complaint(page, 'again-name'), 'Somebody in this room already has this name.'));
    assert.equal(await focused(page), 'again-name');

    await page.fill('#again-name', 'Zoë B');
    assert.equal(await shown(page, '#again-name'), true);
    page.answers.push(json(200, { location: '/room/back' }));
    await page.click('#ask-again');
    await page.waitForURL('http://localhost/room/back');
    assert.deepEqual(page.posted.at(-1)[1], { csrf_token: 'the token', display_name: 'Zoë B', room_code: '123456' });
  });

  test('asks again by the invitation that was asked by', async (t) => {
    const page = await open(t, { prepare: rememberInvitation });
    await page.receive('connect');
    await deny(page, 'declined');
    assert.equal(await shown(page, '#again-code'), false);
    page.answers.push(json(200, { location: '/join/knock-2' }));
    await page.click('#ask-again');
    await page.waitForURL('http://localhost/join/knock-2');
    assert.deepEqual(page.posted, [['/join', { csrf_token: 'the token', display_name: "Zoë O'Brien", invite: lookup }]]);
    assert.equal(await page.evaluate(() => sessionStorage.getItem('invite')), lookup);
  });

  test('asks for a code when the invitation has ended', async (t) => {
    const page = await open(t, { prepare: rememberInvitation });
    await page.receive('connect');
    await deny(page, 'timed_out');
    page.answers.push(ended);
    await page.click('#ask-again');
    await eventually(async () => assert.equal((await page.locator('#again-problem').innerText()).trim(), 'This invite link no longer works. Ask for a new one.'));
    assert.equal(await complaint(page, 'again-code'), '', 'nothing is wrong with the empty field');
    assert.equal(await focused(page), 'again-code');
    assert.equal(await page.locator('#again-code').inputValue(), '');
    // A new link may be pasted where the code goes.
    await page.locator('#again-code').fill(`http://localhost/#${lookup}`);
    assert.equal(await shown(page, '#again-code'), false);
    assert.equal(await focused(page), 'ask-again');
    page.answers.push(ended);
    await page.keyboard.press('Enter');
    await eventually(async () => assert.equal(await shown(page, '#again-code'), true));
    await page.fill('#again-code', '123456');
    page.answers.push(json(200, { location: '/join/knock-2' }));
    await page.click('#ask-again');
    await page.waitForURL('http://localhost/join/knock-2');
    assert.deepEqual(page.posted.at(-1)[1], { csrf_token: 'the token', display_name: "Zoë O'Brien", room_code: '123456' });
    assert.deepEqual(await page.evaluate(() => [sessionStorage.getItem('code'), sessionStorage.getItem('invite')]), ['123456', null]);
  });

  test('shows an error and stays', async (t) => {
    const page = await open(t);
    await page.receive('connect');
    await page.receive('room_error', { message: 'Slow down.' });
    assert.match(await page.locator('#notices').innerText(), /Slow down\./);
    assert.equal(await page.locator('#waiting-title').innerText(), 'Waiting to be let in');
  });

  test('says that it needs JavaScript from here on', async (t) => {
    const page = await open(t, { javaScriptEnabled: false });
    assert.match(await page.locator('body').innerText(), /needs JavaScript/);
    for (const dead of ['#countdown', '#connection', '#again']) assert.equal(await shown(page, dead), false, dead);
  });

  test('shows a ring for each answer and a disc for each yes, but none for one person alone', async (t) => {
    const page = await open(t);
    await page.receive('connect');
    await page.receive(...status({ approvals: 1, required: 3 }));
    assert.deepEqual(await page.locator('#dots span').evaluateAll((dots) => dots.map((dot) => dot.classList.contains('yes'))), [true, false, false]);
    assert.equal(await shown(page, '#dots'), true);
    await page.receive(...status({ approvals: 0, required: 1 }));
    assert.equal(await shown(page, '#dots'), false);
  });

  test('says as who one asks, until it is over, and of the connection only that it is lost', async (t) => {
    const page = await open(t);
    const tiny = async () => (await page.locator('#connection').boundingBox()).width <= 1;
    await page.receive('connect');
    assert.deepEqual([await shown(page, '.as'), await tiny()], [true, true]);
    await page.receive('disconnect', 'transport close');
    assert.equal(await tiny(), false);
    await page.receive('connect');
    await deny(page, 'declined');
    assert.equal(await shown(page, '.as'), false);
  });

  for (const lang of ['en', 'de']) {
    test(`fits on a small screen with large text: ${lang}`, async (t) => {
      const long = { ...variables, session: { ...variables.session, display_name: 'W'.repeat(20) } };
      const page = await openPage(t, chromium.browser, 'waiting_approval.html', long, { lang, viewport: { width: 320, height: 568 } });
      for (const size of ['100%', '200%']) {
        await page.evaluate((text) => { document.documentElement.style.fontSize = text; }, size);
        await assertFits(page, size);
      }
      await deny(page, 'timed_out', 'Request timed out');
      await assertFits(page, 'ended');
    });
  }
});

/** Fails if anything is wider than the screen, or a text wider than its box. */
async function assertFits(page, when) {
  const out = await page.evaluate(() => [...document.querySelectorAll('main, main *:not(option, svg *)')]
    .filter((node) => node.getClientRects().length > 0 && !node.closest('.visually-hidden') && getComputedStyle(node).clipPath !== 'inset(50%)')
    .filter((node) => node.getBoundingClientRect().right > innerWidth + 0.5 || (node.localName !== 'input' && node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).display !== 'inline'))
    .map((node) => `${node.localName}#${node.id}.${node.className}`));
  assert.deepEqual(out, [], when);
}

describe('the start page', { concurrency: 3 }, () => {
  const chromium = browserForFile();
  const open = async (t, { variables, ...options } = {}) => {
    const page = await openPage(t, chromium.browser, 'index.html', { csrf_token: 'the token', ...variables }, options);
    await page.waitForLoadState('networkidle');
    return page;
  };
  const chatAs = (name) => ({ path: '/room/1', leave: '/room/1/leave', name, title: 'Ben, Cleo', people_words: '2 people', ends: '2000-01-02T00:00:00Z', left: 0, ends_words: 'ends in 3 h', held: '' });

  test('creates a chat once', async (t) => {
    const page = await open(t);
    await page.fill('#name', ' Zoë ');
    let answer;
    const posts = [];
    await page.route('**/', async (route) => {
      if (route.request().method() !== 'POST') return route.fallback();
      posts.push(route.request());
      await new Promise((resolve) => { answer = resolve; });
      return route.fulfill(json(200, { location: '/room/new' }));
    });
    await page.click('#create');
    await eventually(() => assert.ok(answer));
    assert.equal(await page.locator('#create').getAttribute('aria-disabled'), 'true');
    await page.evaluate(() => { document.getElementById('create').click(); document.getElementById('join').click(); });
    answer();
    await page.waitForURL('http://localhost/room/new');
    assert.equal(posts.length, 1);
    assert.equal(posts[0].headers().accept, 'application/json');
    assert.equal(posts[0].postData(), 'csrf_token=the+token&display_name=Zo%C3%AB');
    assert.deepEqual(page.problems, []);
  });

  test('asks with a code and keeps it for the next page', async (t) => {
    const page = await open(t);
    await page.fill('#name', 'Zoë');
    await page.fill('#code', '123456');
    page.answers.push(json(200, { location: '/join/knock-1' }));
    await page.click('#join');
    await page.waitForURL('http://localhost/join/knock-1');
    assert.deepEqual(page.posted, [['/join', { csrf_token: 'the token', display_name: 'Zoë', room_code: '123456' }]]);
    assert.equal(await page.evaluate(() => sessionStorage.getItem('code')), '123456');
  });

  for (const [what, { name = 'Zoë', code = '', at }, address] of [
    ['in the name begins a chat', { at: 'name' }, '/'],
    ['in the name asks, if there is a code', { code: '123456', at: 'name' }, '/join'],
    ['in the code asks', { code: '123456', at: 'code' }, '/join'],
  ]) {
    test(`Enter ${what}`, async (t) => {
      const page = await open(t);
      await page.fill('#name', name);
      await page.fill('#code', code);
      page.answers.push(refusal(500, 'No.'));
      await page.press(`#${at}`, 'Enter');
      await eventually(() => assert.deepEqual(page.posted.map(([path]) => path), [address]));
    });
  }

  test('takes a pasted code', async (t) => {
    const page = await open(t);
    for (const [pasted, code] of [['123 456', '123456'], ['https://chat.example:8443/#654321', '654321']]) {
      await page.locator('#code').selectText();
      await page.keyboard.insertText(pasted);
      assert.equal(await page.locator('#code').inputValue(), code);
    }
  });

  test('a code is typed, pasted or composed in the digits of any script', async (t) => {
    const page = await open(t);
    const code = page.locator('#code');
    const value = async () => {
      const typed = await code.inputValue();
      await code.fill('');
      return typed;
    };
    const devtools = await page.context().newCDPSession(page);
    for (const digits of ['١٢٣٤٥٦', '१२३४५६', '１２３４５６', '𞥑𞥒𞥓𞥔𞥕𞥖']) {
      await code.focus();
      for (const digit of digits) await page.keyboard.insertText(digit); // as a key of that keyboard does
      assert.equal(await value(), '123456', `typed ${digits}`);
      await page.evaluate((text) => { document.execCommand('insertText', false, text); }, digits); // as pasting does
      assert.equal(await value(), '123456', `pasted ${digits}`);
      for (let end = 1; end <= digits.length; end += 1) {
        const text = digits.slice(0, end);
        await devtools.send('Input.imeSetComposition', { text, selectionStart: end, selectionEnd: end });
      }
      await devtools.send('Input.insertText', { text: digits });
      assert.equal(await value(), '123456', `composed ${digits}`);
    }
    assert.deepEqual(page.problems, []);
  });

  test('takes nothing but digits from the keyboard, and no seventh', async (t) => {
    const page = await open(t);
    assert.equal(await page.locator('#code').getAttribute('inputmode'), 'numeric');
    await page.locator('#code').pressSequentially('12x 3456');
    await page.press('#code', 'Home');
    await page.locator('#code').pressSequentially('9');
    assert.equal(await page.locator('#code').inputValue(), '123456');
    await page.press('#code', 'Delete');
    await page.locator('#code').pressSequentially('9');
    assert.equal(await page.locator('#code').inputValue(), '923456');
  });

  test('remembers the name that worked', async (t) => {
    const page = await open(t);
    await page.fill('#name', 'Ana María');
    page.answers.push(refusal(400, 'No.', 'name'), json(200, { location: '/room/new' }));
    await page.click('#create');
    await eventually(async () => assert.equal(await complaint(page, 'name'), 'No.'));
    await page.reload();
    assert.equal(await page.locator('#name').inputValue(), '');
    await page.fill('#name', 'Ana María');
    await page.click('#create');
    await page.waitForURL('http://localhost/room/new');
    await page.goto('http://localhost/page');
    assert.equal(await page.locator('#name').inputValue(), 'Ana María');
  });

  test('works where nothing may be kept', async (t) => {
    const page = await open(t, { prepare: refuseStorage });
    await page.fill('#name', 'Zoë');
    await page.fill('#code', '123456');
    page.answers.push(json(200, { location: '/join/knock-1' }));
    await page.click('#join');
    await page.waitForURL('http://localhost/join/knock-1');
    assert.deepEqual(page.problems, []);
  });

  test('says what is missing without asking the server', async (t) => {
    const page = await open(t);
    await page.click('#create');
    assert.equal(await complaint(page, 'name'), 'Please enter your name.');
    assert.equal(await focused(page), 'name');
    await page.fill('#name', 'Z');
    assert.equal(await complaint(page, 'name'), '', 'until something is changed');
    await page.fill('#name', '');
    await page.fill('#code', '123');
    await page.click('#join');
    assert.equal(await complaint(page, 'name'), 'Please enter your name.');
    assert.equal(await complaint(page, 'code'), 'Please enter the six-digit room code.');
    assert.equal(await focused(page), 'name');
    assert.deepEqual(page.navigations, []);
  });

  for (const [button, status, words, where] of [
    ['create', 400, 'This name is too long.', 'name'],
    ['create', 403, 'There are already as many rooms from your address as one may open.', null],
    ['create', 503, 'This server has all the rooms it can hold.', null],
    ['create', 429, 'There were too many requests from your address.', null],
    ['join', 400, 'This name is too long.', 'name'],
    ['join', 404, 'Room not found.', 'code'],
    ['join', 403, 'This room is full.', 'code'],
    ['join', 409, 'Somebody in this room already has this name.', 'name'],
    ['join', 429, 'There were too many wrong room codes from your address.', null],
    ['join', 400, 'This form is no longer valid. Please reload the page it is on and try again.', null],
  ]) {
    test(`says a refusal where it belongs: ${button} ${status}, ${words}`, async (t) => {
      const page = await open(t);
      await page.fill('#name', 'Zoë');
      await page.fill('#code', '123456');
      page.answers.push(refusal(status, words, where));
      await page.click(`#${button}`);
      const place = page.locator(`#${where ?? button}-problem`);
      await eventually(async () => assert.equal((await place.innerText()).trim(), words));
      assert.equal(await place.getAttribute('role'), 'alert');
      assert.equal(await page.locator('.problem :not(:empty)').count(), 1);
      if (where) {
        assert.equal(await complaint(page, where), words);
        assert.equal(await focused(page), where);
      } else {
        assert.equal(await focused(page), button, 'the keyboard keeps its place');
      }
      assert.equal(await page.locator(`#${button}`).getAttribute('aria-disabled'), null);
      assert.deepEqual(page.navigations, []);
      // The next attempt begins without it.
      page.answers.push(json(200, { location: '/room/new' }));
      await page.click(`#${button}`);
      await page.waitForURL('http://localhost/room/new');
    });
  }

  // Every object has a property of that name, and it is no field.
  test('says a refusal about a field that the page does not have', async (t) => {
    const page = await open(t);
    await page.fill('#name', 'Zoë');
    page.answers.push(json(400, { error: 'No.', field: 'constructor', status: 400 }));
    await page.click('#create');
    await eventually(async () => assert.equal((await page.locator('#create-problem').innerText()).trim(), 'No.'));
    assert.equal(await page.locator('#create').getAttribute('aria-disabled'), null);
  });

  // By its code a refusal is known in the page's language, whatever sentence comes with it.
  test('says a refusal by its code', async (t) => {
    const page = await open(t, { lang: 'de' });
    for (const [code, error, words] of [
      ['room_full', 'No place.', 'Dieser Chat ist voll. Du kannst erst beitreten, wenn jemand geht.'],
      ['moon_full', 'Der Mond ist voll.', 'Der Mond ist voll.'],
      ['too_many_wrong_codes', 'Bitte warte bis zu 5 Min.', 'Bitte warte bis zu 5 Min.'], // the number is the server's to say
    ]) {
      await page.fill('#name', 'Zoë');
      await page.fill('#code', '123456');
      page.answers.push(json(403, { code, error, field: 'room_code', status: 403 }));
      await page.click('#join');
      await eventually(async () => assert.equal(await complaint(page, 'code'), words));
    }
  });

  for (const [what, answer, words] of [
    ['no answer', null, /can’t be reached/],
    ['a proxy’s answer', { status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' }, /Something went wrong/],
    ['nothing that makes sense', { status: 200, contentType: 'application/json', body: 'null' }, /Something went wrong/],
    ['a page instead of an address', { status: 200, contentType: 'text/html', body: 'welcome' }, /Something went wrong/],
  ]) {
    test(`says so after ${what}`, async (t) => {
      const page = await open(t);
      await page.fill('#name', 'Zoë');
      page.answers.push(answer);
      await page.click('#create');
      await eventually(async () => assert.match(await page.locator('#create-problem').innerText(), words));
    });
  }

  for (const late of [false, true]) {
    test(`welcomes whoever comes by an invite link${late ? ' on the open page' : ''}`, async (t) => {
      const page = await open(t, { at: late ? '?from=here' : '?from=here#123456' });
      if (late) {
        assert.equal(await shown(page, '#invitation'), false);
        await page.evaluate(() => { location.hash = '123456'; });
      }
      await page.locator('#invitation').waitFor();
      assert.match(await page.locator('#invitation').innerText(), /invited/);
      assert.equal(await page.locator('#code').inputValue(), '123456');
      for (const filledIn of ['#code', '#code-hint']) assert.equal(await shown(page, filledIn), false, filledIn);
      assert.equal(page.url(), 'http://localhost/page?from=here');
      assert.equal(await focused(page), 'name');
      const [join, create] = await Promise.all(['#join', '#create'].map((id) => page.locator(id).boundingBox()));
      assert.ok(join.y < create.y, 'joining comes first');
      await page.fill('#name', 'Zoë');
      page.answers.push(json(200, { location: '/join/knock-1' }));
      await page.press('#name', 'Enter');
      await page.waitForURL('http://localhost/join/knock-1');
      assert.equal(page.posted[0][1].room_code, '123456');
    });
  }

  test('an invite link needs one press of whoever was here before', async (t) => {
    const page = await open(t, { at: '#123456', prepare: rememberName });
    assert.equal(await focused(page), 'join');
    page.answers.push(json(200, { location: '/join/knock-1' }));
    await page.keyboard.press('Enter');
    await page.waitForURL('http://localhost/join/knock-1');
    assert.deepEqual(page.posted[0][1], { csrf_token: 'the token', display_name: 'Ana María', room_code: '123456' });
  });

  for (const late of [false, true]) {
    test(`an invitation takes the code’s place${late ? ' on the open page' : ''}`, async (t) => {
      const page = await open(t, { at: late ? '?from=here' : `?from=here#${lookup}.secret` });
      if (late) {
        await page.fill('#code', '123');
        await page.evaluate((fragment) => { location.hash = fragment; }, lookup);
      }
      await page.locator('#invitation').waitFor();
      assert.equal(page.url(), 'http://localhost/page?from=here', 'the lookup is out of the address');
      assert.deepEqual([await shown(page, '#code'), await page.locator('#code').inputValue()], [false, '']);
      assert.equal(await focused(page), 'name');
      const [join, create] = await Promise.all(['#join', '#create'].map((id) => page.locator(id).boundingBox()));
      assert.ok(join.y < create.y, 'joining comes first');
      await page.fill('#name', 'Zoë');
      page.answers.push(json(200, { location: '/join/knock-1' }));
      await page.press('#name', 'Enter');
      await page.waitForURL('http://localhost/join/knock-1');
      assert.deepEqual(page.posted, [['/join', { csrf_token: 'the token', display_name: 'Zoë', invite: lookup }]]);
      assert.deepEqual(await page.evaluate(() => [sessionStorage.getItem('code'), sessionStorage.getItem('invite')]), [null, lookup]);
      assert.deepEqual(page.problems, []);
    });
  }

  test('a broken link that is pasted where the code goes is said to be one, and is no code', async (t) => {
    const page = await open(t, { prepare: rememberName });
    await page.focus('#code');
    await page.keyboard.insertText(`https://chat.example/#${lookup.slice(0, 17)}`);
    assert.deepEqual([await complaint(page, 'code'), await page.locator('#code').inputValue()], [cutOff, '']);
    await page.keyboard.insertText('Join me #afterwork, 123 456');
    assert.deepEqual([await complaint(page, 'code'), await page.locator('#code').inputValue()], ['', '123456']);
  });

  test('an invitation is pasted where the code goes', async (t) => {
    const page = await open(t, { prepare: rememberName });
    await page.focus('#code');
    await page.keyboard.insertText(`Join me: http://localhost/#${lookup}.`);
    await page.locator('#invitation').waitFor();
    assert.equal(await shown(page, '#code'), false);
    assert.equal(await focused(page), 'join');
    page.answers.push(json(200, { location: '/join/knock-1' }));
    await page.keyboard.press('Enter');
    await page.waitForURL('http://localhost/join/knock-1');
    assert.deepEqual(page.posted[0][1], { csrf_token: 'the token', display_name: 'Ana María', invite: lookup });
  });

  // Nobody can type what is no more in the address.
  test('an invitation stays when the page is loaded again, and is no other page’s', async (t) => {
    const page = await open(t, { at: `#${lookup}`, prepare: rememberName });
    await page.reload();
    await page.locator('#invitation').waitFor();
    assert.equal(await shown(page, '#code'), false);
    page.answers.push(json(200, { location: '/join/knock-1' }));
    await page.click('#join');
    await page.waitForURL('http://localhost/join/knock-1');
    assert.equal(page.posted[0][1].invite, lookup);
    await page.goto('http://localhost/page');
    assert.deepEqual([await shown(page, '#invitation'), await shown(page, '#code')], [false, true]);
  });

  test('a chat is begun without the invitation', async (t) => {
    const page = await open(t, { at: `#${lookup}`, prepare: rememberName });
    page.answers.push(json(200, { location: '/room/new' }));
    await page.click('#create');
    await page.waitForURL('http://localhost/room/new');
    assert.deepEqual(page.posted, [['/', { csrf_token: 'the token', display_name: 'Ana María' }]]);
  });

  test('an invitation that has ended leaves the name, and the code’s field to go on', async (t) => {
    const page = await open(t, { at: `#${lookup}`, lang: 'de' });
    await page.fill('#name', 'Zoë');
    // A refusal that is not about the invitation leaves it there.
    page.answers.push(json(409, { error: 'Taken.', field: 'display_name', status: 409 }), json(403, { code: 'room_full', error: 'Full.', status: 403 }), ended);
    await page.click('#join');
    await eventually(async () => assert.equal(await complaint(page, 'name'), 'Taken.'));
    assert.equal(await shown(page, '#code'), false);
    await page.click('#join');
    await eventually(async () => assert.notEqual((await page.locator('#join-problem').innerText()).trim(), ''));
    assert.equal(await shown(page, '#code'), false);
    await page.click('#join');
    await eventually(async () => assert.equal(await saidOfInvitation(page), 'Dieser Einladungslink gilt nicht mehr. Lass dir einen neuen schicken.'));
    assert.equal(await page.locator('#invitation-problem').getAttribute('role'), 'alert');
    assert.deepEqual([await focused(page), await page.locator('#name').inputValue()], ['code', 'Zoë']);
    assert.deepEqual([await shown(page, '#invitation'), await complaint(page, 'code')], [false, '']);
    assert.equal(await page.locator('#name').getAttribute('aria-describedby'), 'name-problem');
    // An invitation that has ended does not come back.
    await page.reload();
    assert.deepEqual([await shown(page, '#invitation'), await shown(page, '#code'), await page.locator('#name').inputValue()], [false, true, 'Zoë']);
    assert.deepEqual([await page.evaluate(() => history.state.lookup), await saidOfInvitation(page)], [null, '']);
    await page.fill('#code', '123456');
    page.answers.push(json(200, { location: '/join/knock-1' }));
    await page.press('#code', 'Enter');
    await page.waitForURL('http://localhost/join/knock-1');
    assert.deepEqual(page.posted.map(([, fields]) => [fields.invite, fields.room_code]), [...Array(3).fill([lookup, undefined]), [undefined, '123456']]);
  });

  test('a new invitation takes the place of one that has ended', async (t) => {
    const page = await open(t, { at: `#${lookup}`, prepare: rememberName });
    page.answers.push(json(400, { code: 'invalid_invite', error: 'Cut.', field: 'invite', status: 400 }), json(200, { location: '/join/knock-1' }));
    await page.click('#join');
    await eventually(async () => assert.equal(await saidOfInvitation(page), cutOff));
    const second = lookup.replace('j', 'k');
    await page.evaluate((fragment) => { location.hash = fragment; }, second);
    await page.locator('#invitation').waitFor();
    assert.deepEqual([await saidOfInvitation(page), await shown(page, '#code')], ['', false]);
    assert.equal(await page.locator('#name').getAttribute('aria-describedby'), 'invitation name-problem');
    await page.click('#join');
    await page.waitForURL('http://localhost/join/knock-1');
    assert.equal(page.posted.at(-1)[1].invite, second);
  });

  for (const [what, fragment] of [
    ['cut off', lookup.slice(0, 21)],
    ['cut off early', lookup.slice(0, 8)],
    ['with one character too many', `${lookup}A`],
    ['with another last character', `${lookup.slice(0, 21)}B`],
    ['with a comma after it', `${lookup},`],
    ['cut off before its secret', `${lookup.slice(0, 20)}.secret`],
  ]) {
    for (const late of [false, true]) {
      test(`says that an invite link is broken: ${what}${late ? ', on the open page' : ''}`, async (t) => {
        const page = await open(t, { at: late ? `?from=here#${lookup}` : `?from=here#${fragment}` });
        await page.fill('#name', 'Zoë');
        if (late) await page.evaluate((hash) => { location.hash = hash; }, fragment);
        await eventually(async () => assert.equal(await saidOfInvitation(page), cutOff));
        assert.deepEqual([await shown(page, '#invitation'), await complaint(page, 'code')], [false, '']);
        assert.equal(page.url(), 'http://localhost/page?from=here');
        assert.equal(await page.locator('form button.wide').first().getAttribute('id'), 'join', 'what they came for is first');
        await page.fill('#code', '123456');
        page.answers.push(json(200, { location: '/join/knock-1' }));
        await page.press('#code', 'Enter');
        await page.waitForURL('http://localhost/join/knock-1');
        assert.deepEqual(page.posted, [['/join', { csrf_token: 'the token', display_name: 'Zoë', room_code: '123456' }]]);
        assert.deepEqual(page.problems, []);
      });
    }
  }

  test('a link with a code takes the place of an invitation', async (t) => {
    const page = await open(t, { at: `#${lookup}`, prepare: rememberName });
    await page.evaluate(() => { location.hash = '123456'; });
    await eventually(async () => assert.equal(await page.locator('#code').inputValue(), '123456'));
    assert.equal(await shown(page, '#code'), false);
    await page.reload();
    assert.equal(await shown(page, '#code'), true, 'the invitation is gone');
  });

  test('a code from a link that is refused can be put right', async (t) => {
    const page = await open(t, { at: '#123456' });
    await page.fill('#name', 'Zoë');
    page.answers.push(refusal(404, 'Room not found.', 'code'));
    await page.click('#join');
    await eventually(async () => assert.equal(await complaint(page, 'code'), 'Room not found.'));
    assert.equal(await focused(page), 'code');
    assert.deepEqual([await shown(page, '#code'), await shown(page, '#invitation')], [true, false]);
  });

  // Nobody else can have that name there, not even the same person in another tab.
  for (const [what, variables, name] of [
    ['is not filled in while this browser is in a chat under it', { chats: [chatAs('Bea'), chatAs('Ana María')] }, ''],
    ['is not filled in while this browser wants to join under it', { requests: [{ path: '/join/1', name: 'Ana María' }] }, ''],
    ['is filled in beside chats under other names', { chats: [chatAs('Ana')] }, 'Ana María'],
  ]) {
    test(`the last name ${what}`, async (t) => {
      const page = await open(t, { variables, at: '#123456', prepare: rememberName });
      assert.equal(await page.inputValue('#name'), name);
      assert.equal(await focused(page), name ? 'join' : 'name');
    });
  }

  for (const [locale, lang, soon, later] of [
    ['en-GB', 'en', ['ends today at 21:30', 'ends tomorrow at 04:02'], ['ends Saturday at 04:02', 'ends Friday, June 12 at 04:02']],
    ['en-US', 'en', ['ends today at 9:30 PM', 'ends tomorrow at 4:02 AM'], ['ends Saturday at 4:02 AM', 'ends Friday, June 12 at 4:02 AM']],
    ['de-DE', 'de', ['endet heute um 21:30', 'endet morgen um 04:02'], ['endet am Samstag um 04:02', 'endet am Freitag, 12. Juni um 04:02']],
  ]) {
    test(`says by the browser’s clock when a chat ends: ${locale}`, async (t) => {
      const now = Date.parse('2026-06-04T20:00:00.400+02:00'); // it took the page a moment to load
      const ends = ['2026-06-04T21:30:00+02:00', '2026-06-05T04:02:00+02:00', '2026-06-06T04:02:00+02:00', '2026-06-12T04:02:00+02:00'];
      const page = await open(t, {
        lang, locale, timezoneId: 'Europe/Vienna',
        // The server's clock is right, and this browser's is an hour behind.
        variables: { chats: [...ends, '2026-06-04T12:00:00+02:00'].map((end) => ({ ...chatAs('Ana'), ends: new Date(Date.parse(end) + 3_600_000).toISOString(), left: Math.max(0, (Date.parse(end) - now) / 1000) })) },
        prepare: (context) => context.clock.setFixedTime(now),
      });
      const said = async () => (await page.locator('.chat-end').allInnerTexts()).map((text) => text.replaceAll('\u202f', ' '));
      await eventually(async () => assert.deepEqual(await said(), [...soon, ...later, 'ends in 3 h']));
      // A page that was looked at before midnight is right after it.
      await page.clock.setFixedTime(new Date('2026-06-05T00:10:00+02:00'));
      await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
      assert.equal((await said())[1], soon[0].replace(/\d.*/, '') + later[0].replace(/^.*? (?=\d)/, ''));
      assert.deepEqual(page.problems, []);
    });
  }

  // Threat: a chat is made that the person who made it cannot use.
  test('says without scripts, right above the buttons, that the chat needs them', async (t) => {
    const page = await open(t, { javaScriptEnabled: false });
    const [hint, below] = [await page.locator('.hint', { hasText: 'Turn on JavaScript first.' }).boundingBox(), await page.locator('#create').boundingBox()];
    const gap = below.y - hint.y - hint.height;
    assert.ok(gap >= 0 && gap < 40, `${gap} px above`);
    const other = await open(t);
    assert.equal(await other.getByText('Turn on JavaScript').count(), 0);
  });

  test('says without scripts how long a chat lasts', async (t) => {
    const page = await open(t, { variables: { chats: [chatAs('Ana')] }, javaScriptEnabled: false });
    assert.equal(await page.locator('.chat-facts').innerText(), '2 people, ends in 3 h');
    assert.equal(await page.locator('.chat-name').innerText(), 'Ben, Cleo · as Ana');
  });

  test('says that a chat without others goes with who leaves it', async (t) => {
    const page = await open(t, { variables: { chats: [{ ...chatAs('Ana'), alone: true }] } });
    await page.click('.chats summary');
    assert.match(await page.locator('.chats form').innerText(), /^Nobody else is in this chat\./);
  });

  for (const javaScriptEnabled of [true, false]) {
    test(`asks before a chat is left, ${javaScriptEnabled ? 'with' : 'without'} scripts`, async (t) => {
      const page = await open(t, { variables: { chats: [chatAs('Ana')] }, javaScriptEnabled });
      const leave = page.getByRole('button', { name: 'Leave' });
      assert.equal(await leave.count(), 0);
      const summary = page.locator('.chats summary');
      assert.equal((await summary.innerText()).trim(), 'Leave');
      await summary.focus();
      await page.keyboard.press('Enter');
      await leave.waitFor();
      assert.match(await page.locator('.chats form').innerText(), /everyone has to say yes/);
      assert.equal((await summary.innerText()).trim(), 'Stay');
      await page.keyboard.press('Enter');
      await leave.waitFor({ state: 'hidden' });
      await summary.click();
      page.answers.push({ contentType: 'text/html', body: 'left' });
      await leave.click();
      await page.waitForURL('http://localhost/room/1/leave');
      assert.deepEqual(page.posted, [['/room/1/leave', { csrf_token: 'the token' }]]);
    });
  }

  test('says who runs the server, if they have said so', async (t) => {
    const foot = (page) => page.locator('.foot li').allInnerTexts();
    assert.deepEqual(await foot(await open(t)), ['MIT licence']);
    const about = { operator: { name: 'Us & Co', url: 'https://us.example/', privacy: 'mailto:us@us.example' }, source: 'https://code.example/', version: { number: '1.2.3', commit: 'abc' } };
    const page = await open(t, { variables: about });
    assert.deepEqual(await foot(page), ['Run by Us & Co', 'Privacy', 'Source code', 'MIT licence', 'Version 1.2.3 (abc)']);
    assert.deepEqual(await page.locator('.foot a').evaluateAll((links) => links.map((link) => link.href)), ['https://us.example/', 'mailto:us@us.example', 'https://code.example/']);
  });

  test('an address with another fragment invites to nothing', async (t) => {
    for (const fragment of ['1234567', 'top', 'how-title', 'utm_source=elsewhere', '/elsewhere']) {
      const page = await open(t, { at: `#${fragment}` });
      assert.deepEqual([await shown(page, '#invitation'), await saidOfInvitation(page)], [false, ''], fragment);
      assert.equal(await page.locator('#code').inputValue(), '');
      assert.equal(new URL(page.url()).hash, `#${fragment}`);
    }
  });

  test('one button stands out: the one that fits', async (t) => {
    const page = await open(t, { reducedMotion: 'reduce' });
    const colours = () => Promise.all(['#create', '#join'].map((id) => page.locator(id).evaluate((node) => getComputedStyle(node).backgroundColor)));
    const [filled, tinted] = await colours();
    assert.notEqual(filled, tinted);
    await page.fill('#code', '1');
    assert.deepEqual(await colours(), [tinted, filled]);
    await page.fill('#code', '');
    assert.deepEqual(await colours(), [filled, tinted]);
    await page.evaluate((fragment) => { location.hash = fragment; }, lookup);
    await page.locator('#invitation').waitFor();
    assert.deepEqual(await colours(), [tinted, filled]);
  });

  for (const lang of ['en', 'de']) {
    test(`fits on a small screen with large text, with targets for a thumb: ${lang}`, async (t) => {
      const page = await open(t, { lang, at: '#123456', viewport: { width: 320, height: 568 } });
      for (const size of ['100%', '200%']) {
        await page.evaluate((text) => { document.documentElement.style.fontSize = text; }, size);
        await assertFits(page, size);
        for (const target of await page.locator('input:visible, button.wide').all()) assert.ok((await target.boundingBox()).height >= 44);
      }
    });
  }

  test('says what to run without the client', async (t) => {
    const page = await openPage(t, chromium.browser, 'index.html', {}, { client: false });
    await page.locator('.notice').waitFor();
    assert.match(await page.locator('#notices').innerText(), /“make run”/);
  });

  // In Firefox an import fails when the page is left meanwhile. A page that is gone runs no timer.
  test('logs that the client is missing only once the page has stayed for a second', async (t) => {
    const prepare = async (context) => {
      await context.clock.install();
      await context.clock.pauseAt(Date.now() + 1000);
    };
    const page = await openPage(t, chromium.browser, 'index.html', {}, { client: false, prepare });
    const logged = () => page.problems.filter((problem) => String(problem).includes('dynamically imported module'));
    await page.locator('.notice').waitFor();
    await page.clock.runFor(900);
    assert.deepEqual(logged(), []);
    await page.clock.runFor(200);
    await eventually(() => assert.equal(logged().length, 1));
  });
});

// Who writes from right to left sees it so while writing.
test('fields for what people write take its direction', async (t) => {
  const browser = await openBrowser();
  t.after(() => browser.close());
  for (const [name, fields] of Object.entries({ 'index.html': ['#name'], 'waiting_approval.html': ['#again-name'], 'chatroom.html': ['#message-input'] })) {
    const page = await openPage(t, browser, name, { session: { user_id: 'knock-1', display_name: 'Ana' }, answer_time: 60, initial_time: 60 });
    for (const field of fields) {
      const direction = (written) => page.locator(field).evaluate((node, text) => {
        node.value = text;
        return getComputedStyle(node).direction;
      }, written);
      assert.equal(await direction('مرحبا'), 'rtl', field);
      assert.equal(await direction('Hello'), 'ltr', field);
    }
  }
});

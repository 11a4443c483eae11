import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { browserForFile, eventually } from '../browser/harness.mjs';
import { openPage } from './embedded-page.mjs';

const json = (status, body) => ({ status, contentType: 'application/json', body: JSON.stringify(body) });
const refusal = (status, error) => json(status, { error, status });

/** What a field says is wrong with it, as people and screen readers get it; '' if it says nothing. */
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

// As with cookies and site data blocked: asking for the storage throws already.
const refuseStorage = (context) => context.addInitScript(() => {
  for (const area of ['localStorage', 'sessionStorage']) {
    Object.defineProperty(globalThis, area, { get() { throw new DOMException('denied', 'SecurityError'); } });
  }
});

describe('the waiting page', () => {
  const chromium = browserForFile();
  const variables = { answer_time: 60, session: { pending_approval: 'knock-1', user_id: 'knock-1', display_name: "Zoë O'Brien" } };
  const open = (t) => openPage(t, chromium.browser, 'waiting_approval.html', variables);

  test('announces the request with every connection', async (t) => {
    const page = await open(t);
    assert.deepEqual(await page.evaluate(() => globalThis.options.auth), { seat: 'knock-1' });
    for (let i = 0; i < 2; i += 1) {
      await page.receive('connect');
      assert.deepEqual(await page.sent(), [['join_request', { room: 'knock-1', user: "Zoë O'Brien", user_id: 'knock-1' }]]);
      await page.receive('disconnect', 'transport close');
    }
    assert.match(await page.locator('#timer').innerText(), /^(60|5\d)$/);
    assert.deepEqual(page.problems, []);
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

  for (const [reason, words] of [
    [undefined, 'Somebody in the room said no.'],
    ['Request timed out', 'Not everybody answered in time. Please ask again.'],
    ['The room is full.', 'The room is full.'],
  ]) {
    test(`says why it is not let in: ${reason}`, async (t) => {
      const page = await open(t);
      await page.receive('connect');
      await page.receive('join_denied', { user_id: 'knock-1', room: 'x', reason });
      assert.equal(await page.locator('#waiting-title').innerText(), 'Not let in');
      assert.equal(await page.locator('#status').innerText(), words);
      assert.equal(await page.locator('#countdown').isVisible(), false);
      await page.click('#home');
      await page.waitForURL('http://localhost/');
    });
  }

  test('shows an error and stays', async (t) => {
    const page = await open(t);
    await page.receive('connect');
    await page.receive('room_error', { message: 'Slow down.' });
    assert.match(await page.locator('#notices').innerText(), /Slow down\./);
    assert.equal(await page.locator('#waiting-title').innerText(), 'Waiting to be let in');
  });
});

/** Fails if anything is wider than the screen, or a text wider than its box. */
async function assertFits(page, when) {
  const out = await page.evaluate(() => [...document.querySelectorAll('main, main *:not(option, svg *)')]
    .filter((node) => node.getClientRects().length > 0 && !node.closest('.visually-hidden'))
    .filter((node) => node.getBoundingClientRect().right > innerWidth + 0.5 || (node.localName !== 'input' && node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).display !== 'inline'))
    .map((node) => `${node.localName}#${node.id}.${node.className}`));
  assert.deepEqual(out, [], when);
}

describe('the start page', { concurrency: 3 }, () => {
  const chromium = browserForFile();
  const open = async (t, options) => {
    const page = await openPage(t, chromium.browser, 'index.html', { csrf_token: 'the token' }, options);
    await page.waitForLoadState('networkidle');
    return page;
  };

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
    page.answers.push(refusal(400, 'No.'), json(200, { location: '/room/new' }));
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
    assert.equal(await complaint(page, 'name'), 'Please enter a name.');
    assert.equal(await focused(page), 'name');
    await page.fill('#name', 'Z');
    assert.equal(await complaint(page, 'name'), '', 'until something is changed');
    await page.fill('#name', '');
    await page.fill('#code', '123');
    await page.click('#join');
    assert.equal(await complaint(page, 'name'), 'Please enter a name.');
    assert.equal(await complaint(page, 'code'), 'Please enter the six digits of the room code.');
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
      page.answers.push(refusal(status, words));
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

  for (const [what, answer, words] of [
    ['no answer', null, /cannot be reached/],
    ['a proxy’s answer', { status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' }, /no answer that this page understands/],
    ['a page instead of an address', { status: 200, contentType: 'text/html', body: 'welcome' }, /no answer that this page understands/],
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

  test('an address with another fragment invites to nothing', async (t) => {
    const page = await open(t, { at: '#1234567' });
    assert.equal(await shown(page, '#invitation'), false);
    assert.equal(await page.locator('#code').inputValue(), '');
  });

  test('one button stands out: the one that fits', async (t) => {
    const page = await open(t, { reducedMotion: 'reduce' });
    const colours = () => Promise.all(['#create', '#join'].map((id) => page.locator(id).evaluate((node) => getComputedStyle(node).backgroundColor)));
    const [filled, tinted] = await colours();
    assert.notEqual(filled, tinted);
    await page.fill('#code', '1');
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
});

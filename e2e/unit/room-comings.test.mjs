// Who comes and goes, in as few rows as can be.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { browserForFile, eventually } from '../browser/harness.mjs';
import { alice, joinedRoom, knock, rows, self } from './room.mjs';

describe('coming and going', () => {
  const chromium = browserForFile();
  const joined = (t, options) => joinedRoom(t, chromium, { locale: 'en-GB', timezoneId: 'Europe/Vienna', ...options });

  const noon = Date.parse('2026-06-01T12:00:00+02:00');

  /** Tells a page what people do, one thing a minute: [what, name, other fields…]. */
  async function tell(page, ...all) {
    for (const [i, [what, name, more]] of all.entries()) {
      const id = (page.lastId = (page.lastId ?? 0) + 1);
      await page.receive('notice', { id, what, member: `seat of ${name}`, display_name: name, at: noon + i * 60_000, ...what === 'admitted' && { by: ['Alice'] }, ...more });
    }
  }

  const told = (page) => page.locator('.system-message').allInnerTexts();
  const joins = (name) => [['admitted', name], ['joined', name]];

  for (const [what, events, lines] of [
    ['one who was let in', [['admitted', "O&#39;Ben"]], ["Alice let O'Ben in"]],
    ['one by several', [['admitted', 'Ben', { by: ['Alice', 'O&#39;Dan', 'Cleo'] }]], ["Alice, O'Dan, and Cleo let Ben in"]],
    ['one who came', joins('Ben'), ['Ben joined']],
    ['two who came', [...joins('Ben'), ...joins('Cleo')], ['Ben and Cleo joined']],
    ['four who came', ['Cleo', 'Ben', 'Dan', 'Eve'].flatMap(joins), ['Cleo and 3 others joined']],
    ['nineteen', Array.from({ length: 19 }, (_, i) => joins(`P${i}`)).flat(), ['P0 and 18 others joined']],
    ['who came and went', [...joins('Ben'), ['left', 'Ben']], ['Ben joined · Ben left']],
    ['pairs', [...joins('Ben'), ['left', 'Ben'], ...joins('Cleo'), ['left', 'Cleo']], ['Ben and Cleo joined · Ben and Cleo left']],
    ['one lost and found', [['lost', 'Ben'], ['returned', 'Ben'], ['lost', 'Ben'], ['returned', 'Ben']], ['Ben is back']],
    ['one who was lost on the way in', [...joins('Ben'), ['lost', 'Ben'], ['returned', 'Ben']], ['Ben joined']],
    ['one who was lost, and has left', [['lost', 'Ben'], ['left', 'Ben']], ['Ben left']],
    ['all sorts', [...joins('Ben'), ['lost', 'Dan'], ['away', 'Eve'], ['lost', 'Finn'], ['left', 'Gil'], ['returned', 'Hal']],
      ['Ben joined · Dan and 2 others are away · Gil left · Hal is back']],
    ['what was missed, apart', [['lost', 'Ben'], ...joins('Cleo').map(([what_, name]) => [what_, name, { missed: true }])],
      ['Ben is away', 'While you were away: Cleo joined']],
    ['one whom others of the same name follow', [['left', 'Ben', { member: 'a' }], ['joined', 'Ben', { member: 'b' }]], ['Ben left · Ben joined']],
    ['what nobody knows', [['danced', 'Ben'], ['toString', 'Ben'], ['admitted', 'Ben', { by: [7] }], ['admitted', 'Ben', { by: [] }]], []],
  ]) {
    test(what, async (t) => {
      const page = await joined(t);
      await tell(page, ...events);
      assert.deepEqual(await told(page), lines);
      assert.deepEqual(page.problems, []);
    });
  }

  test('a message stands between those who came before it and after it, and so does a day', async (t) => {
    const page = await joined(t);
    await page.clock.setFixedTime(noon + 3 * 24 * 3_600_000);
    await tell(page, ['joined', 'Ben'], ['joined', 'Cleo']);
    await page.receive('message', { ...alice, id: 50, content: 'hello', at: noon + 120_000 });
    page.lastId = 50;
    await tell(page, ['joined', 'Dan', { at: noon + 180_000 }], ['joined', 'Eve', { at: noon + 24 * 3_600_000 }]);
    assert.deepEqual(await rows(page), ['Monday, June 1', 'Ben and Cleo joined', 'hello', 'Dan joined', 'Tuesday, June 2', 'Eve joined']);
  });

  test('the row opens into each thing, with its time, and goes on growing', async (t) => {
    const page = await joined(t);
    await tell(page, ...joins('Ben'), ['admitted', 'Cleo', { by: ['Alice', 'Ben'] }]);
    await page.locator('.system-message summary').focus();
    await page.keyboard.press('Enter');
    const items = async () => (await page.locator('.system-message li').allInnerTexts()).map((text) => text.replace(/\s+/g, ' '));
    await eventually(async () => assert.deepEqual(await items(), ['12:00 Alice let Ben in', '12:01 Ben joined', '12:02 Alice and Ben let Cleo in']));
    await tell(page, ['joined', 'Cleo', { at: noon + 180_000 }]);
    assert.deepEqual((await items()).at(-1), '12:03 Cleo joined');
    assert.equal(await page.locator('.system-message summary').innerText(), 'Ben and Cleo joined');
  });

  test('those who listen hear each thing once, and not the row that grows', async (t) => {
    const page = await joined(t);
    const spoken = () => page.evaluate(() => globalThis.spoken.splice(0));
    await page.evaluate(() => {
      globalThis.spoken = [];
      new MutationObserver(() => globalThis.spoken.push(document.querySelector('#news').textContent)).observe(document.querySelector('#news'), { childList: true, characterData: true, subtree: true });
    });
    await tell(page, ...joins('Ben'), ['joined', 'Cleo']);
    assert.deepEqual(await spoken(), ['Alice let Ben in', 'Ben joined', 'Cleo joined']);
    assert.equal(await page.locator('.system-message').getAttribute('aria-live'), 'off');
    // At once, as after a moment without a connection.
    await page.evaluate(() => {
      for (const [id, what] of [[90, 'lost'], [91, 'returned']]) globalThis.receive('notice', { id, what, member: 'm', display_name: 'Dan' });
    });
    await eventually(async () => assert.deepEqual(await spoken(), ['Dan is away\nDan is back']));
  });

  test('the past is not read out', async (t) => {
    const page = await joined(t);
    await page.evaluate(() => {
      for (let id = 1; id < 6; id += 1) globalThis.receive('notice', { id, what: 'joined', member: `m${id}`, display_name: `P${id}` });
    });
    await page.locator('.system-message').waitFor();
    assert.equal(await page.locator('#news').textContent(), '');
  });

  test('nobody is told of themselves', async (t) => {
    const page = await joined(t);
    await page.receive('notice', { id: 1, what: 'joined', member: self.member, display_name: self.sender });
    await page.receive('member_joined', { display_name: self.sender });
    assert.deepEqual(await told(page), []);
    assert.equal(await page.locator('#empty').isVisible(), true);
  });

  test('a server without notices tells it as well', async (t) => {
    const page = await joined(t);
    await page.receive('member_joined', { display_name: 'Ben' });
    await page.receive('member_left', { display_name: 'Cleo' });
    assert.deepEqual(await told(page), ['Ben joined · Cleo left']);
    await page.receive('notice', { id: 1, what: 'lost', member: 'm', display_name: 'Dan' });
    await page.receive('member_joined', { display_name: 'Dan' }); // it says no more than the notice
    assert.deepEqual(await told(page), ['Ben joined · Cleo left · Dan is away']);
  });

  test('who was let in after all was not turned away, at a glance', async (t) => {
    const page = await joined(t);
    for (const user of ['Cleo', 'Ben']) {
      await page.receive('join_request', { ...knock, user, user_id: user });
      await page.receive('join_denied', { user_id: user });
    }
    await tell(page, ...joins('Cleo'));
    assert.deepEqual(await told(page), ['Ben wasn’t let in · Cleo joined']);
    await page.click('.system-message summary');
    assert.equal(await page.locator('.system-message li').count(), 4);
  });

  test('who is not let in fills no page either', async (t) => {
    const page = await joined(t);
    for (const [i, user] of ['Charlie', 'Charlie', 'Dora'].entries()) {
      await page.receive('join_request', { ...knock, user, user_id: `k${i}` });
      await page.receive('join_denied', { user_id: `k${i}` });
    }
    const [line] = await told(page);
    assert.match(line, /^Charlie and Dora weren’t let in$/);
    assert.equal(await page.locator('#empty').isVisible(), true, 'nobody has come');
    await page.click('#invite-more');
    assert.equal(await page.locator('#invite-dialog').isVisible(), true);
  });
});

describe('the first words', () => {
  const chromium = browserForFile();
  const joined = (t, options) => joinedRoom(t, chromium, options);
  const member = (name, arrival, more) => ({ member: `seat of ${name}`, display_name: name, present: true, you: false, arrival, ...more });
  const you = member("Zoë O&#39;Brien", 5, { member: 'seat-1', you: true });
  const said = async (page) => (await page.locator('#empty').innerText()).replace(/\s+/g, ' ').trim();

  for (const [who, members, expected] of [
    ['one', [member('Ana', 0), you], "You’re in, with Ana."],
    ['two', [member('O&#39;Ana', 0), member('Ben', 1), you], "You’re in, with O'Ana and Ben."],
    ['more', [...['Ana', 'Ben', 'Cleo', 'Dan'].map((name, i) => member(name, i)), you], "You’re in, with Ana and 3 others."],
    ['some of whom are elsewhere', [member('Ana', 0), member('Ben', 1, { present: false }), you], "You’re in, with Ana."],
    ['all of whom are elsewhere', [member('Ana', 0, { present: false }), you], "You’re in, with Ana."],
    ['none', [you], "You’re in."],
  ]) {
    test(`tell who came with whom they are in: ${who}`, async (t) => {
      const page = await joined(t);
      await page.receive('members', { members });
      assert.equal(await said(page), `${expected} Only what’s said from now on is shown here.`);
      assert.match(await page.locator('#news').textContent(), /^You’re in/);
      assert.equal(await page.locator('#invite-first').count(), 0);
      await page.receive('message', { ...alice, id: 1, content: 'welcome' });
      assert.equal(await page.locator('#empty').count(), 0);
    });
  }

  test('the founder is told how to invite, until somebody is in or something is said', async (t) => {
    const page = await joined(t);
    await page.receive('members', { members: [{ ...you, arrival: 0 }] });
    assert.equal(await page.locator('#invite-first').isVisible(), true);
    await page.receive('join_request', knock);
    await page.receive('join_denied', { user_id: knock.user_id });
    assert.equal(await page.locator('#invite-first').isVisible(), true);
    await page.receive('notice', { id: 1, what: 'admitted', member: 'm', display_name: 'Ben', by: ['Ana'] });
    assert.equal(await page.locator('#empty').count(), 0);
  });

  test('of a server that does not say who came first nothing is made up', async (t) => {
    const page = await joined(t);
    await page.receive('members', { members: [member('Ana'), { ...you, arrival: undefined }] });
    assert.equal(await page.locator('#invite-first').isVisible(), true);
  });
});

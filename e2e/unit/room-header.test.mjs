// Who is in the room: names as its title, their number, and the list of them.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { browserForFile } from '../browser/harness.mjs';
import { alice, events, joinedRoom, openRoom, self, textOf } from './room.mjs';

const you = { member: self.member, display_name: 'Zoë O&#39;Brien', present: true, you: true };
const others = (...names) => names.map((display_name, i) => ({ member: `seat-${i + 2}`, display_name, present: true, you: false }));

describe('the header', () => {
  const chromium = browserForFile();
  const joined = (t, options) => joinedRoom(t, chromium, options);
  const title = async (page) => [await textOf(page, '#names'), await page.title()];

  for (const [lang, rows] of Object.entries({
    en: [
      [[], 'Just you'],
      [['Ben'], 'Ben'],
      [['Ben', 'Cleo'], 'Ben, Cleo'],
      [['Ben', 'Cleo', 'Dora'], 'Ben, Cleo, Dora'],
      [['Ben', 'Cleo', 'Dora', 'Emil'], 'Ben, Cleo and 2 others'],
      [['Ben', 'Cleo', 'Dora', 'Emil', 'Finn'], 'Ben, Cleo and 3 others'],
      [['Tom &amp; Ina', '&lt;b&gt;'], 'Tom & Ina, <b>'],
    ],
    de: [
      [[], 'Nur du'],
      [['Ben', 'Cleo'], 'Ben, Cleo'],
      [['Ben', 'Cleo', 'Dora'], 'Ben, Cleo und Dora'],
      [['Ben', 'Cleo', 'Dora', 'Emil', 'Finn'], 'Ben, Cleo und 3 weitere'],
    ],
  })) {
    test(`has the others' names (${lang})`, async (t) => {
      const page = await joined(t, { lang });
      for (const [names, expected] of rows) {
        await page.receive('members', { members: [you, ...others(...names)] });
        assert.deepEqual(await title(page), [expected, `${expected} · Secure Chat`]);
      }
      assert.deepEqual(page.problems, []);
    });
  }

  // A name of the other direction must not change places with the words around it.
  test('keeps names of the other direction to themselves', async (t) => {
    const page = await joined(t);
    await page.receive('members', { members: [you, ...others('ليلى', 'Ben')] });
    assert.deepEqual(await title(page), ['\u2068ليلى\u2069, Ben', '\u2068ليلى\u2069, Ben · Secure Chat']);
  });

  test('names those who are away too, and counts them apart', async (t) => {
    const page = await joined(t);
    const count = () => textOf(page, '#count');
    assert.equal(await count(), '2 people');
    const [ben, cleo] = others('Ben', 'Cleo');
    await page.receive('members', { members: [you, ben, { ...cleo, present: false }] });
    assert.deepEqual([await count(), await textOf(page, '#names')], ['3 people · 1 away', 'Ben, Cleo']);
    // The number comes before the list.
    await page.receive('update_participants', { count: 1 });
    assert.equal(await count(), '3 people · 2 away');
    await page.receive('members', { members: [you] });
    assert.deepEqual([await count(), await textOf(page, '#names')], ['1 person', 'Just you']);
    await page.receive('update_participants', { count: 2 });
    assert.equal(await count(), '2 people');
  });

  test('asks who is there whenever that may have changed, one question at a time', async (t) => {
    const page = await openRoom(t, chromium);
    await page.receive('connect');
    await page.sent();
    const asked = async () => (await events(page)).filter((event) => event === 'request_members').length;
    await page.receive('join_success', { count: 2 });
    assert.equal(await asked(), 1);
    await page.receive('update_participants', { count: 3 });
    await page.receive('notice', { id: 1, what: 'joined', member: 'seat-3', display_name: 'Ben' });
    assert.equal(await asked(), 0);
    await page.receive('members', { members: [you] });
    assert.equal(await asked(), 1, 'once more, for what has changed meanwhile');
    await page.receive('members', { members: [you, ...others('Ben')] });
    assert.equal(await asked(), 0);
    await page.receive('notice', { id: 2, what: 'left', member: 'seat-3', display_name: 'Ben' });
    assert.equal(await asked(), 1);
    // An answer that never comes holds nothing up.
    await page.receive('disconnect', 'transport close');
    await page.receive('connect');
    await page.receive('join_success', { count: 2 });
    assert.equal(await asked(), 1);
  });

  test('opens the list of people', async (t) => {
    const page = await joined(t);
    await page.receive('members', { members: [you] });
    await page.sent();
    await page.click('#member-count');
    assert.deepEqual(await events(page), ['request_members', 'ping_room']);
    await page.receive('members', { members: [{ ...alice, display_name: 'Alice &lt;3', present: true, you: false }, you, { ...others('ñandú')[0], present: false }] });
    assert.deepEqual((await page.locator('#members li').allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').trim()),
      ['A Alice <3 Here', "Z Zoë O'Brien You", 'Ñ ñandú Away']);
    await page.receive('room_status', { exists: true, participant_count: 2, expires_in: 3600 });
    assert.match(await textOf(page, '#room-end'), /^This chat ends in 1 hour, on \w+day at \d/);
    assert.match(await textOf(page, '#members-dialog'), /Not end-to-end encrypted yet/);
    await page.click('#members-invite');
    assert.equal(await page.isVisible('#invite-dialog'), true);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Close' }).click();
    assert.equal(await page.locator('dialog[open]').count(), 0);
  });

  test('has a menu for the rest, which the keyboard leaves where it came from', async (t) => {
    const page = await joined(t);
    const focused = () => page.evaluate(() => document.activeElement.id);
    for (const [item, dialog] of [['menu-people', 'members-dialog'], ['menu-invite', 'invite-dialog'], ['menu-leave', 'leave-dialog']]) {
      await page.focus('#more');
      await page.keyboard.press('Enter');
      for (let i = 0; i < 3 && await focused() !== item; i += 1) await page.keyboard.press('Tab');
      assert.equal(await focused(), item);
      await page.keyboard.press('Enter');
      assert.equal(await page.isVisible(`#${dialog}`), true);
      assert.equal(await page.isVisible('#menu'), false);
      await page.keyboard.press('Escape');
      assert.equal(await focused(), 'more');
    }
    await page.click('#more');
    await page.keyboard.press('Escape');
    assert.equal(await page.isVisible('#menu'), false);
    // Leaving is in the list of people, too, and asks first.
    await page.click('#member-count');
    await page.click('#leave');
    assert.equal(await page.isVisible('#leave-dialog'), true);
    assert.equal(await page.locator('dialog[open]').count(), 1);
    await page.click('#leave-dialog button[value=stay]');
    assert.equal(await focused(), 'member-count');
  });

  test('says when the room has ended, and has nothing to press any more', async (t) => {
    const page = await joined(t);
    await page.receive('members', { members: [you, ...others('Ben')] });
    await page.click('#more');
    await page.receive('room_expired', { room: 'room-1' });
    assert.deepEqual([await textOf(page, '#names'), await textOf(page, '#count')], ['Ben', 'This chat has ended']);
    assert.equal(await page.locator('.room-info button:enabled:visible, #menu:visible').count(), 0);
    assert.deepEqual(page.problems, []);
  });

  // Others may still be in it: only who knows that the chat has ended says so.
  for (const [what, code, header] of [
    ['left in another tab', 'left_elsewhere', 'You left this chat'],
    ['is no member any more', 'not_member', 'You’re no longer in this chat'],
    ['comes too late', 'room_gone', 'This chat has ended'],
    ['hears no reason', undefined, 'You’re no longer in this chat'],
  ]) {
    test(`says how it ended for who ${what}, and why only once`, async (t) => {
      const page = await joined(t);
      await page.receive('members', { members: [you, ...others('Ben')] });
      if (code) {
        await page.receive('room_error', { code, message: 'No.' });
        assert.equal(await page.locator('.notice').count(), 1);
      }
      await page.receive('room_status', { exists: false });
      assert.equal(await textOf(page, '#count'), header);
      assert.equal(await page.locator('.notice').count(), 0);
      assert.notEqual(await textOf(page, '#ended-text'), '');
      assert.deepEqual(page.problems, []);
    });
  }

  test('says in German that somebody left in another tab', async (t) => {
    const page = await joined(t, { lang: 'de' });
    await page.receive('room_error', { code: 'left_elsewhere', message: 'You left this chat in another tab.' });
    await page.receive('room_status', { exists: false });
    assert.equal(await textOf(page, '#count'), 'Du hast den Chat verlassen');
    assert.equal(await textOf(page, '#ended-text'), 'Du hast diesen Chat in einem anderen Tab verlassen.');
  });

  test('has no names in it once the page is left', async (t) => {
    const page = await joined(t);
    await page.receive('members', { members: [you, ...others('Ben')] });
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })));
    assert.equal(await page.title(), 'Secure Chat');
  });
});

// The pages under a thumb: everything is tapped, nothing is clicked.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { browserForFile, eventually } from '../browser/harness.mjs';
import { serverForFile } from '../harness/server.mjs';
import { fingerOn } from './finger.mjs';
import { unhurried, Visit } from './visit.mjs';

const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 3, isMobile: true, hasTouch: true };

describe('on a phone', () => {
  const chromium = browserForFile();
  const server = serverForFile(unhurried);

  test('a room is opened, somebody let in, and talked with, by tapping', async (t) => {
    const visit = new Visit(chromium.browser, server, phone);
    t.after(() => visit.close());

    const ana = await visit.tab();
    const { page, at } = ana;
    await ana.home();
    ana.name = 'Ana';
    await page.tap(at.createName);
    await page.keyboard.type('Ana');
    await page.tap(at.createButton);
    await ana.entered();

    await page.tap('#invite');
    const code = (await page.locator(at.code).innerText()).replace(/\D/g, '');
    assert.match(code, /^\d{6}$/);
    await page.getByRole('button', { name: 'Close' }).tap();

    const ben = await visit.tab();
    await ben.home();
    ben.name = 'Ben';
    await ben.page.tap(at.knockName);
    await ben.page.keyboard.type('Ben');
    await ben.page.tap(at.knockCode);
    await ben.page.keyboard.type(code);
    await ben.page.tap(at.knockButton);
    await ben.page.locator(at.applicant).waitFor();
    await ana.card('Ben').locator(at.yes).tap();
    await ben.entered();
    await ana.counts(2);

    for (const [tab, text] of [[ana, 'Hello Ben'], [ben, 'Hello Ana']]) {
      await tab.page.tap(at.draft);
      await tab.page.keyboard.type(text);
      await tab.page.tap(at.send);
      await eventually(async () => assert.equal((await ana.lines()).at(-1).what, text));
    }
    await ana.reads('Ana: Hello Ben', 'Ben: Hello Ana');
    assert.equal(await page.locator(at.draft).inputValue(), '');

    // A thumb moves the conversation and not the page around it.
    const line = (i) => `Line ${i}\n\n\nand what follows`;
    const last = line(15);
    for (let i = 1; i <= 15; i++) await ben.say(line(i));
    const inSight = (text) => page.locator(at.log).evaluate((log, what) => {
      const line = [...log.querySelectorAll('*')].findLast((e) => e.textContent === what);
      const [frame, box] = [log.getBoundingClientRect(), line.getBoundingClientRect()];
      return box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1;
    }, text);
    await eventually(async () => assert.ok(await inSight(last)));
    await page.locator(at.log).evaluate((log) => {
      log.addEventListener('scroll', () => { globalThis.moves = true; });
      log.addEventListener('scrollend', () => { globalThis.moves = false; });
    });
    await (await fingerOn(ana)).draw(true);
    await eventually(async () => assert.equal(await inSight(last), false));
    await page.waitForFunction(() => !globalThis.moves); // it goes on by itself for a while
    assert.equal(await page.evaluate(() => scrollY), 0);
    // A message that comes meanwhile does not move it.
    const position = () => page.locator(at.log).evaluate((log) => log.scrollTop);
    const before = await position();
    await ben.say('And one more');
    await page.locator('#to-latest').waitFor();
    assert.equal(await position(), before);
    await page.tap('#to-latest');
    await eventually(async () => assert.ok(await inSight('And one more')));
    await page.locator('#to-latest').waitFor({ state: 'hidden' });
    visit.assertClean();
  });
});

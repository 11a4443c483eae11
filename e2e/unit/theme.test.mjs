// Light or dark by hand: kept, known before anything is drawn, and the same in every tab.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { browserForFile, eventually } from '../browser/harness.mjs';
import { serverForFile } from '../harness/server.mjs';

describe('the theme', { concurrency: 2 }, () => {
  const chromium = browserForFile();
  const server = serverForFile({ env: { TEMPLATES_DIR: undefined } });

  async function newContext(t, { colorScheme = 'light', kept, refused = false } = {}) {
    const context = await chromium.browser.newContext({ colorScheme });
    t.after(() => context.close());
    if (kept !== undefined) await context.addInitScript((theme) => { if (!localStorage.getItem('theme')) localStorage.setItem('theme', theme); }, kept);
    // As with cookies and site data blocked: asking for the storage throws already.
    if (refused) await context.addInitScript(() => Object.defineProperty(globalThis, 'localStorage', { get() { throw new DOMException('denied', 'SecurityError'); } }));
    return context;
  }

  async function openTab(context, path = '/') {
    const page = await context.newPage();
    await page.goto(server.url + path);
    return page;
  }

  const scheme = (page) => page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
  const checked = (page) => page.locator('[name=theme]:checked').getAttribute('value');
  const bars = (page) => page.evaluate(() => [...document.querySelectorAll('meta[name=theme-color]')].filter(({ media }) => matchMedia(media).matches).map(({ content }) => content));
  /** The look of a page, as far as the theme decides it. */
  const look = async (page) => ({ scheme: await scheme(page), checked: await checked(page), bars: await bars(page) });
  const light = '#f2f2f5';
  const dark = '#0d0e10';

  test('is the system\'s until somebody chooses, and again when they choose so', async (t) => {
    const page = await openTab(await newContext(t));
    assert.deepEqual(await look(page), { scheme: 'light', checked: 'system', bars: [light] });
    await page.emulateMedia({ colorScheme: 'dark' });
    assert.deepEqual(await look(page), { scheme: 'dark', checked: 'system', bars: [dark] });
    await page.getByRole('radio', { name: 'Light' }).check();
    assert.deepEqual(await look(page), { scheme: 'light', checked: 'light', bars: [light] });
    await page.getByRole('radio', { name: 'System' }).check();
    assert.deepEqual(await look(page), { scheme: 'dark', checked: 'system', bars: [dark] });
    assert.equal(await page.evaluate(() => localStorage.getItem('theme')), null);
  });

  test('is chosen by the arrow keys, in a group with a name', async (t) => {
    const page = await openTab(await newContext(t));
    const group = page.getByRole('radiogroup', { name: 'Appearance' });
    await group.getByRole('radio', { name: 'System' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    assert.deepEqual(await look(page), { scheme: 'dark', checked: 'dark', bars: [dark] });
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.matches('[name=theme]') ?? false), false);
  });

  test('holds for all tabs, those that are open too', async (t) => {
    const context = await newContext(t);
    const [here, there] = [await openTab(context), await openTab(context)];
    await here.getByRole('radio', { name: 'Dark' }).check();
    await eventually(async () => assert.deepEqual(await look(there), { scheme: 'dark', checked: 'dark', bars: [dark] }));
    assert.equal(await scheme(await openTab(context)), 'dark');
    await there.evaluate(() => localStorage.clear());
    await eventually(async () => assert.deepEqual(await look(here), { scheme: 'light', checked: 'system', bars: [light] }));
  });

  test('that was chosen while a page was put aside is there when it comes back', async (t) => {
    const context = await newContext(t);
    const page = await openTab(context);
    await page.fill('#code', '123456'); // or the page would load itself again
    await page.evaluate(() => {
      localStorage.setItem('theme', 'dark'); // in this very tab, which is not told of it
      dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
    });
    assert.deepEqual(await look(page), { scheme: 'dark', checked: 'dark', bars: [dark] });
  });

  test('holds on the page alone where nothing can be kept', async (t) => {
    const context = await newContext(t, { refused: true });
    const page = await openTab(context);
    const problems = [];
    page.on('pageerror', (error) => problems.push(error));
    await page.getByRole('radio', { name: 'Dark' }).check();
    assert.deepEqual(await look(page), { scheme: 'dark', checked: 'dark', bars: [dark] });
    assert.equal(await scheme(await openTab(context)), 'light');
    assert.deepEqual(problems, []);
  });

  test('is no other one for a word that nobody chose', async (t) => {
    const page = await openTab(await newContext(t, { kept: '"><b>' }));
    assert.deepEqual(await look(page), { scheme: 'light', checked: 'system', bars: [light] });
  });

  test('is known before anything is drawn', async (t) => {
    for (const [kept, colorScheme] of [['dark', 'light'], ['light', 'dark']]) {
      const context = await newContext(t, { colorScheme, kept });
      await context.addInitScript(() => {
        new MutationObserver((_, observer) => {
          if (!document.documentElement?.dataset.theme) return;
          observer.disconnect();
          globalThis.known = { when: performance.now(), body: document.body !== null };
        }).observe(document, { attributes: true, childList: true, subtree: true });
      });
      const page = await openTab(context);
      await page.waitForFunction(() => performance.getEntriesByName('first-paint').length > 0);
      const { known, painted } = await page.evaluate(() => ({ known: globalThis.known, painted: performance.getEntriesByName('first-paint')[0].startTime }));
      assert.equal(known.body, false);
      assert.ok(known.when <= painted, `known at ${known.when}, painted at ${painted}`);
      assert.deepEqual(await look(page), { scheme: kept, checked: kept, bars: [kept === 'dark' ? dark : light] });
    }
  });

  test('by hand has the colours of the system\'s', async (t) => {
    const colours = async (settings) => {
      const page = await openTab(await newContext(t, settings));
      return page.evaluate(() => {
        const root = getComputedStyle(document.documentElement);
        const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]).filter((rule) => rule.selectorText === ':root');
        const tokens = rules.flatMap((rule) => [...rule.style]).filter((name) => name.startsWith('--'));
        return Object.fromEntries(tokens.map((name) => [name, root.getPropertyValue(name).trim()]));
      });
    };
    const all = {};
    for (const theme of ['light', 'dark']) {
      const other = theme === 'light' ? 'dark' : 'light';
      all[theme] = await colours({ colorScheme: theme });
      assert.deepEqual(await colours({ colorScheme: other, kept: theme }), all[theme]);
      assert.ok(Object.keys(all[theme]).length > 15);
      const empty = Object.keys(all[theme]).filter((name) => !all[theme][name]);
      assert.deepEqual(empty.sort(), ['--dark', '--light'], 'every token has a value');
    }
    assert.notEqual(all.light['--page'], all.dark['--page']);
  });
});

// Lighthouse's opinion of the three pages. Nothing is left out: to a browser 127.0.0.1 is
// as safe as HTTPS.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import lighthouse from 'lighthouse';
import { openBrowser } from '../browser/harness.mjs';
import { freePort, serverForFile } from '../harness/server.mjs';
import { patience } from '../harness/wait.mjs';
import { unhurried, Visit } from './visit.mjs';

const pages = {
  start: async (visit) => {
    const tab = await visit.tab();
    await tab.home();
    return { tab, path: '/' };
  },
  waiting: async (visit) => {
    const tab = await visit.tab();
    await tab.knock(await (await visit.host()).code(), 'Ben');
    return { tab, path: `/join/${await tab.page.locator('#waiting').getAttribute('data-room')}` };
  },
  chat: async (visit) => {
    const tab = await visit.room('Ana');
    return { tab, path: tab.path };
  },
};

/**
 * Declares a test for each page. `check(t, judge, name)` gets a function that lets
 * Lighthouse look at the page of the name: judge(categories, settings) gives {scores, lacking, points},
 * scores by category from 0 to 1, what they lack in words, and how fast this machine was.
 */
export function lighthouseTests(title, check) {
  // One after the other, so that they do not disturb each other's figures.
  describe(title, { concurrency: 1 }, () => {
    // A request to come in stays open until Lighthouse has looked at it.
    const server = serverForFile(unhurried);
    let browser;
    let port;

    before(async () => {
      port = await freePort();
      browser = await openBrowser([`--remote-debugging-port=${port}`]);
    });
    after(() => browser?.close());

    /** Lighthouse opens pages of its own, in the browser's first context: the person's cookies have to be there. */
    async function lendCookies(context) {
      const devtools = await browser.newBrowserCDPSession();
      await devtools.send('Storage.clearCookies');
      await devtools.send('Storage.setCookies', {
        cookies: (await context.cookies()).map(({ name, value, domain, path, httpOnly, secure }) => ({ name, value, domain, path, httpOnly, secure })),
      });
      await devtools.detach();
    }

    async function judge(url, categories, settings) {
      const { lhr } = await lighthouse(url, {
        port, output: 'json', logLevel: 'silent', disableFullPageScreenshot: true, maxWaitForLoad: patience,
        onlyCategories: categories, ...settings,
      });
      assert.ok(!lhr.runtimeError, lhr.runtimeError?.message);
      assert.equal(lhr.finalDisplayedUrl, url);
      const lacking = Object.values(lhr.categories).flatMap(({ id, auditRefs }) => auditRefs
        .filter((audit) => audit.weight > 0 && (lhr.audits[audit.id].score ?? 1) < 1)
        .map((audit) => `${id}: ${lhr.audits[audit.id].title} ${lhr.audits[audit.id].displayValue ?? ''}`.trim()));
      const scores = Object.fromEntries(Object.values(lhr.categories).map(({ id, score }) => [id, score]));
      return { scores, lacking, points: lhr.environment.benchmarkIndex };
    }

    for (const [name, reach] of Object.entries(pages)) {
      test(`the ${name} page`, { timeout: 10 * patience }, async (t) => {
        const visit = new Visit(browser, server);
        t.after(() => visit.close());
        const { tab, path } = await reach(visit);
        await lendCookies(tab.page.context());
        await tab.page.close(); // it would take part of the machine
        await check(t, (categories, settings) => judge(server.url + path, categories, settings), name);
      });
    }
  });
}

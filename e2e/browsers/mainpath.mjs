// The way that everybody takes through the embedded pages, played in one browser. e2e/browser plays far
// more in Chromium; here it is tried whether another engine has what the pages need.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { serverForFile } from '../harness/server.mjs';
import { inTime } from '../harness/wait.mjs';
import { eventually, scenario } from '../browser/harness.mjs';
import { EmbeddedTab } from '../browser/tabs.mjs';

const ttl = 15_000; // ms

/**
 * Declares the tests for one browser. `open` starts it and is told of the servers that it will visit,
 * `serve` puts before each server what the browser needs.
 */
export function playMainPath({ name, open, serve = (server) => server }) {
  // Two at a time: each scenario has one or two browsers.
  describe(name, { concurrency: 2 }, () => {
    const serverWith = (env) => serve(serverForFile({ env: { TEMPLATES_DIR: undefined, ABSENCE_GRACE: '1h', APPROVAL_TIMEOUT: '1h', ...env } }));
    const server = serverWith({});
    const shortLived = serverWith({ ROOM_TTL: `${ttl}ms`, ABSENCE_GRACE: '1s', APPROVAL_TIMEOUT: '2s' });
    const browser = {};
    before(async () => { browser.browser = await open([server, shortLived]); });
    after(async () => { await browser.browser?.close(); });

    const playOn = (where, title, steps) => scenario(title, { chromium: browser, server: where, Tab: EmbeddedTab }, async (stage) => {
      await steps(stage);
      // So that the pages tell what they have not told yet.
      for (const { page } of stage.tabs) await page.evaluate(() => {});
    });
    const play = (title, steps) => playOn(server, title, steps);

    play('invite, ask by the link, be let in, talk, reload, lose the network, leave', async (stage) => {
      const ana = await stage.room('Ana');
      await ana.counts(1);
      const link = await ana.copyInvitation();
      assert.ok(link.startsWith(`${ana.url}/#`), link);
      await eventually(async () => assert.equal(await ana.paste(), link));

      // His address has another port, since his network is one that can be cut.
      const ben = await stage.tab({ network: await stage.network() });
      await ben.followInvitation(link.replace(ana.url, ben.url), 'Ben');
      assert.equal(await ben.applicant(), 'Ben');
      assert.deepEqual(await ana.knocking(), ['Ben']);
      await ana.vote('Ben', true);
      await ben.entered();
      for (const tab of [ana, ben]) await tab.counts(2);
      await eventually(async () => assert.match((await ana.notices()).join('\n'), /^Ben\b/m));

      const said = [];
      const talk = async (...texts) => {
        for (const [tab, text] of [[ana, texts[0]], [ben, texts[1]]]) {
          await tab.say(text);
          said.push(`${tab.name}: ${text}`);
          for (const reader of [ana, ben]) await reader.reads(...said);
        }
      };
      await talk('hello Ben', 'Grüße, ليلى, 李小龍, Ольга 👋');

      await ben.reload();
      await ben.reads(...said);
      await ben.counts(2);
      await talk('still there?', 'yes');

      await ben.unplug();
      await ana.say('can you hear me?');
      await ben.say('no');
      said.push('Ana: can you hear me?');
      await ana.reads(...said);
      ben.network.restore();
      await ben.connected();
      said.push('Ben: no');
      for (const tab of [ana, ben]) await tab.reads(...said);
      await talk('welcome back', 'thanks');
      for (const tab of [ana, ben]) await tab.counts(2);

      await ben.leave();
      await ana.counts(1);
      await ana.say('alone again');
      await ana.reads(...said, 'Ana: alone again');
    });

    play('who was not let in is told so', async (stage) => {
      const ana = await stage.room('Ana');
      const ben = await stage.tab();
      await ben.knock(await ana.code(), 'Ben');
      await ana.vote('Ben', false);
      await ben.refused();
      await ana.card('Ben').waitFor({ state: 'detached' });
      await ana.counts(1);
    });

    playOn(shortLived, 'the end of a room is told to those inside', async (stage) => {
      const ana = await stage.tab();
      await inTime(ttl, async () => {
        await ana.create('Ana');
        await ana.say('before the end');
        await ana.reads('Ana: before the end');
      });
      await ana.ended();
      await ana.reads('Ana: before the end');
    });

    // All others rely on it.
    play('an error in a page, and what its policy refuses, is noticed', async (stage) => {
      const ana = await stage.tab();
      await ana.home();
      await ana.page.evaluate(() => {
        console.error(new Error('an error on the console'));
        setTimeout(() => { throw new Error('an uncaught error'); });
        void Promise.reject(new Error('a rejected promise'));
        const style = document.createElement('style');
        style.textContent = 'body { color: red }';
        document.head.append(style);
        setTimeout(() => { document.body.innerHTML = '<b>markup</b>'; });
      });
      const wanted = [/an error on the console/, /an uncaught error/, /a rejected promise/, /CSP refused style-src-elem/];
      // Firefox has Trusted Types since 148, Safari since 26.
      if (await ana.page.evaluate(() => 'trustedTypes' in globalThis)) wanted.push(/CSP refused require-trusted-types-for/);
      await eventually(async () => {
        await ana.page.evaluate(() => {});
        for (const pattern of wanted) assert.match(ana.problems.join('\n'), pattern);
      });
      // They outlive their page.
      const { length } = ana.problems;
      await ana.page.evaluate(() => { console.error('a last word'); });
      await ana.home();
      assert.ok(ana.problems.length > length);
      ana.expect(/./s);
    });
  });
}

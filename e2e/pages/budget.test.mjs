// Bounds of what the pages may cost to load.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { browserForFile } from '../browser/harness.mjs';
import { root, serverForFile } from '../harness/server.mjs';
import { importsOf } from '../unit/imports.mjs';
import { settled } from './states.mjs';
import { unhurried, Visit } from './visit.mjs';

// Bytes as sent to browsers, without headers.
const chatBudget = 58_000; // for all that the chat page can load, now or later
const budget = 66_000; // for all pages together
const forGood = 'public, max-age=31536000, immutable';

const folder = path.join(root, 'static');
const own = readdirSync(path.join(folder, 'js'), { recursive: true })
  .filter((name) => /\.m?js$/.test(name)).map((name) => path.posix.join('js', name));

/** Some modules, and all that they load, at once or later. */
function withImports(modules, found = new Set(modules)) {
  for (const { to } of modules.flatMap((name) => importsOf(folder, name))) {
    if (!to || found.has(to)) continue;
    found.add(to);
    withImports([to], found);
  }
  return [...found];
}

const sheet = 'css/app.css'; // which has all the others in it

const pages = {
  start: (tab) => tab.home(),
  waiting: async (tab, visit) => tab.knock(await (await visit.host()).code(), 'Ben'),
  chat: (tab) => tab.create('Ana'),
};

describe('what the pages load', () => {
  const chromium = browserForFile();
  const server = serverForFile(unhurried);

  /** Opens a page and loads it once more, with nothing in the cache: {tab, requests}. */
  async function load(t, name) {
    const visit = new Visit(chromium.browser, server);
    t.after(() => visit.close());
    const tab = await visit.tab();
    await pages[name](tab, visit);
    const devtools = await tab.page.context().newCDPSession(tab.page);
    await devtools.send('Network.setCacheDisabled', { cacheDisabled: true });
    const requests = [];
    tab.page.on('request', (request) => {
      // Requests of the page before that were still open are never answered.
      if (isDocument(request)) requests.length = 0;
      requests.push(request);
    });
    await tab.page.reload();
    await settled(tab);
    return { tab, requests };
  }

  const isDocument = (request) => request.resourceType() === 'document';
  const isOurs = (request) => request.url().startsWith(`${server.url}/`);
  const pathOf = (request) => new URL(request.url()).pathname;

  for (const name of Object.keys(pages)) {
    test(`the ${name} page needs nobody else, and waits for nothing but its colours and styles`, async (t) => {
      const { tab, requests } = await load(t, name);
      assert.deepEqual(requests.filter((request) => !isOurs(request)).map((request) => request.url()), []);

      const blocking = await tab.page.evaluate(() => performance.getEntriesByType('resource')
        .filter(({ renderBlockingStatus }) => renderBlockingStatus === 'blocking').map((entry) => new URL(entry.name).pathname));
      // The script that sets the colours chosen by hand runs before anything is drawn.
      assert.deepEqual(blocking.map((file) => path.basename(file)).sort(), ['app.css', 'firstpaint.js']);
    });

    test(`what the ${name} page has loaded it need not ask for again`, async (t) => {
      const { requests } = await load(t, name);
      const assets = requests.filter((request) => !isDocument(request) && !pathOf(request).startsWith('/socket.io/'));
      assert.ok(assets.length > 2);
      for (const asset of assets) {
        assert.match(pathOf(asset), /^\/static\/build-/);
        const answer = await asset.response();
        assert.equal(answer.status(), 200, asset.url());
        assert.equal(await answer.headerValue('cache-control'), forGood, asset.url());
      }
    });
  }

  const loadable = {
    'the chat page': { most: chatBudget, modules: ['js/room/page.js'] },
    'all pages together': { most: budget, modules: own },
  };
  for (const [title, { most, modules }] of Object.entries(loadable)) {
    test(`everything that ${title} can load takes less than ${most} bytes`, async (t) => {
      const { requests } = await load(t, 'chat');
      const used = requests.filter((request) => !isDocument(request)).map(pathOf);
      const build = used.map((file) => /^\/static\/build-\w+\//.exec(file)?.[0]).find(Boolean);
      const all = new Set([...used, ...[...withImports(modules), sheet].map((name) => build + name)]);
      const sizes = await Promise.all([...all].map((file) => sizeOf(file, build)));
      sizes.sort((a, b) => b.length - a.length);
      const total = sizes.reduce((sum, { length }) => sum + length, 0);
      t.diagnostic(`${total} bytes in ${sizes.length} files, the largest: ${sizes.slice(0, 5).map(({ file, length }) => `${file} ${length}`).join(', ')}`);
      assert.ok(total < most, `${total} bytes: ${sizes.map(({ file, length }) => `${file} ${length}`).join(', ')}`);
    });
  }

  async function sizeOf(file, build) {
    const answer = await fetch(server.url + file, { headers: { 'Accept-Encoding': 'gzip, deflate, br, zstd' } });
    assert.equal(answer.status, 200, file);
    assert.equal(answer.headers.get('cache-control'), forGood, file);
    // The smallest modules are no smaller when packed.
    assert.equal(answer.headers.get('content-encoding') ?? 'br', 'br', file);
    const length = Number(answer.headers.get('content-length'));
    await answer.body.cancel();
    assert.ok(length > 0, `${file} has a length`);
    return { file: file.replace(build, ''), length };
  }
});

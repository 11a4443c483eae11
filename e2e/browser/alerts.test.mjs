// Notifications as a real browser shows them: by the service worker, with the policy of the pages.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { embedded, Visit } from '../pages/visit.mjs';
import { serverForFile, serverForTest } from '../harness/server.mjs';
import { browserForFile, eventually, fixture } from './harness.mjs';

// As Chrome does on Android.
const refuseConstructor = () => {
  const { requestPermission } = Notification;
  globalThis.Notification = class {
    static permission = 'granted';

    static requestPermission = requestPermission.bind(Notification);

    constructor() { throw new TypeError("Failed to construct 'Notification': Illegal constructor. Use ServiceWorkerRegistration.showNotification() instead."); }
  };
};

/** Another window gets the focus, or this one; the browsers of tests give it to all of them. */
const look = (page, focused) => page.evaluate((has) => {
  document.hasFocus = () => has;
  dispatchEvent(new Event(has ? 'focus' : 'blur'));
}, focused);

const registrations = (page) => page.evaluate(async () => (await navigator.serviceWorker.getRegistrations())
  .map(({ scope, active }) => [new URL(scope).pathname, active && new URL(active.scriptURL).pathname]));

/** The texts of the notifications on the screen, in alphabetical order. */
const shown = (page) => page.evaluate(async () => {
  const registration = await navigator.serviceWorker.getRegistration('/');
  return (await registration?.getNotifications() ?? []).map(({ title }) => title).sort();
});

const shows = (page, ...expected) => eventually(async () => assert.deepEqual(await shown(page), expected));

async function turnOn(tab) {
  await tab.page.click('#member-count');
  await tab.page.locator('#notify').click();
  await shows(tab.page, 'Notifications are on.');
  await tab.page.keyboard.press('Escape');
}

describe('notifications', () => {
  const chromium = browserForFile(undefined, { notifies: true });
  const server = serverForFile({ env: { ...embedded.env, APPROVAL_TIMEOUT: '10m', ABSENCE_GRACE: '1h' } });

  const open = (t, where = server, settings = { permissions: ['notifications'] }) => {
    const visit = new Visit(chromium.browser, where, settings);
    t.after(() => visit.close());
    return visit;
  };

  test('are shown where only a worker may show them, and go when they are seen or over', async (t) => {
    const visit = open(t);
    const ana = await visit.tab();
    await ana.page.addInitScript(refuseConstructor);
    await ana.create('Ana');
    const ben = await visit.guest(ana, 'Ben');
    assert.deepEqual(await registrations(ana.page), [], 'nobody has wished for any');
    await turnOn(ana);
    assert.deepEqual(await registrations(ana.page), [['/', '/sw.js']]);

    await look(ana.page, false);
    ben.say('a secret');
    await shows(ana.page, 'New message from Ben', 'Notifications are on.');
    await look(ana.page, true);
    await shows(ana.page);

    await look(ana.page, false);
    await visit.knock(await ana.code(), 'Cleo');
    await shows(ana.page, 'Cleo wants to join');
    await ben.accept('Cleo');
    await ana.vote('Cleo', true);
    await shows(ana.page);

    await ana.reload();
    await look(ana.page, false);
    ben.say('still there?');
    await shows(ana.page, 'New message from Ben');
    await ana.page.click('#member-count');
    await ana.page.locator('#notify').click();
    await eventually(async () => assert.deepEqual(await registrations(ana.page), []));
    visit.assertClean();
  });

  // A worker may bring a window to the front for a moment after a click alone, which nothing but a hand can make.
  test('lead to the page of their room, or open it', async (t) => {
    const visit = open(t);
    const ana = await visit.room('Ana');
    const { path } = ana;
    const starting = ana.page.context().waitForEvent('serviceworker');
    await turnOn(ana);
    const worker = await starting;
    await worker.evaluate(() => {
      self.went = [];
      WindowClient.prototype.focus = async function focus() { self.went.push(['focus', new URL(this.url).pathname]); };
      Clients.prototype.openWindow = async (address) => { self.went.push(['open', address]); };
    });
    const click = (data) => worker.evaluate(async (said) => {
      await self.registration.showNotification('one', { tag: 'test', data: said });
      const [notification] = await self.registration.getNotifications({ tag: 'test' });
      self.dispatchEvent(new NotificationEvent('notificationclick', { notification }));
      while (self.went.length === 0) await new Promise((passed) => { setTimeout(passed, 10); });
      return [...self.went.splice(0)[0], (await self.registration.getNotifications({ tag: 'test' })).length];
    }, data);
    assert.deepEqual(await click(path), ['focus', path, 0]);
    assert.deepEqual(await click('/room/another'), ['open', '/room/another', 0]);
    for (const data of [undefined, null, 7, {}, '', 'https://elsewhere.example/', '//elsewhere.example/', 'javascript:1']) {
      const [, to] = await click(data);
      assert.equal(to, '/', `led by ${JSON.stringify(data)}`);
    }
    await ana.home();
    assert.deepEqual(await click(path), ['open', path, 0]);
    visit.assertClean();
  });

  test('are asked for by nobody who has not turned them on, and by no request of a page', async (t) => {
    const visit = open(t);
    const asked = [];
    const ana = await visit.tab();
    ana.page.context().on('request', (request) => { if (new URL(request.url()).pathname === '/sw.js') asked.push(request.url()); });
    await ana.create('Ana');
    await ana.reload();
    assert.deepEqual(asked, []);
    await turnOn(ana);
    await ana.reload();
    assert.equal(await ana.page.evaluate(async () => (await navigator.serviceWorker.ready).active.state), 'activated');
    // Without a fetch handler nothing comes from the worker.
    const answer = await ana.page.reload();
    assert.equal(answer.fromServiceWorker(), false);
    visit.assertClean();
  });

  test('that the browser blocks are explained', async (t) => {
    const visit = open(t, server, {}); // a browser that cannot ask blocks them
    const ana = await visit.room('Ana');
    await ana.page.click('#member-count');
    await ana.page.locator('#notify').click();
    await eventually(async () => assert.match(await ana.page.locator('#notify-note').innerText(), /^Your browser blocks/));
    assert.equal(await ana.page.locator('#notify').isChecked(), false);
    await ana.page.context().grantPermissions(['notifications']);
    await eventually(async () => assert.equal(await ana.page.locator('#notify').isChecked(), true));
    assert.equal(await ana.page.locator('#notify-note').innerText(), '');
    visit.assertClean();
  });

  for (const generation of ['minimal', 'today']) {
    test(`leave no worker behind for other pages: ${generation}`, async (t) => {
      const first = await serverForTest(t, embedded);
      const visit = open(t, first);
      const ana = await visit.room('Ana');
      await turnOn(ana);
      await look(ana.page, false);
      await ana.page.goto('about:blank');
      await first.stop();
      const second = await serverForTest(t, { env: { TEMPLATES_DIR: fixture(generation), PORT: first.port } });
      assert.equal(second.port, first.port);
      const page = await ana.page.context().newPage();
      const went = [];
      page.on('response', (response) => went.push([new URL(response.url()).pathname, response.fromServiceWorker()]));
      await page.goto(`${second.url}/`);
      await eventually(async () => assert.deepEqual(await registrations(page), []));
      assert.deepEqual(went.filter(([, byWorker]) => byWorker), []);
      assert.deepEqual(await shown(page), []);
      await page.goto(`${second.url}/`);
      assert.equal(await page.evaluate(() => navigator.serviceWorker.controller), null);
      // Pages made from the embedded ones ask for a worker, and show notifications themselves.
      const state = await page.evaluate(async () => {
        const { installing } = await navigator.serviceWorker.register('/sw.js');
        return new Promise((changed) => { installing.addEventListener('statechange', () => changed(installing.state)); });
      });
      assert.equal(state, 'redundant');
      await eventually(async () => assert.deepEqual(await registrations(page), []));
    });
  }
});

// How a person is called who does not look at the page: sounds, the title, notifications.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { browserForFile, eventually } from '../browser/harness.mjs';
import { alice, joinedRoom, knock, openRoom, textOf } from './room.mjs';

// In every page: what it asks the browser for goes into `heard`, and happens nowhere. A test says
// in `world` what kind of browser it is, and how the person answers when they are asked.
const listen = (world) => {
  Object.assign(globalThis, { heard: [], world, touched: true });
  globalThis.AudioContext = class extends AudioContext {
    constructor() {
      super();
      globalThis.audio = this;
    }
  };
  Object.defineProperty(Navigator.prototype, 'userActivation', { get: () => ({ hasBeenActive: globalThis.touched }) });
  Navigator.prototype.vibrate = (pattern) => globalThis.heard.push(['vibrate', ...pattern]);
  const { start } = OscillatorNode.prototype;
  OscillatorNode.prototype.start = function heardStart(...when) {
    globalThis.heard.push(['tone', this.frequency.value]);
    return start.apply(this, when);
  };

  // Those on the screen, by their tags: {text, close()}.
  globalThis.screen = new Map();
  const show = (by, text, options) => {
    globalThis.heard.push([by, text, ...options.renotify ? ['again'] : [], ...options.silent ? ['silent'] : []]);
    const shown = { text, options, close: () => { if (globalThis.screen.get(options.tag) === shown) globalThis.screen.delete(options.tag); } };
    globalThis.screen.set(options.tag, shown);
    return shown;
  };
  globalThis.Notification = class {
    static get permission() { return globalThis.world.permission ?? 'default'; }

    static async requestPermission() {
      globalThis.heard.push(['asked']);
      globalThis.world.permission = globalThis.world.answer;
    }

    #shown;

    constructor(text, options) {
      if (globalThis.world.constructs === false) throw new TypeError('Illegal constructor'); // as on Android
      this.#shown = show('page', text, options);
    }

    addEventListener(event, run) { this.#shown[event] = run; }

    close() { this.#shown.close(); }
  };
  if (world.notifications === false) delete globalThis.Notification;
  if (world.standalone !== undefined) navigator.standalone = world.standalone;
  if (world.secure === false) Object.defineProperty(globalThis, 'isSecureContext', { value: false });

  let registration = world.foreign && {
    ...Object.fromEntries(Object.entries(world.foreign).map(([state, path]) => [state, { scriptURL: location.origin + path }])),
    showNotification: () => globalThis.heard.push(['foreign']),
    getNotifications: async () => [{ close: () => globalThis.heard.push(['foreign']) }],
    unregister: () => globalThis.heard.push(['foreign']),
  };
  const worker = Object.assign(new EventTarget(), { state: 'installing', scriptURL: `${location.origin}/sw.js` });
  const workers = {
    getRegistration: async () => registration,
    async register(address, { scope }) {
      globalThis.heard.push(['register', String(address), scope, address.constructor.name]);
      if (globalThis.world.worker === 'refused') throw new DOMException('no', 'SecurityError');
      registration = {
        installing: worker,
        showNotification: async (text, options) => {
          if (globalThis.world.worker === 'broken') throw new TypeError('no');
          show('worker', text, options);
        },
        getNotifications: async ({ tag }) => [globalThis.screen.get(tag)].filter(Boolean),
        unregister: async () => {
          globalThis.heard.push(['unregister']);
          registration = undefined;
        },
      };
      const made = registration;
      setTimeout(() => {
        worker.state = globalThis.world.worker === 'redundant' ? 'redundant' : 'activating';
        if (worker.state === 'activating') made.active = worker;
        worker.dispatchEvent(new Event('statechange'));
      });
      return registration;
    },
  };
  Object.defineProperty(Navigator.prototype, 'serviceWorker', { get: () => (globalThis.world.worker ? workers : undefined) });

  const permission = new EventTarget();
  globalThis.permit = (state) => {
    globalThis.world.permission = state;
    permission.dispatchEvent(new Event('change'));
  };
  navigator.permissions.query = async () => {
    if (globalThis.world.tellsOfPermission === false) throw new TypeError('no');
    return permission;
  };
  document.hasFocus = () => globalThis.world.focused !== false;
  if (world.wished) localStorage.setItem('notify', 'on');
};

const heard = (page) => page.evaluate(() => globalThis.heard.splice(0));
const onScreen = (page) => page.evaluate(() => [...globalThis.screen.values()].map(({ text }) => text));
/** The person looks elsewhere or comes back: another window has the focus, or this one. */
const look = (page, focused) => page.evaluate((has) => {
  globalThis.world.focused = has;
  dispatchEvent(new Event(has ? 'focus' : 'blur'));
}, focused);

/** Lets time pass only when the test says so. Then no frame is drawn either, which receive() waits for: it takes tell(). */
async function stopTime(page) {
  await page.clock.install();
  await page.clock.pauseAt(Date.now() + 1000);
}
const tell = (page, ...values) => page.evaluate((all) => globalThis.receive(...all), values);

const phone = { worker: 'works', constructs: false };
const computer = { worker: 'works' };
const registered = ['register', '/sw.js', '/', 'TrustedScriptURL'];

describe('alerts', () => {
  const chromium = browserForFile();
  const inWorld = (world) => ({ prepare: (context) => context.addInitScript(listen, world) });
  const joined = (t, world = {}) => joinedRoom(t, chromium, inWorld(world));

  /** Waits until the page has asked the browser for just this, since it was last waited for. */
  async function hears(page, ...expected) {
    const all = [];
    await eventually(async () => {
      all.push(...await heard(page));
      assert.deepEqual(all, expected);
    });
  }

  /** The page with notifications on, which have said so, and sounds that can be heard. */
  async function called(t, world) {
    const page = await joined(t, { permission: 'granted', answer: 'granted', wished: true, ...world });
    await page.click('#chat');
    await page.waitForFunction(() => globalThis.audio?.state === 'running');
    if (world?.worker) await hears(page, registered);
    return page;
  }

  const flip = async (page) => {
    if (!await page.locator('#members-dialog').isVisible()) await page.click('#member-count');
    await page.locator('#notify').click();
  };
  const isOn = (page) => page.locator('#notify').isChecked();

  describe('sound and title', () => {
    test('a knock is heard and felt, a message only where nobody looks', async (t) => {
      const page = await joined(t);
      await page.evaluate(() => { globalThis.touched = false; });
      await page.receive('join_request', knock);
      await hears(page); // nobody has touched the page: browsers would complain
      await page.evaluate(() => { globalThis.touched = true; });
      await page.click('#chat');
      await page.waitForFunction(() => globalThis.audio?.state === 'running');
      await stopTime(page);
      await tell(page, 'join_request', { ...knock, user_id: 'knock-2' });
      await tell(page, 'join_request', { ...knock, user_id: 'knock-2' }); // said again
      await hears(page, ['tone', 660], ['tone', 880], ['vibrate', 80, 60, 80]);
      await tell(page, 'message', { ...alice, id: 1, content: 'hello' });
      await hears(page);
      await look(page, false);
      await tell(page, 'message', { ...alice, id: 2, content: 'hello?' });
      // Much at once is one thing.
      for (let id = 3; id < 9; id += 1) await tell(page, 'message', { ...alice, id, content: 'hello?' });
      await hears(page, ['tone', 740]);
      await page.clock.runFor(1000);
      await tell(page, 'message', { ...alice, id: 9, content: 'hello?' });
      await hears(page, ['tone', 740]); // what comes later is another
      assert.match(await page.title(), /^\(8\) /);
      assert.deepEqual(page.problems, []);
    });

    test('what was said before the page was opened is no news', async (t) => {
      const page = await openRoom(t, chromium, inWorld({}));
      await look(page, false);
      await page.receive('connect');
      await page.receive('join_success', { count: 2 });
      await page.receive('message', { ...alice, id: 1, content: 'before' });
      assert.doesNotMatch(await page.title(), /^\(/);
      await page.receive('timer_sync', { time_remaining: 200 });
      await page.receive('message', { ...alice, id: 2, content: 'after' });
      assert.match(await page.title(), /^\(1\) /);
    });

    for (const [where, refuses] of [['', false], [' where nothing can be remembered', true]]) {
      test(`sound can be turned off${where}`, async (t) => {
        const page = await joinedRoom(t, chromium, { async prepare(context) {
          await context.addInitScript(listen, {});
          if (refuses) {
            await context.addInitScript(() => {
              Storage.prototype.getItem = () => { throw new DOMException('no', 'SecurityError'); };
              Storage.prototype.setItem = () => { throw new DOMException('no', 'SecurityError'); };
            });
          }
        } });
        await page.click('#member-count');
        await page.locator('#sound').uncheck();
        await page.receive('join_request', knock);
        await hears(page);
        if (refuses) return;
        await page.reload();
        assert.equal(await page.locator('#sound').isChecked(), false, 'it stays off');
      });
    }

    test('the title counts what is unread, until the person is back', async (t) => {
      const page = await joined(t);
      await look(page, false);
      await page.receive('message', { ...alice, id: 1, content: 'one' });
      await page.receive('join_request', knock);
      assert.equal(await page.title(), '(2) Chat room · Secure Chat');
      await look(page, true);
      assert.equal(await page.title(), 'Chat room · Secure Chat');
    });
  });

  describe('notifications', () => {
    for (const [name, world, by] of [['a phone', phone, 'worker'], ['a computer', computer, 'worker'], ['a browser without workers', {}, 'page'],
      ['a browser that refuses the worker', { worker: 'refused' }, 'page'], ['a browser that drops the worker', { worker: 'redundant' }, 'page'],
      ['a browser whose worker can show none', { worker: 'broken' }, 'page']]) {
      test(`are shown by the ${by} in ${name}`, async (t) => {
        const page = await joined(t, { answer: 'granted', ...world });
        await page.receive('message', { ...alice, id: 1, content: 'one' });
        await hears(page); // no worker, and no question
        await flip(page);
        await hears(page, ['asked'], ...world.worker ? [registered] : [], [by, 'Notifications are on.']);
        assert.equal(await isOn(page), true);
        assert.equal(await textOf(page, '#notify-note'), '');
        await page.receive('message', { ...alice, id: 2, content: 'seen' });
        await page.evaluate(() => globalThis.heard.splice(0));
        await look(page, false);
        await page.receive('message', { ...alice, id: 3, content: 'a secret' });
        await eventually(async () => assert.deepEqual((await heard(page)).filter(([what]) => what === by), [[by, 'New message from Alice']]));
        await page.receive('join_request', knock);
        await eventually(async () => assert.deepEqual((await heard(page)).filter(([what]) => what === by), [[by, 'Charlie wants to join', 'again']]));
        assert.deepEqual(page.problems, []);
      });
    }

    test('who looks needs none', async (t) => {
      const page = await called(t, computer);
      await page.receive('message', { ...alice, id: 1, content: 'one' });
      await page.receive('join_request', knock);
      await hears(page, ['tone', 660], ['tone', 880], ['vibrate', 80, 60, 80]);
    });

    test('are silent where the sound is off', async (t) => {
      const page = await called(t, computer);
      await page.click('#member-count');
      await page.locator('#sound').uncheck();
      await look(page, false);
      await page.receive('message', { ...alice, id: 1, content: 'one' });
      await page.receive('join_request', knock);
      await hears(page, ['worker', 'New message from Alice', 'silent'], ['worker', 'Charlie wants to join', 'again', 'silent']);
    });

    test('lead back to the page, by its path', async (t) => {
      const page = await called(t, computer);
      await look(page, false);
      await page.receive('message', { ...alice, id: 1, content: 'one' });
      await eventually(async () => assert.deepEqual(await onScreen(page), ['New message from Alice']));
      const [tag, data, icon] = await page.evaluate(() => [...globalThis.screen].map(([name, { options }]) => [name, options.data, options.icon])[0]);
      assert.equal(data, '/page');
      assert.equal(tag, 'message /page', 'another room has its own');
      assert.match(icon, /icon-180\.png$/, 'no browser draws others');
    });

    test('that the page has shown lead back to it', async (t) => {
      const page = await called(t, {});
      await look(page, false);
      await page.receive('join_request', knock);
      await eventually(async () => assert.deepEqual(await onScreen(page), ['Charlie wants to join']));
      await page.evaluate(() => {
        globalThis.focus = () => globalThis.heard.push(['focus']);
        globalThis.heard.length = 0;
        globalThis.screen.get('knock /page').click();
      });
      await hears(page, ['focus']);
      assert.deepEqual(await onScreen(page), []);
    });

    /** A page that nobody looks at, with a notification of a message and one of somebody who asks to join. */
    async function notified(t, world) {
      const page = await called(t, world);
      await look(page, false);
      await page.receive('message', { ...alice, id: 1, content: 'one' });
      await page.receive('join_request', knock);
      await eventually(async () => assert.deepEqual(await onScreen(page), ['New message from Alice', 'Charlie wants to join']));
      return page;
    }

    for (const [by, world] of [['worker', phone], ['page', {}]]) {
      test(`go when the person is back: of the ${by}`, async (t) => {
        const page = await notified(t, world);
        await look(page, true);
        await eventually(async () => assert.deepEqual(await onScreen(page), []));
      });
    }

    test('that are shown too late go at once', async (t) => {
      const page = await called(t, phone);
      await page.evaluate(() => {
        const { getRegistration } = navigator.serviceWorker;
        navigator.serviceWorker.getRegistration = async () => {
          await new Promise((go) => { globalThis.go = go; });
          navigator.serviceWorker.getRegistration = getRegistration;
          return getRegistration();
        };
      });
      await look(page, false);
      await page.receive('message', { ...alice, id: 1, content: 'one' });
      await look(page, true);
      await page.evaluate(() => {
        globalThis.heard.length = 0;
        globalThis.go();
      });
      await hears(page, ['worker', 'New message from Alice']);
      await eventually(async () => assert.deepEqual(await onScreen(page), []));
    });

    test('the worker is registered only where they are wished for, and goes with the wish', async (t) => {
      const page = await joined(t, { ...phone, permission: 'granted', answer: 'granted' });
      await hears(page);
      await flip(page);
      await hears(page, ['asked'], registered, ['worker', 'Notifications are on.']);
      await flip(page);
      await hears(page, ['unregister']);
      assert.equal(await isOn(page), false);
      assert.deepEqual(await onScreen(page), []);
      await look(page, false);
      await page.receive('join_request', knock);
      assert.deepEqual(await onScreen(page), []);
      await page.reload();
      await page.waitForFunction(() => globalThis.options);
      await hears(page);
    });

    for (const foreign of [{ active: '/other.js' }, { active: '/sw.js?v=2' }, { installing: '/deep/sw.js' }, { active: '/sw.js', waiting: '/other.js' }]) {
      test(`somebody else's worker is left alone: ${JSON.stringify(foreign)}`, async (t) => {
        const page = await joined(t, { ...computer, answer: 'granted', foreign });
        await flip(page);
        await hears(page, ['asked'], ['page', 'Notifications are on.']);
        assert.equal(await isOn(page), true);
        await flip(page);
        await eventually(async () => assert.deepEqual(await onScreen(page), []));
        await page.evaluate(() => new Promise((done) => { setTimeout(done); }));
        await hears(page);
      });
    }

    for (const [by, world] of [['worker', phone], ['page', {}]]) {
      test(`of those who ask to join go with the page: of the ${by}`, async (t) => {
        const page = await notified(t, world);
        // A page that goes has no time left for a promise.
        const left = await page.evaluate(() => {
          dispatchEvent(new PageTransitionEvent('pagehide', { persisted: false }));
          return [...globalThis.screen.values()].map(({ text }) => text);
        });
        assert.deepEqual(left, ['New message from Alice'], 'it leads back to the chat');
      });

      test(`go at once when the chat is over: of the ${by}`, async (t) => {
        const page = await notified(t, world);
        const left = await page.evaluate(() => {
          globalThis.receive('room_expired', {});
          return globalThis.screen.size;
        });
        assert.equal(left, 0);
      });
    }

    test('a page with a policy of one\'s own that allows no worker shows them itself', async (t) => {
      const page = await joined(t, { ...computer, answer: 'granted' });
      await page.evaluate(() => { TrustedTypePolicyFactory.prototype.createPolicy = () => { throw new TypeError('refused'); }; });
      await flip(page);
      await hears(page, ['asked'], ['page', 'Notifications are on.']);
      assert.equal(await isOn(page), true);
    });
  });

  describe('a switch that stays off says why', () => {
    for (const [world, reason, asked] of [
      [{ permission: 'denied', answer: 'denied' }, 'Your browser blocks notifications for this site. You can allow them in its settings.', true],
      [{ notifications: false }, "This browser can’t show notifications. You’ll still hear a sound.", true],
      [{ notifications: false, standalone: true }, "This browser can’t show notifications. You’ll still hear a sound.", true],
      [{ notifications: false, standalone: false }, /^iPhones and iPads only show notifications for apps on the Home Screen\./, true],
      [{ permission: 'denied', secure: false }, "Notifications need a secure connection (https). You’ll still hear a sound.", true],
      [{ notifications: false, secure: false }, "Notifications need a secure connection (https). You’ll still hear a sound.", true],
      [{ answer: 'denied' }, 'Your browser blocks notifications for this site. You can allow them in its settings.', false],
      [{ answer: 'default' }, "Notifications aren’t allowed yet. Turn this on again, and say yes when your browser asks.", false],
      [{ ...phone, worker: 'broken', answer: 'granted' }, "Your browser couldn’t show a notification. You’ll still hear a sound.", false],
      [{ ...phone, worker: undefined, answer: 'granted' }, "Your browser couldn’t show a notification. You’ll still hear a sound.", false],
    ]) {
      test(JSON.stringify(world), async (t) => {
        const page = await joined(t, world);
        await page.click('#member-count');
        const says = (expected) => eventually(async () => {
          const note = await textOf(page, '#notify-note');
          if (expected instanceof RegExp) assert.match(note, expected);
          else assert.equal(note, expected);
        });
        await says(asked ? reason : '');
        await flip(page);
        await says(reason);
        assert.equal(await page.locator('#notify').isVisible(), true);
        assert.equal(await isOn(page), false);
        const described = await page.locator('#notify').getAttribute('aria-describedby');
        assert.equal(described, 'notify-note');
        await look(page, false);
        await page.receive('join_request', knock);
        assert.deepEqual(await onScreen(page), []);
        assert.deepEqual(page.problems, []);
      });
    }

    test('and goes on by itself once the browser lets notifications through', async (t) => {
      for (const tellsOfPermission of [true, false]) {
        const page = await joined(t, { ...phone, answer: 'denied', tellsOfPermission });
        await flip(page);
        await eventually(async () => assert.match(await textOf(page, '#notify-note'), /blocks/));
        assert.equal(await isOn(page), false);
        await look(page, false); // to the browser's settings
        await page.evaluate(() => globalThis.permit('granted'));
        if (!tellsOfPermission) await look(page, true);
        assert.equal(await isOn(page), true, 'as was wished');
        assert.equal(await textOf(page, '#notify-note'), '');
        await look(page, false);
        await page.evaluate(() => globalThis.permit('denied'));
        await look(page, true);
        assert.equal(await isOn(page), false);
        assert.match(await textOf(page, '#notify-note'), /blocks/);
      }
    });

    // An earlier version of the page has given notifications up for good in this browser.
    test('what could not be once may be now', async (t) => {
      const page = await joined(t, { ...phone, answer: 'granted' });
      await page.evaluate(() => localStorage.setItem('notify', 'impossible'));
      await page.reload();
      await page.waitForFunction(() => globalThis.options);
      await flip(page);
      await hears(page, ['asked'], registered, ['worker', 'Notifications are on.']);
      assert.equal(await isOn(page), true);
    });
  });

  describe('a knock calls again', () => {
    const sound = [['tone', 660], ['tone', 880], ['vibrate', 80, 60, 80]];
    const told = (page) => page.evaluate(() => globalThis.heard.splice(0).map(([what]) => what));

    /** A page that somebody has just knocked at, with the clock standing still. */
    async function knocked(t, { away = true, ...world } = {}) {
      const page = await called(t, { ...phone, ...world });
      await page.receive('members', { members: [] });
      if (away) await look(page, false);
      await stopTime(page);
      await tell(page, 'join_request', knock);
      return page;
    }

    test('every ten seconds, to the eye, the ear and the hand', async (t) => {
      const page = await knocked(t);
      const call = [...sound, ['worker', 'Charlie wants to join', 'again']];
      await hears(page, ...call);
      for (let again = 0; again < 4; again += 1) {
        await page.clock.runFor(9999);
        await hears(page);
        await page.clock.runFor(1);
        await hears(page, ...call);
      }
      assert.match(await page.title(), /^\(1\) /, 'it is one');
    });

    test('by sound alone for a person who looks at the page', async (t) => {
      const page = await knocked(t, { away: false });
      await hears(page, ...sound);
      await page.clock.runFor(10_000);
      await hears(page, ...sound);
      assert.doesNotMatch(await page.title(), /^\(/);
      await look(page, false);
      await page.clock.runFor(10_000);
      await hears(page, ...sound, ['worker', 'Charlie wants to join', 'again']);
    });

    test('once for all who knock, from the last one on', async (t) => {
      const page = await knocked(t);
      await hears(page, ...sound, ['worker', 'Charlie wants to join', 'again']);
      await page.clock.runFor(100);
      await tell(page, 'join_request', { ...knock, user_id: 'knock-2', user: 'Dora' });
      await hears(page, ['worker', '2 people want to join']); // much at once is one thing
      await page.clock.runFor(6000);
      await tell(page, 'join_request', { ...knock, user_id: 'knock-3', user: 'Eve' });
      const call = [...sound, ['worker', '3 people want to join', 'again']];
      await hears(page, ...call);
      await page.clock.runFor(9999);
      await hears(page);
      await page.clock.runFor(1);
      await hears(page, ...call);
      assert.match(await page.title(), /^\(3\) /);
      // The others still wait when one has an answer.
      for (const id of ['knock-1', 'knock-2']) await tell(page, 'join_approved', { user_id: id, room: 'room-1' });
      await page.clock.runFor(10_000);
      await hears(page, ...sound, ['worker', 'Eve wants to join', 'again']);
    });

    test('more and more seldom where requests stay open for long', async (t) => {
      const page = await knocked(t, { answerTime: 86_400 });
      await tell(page, 'request_status', { user_id: 'knock-1', approvals: 0, required: 1, time_remaining: 86_400 });
      await told(page);
      let calls = 0;
      for (let minute = 0; minute < 60; minute += 1) {
        await page.clock.runFor(60_000);
        calls += (await told(page)).filter((what) => what === 'vibrate').length;
      }
      assert.ok(calls > 20 && calls < 40, `${calls} calls in the first hour`);
    });

    const endings = {
      'they are let in': (page) => tell(page, 'join_approved', { user_id: 'knock-1', room: 'room-1' }),
      'they are refused': (page) => tell(page, 'join_denied', { user_id: 'knock-1', room: 'room-1', code: 'declined' }),
      'they no longer ask': (page) => tell(page, 'join_denied', { user_id: 'knock-1', room: 'room-1', code: 'withdrawn' }),
      'the person says yes': (page) => page.evaluate(() => document.querySelector('#notification-knock-1 .accept').click()),
      'the person says no': (page) => page.evaluate(() => document.querySelector('#notification-knock-1 .deny').click()),
      'their time is over, whatever the server says': (page) => page.clock.runFor(64_000),
      'the room ends': (page) => tell(page, 'room_expired', { room: 'room-1' }),
      'the person is no member any more': (page) => tell(page, 'room_status', { room: 'room-1', exists: false }),
      'the page is kept for a step back': (page) => page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))),
    };
    for (const [name, end] of Object.entries(endings)) {
      test(`until ${name}`, async (t) => {
        const page = await knocked(t);
        await hears(page, ...sound, ['worker', 'Charlie wants to join', 'again']);
        await end(page);
        await told(page);
        await page.clock.runFor(30_000);
        assert.deepEqual(await told(page), []);
        await eventually(async () => assert.deepEqual(await onScreen(page), []));
      });
    }

    test('if the person is asked again, or their answer could not be told', async (t) => {
      const page = await knocked(t);
      await page.evaluate(() => document.querySelector('#notification-knock-1 .accept').click());
      await told(page);
      await page.clock.runFor(1000);
      await tell(page, 'join_request', knock);
      await hears(page, ...sound, ['worker', 'Charlie wants to join', 'again']);
    });

    test('without a sound once that is turned off', async (t) => {
      const page = await knocked(t);
      await hears(page, ...sound, ['worker', 'Charlie wants to join', 'again']);
      await page.evaluate(() => document.querySelector('#sound').click());
      await page.clock.runFor(10_000);
      await hears(page, ['worker', 'Charlie wants to join', 'again', 'silent']);
    });

    test('not without a connection, and again with one', async (t) => {
      const page = await knocked(t);
      const call = [...sound, ['worker', 'Charlie wants to join', 'again']];
      await hears(page, ...call);
      await page.clock.runFor(5000);
      await tell(page, 'disconnect', 'transport close');
      await page.clock.runFor(12_000);
      await hears(page);
      await tell(page, 'connect');
      await tell(page, 'join_request', knock);
      await tell(page, 'room_status', { room: 'room-1', exists: true });
      await hears(page);
      await page.clock.runFor(10_000);
      await hears(page, ...call);
    });

    test('at once if somebody has come before the connection was back', async (t) => {
      const page = await knocked(t);
      await told(page);
      await page.clock.runFor(5000);
      await tell(page, 'disconnect', 'transport close');
      await tell(page, 'connect');
      await tell(page, 'join_request', knock);
      await tell(page, 'join_request', { ...knock, user: 'Dora', user_id: 'knock-2' });
      await hears(page);
      await tell(page, 'room_status', { room: 'room-1', exists: true });
      await hears(page, ...sound, ['worker', '2 people want to join', 'again']);
      assert.match(await page.title(), /^\(2\) /);
    });

    test('but not for a request that was over when the connection came back', async (t) => {
      const page = await knocked(t);
      await tell(page, 'disconnect', 'transport close');
      await tell(page, 'connect');
      await tell(page, 'room_status', { room: 'room-1', exists: true });
      await told(page);
      await page.clock.runFor(30_000);
      assert.deepEqual(await told(page), []);
    });
  });
});

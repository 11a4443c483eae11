import { isLooking, onReturn } from './attention.js';
import { recall, remember } from '../ui/storage.js';
import { findWorker, startWorker } from './worker.js';

/** @typedef {'knock' | 'message' | 'on'} Kind one takes the place of the one before of its kind */

/**
 * @typedef {'home-screen' | 'unsupported' | 'insecure' | 'denied' | 'unanswered' | 'failed'} Obstacle why there
 * are no notifications: the browser shows them for apps on the home screen only, not at all, or over https only;
 * the person has forbidden them, or not answered the browser's question; or showing one has failed
 */

/** @type {Kind[]} */
const kinds = ['knock', 'message', 'on'];

/**
 * The browser's notifications of this room, for people who wish for them. The service worker shows
 * them. Where there can be none the page does, which computers allow and phones do not.
 */
export class Notifications {
  #icon;
  /** @type {(() => void)[]} */
  #watchers = [];
  #hasFailed = false;
  #hasAsked = false; // this page, whether they are allowed
  #steps = Promise.resolve(); // one waits for the other, so that none takes away what is shown after it
  /** @type {Set<Kind>} the kinds of those that may be on the screen */
  #shown = new Set();
  /** @type {Map<Kind, Notification>} those that this page has shown, by the worker or itself */
  #own = new Map();

  /** @param {string} [icon] the address of a picture */
  constructor(icon) {
    this.#icon = icon;
    // People allow and forbid them in the browser's settings, and by its address bar.
    navigator.permissions?.query({ name: 'notifications' })
      .then((permission) => permission.addEventListener('change', () => this.#changed()))
      .catch(console.warn); // then the page looks again when they are back
    onReturn(() => {
      this.clear();
      this.#changed();
    });
    // Who has closed the page cannot let anybody in. By now only what is at hand can be closed. Another tab of
    // the room has the same notification, and shows it again with its next call.
    addEventListener('pagehide', () => this.clear(['knock']));
    if (!this.on) return;
    this.#then(async () => { await startWorker(); });
    this.#shown = new Set(kinds); // by this page before it was loaded again
    if (isLooking()) this.clear();
  }

  /**
   * Calls back when `on` or `obstacle` may have changed.
   *
   * @param {() => void} run
   */
  watch(run) {
    this.#watchers.push(run);
  }

  /** Whether notifications are shown. */
  get on() {
    return isWished() && this.obstacle === undefined && Notification.permission === 'granted';
  }

  /**
   * Why there are no notifications, if it is not for lack of a wish.
   *
   * @returns {Obstacle | undefined}
   */
  get obstacle() {
    const exist = 'Notification' in globalThis;
    if (!exist && 'standalone' in navigator && !navigator.standalone) return 'home-screen'; // iOS
    if (!isSecureContext) return 'insecure';
    if (!exist) return 'unsupported';
    if (Notification.permission === 'denied') return 'denied';
    if (Notification.permission === 'default') return this.#hasAsked ? 'unanswered' : undefined;
    return this.#hasFailed ? 'failed' : undefined;
  }

  /**
   * Turns notifications on or off. If the person has to allow them, the browser asks. A first
   * notification shows that they are on.
   *
   * @param {boolean} on
   * @param {string} said the text of the first
   */
  async turn(on, said) {
    remember('notify', on ? 'on' : 'off');
    this.#hasFailed = false;
    if (!on) {
      this.clear();
      this.#then(async () => { if (!isWished()) await (await findWorker())?.unregister(); });
    } else if ('Notification' in globalThis) {
      await Notification.requestPermission();
      this.#hasAsked = true;
      if (this.on) this.show(said, 'on');
    }
    await this.#steps;
    this.#changed();
  }

  /**
   * Shows a notification, if they are on.
   *
   * @param {string} said
   * @param {Kind} kind
   * @param {{renotify?: boolean, silent?: boolean}} [how] `renotify` lets one call that takes the place of another
   */
  show(said, kind, { renotify = false, silent = false } = {}) {
    if (!this.on) return;
    this.#shown.add(kind);
    const options = { tag: tagOf(kind), icon: this.#icon, data: location.pathname, renotify, silent };
    this.#then(async () => {
      const [shown] = await showByWorker(said, options) ?? [this.#showByPage(said, options)];
      if (shown) this.#own.set(kind, shown);
    });
  }

  /**
   * Takes notifications away: the person has seen what they tell of, or it is over.
   *
   * @param {Kind[]} [which] all of them if it is left out
   */
  clear(which = kinds) {
    for (const kind of which) {
      if (!this.#shown.delete(kind)) continue;
      this.#own.get(kind)?.close();
      this.#own.delete(kind);
      this.#then(() => this.#close(kind)); // also those of the page that was here before it was loaded again
    }
  }

  /** @param {Kind} kind */
  async #close(kind) {
    // One that was on its way meanwhile.
    this.#own.get(kind)?.close();
    this.#own.delete(kind);
    const worker = await findWorker();
    for (const shown of await worker?.getNotifications({ tag: tagOf(kind) }) ?? []) shown.close();
  }

  /**
   * @param {string} said
   * @param {NotificationOptions} options
   */
  #showByPage(said, options) {
    try {
      const notification = new Notification(said, options);
      notification.addEventListener('error', () => this.#fail());
      notification.addEventListener('click', () => {
        window.focus();
        notification.close();
      });
      return notification;
    } catch (error) {
      console.warn(error);
      this.#fail();
      return undefined;
    }
  }

  #fail() {
    this.#hasFailed = true;
    this.#changed();
  }

  #changed() {
    for (const run of this.#watchers) run();
  }

  /** @param {() => Promise<void>} step */
  #then(step) {
    this.#steps = this.#steps.then(step).catch(console.warn);
  }
}

const isWished = () => recall('notify') === 'on';

/**
 * The rooms of a browser are told apart by their paths.
 *
 * @param {Kind} kind
 */
const tagOf = (kind) => `${kind} ${location.pathname}`;

/**
 * @param {string} said
 * @param {NotificationOptions} options
 * @returns {Promise<Notification[] | undefined>} undefined if there is no worker that has shown it
 */
async function showByWorker(said, options) {
  try {
    const worker = await startWorker();
    await worker?.showNotification(said, options);
    return await worker?.getNotifications(options).catch(() => []); // it was shown all the same
  } catch (error) {
    console.warn(error);
    return undefined;
  }
}

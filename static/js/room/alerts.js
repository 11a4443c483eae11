import { isLooking, onReturn } from './attention.js';
import { recall, remember } from '../ui/storage.js';
import { text } from '../ui/words.js';

/** @typedef {{hertz: number, after: number}[]} Sound tones, each so many seconds after the start */

/** @type {Sound} */
const knockSound = [{ hertz: 660, after: 0 }, { hertz: 880, after: 0.14 }];
/** @type {Sound} */
const messageSound = [{ hertz: 740, after: 0 }];
const volume = 0.08;
const vibration = [80, 60, 80]; // milliseconds
const pause = 1000; // milliseconds between two signals: much at once is one thing

/**
 * Draws attention to knocks and messages: by sound and vibration, and while nobody looks at
 * the page, by the tab's title and, if wished, by a notification. None of them quotes a
 * message.
 */
export class Alerts {
  #title = document.title;
  #icon;
  #unread = 0;
  /** @type {AudioContext | undefined} */
  #audio;
  /** @type {Map<Sound | string, number>} when each sound or notification was the last time, in milliseconds */
  #last = new Map();

  /** @param {string} icon the address of a picture for notifications */
  constructor(icon) {
    this.#icon = icon;
    // Browsers let a page sound only once it was touched, and Safari only from then on.
    for (const touch of ['click', 'pointerup', 'keydown']) addEventListener(touch, () => this.#wakeAudio(), { passive: true });
    onReturn(() => {
      this.#unread = 0;
      document.title = this.#title;
    });
  }

  /**
   * Signals that somebody asks to be let in, which needs an answer soon.
   *
   * @param {string} who
   */
  knock(who) {
    this.#signal(knockSound);
    // Browsers complain of a vibration that nobody's touch has allowed.
    if (this.sound && navigator.userActivation?.hasBeenActive !== false) navigator.vibrate?.(vibration);
    this.#note(text('alert.knock', { who }), 'knock');
  }

  /**
   * Signals that somebody has said something.
   *
   * @param {string} who
   * @param {{news: boolean}} how `news` is false for messages from before the page was opened
   */
  message(who, { news }) {
    if (isLooking() || !news) return;
    this.#signal(messageSound);
    this.#note(text('alert.message', { who }), 'message');
  }

  /** Whether the page sounds and vibrates. */
  get sound() {
    return recall('sound') !== 'off';
  }

  set sound(on) {
    remember('sound', on ? 'on' : 'off');
    if (on) this.#signal(messageSound);
  }

  /** Whether this browser has notifications for a page without a worker; Android has not. */
  get canNotify() {
    return 'Notification' in globalThis && Notification.permission !== 'denied' && recall('notify') !== 'impossible';
  }

  /** Whether notifications are shown. */
  get notifies() {
    return this.canNotify && Notification.permission === 'granted' && recall('notify') === 'on';
  }

  /**
   * Turns notifications on or off. If the person has to allow them, the browser asks. A first
   * notification tells that they are on.
   *
   * @param {boolean} on
   */
  async setNotifies(on) {
    remember('notify', on ? 'on' : 'off');
    if (!on || !this.canNotify) return;
    await Notification.requestPermission();
    if (this.notifies) this.#notify(text('alert.on'), 'on');
  }

  /** @param {Sound} sound */
  #signal(sound) {
    if (this.sound && this.#audio?.state === 'running' && this.#isTime(sound)) play(sound, this.#audio);
  }

  /**
   * Whether a signal of this kind may be given now. If so it counts as given.
   *
   * @param {Sound | string} what
   */
  #isTime(what) {
    const now = performance.now();
    if (now - (this.#last.get(what) ?? -Infinity) < pause) return false;
    this.#last.set(what, now);
    return true;
  }

  #wakeAudio() {
    if (!this.sound || !('AudioContext' in globalThis)) return;
    this.#audio ??= new AudioContext();
    if (this.#audio.state !== 'running') this.#audio.resume().catch(console.warn); // then there is no sound
  }

  /**
   * Tells of something in the tab's title, and by a notification, if nobody looks.
   *
   * @param {string} said
   * @param {string} tag names the kind: a notification takes the place of the one before of its kind
   */
  #note(said, tag) {
    if (isLooking()) return;
    this.#unread += 1;
    document.title = `(${this.#unread}) ${this.#title}`;
    if (this.notifies && this.#isTime(tag)) this.#notify(said, tag);
  }

  /**
   * @param {string} said
   * @param {string} tag
   */
  #notify(said, tag) {
    try {
      const notification = new Notification(said, { tag, icon: this.#icon });
      notification.addEventListener('click', () => {
        window.focus();
        notification.close();
      });
    } catch (error) {
      console.warn(error);
      remember('notify', 'impossible');
    }
  }
}

/**
 * @param {Sound} sound
 * @param {AudioContext} audio
 */
function play(sound, audio) {
  for (const { hertz, after } of sound) {
    const start = audio.currentTime + after;
    const tone = new OscillatorNode(audio, { frequency: hertz });
    const gain = new GainNode(audio, { gain: 0 });
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(volume, start + 0.015);
    gain.gain.exponentialRampToValueAtTime(0.001, start + 0.25);
    tone.connect(gain).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.3);
  }
}

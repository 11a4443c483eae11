import { isLooking, onReturn } from './attention.js';
import { recall, remember } from '../ui/storage.js';
import { counted, text } from '../ui/words.js';

/** @typedef {{hertz: number, after: number}[]} Sound tones, each so many seconds after the start */

/** @type {Sound} */
const knockSound = [{ hertz: 660, after: 0 }, { hertz: 880, after: 0.14 }];
/** @type {Sound} */
const messageSound = [{ hertz: 740, after: 0 }];
const volume = 0.08;
const vibration = [80, 60, 80]; // milliseconds
const callers = { one: 'alert.knocks.one', other: 'alert.knocks.other' };
const pause = 1000; // milliseconds between two signals: much at once is one thing

/**
 * Draws attention to knocks and messages: by sound and vibration, and while nobody looks at
 * the page, by the tab's title and, if wished, by a notification. None of them quotes a
 * message.
 */
export class Alerts {
  #title = document.title;
  #notifications;
  #unread = 0;
  /** @type {AudioContext | undefined} */
  #audio;
  /** @type {Map<Sound | string, number>} when each sound or notification was the last time, in milliseconds */
  #last = new Map();

  /** @param {import('./notifications.js').Notifications} notifications */
  constructor(notifications) {
    this.#notifications = notifications;
    // Browsers let a page sound only once it was touched, and Safari only from then on.
    for (const touch of ['click', 'pointerup', 'keydown']) addEventListener(touch, () => this.#wakeAudio(), { passive: true });
    onReturn(() => {
      this.#unread = 0;
      this.#showTitle();
    });
  }

  /**
   * Calls for an answer to those who ask to be let in.
   *
   * @param {string[]} names
   * @param {{again: boolean}} how `again` is true if there is nobody new among them
   */
  call(names, { again }) {
    this.#signal(knockSound);
    // Browsers complain of a vibration that nobody's touch has allowed.
    if (this.sound && navigator.userActivation?.hasBeenActive !== false && this.#isTime('vibration')) navigator.vibrate?.(vibration);
    if (isLooking()) return;
    if (!again) this.#countUnread();
    const said = names.length > 1 ? counted(callers, names.length) : text('alert.knock', { who: names[0] });
    this.#notifications.show(said, 'knock', { renotify: this.#isTime('knock'), silent: !this.sound });
  }

  /** Takes the call back: all who asked to be let in have their answer. */
  endCall() {
    this.#notifications.clear(['knock']);
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
    this.#countUnread();
    if (this.#isTime('message')) this.#notifications.show(text('alert.message', { who }), 'message', { silent: !this.sound });
  }

  /** @param {string} title the page's, which counts what is unread while nobody looks */
  set title(title) {
    this.#title = title;
    this.#showTitle();
  }

  /** Whether the page sounds and vibrates. */
  get sound() {
    return recall('sound') !== 'off';
  }

  set sound(on) {
    remember('sound', on ? 'on' : 'off');
    if (on) this.#signal(messageSound);
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

  #showTitle() {
    document.title = this.#unread > 0 ? `(${this.#unread}) ${this.#title}` : this.#title;
  }

  #countUnread() {
    this.#unread += 1;
    this.#showTitle();
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

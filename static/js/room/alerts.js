import { recall, remember } from '../ui/storage.js';
import { text } from '../ui/words.js';

const knockSound = [[660, 0], [880, 0.14]]; // hertz, and seconds from the start
const messageSound = [[740, 0]];
const volume = 0.08;
const vibration = [80, 60, 80]; // milliseconds
const pause = 1000; // milliseconds between two signals: much at once is one thing

/**
 * Draws attention to what happens: by sound and vibration, and where nobody looks,
 * by the tab's title and, if wished, by a notification. What was said is in none of them.
 */
export class Alerts {
  #title = document.title;
  #icon;
  #unread = 0;
  #audio;
  #last = new Map(); // what was signalled → when

  /** `icon` is the address of a picture for notifications. */
  constructor(icon) {
    this.#icon = icon;
    // Browsers let a page sound only once it was touched, and Safari only from then on.
    for (const touch of ['click', 'pointerup', 'keydown']) addEventListener(touch, () => this.#wakeAudio(), { passive: true });
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) return;
      this.#unread = 0;
      document.title = this.#title;
    });
  }

  /** Somebody asks to be let in, which needs an answer soon. */
  knock(who) {
    this.#signal(knockSound);
    // Browsers complain of what nobody's touch has allowed.
    if (this.sound && navigator.userActivation?.hasBeenActive !== false) navigator.vibrate?.(vibration);
    this.#note(text('alert.knock', { who }), 'knock');
  }

  /** Somebody has said something: just now, if it is `news`, or while this page was away. */
  message(who, { news }) {
    if (!document.hidden || !news) return;
    this.#signal(messageSound);
    this.#note(text('alert.message', { who }), 'message');
  }

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

  get notifies() {
    return this.canNotify && Notification.permission === 'granted' && recall('notify') === 'on';
  }

  /** Turns notifications on, asking the person if need be, or off. The first one says so. */
  async setNotifies(on) {
    remember('notify', on ? 'on' : 'off');
    if (!on || !this.canNotify) return;
    await Notification.requestPermission();
    if (this.notifies) this.#notify(text('alert.on'), 'on');
  }

  #signal(notes) {
    if (this.sound && this.#audio?.state === 'running' && this.#isTime(notes)) this.#play(notes);
  }

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

  #play(notes) {
    for (const [frequency, after] of notes) {
      const start = this.#audio.currentTime + after;
      const tone = new OscillatorNode(this.#audio, { frequency });
      const gain = new GainNode(this.#audio, { gain: 0 });
      gain.gain.setValueAtTime(0, start);
      gain.gain.linearRampToValueAtTime(volume, start + 0.015);
      gain.gain.exponentialRampToValueAtTime(0.001, start + 0.25);
      tone.connect(gain).connect(this.#audio.destination);
      tone.start(start);
      tone.stop(start + 0.3);
    }
  }

  #note(said, tag) {
    if (!document.hidden) return;
    this.#unread += 1;
    document.title = `(${this.#unread}) ${this.#title}`;
    if (this.notifies && this.#isTime(tag)) this.#notify(said, tag);
  }

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

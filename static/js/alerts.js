import { recall, remember } from './storage.js';
import { text } from './words.js';

const knockSound = [[660, 0], [880, 0.14]]; // hertz, and seconds from the start
const messageSound = [[740, 0]];
const volume = 0.08;
const knockPattern = [80, 60, 80]; // milliseconds
const messagePattern = [40];

/**
 * Draws attention to what happens: by sound and vibration, and where nobody looks,
 * by the tab's title and, if wished, by a notification. What was said is in none of them.
 */
export class Alerts {
  #title = document.title;
  #icon;
  #unread = 0;
  #audio;

  /** `icon` is the address of a picture for notifications. */
  constructor(icon) {
    this.#icon = icon;
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) return;
      this.#unread = 0;
      document.title = this.#title;
    });
  }

  /** Somebody asks to be let in, which needs an answer soon. */
  knock(who) {
    this.#signal(knockSound, knockPattern);
    this.#note(text('alert.knock', { who }), 'knock');
  }

  /** Somebody has said something. */
  message(who) {
    if (!document.hidden) return;
    this.#signal(messageSound, messagePattern);
    this.#note(text('alert.message', { who }), 'message');
  }

  get sound() {
    return recall('sound') !== 'off';
  }

  set sound(on) {
    remember('sound', on ? 'on' : 'off');
    if (on) this.#signal(messageSound, messagePattern);
  }

  /** Whether this browser has notifications for a page without a worker. */
  get canNotify() {
    return 'Notification' in globalThis && Notification.permission !== 'denied';
  }

  get notifies() {
    return this.canNotify && Notification.permission === 'granted' && recall('notify') === 'on';
  }

  /** Turns notifications on, asking the person if need be, or off. */
  async setNotifies(on) {
    remember('notify', on ? 'on' : 'off');
    if (on && this.canNotify) await Notification.requestPermission();
  }

  #signal(notes, pattern) {
    // Browsers refuse, and complain of, what nobody's touch has allowed.
    if (!this.sound || navigator.userActivation?.hasBeenActive === false) return;
    navigator.vibrate?.(pattern);
    this.#play(notes);
  }

  #play(notes) {
    if (!('AudioContext' in globalThis)) return;
    this.#audio ??= new AudioContext();
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
    if (!this.notifies) return;
    try {
      const notification = new Notification(said, { tag, icon: this.#icon });
      notification.addEventListener('click', () => {
        window.focus();
        notification.close();
      });
    } catch (error) {
      console.warn(error); // Android has them from workers only
    }
  }
}

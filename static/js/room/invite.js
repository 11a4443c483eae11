import { confirmCopy, copyText } from './copying.js';
import { Countdown } from '../ui/countdown.js';
import { Invitation } from './invitation.js';
import { text } from '../ui/words.js';

const hour = 60; // minutes
const language = document.documentElement.lang || undefined;
/** @param {'hour' | 'minute'} unit */
const format = (unit) => new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' });

const troubles = { offline: 'invite.offline', late: 'invite.late', over: 'invite.over' };

/**
 * @typedef {object} InviteParts
 * @property {HTMLDialogElement} dialog
 * @property {HTMLElement[]} openers the buttons that open it
 * @property {HTMLElement} first outside of the dialog, does what the first button in it does
 * @property {HTMLCanvasElement} qr
 * @property {HTMLElement} link takes the link where it has to be copied by hand
 * @property {HTMLElement} lasts takes the words about how long the link works
 * @property {HTMLElement} copy
 * @property {HTMLElement} share
 * @property {HTMLElement} end ends all links
 * @property {HTMLElement} copyCode
 * @property {HTMLElement} digits of the room's code
 * @property {HTMLElement} said takes the words about how copying or sharing went
 */

/** The sheet with all ways to invite somebody: a link, as such and as a picture, and the room's code. */
export class Invite {
  #parts;
  #code;
  #announce;
  #invitation;
  #drawn = ''; // the link that the picture has
  #lasts;
  /** @type {string | undefined} */
  #trouble; // why there is no link, as the sheet says

  /**
   * @param {import('../transport/events.js').Events} events
   * @param {InviteParts} parts
   * @param {import('./rotation.js').RoomCode} code
   * @param {(said: string) => void} announce says something to who does not see the page
   */
  constructor(events, parts, code, announce) {
    this.#parts = parts;
    this.#code = code;
    this.#announce = announce;
    this.#invitation = new Invitation(events, () => this.#show());
    this.#lasts = new Countdown((seconds) => this.#showLeft(seconds));
    const { dialog, copy, share, first } = parts;
    for (const opener of parts.openers) opener.addEventListener('click', () => this.#open());
    dialog.addEventListener('close', () => {
      this.#invitation.unwant();
      this.#lasts.stop();
    });
    copy.addEventListener('click', () => this.#copy(copy));
    share.addEventListener('click', () => this.#share());
    parts.copyCode.addEventListener('click', () => this.#copyCode());
    parts.end.addEventListener('click', () => this.#say(text(this.#invitation.endAll() ? 'invite.ended' : 'invite.offline')));
    const shares = Boolean(navigator.canShare?.({ url: location.origin }));
    share.hidden = !shares;
    copy.classList.toggle('primary', !shares);
    if (shares) first.textContent = share.textContent;
    first.addEventListener('click', () => (shares ? this.#share() : this.#copy(first)));
  }

  /** Nothing is asked of the server any more. */
  stop() {
    this.#invitation.stop();
    this.#lasts.stop();
  }

  #open() {
    const { dialog, said, link } = this.#parts;
    if (dialog.open) return;
    dialog.showModal();
    said.textContent = '';
    this.#trouble = undefined;
    link.hidden = true;
    this.#invitation.want();
    this.#show();
  }

  #show() {
    const { dialog, lasts, qr, link, copy, share } = this.#parts;
    if (!dialog.open) return;
    const { link: address, trouble, left } = this.#invitation;
    qr.hidden = trouble !== undefined;
    for (const button of [copy, share]) button.ariaDisabled = trouble === 'offline' ? 'true' : null; // pressed all the same, it says why
    this.#lasts.stop();
    if (this.#trouble !== trouble) {
      this.#trouble = trouble;
      this.#say(trouble ? text(troubles[trouble]) : '');
    }
    if (address === undefined) {
      lasts.textContent = trouble ? '' : text('invite.pending');
      link.hidden = true;
      // The picture of the link before is as good as that link.
      qr.getContext('2d')?.clearRect(0, 0, qr.width, qr.height);
      this.#drawn = '';
      return;
    }
    if (link.textContent !== address) {
      link.textContent = address;
      if (!link.hidden) getSelection()?.selectAllChildren(link);
    }
    this.#lasts.start(left / 1000);
    void this.#draw(address); // it tells its failures itself
  }

  /** @param {number} seconds */
  #showLeft(seconds) {
    this.#parts.lasts.textContent = text('invite.lasts', { left: spanOf(seconds) });
  }

  /** @param {string} address */
  async #draw(address) {
    const { qr } = this.#parts;
    if (address === this.#drawn) return;
    try {
      const { generate } = await import('../../vendor/lean-qr/nano.mjs');
      if (address !== this.#invitation.link) return; // there is another one meanwhile
      generate(address).toCanvas(qr, { pad: 4 });
      this.#drawn = address;
    } catch (error) {
      setTimeout(console.error, 1000, error); // unless the page is left, which cuts it off
      qr.hidden = true;
      this.#say(text('invite.no-picture'));
    }
  }

  /** @param {HTMLElement} button */
  async #copy(button) {
    const address = await this.#invitation.get();
    if (address === undefined) {
      this.#sayTrouble();
      return;
    }
    if (await copyText(address)) {
      confirmCopy(button);
      this.#say(text('invite.copied'), false);
      return;
    }
    this.#open();
    this.#parts.link.hidden = false;
    getSelection()?.selectAllChildren(this.#parts.link);
    this.#say(text('invite.not-copied'));
  }

  async #share() {
    const url = await this.#invitation.get();
    if (url === undefined) {
      this.#sayTrouble();
      return;
    }
    try {
      await navigator.share({ text: text('invite.message', { left: spanOf(this.#invitation.left / 1000) }), url });
    } catch (error) {
      // Closing the sheet is a decision, and a second sheet beside an open one is not needed.
      const decided = error instanceof DOMException && ['AbortError', 'InvalidStateError'].includes(error.name);
      if (decided) return;
      this.#open();
      this.#say(text('invite.not-shared'));
    }
  }

  async #copyCode() {
    const { copyCode, digits } = this.#parts;
    const copied = await copyText(this.#code.value);
    if (copied) confirmCopy(copyCode);
    else getSelection()?.selectAllChildren(digits);
    this.#say(text(copied ? 'code.copied' : 'code.not-copied'), !copied);
  }

  #sayTrouble() {
    this.#open();
    this.#say(text(troubles[this.#invitation.trouble ?? 'late']));
  }

  /**
   * @param {string} words
   * @param {boolean} [seen] false if something else on the page shows the same
   */
  #say(words, seen = true) {
    const { dialog, said } = this.#parts;
    if (!dialog.open) {
      this.#announce(words);
      return;
    }
    said.classList.toggle('visually-hidden', !seen);
    said.textContent = words;
  }
}

/**
 * How long a link works, rounded as the room's own time is: it never lives longer than the room.
 *
 * @param {number} seconds
 */
function spanOf(seconds) {
  const minutes = Math.max(1, Math.round(seconds / 60));
  return minutes < hour ? format('minute').format(minutes) : format('hour').format(Math.round(minutes / hour));
}

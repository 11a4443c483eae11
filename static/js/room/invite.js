import { copyText } from './roomcode.js';
import { text } from '../ui/words.js';

/**
 * The address that opens the start page with a code filled in. The code is in the
 * fragment, which browsers do not send, so that it is in nobody's logs.
 *
 * @param {string} code
 */
export function inviteLink(code) {
  return `${location.origin}/#${code}`;
}

/**
 * @typedef {object} InviteParts
 * @property {HTMLDialogElement} dialog
 * @property {HTMLElement[]} openers the buttons that open it
 * @property {HTMLCanvasElement} qr
 * @property {HTMLElement} code
 * @property {HTMLElement} link
 * @property {HTMLElement} copy
 * @property {HTMLElement} share
 * @property {HTMLElement} said takes the words about how copying or sharing went
 */

/** The dialog with all ways to let somebody know the code. */
export class Invite {
  #parts;
  #code;

  /**
   * @param {InviteParts} parts
   * @param {() => string} code returns the room's present code
   */
  constructor(parts, code) {
    this.#parts = parts;
    this.#code = code;
    for (const opener of parts.openers) {
      opener.addEventListener('click', () => {
        parts.dialog.showModal();
        this.changed();
      });
    }
    parts.copy.addEventListener('click', () => this.#copy());
    parts.share.addEventListener('click', () => this.#share());
    parts.share.hidden = !navigator.canShare?.({ url: inviteLink('000000') });
  }

  /** Shows the room's present code, if the dialog is open. */
  changed() {
    const { dialog, code, link, said } = this.#parts;
    if (!dialog.open) return;
    const digits = this.#code();
    code.textContent = `${digits.slice(0, 3)} ${digits.slice(3)}`;
    const address = inviteLink(digits);
    link.textContent = address;
    said.textContent = '';
    void this.#draw(address); // it tells its failures itself
  }

  /** @param {string} address */
  async #draw(address) {
    const { qr, said } = this.#parts;
    try {
      const { generate } = await import('../../vendor/lean-qr/nano.mjs');
      if (address !== this.#parts.link.textContent) return; // the code has turned meanwhile
      generate(address).toCanvas(qr, { pad: 4 });
      qr.hidden = false;
    } catch (error) {
      console.error(error);
      qr.hidden = true;
      said.textContent = text('invite.no-picture');
    }
  }

  async #copy() {
    const { link, said } = this.#parts;
    const copied = await copyText(link.textContent);
    said.textContent = text(copied ? 'invite.copied' : 'invite.not-copied');
    if (!copied) getSelection()?.selectAllChildren(link);
  }

  async #share() {
    try {
      await navigator.share({ title: document.title, text: text('invite.message'), url: this.#parts.link.textContent });
    } catch (error) {
      // Closing the sheet is a decision, and a second sheet beside an open one is not needed.
      const decided = error instanceof DOMException && ['AbortError', 'InvalidStateError'].includes(error.name);
      if (!decided) this.#parts.said.textContent = text('invite.not-shared');
    }
  }
}

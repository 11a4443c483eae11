import { copyText } from './roomcode.js';
import { text } from '../ui/words.js';

/**
 * The address that opens the start page with a code filled in. The code is in the
 * part that browsers keep to themselves, so that it is in nobody's logs.
 */
export function inviteLink(code) {
  return `${location.origin}/#${code}`;
}

/** The dialog with all ways to let somebody know the code. */
export class Invite {
  #parts;
  #code;

  /**
   * `parts` are the elements {dialog, openers, qr, code, link, copy, share, said};
   * `code()` returns the room's present code.
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

  /** The room may have another code. */
  changed() {
    const { dialog, code, link, said } = this.#parts;
    if (!dialog.open) return;
    const digits = this.#code();
    code.textContent = `${digits.slice(0, 3)} ${digits.slice(3)}`;
    const address = inviteLink(digits);
    link.textContent = address;
    said.textContent = '';
    void this.#draw(address); // says itself what goes wrong
  }

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
    if (!copied) getSelection().selectAllChildren(link);
  }

  async #share() {
    try {
      await navigator.share({ title: document.title, text: text('invite.message'), url: this.#parts.link.textContent });
    } catch (error) {
      // Whoever closes the sheet has decided so, and one is enough.
      if (!['AbortError', 'InvalidStateError'].includes(error.name)) this.#parts.said.textContent = text('invite.not-shared');
    }
  }
}

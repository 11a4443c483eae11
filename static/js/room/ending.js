import { forgetWhenLeft } from '../ui/leftpage.js';

/** @import { Outcome } from './presence.js' */

/**
 * The end of a room's page: the room or the place in it is gone, the person leaves for good, or the
 * browser keeps the page that was left, which then forgets what was said.
 */
export class Ending {
  #events;
  #page;
  #name;
  #kept;
  #parts;
  #on;

  /**
   * @param {import('../transport/events.js').Events} events
   * @param {HTMLElement} page
   * @param {string} name the person's
   * @param {{forget: () => void}[]} kept what this tab would find again, were it loaded anew
   * @param {{said: HTMLElement, why: HTMLElement, leave: HTMLElement[], dialog: HTMLDialogElement}} parts `said` has
   * `why` in it; each button in `leave` opens the `dialog` that asks whether to
   * @param {{stop: () => void, close: (outcome: Outcome) => void, forget: () => void}} on `stop` ends what goes on by
   * itself, `close` is called when the page stays and nothing can be sent from it any more, and `forget`
   * empties what the scripts know of the conversation
   */
  constructor(events, page, name, kept, parts, on) {
    this.#events = events;
    this.#page = page;
    this.#name = name;
    this.#kept = kept;
    this.#parts = parts;
    this.#on = on;
    const { leave, dialog } = parts;
    for (const button of leave) {
      button.addEventListener('click', () => {
        closeDialogs(); // the button is in one of them, to which nobody comes back
        dialog.showModal();
      });
    }
    dialog.addEventListener('close', () => {
      if (dialog.returnValue === 'leave') this.#leave();
      dialog.returnValue = '';
    });
    addEventListener('beforeunload', (event) => {
      // Messages that are still on their way would be lost with the page.
      if (!events.outbox.isEmpty && !this.#isOver) event.preventDefault();
    });
    forgetWhenLeft(page, {
      forget: () => {
        this.#stop();
        events.outbox.forget(); // shows as not sent what it had, for the next line to forget
        on.forget();
      },
      isOver: () => this.#isOver,
    });
  }

  /** @param {Outcome} outcome */
  end(outcome) {
    this.#finish();
    this.#on.close(outcome);
    this.#parts.why.textContent = outcome.why;
    this.#parts.said.hidden = false;
    // Not its link: somebody may be in the middle of writing, and Enter would lead away.
    this.#parts.said.focus();
  }

  get #isOver() {
    return this.#page.dataset.ended !== undefined;
  }

  #leave() {
    this.#events.sayLast('leave_room', { display_name: this.#name, final: true }, () => {
      this.#finish();
      location.replace('/'); // no step back leads here
    });
  }

  // Nothing is shown, said or kept any more.
  #stop() {
    if (this.#events.isClosed) return;
    this.#events.close();
    this.#on.stop();
    closeDialogs();
  }

  // Nobody comes back to what was written here.
  #finish() {
    this.#stop();
    for (const each of this.#kept) each.forget();
    this.#page.dataset.ended = 'true';
  }
}

/** Closes whatever dialog is open. */
export function closeDialogs() {
  for (const dialog of document.querySelectorAll('dialog')) dialog.close();
}

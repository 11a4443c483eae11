import { element } from './dom.js';
import { text } from './words.js';

const shownFor = 8000; // milliseconds

/**
 * Short texts to the person at the page, shown in a container. The notices of a room are
 * something else: they are a part of its conversation.
 */
export class Toasts {
  #container;
  #focus;
  /** @type {Map<HTMLElement, string>} */
  #shown = new Map();

  /**
   * @param {HTMLElement} container
   * @param {() => void} [focus] takes the keyboard's focus from a toast that goes
   */
  constructor(container, focus = () => {}) {
    this.#container = container;
    this.#focus = focus;
  }

  /**
   * Shows a text for a while. The same text is not shown twice at a time.
   *
   * @param {string} said
   */
  say(said) {
    this.takeBack(said);
    const toast = this.#add(said);
    setTimeout(() => this.#remove(toast), shownFor);
  }

  /**
   * Shows a text until the person closes it.
   *
   * @param {string} said
   */
  keep(said) {
    this.#add(said);
  }

  /**
   * Shows a text no longer, if it is shown.
   *
   * @param {string} said
   */
  takeBack(said) {
    for (const [toast, shown] of [...this.#shown]) {
      if (shown === said) this.#remove(toast);
    }
  }

  /** @param {string} said */
  #add(said) {
    const close = element('button', { type: 'button', className: 'quiet', ariaLabel: text('toast.close') }, '×');
    const toast = element('p', { className: 'notice' }, said, close);
    this.#shown.set(toast, said);
    close.addEventListener('click', () => this.#remove(toast));
    this.#container.append(toast);
    return toast;
  }

  /** @param {HTMLElement} toast */
  #remove(toast) {
    const focused = toast.contains(document.activeElement);
    toast.remove();
    this.#shown.delete(toast);
    if (focused) this.#focus();
  }
}

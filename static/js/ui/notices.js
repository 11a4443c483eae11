import { element } from './dom.js';
import { text } from './words.js';

const shownFor = 8000; // milliseconds

/** Short texts to the person at the page, shown in a container. */
export class Notices {
  #container;
  #focus;
  /** @type {Map<HTMLElement, string>} */
  #shown = new Map();

  /**
   * @param {HTMLElement} container
   * @param {() => void} [focus] takes the keyboard's focus from a notice that goes
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
    for (const [notice, shown] of [...this.#shown]) {
      if (shown === said) this.#remove(notice);
    }
    const notice = this.#add(said);
    setTimeout(() => this.#remove(notice), shownFor);
  }

  /**
   * Shows a text until the person closes it.
   *
   * @param {string} said
   */
  keep(said) {
    this.#add(said);
  }

  /** @param {string} said */
  #add(said) {
    const close = element('button', { type: 'button', className: 'quiet', ariaLabel: text('notice.close') }, '×');
    const notice = element('p', { className: 'notice' }, said, close);
    this.#shown.set(notice, said);
    close.addEventListener('click', () => this.#remove(notice));
    this.#container.append(notice);
    return notice;
  }

  /** @param {HTMLElement} notice */
  #remove(notice) {
    const focused = notice.contains(document.activeElement);
    notice.remove();
    this.#shown.delete(notice);
    if (focused) this.#focus();
  }
}

import { element } from './dom.js';
import { text } from './words.js';

const shownFor = 8000;

/** Short texts to the person at the page, shown in a container. */
export class Notices {
  #container;
  #focus;

  /** `focus()` is called when a notice goes whose button had the focus. */
  constructor(container, focus = () => {}) {
    this.#container = container;
    this.#focus = focus;
  }

  /** Shows a text for a while. The same text is not shown twice at a time. */
  say(said) {
    for (const shown of [...this.#container.children]) {
      if (shown.dataset.text === said) this.#remove(shown);
    }
    const notice = this.#add(said);
    setTimeout(() => this.#remove(notice), shownFor);
  }

  /** Shows a text until the person closes it. */
  keep(said) {
    this.#add(said);
  }

  #add(said) {
    const close = element('button', { type: 'button', className: 'quiet', ariaLabel: text('notice.close') }, '×');
    const notice = element('p', { className: 'notice' }, said, close);
    notice.dataset.text = said;
    close.addEventListener('click', () => this.#remove(notice));
    this.#container.append(notice);
    return notice;
  }

  #remove(notice) {
    const focused = notice.contains(document.activeElement);
    notice.remove();
    if (focused) this.#focus();
  }
}

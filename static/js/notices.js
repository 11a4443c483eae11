import { element } from './dom.js';

const shownFor = 8000;

/** Short texts to the person at the page, shown in a container. */
export class Notices {
  #container;

  constructor(container) {
    this.#container = container;
  }

  /** Shows a text for a while. The same text is not shown twice at a time. */
  say(text) {
    for (const shown of this.#container.children) {
      if (shown.dataset.text === text) shown.remove();
    }
    const notice = this.#add(text);
    setTimeout(() => notice.remove(), shownFor);
  }

  /** Shows a text until the person closes it. */
  keep(text) {
    this.#add(text);
  }

  #add(text) {
    const close = element('button', { type: 'button', className: 'quiet', ariaLabel: 'Close' }, '×');
    const notice = element('p', { className: 'notice' }, text, close);
    notice.dataset.text = text;
    close.addEventListener('click', () => notice.remove());
    this.#container.append(notice);
    return notice;
  }
}

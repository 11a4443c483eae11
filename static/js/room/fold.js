import { saidOf, summaryOf } from './comings.js';
import { element } from '../ui/dom.js';
import { timeOf } from '../ui/moments.js';

/** @import { Coming } from './comings.js' */

/** One row for all that people did one after the other: a line, which opens into one for each thing. */
export class Fold {
  /** @type {{coming: Coming, at: number}[]} */
  #entries = [];
  #line = element('p');
  /** @type {{all: HTMLDetailsElement, line: HTMLElement, list: HTMLElement} | undefined} the parts of a row that opens */
  #parts;
  #row;

  /**
   * @param {Coming} coming
   * @param {number} at when, in milliseconds
   */
  constructor(coming, at) {
    // It changes while it grows, and each thing is told to those who listen by itself.
    this.#row = element('div', { className: 'system-message', ariaLive: 'off' }, this.#line);
    this.add(coming, at);
  }

  get row() {
    return this.#row;
  }

  /**
   * Whether something belongs into this row.
   *
   * @param {Coming} coming
   */
  takes({ missed = false }) {
    return (this.#entries[0].coming.missed ?? false) === missed;
  }

  /**
   * @param {Coming} coming
   * @param {number} at
   */
  add(coming, at) {
    this.#entries.push({ coming, at });
    const said = summaryOf(this.#entries.map((entry) => entry.coming));
    if (this.#entries.length > 1) this.#parts ??= this.#opening();
    (this.#parts?.line ?? this.#line).replaceChildren(...said);
    if (this.#parts?.all.open) this.#list();
  }

  #opening() {
    const line = element('summary');
    const items = element('ul');
    const all = element('details', {}, line, items);
    all.addEventListener('toggle', () => this.#list());
    this.#line.replaceWith(all);
    return { all, line, list: items };
  }

  // Most are never opened.
  #list() {
    const items = this.#parts?.list;
    for (const { coming, at } of this.#entries.slice(items?.childElementCount)) {
      items?.append(element('li', {}, element('time', { dateTime: new Date(at).toISOString() }, timeOf(new Date(at))), ' ', element('span', {}, ...saidOf(coming))));
    }
  }
}

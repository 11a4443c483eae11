import { element } from '../ui/dom.js';
import { counted, text } from '../ui/words.js';

const people = { one: 'waiting.people.one', other: 'waiting.people.other' };
const yeses = { one: 'waiting.yeses.one', other: 'waiting.yeses.other' };
const crowd = 12; // more dots than that are no number any more

/** The state of the vote, in words and as a dot for each of the people asked. */
export class Votes {
  #words;
  #dots;

  /**
   * @param {HTMLElement} words
   * @param {HTMLElement} dots
   */
  constructor(words, dots) {
    this.#words = words;
    this.#dots = dots;
  }

  /**
   * @param {number} approvals the people who said yes
   * @param {number} required the people who are asked
   */
  show(approvals, required) {
    this.#words.textContent = required === 0 ? text('waiting.nobody') : said(approvals, required - approvals);
    const count = required > crowd ? 0 : required;
    // The dots that stay are the same elements, so that one that turns to yes is seen turning.
    for (const dot of [...this.#dots.children].slice(count)) dot.remove();
    while (this.#dots.children.length < count) this.#dots.append(element('span'));
    for (const [i, dot] of [...this.#dots.children].entries()) dot.classList.toggle('yes', i < approvals);
  }
}

/**
 * @param {number} approvals the people who said yes
 * @param {number} open the people who have not answered
 */
function said(approvals, open) {
  return [approvals > 0 && counted(yeses, approvals), open > 0 && counted(people, open)].filter(Boolean).join('\n');
}

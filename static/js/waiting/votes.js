import { element } from '../ui/dom.js';
import { counted, text } from '../ui/words.js';

const people = { one: 'waiting.people.one', other: 'waiting.people.other' };
const yeses = { one: 'waiting.yeses.one', other: 'waiting.yeses.other' };
const crowd = 12; // more dots than that are no number any more

/** How the vote stands: in words, and as a dot for each of the people asked. */
export class Votes {
  #words;
  #dots;

  constructor(words, dots) {
    this.#words = words;
    this.#dots = dots;
  }

  show(approvals, required) {
    this.#words.textContent = required === 0 ? text('waiting.nobody')
      : `${counted(people, required)} ${approvals === 0 ? text('waiting.yeses.none') : counted(yeses, approvals)}`;
    const count = required > crowd ? 0 : required;
    while (this.#dots.children.length > count) this.#dots.lastElementChild.remove();
    while (this.#dots.children.length < count) this.#dots.append(element('span'));
    for (const [i, dot] of [...this.#dots.children].entries()) dot.classList.toggle('yes', i < approvals);
  }
}

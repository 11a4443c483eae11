import { phrase, text } from '../ui/words.js';

const shownFor = 6000; // milliseconds after the last sign
const saidEvery = 3000; // milliseconds between two signs of our own
const named = 2; // people; more are counted

/** Says which members are writing at the moment. */
export class Typing {
  #row;
  #label;
  #changed;
  /** @type {Map<string, {name: string, timer: ReturnType<typeof setTimeout>}>} the writers by their ids */
  #people = new Map();

  /**
   * @param {HTMLElement} row
   * @param {HTMLElement} label in the row, takes the text
   * @param {() => void} changed is called when the row comes or goes
   */
  constructor(row, label, changed) {
    this.#row = row;
    this.#label = label;
    this.#changed = changed;
  }

  /**
   * Notes that a member gave a sign of writing.
   *
   * @param {string} member
   * @param {string} name
   */
  add(member, name) {
    clearTimeout(this.#people.get(member)?.timer);
    this.#people.set(member, { name, timer: setTimeout(() => this.remove(member), shownFor) });
    this.#show();
  }

  /**
   * Notes that a member writes no more: they have sent it, or gone.
   *
   * @param {string | undefined} member
   */
  remove(member) {
    if (member === undefined) return;
    clearTimeout(this.#people.get(member)?.timer);
    if (this.#people.delete(member)) this.#show();
  }

  /** Notes that nobody writes any more. */
  clear() {
    for (const member of [...this.#people.keys()]) this.remove(member);
  }

  #show() {
    const names = [...this.#people.values()].map(({ name }) => name);
    const one = names.length === 1;
    if (names.length > named) this.#label.textContent = text('typing.many', { count: names.length });
    else if (names.length > 0) this.#label.replaceChildren(...phrase(one ? 'typing.one' : 'typing.two', { who: names[0], other: names[1] }));
    this.#row.hidden = names.length === 0;
    this.#changed();
  }
}

/** Tells the others now and then that somebody is writing here. */
export class TypingSignal {
  #say;
  #last = -Infinity;

  /** @param {() => void} say sends the sign */
  constructor(say) {
    this.#say = say;
  }

  /** Gives a sign, unless the last one is fresh enough. */
  typed() {
    const now = performance.now();
    if (now - this.#last < saidEvery) return;
    this.#last = now;
    this.#say();
  }

  /** Notes that the text is sent: the next letter is a new beginning, and a sign of its own. */
  sent() {
    this.#last = -Infinity;
  }
}

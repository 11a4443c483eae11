import { phrase, text } from '../ui/words.js';

const shownFor = 6000; // milliseconds after the last sign
const saidEvery = 3000; // milliseconds between two signs of our own
const named = 2; // people; more are counted

/** Says who is writing at the moment. */
export class Typing {
  #row;
  #label;
  #changed;
  #people = new Map(); // member → {name, timer}

  /** `changed()` is called when the row comes or goes. */
  constructor(row, label, changed) {
    this.#row = row;
    this.#label = label;
    this.#changed = changed;
  }

  /** A member gave a sign of writing. */
  add(member, name) {
    clearTimeout(this.#people.get(member)?.timer);
    this.#people.set(member, { name, timer: setTimeout(() => this.remove(member), shownFor) });
    this.#show();
  }

  /** A member has said it, or gone. */
  remove(member) {
    clearTimeout(this.#people.get(member)?.timer);
    if (this.#people.delete(member)) this.#show();
  }

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

  constructor(say) {
    this.#say = say;
  }

  typed() {
    const now = performance.now();
    if (now - this.#last < saidEvery) return;
    this.#last = now;
    this.#say();
  }

  /** What was written is sent: the next letter is a new beginning. */
  sent() {
    this.#last = -Infinity;
  }
}

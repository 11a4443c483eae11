import { namesOf } from './comings.js';
import { phrase, text } from '../ui/words.js';

/** The page before anything was said: whoever was let in is told with whom they are in, instead of how to invite. */
export class Beginning {
  #empty;
  #words;
  #invite;
  #mention;
  #told = false;

  /**
   * @param {{empty: HTMLElement, words: HTMLElement, invite: HTMLElement}} parts `empty` has the others in it
   * @param {(said: string) => void} mention tells something to people who do not see the page
   */
  constructor({ empty, words, invite }, mention) {
    this.#empty = empty;
    this.#words = words;
    this.#invite = invite;
    this.#mention = mention;
  }

  /** @param {{name: string, present: boolean, you: boolean, arrival?: number}[]} members */
  meet(members) {
    const self = members.find(({ you }) => you);
    if (!self?.arrival || this.#told || !this.#empty.isConnected) return;
    this.#told = true;
    const others = members.filter(({ you }) => !you);
    const present = others.filter((each) => each.present);
    const names = (present.length > 0 ? present : others).map(({ name }) => name);
    const [title, how] = this.#words.children;
    title?.replaceChildren(...(names.length > 0 ? phrase('first.with', { who: namesOf(names) }) : [text('first.alone')]));
    how?.replaceChildren(text('first.how'));
    this.#invite.remove();
    this.#mention(`${title?.textContent} ${how?.textContent}`);
  }
}

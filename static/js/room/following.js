import { isLooking, onReturn } from './attention.js';
import { counted } from '../ui/words.js';

const nearBottom = 80; // pixels
const rounding = 2; // pixels between the bottom and what browsers call scrolled to it
const above = 8; // pixels over the line at which the conversation is held
const news = { one: 'messages.new.one', other: 'messages.new.other' };

/**
 * Follows the conversation to its end, unless the person reads further up. While nobody looks, the
 * place where reading stopped stays in sight.
 */
export class Following {
  #list;
  #pill;
  #caughtUp;
  #pinned = true; // the person follows the conversation
  #atEnd = true; // the last row is all in sight, or was until something changed its size
  #size = ''; // height of all rows and of the part in sight, at the last look
  #missed = 0; // messages that nobody has seen yet
  /** @type {HTMLElement | undefined} must not leave the top */
  #held;
  #place = 0; // where the conversation was put on account of it, in pixels

  /**
   * @param {{list: HTMLElement, log: HTMLElement, pill: HTMLElement}} parts `list` scrolls, and has the rows of `log` in it;
   * `pill` counts the messages that were missed, and leads to them
   * @param {() => void} caughtUp called when there is nothing left that nobody has seen
   */
  constructor({ list, log, pill }, caughtUp) {
    this.#list = list;
    this.#pill = pill;
    this.#caughtUp = caughtUp;
    list.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    pill.addEventListener('click', () => {
      const focused = document.activeElement === pill;
      this.follow();
      if (focused) list.focus(); // the pill goes
    });
    onReturn(() => this.letGo());
    // A keyboard that comes up, or a growing text field, must not hide the latest message.
    new ResizeObserver(() => this.stayAtEnd()).observe(list);
    // Nor must rows that get higher, as with larger letters. A person who has begun to scroll up is let go.
    new ResizeObserver(() => { if (this.#atEnd) this.stayAtEnd(); }).observe(log);
    this.stayAtEnd();
  }

  /** Whether the person follows the conversation. */
  get isPinned() {
    return this.#pinned;
  }

  /** Whether nobody has moved the conversation since it was held. */
  get isHeld() {
    return this.#held !== undefined;
  }

  /** Whether all that was said has been seen. */
  get isCaughtUp() {
    return this.#missed === 0;
  }

  /** Goes to the end, and stays there. All is seen. */
  follow() {
    this.#pinned = true;
    this.#held = undefined;
    this.#catchUp();
    this.stayAtEnd();
  }

  /** Stays at the last row if the person follows the conversation, after something has changed its size. */
  stayAtEnd() {
    if (this.#pinned || this.#held) {
      this.#list.scrollTop = this.#list.scrollHeight;
      this.#keepInSight();
    }
    this.#look();
  }

  /**
   * Keeps a row of those that follow the end in sight while more is said.
   *
   * @param {HTMLElement | undefined} row
   */
  hold(row) {
    if (this.#pinned) this.#held = row;
  }

  /** Holds no row any more, since somebody looks. */
  letGo() {
    this.#held = undefined;
    if (this.#pinned) this.#catchUp();
  }

  /** Counts a message that nobody sees yet. */
  miss() {
    this.#missed += 1;
  }

  /** Says how many messages were missed, to who does not follow. */
  count() {
    this.#pill.hidden = this.#pinned || this.#missed === 0;
    if (!this.#pill.hidden) this.#pill.textContent = counted(news, this.#missed);
  }

  #keepInSight() {
    if (!this.#held) return;
    const over = this.#held.getBoundingClientRect().top - this.#list.getBoundingClientRect().top - above;
    if (over < 0) this.#list.scrollTop += over;
    this.#place = this.#list.scrollTop;
    this.#pinned = over >= 0;
  }

  #scrolled() {
    const wasAtEnd = this.#atEnd;
    const { left, resized } = this.#look();
    if (this.#held && Math.abs(this.#list.scrollTop - this.#place) < rounding) return; // the page itself has moved it
    // A notice, a card or a keyboard has taken room: nobody has scrolled.
    if (wasAtEnd && resized && left >= nearBottom) {
      this.stayAtEnd();
      return;
    }
    this.#pinned = left < nearBottom;
    this.#held = undefined;
    if (this.#pinned && isLooking()) this.#catchUp();
    this.count();
  }

  // Tells how far it is to the end, and whether anything has changed its size since the last look.
  // Browsers like to hold rows in their place when others change; at the end they must not, since
  // there the end stays in its place.
  #look() {
    const { scrollHeight, scrollTop, clientHeight } = this.#list;
    const left = scrollHeight - scrollTop - clientHeight;
    const size = `${scrollHeight} ${clientHeight}`;
    const resized = size !== this.#size;
    this.#size = size;
    this.#atEnd = left <= rounding;
    this.#list.classList.toggle('at-end', this.#atEnd);
    return { left, resized };
  }

  #catchUp() {
    this.#missed = 0;
    this.#pill.hidden = true;
    this.#caughtUp();
  }
}

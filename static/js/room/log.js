import { bubbleOf, momentOf, timeOf } from './bubble.js';
import { contentOf, contentOfText } from './content.js';
import { dayOf, isAfterPause, nameOfDay } from './days.js';
import { element } from '../ui/dom.js';
import { Fold } from './fold.js';
import { hueOf } from './hues.js';
import { avatarOf } from './members.js';
import { timeOf as timeOfDay } from '../ui/moments.js';
import { text } from '../ui/words.js';

/** @import { Coming } from './comings.js' */
/** @import { Message } from './bubble.js' */

// The rows are in chunks, and the browser lays out only the chunks in sight; see the
// style sheet. The page keeps more rows than the server keeps messages, but not all: a
// page that is open all day must not grow for ever.
const chunkSize = 25; // rows
const keptChunks = 48;

/** @typedef {{message: Message, name: string, own: boolean}} MessageItem a message to show */

/** The rows of the conversation, and how each follows from the one before. */
export class Log {
  #node;
  /** @type {{row: HTMLElement, sender: string, avatar: HTMLElement | undefined} | undefined} the last row, if it is a message */
  #last;
  /** @type {Fold | undefined} the last row, if it tells of people's coming and going */
  #fold;
  #day = 0; // the midnight before the last row, in milliseconds
  #times = { last: 0, shown: 0 }; // the moments of the last row, and of the last one with its time above it
  /** @type {HTMLElement | undefined} above what came while nobody looked */
  #line;

  /** @param {HTMLElement} node takes the rows */
  constructor(node) {
    this.#node = node;
    // A finger has no place to rest on a message.
    node.addEventListener('click', ({ target }) => {
      const row = target instanceof Element && !target.closest('a, summary') ? target.closest('.message') : null;
      const shown = node.querySelector('.timed');
      shown?.classList.remove('timed');
      if (row && row !== shown) row.classList.add('timed');
    });
  }

  /** The line above what came while nobody looked, if there is one. */
  get line() {
    return this.#line;
  }

  /**
   * Shows a message.
   *
   * @param {MessageItem} item
   */
  message({ message, name, own }) {
    const moment = momentOf(message);
    if (moment) this.#stamp(moment);
    const sender = message.member ?? name;
    const row = element('article', { className: `message last ${own ? 'sent' : 'received'}` });
    row.dataset.person = sender;
    row.dataset.hue = String(hueOf(sender));
    const goesOn = this.#last?.sender === sender ? this.#last : undefined;
    const avatar = own ? undefined : goesOn?.avatar ?? avatarOf(sender, name);
    if (goesOn) {
      goesOn.row.classList.remove('last');
    } else {
      row.classList.add('first');
      row.append(element('p', { className: own ? 'message-sender visually-hidden' : 'message-sender', dir: 'auto' }, name));
    }
    // The text of a message from here is known, and is not taken from the server's markup.
    const written = own ? message.text : undefined;
    row.append(bubbleOf(written === undefined ? contentOf(message.content) : contentOfText(written)), timeOf(message));
    if (avatar) row.append(avatar); // the last of several has it
    this.#append(row);
    this.#last = { row, sender, avatar };
    return row;
  }

  /**
   * Shows that somebody came or went, in one row with what others did just before.
   *
   * @param {Coming} coming
   * @param {Date} moment
   */
  coming(coming, moment) {
    const at = moment.getTime();
    if (this.#fold?.takes(coming) && dayOf(moment).getTime() <= this.#day) {
      this.#fold.add(coming, at);
      return;
    }
    this.#stamp(moment);
    const fold = new Fold(coming, at);
    this.#append(fold.row);
    this.#fold = fold;
  }

  /**
   * Shows a line about the conversation.
   *
   * @param {string} said
   * @param {Date} moment
   * @param {boolean} urgent
   */
  tell(said, moment, urgent) {
    this.#stamp(moment);
    this.#append(element('p', { className: urgent ? 'system-message urgent' : 'system-message', ariaLive: 'off' }, said));
  }

  /** Puts the line where reading has stopped: below all that there is. */
  putLine() {
    this.dropLine();
    this.#line = element('p', { className: 'unread' }, element('span', {}, text('messages.unread')));
    this.#append(this.#line);
  }

  dropLine() {
    this.#line?.remove();
    this.#line = undefined;
  }

  /** Forgets the oldest rows, if there are many. The line stays. */
  prune() {
    const chunks = [...this.#node.children];
    for (const chunk of chunks.slice(0, -keptChunks)) chunk.remove();
    if (this.#line && !this.#line.isConnected) this.#node.firstElementChild?.prepend(this.#line);
  }

  /** Forgets all rows. */
  clear() {
    this.#node.replaceChildren();
    this.#last = undefined;
    this.#fold = undefined;
    this.#line = undefined;
  }

  /** @param {HTMLElement} row */
  #append(row) {
    let chunk = this.#node.lastElementChild;
    if (!chunk || chunk.childElementCount >= chunkSize) {
      chunk = element('div', { className: 'chunk' });
      this.#node.append(chunk);
    }
    chunk.append(row);
    this.#last = undefined;
    this.#fold = undefined;
  }

  /**
   * Puts the time above the next row if it is not that of the row before, and the day if it has begun. The
   * days above are named anew, since yesterday was today.
   *
   * @param {Date} moment
   */
  #stamp(moment) {
    const at = moment.getTime();
    const day = dayOf(moment);
    const begins = day.getTime() > this.#day;
    const needed = begins || isAfterPause(at, this.#times);
    this.#times.last = at;
    if (!needed) return;
    this.#times.shown = at;
    const stamp = element('p', { className: 'stamp' });
    if (begins) {
      const today = new Date();
      for (const heading of this.#node.querySelectorAll('.day')) {
        heading.textContent = nameOfDay(new Date(Number(heading.getAttribute('data-day'))), today);
      }
      this.#day = day.getTime();
      stamp.append(element('span', { className: 'day', 'data-day': this.#day }, nameOfDay(day, today)), ' ');
    }
    stamp.append(element('time', { dateTime: moment.toISOString() }, timeOfDay(moment)));
    this.#append(stamp);
  }
}

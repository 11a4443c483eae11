import { bubbleOf, hueOf, momentOf, senderName, timeOf } from './bubble.js';
import { contentOf, contentOfText } from './content.js';
import { dayOf, nameOfDay } from './days.js';
import { element } from '../ui/dom.js';
import { counted, text } from '../ui/words.js';

/** @import { Message } from './bubble.js' */

// The rows are in chunks, and the browser lays out only the chunks in sight; see the
// style sheet. The page keeps more rows than the server keeps messages, but not all: a
// page that is open all day must not grow for ever.
const chunkSize = 25; // rows
const keptChunks = 48;
const frameBudget = 8; // milliseconds of a frame for building rows
const few = 3; // rows that are news; more are a past that is told
const nearBottom = 80; // pixels
const rounding = 2; // pixels between the bottom and what browsers call scrolled to it
const news = { one: 'messages.new.one', other: 'messages.new.other' };
const states = { waiting: 'message.waiting', sending: 'message.sending', failed: 'message.failed' };

/**
 * @typedef {object} MessagesParts
 * @property {HTMLElement} list scrolls, and has the next three in it
 * @property {HTMLElement} log takes the rows
 * @property {HTMLElement} empty is seen before there is a row
 * @property {HTMLElement} pending takes the messages that are being sent
 * @property {HTMLElement} pill counts the messages that were missed, and leads to them
 */

/**
 * @typedef {object} MessagesEvents
 * @property {(ref: string) => void} retry the person wants a failed message sent again
 * @property {(ref: string) => void} takeBack the person wants a failed message back
 * @property {(said: string) => void} announce tells something to people who do not see the page
 * @property {() => void} focus takes the keyboard's focus from a button that goes
 */

/** @typedef {{ref: string, text: string, state: keyof typeof states}} SendingMessage a message of the outbox */

/** @typedef {{message: Message, name: string, own: boolean}} MessageItem a message to show */

/** @typedef {{said: string | (string | Node)[], at: number}} EventItem something that happened, to show */

/**
 * The conversation. Messages and events are shown with the next frame, however many they
 * are. Messages that this page has sent stand below until the server has relayed them.
 */
export class Messages {
  #list;
  #log;
  #empty;
  #pill;
  #pending;
  #self;
  #on;
  /** @type {(MessageItem | EventItem)[]} */
  #queue = [];
  #past = 0; // so many items of the queue are no news
  /** @type {Set<number>} the ids of all that was shown */
  #seen = new Set();
  /** @type {Map<string, {row: HTMLElement, state: HTMLElement}>} the messages being sent by their refs */
  #sending = new Map();
  /** @type {{row: HTMLElement, sender: string, time: HTMLElement} | undefined} the last row, if it is a message */
  #last;
  #day = 0; // the midnight before the last row, in milliseconds
  #pinned = true; // the person follows the conversation
  #atEnd = true; // the last row is all in sight, or was until something changed its size
  #size = ''; // height of all rows and of the part in sight, at the last look
  #missed = 0;

  /**
   * @param {MessagesParts} parts
   * @param {{member?: string, name?: string}} self the person at the page
   * @param {MessagesEvents} on
   */
  constructor({ list, log, empty, pending, pill }, self, on) {
    this.#list = list;
    this.#log = log;
    this.#empty = empty;
    this.#pending = pending;
    this.#pill = pill;
    this.#self = self;
    this.#on = on;
    list.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    pill.addEventListener('click', () => {
      const focused = document.activeElement === pill;
      this.#follow();
      if (focused) list.focus(); // the pill goes
    });
    // A keyboard that comes up, or a growing text field, must not hide the latest message.
    new ResizeObserver(() => this.stayAtEnd()).observe(list);
    // Nor must rows that get higher, as with larger letters. A person who has begun to scroll up is let go.
    new ResizeObserver(() => { if (this.#atEnd) this.stayAtEnd(); }).observe(log);
    this.stayAtEnd();
  }

  /**
   * Notes a message to show.
   *
   * @param {Message} message
   * @returns {boolean | undefined} whether it is the person's own; undefined if it was shown before
   */
  add(message) {
    if (this.#shownBefore(message)) return undefined;
    const name = senderName(message);
    const own = this.#isOwn(message, name);
    this.#enqueue({ message, name, own });
    return own;
  }

  /**
   * Shows something that happened, once.
   *
   * @param {string | (string | Node)[]} said a text, or the nodes of a phrase
   * @param {Pick<Message, 'id' | 'at'>} [event] without `at` it happens now
   */
  tell(said, { id, at = Date.now() } = {}) {
    if (!this.#shownBefore({ id })) this.#enqueue({ said, at });
  }

  /**
   * Whether a message or event was shown before. Both are numbered by the same count.
   *
   * @param {Pick<Message, 'id'>} item
   */
  #shownBefore({ id }) {
    if (id === undefined) return false;
    if (this.#seen.has(id)) return true;
    this.#seen.add(id);
    return false;
  }

  /**
   * Shows a message of the outbox in its present state.
   *
   * @param {SendingMessage} message
   */
  showSending({ ref, text: written, state }) {
    const shown = this.#sending.get(ref) ?? this.#addSending(ref, written);
    const focused = shown.row.contains(document.activeElement);
    shown.row.dataset.state = state;
    shown.state.replaceChildren(...this.#stateOf(ref, state));
    this.stayAtEnd();
    if (focused) this.#on.focus();
  }

  /**
   * Takes a message of the outbox away, if it is there.
   *
   * @param {string} ref
   */
  dropSending(ref) {
    const shown = this.#sending.get(ref);
    if (!shown) return;
    const focused = shown.row.contains(document.activeElement);
    shown.row.remove();
    this.#sending.delete(ref);
    if (focused) this.#on.focus();
  }

  /** Forgets all messages and events, and shows none of them any more. */
  forget() {
    this.#queue = [];
    this.#past = 0;
    this.#seen.clear();
    this.#sending.clear();
    this.#last = undefined;
    for (const part of [this.#log, this.#pending]) part.replaceChildren();
  }

  /** Stays at the last row if the person follows the conversation, after something has changed its size. */
  stayAtEnd() {
    if (this.#pinned) this.#list.scrollTop = this.#list.scrollHeight;
    this.#look();
  }

  /**
   * @param {string} ref
   * @param {string} written
   */
  #addSending(ref, written) {
    const state = element('p', { className: 'message-state' });
    const row = element('article', { className: 'message sent fresh' }, bubbleOf(contentOfText(written)), state);
    const shown = { row, state };
    this.#sending.set(ref, shown);
    this.#empty.remove();
    this.#pending.append(row);
    this.#follow();
    return shown;
  }

  /**
   * @param {string} ref
   * @param {keyof typeof states} state
   */
  #stateOf(ref, state) {
    const said = element('span', {}, text(states[state]));
    if (state !== 'failed') return [said];
    this.#on.announce(text('message.failed'));
    /**
     * @param {string} what
     * @param {(ref: string) => void} decide
     */
    const button = (what, decide) => {
      const node = element('button', { type: 'button', className: 'quiet' }, text(what));
      node.addEventListener('click', () => decide(ref));
      return node;
    };
    return [said, button('message.again', this.#on.retry), button('message.take-back', this.#on.takeBack)];
  }

  /**
   * @param {Message} message
   * @param {string} name
   */
  #isOwn(message, name) {
    if (message.member && this.#self.member) return message.member === this.#self.member;
    return name === this.#self.name;
  }

  /** @param {MessageItem | EventItem} item */
  #enqueue(item) {
    this.#queue.push(item);
    if (this.#queue.length === 1) this.#schedule();
  }

  #schedule() {
    // There are no frames in a hidden tab.
    if (document.hidden) setTimeout(() => this.#flush());
    else requestAnimationFrame(() => this.#flush());
  }

  #flush() {
    if (this.#queue.length === 0) return; // forgotten meanwhile
    this.#empty.remove();
    if (this.#queue.length > few) this.#past = this.#queue.length;
    const fresh = this.#past === 0;
    // A past is not read out to people who listen, and neither is its end.
    this.#log.ariaLive = fresh ? 'polite' : 'off';
    const end = performance.now() + frameBudget;
    let shown = 0;
    do this.#show(this.#queue[shown], fresh); while (++shown < this.#queue.length && performance.now() < end);
    const batch = this.#queue.splice(0, shown);
    this.#past = Math.max(0, this.#past - shown);
    if (this.#pinned) this.#dropOldest();
    const messages = batch.filter((item) => 'message' in item);
    if (this.#pinned || messages.some(({ own, message }) => own && message.ref === undefined)) this.#follow();
    else this.#miss(messages.filter(({ own }) => !own).length);
    if (this.#queue.length > 0) this.#schedule();
  }

  // Somebody who has scrolled up may be reading the oldest rows: they go only while nobody does.
  #dropOldest() {
    const chunks = [...this.#log.children];
    for (const chunk of chunks.slice(0, -keptChunks)) chunk.remove();
  }

  /**
   * @param {MessageItem | EventItem} item
   * @param {boolean} fresh
   */
  #show(item, fresh) {
    if ('said' in item) {
      this.#beginDay(momentOf(item));
      this.#last = undefined;
      this.#append(tellingRow(item.said));
      return;
    }
    this.#beginDay(momentOf(item.message));
    const row = this.#messageRow(item);
    const { ref } = item.message;
    // A message that was sent from here is on the page already.
    if (item.own && ref !== undefined) this.dropSending(ref);
    else if (fresh) row.classList.add('fresh');
    this.#append(row);
  }

  /** @param {HTMLElement} row */
  #append(row) {
    let chunk = this.#log.lastElementChild;
    if (!chunk || chunk.childElementCount >= chunkSize) {
      chunk = element('div', { className: 'chunk' });
      this.#log.append(chunk);
    }
    chunk.append(row);
  }

  /** @param {MessageItem} item */
  #messageRow({ message, name, own }) {
    const sender = message.member ?? name;
    const row = element('article', { className: `message last ${own ? 'sent' : 'received'}` });
    row.dataset.hue = String(hueOf(sender));
    const time = timeOf(message);
    if (this.#last?.sender === sender) {
      this.#last.row.classList.remove('last');
      // The last of several messages in a minute shows the time.
      if (this.#last.time.textContent === time.textContent) this.#last.time.remove();
    } else {
      row.classList.add('first');
      row.append(element('p', { className: own ? 'message-sender visually-hidden' : 'message-sender', dir: 'auto' }, name));
    }
    // The text of a message from here is known, and is not taken from the server's markup.
    const written = own ? message.text : undefined;
    row.append(bubbleOf(written === undefined ? contentOf(message.content) : contentOfText(written)), time);
    this.#last = { row, sender, time };
    return row;
  }

  /**
   * Puts a heading before the first row of a day. The headings before it are named anew,
   * since yesterday was today.
   *
   * @param {Date | undefined} moment
   */
  #beginDay(moment) {
    if (!moment) return;
    const day = dayOf(moment);
    if (day.getTime() <= this.#day) return;
    this.#day = day.getTime();
    this.#last = undefined;
    const today = new Date();
    for (const heading of this.#log.querySelectorAll('.day')) {
      heading.textContent = nameOfDay(new Date(Number(heading.getAttribute('data-day'))), today);
    }
    this.#append(element('p', { className: 'day', 'data-day': this.#day }, nameOfDay(day, today)));
  }

  #scrolled() {
    const wasAtEnd = this.#atEnd;
    const { left, resized } = this.#look();
    // A notice, a card or a keyboard has taken room: nobody has scrolled.
    if (wasAtEnd && resized && left >= nearBottom) {
      this.stayAtEnd();
      return;
    }
    this.#pinned = left < nearBottom;
    if (this.#pinned) this.#caughtUp();
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

  /** @param {number} count */
  #miss(count) {
    if (count === 0) return;
    this.#missed += count;
    this.#pill.textContent = counted(news, this.#missed);
    this.#pill.hidden = false;
  }

  #caughtUp() {
    this.#missed = 0;
    this.#pill.hidden = true;
  }

  #follow() {
    this.#pinned = true;
    this.#caughtUp();
    this.stayAtEnd();
  }
}

/** @param {string | (string | Node)[]} said */
function tellingRow(said) {
  return element('p', { className: 'system-message' }, ...[said].flat());
}

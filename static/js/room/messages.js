import { bubbleOf, hueOf, momentOf, senderName, timeOf } from './bubble.js';
import { contentOf, contentOfText } from './content.js';
import { dayOf, nameOfDay } from './days.js';
import { element } from '../ui/dom.js';
import { counted, text } from '../ui/words.js';

// The rows are in chunks, of which the browser lays out only those in sight; see the
// style sheet. More are kept than the server has: a page that is open all day must
// not grow for ever.
const chunkSize = 25; // rows
const keptChunks = 48;
const frameBudget = 8; // milliseconds of a frame for building rows
const few = 3; // rows that are news; more are a past that is told
const nearBottom = 80; // pixels
const rounding = 2; // pixels between the bottom and what browsers call scrolled to it
const news = { one: 'messages.new.one', other: 'messages.new.other' };
const states = { waiting: 'message.waiting', sending: 'message.sending', failed: 'message.failed' };

/**
 * The conversation. What arrives is shown with the next frame, however much it is, and
 * what this page has sent stands below until the server has relayed it.
 */
export class Messages {
  #list;
  #log;
  #empty;
  #pill;
  #pending;
  #self;
  #on;
  #queue = [];
  #past = 0; // of the queue, how many are no news
  #seen = new Set();
  #sending = new Map(); // ref → row
  #last = {}; // row, sender and time element of the latest message
  #day = 0;
  #pinned = true; // the person follows the conversation
  #atEnd = true; // the last row is all in sight, or was until something changed its size
  #size = ''; // of the conversation and of what is seen of it, at the last look
  #missed = 0;

  /**
   * `list` scrolls, and has in it `log` for what was said, `pending` for what is being
   * sent and `empty` for what to see before; `self` is {member, name} of whoever looks at the
   * page. `on` has retry(ref) and takeBack(ref), the person's decisions about a message
   * that failed, announce(text), which tells those who do not see it, and focus(), called
   * when a button of a message goes that had the focus.
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
    new ResizeObserver(() => this.settle()).observe(list);
    // Nor must rows that get higher, as with larger letters; but who has begun to scroll up is let go.
    new ResizeObserver(() => { if (this.#atEnd) this.settle(); }).observe(log);
    this.settle();
  }

  /** Notes a message to show, and returns whether it is the person's own; undefined if it was shown before. */
  add(message) {
    if (this.#shownBefore(message)) return undefined;
    const name = senderName(message);
    const own = this.#isOwn(message, name);
    this.#enqueue({ message, name, own });
    return own;
  }

  /** Shows something that happened, once: a text, or the nodes of a phrase. `id` and `at` as in a message; what says no moment happens now. */
  tell(said, { id = undefined, at = Date.now() } = {}) {
    if (!this.#shownBefore({ id })) this.#enqueue({ said, at });
  }

  // Everything that is said or happens in a room is numbered by the same count.
  #shownBefore({ id }) {
    if (id === undefined) return false;
    if (this.#seen.has(id)) return true;
    this.#seen.add(id);
    return false;
  }

  /** Shows a message of the outbox in its present state. */
  showSending({ ref, text: written, state }) {
    const row = this.#sending.get(ref) ?? this.#addSending(ref, written);
    const focused = row.contains(document.activeElement);
    row.dataset.state = state;
    row.lastElementChild.replaceChildren(...this.#stateOf(ref, state));
    this.settle();
    if (focused) this.#on.focus();
  }

  /** Takes a message of the outbox away. */
  dropSending(ref) {
    const row = this.#sending.get(ref);
    const focused = row?.contains(document.activeElement);
    row?.remove();
    this.#sending.delete(ref);
    if (focused) this.#on.focus();
  }

  /** Forgets all that was said, and shows nothing of it any more. */
  forget() {
    this.#queue = [];
    this.#past = 0;
    this.#seen.clear();
    this.#sending.clear();
    this.#last = {};
    for (const part of [this.#log, this.#pending]) part.replaceChildren();
  }

  /** Stays at the latest message if the person is there, after something has changed its size. */
  settle() {
    if (this.#pinned) this.#list.scrollTop = this.#list.scrollHeight;
    this.#look();
  }

  #addSending(ref, written) {
    const row = element('article', { className: 'message sent fresh' }, bubbleOf(contentOfText(written)), element('p', { className: 'message-state' }));
    this.#sending.set(ref, row);
    this.#empty.remove();
    this.#pending.append(row);
    this.#follow();
    return row;
  }

  #stateOf(ref, state) {
    const said = element('span', {}, text(states[state]));
    if (state !== 'failed') return [said];
    this.#on.announce(text('message.failed'));
    const button = (what, decide) => {
      const node = element('button', { type: 'button', className: 'quiet' }, text(what));
      node.addEventListener('click', () => decide(ref));
      return node;
    };
    return [said, button('message.again', this.#on.retry), button('message.take-back', this.#on.takeBack)];
  }

  #isOwn(message, name) {
    if (message.member && this.#self.member) return message.member === this.#self.member;
    return name === this.#self.name;
  }

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
    // Nobody wants a past read out to them, nor the end of one.
    this.#log.ariaLive = fresh ? 'polite' : 'off';
    const end = performance.now() + frameBudget;
    let shown = 0;
    do this.#show(this.#queue[shown], fresh); while (++shown < this.#queue.length && performance.now() < end);
    const batch = this.#queue.splice(0, shown);
    this.#past = Math.max(0, this.#past - shown);
    // Not under the eyes of who reads the oldest.
    while (this.#pinned && this.#log.childElementCount > keptChunks) this.#log.firstElementChild.remove();
    if (this.#pinned || batch.some(({ own, message }) => own && message.ref === undefined)) this.#follow();
    else this.#miss(batch.filter(({ own }) => own === false).length);
    if (this.#queue.length > 0) this.#schedule();
  }

  #show(item, fresh) {
    if (item.said !== undefined) {
      this.#beginDay(momentOf(item));
      this.#last = {};
      this.#append(tellingRow(item.said));
      return;
    }
    this.#beginDay(momentOf(item.message));
    const row = this.#messageRow(item);
    const { ref } = item.message;
    // What was sent from here is on the page already.
    if (ref !== undefined) this.dropSending(ref);
    else if (fresh) row.classList.add('fresh');
    this.#append(row);
  }

  #append(row) {
    let chunk = this.#log.lastElementChild;
    if (!chunk || chunk.childElementCount >= chunkSize) {
      chunk = element('div', { className: 'chunk' });
      this.#log.append(chunk);
    }
    chunk.append(row);
  }

  #messageRow({ message, name, own }) {
    const sender = message.member ?? name;
    const row = element('article', { className: `message last ${own ? 'sent' : 'received'}` });
    row.dataset.hue = hueOf(sender);
    const time = timeOf(message);
    if (sender === this.#last.sender) {
      this.#last.row.classList.remove('last');
      // Of several messages in a minute, the last one shows the time.
      if (this.#last.time.textContent === time.textContent) this.#last.time.remove();
    } else {
      row.classList.add('first');
      row.append(element('p', { className: own ? 'message-sender visually-hidden' : 'message-sender', dir: 'auto' }, name));
    }
    row.append(bubbleOf(contentOf(message.content)), time);
    this.#last = { row, sender, time };
    return row;
  }

  #beginDay(moment) {
    if (!moment) return;
    const day = dayOf(moment);
    if (day.getTime() <= this.#day) return;
    this.#day = day.getTime();
    this.#last = {};
    const today = new Date();
    for (const heading of this.#log.querySelectorAll('.day')) heading.textContent = nameOfDay(new Date(Number(heading.dataset.day)), today);
    this.#append(element('p', { className: 'day', 'data-day': this.#day }, nameOfDay(day, today)));
  }

  #scrolled() {
    const wasAtEnd = this.#atEnd;
    const { left, resized } = this.#look();
    // A notice, a card or a keyboard has taken room: nobody has scrolled.
    if (wasAtEnd && resized && left >= nearBottom) {
      this.settle();
      return;
    }
    this.#pinned = left < nearBottom;
    if (this.#pinned) this.#caughtUp();
  }

  // How far it is to the end, and whether anything has another size than at the last look. At the
  // end browsers must not hold in its place what they like to, since the end is what stays.
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
    this.settle();
  }
}

function tellingRow(said) {
  return element('p', { className: 'system-message' }, ...[said].flat());
}

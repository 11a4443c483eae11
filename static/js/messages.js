import { contentOf, textOf } from './content.js';
import { element } from './dom.js';

// As many as the server keeps: a page that is open all day must not grow for ever.
const kept = 1000;
const nearBottom = 80; // pixels

const short = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const long = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** The conversation. */
export class Messages {
  #list;
  #toLatest;
  #self;
  #seen = new Set();
  #lastSender = null;
  #lastTime = null;

  /** `self` is {member, name} of whoever looks at the page. */
  constructor(list, toLatest, self) {
    this.#list = list;
    this.#toLatest = toLatest;
    this.#self = self;
    list.addEventListener('scroll', () => { if (this.#atBottom()) toLatest.hidden = true; }, { passive: true });
    toLatest.addEventListener('click', () => this.#scrollDown());
    // A keyboard that comes up, or a growing text field, must not hide the latest message.
    let pinned = true;
    list.addEventListener('scroll', () => { pinned = this.#atBottom(); }, { passive: true });
    new ResizeObserver(() => { if (pinned) this.#scrollDown(); }).observe(list);
  }

  /** Shows a message and returns whether it is the person's own; undefined if it was shown before. */
  add(message) {
    if (message.id !== undefined) {
      if (this.#seen.has(message.id)) return undefined;
      this.#seen.add(message.id);
    }
    const name = senderName(message);
    const own = this.#isOwn(message, name);
    const sender = message.member ?? name;
    const bubble = element('div', { className: 'message-content', dir: 'auto' }, contentOf(message.content));
    const row = element('article', { className: `message ${own ? 'sent' : 'received'}` });
    if (sender !== this.#lastSender) {
      row.classList.add('first');
      row.append(element('p', { className: own ? 'message-sender visually-hidden' : 'message-sender', dir: 'auto' }, name));
    }
    const time = timeOf(message);
    row.append(bubble, time);
    // Of several messages in a minute, the last one shows the time.
    if (sender === this.#lastSender && this.#lastTime.textContent === time.textContent) this.#lastTime.remove();
    this.#lastSender = sender;
    this.#lastTime = time;
    this.#append(row, own);
    return own;
  }

  /** Shows something that happened, told with a name. */
  tell(text) {
    this.#lastSender = null;
    this.#append(element('p', { className: 'system-message' }, element('span', { dir: 'auto' }, text)), false);
  }

  #isOwn(message, name) {
    if (message.member && this.#self.member) return message.member === this.#self.member;
    return name === this.#self.name;
  }

  #append(row, follow) {
    const stay = !follow && !this.#atBottom();
    this.#list.append(row);
    while (this.#list.childElementCount > kept) this.#list.firstElementChild.remove();
    if (stay) this.#toLatest.hidden = false;
    else this.#scrollDown();
  }

  #atBottom() {
    const { scrollHeight, scrollTop, clientHeight } = this.#list;
    return scrollHeight - scrollTop - clientHeight < nearBottom;
  }

  #scrollDown() {
    this.#list.scrollTop = this.#list.scrollHeight;
    this.#toLatest.hidden = true;
  }
}

/** The name as it was chosen; `sender` carries it escaped. */
export function senderName({ name, sender }) {
  return typeof name === 'string' ? name : textOf(String(sender));
}

function timeOf({ at, timestamp }) {
  const moment = new Date(at ?? NaN);
  if (Number.isNaN(moment.getTime())) {
    return element('time', { className: 'message-time' }, String(timestamp ?? '').slice(0, 5));
  }
  return element('time', { className: 'message-time', dateTime: moment.toISOString(), title: long.format(moment) }, short.format(moment));
}

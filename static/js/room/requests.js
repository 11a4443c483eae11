import { Countdown } from '../ui/countdown.js';
import { element } from '../ui/dom.js';
import { avatarOf } from './members.js';
import { text } from '../ui/words.js';

const lateVerdict = 3000; // milliseconds that the server may be later than this clock
const still = 400; // milliseconds after a card has moved, in which a click may be meant for what was there before

/** The people at the door, each on a card with two answers. */
export class Requests {
  #container;
  #answerTime;
  #on;
  #cards = new Map();
  #moved;

  /**
   * The members have `answerTime` seconds. `on` has answer(id, yes), called with the
   * person's decision, which returns whether it could be told, changed(), called when a
   * card comes or goes, and focus(), called when the card goes that had the focus.
   */
  constructor(container, answerTime, on) {
    this.#container = container;
    this.#answerTime = answerTime;
    this.#on = on;
  }

  /**
   * Shows a request, and returns whether it is new. One that is shown already is
   * repeated because the server has no answer of this page's.
   */
  add(id, name) {
    const known = this.#cards.has(id);
    const card = this.#cards.get(id) ?? this.#open(id, name);
    card.node.classList.remove('answered');
    this.#count(card, this.#answerTime);
    this.#on.changed();
    return !known;
  }

  /** From here on cards may be about requests that are over; those that the server speaks of are not. */
  doubt() {
    for (const card of this.#cards.values()) card.doubtful = true;
  }

  /** The server has spoken of all that are open. */
  settle() {
    for (const [id, { doubtful }] of [...this.#cards]) if (doubtful) this.remove(id);
  }

  /** Notes how many have said yes, and, if told, how many seconds are left. */
  progress(id, { approvals, required, time_remaining: seconds }) {
    const card = this.#cards.get(id);
    if (!card || !Number.isInteger(approvals) || !Number.isInteger(required)) return;
    card.status.textContent = text('request.votes', { approvals, required });
    card.bar.max = required;
    card.bar.value = approvals;
    card.bar.hidden = required < 2;
    this.#count(card, seconds);
  }

  /** Takes the card away and returns the name on it, or undefined if there is none. */
  remove(id) {
    const card = this.#cards.get(id);
    if (!card) return undefined;
    card.countdown.stop();
    clearTimeout(card.late);
    const focused = card.node.contains(document.activeElement);
    if (card.node.nextElementSibling) this.#keepStill();
    card.node.remove();
    this.#cards.delete(id);
    this.#on.changed();
    if (focused) this.#focusNext();
    return card.name;
  }

  clear() {
    for (const id of [...this.#cards.keys()]) this.remove(id);
  }

  // Somebody may be about to press, or to press again, what was here a moment ago.
  #keepStill() {
    this.#container.classList.add('moved');
    clearTimeout(this.#moved);
    this.#moved = setTimeout(() => this.#container.classList.remove('moved'), still);
  }

  #focusNext() {
    const [next] = this.#cards.values();
    if (next) next.node.focus();
    else this.#on.focus();
  }

  #count(card, seconds) {
    card.doubtful = false;
    clearTimeout(card.late);
    card.countdown.start(seconds);
  }

  #open(id, name) {
    const status = element('p', { className: 'approval-status', id: `status-${id}` }, text('request.rule'));
    const time = element('span', { className: 'request-time' });
    const bar = element('progress', { className: 'votes', hidden: true, ariaLabel: text('request.progress') });
    const deny = this.#button(text('request.decline'), 'deny', id, false);
    const accept = this.#button(text('request.accept'), 'accept primary', id, true);
    const node = element('section', { className: 'join-request-notification', id: `notification-${id}`, 'data-user-id': id, tabIndex: -1, ariaLabel: text('request.label', { who: name }) },
      avatarOf(id, name),
      element('div', { className: 'notification-content' },
        element('p', {}, element('strong', { dir: 'auto' }, name), ` ${text('request.asks')} `, time),
        status, bar),
      element('div', { className: 'notification-buttons' }, deny, accept));
    const card = { name, node, status, bar };
    card.countdown = new Countdown((seconds) => { time.textContent = text('request.time', { seconds }); },
      () => { card.late = setTimeout(() => this.remove(id), lateVerdict); });
    this.#cards.set(id, card);
    this.#container.append(node);
    return card;
  }

  #button(label, className, id, yes) {
    const button = element('button', { type: 'button', className: `notification-button ${className}` }, label);
    button.addEventListener('click', () => {
      const { node, status } = this.#cards.get(id);
      if (!this.#on.answer(id, yes)) {
        status.textContent = text('request.no-connection');
        return;
      }
      status.textContent = text(yes ? 'request.accepted' : 'request.declined');
      const focused = node.contains(document.activeElement);
      node.classList.add('answered');
      if (focused) node.focus(); // the buttons go
      this.#keepStill();
    });
    return button;
  }
}

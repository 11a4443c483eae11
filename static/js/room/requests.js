import { Countdown } from '../ui/countdown.js';
import { element } from '../ui/dom.js';
import { avatarOf } from './members.js';
import { formFor, text } from '../ui/words.js';

const votes = { one: 'request.votes.one', other: 'request.votes.other' };
const lateVerdict = 3000; // milliseconds that the server may be later than this clock
const still = 400; // milliseconds after a card has moved, in which a click may be meant for the one before

/**
 * @typedef {object} RequestsEvents
 * @property {(id: string, yes: boolean, untold: () => void) => boolean} answer tells the server the person's decision;
 * false if there is no connection for it. `untold` is called if it cannot be told for another reason
 * @property {() => void} changed is called when a card comes, is answered or goes
 * @property {() => void} focus takes the keyboard's focus from the last card when it goes
 */

/**
 * @typedef {object} Card
 * @property {string} name
 * @property {HTMLElement} node
 * @property {HTMLElement} status takes the words about the vote
 * @property {HTMLProgressElement} bar
 * @property {Countdown} countdown
 * @property {ReturnType<typeof setTimeout>} [late] takes the card away when the server's verdict is late
 * @property {boolean} doubtful the request may be over
 */

/** The people at the door, each on a card with two answers. */
export class Requests {
  #container;
  #answerTime;
  #on;
  /** @type {Map<string, Card>} the cards by the ids of their requests */
  #cards = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #moved;

  /**
   * @param {HTMLElement} container
   * @param {number} answerTime the seconds that a request stays open
   * @param {RequestsEvents} on
   */
  constructor(container, answerTime, on) {
    this.#container = container;
    this.#answerTime = answerTime;
    this.#on = on;
  }

  /**
   * Shows a request. A repeat means that the server has no answer of this page's, so that
   * the person is asked again.
   *
   * @param {string} id
   * @param {string} name
   * @returns {boolean} whether it is new
   */
  add(id, name) {
    const known = this.#cards.has(id);
    const card = this.#cards.get(id) ?? this.#open(id, name);
    card.node.classList.remove('answered');
    this.#count(card, this.#answerTime);
    this.#on.changed();
    return !known;
  }

  /** The names of those whom the person has not answered, by the ids of their requests. */
  get waiting() {
    const open = [...this.#cards].filter(([, { node }]) => !node.classList.contains('answered'));
    return new Map(open.map(([id, { name }]) => [id, name]));
  }

  /** Doubts all cards: their requests may be over. A request that the server speaks of is not. */
  doubt() {
    for (const card of this.#cards.values()) card.doubtful = true;
  }

  /** Takes the doubtful cards away: the server has spoken of all requests that are open. */
  dropDoubtful() {
    for (const [id, { doubtful }] of [...this.#cards]) if (doubtful) this.remove(id);
  }

  /**
   * Shows the state of a vote.
   *
   * @param {string} id
   * @param {{approvals: number, required: number, time_remaining?: number}} status `time_remaining` in seconds
   */
  progress(id, { approvals, required, time_remaining: seconds }) {
    const card = this.#cards.get(id);
    if (!card) return;
    card.status.textContent = text(formFor(votes, approvals), { approvals, required });
    card.bar.max = required;
    card.bar.value = approvals;
    card.bar.hidden = required < 2;
    this.#count(card, seconds);
  }

  /**
   * Takes a card away.
   *
   * @param {string} id
   * @returns {string | undefined} the name on it; undefined if there is none
   */
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

  /** Takes all cards away. */
  clear() {
    for (const id of [...this.#cards.keys()]) this.remove(id);
  }

  // Takes no clicks for a moment: a click now may be meant for a button that was here before.
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

  /**
   * @param {Card} card
   * @param {number | undefined} seconds
   */
  #count(card, seconds) {
    card.doubtful = false;
    clearTimeout(card.late);
    card.countdown.start(seconds);
  }

  /**
   * @param {string} id
   * @param {string} name
   */
  #open(id, name) {
    const status = element('p', { className: 'approval-status', id: `status-${id}` }, text('request.rule'));
    const time = element('span', { className: 'request-time' });
    const bar = element('progress', { className: 'votes', hidden: true, ariaLabel: text('request.progress') });
    const deny = answerButton(text('request.decline'), 'deny');
    const accept = answerButton(text('request.accept'), 'accept primary');
    const node = element('section', { className: 'join-request-notification', id: `notification-${id}`, 'data-user-id': id, tabIndex: -1, ariaLabel: text('alert.knock', { who: name }) },
      avatarOf(id, name),
      element('div', { className: 'notification-content' },
        element('p', {}, element('strong', { dir: 'auto' }, name), ` ${text('request.asks')} `, time),
        status, bar),
      element('div', { className: 'notification-buttons' }, deny, accept));
    const countdown = new Countdown((seconds) => { time.textContent = text('request.time', { seconds }); },
      () => { card.late = setTimeout(() => this.remove(id), lateVerdict); });
    /** @type {Card} */
    const card = { name, node, status, bar, countdown, doubtful: false };
    deny.addEventListener('click', () => this.#answer(id, card, false));
    accept.addEventListener('click', () => this.#answer(id, card, true));
    this.#cards.set(id, card);
    this.#container.append(node);
    return card;
  }

  /**
   * @param {string} id
   * @param {Card} card
   * @param {boolean} yes
   */
  #answer(id, { node, status }, yes) {
    let told = true;
    const untold = () => {
      told = false;
      node.classList.remove('answered');
      status.textContent = text('request.untold');
      this.#on.changed();
    };
    if (!this.#on.answer(id, yes, untold)) {
      status.textContent = text('request.no-connection');
      return;
    }
    if (!told) return;
    status.textContent = text(yes ? 'request.accepted' : 'request.declined');
    const focused = node.contains(document.activeElement);
    node.classList.add('answered');
    this.#on.changed();
    if (focused) node.focus(); // the buttons go
    this.#keepStill();
  }
}

/**
 * @param {string} label
 * @param {string} className
 */
function answerButton(label, className) {
  return element('button', { type: 'button', className: `notification-button ${className}` }, label);
}

import { clock, Countdown } from '../ui/countdown.js';
import { element } from '../ui/dom.js';
import { avatarOf } from './members.js';
import { chipsOf, sentenceOf } from './votes.js';
import { counted, text } from '../ui/words.js';

/** @import { Votes } from './votes.js' */

const lateVerdict = 3000; // milliseconds that the server may be later than this clock
const still = 400; // milliseconds after a card has moved, in which a click may be meant for the one before
const asking = { one: 'alert.knocks.one', other: 'alert.knocks.other' };
const more = { one: 'requests.more.one', other: 'requests.more.other' };

/**
 * @typedef {object} RequestsEvents
 * @property {(id: string, yes: boolean, settled: () => void) => boolean} answer tells the server the person's decision;
 * false if there is no connection for it. `settled` is called when nothing more comes of it: it could not be told, or the server is
 * done with it, whatever it made of it
 * @property {() => void} changed is called when a card comes, is answered or goes
 * @property {() => void} focus takes the keyboard's focus from the last card when it goes
 */

/**
 * @typedef {object} Card
 * @property {string} name
 * @property {Votes} votes
 * @property {'yes' | 'no'} [answer] what this page has told the server
 * @property {string} [trouble] why an answer does not count, in words for the person
 * @property {HTMLElement} node
 * @property {HTMLElement} status takes the words about the vote
 * @property {HTMLElement} chips
 * @property {HTMLElement[]} asks the buttons for an answer
 * @property {HTMLElement} after the button that takes a yes back
 * @property {Countdown} countdown
 * @property {ReturnType<typeof setTimeout>} [late] takes the card away when the server's verdict is late
 * @property {boolean} asked the person was asked; the votes may be told before
 * @property {boolean} doubtful the request may be over
 */

/** The people at the door, each on a card with two answers. A low window shows one card in one line, and a button for the others. */
export class Requests {
  #container;
  #answerTime;
  #self;
  #on;
  /** @type {Map<string, Card>} the cards by the ids of their requests */
  #cards = new Map();
  #count = element('p', { className: 'requests-count' });
  #refusal = ''; // since the last answer
  #more = element('button', { type: 'button', className: 'requests-more' });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #moved;
  // A card whose size changes moves everything below it, perhaps just before a click.
  #sizes = new ResizeObserver(() => this.#keepStill());

  /**
   * @param {HTMLElement} container
   * @param {number} answerTime the seconds that a request stays open
   * @param {string} self the name of the person at the page
   * @param {RequestsEvents} on
   */
  constructor(container, answerTime, self, on) {
    this.#container = container;
    this.#answerTime = answerTime;
    this.#self = self;
    this.#on = on;
    this.#more.addEventListener('click', () => {
      container.classList.toggle('open');
      this.#changed();
    });
    this.#sizes.observe(container);
    if (container.parentElement) this.#sizes.observe(container.parentElement);
  }

  /**
   * Shows a request. A repeat means that the server has no answer of this page's, so that
   * the person is asked again.
   *
   * @param {string} id
   * @param {string} name
   * @returns {boolean} whether the person is asked for the first time
   */
  add(id, name) {
    const card = this.#cards.get(id) ?? this.#open(id, name);
    const first = !card.asked;
    card.asked = true;
    card.answer = undefined;
    card.trouble = undefined;
    card.votes = { ...card.votes, yes: card.votes.yes.filter((each) => each !== this.#self), own: false };
    this.#countDown(card, this.#answerTime);
    this.#show(card);
    return first;
  }

  /**
   * Notes that the server has refused something, which may be an answer.
   *
   * @param {string} why in words for the person
   */
  refused(why) {
    this.#refusal = why;
  }

  /** Asks again for all answers that the server has not confirmed: they may be lost with the connection. */
  lost() {
    for (const card of this.#cards.values()) this.#takeBack(card, text('request.no-connection'));
  }

  /** Doubts all cards: their requests may be over. A request that the server speaks of is not. */
  doubt() {
    for (const card of this.#cards.values()) card.doubtful = true;
  }

  /** Takes the doubtful cards away: the server has spoken of all requests that are open. */
  dropDoubtful() {
    for (const [id, { doubtful }] of [...this.#cards]) if (doubtful) this.remove(id);
  }

  /** The names of those whom the person has not answered, by the ids of their requests. */
  get waiting() {
    const open = [...this.#cards].filter(([, card]) => this.#answerOn(card) === undefined);
    return new Map(open.map(([id, { name }]) => [id, name]));
  }

  /**
   * Shows who has said yes. A page that was loaded after its person's yes hears of a request in this way.
   *
   * @param {string} id
   * @param {string} name
   * @param {Votes} votes
   */
  vote(id, name, votes) {
    const card = this.#cards.get(id) ?? this.#open(id, name);
    if (votes.own && !card.votes.own) card.trouble = undefined; // it counts after all
    card.votes = votes;
    card.doubtful = false;
    this.#show(card);
  }

  /**
   * Shows how much time is left.
   *
   * @param {string} id
   * @param {number} seconds
   */
  time(id, seconds) {
    const card = this.#cards.get(id);
    if (card) this.#countDown(card, seconds);
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
    this.#sizes.unobserve(card.node);
    this.#keepStill();
    card.node.remove();
    this.#cards.delete(id);
    this.#changed();
    if (focused) this.#focusNext();
    return card.name;
  }

  /** Takes all cards away. */
  clear() {
    for (const id of [...this.#cards.keys()]) this.remove(id);
  }

  /** @param {Card} card */
  #answerOn({ answer, votes }) {
    return answer ?? (votes.own ? 'yes' : undefined);
  }

  // Takes no clicks for a moment: a click now may be meant for what was here before.
  #keepStill() {
    this.#container.classList.add('moved');
    clearTimeout(this.#moved);
    this.#moved = setTimeout(() => this.#container.classList.remove('moved'), still);
  }

  #focusNext() {
    const next = this.#current();
    if (next) next.node.focus();
    else this.#on.focus();
  }

  /** The first card that has no answer yet; the first of all if each has one. */
  #current() {
    const cards = [...this.#cards.values()];
    return cards.find((card) => this.#answerOn(card) === undefined) ?? cards[0];
  }

  #changed() {
    const [container, current, others] = [this.#container, this.#current(), this.#cards.size - 1];
    for (const { node } of this.#cards.values()) node.classList.toggle('current', node === current?.node);
    if (others < 1) container.classList.remove('open');
    const opened = container.classList.contains('open');
    this.#count.textContent = counted(asking, others + 1);
    this.#more.textContent = opened ? '−' : `+${others}`;
    this.#more.ariaLabel = opened ? text('requests.fewer') : counted(more, others);
    this.#more.ariaExpanded = String(opened);
    if (others > 0) {
      if (!this.#count.isConnected) container.prepend(this.#count);
      container.append(this.#more);
    } else {
      this.#count.remove();
      this.#more.remove();
    }
    this.#on.changed();
  }

  /**
   * @param {Card} card
   * @param {number} seconds
   */
  #countDown(card, seconds) {
    card.doubtful = false;
    clearTimeout(card.late);
    card.countdown.start(seconds);
  }

  /** @param {Card} card */
  #show(card) {
    const answer = this.#answerOn(card);
    const { node, status, chips, asks, after, trouble, votes } = card;
    status.textContent = trouble ?? sentenceOf(votes, this.#self, answer);
    node.classList.toggle('troubled', trouble !== undefined);
    chips.replaceChildren(...chipsOf(votes, this.#self));
    const focused = node.contains(document.activeElement);
    for (const button of asks) button.hidden = answer !== undefined;
    after.hidden = answer !== 'yes';
    this.#changed();
    if (!focused) return;
    // The buttons go, and in a low window the whole card.
    if (!node.checkVisibility()) this.#focusNext();
    else if (!node.contains(document.activeElement) || !document.activeElement?.checkVisibility()) node.focus();
  }

  /**
   * @param {string} id
   * @param {string} name
   */
  #open(id, name) {
    const status = element('span', { className: 'approval-status', id: `status-${id}` });
    const time = element('span', { className: 'request-time' });
    const chips = element('ul', { className: 'votes', ariaLabel: text('request.progress') });
    const deny = answerButton('request.decline', 'deny', name);
    const accept = answerButton('request.accept', 'accept primary', name);
    const after = answerButton('request.decline-after', 'after danger', name);
    const node = element('section', { className: 'join-request-notification', id: `notification-${id}`, 'data-user-id': id, tabIndex: -1, ariaLabel: text('alert.knock', { who: name }) },
      avatarOf(id, name),
      element('div', { className: 'notification-content' },
        element('p', {}, element('strong', { dir: 'auto' }, name), element('span', { className: 'request-asks' }, ` ${text('request.asks')}`)),
        element('p', { className: 'request-state' }, time, ' ', status)),
      chips,
      element('div', { className: 'notification-buttons' }, deny, accept, after));
    node.setAttribute('aria-describedby', status.id);
    const countdown = new Countdown((seconds) => { time.textContent = clock(seconds); },
      () => { card.late = setTimeout(() => this.remove(id), lateVerdict); });
    /** @type {Card} */
    const card = { name, votes: { yes: [], yesMore: 0, missing: [], missingMore: 0, own: false }, node, status, chips, asks: [deny, accept], after, countdown, asked: false, doubtful: false };
    for (const [button, yes] of /** @type {const} */ ([[deny, false], [accept, true], [after, false]])) {
      button.addEventListener('click', () => this.#answer(id, card, yes));
    }
    this.#cards.set(id, card);
    this.#container.append(node);
    this.#sizes.observe(node);
    return card;
  }

  /**
   * @param {string} id
   * @param {Card} card
   * @param {boolean} yes
   */
  #answer(id, card, yes) {
    const answer = yes ? 'yes' : 'no';
    card.answer = answer;
    card.trouble = undefined;
    this.#refusal = '';
    this.#keepStill();
    const settled = () => { if (card.answer === answer) this.#takeBack(card, this.#refusal || text('request.untold')); };
    if (!this.#on.answer(id, yes, settled)) this.#takeBack(card, text('request.no-connection'));
    this.#show(card);
  }

  /**
   * Offers the choice again. Only the votes confirm a yes, and a no takes the card away.
   *
   * @param {Card} card
   * @param {string} why
   */
  #takeBack(card, why) {
    if (!card.answer || (card.answer === 'yes' && card.votes.own)) return;
    card.answer = undefined;
    card.trouble = why;
    this.#show(card);
  }
}

/**
 * @param {string} label the name of its text
 * @param {string} className
 * @param {string} who
 */
function answerButton(label, className, who) {
  const words = text(label);
  return element('button', { type: 'button', className: `notification-button ${className}`, ariaLabel: `${words}: ${who}` }, words);
}

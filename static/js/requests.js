import { Countdown } from './countdown.js';
import { element } from './dom.js';
import { text } from './words.js';

const lateVerdict = 3000; // milliseconds that the server may be later than this clock

/** The people at the door, each on a card with two answers. */
export class Requests {
  #container;
  #answerTime;
  #answer;
  #cards = new Map();

  /** The members have `answerTime` seconds; `answer(id, yes)` is called with the person's decision. */
  constructor(container, answerTime, answer) {
    this.#container = container;
    this.#answerTime = answerTime;
    this.#answer = answer;
  }

  /** Shows a request. One that is shown already is repeated because the server has no answer of this page's. */
  add(id, name) {
    const card = this.#cards.get(id) ?? this.#open(id, name);
    for (const button of card.buttons) button.disabled = false;
    card.countdown.start(this.#answerTime);
  }

  /** Notes how many have said yes. */
  progress(id, approvals, required) {
    const card = this.#cards.get(id);
    if (card) card.say(text('request.votes', { approvals, required }));
  }

  /** Takes the card away and returns the name on it, or undefined if there is none. */
  remove(id) {
    const card = this.#cards.get(id);
    if (!card) return undefined;
    card.countdown.stop();
    clearTimeout(card.late);
    card.node.remove();
    this.#cards.delete(id);
    return card.name;
  }

  clear() {
    for (const id of [...this.#cards.keys()]) this.remove(id);
  }

  #open(id, name) {
    const status = element('p', { className: 'approval-status', id: `status-${id}` }, text('request.rule'));
    const time = element('span', { className: 'request-time' });
    const accept = this.#button(text('request.accept'), 'accept primary', id, true);
    const decline = this.#button(text('request.decline'), 'deny', id, false);
    const node = element('section', { className: 'join-request-notification', id: `notification-${id}`, 'data-user-id': id, ariaLabel: text('request.label', { who: name }) },
      element('div', { className: 'notification-content' },
        element('p', {}, element('strong', { dir: 'auto' }, name), ` ${text('request.asks')} `, time),
        status),
      element('div', { className: 'notification-buttons' }, accept, decline));
    const card = { name, node, say: (how) => { status.textContent = how; }, buttons: [accept, decline] };
    card.countdown = new Countdown((seconds) => { time.textContent = text('request.time', { seconds }); },
      () => { card.late = setTimeout(() => this.remove(id), lateVerdict); });
    this.#cards.set(id, card);
    this.#container.append(node);
    return card;
  }

  #button(label, className, id, yes) {
    const button = element('button', { type: 'button', className: `notification-button ${className}` }, label);
    button.addEventListener('click', () => {
      const card = this.#cards.get(id);
      for (const each of card.buttons) each.disabled = true;
      card.say(text(yes ? 'request.accepted' : 'request.declined'));
      this.#answer(id, yes);
    });
    return button;
  }
}

import { isLooking, onLeave } from './attention.js';
import { bubbleOf, momentOf, senderName } from './bubble.js';
import { saidOf } from './comings.js';
import { contentOfText } from './content.js';
import { element } from '../ui/dom.js';
import { Following } from './following.js';
import { Log } from './log.js';
import { text } from '../ui/words.js';

/** @import { Message } from './bubble.js' */
/** @import { Coming } from './comings.js' */

const frameBudget = 8; // milliseconds of a frame for building rows
const few = 3; // rows that are news; more are a past that is told
const states = { waiting: 'message.waiting', sending: 'message.sending', failed: 'message.failed' };

/**
 * @typedef {object} MessagesParts
 * @property {HTMLElement} list scrolls, and has the next three in it
 * @property {HTMLElement} log takes the rows
 * @property {HTMLElement} empty is seen while nobody has come and nothing was said
 * @property {HTMLElement} pending takes the messages that are being sent
 * @property {HTMLElement} pill counts the messages that were missed, and leads to them
 */

/**
 * @typedef {object} MessagesEvents
 * @property {(ref: string) => void} retry the person wants a failed message sent again
 * @property {(ref: string) => void} edit the person wants the text of a failed message back
 * @property {(ref: string) => void} discard the person gives a failed message up
 * @property {(said: string) => void} announce tells something to people who do not see the page
 * @property {(said: string) => void} mention does the same, when they have heard what they are hearing
 * @property {() => void} focus takes the keyboard's focus from a button that goes
 */

/** @typedef {{ref: string, text: string, state: keyof typeof states}} SendingMessage a message of the outbox */

/** @typedef {{message: Message, name: string, own: boolean, unseen: boolean}} MessageItem a message to show */
/** @typedef {{coming: Coming, at: Date, inside: boolean}} ComingItem somebody who comes or goes */
/** @typedef {{said: string, at: Date, urgent: boolean}} TellingItem something to tell */

/**
 * The conversation. Messages and events are shown with the next frame, however many they
 * are. Messages that this page has sent stand below until the server has relayed them.
 */
export class Messages {
  #list;
  #empty;
  #pending;
  #node;
  #log;
  #following;
  #self;
  #bookmark;
  #on;
  /** @type {(MessageItem | ComingItem | TellingItem)[]} */
  #queue = [];
  #past = 0; // so many items of the queue are no news
  #complete = false; // all that was said before this page was loaded has arrived
  /** @type {Set<number>} the ids of all that was shown */
  #seen = new Set();
  #shown = 0; // the id of the latest message that is shown
  /** @type {number | undefined} */
  #read; // the id of the latest message that the person has seen
  /** @type {Map<string, {row: HTMLElement, state: HTMLElement}>} the messages being sent by their refs */
  #sending = new Map();
  /** @type {Set<string>} the others who are known here */
  #others = new Set();

  /**
   * @param {MessagesParts} parts
   * @param {{member?: string, name?: string}} self the person at the page
   * @param {import('./bookmark.js').Bookmark} bookmark
   * @param {MessagesEvents} on
   */
  constructor({ list, log, empty, pending, pill }, self, bookmark, on) {
    this.#list = list;
    this.#empty = empty;
    this.#pending = pending;
    this.#node = log;
    this.#log = new Log(log);
    this.#following = new Following({ list, log, pill }, () => { this.#read = Math.max(this.#read ?? 0, this.#shown); });
    this.#self = self;
    this.#bookmark = bookmark;
    this.#read = bookmark.id;
    this.#on = on;
    onLeave(() => {
      this.#keepPlace();
      if (this.#following.isCaughtUp) this.#log.dropLine();
    });
    addEventListener('pagehide', () => this.#keepPlace());
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
    if (!own) this.meet(message.member ?? name);
    this.#enqueue({ message, name, own, unseen: !own && this.#isUnseen(message) });
    return own;
  }

  /**
   * Notes that somebody came or went, to be shown once.
   *
   * @param {Coming} coming
   * @param {Pick<Message, 'id' | 'at'> & {inside?: boolean}} [event] `inside` is false if nobody was let in; without `at` it happens now
   */
  happened(coming, { id, at, inside = true } = {}) {
    if (this.#shownBefore({ id })) return;
    if (inside && coming.person !== undefined) this.meet(coming.person);
    this.#enqueue({ coming, at: momentOf({ at }) ?? new Date(), inside });
  }

  /**
   * Shows a line about the conversation.
   *
   * @param {string} said
   * @param {{urgent?: boolean}} [how] the caller makes an urgent one known to those who do not see it
   */
  tell(said, { urgent = false } = {}) {
    this.#enqueue({ said, at: new Date(), urgent });
  }

  /**
   * Notes somebody other who is or was in the room. With two of them it is a group, in which it has to be
   * seen who says what.
   *
   * @param {string} person
   */
  meet(person) {
    if (person === this.#self.member || this.#others.size > 1) return;
    this.#others.add(person);
    this.#list.classList.toggle('group', this.#others.size > 1);
  }

  /** All that was said before this page was loaded has arrived. */
  completed() {
    this.#complete = true;
    this.#read ??= this.#shown;
    this.#settle();
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
   * Whether a message comes while nobody looks. When the page is loaded again, those were seen that the page
   * before has shown to somebody; the first page has no past that anybody could have missed.
   *
   * @param {Message} message
   */
  #isUnseen({ id }) {
    if (this.#complete) return !isLooking();
    return this.#bookmark.id !== undefined && id !== undefined && id > this.#bookmark.id;
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
    this.#others.clear();
    this.#log.clear();
    this.#pending.replaceChildren();
  }

  /** Stays at the last row if the person follows the conversation, after something has changed its size. */
  stayAtEnd() {
    this.#following.stayAtEnd();
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
    this.#spoke();
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
    return [said, button('message.again', this.#on.retry), button('message.edit', this.#on.edit), button('message.delete', this.#on.discard)];
  }

  /**
   * @param {Message} message
   * @param {string} name
   */
  #isOwn(message, name) {
    if (message.member && this.#self.member) return message.member === this.#self.member;
    return name === this.#self.name;
  }

  /** @param {MessageItem | ComingItem | TellingItem} item */
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
    if (this.#queue.length > few) this.#past = this.#queue.length;
    const fresh = this.#past === 0;
    // A past is not read out to people who listen, and neither is its end.
    this.#node.ariaLive = fresh ? 'polite' : 'off';
    const end = performance.now() + frameBudget;
    let shown = 0;
    do this.#show(this.#queue[shown], fresh); while (++shown < this.#queue.length && performance.now() < end);
    const batch = this.#queue.splice(0, shown);
    this.#past = Math.max(0, this.#past - shown);
    if (fresh) this.#mention(batch);
    // Somebody who has scrolled up may be reading the oldest rows: they go only while nobody does.
    const follows = this.#following.isPinned || this.#following.isHeld;
    if (follows) this.#log.prune();
    if (batch.some((item) => 'message' in item && item.own && item.message.ref === undefined)) this.#spoke();
    if (follows) this.#following.stayAtEnd(); // it costs a layout to ask where the end is
    this.#following.count();
    if (this.#queue.length > 0) this.#schedule();
    else this.#settle();
  }

  /**
   * @param {MessageItem | ComingItem | TellingItem} item
   * @param {boolean} fresh
   */
  #show(item, fresh) {
    if ('message' in item) {
      this.#showMessage(item, fresh);
    } else if ('coming' in item) {
      if (item.inside) this.#empty.remove();
      this.#log.coming(item.coming, item.at);
    } else {
      this.#log.tell(item.said, item.at, item.urgent);
    }
  }

  /**
   * @param {MessageItem} item
   * @param {boolean} fresh
   */
  #showMessage(item, fresh) {
    const { message: { id = 0, ref }, own, unseen } = item;
    this.#empty.remove();
    if (own) this.#log.dropLine(); // who speaks has read
    if (unseen && (this.#following.isCaughtUp || !this.#log.line)) {
      this.#log.putLine();
      this.#following.hold(this.#log.line);
    }
    const row = this.#log.message(item);
    this.#shown = Math.max(this.#shown, id);
    if (unseen || !own && !this.#following.isPinned) this.#following.miss();
    else if (this.#following.isCaughtUp) this.#read = Math.max(this.#read ?? 0, this.#shown);
    // A message that was sent from here is on the page already.
    if (own && ref !== undefined) this.dropSending(ref);
    else if (fresh) row.classList.add('fresh');
  }

  /** @param {(MessageItem | ComingItem | TellingItem)[]} items each of which is said once, though their row may grow */
  #mention(items) {
    const said = items.flatMap((item) => {
      if ('message' in item || 'said' in item && item.urgent) return [];
      return 'said' in item ? item.said : element('p', {}, ...saidOf(item.coming)).textContent;
    });
    if (said.length > 0) this.#on.mention(said.join('\n'));
  }

  // The person has said something, and so has seen what was said before.
  #spoke() {
    this.#log.dropLine();
    this.#following.follow();
  }

  // The end is seen, if somebody looks and it is in sight.
  #settle() {
    if (this.#complete && this.#queue.length === 0 && isLooking()) this.#following.letGo();
  }

  #keepPlace() {
    if (this.#read !== undefined) this.#bookmark.keep(this.#read);
  }
}

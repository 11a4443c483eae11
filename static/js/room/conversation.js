import { senderName } from './bubble.js';
import { comingOf } from './comings.js';
import { textOf } from './content.js';

/** Shows the messages and events of the room, as the server tells them, and the people who are writing. */
export class Conversation {
  #messages;
  #typing;
  #self;
  #heard;
  #noticed = false; // the server tells who comes and goes by notices, which say more

  /**
   * @param {import('../transport/events.js').Events} events
   * @param {import('./messages.js').Messages} messages
   * @param {import('./typing.js').Typing} typing
   * @param {{member: string, name: string}} self the person at the page
   * @param {(who: string) => void} heard called when somebody else has said something
   */
  constructor(events, messages, typing, self, heard) {
    this.#messages = messages;
    this.#typing = typing;
    this.#self = self;
    this.#heard = heard;
    events.on('message', (message) => this.#said(message));
    events.on('typing', ({ member, display_name: shown }) => typing.add(member, textOf(shown)));
    events.on('disconnect', () => typing.clear());
    events.on('notice', (notice) => this.#happened(notice));
    events.on('member_joined', (someone) => this.#came('joined', someone));
    events.on('member_returned', (someone) => this.#came('returned', someone));
    events.on('member_left', (someone) => this.#came('left', someone));
  }

  /** @param {import('../transport/events.js').Message} message */
  #said(message) {
    const own = this.#messages.add(message);
    this.#typing.remove(message.member);
    if (own === false) this.#heard(senderName(message));
  }

  /** @param {import('../transport/events.js').Heard['notice']} notice */
  #happened(notice) {
    this.#noticed = true;
    const coming = comingOf(notice);
    // Nobody needs to be told of themselves.
    if (coming && notice.member !== this.#self.member) this.#messages.happened(coming, notice);
  }

  /**
   * @param {string} what
   * @param {{display_name: string}} someone
   */
  #came(what, { display_name: shown }) {
    if (this.#noticed) return;
    const who = textOf(shown);
    if (who !== this.#self.name) this.#messages.happened({ what, who });
  }
}

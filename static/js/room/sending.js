import { Composer } from './composer.js';
import { TypingSignal } from './typing.js';
import { counted } from '../ui/words.js';

const left = { one: 'message.left.one', other: 'message.left.other' };
const over = { one: 'message.over.one', other: 'message.over.other' };

/** Takes messages from the field over the outbox into the conversation. A text that nobody has received yet is kept as a draft. */
export class Sending {
  #events;
  #messages;
  #draft;
  #input;
  #composer;

  /**
   * @param {import('../transport/events.js').Events} events
   * @param {import('./messages.js').Messages} messages
   * @param {import('../ui/draft.js').Draft} draft
   * @param {{form: HTMLFormElement, input: HTMLTextAreaElement, left: HTMLElement}} parts
   * @param {(said: string) => void} announce
   */
  constructor(events, messages, draft, { form, input, left: length }, announce) {
    this.#events = events;
    this.#messages = messages;
    this.#draft = draft;
    this.#input = input;
    const kept = draft.take();
    const signal = new TypingSignal(() => events.say('typing'));
    this.#composer = new Composer(
      form, input, length,
      { left: (number) => counted(left, number), over: (number) => counted(over, number) },
      {
        send(written) {
          events.outbox.add(written);
          signal.sent();
        },
        typed: () => signal.typed(),
        changed: () => this.#keep(),
        announce,
      },
    );
    events.on('message', ({ text: relayed }) => { if (relayed !== undefined) this.#keep(); });
    if (kept !== '') this.#composer.putBack(kept);
  }

  /** @param {import('../transport/outbox.js').Outbound} message has another state */
  changed(message) {
    this.#messages.showSending(message);
    this.#keep();
  }

  /** @param {string} ref of a message that failed */
  retry(ref) {
    this.#events.outbox.retry(ref);
  }

  /**
   * Puts a message back into the field.
   *
   * @param {string} ref of a message that failed
   */
  edit(ref) {
    const written = this.#takeBack(ref);
    if (written !== undefined) this.#composer.restore(written);
  }

  /**
   * Gives a message up.
   *
   * @param {string} ref of a message that failed
   */
  discard(ref) {
    this.#takeBack(ref);
    this.#keep();
  }

  /** Nothing can be sent any more. What was begun can still be read and copied. */
  close() {
    this.#composer.close();
  }

  /** @param {string} ref */
  #takeBack(ref) {
    const written = this.#events.outbox.takeBack(ref);
    this.#messages.dropSending(ref);
    return written;
  }

  #keep() {
    if (this.#events.isClosed) return;
    // A text that may have arrived is not kept, since nobody means to say it twice.
    const texts = [...this.#events.outbox.undelivered, this.#input.value];
    this.#draft.keep(texts.filter((each) => each.trim() !== '').join('\n'));
  }
}

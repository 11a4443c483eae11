import { Connection } from './connection.js';
import { Outbox } from './outbox.js';
import { Queue } from './queue.js';
import { eventOf } from './shapes.js';

const farewell = 1500; // milliseconds that the last word may take to be sealed, and to be answered

/**
 * Something that a page says.
 *
 * @typedef {object} Said
 * @property {string} event
 * @property {Record<string, unknown>} fields
 * @property {string} [text] what somebody has written. It is sent only as what `seal` makes of it.
 */

/** @typedef {import('./shapes.js').ServerEvent} ServerEvent */
/** @typedef {import('./shapes.js').Payloads} Payloads */
/** @typedef {Payloads['message'] & {text?: string}} Message with the text, if it was written on this page */

/**
 * The events that a page hears: those of the server, and those of the connection coming and going.
 *
 * @typedef {Omit<Payloads, 'message'> & {message: Message, connect: {}, disconnect: {}}} Heard
 */

/** @typedef {{event: 'connect' | 'disconnect', data: {}, losses: number}} Change of the connection, after so many were lost */
/** @typedef {{event: 'answered', hear: () => void}} Answer to something said, which comes after all that was heard before it */
/** @typedef {{said: Said, send: (event: string, fields: object) => void, unsaid?: () => void}} Outgoing */

/**
 * Everything between a page and the server, in order. What the page says is sealed and what it
 * hears is opened one after the other; either may take its time.
 *
 * - Nothing is said without a connection. What waits to be sealed when it is lost is dropped: in the
 *   next one it may mean something else. Messages are in the outbox, which says them again.
 * - What has arrived is handed on though its connection is lost. The server does not send it again.
 * - When the page has ended, nothing is said or handed on any more.
 */
export class Events {
  #room;
  #seat;
  #connection;
  /** @type {Queue<Outgoing, {event: string, fields: object}>} */
  #outgoing;
  /** @type {Queue<ServerEvent | Change | Answer, ServerEvent | Change | Answer | undefined>} */
  #incoming;
  /** @type {Map<string, ((data: unknown) => void)[]>} */
  #handlers = new Map();
  #losses = 0; // of connections
  #closed = false;

  /**
   * @param {import('./connection.js').Client} io
   * @param {{room: string, seat: string}} place the room as the page's address names it, and the
   * person's id in it
   * @param {object} steps
   * @param {(said: Said) => {event: string, fields: object} | Promise<{event: string, fields: object}>} [steps.seal] makes
   * of what is said what is sent. If it fails, nothing is sent, and a message stays in the outbox as one that failed.
   * @param {(event: ServerEvent) => ServerEvent | undefined | Promise<ServerEvent | undefined>} [steps.open] makes of
   * what has arrived what the page hears, if anything. What cannot be opened is for it to make known: if it fails, the
   * page hears only its own message, whose words it has.
   * @param {object} on
   * @param {(state: import('./connection.js').State) => void} on.state how the connection is
   * @param {(message: import('./outbox.js').Outbound) => void} [on.changed] a message of the outbox has another state
   */
  constructor(io, { room, seat }, { seal = withoutText, open = asItIs }, { state, changed = () => {} }) {
    this.#room = room;
    this.#seat = seat;
    this.#outgoing = new Queue(({ said }) => seal(said), {
      pass: ({ event, fields }, { send }) => send(event, fields),
      failed(error, { unsaid }) {
        reportError(error);
        unsaid?.();
      },
    });
    this.#incoming = new Queue((heard) => ('data' in heard && !('losses' in heard) ? open(heard) : heard), {
      pass: (heard) => { if (heard) this.#handOn(heard); },
      failed: (error, heard) => {
        reportError(error);
        if (heard.event !== 'message') return;
        // The words of an own message are known. If it stayed, it would take another's place for ever.
        const message = this.#noted(heard);
        if (message.text !== undefined) this.#tell('message', message);
      },
    });
    /** The messages that the person has written and the server has not relayed yet. */
    this.outbox = new Outbox({ send: (message) => this.#post(message), changed });
    this.#connection = new Connection(io, seat, {
      state,
      connected: () => this.#incoming.add({ event: 'connect', data: {}, losses: this.#losses }),
      lost: () => this.#lost(),
      received: (event, data) => this.#received(event, data),
    });
  }

  /** Whether the page has ended. */
  get isClosed() {
    return this.#closed;
  }

  /** Whether something can be said at the moment. */
  get isConnected() {
    return !this.#closed && this.#connection.isUp;
  }

  /**
   * Calls `handle` with what comes with an event, in the order of registration if there are several.
   *
   * @template {keyof Heard} E
   * @param {E} event
   * @param {(data: Heard[E]) => void} handle
   */
  on(event, handle) {
    const handles = this.#handlers.get(event) ?? [];
    this.#handlers.set(event, [...handles, /** @type {(data: unknown) => void} */ (handle)]);
  }

  /**
   * Says something about the room, and returns whether there is a connection for it.
   *
   * @param {string} event
   * @param {Record<string, unknown>} [fields]
   * @param {object} [on]
   * @param {() => void} [on.unsaid] called if it cannot be sealed, and so is never said
   * @param {() => void} [on.answered] called when the server is done with it, and all that came before that is handed
   * on. What it has refused or dropped has changed nothing by then. Called never if the connection is lost.
   */
  say(event, fields, { unsaid, answered } = {}) {
    const done = answered && (() => this.#incoming.add({ event: 'answered', hear: answered }));
    return this.#send({ event, fields: { room: this.#room, ...fields } }, (...said) => this.#connection.send(...said, done), unsaid);
  }

  /**
   * Says the last thing before the page goes.
   *
   * @param {string} event
   * @param {Record<string, unknown>} fields
   * @param {() => void} [done] called when the server has answered and all that came before its answer is
   * handed on; without an answer after a moment, or if there is no connection
   */
  sayLast(event, fields, done) {
    let waits = done;
    const end = () => {
      clearTimeout(late);
      waits?.();
      waits = undefined;
    };
    let late = done && setTimeout(end, farewell);
    /** @param {boolean} answered */
    const ended = (answered) => {
      if (!answered || this.#closed) {
        end();
        return;
      }
      late = setTimeout(end, farewell);
      this.#incoming.add({ event: 'answered', hear: end });
    };
    const said = { event, fields: { room: this.#room, ...fields } };
    const sent = this.#send(said, (...sealed) => {
      clearTimeout(late);
      this.#connection.sendLast(...sealed, farewell, done && ended);
    }, end);
    if (!sent) end();
  }

  /** The server has this page in the room: what was written is said. */
  entered() {
    if (this.isConnected) this.outbox.connected();
  }

  /** The page has ended. */
  close() {
    this.#closed = true;
    this.#outgoing.close();
    this.#incoming.close();
    this.#connection.close();
    this.outbox.close();
  }

  /**
   * @param {Said} said
   * @param {(event: string, fields: object) => void} send
   * @param {() => void} [unsaid]
   */
  #send(said, send, unsaid) {
    if (!this.isConnected) return false;
    this.#outgoing.add({ said, send, unsaid });
    return true;
  }

  /** @param {import('./outbox.js').Posted} message */
  #post(message) {
    const { ref, text, again } = message;
    this.#send({ event: 'message', fields: { room: this.#room, ref, again }, text }, (...sealed) => {
      if (this.outbox.sent(message)) this.#connection.send(...sealed);
    }, () => this.outbox.failed(message));
  }

  #lost() {
    if (this.#closed) return;
    this.#losses += 1;
    this.#outgoing.clear();
    this.outbox.disconnected();
    this.#incoming.add({ event: 'disconnect', data: {}, losses: this.#losses });
  }

  /**
   * @param {unknown} event
   * @param {unknown} data
   */
  #received(event, data) {
    const known = eventOf(event, data);
    if (known) this.#incoming.add(known);
    else console.warn('not understood:', event);
  }

  /** @param {ServerEvent | Change | Answer} heard */
  #handOn(heard) {
    if (heard.event === 'answered') {
      heard.hear();
      return;
    }
    // A connection that was lost meanwhile is none to speak into.
    if (heard.event === 'connect' && heard.losses !== this.#losses) return;
    if (heard.event === 'room_error' && heard.data.ref !== undefined) this.outbox.refused(heard.data.ref);
    this.#tell(heard.event, heard.event === 'message' ? this.#noted(heard) : heard.data);
  }

  /**
   * @param {keyof Heard} event
   * @param {unknown} data
   */
  #tell(event, data) {
    for (const handle of this.#handlers.get(event) ?? []) {
      if (this.#closed) return;
      try {
        handle(data);
      } catch (error) {
        reportError(error); // the others hear it all the same
      }
    }
  }

  /**
   * Tells the outbox what became of its message. Nobody else's message is one of them, whatever it says.
   *
   * @param {{data: Payloads['message']}} heard
   * @returns {Message}
   */
  #noted({ data }) {
    return data.ref === undefined || !this.#isOwn(data) ? data : { ...data, text: this.outbox.relayed(data.ref) };
  }

  /** @param {Payloads['message']} message */
  #isOwn({ member }) {
    return !member || !this.#seat || member === this.#seat;
  }
}

/**
 * @param {Said} said
 * @returns {{event: string, fields: object}}
 */
const withoutText = ({ event, fields }) => ({ event, fields });

/** @param {ServerEvent} event */
const asItIs = (event) => event;

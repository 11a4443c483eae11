const minute = 60_000; // milliseconds
const spare = 10 * minute; // people open a link later than they are sent it
const pause = 5 * minute; // between two that are asked for by the clock: shortly before the room's end none lives longer
const patience = 10_000; // milliseconds for the server's answer

/**
 * The address that opens the start page with an invitation. It is in the fragment, which
 * browsers do not send, so that it is in nobody's logs.
 *
 * @param {string} lookup
 */
function linkOf(lookup) {
  return `${location.origin}/#${lookup}`;
}

/** The page's invitation. It is asked for when somebody wants to send it, and used again while enough of its time is left. */
export class Invitation {
  #events;
  #changed;
  /** @type {{link: string, hash: string, renewal: number, end: number} | undefined} moments in milliseconds, by this page's clock */
  #living;
  #wanted = false;
  #asked = false; // and not answered yet
  #since = 0; // when it was asked for
  /** @type {'late' | 'over' | undefined} the server did not answer, or the link was ended */
  #trouble;
  #isOutdated = false; // the answer on its way is an invitation that was ended since
  /** @type {((link: string | undefined) => void)[]} */
  #waiting = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {import('../transport/events.js').Events} events
   * @param {() => void} changed is called when there is another link, or a reason why there is none
   */
  constructor(events, changed) {
    this.#events = events;
    this.#changed = changed;
    events.on('invite', (invite) => this.#received(invite));
    events.on('invites', ({ hashes }) => {
      if (!this.#living || hashes.includes(this.#living.hash)) return;
      // It was ended elsewhere. Another one is for somebody to ask for: two pages that asked by themselves could
      // go on ending each other's.
      this.#living = undefined;
      this.#trouble = this.#asked ? undefined : 'over';
      this.#changed();
    });
    events.on('connect', () => { if (this.#wanted) this.#renew(); });
    events.on('disconnect', () => {
      this.#isOutdated = false; // no answer is on its way any more
      this.#failed(false);
    });
    events.on('room_error', ({ ref }) => { if (this.#asked && ref === undefined) this.#failed(true); });
  }

  /** The link; undefined if there is none at the moment. */
  get link() {
    return this.#isLiving() ? this.#living?.link : undefined;
  }

  /** The milliseconds that the link still works. */
  get left() {
    return Math.max(0, (this.#living?.end ?? 0) - Date.now());
  }

  /** @returns {'offline' | 'late' | 'over' | undefined} why there is no link; undefined if there is one, or one is on its way */
  get trouble() {
    if (this.#isLiving()) return undefined;
    if (!this.#events.isConnected) return 'offline';
    return this.#trouble;
  }

  /** Has a link ready from now on. */
  want() {
    this.#wanted = true;
    this.#renew();
  }

  /** Lets the link run out. */
  unwant() {
    this.#wanted = false;
    if (!this.#asked) clearTimeout(this.#timer);
  }

  /**
   * The link, once there is one; undefined if there can be none now.
   *
   * @returns {Promise<string | undefined>}
   */
  get() {
    this.#renew();
    if (this.link !== undefined || !this.#asked) return Promise.resolve(this.link);
    return new Promise((resolve) => { this.#waiting.push(resolve); });
  }

  /**
   * Ends all links of this member, also those of other tabs and of this page before it was loaded again, and
   * asks for a new one. False if there is no connection.
   */
  endAll() {
    if (!this.#events.say('revoke_invite')) return false;
    this.#living = undefined;
    this.#isOutdated ||= this.#asked;
    this.#renew();
    this.#changed();
    return true;
  }

  /** Nothing is asked for any more. */
  stop() {
    clearTimeout(this.#timer);
    this.#wanted = false;
  }

  #isLiving() {
    return this.#living !== undefined && Date.now() < this.#living.end;
  }

  #renew() {
    if (this.#asked) return;
    clearTimeout(this.#timer);
    const rest = (this.#living?.renewal ?? 0) - Date.now();
    if (rest > 0) {
      if (this.#wanted) this.#timer = setTimeout(() => this.#renew(), rest);
      return;
    }
    this.#trouble = undefined;
    this.#since = Date.now();
    this.#asked = this.#events.say('request_invite');
    if (this.#asked) this.#timer = setTimeout(() => this.#failed(true), patience);
    this.#changed();
  }

  /** @param {import('../transport/shapes.js').Payloads['invite']} invite */
  #received({ lookup, hash, lasts }) {
    if (this.#isOutdated) {
      this.#isOutdated = false;
      this.#asked = false;
      this.#renew();
      return;
    }
    // The answer may have been long on its way to a page that the browser had put to sleep.
    const end = this.#since + lasts * 1000;
    this.#living = { link: linkOf(lookup), hash, renewal: Math.max(end - spare, this.#since + pause), end };
    this.#answered();
    if (this.#wanted) this.#renew();
  }

  /** @param {boolean} isLate */
  #failed(isLate) {
    this.#trouble = isLate ? 'late' : undefined;
    this.#answered();
    if (isLate && this.#wanted) this.#timer = setTimeout(() => this.#renew(), patience);
  }

  #answered() {
    this.#asked = false;
    clearTimeout(this.#timer);
    for (const resolve of this.#waiting.splice(0)) resolve(this.link);
    this.#changed();
  }
}

/** The applicant's request: asked with every connection, until it is decided or taken back. */
export class JoinRequest {
  #events;
  #applicant;
  #display;
  #home;
  #cancelled = false;
  #leaving = false;

  /**
   * @param {import('../transport/events.js').Events} events
   * @param {{room: string, id: string, name: string}} applicant `room` as the room page's address names it, `id` the request's
   * @param {import('./display.js').Display} display
   * @param {HTMLElement} home the link to the start page, which takes the request back
   */
  constructor(events, applicant, display, home) {
    this.#events = events;
    this.#applicant = applicant;
    this.#display = display;
    this.#home = home;
    events.on('connect', () => this.#knock());
    events.on('request_status', (status) => { if (this.#isMine(status)) display.show(status); });
    events.on('join_approved', (verdict) => { if (this.#isMine(verdict)) this.#approved(); });
    events.on('join_denied', (verdict) => { if (this.#isMine(verdict)) this.#denied(verdict); });
    home.addEventListener('click', (event) => this.#cancel(event));
  }

  #knock() {
    const { id, name } = this.#applicant;
    // A withdrawal that was lost with its connection is said again, and nobody asked once more.
    if (this.#cancelled) this.#events.say('withdraw_request', { user_id: id });
    else this.#events.say('join_request', { user: name, user_id: id });
  }

  /**
   * Another tab of this browser may wait as well.
   *
   * @param {{user_id: string}} said
   */
  #isMine({ user_id: id }) {
    return id === this.#applicant.id;
  }

  #approved() {
    const { room, id, name } = this.#applicant;
    if (this.#cancelled) {
      // The last yes was faster. A place that nobody takes would be kept, and counted.
      this.#leaving = true;
      this.#events.sayLast('leave_room', { room: id, display_name: name, final: true }, () => this.#go());
      return;
    }
    this.#events.close();
    this.#display.admit();
    location.replace(`/room/${encodeURIComponent(room)}`);
  }

  /** @param {{code?: string, reason?: string}} verdict */
  #denied({ code, reason }) {
    if (this.#cancelled) return;
    this.#events.close();
    this.#display.refuse(code, reason);
  }

  /** @param {MouseEvent} event */
  #cancel(event) {
    const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey;
    // It is a link to the start page, and that is all it has to be then.
    if (elsewhere || !this.#events.isConnected) return;
    event.preventDefault();
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#home.setAttribute('aria-disabled', 'true');
    this.#events.sayLast('withdraw_request', { user_id: this.#applicant.id }, () => {
      if (!this.#leaving) this.#go();
    });
  }

  #go() {
    this.#events.close();
    location.replace('/');
  }
}

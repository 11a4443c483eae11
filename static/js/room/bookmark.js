import { forget, recall, remember } from '../ui/storage.js';

const key = 'read';
const area = 'sessionStorage';

/**
 * The message up to which somebody has read, kept for this tab over a reload: browsers throw pages
 * away that are not looked at, and load them again when they are.
 */
export class Bookmark {
  #seat;
  #isOver = false;

  /**
   * The message's id; undefined if nothing was read in this tab.
   *
   * @readonly
   * @type {number | undefined}
   */
  id;

  /**
   * @param {string} room the last part of the room page's address
   * @param {string} member the person's id in the room
   */
  constructor(room, member) {
    this.#seat = `${room} ${member} `;
    const kept = recall(key, area);
    const id = kept?.startsWith(this.#seat) ? Number(kept.slice(this.#seat.length)) : NaN;
    this.id = Number.isSafeInteger(id) ? id : undefined;
  }

  /** @param {number} id replaces the one that was kept */
  keep(id) {
    if (!this.#isOver) remember(key, this.#seat + id, area);
  }

  /** Erases it, and keeps none any more. */
  forget() {
    this.#isOver = true;
    forget(key, area);
  }
}

import { forget, recall, remember } from './storage.js';

const key = 'draft';
const area = 'sessionStorage';

/**
 * What somebody has written and not sent, kept for this tab over a reload. There is one place for
 * it: a page of another seat never shows it, and takes it away.
 */
export class Draft {
  #seat;

  /**
   * `room` is the last part of the room page's address, `member` the person's id in it.
   *
   * @param {string} room
   * @param {string} member
   */
  constructor(room, member) {
    this.#seat = { room, member };
  }

  /** The text that was kept for this seat, or ''. */
  take() {
    const kept = stored();
    if (kept?.room === this.#seat.room && kept.member === this.#seat.member) return kept.text;
    this.forget();
    return '';
  }

  /** @param {string} text replaces what was kept; '' erases it */
  keep(text) {
    if (text === '') this.forget();
    else remember(key, JSON.stringify({ ...this.#seat, text }), area);
  }

  forget() {
    forget(key, area);
  }
}

/**
 * Erases what was written in a room that the person is no member of any more. One who only took a
 * step back, and comes forward again, finds it where it was.
 */
export async function forgetLostDraft() {
  const kept = stored();
  if (!kept) {
    forget(key, area); // what nobody can read
    return;
  }
  try {
    // The server sends away from the room's page who is not in it.
    const answer = await fetch(`/room/${encodeURIComponent(kept.room)}`, { redirect: 'manual' });
    if (answer.type === 'opaqueredirect') forget(key, area);
  } catch (error) {
    console.warn(error); // whether it can be sent will show when the room can be asked for
  }
}

function stored() {
  try {
    const kept = JSON.parse(recall(key, area) ?? 'null');
    return typeof kept?.text === 'string' && typeof kept.room === 'string' ? kept : undefined;
  } catch {
    return undefined; // not ours
  }
}

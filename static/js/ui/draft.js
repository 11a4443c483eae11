import { forget, recall, remember } from './storage.js';

const key = 'draft';
const area = 'sessionStorage';

/**
 * The text that somebody has written and not sent, kept for this tab over a reload. A tab
 * has one place for it: a page of another seat never shows it, and takes it away.
 */
export class Draft {
  #seat;

  /**
   * @param {string} room the last part of the room page's address
   * @param {string} member the person's id in the room
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

  /** @param {string} text replaces the one that was kept; '' erases it */
  keep(text) {
    if (text === '') this.forget();
    else remember(key, JSON.stringify({ ...this.#seat, text }), area);
  }

  /** Erases the text. */
  forget() {
    forget(key, area);
  }
}

/**
 * Erases a text that was written in a room of which the person is no member any more. Somebody
 * who only took a step back, and comes forward again, finds it where it was.
 */
export async function forgetLostDraft() {
  const kept = stored();
  if (!kept) {
    forget(key, area); // nobody can read it
    return;
  }
  try {
    // The server redirects everybody but members from the room's page.
    const answer = await fetch(`/room/${encodeURIComponent(kept.room)}`, { redirect: 'manual' });
    if (answer.type === 'opaqueredirect') forget(key, area);
  } catch (error) {
    console.warn(error); // the next visit to the start page asks again
  }
}

/** @returns {{room: string, member: unknown, text: string} | undefined} undefined if there is none, or it is not ours */
function stored() {
  try {
    const kept = JSON.parse(recall(key, area) ?? 'null');
    return typeof kept?.text === 'string' && typeof kept.room === 'string' ? kept : undefined;
  } catch {
    return undefined;
  }
}

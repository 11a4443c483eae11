import { ahead } from '../ui/moments.js';
import { text } from '../ui/words.js';

const nextDays = new Intl.RelativeTimeFormat(document.documentElement.lang || undefined, { numeric: 'auto' });
const minute = 60_000; // milliseconds
const day = 24 * 60 * minute;
const loaded = Date.now();

/**
 * Says by this browser's clock when the chats of the page end. The server knows neither its zone nor
 * its clock's hours, nor whether the clock is right, so it says how long that is from now.
 */
export function sayEnds() {
  const now = new Date();
  for (const place of document.querySelectorAll('.chat-end')) {
    const left = Number(place.getAttribute('data-left')) * 1000;
    // It begins with this minute, as the room says as well: nothing ends earlier than told.
    const end = new Date(Math.floor((loaded + left) / minute) * minute);
    if (end > now) place.textContent = endsAt(end, now);
  }
}

/**
 * When a chat ends, in words.
 *
 * @param {Date} end
 * @param {Date} now
 */
function endsAt(end, now) {
  const moment = ahead((end.getTime() - now.getTime()) / 1000);
  // Between two midnights there may be 23 or 25 hours.
  const days = Math.round((midnightBefore(end) - midnightBefore(now)) / day);
  if (days > 1) return text('chats.ends-later', { day: moment.day, time: moment.time });
  return text('chats.ends-soon', { day: nextDays.format(days, 'day'), time: moment.time });
}

/** @param {Date} moment */
const midnightBefore = (moment) => new Date(moment.getFullYear(), moment.getMonth(), moment.getDate()).getTime();

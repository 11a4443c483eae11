const language = document.documentElement.lang || undefined;
const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
const full = new Intl.DateTimeFormat(language, { weekday: 'long', day: 'numeric', month: 'long' });
const dayLength = 24 * 60 * 60 * 1000; // milliseconds, but for two days a year
const pause = 15 * 60 * 1000; // milliseconds without a row, after which the next one has its time above it
const longest = 60 * 60 * 1000; // milliseconds for which one time may hold

/**
 * The midnight before a moment.
 *
 * @param {Date} moment
 */
export function dayOf(moment) {
  return new Date(moment.getFullYear(), moment.getMonth(), moment.getDate());
}

/**
 * The name that people have for a day: today, yesterday, or its date.
 *
 * @param {Date} day its midnight
 * @param {Date} [now]
 */
export function nameOfDay(day, now = new Date()) {
  const ago = Math.round((dayOf(now).getTime() - day.getTime()) / dayLength);
  const name = ago === 0 || ago === 1 ? relative.format(-ago, 'day') : full.format(day);
  return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
}

/**
 * Whether a row needs its time above it.
 *
 * @param {number} at the row's moment, in milliseconds
 * @param {{last: number, shown: number}} before the moment of the row before, and the time that was last shown
 */
export function isAfterPause(at, { last, shown }) {
  return at - last >= pause || at - shown >= longest;
}

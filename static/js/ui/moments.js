// Days and times in the page's language. The browser decides between twelve and twenty-four
// hours: a language alone does not tell which of them a person uses.
const language = document.documentElement.lang || undefined;
const { hourCycle } = new Intl.DateTimeFormat(undefined, { hour: 'numeric' }).resolvedOptions();
// By `numeric` some languages say 4:02 and others 04:02.
const time = new Intl.DateTimeFormat(language, { hour: hourCycle?.startsWith('h2') ? '2-digit' : 'numeric', minute: '2-digit', hourCycle });
const weekday = new Intl.DateTimeFormat(language, { weekday: 'long' });
const date = new Intl.DateTimeFormat(language, { weekday: 'long', day: 'numeric', month: 'long' });
const relative = new Intl.RelativeTimeFormat(language);
const [minute, hour, day] = [60, 3600, 24 * 3600]; // seconds

/**
 * The time of day.
 *
 * @param {Date} moment
 */
export const timeOf = (moment) => time.format(moment);

/**
 * A moment to come, in the words that a text has placeholders for: `left` is how long until
 * then, as in “in 3 hours”, and `day` and `time` say when that is.
 *
 * @param {number} seconds until then
 */
export function ahead(seconds) {
  const moment = new Date(Date.now() + seconds * 1000);
  // In seven days the weekday is today's.
  return { left: span(seconds), day: (seconds < 6 * day ? weekday : date).format(moment), time: timeOf(moment) };
}

/** @param {number} seconds */
function span(seconds) {
  const minutes = Math.max(1, Math.round(seconds / minute));
  if (minutes < 120 && minutes !== 60) return relative.format(minutes, 'minute');
  if (seconds < 2 * day) return relative.format(Math.round(seconds / hour), 'hour');
  return relative.format(Math.round(seconds / day), 'day');
}

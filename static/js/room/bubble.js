import { isEmoji, textOf } from './content.js';
import { element } from '../ui/dom.js';

const short = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const hues = 8; // as many as the style sheet has

/**
 * A message as the server relays it. Every field but the first two may be missing.
 *
 * @typedef {object} Message
 * @property {string} content the text, as markup that the server has made safe
 * @property {string} sender the sender's name, escaped
 * @property {string} [timestamp] the time on the server's clock, HH:MM:SS
 * @property {number} [id] grows within a room
 * @property {string} [member] the sender's id in the room
 * @property {string} [name] the sender's name as it was chosen
 * @property {number} [at] the moment, in milliseconds since 1970
 * @property {string} [ref] the id that this page gave to a message of its own
 */

/**
 * The bubble of a message.
 *
 * @param {string | Node} content
 */
export function bubbleOf(content) {
  const node = element('div', { className: 'message-content', dir: 'auto' }, content);
  if (isEmoji(node.textContent)) node.classList.add('emoji');
  return node;
}

/**
 * The name of a message's sender, as it was chosen.
 *
 * @param {Pick<Message, 'name' | 'sender'>} message
 */
export function senderName({ name, sender }) {
  return typeof name === 'string' ? name : textOf(String(sender));
}

/**
 * The moment of a message; undefined if the message does not tell it.
 *
 * @param {Pick<Message, 'at'>} message
 */
export function momentOf({ at }) {
  const moment = new Date(at ?? NaN);
  return Number.isNaN(moment.getTime()) ? undefined : moment;
}

/**
 * The time under a message.
 *
 * @param {Message} message
 */
export function timeOf(message) {
  const moment = momentOf(message);
  if (!moment) return element('time', { className: 'message-time' }, String(message.timestamp ?? '').slice(0, 5));
  return element('time', { className: 'message-time', dateTime: moment.toISOString() }, short.format(moment));
}

/**
 * The number of a person's colour, the same on every page.
 *
 * @param {string} id the person's id, or their name if they have none
 */
export function hueOf(id) {
  let sum = 0;
  for (const character of String(id)) sum = (sum * 31 + Number(character.codePointAt(0))) % 65_521;
  return sum % hues;
}

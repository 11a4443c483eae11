import { isEmoji, textOf } from './content.js';
import { element } from '../ui/dom.js';
import { timeOf as timeOfDay } from '../ui/moments.js';

/** @typedef {import('../transport/events.js').Message} Message */

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
  return name ?? textOf(sender);
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
 * The time of a message, to stand beside it.
 *
 * @param {Message} message
 */
export function timeOf(message) {
  const moment = momentOf(message);
  if (!moment) return element('time', { className: 'message-time' }, String(message.timestamp ?? '').slice(0, 5));
  return element('time', { className: 'message-time', dateTime: moment.toISOString() }, timeOfDay(moment));
}

import { asMarkup } from './content.js';

/**
 * Seals a message of a room that is not encrypted: its text becomes markup that shows it.
 *
 * @param {import('../transport/events.js').Said} said
 */
export function sealPlainly({ event, fields, text }) {
  if (text === undefined) return { event, fields };
  const { room, ...others } = fields;
  return { event, fields: { room, message: asMarkup(text), ...others } };
}

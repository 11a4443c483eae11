import { text } from './words.js';

/**
 * What shows a page's connection, as long as there is something to say about it.
 *
 * @param {HTMLElement} label
 * @returns {(state: 'online' | 'offline' | 'closed') => void}
 */
export const connectionLabel = (label) => (state) => {
  label.dataset.state = state;
  label.textContent = text(`connection.${state}`);
};

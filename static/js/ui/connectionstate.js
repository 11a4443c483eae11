import { text } from './words.js';

/**
 * Returns the function that shows the state of a page's connection.
 *
 * @param {HTMLElement} label
 * @returns {(state: 'online' | 'offline' | 'closed') => void}
 */
export const connectionLabel = (label) => (state) => {
  label.dataset.state = state;
  label.textContent = text(`connection.${state}`);
};

import { element } from '../ui/dom.js';
import { hueOf } from './hues.js';
import { text } from '../ui/words.js';

const characters = new Intl.Segmenter();

/**
 * @typedef {object} Member
 * @property {string} member the person's id in the room
 * @property {string} name
 * @property {boolean} present
 * @property {boolean} you true for the person at the page
 */

/** The list of the members, in a dialog. */
export class Members {
  #list;

  /**
   * @param {HTMLDialogElement} dialog
   * @param {HTMLElement} list
   * @param {HTMLElement[]} openers the buttons that open the dialog
   * @param {() => void} opened asks the server for what the dialog shows
   */
  constructor(dialog, list, openers, opened) {
    this.#list = list;
    for (const opener of openers) {
      opener.addEventListener('click', () => {
        dialog.showModal();
        opened();
      });
    }
  }

  /** @param {Member[]} members */
  show(members) {
    this.#list.replaceChildren(...members.map(itemOf));
  }
}

/** @param {Member} each */
function itemOf({ member, name, present, you }) {
  const state = you ? 'members.you' : present ? 'members.here' : 'members.away';
  return element('li', { className: present ? 'member' : 'member away' },
    avatarOf(member, name),
    element('span', { className: 'member-name', dir: 'auto' }, name),
    element('span', { className: 'member-notes' }, text(state)));
}

/**
 * A picture for a person: the first character of the name, as people see characters, in
 * their colour.
 *
 * @param {string} id
 * @param {string} name
 */
export function avatarOf(id, name) {
  const [first] = characters.segment(name);
  return element('span', { className: 'avatar', ariaHidden: 'true', 'data-person': id, 'data-hue': hueOf(id) }, first?.segment.toLocaleUpperCase() ?? '');
}

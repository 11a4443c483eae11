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
   * @param {HTMLElement} opener the button that opens the dialog
   * @param {() => void} ask asks the server for the members
   */
  constructor(dialog, list, opener, ask) {
    this.#list = list;
    opener.addEventListener('click', () => {
      dialog.showModal();
      ask();
    });
  }

  /** @param {Member[]} members */
  show(members) {
    this.#list.replaceChildren(...members.map((each) => this.#item(each)));
  }

  /** @param {Member} each */
  #item({ member, name, present, you }) {
    const notes = [];
    if (you) notes.push(text('members.you'));
    if (!present) notes.push(text('members.away'));
    return element('li', { className: present ? 'member' : 'member away' },
      avatarOf(member, name),
      element('span', { className: 'member-name', dir: 'auto' }, name),
      element('span', { className: 'member-notes' }, notes.join(' · ')));
  }
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

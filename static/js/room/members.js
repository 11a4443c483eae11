import { hueOf } from './bubble.js';
import { element } from '../ui/dom.js';
import { text } from '../ui/words.js';

/**
 * @typedef {object} Member
 * @property {string} member the person's id in the room
 * @property {string} name
 * @property {boolean} present
 * @property {boolean} you true for the person at the page
 */

/** The list of the members, in a dialog. */
export class Members {
  #dialog;
  #list;
  #ask;

  /**
   * @param {HTMLDialogElement} dialog
   * @param {HTMLElement} list
   * @param {HTMLElement} opener the button that opens the dialog
   * @param {() => void} ask asks the server for the members
   */
  constructor(dialog, list, opener, ask) {
    this.#dialog = dialog;
    this.#list = list;
    this.#ask = ask;
    opener.addEventListener('click', () => {
      dialog.showModal();
      ask();
    });
  }

  /** Asks for the members again, if the dialog is open: somebody came or went. */
  changed() {
    if (this.#dialog.open) this.#ask();
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
  const [first] = new Intl.Segmenter().segment(name);
  return element('span', { className: 'avatar', ariaHidden: 'true', 'data-hue': hueOf(id) }, first?.segment.toLocaleUpperCase() ?? '');
}

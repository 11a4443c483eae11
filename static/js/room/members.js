import { hueOf } from './bubble.js';
import { element } from '../ui/dom.js';
import { text } from '../ui/words.js';

/** The list of the members, in a dialog. */
export class Members {
  #dialog;
  #list;
  #ask;

  /** `ask()` asks the server for the members: when the dialog opens and while it is open. */
  constructor(dialog, list, opener, ask) {
    this.#dialog = dialog;
    this.#list = list;
    this.#ask = ask;
    opener.addEventListener('click', () => {
      dialog.showModal();
      ask();
    });
  }

  /** Somebody came or went. */
  changed() {
    if (this.#dialog.open) this.#ask();
  }

  /** Shows members: [{member, name, present, you}]. */
  show(members) {
    this.#list.replaceChildren(...members.map((each) => this.#item(each)));
  }

  #item({ member, name, present, you }) {
    const notes = [you && text('members.you'), !present && text('members.away')].filter(Boolean);
    return element('li', { className: present ? 'member' : 'member away' },
      avatarOf(member, name),
      element('span', { className: 'member-name', dir: 'auto' }, name),
      element('span', { className: 'member-notes' }, notes.join(' · ')));
  }
}

/** A picture for a person: the first character of the name, as people see characters, in their colour. */
export function avatarOf(id, name) {
  const [first] = new Intl.Segmenter().segment(name);
  return element('span', { className: 'avatar', ariaHidden: 'true', 'data-hue': hueOf(id) }, first?.segment.toLocaleUpperCase() ?? '');
}

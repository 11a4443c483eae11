import { hueOf } from './bubble.js';
import { element } from './dom.js';
import { text } from './words.js';

/** The list of the members, in a dialog. */
export class Members {
  #dialog;
  #list;

  /** `ask()` asks the server for the members: when the dialog opens and while it is open. */
  constructor(dialog, list, opener, ask) {
    this.#dialog = dialog;
    this.#list = list;
    this.ask = ask;
    opener.addEventListener('click', () => {
      dialog.showModal();
      ask();
    });
  }

  /** Somebody came or went. */
  changed() {
    if (this.#dialog.open) this.ask();
  }

  /** Shows members: [{member, name, present, you}]. */
  show(members) {
    this.#list.replaceChildren(...members.map((each) => this.#item(each)));
  }

  #item({ member, name, present, you }) {
    const notes = [you && text('members.you'), !present && text('members.away')].filter(Boolean);
    const item = element('li', { className: present ? 'member' : 'member away' },
      element('span', { className: 'avatar', ariaHidden: 'true' }, initialOf(name)),
      element('span', { className: 'member-name', dir: 'auto' }, name),
      element('span', { className: 'member-notes' }, notes.join(' · ')));
    item.dataset.hue = hueOf(member);
    return item;
  }
}

/** The first character of a name, as people see characters. */
export function initialOf(name) {
  const [first] = new Intl.Segmenter().segment(name);
  return first?.segment.toLocaleUpperCase() ?? '';
}

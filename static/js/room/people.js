import { avatarOf } from './members.js';
import { titleOf } from './names.js';
import { ahead } from '../ui/moments.js';
import { counted, text } from '../ui/words.js';

const people = { one: 'room.people.one', other: 'room.people.other' };
const faces = 2; // beside the title

/** Shows who is in the room: the others' names as its title, how many there are, and how long the room lives. */
export class People {
  #parts;
  #titled;
  #present;
  #members = 0;

  /**
   * @param {import('../transport/events.js').Events} events
   * @param {{names: HTMLElement, faces: HTMLElement, count: HTMLElement, end: HTMLElement}} parts
   * @param {(title: string) => void} titled is told the room's title
   */
  constructor(events, parts, titled) {
    this.#parts = parts;
    this.#titled = titled;
    this.#present = Number(parts.count.dataset.people);
    this.#showCount();
    events.on('join_success', ({ count }) => this.#count(count));
    events.on('update_participants', ({ count }) => this.#count(count));
    events.on('room_status', ({ participant_count: count, expires_in: seconds }) => {
      this.#count(count);
      this.#showEnd(seconds);
    });
  }

  /** @param {import('./members.js').Member[]} members all of them, those who are away too */
  show(members) {
    const others = members.filter(({ you }) => !you);
    const title = titleOf(others.map(({ name }) => name));
    this.#parts.names.textContent = title;
    this.#parts.faces.replaceChildren(...others.slice(0, faces).map(({ member, name }) => avatarOf(member, name)));
    this.#titled(title);
    this.#members = members.length;
    this.#present = members.filter(({ present }) => present).length;
    this.#showCount();
  }

  /**
   * Says how it ended for this person, in place of the number of people.
   *
   * @param {string} said
   */
  end(said) {
    this.#parts.count.textContent = said;
  }

  /** @param {number | undefined} present */
  #count(present) {
    if (present === undefined) return;
    this.#present = present;
    this.#showCount();
  }

  // The number of those who are there is told as soon as it changes, and who they are a moment later.
  #showCount() {
    const all = Math.max(this.#members, this.#present);
    const away = all - this.#present;
    const said = [counted(people, all)];
    if (away > 0) said.push(text('room.people.away', { number: away }));
    this.#parts.count.textContent = said.join(' · ');
  }

  /** @param {number | undefined} seconds */
  #showEnd(seconds) {
    if (seconds !== undefined) this.#parts.end.textContent = text('room.ends', ahead(seconds));
  }
}

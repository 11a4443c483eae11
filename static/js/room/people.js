import { textOf } from './content.js';
import { ahead } from '../ui/moments.js';
import { counted, text } from '../ui/words.js';

const people = { one: 'room.people.one', other: 'room.people.other' };

/** Shows the number of the members, their names in a dialog, and there also how long the room lives. */
export class People {
  #count;
  #end;

  /**
   * @param {import('../transport/events.js').Events} events
   * @param {import('./members.js').Members} members
   * @param {{count: HTMLElement, end: HTMLElement}} parts
   */
  constructor(events, members, { count, end }) {
    this.#count = count;
    this.#end = end;
    this.#showCount(Number(count.textContent));
    events.on('join_success', (joined) => this.#showCount(joined.count));
    events.on('update_participants', (now) => this.#showCount(now.count));
    events.on('members', ({ members: all }) => members.show(all.map((each) => ({ ...each, name: textOf(each.display_name) }))));
    events.on('room_status', ({ participant_count: present, expires_in: seconds }) => {
      this.#showCount(present);
      this.#showEnd(seconds);
    });
  }

  /** @param {number | undefined} count */
  #showCount(count) {
    if (count !== undefined) this.#count.textContent = counted(people, count);
  }

  /** @param {number | undefined} seconds */
  #showEnd(seconds) {
    if (seconds !== undefined) this.#end.textContent = text('room.ends', ahead(seconds));
  }
}

// Situations that many tests begin with.
import { Person } from './person.mjs';

/** @typedef {import('./person.mjs').ConnectOptions} ConnectOptions */
/** @typedef {{t?: import('./wait.mjs').Test, person?: Person} & ConnectOptions} SeatOptions without `person` there is a new one, who goes with the test `t` */
/** @typedef {Pick<import('./person.mjs').Room, 'roomId' | 'path' | 'code' | 'name'>} Room */
/** @typedef {{person: Person, knock: import('./person.mjs').Knock, conn: import('./connection.mjs').Connection, name: string}} Applicant */

/** One seat at a table: the person, their room page and their connection. */
export class Seat {
  /**
   * @param {Person} person
   * @param {Room} room
   * @param {import('./connection.mjs').Connection} conn
   * @param {string} [userId] the id of the request, of a person who asked to be let in
   */
  constructor(person, room, conn, userId) {
    this.person = person;
    this.room = room;
    this.conn = conn;
    this.userId = userId;
  }

  get name() { return this.room.name; }
  get roomId() { return this.room.roomId; }

  /** @param {string} text */
  say(text) {
    this.conn.emit('message', { room: this.roomId, message: text });
    return this;
  }

  /**
   * Emits an event with the room filled in.
   *
   * @param {string} event
   * @param {object} [fields]
   */
  emit(event, fields = {}) {
    this.conn.emit(event, { room: this.roomId, ...fields });
    return this;
  }
}

/**
 * Somebody opens a room and enters it.
 *
 * @param {import('./person.mjs').Place} server
 * @param {string} [name]
 * @param {SeatOptions} [options]
 */
export async function createRoom(server, name = 'Ana', { t, person = new Person(server, { t }), ...connect } = {}) {
  const room = await person.create(name);
  return new Seat(person, room, await person.enter(room, connect));
}

/**
 * Somebody asks with the room's code, or by an invitation, and waits on a connected waiting page.
 *
 * @param {import('./person.mjs').Place} server
 * @param {import('./person.mjs').Way} way
 * @param {string} name
 * @param {SeatOptions} [options]
 * @returns {Promise<Applicant>}
 */
export async function knock(server, way, name, { t, person = new Person(server, { t }), ...connect } = {}) {
  const waiting = await person.join(way, name);
  const conn = await person.connect(connect);
  conn.emit('join_request', { room: waiting.pending, user: waiting.data.displayName, user_id: waiting.userId });
  await conn.barrier();
  return { person, knock: waiting, conn, name };
}

/**
 * A member's page asks for an invitation. It resolves to the lookup.
 *
 * @param {Seat} member
 * @returns {Promise<string>}
 */
export async function invite(member) {
  const from = member.conn.mark();
  member.emit('request_invite');
  return (await member.conn.waitFor('invite', () => true, { from })).lookup;
}

/**
 * The members let the applicant in. It resolves to the applicant's Seat, connected and joined.
 *
 * @param {Seat[]} members
 * @param {Applicant} applicant
 * @param {ConnectOptions} [connect]
 */
export async function admit(members, applicant, connect = {}) {
  const { userId } = applicant.knock;
  for (const member of members) {
    await member.conn.waitFor('join_request', (request) => request.user_id === userId);
    member.emit('approve_join', { user_id: userId });
  }
  await applicant.conn.waitFor('join_approved', (verdict) => verdict.user_id === userId);
  applicant.conn.close();
  return takeSeat(applicant, connect);
}

/**
 * An admitted applicant opens the room's page and joins.
 *
 * @param {Pick<Applicant, 'person' | 'knock' | 'name'>} applicant
 * @param {ConnectOptions} [connect]
 */
export async function takeSeat({ person, knock: waiting, name }, connect = {}) {
  const page = await person.openRoom(waiting.path);
  const room = { ...page, name };
  return new Seat(person, room, await person.enter(room, connect), waiting.userId);
}

/**
 * A room with these members, the first its creator. All of them are connected and joined, and
 * nothing more is on its way to them.
 *
 * @param {import('./person.mjs').Place} server
 * @param {string[]} names
 * @param {SeatOptions} [options]
 */
export async function roomWith(server, names, options = {}) {
  const { t, person, ...connect } = options;
  const seats = [await createRoom(server, names[0], { t, person, ...connect })];
  for (const name of names.slice(1)) {
    const applicant = await knock(server, seats[0].room.code, name, { t, ...connect });
    seats.push(await admit(seats, applicant, connect));
  }
  const present = (/** @type {{count: number}} */ data) => data.count === names.length;
  await Promise.all(seats.map((seat) => seat.conn.waitFor('update_participants', present)));
  await Promise.all(seats.map((seat) => seat.conn.barrier()));
  return seats;
}

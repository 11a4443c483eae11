// Situations that many tests begin with.
import { Person } from './person.mjs';

/**
 * One seat at a table: the person, their room page and their connection.
 * `seat.say(text)` posts, `seat.room` is {roomId, path, code, name},
 * `seat.conn` the Connection.
 */
export class Seat {
  constructor(person, room, conn, userId) {
    Object.assign(this, { person, room, conn, userId });
  }

  get name() { return this.room.name; }
  get roomId() { return this.room.roomId; }

  say(text) {
    this.conn.emit('message', { room: this.roomId, message: text });
    return this;
  }

  /** Emits an event with the room filled in. */
  emit(event, fields = {}) {
    this.conn.emit(event, { room: this.roomId, ...fields });
    return this;
  }
}

/** Somebody opens a room and enters it. */
export async function createRoom(server, name = 'Ana', { t, person = new Person(server, { t }), ...connect } = {}) {
  const room = await person.create(name);
  return new Seat(person, room, await person.enter(room, connect));
}

/** Somebody asks with the room's code and waits on a connected waiting page: {person, knock, conn, name}. */
export async function knock(server, code, name, { t, person = new Person(server, { t }), ...connect } = {}) {
  const waiting = await person.join(code, name);
  const conn = await person.connect(connect);
  conn.emit('join_request', { room: waiting.pending, user: waiting.data.displayName, user_id: waiting.userId });
  await conn.barrier();
  return { person, knock: waiting, conn, name };
}

/** The members let the applicant in; resolves to the applicant's Seat, connected and joined. */
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

/** An admitted applicant opens the room's page and joins. */
export async function takeSeat({ person, knock: waiting, name }, connect = {}) {
  const page = await person.openRoom(waiting.path);
  const room = { ...page, name };
  return new Seat(person, room, await person.enter(room, connect), waiting.userId);
}

/** A room with these members, the first its creator; all of them connected and joined, and nothing more on its way to them. */
export async function roomWith(server, names, options = {}) {
  const { t, person, ...connect } = options;
  const seats = [await createRoom(server, names[0], { t, person, ...connect })];
  for (const name of names.slice(1)) {
    const applicant = await knock(server, seats[0].room.code, name, { t, ...connect });
    seats.push(await admit(seats, applicant, connect));
  }
  const present = (data) => data.count === names.length;
  await Promise.all(seats.map((seat) => seat.conn.waitFor('update_participants', present)));
  await Promise.all(seats.map((seat) => seat.conn.barrier()));
  return seats;
}

// A look at the embedded pages: tabs that show them, and people who are in the
// rooms without a browser, because a client costs a tenth of a page.
import { Stage } from '../browser/harness.mjs';
import { EmbeddedTab } from '../browser/tabs.mjs';
import { Person } from '../harness/person.mjs';
import { until } from '../harness/wait.mjs';

/** The server that serves the embedded pages. It says who runs it, at some length. */
export const embedded = { env: {
  TEMPLATES_DIR: undefined,
  OPERATOR_NAME: 'Verein für Nachbarschaftskommunikation e. V.',
  OPERATOR_URL: 'https://operator.example/',
  PRIVACY_URL: 'https://operator.example/privacy',
  SOURCE_URL: 'https://code.example/',
} };

/** The same for tests: nobody need hurry with a vote, or to come back. */
export const unhurried = { env: { ...embedded.env, APPROVAL_TIMEOUT: '10m', ABSENCE_GRACE: '1h' } };

/** Where one state is reached and looked at. `settings` are Playwright's of a browser context. */
export class Visit extends Stage {
  #people = [];

  constructor(browser, server, settings) {
    // Without movement, so that what is looked at stands still.
    super(browser, server, EmbeddedTab, { reducedMotion: 'reduce', ...settings });
  }

  /** Opens a room without a browser. */
  async host(name = 'Ana') {
    const person = this.#person();
    const { location } = await person.post('/', { display_name: name });
    return this.#member(person, name, location.split('/').pop(), location);
  }

  /** Somebody who asks to come in without a browser, once the room has heard of it. */
  async knock(code, name) {
    const person = this.#person();
    const { status } = await person.post('/join', { room_code: code, display_name: name });
    if (status !== 200) throw new Error(`${name} cannot ask to come in: ${status}`);
    person.page = '/join';
    return { name, person, connection: await person.connect() };
  }

  /** Lets somebody without a browser into the room that a tab shows; `others` are the room's other members. */
  async guest(tab, name, others = []) {
    const { person, connection } = await this.knock(await tab.code(), name);
    await tab.vote(name, true);
    for (const member of others) await member.accept(name);
    const { room } = await connection.waitFor('join_approved');
    connection.close();
    return this.#member(person, name, tab.path.split('/').pop(), `/room/${room}`);
  }

  async #member(person, name, roomId, path) {
    await person.open(path);
    return new Member(name, roomId, await person.enter({ path, roomId, name }));
  }

  #person() {
    const person = new Person(this.server);
    this.#people.push(person);
    return person;
  }

  async close() {
    for (const person of this.#people) person.close();
    await super.close();
  }
}

/** A member of a room without a browser. */
class Member {
  constructor(name, roomId, connection) {
    Object.assign(this, { name, roomId, connection });
  }

  say(message) { this.#emit('message', { message }); }

  /** Goes away, and may come back. */
  leave() { this.#emit('leave_room', {}); }

  type() { this.#emit('typing', {}); }

  /** A fresh code of the room. */
  async code() {
    const from = this.connection.mark();
    this.#emit('request_code_update');
    return (await this.connection.waitFor('code_update', undefined, { from })).new_code;
  }

  async accept(name) { await this.#answer('approve_join', name); }

  async decline(name) { await this.#answer('deny_join', name); }

  async #answer(event, name) {
    const request = await this.connection.waitFor('join_request', ({ user }) => user === name);
    this.#emit(event, { user_id: request.user_id });
  }

  #emit(event, fields) { this.connection.emit(event, { room: this.roomId, ...fields }); }
}

/**
 * Lets a test speak to a page in the server's place, for what the server says
 * only after a minute or a day: resolves to `tell(event, data)`. To be called before
 * the page connects. What the page says by the events in `swallow` is acknowledged and does not reach
 * the server; `tell.swallowed(event, field)` waits for the first of them and gives a field of it.
 */
export async function wiretap(tab, swallow = []) {
  let socket;
  const kept = [];
  await tab.page.routeWebSocket(/\/socket\.io\//, (opened) => {
    const server = opened.connectToServer();
    opened.onMessage((frame) => {
      const [, ack, json] = /^42(\d*)(\[.*)/s.exec(frame) ?? [];
      const [event, data] = json ? JSON.parse(json) : [];
      if (swallow.includes(event)) {
        kept.push({ event, data });
        if (ack) opened.send(`43${ack}[]`);
      } else {
        server.send(frame);
      }
    });
    socket = opened;
  });
  const tell = (event, data) => socket.send(`42${JSON.stringify([event, data])}`);
  tell.swallowed = (event, field) => until(() => kept.find((each) => each.event === event)?.data[field], { what: `the page's ${event}` });
  return tell;
}

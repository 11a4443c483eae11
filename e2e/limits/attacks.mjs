// Attacks send what strangers and members can send, each as much of it as one machine is able
// to. An attack takes hold of all that it can get, keeps it, and returns how to let go of it.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import { Person } from '../harness/person.mjs';
import { RawWebSocket } from '../harness/raw.mjs';
import { createRoom, invite } from '../harness/scenario.mjs';
import { patience, until } from '../harness/wait.mjs';

/** The most that a client may send at once, in bytes: the server says it in its handshake. */
const maxPayload = 3 << 20;

/** The i-th attacker's address: each has one of their own, which is the worst that can be. */
const address = (i) => `203.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
let attackers = 0;
const nextAddress = () => address(attackers++);

/** Resolves when a socket is open, or was refused. */
const settled = (socket) => new Promise((resolve) => {
  socket.once('connect', resolve);
  socket.once('close', resolve);
});

/** TCP connections, each open or refused. Who does not read leaves the answer to the kernels' buffers. */
async function connections(server, count, { reads = true } = {}) {
  const sockets = Array.from({ length: count }, () => {
    const socket = net.connect(server.port, '127.0.0.1');
    socket.on('error', () => {}); // the server may end it at any time: that is what is tried
    if (reads) socket.resume();
    else socket.pause();
    return socket;
  });
  await Promise.all(sockets.map(settled));
  return sockets;
}

const letGo = (sockets) => () => { for (const socket of sockets) socket.destroy(); };

/** A request as text, from an address of its own. */
const request = (line, ...headers) => [line, 'Host: 127.0.0.1', `X-Forwarded-For: ${nextAddress()}`, ...headers, '', ''].join('\r\n');

/** Connections that each send `text()` and nothing more. */
const saying = (count, text, options) => async (server) => {
  const sockets = await connections(server, count, options);
  for (const [i, socket] of sockets.entries()) socket.write(text(i));
  return letGo(sockets);
};

/** Websockets past their handshake, those beyond a bound left out; `namespace` enters Socket.IO too. */
async function websockets(server, count, { namespace = false } = {}) {
  const opened = await Promise.allSettled(Array.from({ length: count }, async () => {
    const raw = await RawWebSocket.open({ url: server.url, address: nextAddress(), cookies: new Map() });
    return namespace ? raw.connect() : raw;
  }));
  return opened.flatMap(({ value }) => value ?? []);
}

/** One text frame that says it has `claim` bytes. It is masked with zeros, so that all who send it share its bytes. */
function frame(payload, claim = payload.length) {
  const head = Buffer.alloc(14);
  head[0] = 0x81;
  head[1] = 0x80 | 127;
  head.writeBigUInt64BE(BigInt(claim), 2);
  return Buffer.concat([head, payload]);
}

/** Sends the bytes by every socket; resolves when each has got rid of them or was cut off. */
const sendAll = (sockets, bytes) => Promise.all(sockets.map((socket) => new Promise((resolve) => {
  socket.once('close', resolve);
  socket.write(bytes, resolve);
})));

/** Websockets that each send one frame. */
const frames = (count, payload, { namespace, claim } = {}) => async (server) => {
  const sockets = (await websockets(server, count, { namespace })).map((raw) => raw.socket);
  await sendAll(sockets, frame(Buffer.from(payload()), claim));
  return letGo(sockets);
};

/** JSON that is nested as deep as fits into a frame. */
function nested(before, opening, closing, after) {
  const depth = Math.floor((maxPayload - before.length - after.length - 1) / (opening.length + closing.length));
  return before + opening.repeat(depth) + 1 + closing.repeat(depth) + after;
}

/** Polling sessions, those beyond a bound left out: {id, address}. */
async function pollers(server, count) {
  const opened = await Promise.allSettled(Array.from({ length: count }, async () => {
    const from = nextAddress();
    const answer = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`, { headers: { 'X-Forwarded-For': from } });
    return { id: JSON.parse((await answer.text()).slice(1)).sid, address: from };
  }));
  return opened.flatMap(({ value }) => value ?? []);
}

/** Polling sessions that each send a body, which says it has `claim` bytes. */
const bodies = (count, payload, claim) => async (server) => {
  const sessions = await pollers(server, count);
  const sockets = await connections(server, sessions.length);
  const body = Buffer.from(payload());
  await Promise.all(sockets.map((socket, i) => {
    const { id, address: from } = sessions[i];
    socket.write([`POST /socket.io/?EIO=4&transport=polling&sid=${id} HTTP/1.1`, 'Host: 127.0.0.1', `X-Forwarded-For: ${from}`,
      'Content-Type: text/plain', `Content-Length: ${claim ?? body.length}`, '', ''].join('\r\n'));
    return sendAll([socket], body);
  }));
  return letGo(sockets);
};

/** Rooms that are opened and never entered. */
const rooms = (count) => async (server) => {
  await inTurn(count, 20, async () => {
    const founder = new Person(server, { address: nextAddress() });
    await founder.post('/', { display_name: 'Nobody' });
  });
  return () => {};
};

/** People who knock at a room's door, one after the other with cookies of their own. */
const knocks = (count) => async (server, [host]) => {
  await inTurn(count, 10, async (i) => {
    const stranger = new Person(server, { address: nextAddress() });
    await stranger.post('/join', { room_code: host.room.code, display_name: `Stranger ${i}` });
  });
  return () => {};
};

/** Does something `count` times, a few at once. */
async function inTurn(count, atOnce, act) {
  let next = 0;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (next < count) await act(next++);
  }));
}

/** A member's connections by hand, each on a page that was just loaded, in the room and no longer read. */
async function deaf(seat, count) {
  const opened = await Promise.allSettled(Array.from({ length: count }, async () => {
    const raw = await (await RawWebSocket.open(seat.person)).connect();
    raw.text(`42${JSON.stringify(['join', { room: seat.roomId, display_name: seat.name }])}`);
    raw.socket.pause();
    return raw.socket;
  }));
  return opened.flatMap(({ value }) => value ?? []);
}

/** A message as long as plain text may be, of characters that take four bytes each. */
const long = '\u{1F3E0}'.repeat(1000);

/** Says as much, hearing all of it: who does not is put out. */
async function talkAtLength(seat, count) {
  for (let said = 0; said < count; said += 50) {
    for (let n = 0; n < 50; n++) seat.say(long);
    await seat.conn.barrier();
  }
}

/** The founder of a room says so much that its log is full. */
async function fill(server, i) {
  const founder = await createRoom(server, `Founder ${i}`, { person: new Person(server, { address: nextAddress() }), transports: 'websocket' });
  await talkAtLength(founder, 1000);
  founder.conn.close();
}

/** Polling sessions that are opened as fast as one can, many requests on each connection. */
const handshakes = (count, onEach) => async (server) => {
  const text = () => Array.from({ length: onEach }, () => request('GET /socket.io/?EIO=4&transport=polling HTTP/1.1')).join('');
  const sockets = await connections(server, count);
  await sendAll(sockets, '');
  for (const socket of sockets) socket.write(text());
  await Promise.all(sockets.map((socket) => new Promise((resolve) => {
    let got = 0;
    socket.on('data', (bytes) => {
      got += bytes.toString('latin1').split('HTTP/1.1 ').length - 1;
      if (got >= onEach) resolve();
    });
    socket.once('close', resolve);
  })));
  return letGo(sockets);
};

/** Websockets that polling sessions may move to, and never do: `said` is as far as they get. */
const probes = (count, said) => async (server) => {
  const sessions = await pollers(server, count);
  const opened = await Promise.allSettled(sessions.map(async ({ id, address: from }) => {
    const raw = await RawWebSocket.open({ url: server.url, address: from, cookies: new Map() }, { path: `/socket.io/?EIO=4&transport=websocket&sid=${id}` });
    return raw.text(said).socket;
  }));
  return letGo(opened.flatMap(({ value }) => value ?? []));
};

/** Bodies of as many short packets as fit, by sessions that never poll for the answers. */
const crowdedBodies = (count) => bodies(count, () => ['40', ...Array.from({ length: 20_000 }, () => '42["ping"]')].join('\x1e'));

/** Somebody's own page, loaded over and over by connections that read nothing of it. */
const pageLoads = (count) => async (server, [, seat]) => {
  const { person, room } = seat;
  const sockets = await connections(server, count, { reads: false });
  const get = ['GET ' + room.path + ' HTTP/1.1', 'Host: 127.0.0.1', `X-Forwarded-For: ${nextAddress()}`, `Cookie: ${person.cookieHeader}`, '', ''].join('\r\n');
  for (const socket of sockets) socket.write(get.repeat(20));
  return letGo(sockets);
};

/** A member's pages that poll, are in the room, and never come for what is said. */
const deafPollers = (count) => async (server, [, seat]) => {
  const { person, roomId, name } = seat;
  await inTurn(count, 20, async () => {
    const path = '/socket.io/?EIO=4&transport=polling';
    const answer = await person.fetch(path);
    if (answer.status !== 200) return;
    const own = `${path}&sid=${JSON.parse(answer.text.slice(1)).sid}`;
    const post = (body) => person.fetch(own, { method: 'POST', body, headers: { 'Content-Type': 'text/plain' } });
    await post('40');
    await post(`42${JSON.stringify(['join', { room: roomId, display_name: name }])}`);
  });
  return () => {};
};

/** One session that knocks under names of its own, over and over. */
const knocksOfOne = (count) => async (server, [host]) => {
  const stranger = new Person(server, { address: nextAddress() });
  await inTurn(count, 5, (i) => stranger.post('/join', { room_code: host.room.code, display_name: `Twin ${i}` }));
  return () => {};
};

/** Envelopes that the server looks into, as fast as a member may send them. */
const envelopes = (count) => async (server) => {
  const box = Buffer.concat([Buffer.from('Salted__'), Buffer.alloc(8 + 32 * 1024, 7)]);
  const envelope = JSON.stringify({ salt: '00'.repeat(16), content: box.toString('base64') });
  await Promise.all(['Dora', 'Eve', 'Fay', 'Gus'].map(async (name) => {
    const founder = await createRoom(server, name, { person: new Person(server, { address: nextAddress() }), transports: 'websocket' });
    for (let i = 0; i < count / 4; i++) founder.say(envelope);
    await founder.conn.barrier();
    founder.conn.close();
  }));
  return () => {};
};

/** Somebody at an address of their own who opens a room. */
const founder = (server, name) => createRoom(server, name, { person: new Person(server, { address: nextAddress() }), transports: 'websocket' });

/** Asks to come in by an invitation, and resolves to the status of the answer. */
const byLookup = async (person, lookup, name) => (await person.post('/join', { invite: lookup, display_name: name })).status;

/** Members who ask for link after link, and end them as fast as they can. */
const links = (members, count) => async (server, seats, tell) => {
  let made = 0;
  let working = 0;
  await inTurn(members, 5, async (i) => {
    const member = await founder(server, `Inviter ${i}`);
    for (let n = 0; n < count; n++) member.emit('request_invite');
    await member.conn.barrier();
    const lookups = member.conn.all('invite').map(({ lookup }) => lookup);
    made += lookups.length;
    for (const [n, lookup] of lookups.entries()) {
      if (await byLookup(new Person(server, { address: nextAddress() }), lookup, `Guest ${n}`) === 200) working++;
    }
    for (let n = 0; n < count; n++) member.emit('revoke_invite');
    await member.conn.barrier();
    member.conn.close();
  });
  tell(`of ${members * count} links that were asked for ${made} were made, and ${working} worked at a time`);
  assert.ok(working <= 5 * members, `${working} links of ${members} members worked at a time`);
  return () => {};
};

/** Guesses of lookups by one address, and as many by addresses of their own. Nobody counts them as wrong codes, nor has to. */
const guesses = (count) => async (server, seats, tell) => {
  const answers = new Map();
  const at = (person) => async () => {
    const status = await byLookup(person(), randomBytes(16).toString('base64url'), 'Guesser');
    answers.set(status, (answers.get(status) ?? 0) + 1);
  };
  const one = new Person(server, { address: nextAddress() });
  await inTurn(count, 10, at(() => one));
  await inTurn(count, 10, at(() => new Person(server, { address: nextAddress() })));
  tell(`of ${2 * count} guesses: ${[...answers].map(([status, times]) => `${times} times ${status}`).join(', ')}`);
  assert.deepEqual([...answers.keys()].filter((status) => status !== 404 && status !== 429), [], 'a guess is wrong, or one too many');
  assert.ok(answers.get(429) > 0, 'one address may ask so often only');
  const host = await founder(server, 'Host');
  assert.equal(await byLookup(new Person(server, { address: nextAddress() }), await invite(host), 'Invited'), 200, 'a link still works');
  host.conn.close();
  return () => {};
};

/** Rooms whose founders make a link and go: only the link keeps them, longer than the attack takes. */
const deserted = (count) => async (server, seats, tell) => {
  let refused = 0;
  // One after the other: a room that nobody has entered yet is the first to give way.
  await inTurn(count, 1, async (i) => {
    const name = `Keeper ${i}`;
    const person = new Person(server, { address: nextAddress() });
    // A room that was left a moment ago has its place until nobody can be expected back.
    const path = await until(async () => {
      const { status, location } = await person.post('/', { display_name: name });
      if (status === 302) return location;
      refused++;
      return undefined;
    }, { what: `a place for room ${i}`, timeout: patience });
    const conn = await person.enter({ ...(await person.openRoom(path)), name }, { transports: 'websocket' });
    conn.emit('request_invite', { room: path.split('/').pop() });
    await conn.waitFor('invite');
    conn.close();
  });
  tell(`${count} rooms found a place among ${maxRooms}; ${refused} attempts were too early`);
  return () => {};
};

const map = '/socket.io/socket.io.min.js.map';

/**
 * The attacks on a server with its limits, by the row of docs/limits.md that they drive to its bound. `drive(server, seats)` resolves to
 * the function that ends it. It tells figures by its third argument.
 * @type {{row: string, what: string, drive: (server: any, seats: any[], tell: (figures: string) => void) => Promise<() => void>}[]}
 */
export const attacks = [
  { row: 'TCP', what: '3,000 connections that say nothing', drive: saying(3000, () => '') },
  { row: 'HTTP', what: '1,000 requests whose headers never end', drive: saying(1000, () => request('GET / HTTP/1.1', `X-Long: ${'x'.repeat(30_000)}`).slice(0, -4)) },
  { row: 'HTTP', what: '1,000 packed answers that nobody reads', drive: saying(1000, () => request(`GET ${map} HTTP/1.1`, 'Accept-Encoding: gzip').repeat(4), { reads: false }) },
  { row: 'HTTP', what: '1,000 plain answers that nobody reads', drive: saying(1000, () => request(`GET ${map} HTTP/1.1`).repeat(4), { reads: false }) },
  { row: 'pages', what: '1,000 connections that load a room 20 times each and read nothing', drive: pageLoads(1000) },
  { row: 'HTTP', what: '1,000 forms whose bodies never end', drive: saying(1000, () => request('POST /join HTTP/1.1', 'Content-Type: application/x-www-form-urlencoded', 'Content-Length: 60000') + 'x'.repeat(50_000)) },
  { row: 'handshake', what: '6,000 polling sessions at once that never come back', drive: handshakes(300, 20) },
  { row: 'handshake', what: '1,000 websockets that a session never moves to', drive: probes(1000, '2probe') },
  { row: 'before CONNECT', what: '200 frames of 3 MB in the place of CONNECT', drive: frames(200, () => nested('40', '{"":', '}', '')) },
  { row: 'before CONNECT', what: '200 bodies of 3 MB in the place of CONNECT', drive: bodies(200, () => nested('40', '{"":', '}', '')) },
  { row: 'before CONNECT', what: '200 frames of 3 MB that never end', drive: frames(200, () => '4'.repeat(maxPayload - 1), { claim: maxPayload }) },
  { row: 'visitor', what: '200 frames of 3 MB, nested', drive: frames(200, () => nested('42["x",[', '{"":', '}', ']]'), { namespace: true }) },
  { row: 'visitor', what: '200 acknowledgements of 3 MB, nested', drive: frames(200, () => nested('431', '[', ']', ''), { namespace: true }) },
  { row: 'visitor', what: '200 frames of 3 MB that never end', drive: frames(200, () => '42["message",{"room":"' + 'x'.repeat(maxPayload - 30), { namespace: true, claim: maxPayload }) },
  { row: 'visitor', what: '200 bodies of 3 MB that never end', drive: bodies(200, () => '40' + 'x'.repeat(maxPayload - 3), maxPayload) },
  { row: 'visitor', what: '50 bodies of 20,000 packets', drive: crowdedBodies(50) },
  { row: 'visitor', what: '2,000 sockets without a purpose', drive: async (server) => letGo((await websockets(server, 2000, { namespace: true })).map((raw) => raw.socket)) },
  { row: 'applicant', what: '300 strangers at one door', drive: knocks(300) },
  { row: 'applicant', what: 'one session that knocks 300 times', drive: knocksOfOne(300) },
  { row: 'room', what: '300 rooms that nobody enters', drive: rooms(300) },
  { row: 'invitation', what: '10 members who make and end links without a pause', drive: links(10, 200) },
  { row: 'invitation', what: '800 guesses of links', drive: guesses(400) },
  { row: 'envelopes', what: '200 envelopes of 44 KB', drive: envelopes(200) },
  { row: 'member', what: '60 pages that poll and never come back', drive: deafPollers(60) },
  {
    row: 'member',
    what: 'a page that is loaded 500 times and not read',
    drive: async (server, [, seat]) => {
      for (let i = 0; i < 10; i++) letGo(await deaf(seat, 40))();
      return () => {};
    },
  },
];

/** As many rooms as the server for `keepers` has. */
export const maxRooms = 20;

/**
 * Attacks by rooms that are kept without anybody in them. In their server people who are gone are soon not expected back.
 * @type {typeof attacks}
 */
export const keepers = [
  { row: 'invitation', what: '100 rooms that only a link keeps', drive: deserted(100) },
];

/**
 * Attacks that would take long with the limits on what members may say: they are driven without them.
 * @type {typeof attacks}
 */
export const floods = [
  {
    row: 'log',
    what: '30 rooms that say all they can',
    drive: async (server) => {
      await inTurn(30, 3, (i) => fill(server, i));
      return () => {};
    },
  },
  {
    row: 'backlog',
    what: '100 connections that do not read what a room says',
    drive: async (server, [ana, ben, cleo]) => {
      const sockets = (await Promise.all([ben, cleo].map((seat) => deaf(seat, 50)))).flat();
      await talkAtLength(ana, 1500);
      return letGo(sockets);
    },
  },
];

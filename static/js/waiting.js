import { Connection, loadClient } from './connection.js';
import { Countdown } from './countdown.js';
import { byId } from './dom.js';
import { Notices } from './notices.js';

const page = byId('waiting');
const { room, userId, name } = page.dataset;
const notices = new Notices(byId('notices'));

const countdown = new Countdown(
  (seconds) => { byId('timer').textContent = seconds; },
  () => { byId('status').textContent = 'The time is over. The server is about to say so; if it stays silent, please ask again.'; },
);

function ended(title, text) {
  countdown.stop();
  page.dataset.ended = 'true';
  byId('dots').hidden = true;
  byId('countdown').hidden = true;
  byId('waiting-title').textContent = title;
  byId('status').textContent = text;
  byId('home').textContent = 'Back to the start';
}

const refusals = new Map([
  ['Request timed out', 'Not everybody answered in time. Please ask again.'],
]);

function run(io) {
  const connection = new Connection(io, userId, byId('connection'));
  const { socket } = connection;
  const mine = (handle) => (data) => { if (data?.user_id === userId) handle(data); };

  socket.on('connect', () => socket.emit('join_request', { room, user: name, user_id: userId }));
  socket.on('join_approved', mine(() => {
    connection.close();
    location.replace(`/room/${encodeURIComponent(room)}`);
  }));
  socket.on('join_denied', mine(({ reason }) => {
    connection.close();
    ended('Not let in', refusals.get(reason) ?? reason ?? 'Somebody in the room said no.');
  }));
  socket.on('room_error', (data) => notices.say(data?.message ?? 'The server refused that.'));
}

countdown.start(Number(byId('timer').textContent));
const io = await loadClient(notices);
if (io) run(io);

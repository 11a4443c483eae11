import { Connection, loadClient } from './connection.js';
import { Countdown } from './countdown.js';
import { byId } from './dom.js';
import { Notices } from './notices.js';
import { text, translated } from './words.js';

const page = byId('waiting');
const { room, userId, name } = page.dataset;
const notices = new Notices(byId('notices'));

const countdown = new Countdown(
  (seconds) => { byId('timer').textContent = seconds; },
  () => { byId('status').textContent = text('waiting.over'); },
);

function ended(title, why) {
  countdown.stop();
  page.dataset.ended = 'true';
  byId('dots').hidden = true;
  byId('countdown').hidden = true;
  byId('waiting-title').textContent = title;
  byId('status').textContent = why;
  byId('home').textContent = text('waiting.home');
}

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
    ended(text('waiting.refused'), reason ? translated(reason) : text('waiting.refused.by-somebody'));
  }));
  socket.on('room_error', (data) => notices.say(data?.message ? translated(data.message) : text('room.refused')));
}

countdown.start(Number(byId('timer').textContent));
const io = await loadClient(notices);
if (io) run(io);

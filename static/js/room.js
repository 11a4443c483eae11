import { Composer } from './composer.js';
import { Connection, loadClient } from './connection.js';
import { textOf } from './content.js';
import { clock, Countdown } from './countdown.js';
import { byId } from './dom.js';
import { Messages } from './messages.js';
import { Notices } from './notices.js';
import { Outbox } from './outbox.js';
import { Requests } from './requests.js';
import { RoomCode } from './roomcode.js';
import { text, translated } from './words.js';

const keepAlive = 30_000; // milliseconds between two questions whether the room is still there
const farewell = 1500; // milliseconds that the goodbye may take

const page = byId('room');
const { room, name, member, remaining, answerTime } = page.dataset;
const notices = new Notices(byId('notices'));
const messages = new Messages(byId('chat'), byId('to-latest'), { member, name });
const code = new RoomCode(
  { code: byId('currentCode'), dots: byId('code-hidden'), toggle: byId('toggle-code'), copy: byId('copy-code') },
  (said) => notices.say(said),
);

function run(io) {
  const connection = new Connection(io, member, byId('connection'));
  const { socket } = connection;
  const outbox = new Outbox();
  let joined = false;

  const say = (event, fields = {}) => socket.emit(event, { room, ...fields });
  const on = (event, handle) => socket.on(event, (data) => handle(data ?? {}));

  const timer = new Countdown((seconds) => { byId('timer').textContent = clock(seconds); }, () => say('request_timer_sync'));
  const requests = new Requests(byId('join-requests-container'), Number(answerTime),
    (id, yes) => say(yes ? 'approve_join' : 'deny_join', { user_id: id }));
  const composer = new Composer(byId('composer'), byId('message-input'), byId('characters-left'), (written) => {
    if (!socket.connected) {
      notices.say(text('message.no-connection'));
      return false;
    }
    outbox.sent(written);
    say('message', { message: written });
    return true;
  });
  const alive = setInterval(() => { if (socket.connected) say('ping_room'); }, keepAlive);

  function end(why) {
    clearInterval(alive);
    timer.stop();
    requests.clear();
    connection.close();
    page.dataset.ended = 'true';
    byId('composer').hidden = true;
    byId('ended-text').textContent = why;
    byId('ended').hidden = false;
    byId('leave').disabled = true;
  }

  function leave() {
    const home = () => {
      connection.close();
      location.assign('/');
    };
    if (!socket.connected) {
      home();
      return;
    }
    socket.timeout(farewell).emit('leave_room', { room, display_name: name, final: true }, home);
  }

  // The server puts a page that comes back into its room by itself: saying join
  // again would be answered with the whole conversation once more.
  socket.on('connect', () => {
    if (!joined) say('join', { display_name: name });
    else say('ping_room');
    say('request_timer_sync');
  });
  on('join_success', ({ count }) => {
    joined = true;
    showCount(count);
  });
  on('update_participants', ({ count }) => showCount(count));
  on('message', (message) => {
    if (typeof message.content !== 'string') return;
    if (messages.add(message)) outbox.returned();
    markUnread();
  });
  on('code_update', ({ new_code: fresh }) => {
    if (typeof fresh !== 'string') return;
    code.set(fresh);
    say('request_timer_sync');
  });
  on('timer_sync', ({ time_remaining: seconds }) => timer.start(seconds));

  on('join_request', ({ user_id: id, user }) => {
    if (typeof id !== 'string' || typeof user !== 'string') return;
    requests.add(id, textOf(user));
    markUnread();
  });
  on('partial_approval', ({ user_id: id, approvals, required }) => requests.progress(id, approvals, required));
  on('join_approved', ({ user_id: id }) => requests.remove(id));
  on('join_denied', ({ user_id: id, reason }) => {
    const who = requests.remove(id);
    if (who) messages.tell(text(reason === 'Request timed out' ? 'request.timed-out' : 'request.refused', { who }));
  });
  const comings = { member_joined: 'member.joined', member_returned: 'member.returned', member_left: 'member.left' };
  for (const [event, what] of Object.entries(comings)) {
    on(event, ({ display_name: who }) => { if (typeof who === 'string') messages.tell(text(what, { who: textOf(who) })); });
  }

  on('room_error', ({ message }) => {
    const why = typeof message === 'string' ? translated(message) : text('room.refused');
    // Before it has joined, an error means that this page is in no room.
    if (!joined) {
      end(why);
      return;
    }
    const unsent = outbox.refused();
    if (unsent) composer.restore(unsent);
    notices.say(why);
  });
  on('room_status', ({ exists, participant_count: count }) => {
    if (exists === false) end(text('room.gone'));
    else showCount(count);
  });
  on('room_expired', () => end(text('room.expired')));

  byId('new-code').addEventListener('click', () => say('request_code_update'));
  const dialog = byId('leave-dialog');
  byId('leave').addEventListener('click', () => dialog.showModal());
  dialog.addEventListener('close', () => { if (dialog.returnValue === 'leave') leave(); });
  document.addEventListener('visibilitychange', () => {
    if (document.hidden || !socket.connected) return;
    say('request_timer_sync'); // the clock may have stood still
  });

  timer.start(Number(remaining));
  byId('message-input').focus({ preventScroll: true });
}

function showCount(count) {
  if (Number.isInteger(count)) byId('count').textContent = count;
}

const title = document.title;
let unread = 0;

function markUnread() {
  if (!document.hidden) return;
  unread += 1;
  document.title = `(${unread}) ${title}`;
}

document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  unread = 0;
  document.title = title;
});

const io = await loadClient(notices);
if (io) run(io);

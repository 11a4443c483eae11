import { keepCode } from '../entry/codefield.js';
import { Connection, loadClient } from '../transport/connection.js';
import { Countdown } from '../ui/countdown.js';
import { byId } from '../ui/dom.js';
import { Entrance, rememberedCode } from '../entry/entrance.js';
import { csrfToken, Field, Problem } from '../entry/forms.js';
import { Notices } from '../ui/notices.js';
import { forgetWhenLeft } from '../ui/past.js';
import { verdictOf } from './verdicts.js';
import { Votes } from './votes.js';
import { refusal, text } from '../ui/words.js';

const farewell = 1500; // milliseconds that taking the request back may take

const page = byId('waiting');
const { room, userId, name, answerTime } = page.dataset;
const notices = new Notices(byId('notices'));
const votes = new Votes(byId('status'), byId('dots'));
const again = byId('again', HTMLFormElement);
const site = document.title.slice(document.title.indexOf(' · '));

const countdown = new Countdown((seconds) => {
  byId('timer').textContent = String(seconds);
  byId('ring', SVGElement).style.strokeDashoffset = String(1 - Math.min(1, seconds / Number(answerTime)));
}, () => {
  byId('status').textContent = text('waiting.over');
  again.hidden = false;
});

/** Tells who does not look at the page, too. */
function call(title) {
  document.title = title + site;
  // Browsers let a page shake the device only after it was touched.
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(200);
}

function end(code, reason) {
  const verdict = verdictOf(code, reason);
  countdown.stop();
  page.dataset.ended = verdict.kind;
  byId('waiting-title').textContent = verdict.title;
  byId('status').textContent = verdict.why;
  byId('next').textContent = verdict.next;
  byId('home').textContent = text('waiting.home');
  byId('home').classList.toggle('primary', !verdict.again);
  again.hidden = !verdict.again;
  call(verdict.title);
}

function run(io) {
  connection = new Connection(io, userId, byId('connection'));
  const { socket } = connection;
  let leaving = false;
  let cancelled = false;
  const mine = (handle) => (data) => { if (!leaving && data?.user_id === userId) handle(data); };

  socket.on('connect', () => connection.send('join_request', { room, user: name, user_id: userId }));
  socket.on('request_status', mine(({ approvals, required, time_remaining: seconds }) => {
    if (![approvals, required, seconds].every(Number.isFinite)) return;
    votes.show(approvals, required);
    countdown.start(seconds);
    page.dataset.counting = 'true';
  }));
  socket.on('join_approved', mine(() => {
    if (cancelled) {
      // The last yes was faster. A place that nobody takes would be kept, and counted.
      socket.emit('leave_room', { room: userId, display_name: name, final: true });
      return;
    }
    leaving = true;
    connection.close();
    call(text('waiting.admitted'));
    location.replace(`/room/${encodeURIComponent(room)}`);
  }));
  socket.on('join_denied', mine(({ code, reason }) => {
    if (cancelled) return;
    connection.close();
    end(code, reason);
  }));
  socket.on('room_error', (data) => notices.say(refusal(data?.code, data?.message)));

  byId('home').addEventListener('click', (event) => {
    const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey;
    // It is a link to the start page, and that is all it has to be then.
    if (elsewhere || !socket.connected) return;
    event.preventDefault();
    if (leaving || cancelled) return;
    cancelled = true;
    byId('home').setAttribute('aria-disabled', 'true');
    socket.timeout(farewell).emit('withdraw_request', { room, user_id: userId }, () => {
      connection.close();
      location.replace('/');
    });
  });
}

function askAgain() {
  const [who, code] = [byId('again-name', HTMLInputElement), byId('again-code', HTMLInputElement)];
  const entrance = new Entrance(csrfToken(again),
    new Field(who, byId('again-name-problem')), new Field(code, byId('again-code-problem')));
  const problem = new Problem(byId('again-problem'));
  keepCode(code);
  code.value = rememberedCode();
  again.noValidate = true;
  again.addEventListener('submit', async (event) => {
    event.preventDefault();
    const next = await entrance.ask(byId('ask-again'), problem);
    if (next) location.replace(next);
  });
}

let connection;
// Whether there still is something to wait for, the server knows.
forgetWhenLeft(page, {
  forget() {
    countdown.stop();
    connection?.close();
  },
  isOver: () => false,
});
// Loading this page again is to ask how the request stands, and not to make another one.
history.replaceState(history.state, '', `/join/${encodeURIComponent(userId)}`);
askAgain();
countdown.start(Number(answerTime));
const io = await loadClient(notices);
if (io) run(io);

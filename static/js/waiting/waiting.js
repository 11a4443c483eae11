// The page at the door: what it is made of.
import { askAgain } from './again.js';
import { connectionLabel } from '../ui/connectionstate.js';
import { Display } from './display.js';
import { byId } from '../ui/dom.js';
import { Events } from '../transport/events.js';
import { JoinRequest } from './request.js';
import { loadClient } from '../transport/connection.js';
import { refuseFiles } from '../ui/files.js';
import { forgetWhenLeft } from '../ui/leftpage.js';
import { Toasts } from '../ui/toasts.js';
import { refusal, text } from '../ui/words.js';

const page = byId('waiting');
const { room = '', userId: id = '', name = '', answerTime } = page.dataset;
const toasts = new Toasts(byId('notices'));
const display = new Display(page, Number(answerTime));
/** @type {Events | undefined} */
let events;

/** @param {import('../transport/connection.js').Client} io */
function open(io) {
  events = new Events(io, { room, seat: id }, {}, { state: connectionLabel(byId('connection')) });
  new JoinRequest(events, { room, id, name }, display, byId('home'));
  events.on('room_error', ({ code, message }) => toasts.say(refusal(code, message)));
}

// The server knows whether there is still something to wait for.
forgetWhenLeft(page, {
  forget() {
    display.stop();
    events?.close();
  },
  isOver: () => false,
});
// Loading this page again is to ask how the request stands, and not to make another one.
history.replaceState(history.state, '', `/join/${encodeURIComponent(id)}`);
askAgain(byId('again', HTMLFormElement));
refuseFiles(() => toasts.say(text('files.refused')));
const io = await loadClient();
if (io) open(io);
else toasts.keep(text('connection.broken'));

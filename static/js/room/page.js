// The room's page: what it is made of, and who tells whom.
import { Alerts } from './alerts.js';
import { Announcer } from '../ui/announcer.js';
import { Beginning } from './beginning.js';
import { Bookmark } from './bookmark.js';
import { connectionLabel } from '../ui/connectionstate.js';
import { Calling } from './calling.js';
import { Conversation } from './conversation.js';
import { byId, closeFromOutside } from '../ui/dom.js';
import { Door } from './door.js';
import { Draft } from '../ui/draft.js';
import { Ending } from './ending.js';
import { Events } from '../transport/events.js';
import { refuseFiles } from './files.js';
import { Invite } from './invite.js';
import { Lifetime } from './lifetime.js';
import { loadClient } from '../transport/connection.js';
import { Members } from './members.js';
import { Messages } from './messages.js';
import { Notifications } from './notifications.js';
import { People } from './people.js';
import { sealPlainly } from './plain.js';
import { Presence } from './presence.js';
import { Requests } from './requests.js';
import { RoomCode } from './roomcode.js';
import { Roster } from './roster.js';
import { Rotation } from './rotation.js';
import { Sending } from './sending.js';
import { bindSwitches } from './switches.js';
import { Toasts } from '../ui/toasts.js';
import { Typing } from './typing.js';
import { followKeyboard } from './viewport.js';
import { text } from '../ui/words.js';
import { focusQuietly, keepWriting } from './writing.js';

const page = byId('room');
const { room = '', name = '', member = '', remaining, answerTime } = page.dataset;
const input = byId('message-input', HTMLTextAreaElement);
const chat = byId('chat');
const announcer = new Announcer(byId('announcer'));
const news = new Announcer(byId('news'));
const toasts = new Toasts(byId('notices'), () => chat.focus());
const icon = document.querySelector('link[rel=apple-touch-icon]');
const notifications = new Notifications(icon instanceof HTMLLinkElement ? icon.href : undefined);
const alerts = new Alerts(notifications);
const code = new RoomCode(
  { code: byId('currentCode'), dots: byId('code-hidden'), toggle: byId('toggle-code'), copy: byId('copy-code') },
  (said) => toasts.say(said),
);
const invite = new Invite({
  dialog: byId('invite-dialog', HTMLDialogElement), openers: [byId('invite'), byId('invite-first')], qr: byId('qr', HTMLCanvasElement), code: byId('invite-code'),
  link: byId('invite-link'), copy: byId('copy-link'), share: byId('share'), said: byId('invite-said'),
}, () => code.value);
const announce = (/** @type {string} */ said) => announcer.say(said);
const mention = (/** @type {string} */ said) => news.say(said);

/** @param {import('../transport/connection.js').Client} io */
function open(io) {
  const events = new Events(io, { room, seat: member }, { seal: sealPlainly }, {
    state: connectionLabel(byId('connection')),
    changed: (message) => sending.changed(message),
  });
  const bookmark = new Bookmark(room, member);
  const messages = new Messages(
    { list: chat, log: byId('log'), empty: byId('empty'), pending: byId('pending'), pill: byId('to-latest') },
    { member, name },
    bookmark,
    {
      retry: (ref) => sending.retry(ref),
      edit: (ref) => sending.edit(ref),
      discard: (ref) => sending.discard(ref),
      announce,
      mention,
      focus: () => input.focus(),
    },
  );
  const draft = new Draft(room, member);
  const sending = new Sending(events, messages, draft, { form: byId('composer', HTMLFormElement), input, left: byId('characters-left') }, announce);
  const typing = new Typing(byId('typing'), byId('typing-text'), () => messages.stayAtEnd());
  const requests = new Requests(byId('join-requests-container'), Number(answerTime), {
    answer: (id, yes, untold) => events.say(yes ? 'approve_join' : 'deny_join', { user_id: id }, untold),
    changed() {
      messages.stayAtEnd();
      calling.follow(requests.waiting);
    },
    focus: () => chat.focus(),
  });
  const calling = new Calling({ call: (names, how) => alerts.call(names, how), over: () => alerts.endCall() });
  const members = new Members(byId('members-dialog', HTMLDialogElement), byId('members'), byId('member-count'), () => {
    events.say('request_members');
    events.say('ping_room');
  });

  // They hear of an event in this order, and so what they say about it is in order, too.
  const presence = new Presence(events, name, { refused: (why) => toasts.say(why), gone: (why) => ending.end(why) });
  events.on('timer_sync', () => { if (presence.isCaughtUp) messages.completed(); });
  new Conversation(events, messages, typing, { member, name }, (who) => alerts.message(who, { news: presence.isCaughtUp }));
  new Door(events, requests, {
    knocked(who) {
      announcer.say(text('alert.knock', { who }));
      // A member who shows the code to somebody must see them knock.
      for (const id of ['invite-dialog', 'members-dialog']) byId(id, HTMLDialogElement).close();
    },
    ended: (what, who) => messages.happened({ what, who }, { inside: false }),
  });
  const beginning = new Beginning({ empty: byId('empty'), words: byId('empty-words'), invite: byId('invite-first') }, mention);
  new Roster(events, (all) => {
    for (const each of all) messages.meet(each.member);
    beginning.meet(all);
  });
  const lifetime = new Lifetime(events, (said, how) => {
    messages.tell(said, how);
    if (how.urgent) toasts.say(said); // also for who reads further up
  });
  events.on('disconnect', () => calling.pause());
  events.on('room_status', () => calling.resume()); // the server has told of all requests that are open
  new People(events, members, { count: byId('count'), end: byId('room-end') });
  const rotation = new Rotation(events, code, invite, { clocks: [byId('timer'), byId('invite-timer')], renew: byId('new-code') });
  const ending = new Ending(events, page, name, [draft, bookmark], {
    said: byId('ended'), why: byId('ended-text'), leave: byId('leave'), dialog: byId('leave-dialog', HTMLDialogElement),
  }, {
    stop() {
      presence.stop();
      rotation.stop();
      lifetime.stop();
      requests.clear();
      typing.clear();
    },
    close: () => sending.close(),
    forget: () => messages.forget(),
  });

  rotation.start(Number(remaining));
  // A keyboard on the screen would cover half of the page at once.
  if (matchMedia('(pointer: fine)').matches) focusQuietly(input);
}

followKeyboard(page);
keepWriting(input);
bindSwitches(alerts, notifications);
refuseFiles(() => toasts.say(text('files.refused')));
document.querySelectorAll('dialog').forEach(closeFromOutside);
const io = await loadClient();
if (io) open(io);
else toasts.keep(text('connection.broken'));

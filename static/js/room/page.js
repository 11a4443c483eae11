// The room's page: what it is made of, and who tells whom.
import { Alerts } from './alerts.js';
import { Announcer } from '../ui/announcer.js';
import { Beginning } from './beginning.js';
import { Bookmark } from './bookmark.js';
import { connectionLabel } from '../ui/connectionstate.js';
import { Calling } from './calling.js';
import { Conversation } from './conversation.js';
import { byId, closeFromOutside, element } from '../ui/dom.js';
import { Door } from './door.js';
import { Draft } from '../ui/draft.js';
import { closeDialogs, Ending } from './ending.js';
import { Events } from '../transport/events.js';
import { refuseFiles } from '../ui/files.js';
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
import { Roster } from './roster.js';
import { RoomCode, Rotation } from './rotation.js';
import { Sending } from './sending.js';
import { bindSwitches } from './switches.js';
import { themeSwitch } from '../ui/theme.js';
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
const frontDialog = () => [...document.querySelectorAll('dialog[open]')].at(-1); // they lie in the page as they cover each other
const toasts = new Toasts(byId('notices'), () => (frontDialog()?.querySelector('button') ?? chat).focus());
const icon = document.querySelector('link[rel=apple-touch-icon]');
const notifications = new Notifications(icon instanceof HTMLLinkElement ? icon.href : undefined);
const alerts = new Alerts(notifications);
const code = new RoomCode(byId('currentCode'));
const productName = byId('names').textContent; // until the others' names are known
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
  const requests = new Requests(byId('join-requests-container'), Number(answerTime), name, {
    answer: (id, yes, settled) => events.say(yes ? 'approve_join' : 'deny_join', { user_id: id }, { unsaid: settled, answered: settled }),
    changed() {
      messages.stayAtEnd();
      calling.follow(requests.waiting);
    },
    focus: () => chat.focus(),
  });
  const calling = new Calling({ call: (names, how) => alerts.call(names, how), over: () => alerts.endCall() });
  const invite = new Invite(events, {
    dialog: byId('invite-dialog', HTMLDialogElement), openers: ['invite', 'invite-more', 'menu-invite', 'members-invite'].map((id) => byId(id)), first: byId('invite-first'),
    qr: byId('qr', HTMLCanvasElement), link: byId('invite-link'), lasts: byId('invite-lasts'), copy: byId('copy-link'), share: byId('share'),
    end: byId('end-links'), copyCode: byId('copy-code'), digits: byId('currentCode'), said: byId('invite-said'),
  }, code, announce);

  // They hear of an event in this order, and so what they say about it is in order, too.
  const presence = new Presence(events, name, {
    refused(why, ref) {
      if (ref === undefined) requests.refused(why); // else it is about a message
      toasts.say(why);
    },
    gone: (outcome) => ending.end(outcome),
  });
  events.on('timer_sync', () => { if (presence.isCaughtUp) messages.completed(); });
  new Conversation(events, messages, typing, { member, name }, (who) => alerts.message(who, { news: presence.isCaughtUp }));
  new Door(events, requests, {
    knocked(who) {
      closeDialogs(); // a card below one could not be seen
      announce(text('alert.knock', { who })); // which nobody hears below a dialog
    },
    ended: (what, who) => messages.happened({ what, who }, { inside: false }),
  });
  const beginning = new Beginning({ empty: byId('empty'), words: byId('empty-words'), invite: byId('empty-invite') }, mention);
  const roster = new Roster(events, (all) => {
    page.toggleAttribute('data-alone', all.length === 1);
    people.show(all);
    members.show(all);
    for (const each of all) messages.meet(each.member);
    beginning.meet(all);
  });
  const lifetime = new Lifetime(events, (said, how) => {
    messages.tell(said, how);
    if (how.urgent) toasts.say(said); // also for who reads further up
  });
  events.on('disconnect', () => {
    calling.pause();
    requests.lost();
  });
  events.on('room_status', () => calling.resume()); // the server has told of all requests that are open
  const people = new People(events, { names: byId('names'), faces: byId('faces'), count: byId('count'), end: byId('room-end') }, (title) => {
    alerts.title = `${title} · ${productName}`;
  });
  const members = new Members(byId('members-dialog', HTMLDialogElement), byId('members'), ['member-count', 'menu-people'].map((id) => byId(id)), () => {
    roster.ask();
    events.say('ping_room');
  });
  const rotation = new Rotation(events, code, { timer: byId('timer'), renew: byId('new-code') });
  const ending = new Ending(events, page, name, [draft, bookmark], {
    said: byId('ended'), why: byId('ended-text'), leave: ['leave', 'menu-leave'].map((id) => byId(id)), dialog: byId('leave-dialog', HTMLDialogElement),
  }, {
    stop() {
      presence.stop();
      rotation.stop();
      lifetime.stop();
      invite.stop();
      notifications.clear();
      requests.clear();
      typing.clear();
    },
    close({ why, short }) {
      sending.close();
      toasts.takeBack(why); // the page's end says it, and stays
      people.end(short);
      byId('member-count', HTMLButtonElement).disabled = true;
    },
    forget() {
      messages.forget();
      alerts.title = productName; // the title has names in it
    },
  });

  rotation.start(Number(remaining));
  // A keyboard on the screen would cover half of the page at once.
  if (matchMedia('(pointer: fine)').matches) focusQuietly(input);
}

// The menu goes before its button does something, so that the keyboard comes back to the button that opened it.
byId('menu').addEventListener('click', () => byId('menu').hidePopover(), { capture: true });
followKeyboard(page);
keepWriting(input);
bindSwitches(alerts, notifications);
refuseFiles(() => toasts.say(text('files.refused')));
byId('appearance').append(element('h3', { className: 'cells-title' }, text('theme.label')), themeSwitch());
document.querySelectorAll('dialog').forEach(closeFromOutside);
// Below a dialog nobody sees or hears a thing: what the page says goes along into it.
const [top, live] = [byId('top'), byId('live')];
new MutationObserver(() => {
  const place = frontDialog() ?? top;
  if (live.parentElement === place) return;
  for (const each of [announcer, news]) each.move();
  place.append(live);
}).observe(page, { attributeFilter: ['open'], subtree: true });
const io = await loadClient();
if (io) open(io);
else toasts.keep(text('connection.broken'));

import { Alerts } from './alerts.js';
import { Announcer } from '../ui/announcer.js';
import { senderName } from './bubble.js';
import { saidBy } from './comings.js';
import { Composer } from './composer.js';
import { Connection, loadClient } from '../transport/connection.js';
import { textOf } from './content.js';
import { clock, Countdown } from '../ui/countdown.js';
import { byId, closeFromOutside } from '../ui/dom.js';
import { Draft } from '../ui/draft.js';
import { Invite } from './invite.js';
import { Members } from './members.js';
import { Messages } from './messages.js';
import { Notices } from '../ui/notices.js';
import { Outbox } from '../transport/outbox.js';
import { forgetWhenLeft } from '../ui/past.js';
import { Requests } from './requests.js';
import { RoomCode } from './roomcode.js';
import { Typing, TypingSignal } from './typing.js';
import { followKeyboard } from './viewport.js';
import { phrase, refusal, text } from '../ui/words.js';
import { keepWriting } from './writing.js';

const keepAlive = 30_000; // milliseconds between two questions whether the room is still there
const rejoinPause = 2000; // milliseconds after the server could not let this page in
const farewell = 1500; // milliseconds that the goodbye may take

const page = byId('room');
const { room, name, member, remaining, answerTime } = page.dataset;
const announcer = new Announcer(byId('announcer'));
const focusConversation = () => byId('chat').focus();
const notices = new Notices(byId('notices'), focusConversation);
const alerts = new Alerts(/** @type {HTMLLinkElement} */ (document.querySelector('link[rel=icon]')).href);
const code = new RoomCode(
  { code: byId('currentCode'), dots: byId('code-hidden'), toggle: byId('toggle-code'), copy: byId('copy-code') },
  (said) => notices.say(said),
);
const invite = new Invite({
  dialog: byId('invite-dialog'), openers: [byId('invite'), byId('invite-first')], qr: byId('qr'), code: byId('invite-code'),
  link: byId('invite-link'), copy: byId('copy-link'), share: byId('share'), said: byId('invite-said'),
}, () => code.value);

function run(io) {
  const connection = new Connection(io, member, byId('connection'));
  const { socket } = connection;
  let joined = false;
  let caughtUp = false; // all that was said before this page was opened has arrived
  let noticed = false; // the server tells who comes and goes by notices, which say more
  let over = false; // nothing is shown, said or kept any more
  let trouble; // what the server said last, when it refused something

  // Without a connection nothing is said: the client would keep it, and say it all at
  // once when it is back, when it may mean something else.
  const say = (event, fields = {}) => {
    if (socket.connected) connection.send(event, { room, ...fields });
    return socket.connected;
  };
  const on = (event, handle) => socket.on(event, (data) => { if (!over) handle(data ?? {}); });

  const messages = new Messages(
    { list: byId('chat'), log: byId('log'), empty: byId('empty'), pending: byId('pending'), pill: byId('to-latest') },
    { member, name },
    {
      retry: (ref) => outbox.retry(ref),
      takeBack(ref) {
        const written = outbox.takeBack(ref);
        messages.dropSending(ref);
        if (written !== undefined) composer.restore(written);
      },
      announce: (said) => announcer.say(said),
      focus: () => byId('message-input').focus(),
    },
  );
  const outbox = new Outbox({
    send: (message) => say('message', message),
    changed(message) {
      messages.showSending(message);
      keepDraft();
    },
  });
  const draft = new Draft(room, member);
  const kept = draft.take();
  const keepDraft = () => {
    if (over) return;
    // What may have arrived is not kept: nobody means to say it twice.
    const texts = [...outbox.undelivered, byId('message-input', HTMLTextAreaElement).value];
    draft.keep(texts.filter((each) => each.trim() !== '').join('\n'));
  };
  const typing = new Typing(byId('typing'), byId('typing-text'), () => messages.settle());
  const signal = new TypingSignal(() => say('typing'));
  const composer = new Composer(
    byId('composer'), byId('message-input'), byId('characters-left'),
    { left: (count) => text('message.left', { count }), over: (count) => text('message.over', { count }) },
    {
      send(written) {
        outbox.add(written);
        signal.sent();
      },
      typed: () => signal.typed(),
      changed: keepDraft,
      announce: (said) => announcer.say(said),
    },
  );
  const members = new Members(byId('members-dialog'), byId('members'), byId('member-count'), () => {
    say('request_members');
    say('ping_room');
  });
  const requests = new Requests(byId('join-requests-container'), Number(answerTime), {
    answer: (id, yes) => say(yes ? 'approve_join' : 'deny_join', { user_id: id }),
    changed: () => messages.settle(),
    focus: focusConversation,
  });
  const timer = new Countdown((seconds) => {
    byId('timer').textContent = clock(seconds);
    byId('invite-timer').textContent = clock(seconds);
  }, () => say('request_timer_sync'));
  const alive = setInterval(() => say('ping_room'), keepAlive);

  function stop() {
    if (over) return;
    over = true;
    clearInterval(alive);
    timer.stop();
    requests.clear();
    typing.clear();
    connection.close();
    outbox.close();
    for (const dialog of document.querySelectorAll('dialog')) dialog.close();
  }

  function end(why) {
    stop();
    draft.forget();
    page.dataset.ended = 'true';
    composer.close();
    byId('ended-text').textContent = why;
    byId('ended').hidden = false;
    // Not its link: somebody may be in the middle of writing, and Enter would lead away.
    byId('ended').focus();
  }

  function leave() {
    const home = () => {
      page.dataset.ended = 'true';
      stop();
      draft.forget();
      location.replace('/'); // no step back leads here
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
    if (joined) {
      requests.doubt();
      say('ping_room');
      outbox.connected();
    } else {
      say('join', { display_name: name });
    }
    say('request_code'); // it may have turned since the page was made, or lost its connection
    say('request_timer_sync');
  });
  socket.on('disconnect', () => {
    outbox.disconnected();
    typing.clear();
  });
  on('join_success', ({ count }) => {
    joined = true;
    showCount(count);
    outbox.connected();
  });
  on('update_participants', ({ count }) => {
    showCount(count);
    members.changed();
  });
  on('members', ({ members: all }) => {
    if (!Array.isArray(all)) return;
    const known = all.filter((each) => typeof each?.display_name === 'string');
    members.show(known.map((each) => ({ ...each, name: textOf(each.display_name) })));
  });

  on('message', (message) => {
    if (typeof message.content !== 'string') return;
    if (typeof message.ref === 'string') {
      outbox.relayed(message.ref);
      keepDraft();
    }
    const own = messages.add(message);
    typing.remove(message.member);
    if (own === false) alerts.message(senderName(message), { news: caughtUp });
  });
  on('typing', ({ member: who, display_name: shown }) => {
    if (typeof who === 'string' && typeof shown === 'string') typing.add(who, textOf(shown));
  });

  on('code_update', ({ new_code: fresh }) => {
    if (typeof fresh !== 'string' || fresh === code.value) return;
    code.set(fresh);
    invite.changed();
    say('request_timer_sync');
  });
  on('timer_sync', ({ time_remaining: seconds }) => {
    timer.start(seconds);
    caughtUp ||= joined; // the answer comes after all that was said before
  });

  on('join_request', ({ user_id: id, user }) => {
    if (typeof id !== 'string' || typeof user !== 'string') return;
    const who = textOf(user);
    if (!requests.add(id, who)) return;
    alerts.knock(who);
    announcer.say(text('alert.knock', { who }));
    // Whoever shows the code to somebody is to see them knock.
    for (const id of ['invite-dialog', 'members-dialog']) byId(id, HTMLDialogElement).close();
  });
  for (const event of ['partial_approval', 'request_status']) {
    on(event, (status) => requests.progress(status.user_id, status));
  }
  on('join_approved', ({ user_id: id }) => requests.remove(id));
  on('join_denied', ({ user_id: id, code: why }) => {
    const who = requests.remove(id);
    if (who) messages.tell(phrase(endings[why] ?? 'request.refused', { who }));
  });
  on('notice', (notice) => {
    noticed = true;
    const said = saidBy(notice);
    if (said) messages.tell(said, notice);
  });
  for (const [event, what] of Object.entries(comings)) {
    on(event, ({ display_name: shown }) => {
      if (noticed || typeof shown !== 'string') return;
      const who = textOf(shown);
      if (who !== name) messages.tell(phrase(what, { who })); // nobody needs to be told of themselves
    });
  }

  on('room_error', ({ code: why, message, ref }) => {
    trouble = refusal(why, message);
    notices.say(trouble);
    if (typeof ref === 'string') outbox.refused(ref);
    else say('ping_room'); // is this page in the room at all?
  });
  on('room_status', ({ exists, participant_count: count, expires_in: seconds }) => {
    if (exists === false) {
      end(trouble ?? text('room.gone'));
      return;
    }
    trouble = undefined;
    if (!joined) setTimeout(() => say('join', { display_name: name }), rejoinPause);
    requests.settle();
    showCount(count);
    showEnd(seconds);
  });
  on('room_expired', () => end(text('room.expired')));

  byId('new-code').addEventListener('click', () => say('request_code_update'));
  const dialog = byId('leave-dialog', HTMLDialogElement);
  byId('leave').addEventListener('click', () => {
    if (page.dataset.ended) location.replace('/');
    else dialog.showModal();
  });
  dialog.addEventListener('close', () => {
    if (dialog.returnValue === 'leave') leave();
    dialog.returnValue = '';
  });
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) say('request_timer_sync'); // the clock may have stood still
  });
  addEventListener('beforeunload', (event) => {
    // What is still on its way would be lost with the page.
    if (!outbox.isEmpty && !page.dataset.ended) event.preventDefault();
  });

  forgetWhenLeft(page, {
    forget() {
      stop();
      messages.forget();
      outbox.forget();
    },
    isOver: () => page.dataset.ended !== undefined,
  });

  if (kept !== '') composer.putBack(kept);
  timer.start(Number(remaining));
  // A keyboard on the screen would cover half of the page at once.
  if (matchMedia('(pointer: fine)').matches) byId('message-input').focus({ preventScroll: true });
}

const endings = {
  timed_out: 'request.timed-out',
  withdrawn: 'request.withdrawn',
  displaced: 'request.displaced',
};
const comings = { member_joined: 'member.joined', member_returned: 'member.returned', member_left: 'member.left' };
const moment = new Intl.DateTimeFormat(document.documentElement.lang, { weekday: 'long', hour: 'numeric', minute: '2-digit' });

function showCount(count) {
  if (Number.isInteger(count)) byId('count').textContent = String(count);
}

function showEnd(seconds) {
  if (Number.isFinite(seconds)) byId('room-end').textContent = text('room.ends', { when: moment.format(Date.now() + seconds * 1000) });
}

function bindAlerts() {
  const sound = byId('sound', HTMLInputElement);
  sound.checked = alerts.sound;
  sound.addEventListener('change', () => { alerts.sound = sound.checked; });
  const notify = byId('notify', HTMLInputElement);
  byId('notify-row').hidden = !alerts.canNotify;
  notify.checked = alerts.notifies;
  notify.addEventListener('change', async () => {
    await alerts.setNotifies(notify.checked);
    notify.checked = alerts.notifies;
    byId('notify-row').hidden = !alerts.canNotify;
  });
}

followKeyboard(page);
keepWriting(byId('message-input', HTMLTextAreaElement));
bindAlerts();
document.querySelectorAll('dialog').forEach(closeFromOutside);
const io = await loadClient(notices);
if (io) run(io);

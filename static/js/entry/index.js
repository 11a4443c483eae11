import { sayEnds } from './chats.js';
import { invitedTo, keepCode } from './codefield.js';
import { isBroken, lookupIn } from './invitation.js';
import { loadClient } from '../transport/connection.js';
import { byId } from '../ui/dom.js';
import { forgetLostDraft } from '../ui/draft.js';
import { Entrance, rememberedName } from './entrance.js';
import { csrfToken, Field, Problem } from './forms.js';
import { themeSwitch } from '../ui/theme.js';
import { Toasts } from '../ui/toasts.js';
import { refusal, text } from '../ui/words.js';

const form = byId('entry', HTMLFormElement);
const [name, code] = [byId('name', HTMLInputElement), byId('code', HTMLInputElement)];
const [create, join] = [byId('create'), byId('join')];
const problems = { create: new Problem(byId('create-problem')), join: new Problem(byId('join-problem')), invitation: new Problem(byId('invitation-problem')) };
const codeField = new Field(code, byId('code-problem'));
const entrance = new Entrance(csrfToken(form), new Field(name, byId('name-problem')), codeField);

/**
 * Whether the form begins a chat rather than asking to join one. Enter below a name begins
 * a chat as long as there is neither a code nor an invitation. Without this script Enter always asks, and the browser
 * wants the code.
 *
 * @param {HTMLElement | null} button the one that was pressed
 */
function begins(button) {
  return button === create || (button !== join && document.activeElement === name && !code.value && !entrance.invited);
}

form.noValidate = true; // problems are shown at their fields
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  for (const problem of Object.values(problems)) problem.clear();
  const { invited } = entrance;
  const next = begins(event.submitter) ? await entrance.create(create, problems.create) : await entrance.ask(join, problems.join, problems.invitation);
  if (next) return location.assign(next);
  // An invitation that holds no more must not come back with a reload, and the name that was typed for it must.
  if (invited && !entrance.invited) keep({ name: name.value, lookup: null });
  if (!codeField.hidden) hideWelcome(); // nothing that was sent lets anybody in
});

/**
 * Keeps something where a reload of the page finds it.
 *
 * @param {{name?: string, lookup?: string | null}} kept
 */
function keep(kept) {
  history.replaceState({ ...history.state, ...kept }, '');
}

/**
 * Whether this browser is in a chat under a name, or asks for one. Nobody else can have that name there,
 * not even the same person in another tab.
 *
 * @param {string} used
 */
function isHere(used) {
  return [...document.querySelectorAll('.chat-name bdi')].some((place) => place.textContent === used);
}

/** Takes the code or the invitation of an invite link, if the address is one. */
function open() {
  const { hash, pathname, search } = location;
  const [digits, lookup, broken] = [invitedTo(hash), lookupIn(hash), isBroken(hash)];
  if (!digits && !lookup && !broken) return;
  // Either lets somebody ask, and so almost does one that was cut off: it does not belong in the
  // history's list, or on a shared screen. An invitation is kept where a reload of the page finds
  // it, since nobody can type it.
  history.replaceState({ ...history.state, lookup }, '', pathname + search);
  entrance.invite(lookup ?? undefined);
  if (broken) {
    hideWelcome(); // an earlier invitation leads to another chat than this link
    putJoinFirst();
    problems.invitation.say(refusal('invalid_invite', ''));
    return;
  }
  code.value = digits ?? '';
  code.dispatchEvent(new Event('input'));
  if (digits) codeField.hide(); // it shows itself if they are refused
  welcome();
}

/** @param {string} lookup of an invitation, which stays with the page when it is loaded again */
function invite(lookup) {
  keep({ lookup });
  entrance.invite(lookup);
  welcome();
}

/** Shows the ways in to somebody who was invited. */
function welcome() {
  problems.invitation.clear();
  if (byId('invitation').hidden) {
    byId('invitation').hidden = false;
    for (const place of [name, join]) place.setAttribute('aria-describedby', `invitation ${place.getAttribute('aria-describedby') ?? ''}`.trim());
    putJoinFirst();
  }
  (name.value ? join : name).focus();
}

/** Has the form begin with what somebody came for who was sent a link, whatever became of it. */
function putJoinFirst() {
  byId('join-part').after(byId('or'), byId('create-part'));
}

/** Hides that somebody was invited: the invitation or the code in the link does not hold. */
function hideWelcome() {
  byId('invitation').hidden = true;
  // A hidden text is still read out where it describes something.
  for (const place of [name, join]) place.setAttribute('aria-describedby', (place.getAttribute('aria-describedby') ?? '').replace(/^invitation ?/, ''));
}

byId('theme').append(themeSwitch());
sayEnds();
// Today's words are not tomorrow's.
document.addEventListener('visibilitychange', sayEnds);
keepCode(code, invite, () => codeField.say(refusal('invalid_invite', '')));
const known = history.state?.name ?? rememberedName();
if (!isHere(known)) name.value ||= known;
addEventListener('hashchange', open);
if (history.state?.lookup) invite(history.state.lookup);
open();

addEventListener('pageshow', ({ persisted }) => {
  if (!persisted) return;
  // Its code may be used up, and its chats are those of a moment ago. A code that waits to be used is
  // on the page alone, so it is worth more than the chats of which the page does not know.
  if (entrance.used || !code.value || document.querySelector('.chats')) location.reload();
  else void forgetLostDraft();
});
void forgetLostDraft();

// The room needs the client. This page has the time to fetch it, and to say so if it is missing.
if (!await loadClient()) new Toasts(byId('notices')).keep(text('connection.broken'));

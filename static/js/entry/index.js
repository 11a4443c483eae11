import { sayEnds } from './chats.js';
import { invitedTo, keepCode } from './codefield.js';
import { lookupIn } from './invitation.js';
import { loadClient } from '../transport/connection.js';
import { byId } from '../ui/dom.js';
import { forgetLostDraft } from '../ui/draft.js';
import { Entrance, rememberedName } from './entrance.js';
import { csrfToken, Field, Problem } from './forms.js';
import { themeSwitch } from '../ui/theme.js';
import { Toasts } from '../ui/toasts.js';
import { text } from '../ui/words.js';

const form = byId('entry', HTMLFormElement);
const [name, code] = [byId('name', HTMLInputElement), byId('code', HTMLInputElement)];
const [create, join] = [byId('create'), byId('join')];
const problems = { create: new Problem(byId('create-problem')), join: new Problem(byId('join-problem')) };
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
  const next = begins(event.submitter) ? await entrance.create(create, problems.create) : await entrance.ask(join, problems.join);
  if (next) location.assign(next);
});

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
  const [digits, lookup] = [invitedTo(hash), lookupIn(hash)];
  if (!digits && !lookup) return;
  // Either lets somebody ask: it does not belong in the history's list, or on a shared screen. An
  // invitation is kept where a reload of the page finds it, since nobody can type it.
  history.replaceState({ lookup }, '', pathname + search);
  entrance.invite(lookup ?? undefined);
  code.value = digits ?? '';
  code.dispatchEvent(new Event('input'));
  if (digits) codeField.hide(); // it shows itself if they are refused
  welcome();
}

/** @param {string} lookup of an invitation, which stays with the page when it is loaded again */
function invite(lookup) {
  history.replaceState({ lookup }, '');
  entrance.invite(lookup);
  welcome();
}

/** Shows the ways in to somebody who was invited. */
function welcome() {
  if (byId('invitation').hidden) {
    byId('invitation').hidden = false;
    for (const place of [name, join]) place.setAttribute('aria-describedby', `invitation ${place.getAttribute('aria-describedby') ?? ''}`.trim());
    byId('join-part').after(byId('or'), byId('create-part'));
  }
  (name.value ? join : name).focus();
}

byId('theme').append(themeSwitch());
sayEnds();
// Today's words are not tomorrow's.
document.addEventListener('visibilitychange', sayEnds);
keepCode(code, invite);
if (!isHere(rememberedName())) name.value ||= rememberedName();
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

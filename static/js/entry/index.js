import { invitedTo, keepCode } from './codefield.js';
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
const entrance = new Entrance(csrfToken(form),
  new Field(name, byId('name-problem')), new Field(code, byId('code-problem')));

/**
 * Whether the form begins a chat rather than asking to join one. Enter below a name begins
 * a chat as long as there is no code. Without this script Enter always asks, and the browser
 * wants the code.
 *
 * @param {HTMLElement | null} button the one that was pressed
 */
function begins(button) {
  return button === create || (button !== join && document.activeElement === name && !code.value);
}

form.noValidate = true; // problems are shown at their fields
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  for (const problem of Object.values(problems)) problem.clear();
  const next = begins(event.submitter) ? await entrance.create(create, problems.create) : await entrance.ask(join, problems.join);
  if (next) location.assign(next);
});

/** Fills in the code of an invite link, and shows the ways in accordingly. */
function welcome() {
  const invitation = invitedTo(location.hash);
  if (!invitation) return;
  // The code lets somebody knock: it does not belong in the history, or on a shared screen.
  history.replaceState(history.state, '', location.pathname + location.search);
  code.value = invitation;
  code.dispatchEvent(new Event('input'));
  byId('invitation').hidden = false;
  for (const place of [name, join]) place.setAttribute('aria-describedby', `invitation ${place.getAttribute('aria-describedby') ?? ''}`.trim());
  byId('join-part').after(byId('or'), byId('create-part'));
  (name.value ? join : name).focus();
}

byId('theme').append(themeSwitch());
keepCode(code);
name.value ||= rememberedName();
addEventListener('hashchange', welcome);
welcome();

addEventListener('pageshow', ({ persisted }) => {
  if (!persisted) return;
  if (entrance.used) location.reload(); // the code and the invitation on it are used up
  else void forgetLostDraft();
});
void forgetLostDraft();

// The room needs the client. This page has the time to fetch it, and to say so if it is missing.
if (!await loadClient()) new Toasts(byId('notices')).keep(text('connection.broken'));

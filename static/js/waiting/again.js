import { keepCode } from '../entry/codefield.js';
import { Entrance, rememberedCode, rememberedInvitation } from '../entry/entrance.js';
import { csrfToken, Field, Problem } from '../entry/forms.js';
import { byId } from '../ui/dom.js';
import { refusal } from '../ui/words.js';

/**
 * Lets somebody who was not let in ask again, by the same form as at the start.
 *
 * @param {HTMLFormElement} form
 */
export function askAgain(form) {
  const [name, code] = [byId('again-name', HTMLInputElement), byId('again-code', HTMLInputElement)];
  const codeField = new Field(code, byId('again-code-problem'));
  const entrance = new Entrance(csrfToken(form), new Field(name, byId('again-name-problem')), codeField);
  const problem = new Problem(byId('again-problem'));
  const button = byId('ask-again');
  const invitation = rememberedInvitation();
  if (invitation) entrance.invite(invitation);
  code.value = rememberedCode();
  keepCode(code, (lookup) => {
    entrance.invite(lookup);
    button.focus(); // the field is gone
  }, () => codeField.say(refusal('invalid_invite', '')));
  form.noValidate = true;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const next = await entrance.ask(button, problem);
    if (next) location.replace(next);
  });
}

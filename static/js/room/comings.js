import { textOf } from './content.js';
import { element } from '../ui/dom.js';
import { formFor, phrase, text } from '../ui/words.js';

const admitted = { one: 'member.admitted.one', other: 'member.admitted.other' };
const happenings = {
  joined: 'member.joined', returned: 'member.returned', lost: 'member.lost', away: 'member.away', left: 'member.left',
};
const list = new Intl.ListFormat(document.documentElement.lang || undefined, { type: 'conjunction' });

/** What a notice of the server's says, in nodes for the page; undefined if it is nothing that this page knows. */
export function saidBy({ what, display_name: shown, by, missed }) {
  if (typeof shown !== 'string') return undefined;
  const who = textOf(shown);
  const said = what === 'admitted' ? letIn(who, by) : Object.hasOwn(happenings, what) && phrase(happenings[what], { who });
  if (!said) return undefined;
  return missed === true ? [text('member.missed'), ' ', ...said] : said;
}

function letIn(who, by) {
  const names = Array.isArray(by) ? by.filter((name) => typeof name === 'string').map(textOf) : [];
  return names.length > 0 && phrase(formFor(admitted, names.length), { who, names: listOf(names) });
}

// Each name is set apart, and the words between them are not.
function listOf(names) {
  const nodes = document.createDocumentFragment();
  for (const { type, value } of list.formatToParts(names)) nodes.append(type === 'element' ? element('bdi', {}, value) : value);
  return nodes;
}

// The page's texts in its language, which the server has put into it; see
// templates/words.

const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

const { scripts, refusals, sentences } = JSON.parse(document.getElementById('words').textContent);

function sentence(name) {
  if (!(name in scripts)) throw new Error(`there are no words for ${name}`);
  return scripts[name];
}

/** The text of a name, with its {placeholders} filled in. */
export function text(name, values = {}) {
  return sentence(name).replace(/{(\w+)}/g, (_, key) => isolated(values[key]));
}

/**
 * The text of a name in nodes for the page, in which each {placeholder} is set apart: no
 * name, whatever it is, reads as a part of the sentence around it, or turns it.
 */
export function phrase(name, values) {
  // Every second part is a placeholder's key.
  return sentence(name).split(/{(\w+)}/).map((part, index) => {
    if (index % 2 === 0) return part;
    if (values[part] instanceof Node) return values[part]; // its names are set apart already
    const node = document.createElement('bdi');
    node.append(values[part]);
    return node;
  });
}

// A name that is written from right to left must not turn the sentence around it.
function isolated(value) {
  return rightToLeft.test(value) ? `\u2068${value}\u2069` : value;
}

/** The text for a number of things, out of those for each of the language's forms of the plural. */
export function counted(names, number) {
  return text(formFor(names, number), { number });
}

/** The name of the text for a number of things, out of those for each form of the plural. */
export function formFor(names, number) {
  return names[new Intl.PluralRules(document.documentElement.lang).select(number)] ?? names.other;
}

/**
 * What a refusal of the server's says. By its code it is known in the page's language; the server's own
 * words stand in for a code that this page does not know, and where only the server can fill in a {placeholder}.
 *
 * @param {unknown} code
 * @param {unknown} said
 * @returns {string}
 */
export function refusal(code, said) {
  const known = Object.hasOwn(refusals, code) ? refusals[code] : '';
  if (known && !/{\w+}/.test(known)) return known;
  return typeof said === 'string' && said !== '' ? translated(said) : text('room.refused');
}

/**
 * What the server says, sentence by sentence. If one is not known it stays as it is:
 * half of it in each language would be worse.
 */
function translated(said) {
  const known = said.split(/(?<=[.?!]) /).map((sentence) => sentences[sentence]);
  return known.every(Boolean) ? known.join(' ') : said;
}

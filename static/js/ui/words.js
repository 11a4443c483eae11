// The page's texts in its language, which the server has put into it; see
// templates/words.
import { byId } from './dom.js';

/**
 * The names of a text for each form that the plural has in a language.
 *
 * @typedef {Partial<Record<Intl.LDMLPluralRule, string>> & {other: string}} PluralForms
 */

const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** @type {{scripts: Record<string, string>, refusals: Record<string, string>, sentences: Record<string, string>}} */
const { scripts, refusals, sentences } = JSON.parse(byId('words').textContent);

/** @param {string} name */
function sentence(name) {
  if (!Object.hasOwn(scripts, name)) throw new Error(`there are no words for ${name}`);
  return scripts[name];
}

/**
 * The value for a placeholder of a text.
 *
 * @template T
 * @param {Record<string, T>} values
 * @param {string} placeholder
 * @param {string} name
 */
function valueFor(values, placeholder, name) {
  if (!Object.hasOwn(values, placeholder)) throw new Error(`there is no ${placeholder} for ${name}`);
  return values[placeholder];
}

/**
 * The text of a name, with its {placeholders} filled in.
 *
 * @param {string} name
 * @param {Record<string, string | number>} [values]
 */
export function text(name, values = {}) {
  return sentence(name).replace(/{(\w+)}/g, (_, placeholder) => isolated(String(valueFor(values, placeholder, name))));
}

/**
 * The text of a name in nodes for the page, in which each {placeholder} is set apart: no
 * name, whatever it is, reads as a part of the sentence around it, or turns it.
 *
 * @param {string} name
 * @param {Record<string, string | Node>} values nodes stay as they are: the names in them are set apart already
 * @returns {(string | Node)[]}
 */
export function phrase(name, values) {
  // Every second part is a placeholder.
  return sentence(name).split(/{(\w+)}/).map((part, index) => {
    if (index % 2 === 0) return part;
    const value = valueFor(values, part, name);
    if (value instanceof Node) return value;
    const node = document.createElement('bdi');
    node.append(value);
    return node;
  });
}

/**
 * A value that, written from right to left, does not turn the sentence around it.
 *
 * @param {string} value
 */
export function isolated(value) {
  return rightToLeft.test(value) ? `\u2068${value}\u2069` : value;
}

/**
 * The text for a number of things.
 *
 * @param {PluralForms} names
 * @param {number} number
 */
export function counted(names, number) {
  return text(formFor(names, number), { number });
}

/**
 * The name of the text for a number of things.
 *
 * @param {PluralForms} names
 * @param {number} number
 * @returns {string}
 */
export function formFor(names, number) {
  return names[new Intl.PluralRules(document.documentElement.lang).select(number)] ?? names.other;
}

/**
 * The text of a refusal of the server's. It goes by the refusal's code, in the page's language.
 * The server's own words take its place for a code that this page does not know, and where
 * only the server can fill in a {placeholder}.
 *
 * @param {unknown} code
 * @param {unknown} said the server's own words
 * @returns {string}
 */
export function refusal(code, said) {
  const known = typeof code === 'string' && Object.hasOwn(refusals, code) ? refusals[code] : '';
  if (known && !/{\w+}/.test(known)) return known;
  return typeof said === 'string' && said !== '' ? translated(said) : text('room.refused');
}

/**
 * A text of the server's in the page's language, translated sentence by sentence. If one
 * sentence has no translation the text stays as it is: half of it in each language would
 * be worse.
 *
 * @param {string} said
 */
function translated(said) {
  const parts = said.split(/(?<=[.?!]) /);
  if (!parts.every((part) => Object.hasOwn(sentences, part))) return said;
  return parts.map((part) => sentences[part]).join(' ');
}

// Messages arrive as markup that the server has made safe. The page does not rely on
// that: the markup is parsed in a document where nothing loads or runs, and only the
// elements that are listed here are built anew from it.

import { linksIn, safeAddress } from './links.js';

const elements = new Set(['b', 'i', 'em', 'strong', 'a']);

// Browsers that know trusted types allow this one policy, and no other way from text
// to markup. Nothing loads or runs in the document that it is for.
const passOn = { createHTML: (/** @type {string} */ markup) => markup };
const inert = globalThis.trustedTypes?.createPolicy('inert-markup', passOn) ?? passOn;

const markedUp = /[<&]/;
const isAscii = /^[\x20-\x7e]*$/;
const emoji = /^\p{RGI_Emoji}$/v;
const fewEmoji = 6;
const someEmoji = /\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20E3/u;
const graphemes = new Intl.Segmenter();
const longestEmoji = 40; // UTF-16 units, more than any has

/** @param {string} markup */
const parse = (markup) => new DOMParser().parseFromString(inert.createHTML(`<!DOCTYPE html><body>${markup}`), 'text/html').body;

/**
 * A text as markup that shows it to the letter, which is how this page sends it.
 *
 * @param {string} text
 */
export const asMarkup = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/**
 * A fragment of this page for a text, with the addresses in it as links.
 *
 * @param {string} text
 */
export function contentOfText(text) {
  const fragment = document.createDocumentFragment();
  appendText(text, fragment);
  return fragment;
}

/**
 * A fragment of this page for a message's markup, with the addresses in it as links.
 *
 * @param {string} markup
 */
export function contentOf(markup) {
  if (!markedUp.test(markup)) return contentOfText(markup); // most are, and parsing is slow
  const fragment = document.createDocumentFragment();
  copyChildren(parse(markup), fragment);
  return fragment;
}

/**
 * The text of escaped or marked-up text, such as a name.
 *
 * @param {string} markup
 */
export function textOf(markup) {
  return markedUp.test(markup) ? parse(markup).textContent : markup;
}

/**
 * Whether a text is a few emoji and nothing else.
 *
 * @param {string} text
 */
export function isEmoji(text) {
  const bare = text.replace(/\s/g, '');
  if (bare.length > fewEmoji * longestEmoji || !someEmoji.test(bare)) return false; // most texts end here
  const characters = [...graphemes.segment(bare)];
  return characters.length <= fewEmoji && characters.every(({ segment }) => emoji.test(segment));
}

/**
 * @param {Element} from
 * @param {Element | DocumentFragment} to
 */
function copyChildren(from, to) {
  for (const child of from.childNodes) {
    if (child instanceof Text) appendText(child.data, to);
    else if (child instanceof Element) copyElement(child, to);
  }
}

/**
 * @param {Element} source
 * @param {Element | DocumentFragment} to
 */
function copyElement(source, to) {
  if (!elements.has(source.localName)) {
    copyChildren(source, to);
    return;
  }
  const copy = source.localName === 'a' ? copyOfLink(source) : document.createElement(source.localName);
  to.append(copy);
  copyChildren(source, copy);
}

/** @param {Element} source */
function copyOfLink(source) {
  const copy = document.createElement('a');
  const href = safeAddress(source.getAttribute('href'));
  if (href) linkTo(copy, href);
  const title = source.getAttribute('title');
  if (title) copy.title = title;
  return copy;
}

/**
 * @param {HTMLAnchorElement} link
 * @param {string} href
 */
function linkTo(link, href) {
  link.href = href;
  link.rel = 'noopener noreferrer nofollow';
  link.target = '_blank'; // a click must not leave the room
}

/**
 * @param {string} text
 * @param {Element | DocumentFragment} to
 */
function appendText(text, to) {
  if (to.nodeName === 'A' || to.parentElement?.closest('a')) {
    to.append(text);
    return;
  }
  let done = 0;
  for (const { index, shown, href } of linksIn(text)) {
    const link = document.createElement('a');
    linkTo(link, href);
    link.dir = 'ltr'; // as addresses are read, whatever letters are in it
    // Letters of other languages have another form there.
    if (!isAscii.test(shown)) link.title = href;
    link.append(shown);
    to.append(text.slice(done, index), link);
    done = index + shown.length;
  }
  to.append(text.slice(done));
}

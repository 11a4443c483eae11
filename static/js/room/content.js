// What others say arrives as markup that the server has made safe. The page
// does not take its word for it: the markup is parsed in a document where
// nothing loads or runs, and only what is listed here is built anew from it.

const elements = new Set(['b', 'i', 'em', 'strong', 'a']);
const schemes = new Set(['http:', 'https:', 'mailto:']);

// Browsers that know trusted types allow this one policy, and no other way from text
// to markup. In the document that it is for nothing loads or runs.
const passOn = { createHTML: (markup) => markup };
const inert = globalThis.trustedTypes?.createPolicy('inert-markup', passOn) ?? passOn;

const markedUp = /[<&]/;
// Quotes and the punctuation of other scripts end an address.
const address = /\bhttps?:\/\/[^\s<>"“”„‟«»‹›‘’‚‛…、。，！？：；（）【】「」『』]+/giu;
const punctuation = new Set('.,;:!?\'*_');
const brackets = new Map([[')', '('], [']', '['], ['}', '{']]);
const emoji = /^\p{RGI_Emoji}$/v;
const fewEmoji = 6;
const someEmoji = /\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20E3/u;
const graphemes = new Intl.Segmenter();
const longestEmoji = 40; // UTF-16 units, more than any has

const parse = (markup) => new DOMParser().parseFromString(inert.createHTML(`<!DOCTYPE html><body>${markup}`), 'text/html').body;

/** A text as markup that shows it, to the letter: what this page sends. */
export const asMarkup = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** A fragment of this page for a text, with the addresses in it as links. */
export function contentOfText(text) {
  const fragment = document.createDocumentFragment();
  appendText(text, fragment);
  return fragment;
}

/** A fragment of this page for a message's markup, with the addresses in it as links. */
export function contentOf(markup) {
  if (!markedUp.test(markup)) return contentOfText(markup); // as most are, and parsing is slow
  const fragment = document.createDocumentFragment();
  copyChildren(parse(markup), fragment);
  return fragment;
}

/** The text of escaped or marked-up text, such as a name. */
export function textOf(markup) {
  return markedUp.test(markup) ? parse(markup).textContent : markup;
}

/** Whether a text is a few emoji and nothing else. */
export function isEmoji(text) {
  const bare = text.replace(/\s/g, '');
  if (bare.length > fewEmoji * longestEmoji || !someEmoji.test(bare)) return false; // as most are
  const characters = [...graphemes.segment(bare)];
  return characters.length <= fewEmoji && characters.every(({ segment }) => emoji.test(segment));
}

function copyChildren(from, to) {
  for (const child of from.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) {
      appendText(child.data, to);
    } else if (child.nodeType === Node.ELEMENT_NODE) {
      copyElement(child, to);
    }
  }
}

function copyElement(source, to) {
  if (!elements.has(source.localName)) {
    copyChildren(source, to);
    return;
  }
  const copy = document.createElement(source.localName);
  if (source.localName === 'a') copyLink(source, copy);
  to.append(copy);
  copyChildren(source, copy);
}

function copyLink(source, copy) {
  const href = safeAddress(source.getAttribute('href'));
  if (href) linkTo(copy, href);
  if (source.title) copy.title = source.title;
}

function linkTo(link, href) {
  link.href = href;
  link.rel = 'noopener noreferrer nofollow';
  link.target = '_blank'; // a click must not leave the room
}

function appendText(text, to) {
  if (to.nodeName === 'A' || to.parentElement?.closest('a')) {
    to.append(text);
    return;
  }
  let done = 0;
  for (const { 0: found, index } of text.matchAll(address)) {
    const shown = withoutPunctuation(found);
    const href = safeAddress(shown);
    if (!href) continue;
    const link = document.createElement('a');
    linkTo(link, href);
    link.append(shown);
    to.append(text.slice(done, index), link);
    done = index + shown.length;
  }
  to.append(text.slice(done));
}

// What follows an address in a sentence is not a part of it, nor is a bracket that
// was not opened in it.
function withoutPunctuation(address) {
  const count = (character) => address.split(character).length;
  const unopened = new Map([...brackets].map(([closing, opening]) => [closing, count(closing) - count(opening)]));
  let end = address.length;
  for (; end > 0; end -= 1) {
    const last = address[end - 1];
    if (unopened.get(last) > 0) unopened.set(last, unopened.get(last) - 1);
    else if (!punctuation.has(last)) break;
  }
  return address.slice(0, end);
}

/** The address if it is absolute and of an allowed scheme, else null. */
export function safeAddress(address) {
  if (!URL.canParse(address ?? '')) return null;
  const url = new URL(address);
  return schemes.has(url.protocol) ? url.href : null;
}

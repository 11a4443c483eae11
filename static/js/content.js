// What others say arrives as markup that the server has made safe. The page
// does not take its word for it: the markup is parsed in a document where
// nothing loads or runs, and only what is listed here is built anew from it.

const elements = new Set(['b', 'i', 'em', 'strong', 'a']);
const schemes = new Set(['http:', 'https:', 'mailto:']);

// Browsers that know trusted types allow this one policy, and no other way from text
// to markup. In the document that it is for nothing loads or runs.
const passOn = { createHTML: (markup) => markup };
const inert = globalThis.trustedTypes?.createPolicy('inert-markup', passOn) ?? passOn;

const parse = (markup) => new DOMParser().parseFromString(inert.createHTML(`<!DOCTYPE html><body>${markup}`), 'text/html').body;

/** A fragment of this page for a message's markup. */
export function contentOf(markup) {
  const fragment = document.createDocumentFragment();
  copyChildren(parse(markup), fragment);
  return fragment;
}

/** The text of escaped or marked-up text, such as a name. */
export function textOf(markup) {
  return parse(markup).textContent;
}

function copyChildren(from, to) {
  for (const child of from.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) {
      to.append(child.data);
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
  copyChildren(source, copy);
  to.append(copy);
}

function copyLink(source, copy) {
  const href = safeAddress(source.getAttribute('href'));
  if (href) {
    copy.href = href;
    copy.rel = 'noopener noreferrer nofollow';
    copy.target = '_blank'; // a click must not leave the room
  }
  if (source.title) copy.title = source.title;
}

/** The address if it is absolute and of an allowed scheme, else null. */
export function safeAddress(address) {
  if (!URL.canParse(address ?? '')) return null;
  const url = new URL(address);
  return schemes.has(url.protocol) ? url.href : null;
}

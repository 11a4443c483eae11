// The embedded pages in Chromium without a server behind them: files from the
// checkout, and a Socket.IO client that does what the test says.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../harness/server.mjs';
import { needs } from './imports.mjs';

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; manifest-src 'self'; worker-src 'self'; form-action 'self'; "
  + "require-trusted-types-for 'script'; trusted-types inert-markup service-worker";
const types = { '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.png': 'image/png', '.webmanifest': 'application/manifest+json' };
const client = '/static/vendor/socket.io/socket.io.esm.min.js';

// The page sees this as the Socket.IO client. The test reads `sent` and calls `receive`. A
// packet that is sent is acknowledged at once, or, while `silent`, when the test calls its
// function in `acknowledgements`. A vote, and the question for the members, are acknowledged after the
// event that tells what came of them, or when the test calls `acknowledge`, as of what the server refuses.
const standIn = `
const handlers = new Map();
let opened;
let hear;
const results = { members: 'request_members', request_votes: 'approve_join', join_denied: 'deny_join' };
let undone = [];
globalThis.acknowledge = (which = () => true) => {
  const done = undone.filter(([event]) => which(event));
  undone = undone.filter(([event]) => !which(event));
  for (const [, acknowledge] of done) acknowledge();
};
let timed = false; // what is sent next is for the test to acknowledge
const lifecycle = ['open', 'connect', 'disconnect', 'connect_error']; // not from the server
const socket = {
  connected: false,
  active: true,
  onAny(handle) { hear = handle; },
  on(event, handle) { handlers.set(event, [...handlers.get(event) ?? [], handle]); },
  emit(event, ...values) {
    // The real one would keep it, and say it when nobody means it any more.
    if (!socket.connected) throw new Error(event + ' without a connection');
    sent.push([event, ...values.filter((value) => typeof value !== 'function')]);
    const acknowledge = values.at(-1);
    if (typeof acknowledge === 'function' && !timed) {
      if (globalThis.silent) acknowledgements.push(acknowledge);
      else if (Object.values(results).includes(event)) undone.push([event, acknowledge]);
      else queueMicrotask(acknowledge);
    }
    timed = false;
  },
  timeout() { timed = true; return socket; },
  io: { on(event, handle) { if (event === 'open') opened = handle; }, engine: { transport: { close() { sent.push(['(renew)']); } } } },
  connect() { sent.push(['(connect)']); },
  disconnect() { socket.connected = false; sent.push(['(disconnect)']); },
};
globalThis.sent = [];
globalThis.acknowledgements = [];
globalThis.receive = (event, ...values) => {
  if (event === 'connect' || event === 'disconnect') socket.connected = event === 'connect';
  if (event === 'connect' || event === 'open') opened();
  if (!lifecycle.includes(event)) hear(event, ...values);
  for (const handle of handlers.get(event) ?? []) handle(...values);
  if (event === 'disconnect') undone = [];
  acknowledge((said) => said === results[event]);
};
globalThis.socket = socket;
export const io = (options) => { globalThis.options = options; options.auth((auth) => { options.auth = auth; }); return socket; };
`;

/** The little of Jinja2 that our pages use. */
export function render(name, variables, lang = 'en') {
  const read = (file) => readFileSync(path.join(root, 'templates', file), 'utf8').replace(/{#.*?#}/gs, '');
  const { pages: words, scripts, refusals, sentences } = JSON.parse(read(`words/${lang}.json`));
  const page = read(name);
  const blocks = new Map([...page.matchAll(/{% block (\w+) %}(.*?){% endblock %}/gs)].map(([, block, text]) => [block, text]));
  const source = read('base.html').replace(/{% block (\w+) %}(.*?){% endblock %}/gs, (_, block, text) => blocks.get(block) ?? text);
  return filledIn(source, {
    lang, words, lifetime: { tagline: words['start.tagline'], gone: words['start.how.end'], cookie: words['start.kept.cookies.session'] }, script_words: JSON.stringify({ scripts, refusals, sentences }), ...variables,
    url_for: (folder, file) => `/${folder}/${file}`,
    modules: (script) => needs(root, `static/${script}`).map((module) => `/${module}`),
  });
}

/** A template without its conditions, loops and expressions, whose values are in `all`. */
function filledIn(source, all) {
  const [before, tag, after] = cut(source, /{%\s*(if|for)\s+(.*?)\s*%}/s);
  const plain = before.replace(/{{(.*?)}}/gs, (_, expression) => {
    const text = String(valueOf(expression, all) ?? '');
    return expression.trim().endsWith('|safe') ? text : text.replace(/[&<>"']/g, (c) => `&#${c.codePointAt(0)};`);
  });
  if (!tag) return plain;
  const [, kind, head] = tag;
  const { body, otherwise, rest } = partsOf(after);
  if (kind === 'if') return plain + filledIn(truthy(head, all) ? body : otherwise, all) + filledIn(rest, all);
  const [item, list] = head.split(' in ');
  return plain + [...valueOf(list, all) ?? []].map((each) => filledIn(body, { ...all, [item]: each })).join('') + filledIn(rest, all);
}

/** The source before what matches first, the match, and the source after it. */
function cut(source, pattern) {
  const match = pattern.exec(source);
  return match ? [source.slice(0, match.index), match, source.slice(match.index + match[0].length)] : [source];
}

/** The body of the tag that ends here, what stands in place of it, and the rest of the source. */
function partsOf(source) {
  let depth = 0;
  let middle;
  for (const { 0: tag, 1: word, index } of source.matchAll(/{%\s*(if|for|else|endif|endfor)\b.*?%}/gs)) {
    const place = { from: index, to: index + tag.length };
    if (word === 'else' && depth === 0) middle = place;
    if (word === 'if' || word === 'for') depth += 1;
    if (!word.startsWith('end')) continue;
    if (depth > 0) depth -= 1;
    else return { body: source.slice(0, (middle ?? place).from), otherwise: middle ? source.slice(middle.to, place.from) : '', rest: source.slice(place.to) };
  }
  throw new Error('a template has a tag without an end');
}

const truthy = (expression, all) => expression.split(' or ').some((part) => {
  const value = valueOf(part, all);
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
});

/** The value of a name with its keys, as in a.b['c'], or of a call. */
function valueOf(expression, all) {
  const [, name, keys, call] = /^\s*(\w+)((?:\.\w+|\['[^']*'\])*)(\(.*\))?(?:\|safe)?\s*$/.exec(expression) ?? [];
  if (!name) throw new Error(`the tests know no ${expression}`);
  const value = [...keys.matchAll(/[\w-]+(?:\.[\w.-]+)?(?='\])|(?<=\.)\w+/g)].reduce((from, [key]) => from?.[key], all[name]);
  if (call === undefined || typeof value !== 'function') return value;
  return value(...[...call.matchAll(/'([^']*)'/g)].map(([, text]) => text));
}

/**
 * Opens a page of the embedded templates. `problems` of the returned page are
 * its errors, `navigations` the addresses it went to, `posted` the forms it sent, as
 * [address, fields]; the test puts what they are answered with into `answers`: what a
 * route is fulfilled with, or null for no answer.
 *
 * Without `client` there is no Socket.IO client; `lang` is the page's language; `at` is what
 * follows its path in the address; `prepare(context)` is called before the page is
 * loaded; other options are Playwright's of a browser context.
 */
export async function openPage(t, browser, name, variables, { client: hasClient = true, lang, at = '', prepare, ...settings } = {}) {
  // Without movement, so that nothing is looked at on its way.
  const context = await browser.newContext({ reducedMotion: 'reduce', ...settings });
  t.after(() => context.close());
  await prepare?.(context);
  const page = await context.newPage();
  page.problems = [];
  page.navigations = [];
  page.posted = [];
  page.answers = [];
  page.on('console', (message) => { if (message.type() === 'error') page.problems.push(message.text()); });
  page.on('pageerror', (error) => page.problems.push(error.stack));
  await page.route('**/*', async (route) => {
    const request = route.request();
    const { pathname } = new URL(request.url());
    const headers = { 'Content-Security-Policy': policy };
    if (pathname === '/page') {
      await route.fulfill({ contentType: 'text/html', headers, body: render(name, variables, lang) });
    } else if (pathname === client) {
      await route.fulfill(hasClient ? { contentType: 'text/javascript', body: standIn } : { status: 404 });
    } else if (pathname.startsWith('/static/')) {
      await route.fulfill({ contentType: types[path.extname(pathname)], headers, path: path.join(root, pathname) });
    } else if (request.method() === 'POST' && page.answers.length > 0) {
      page.posted.push([pathname, Object.fromEntries(new URLSearchParams(request.postData()))]);
      const answer = page.answers.shift();
      await (answer ? route.fulfill(answer) : route.abort());
    } else {
      page.navigations.push(pathname);
      await route.fulfill({ contentType: 'text/html', body: 'elsewhere' });
    }
  });
  await page.goto(`http://localhost/page${at}`);
  if (hasClient && name !== 'index.html' && settings.javaScriptEnabled !== false) await page.waitForFunction(() => globalThis.options);
  // The page shows what arrives with the next frame.
  page.receive = (...values) => page.evaluate((all) => {
    globalThis.receive(...all);
    return new Promise((shown) => { requestAnimationFrame(() => requestAnimationFrame(() => shown())); });
  }, values);
  page.sent = () => page.evaluate(() => globalThis.sent.splice(0));
  return page;
}

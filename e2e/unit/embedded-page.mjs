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
// function in `acknowledgements`.
const standIn = `
const handlers = new Map();
let opened;
let hear;
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
};
globalThis.socket = socket;
export const io = (options) => { globalThis.options = options; options.auth((auth) => { options.auth = auth; }); return socket; };
`;

/** The little of Jinja2 that our pages use. */
export function render(name, variables, lang = 'en') {
  const read = (file) => readFileSync(path.join(root, 'templates', file), 'utf8').replace(/{#.*?#}/gs, '');
  const { pages: words, scripts, refusals, sentences } = JSON.parse(read(`words/${lang}.json`));
  const all = { lang, words, ...variables };
  const page = read(name);
  const blocks = new Map([...page.matchAll(/{% block (\w+) %}(.*?){% endblock %}/gs)].map(([, block, text]) => [block, text]));
  const value = (expression) => {
    const found = expression.trim().split(/\['|'\]|\(\)/).filter(Boolean).reduce((from, key) => from?.[key], all);
    return String(found ?? '').replace(/[&<>"']/g, (c) => `&#${c.codePointAt(0)};`);
  };
  return read('base.html')
    .replace(/{% block (\w+) %}(.*?){% endblock %}/gs, (_, block, text) => blocks.get(block) ?? text)
    .replace(/{% for module in modules\('([^']+)'\) %}(.*?){% endfor %}/g, (_, script, text) => needs(root, `static/${script}`)
      .map((module) => text.replace('{{ module }}', `/${module}`)).join(''))
    .replace(/{{ url_for\('static', filename='([^']+)'\) }}/g, '/static/$1')
    .replace('{{ script_words|safe }}', () => JSON.stringify({ scripts, refusals, sentences }))
    .replace(/{% for digit in display_code %}(.*?){% endfor %}/gs, (_, text) => [...variables.display_code ?? '']
      .map((digit) => text.replaceAll('{{ digit }}', digit)).join(''))
    .replace(/{% for message in get_flashed_messages\(\) %}.*?{% endfor %}/g, '')
    .replace(/{{(.*?)}}/g, (_, expression) => value(expression));
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
  const context = await browser.newContext(settings);
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

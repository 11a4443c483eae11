// Text becomes markup in one place alone, whatever folder a file lies in. Each guard
// is shown that it can fail, in a copy of the checkout.
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { root, temporaryFolder } from '../harness/server.mjs';
import * as guards from './guards.mjs';
import { needs } from './imports.mjs';

describe('the pages', () => {
  for (const [name, guard] of Object.entries(guards)) test(name, () => assert.deepEqual(guard(root), []));
});

// A page that names its modules by hand, as they are now.
const byHand = (page, script) => readFileSync(path.join(root, page), 'utf8')
  .replace(/{% for module in modules.*?{% endfor %}/, needs(root, script).map((file) => `<link rel="modulepreload" href="{{ url_for('static', filename='${file.replace('static/', '')}') }}">`).join(''));
const chat = 'templates/chatroom.html';
const start = 'templates/index.html';

/** A file of the checkout with something else in it. */
function changed(file, from, to) {
  const source = readFileSync(path.join(root, file), 'utf8');
  assert.ok(source.includes(from), `${file} has ${from}`);
  return source.replace(from, () => to);
}

const deep = 'static/js/deep/er/module.js';
const deepTemplate = 'templates/part/early.html';

// Each guard with what is planted, by file, and what it has to say of that.
const planted = [
  ['strangers', { 'static/js/room.test.js': '' }, /room\.test\.js would be served/],
  ['strangers', { 'static/js/deep/room.test.mjs': '' }, /room\.test\.mjs would be served/],
  ['strangers', { 'static/js/deep/notes.txt': '' }, /notes\.txt would be served/],
  ['strangers', { 'static/css/.hidden.css': '' }, /hidden/],
  ['strangers', { 'templates/part/page.html.bak': '' }, /bak/],
  ...[
    'node.innerHTML = text', "element('div', { innerHTML: text })", "node['outerHTML'] = text", "node['inner\\x48TML'] = text", 'node.inner\\u0048TML = text',
    "node.insertAdjacentHTML('beforeend', text)", 'document.write(text)', 'document . writeln(text)', 'node.setHTMLUnsafe(text)', 'Document.parseHTMLUnsafe(text)',
    'range.createContextualFragment(text)', "trustedTypes.createPolicy('other', {})", 'new DOMParser()', 'frame.srcdoc = text',
    'eval(text)', '(0, eval)(text)', 'new Function(text)', 'Function(text)()', 'run.constructor.constructor(text)', "setTimeout('speak()', 1)", 'setInterval(`speak()`, 1)',
    "node.setAttribute('onclick', text)", "node.setAttributeNS(null, 'onload', text)", 'node.setAttribute(name, text)', "element('a', { onclick: 'speak()' })",
    "link.href = 'javascript:speak()'", "document.createElement('script')", "element('iframe')", 'alert(text)', 'window.confirm(text)', "document.execCommand('insertHTML', false, text)",
  ].map((code) => ['dangerousScripts', { [deep]: `export const f = (node, text) => {\n  ${code};\n};\n` }, /deep\/er\/module\.js/]),
  ['dangerousScripts', { 'static/js/deep/module.mjs': 'node.innerHTML = text;' }, /deep\/module\.mjs makes markup/],
  ['dangerousScripts', { 'static/js/deep/content.js': 'new DOMParser();' }, /deep\/content\.js makes markup/],
  ...[
    "trustedTypes.createPolicy('inert-markup', {})", 'policy.createScriptURL(text)', "navigator.serviceWorker.register('/other.js')", "new Worker('/other.js')", "new SharedWorker('/other.js')", "importScripts('/other.js')",
  ].map((code) => ['dangerousScripts', { [deep]: code }, /deep\/er\/module\.js/]),
  ['dangerousScripts', { 'static/sw.js': "importScripts('/other.js');" }, /sw\.js makes a script/],
  ...[
    ['static/js/room/content.js', "'inert-markup'", "'other'"],
    ['static/js/room/content.js', 'const markedUp', "globalThis.trustedTypes?.createPolicy('more', {});\nconst markedUp"],
    ['static/js/room/worker.js', "'service-worker'", "'inert-markup'"],
    ['static/js/room/worker.js', "'/sw.js'", "document.body.dataset.worker"],
    ['static/js/room/worker.js', '() => address', '(said) => said'],
    ['static/js/room/worker.js', "('service-worker', theOnlyOne)", "('service-worker', { createScriptURL: (said) => said })"],
    ['internal/web/headers.go', 'inert-markup service-worker', 'inert-markup service-worker other'],
    ['internal/web/headers.go', 'inert-markup service-worker', '*'],
  ].map(([file, from, to]) => ['strayPolicies', { [file]: changed(file, from, to) }, /makes another policy|allows the policies/]),
  ...[
    "worker.addEventListener('fetch', () => {});", 'worker.onmessage = show;', "caches.open('all');", "fetch('/');", 'worker.clients.claim();',
    "worker['addEventListener']\n('push', show);", "for (const event of ['push']) worker.addEventListener(event, show);",
  ].map((code) => ['idleWorker', { 'static/sw.js': `${readFileSync(path.join(root, 'static/sw.js'), 'utf8')}${code}\n` }, /sw\.js (hears of|does more)/]),
  ...[
    "if (message === 'You are not in this room.') end();", 'const kinds = { "Request timed out": 1 };', 'const why = `Somebody said no`;',
    "const kinds = new Map([['Invalid input.', 1]]);", "say('Invalid\\x20input.'); // it's said", "/* it's */ const why = 'No longer here';",
  ].map((code) => ['sentences', { [deep]: code }, /deep\/er\/module\.js has a sentence/]),
  ['strayImports', { [deep]: 'export const load = (name) => import(name);' }, /only runs can tell/],
  ['strayImports', { [deep]: "export const load = (name) => import('./' + name);" }, /only runs can tell/],
  ['strayImports', { [deep]: "import {\n  thing,\n} from 'https://elsewhere.example/thing.js';" }, /imports https:/],
  ['strayImports', { [deep]: "export * from 'bare';" }, /imports bare/],
  ['strayImports', { [deep]: "import '../../../../e2e/unit/guards.mjs';" }, /imports \.\./],
  ['strayImports', { [deep]: "import data from './data.json' with { type: 'json' };" }, /imports \.\/data\.json/],
  ['strayImports', { [deep]: "export {\n  nothing,\n} /* why */ from './nothing.js';" }, /which there is not/],
  ...[
    ['transport/random.js', "import { asMarkup } from '../room/content.js';"], ['transport/random.js', "export * from '../ui/dom.js';"],
    ['ui/days.js', "export const load = () => import('../room/days.js');"], ['entry/early.js', "import '../waiting/votes.js';"],
    ['waiting/deep/er.js', "import '../../room/days.js';"], ['room/early.js', "import '../waiting/votes.js';"],
    ['transport/random.js', "/** @type {import('../room/members.js').Member} */\nexport let member;"],
    ['ui/days.js', '/** @typedef {Map<string, import("../room/members.js").Member>} Members */'],
    ['transport/random.js', "/** @import { Member } from '../room/members.js' */"],
    ['ui/days.js', "/**\n * @import {\n *   Member,\n * } from '../room/members.js'\n */"],
  ].map(([file, code]) => ['importsUphill', { [`static/js/${file}`]: code }, /must not import/]),
  ['importsUphill', { [deep]: '' }, /deep\/er\/module\.js is on no floor/],
  ['importsUphill', { 'static/js/module.js': '' }, /static\/js\/module\.js is on no floor/],
  ['importCircles', { 'static/js/ui/dom.js': "import './dom.js';" }, /ui\/dom\.js imports static\/js\/ui\/dom\.js/],
  ['importCircles', { 'static/js/ui/words.js': "import './toasts.js';" }, /words\.js imports static\/js\/ui\/toasts\.js imports|toasts\.js imports static\/js\/ui\/words\.js imports/],
  ['importCircles', { 'static/js/ui/words.js': "/** @param {import('./toasts.js').Toasts} toasts */\nexport const f = (toasts) => toasts;" }, /words\.js imports static\/js\/ui\/toasts\.js imports|toasts\.js imports static\/js\/ui\/words\.js imports/],
  ['importCircles', { 'static/js/room/typing.js': "export const load = () => import('./page.js');" }, /typing\.js imports static\/js\/room\/page\.js/],
  ...[
    "import {\n  thing,\n} from '../deep/er/module.js';\n", "import /* why */ '../deep/er/module.js';\n", "export * from '../deep/er/module.js';\n",
    "export {\n  thing as other, // for nobody\n} from '../deep/er/module.js';\n",
  ].map((code) => ['wrongPreloads', { [deep]: 'export const thing = 1;', 'static/js/room/typing.js': code, [chat]: byHand(chat, 'static/js/room/page.js') }, /chatroom\.html does not name static\/js\/deep\/er\/module\.js/]),
  ['wrongPreloads', { [deep]: '' }, /no page needs static\/js\/deep\/er\/module\.js/],
  ['wrongPreloads', { 'static/js/entry/index.js': '', [start]: byHand(start, 'static/js/entry/index.js') }, /index\.html names static\/js\/entry\/forms\.js, which it does not need/],
  ...[
    // No list, that of another script, one that is not written out, and no script.
    [/{% for module in modules.*?{% endfor %}/, '', /chatroom\.html does not name static\/js\/room\/alerts\.js/],
    ["modules('js/room/page.js')", "modules('js/entry/index.js')", /chatroom\.html names static\/js\/entry\/forms\.js, which it does not need/],
    ['<link rel="modulepreload" href="{{ module }}">', '{{ module }}', /chatroom\.html does not name static\/js\/room\/alerts\.js/],
    ["modules('js/room/page.js')", "modules('js/room/nothing.js')", /chatroom\.html does not name static\/js\/room\/alerts\.js/],
    ["filename='js/room/page.js'", "filename='js/room/nothing.js'", /chatroom\.html runs static\/js\/room\/nothing\.js, which there is not/],
    [/<link rel="modulepreload" href="{{ url_for.*?>/, '', /chatroom\.html does not name static\/vendor\/socket\.io\/socket\.io\.esm\.min\.js/],
    ['<script', `<link rel="modulepreload" href="{{ url_for('static', filename='js/ui/dom.js') }}"><script`, /chatroom\.html names static\/js\/ui\/dom\.js twice/],
  ].map(([from, to, said]) => ['wrongPreloads', { [chat]: readFileSync(path.join(root, chat), 'utf8').replace(from, to) }, said]),
  ...[
    '<script>speak()</script>', '<script src="https://elsewhere.example/x.js"></script>', '<style>p { color: red }</style>', '<p\n  onclick="speak()">', '<p style="color: red">',
    '<iframe srcdoc="{{ name }}"></iframe>', '<a href="javascript:speak()">', '{{ name|safe }}', '{{ name | safe }}', '{% autoescape false %}', '<base href="/">',
  ].map((code) => ['dangerousTemplates', { [deepTemplate]: code }, /part\/early\.html/]),
  ['dangerousStyles', { 'static/css/deep/page.css': "@import 'other.css';" }, /imports another/],
  ['dangerousStyles', { 'static/css/room.css': '@import "base.css";' }, /room\.css imports another/],
  ...[
    '@import url("base.css");', '@import "https://elsewhere.example/page.css";', '@import "../js/page.css";', '@import "base.css" layer(a);',
  ].map((code) => ['dangerousStyles', { 'static/css/app.css': `@import "base.css";\n${code}\n` }, /app\.css imports another/]),
  ['dangerousStyles', { 'static/css/deep/page.css': 'p { background: url( "https://elsewhere.example/p.png" ) }' }, /loads https:/],
  ['unknownWords', { [deep]: "import { text } from '../../words.js';\ntext('no.such-word');" }, /asks for no\.such-word/],
  ['unknownWords', { [deep]: 'text(`no.such-word`);' }, /asks for no\.such-word/],
];

describe('a guard finds', () => {
  const copy = temporaryFolder();
  const folders = ['static/js', 'static/css', 'static/img', 'static/vendor', 'static/sw.js', 'templates', 'internal/web/headers.go'];
  for (const folder of folders) cpSync(path.join(root, folder), path.join(copy, folder), { recursive: true });

  for (const [name, files, said] of planted) {
    test(`${name}: ${Object.entries(files).map(([file, code]) => `${file} ${code.trim()}`.slice(0, 200)).join(', ')}`, (t) => {
      for (const [file, code] of Object.entries(files)) {
        mkdirSync(path.dirname(path.join(copy, file)), { recursive: true });
        writeFileSync(path.join(copy, file), code);
        t.after(() => {
          if (existsSync(path.join(root, file))) cpSync(path.join(root, file), path.join(copy, file));
          else rmSync(path.join(copy, file));
        });
      }
      assert.match(guards[name](copy).join('\n'), said);
    });
  }
});

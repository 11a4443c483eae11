// These rules hold for every file that our pages are made of, however deep it lies. Each function
// takes the folder of a checkout and gives what is wrong in it, as sentences.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { importsOf, needs, typeImportsOf } from './imports.mjs';

/** All files below a folder, as paths from the checkout's own folder. */
function filesBelow(root, folder) {
  return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)))
    .filter((file) => !file.includes('node_modules'))
    .sort();
}

const read = (root, file) => readFileSync(path.join(root, file), 'utf8');
const modules = (root) => filesBelow(root, 'static/js').filter((file) => /\.m?js$/.test(file));

// It runs beside the pages, and no page loads it.
const worker = 'static/sw.js';
const scripts = (root) => [...modules(root), worker];

/** Files that the server would serve, and that have no business there. */
export function strangers(root) {
  const kinds = { 'static/js': /\.m?js$/, 'static/css': /\.css$/, 'static/img': /\.(png|svg)$/, templates: /\.html$|^templates\/words\/[\w-]+\.json$/ };
  return Object.entries(kinds).flatMap(([folder, kind]) => filesBelow(root, folder)
    .filter((file) => !kind.test(file) || /\.(test|spec)\./.test(file) || path.basename(file).startsWith('.'))
    .map((file) => `${file} would be served`));
}

// An identifier or a text may hide a letter behind its number.
const plain = (source) => source.replace(/\\u\{([\da-f]{1,6})\}|\\u([\da-f]{4})|\\x([\da-f]{2})/gi, (escape, ...digits) => {
  const code = parseInt(digits.slice(0, 3).find(Boolean), 16);
  return code < 0x80 ? String.fromCodePoint(code) : escape;
});

// One module makes markup of text, in a document where nothing runs.
const parser = 'static/js/room/content.js';
const maker = 'static/js/ui/dom.js'; // sets attributes whose names it is given
const starter = 'static/js/room/worker.js'; // names the script of the service worker

const dangers = [
  [/\b(inner|outer)HTML\b/, 'makes markup of text'],
  [/\b(insertAdjacentHTML|setHTML|setHTMLUnsafe|parseHTML|parseHTMLUnsafe|createContextualFragment|insertHTML)\b/, 'makes markup of text'],
  [/\bdocument\s*\??\.\s*(write|writeln|open|execCommand)\b/, 'writes into the document'],
  [/\b(createPolicy|trustedTypes)\b/, 'makes a trusted type', parser, starter],
  [/\b(DOMParser|parseFromString|createHTML|XSLTProcessor)\b/, 'makes markup of text', parser],
  [/\bsrcdoc\b/i, 'makes a document of text'],
  [/\b(createScript|importScripts|registerProtocolHandler)\b/, 'makes a script of text'],
  [/\bcreateScriptURL\b/, 'makes a script of text', starter],
  [/\b(serviceWorker|Worklet|(Shared)?Worker)\b/, 'runs a script beside the page', starter],
  [/\beval\b/, 'makes a script of text'],
  [/\bFunction\s*\(|\bnew\s+Function\b|\bFunction\s*\.|\.constructor\b\s*(\(|\.\s*constructor)/, 'makes a script of text'],
  [/\bset(Timeout|Interval)\s*\(\s*['"`]/, 'makes a script of text'],
  [/javascript:/i, 'makes a script of text'],
  [/\bsetAttribute(NS)?\s*\(\s*(['"`][^'"`]*['"`]\s*,\s*)?['"`]on/i, 'makes a script of text'],
  [/\bsetAttribute(NS)?\s*\(\s*[^'"`\s]/, 'sets an attribute that only runs can tell', maker],
  [/\bon(abort|animation\w+|begin|blur|change|click|error|focus\w*|input|key\w+|load\w*|mouse\w+|pointer\w+|submit|toggle|touch\w+|transition\w+|wheel)\s*:\s*['"`]/, 'makes a script of text'],
  [/\b(createElement|element)\s*\(\s*['"`](script|style|iframe|object|embed|base|link|meta)['"`]/i, 'makes an element that loads or runs'],
  [/(?<![\w.$])(alert|confirm|prompt)\s*\(/, 'stops the page'],
  [/\b(window|globalThis|self)\s*\??\.\s*(alert|confirm|prompt)\b/, 'stops the page'],
];

/** Scripts in which text could become markup or a script, and what stops a page. */
export function dangerousScripts(root) {
  return scripts(root).flatMap((file) => {
    const source = plain(read(root, file));
    return dangers.filter(([word, , ...allowed]) => !allowed.includes(file) && word.test(source))
      .map(([word, why]) => `${file} ${why}: ${word.exec(source)[0]}`);
  });
}

// A policy of trusted types stands in one module, which writes its name out, and in the header of the pages.
const policies = {
  [parser]: /createPolicy\('inert-markup', /,
  // The address is a literal, whatever the policy is asked for.
  [starter]: /^const address = '\/sw\.js';\n[^]*^const theOnlyOne = { createScriptURL: \(\) => address };\n[^]*createPolicy\('service-worker', theOnlyOne\)/m,
};

/** Policies of trusted types other than the two that the pages need, in the modules and in the header. */
export function strayPolicies(root) {
  const header = 'internal/web/headers.go';
  const allowed = /trusted-types ([^;"]*)/.exec(read(root, header))?.[1];
  return [
    ...Object.entries(policies).flatMap(([file, policy]) => {
      const source = plain(read(root, file));
      const made = source.match(/\bcreatePolicy\b/g)?.length;
      return made === 1 && policy.test(source) ? [] : [`${file} makes another policy`];
    }),
    ...(allowed === 'inert-markup service-worker' ? [] : [`${header} allows the policies ${allowed}`]),
  ];
}

/** Events that the service worker hears of beside clicks on notifications, and ways to load or keep something. */
export function idleWorker(root) {
  const source = plain(read(root, worker));
  const heard = source.match(/\baddEventListener\b.*/g) ?? [];
  const busy = /\b(fetch|caches|indexedDB|cookieStore|import|BroadcastChannel|postMessage|WebSocket|claim|on[a-z]+\s*=)/.exec(source.replace(/\/\*[^]*?\*\/|\/\/.*/g, ''));
  return [
    ...heard.filter((event) => !event.startsWith("addEventListener('notificationclick', ")).map((event) => `${worker} hears of more: ${event}`),
    ...(busy ? [`${worker} does more than it may: ${busy[0]}`] : []),
  ];
}

/**
 * Scripts with a sentence in them. What people read is in templates/words, and what the server
 * says may change: pages tell it by its code.
 */
export function sentences(root) {
  const { sentences: said, refusals } = JSON.parse(read(root, 'templates/words/en.json'));
  const known = [...Object.keys(said), ...Object.values(refusals).flatMap((text) => [text, ...text.split(/(?<=[.?!]) /)])];
  return scripts(root).flatMap((file) => textsOf(read(root, file))
    .filter((text) => known.includes(text) || /^\p{Lu}[\p{L}']* [\p{L}'][^;{}]*$/u.test(text))
    .map((text) => `${file} has a sentence: ${text}`));
}

/** The texts between quotation marks, but for those in comments. */
function textsOf(source) {
  const parts = /\/\*[\s\S]*?\*\/|(?<![:'"`\\])\/\/.*|(['"`])((?:\\.|(?!\1)[^\\])*)\1/g;
  return [...plain(source).matchAll(parts)].map(([, , text]) => text).filter(Boolean);
}

/** Imports of anything but our own modules and those of static/vendor, by their places. */
export function strayImports(root) {
  return modules(root).flatMap((file) => importsOf(root, file)).flatMap(({ from, said, to }) => {
    if (said === undefined) return [`${from} imports what only runs can tell`];
    if (!to || !/^static\/(js|vendor)\/.*\.m?js$/.test(to)) return [`${from} imports ${said}`];
    return existsSync(path.join(root, to)) ? [] : [`${from} imports ${said}, which there is not`];
  });
}

// Each folder's modules may import these beside their own. The pages stand above what carries
// their events and what shows them, and know nothing of each other. Only the waiting page may ask
// again, by the form of the start page.
const floors = {
  entry: ['transport', 'ui'],
  waiting: ['entry', 'transport', 'ui'],
  room: ['transport', 'ui'],
  transport: [],
  ui: [],
};

/** The imports of a module, for its code or for its types alone. */
const dependenciesOf = (root, file) => [...importsOf(root, file), ...typeImportsOf(root, file)];

const floorOf = (file) => /^static\/js\/([^/]+)\//.exec(file)?.[1];

/** Imports between the folders that go another way than down, and folders that are nowhere. */
export function importsUphill(root) {
  const nowhere = modules(root).filter((file) => !Object.hasOwn(floors, floorOf(file) ?? '')).map((file) => `${file} is on no floor`);
  const uphill = modules(root).flatMap((file) => dependenciesOf(root, file)).filter(({ from, to }) => {
    const [own, other] = [floorOf(from), floorOf(to ?? '')];
    return own && other && own !== other && !floors[own]?.includes(other);
  });
  return [...nowhere, ...uphill.map(({ from, to }) => `${from} must not import ${to}`)];
}

/** Modules that import each other in a circle, whenever they do. */
export function importCircles(root) {
  const imports = new Map(modules(root).map((file) => [file, dependenciesOf(root, file).flatMap(({ to }) => to ?? [])]));
  const done = new Set();
  const found = [];
  const follow = (file, path) => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file].join(' imports '));
    if (path.includes(file) || done.has(file)) return;
    for (const next of imports.get(file) ?? []) follow(next, [...path, file]);
    done.add(file);
  };
  for (const file of imports.keys()) follow(file, []);
  return found;
}

const place = (expression) => /^{{\s*url_for\('static',\s*filename='([^']+)'\)\s*}}$/.exec(expression)?.[1];

/** The modules that a template tells the browser to fetch, and the scripts that it runs: modules, and those that are none. */
function named(root, source) {
  const lists = [...source.matchAll(/{%-? for (\w+) in modules\('([^']+)'\) -?%}(.*?){%-? endfor -?%}/gs)]
    .filter(([, name, , body]) => body === `<link rel="modulepreload" href="{{ ${name} }}">`);
  const listed = lists.map(([, , script]) => `static/${script}`).filter((script) => existsSync(path.join(root, script))).flatMap((script) => needs(root, script));
  const links = [...source.matchAll(/<link rel="modulepreload" href="([^"]*)">/g)].map(([, address]) => place(address)).filter(Boolean).map((file) => `static/${file}`);
  const run = (kind) => [...source.matchAll(kind)].map(([, address]) => `static/${place(address)}`);
  return { preloads: [...listed, ...links], scripts: run(/<script type="module" src="([^"]*)">/g), classic: run(/<script src="([^"]*)">/g) };
}

/**
 * Pages that do not name just the modules that their script needs, and the Socket.IO client: a
 * browser that had to read one to learn of the next would ask in turn. A page names what a script
 * needs by modules(script), which the server fills in, or one by one.
 */
export function wrongPreloads(root) {
  const late = 'static/vendor/socket.io/socket.io.esm.min.js'; // imported when it is needed, to be able to say that it is missing
  const pages = filesBelow(root, 'templates').filter((file) => file.endsWith('.html')).map((file) => [file, named(root, read(root, file))]);
  const reached = new Set(pages.flatMap(([, { classic }]) => classic));
  const wrong = pages.filter(([, { scripts }]) => scripts.length > 0).flatMap(([page, { preloads, scripts }]) => {
    const wanted = new Set([late]);
    for (const script of scripts) {
      if (!existsSync(path.join(root, script))) return [`${page} runs ${script}, which there is not`];
      reached.add(script);
      for (const module of needs(root, script)) wanted.add(module);
    }
    for (const module of wanted) reached.add(module);
    return [
      ...[...wanted].filter((module) => !preloads.includes(module)).map((module) => `${page} does not name ${module}`),
      ...preloads.filter((module) => !wanted.has(module)).map((module) => `${page} names ${module}, which it does not need`),
      ...preloads.filter((module, i) => preloads.indexOf(module) < i).map((module) => `${page} names ${module} twice`),
    ];
  });
  const idle = modules(root).filter((file) => !reached.has(file)).map((file) => `no page needs ${file}`);
  return [...wrong, ...idle];
}

/** Templates with code in them, or with text that nobody escapes. */
export function dangerousTemplates(root) {
  const wordsOfPage = /<script type="application\/json" id="words">{{ script_words\|safe }}<\/script>/g;
  const rules = [
    [/<script(?![^>]*\ssrc=)[^>]*>/i, 'has a script in it'],
    [/<script[^>]*\ssrc="(?!{{ url_for\('static'|\/static\/)[^"]*"/i, 'runs what is not ours'],
    [/<style\b/i, 'has styles in it'],
    [/<[a-z][^>]*\s(on[a-z]+|style|srcdoc)\s*=/i, 'has code in an attribute'],
    [/javascript:/i, 'has code in an address'],
    [/\|\s*(safe|xmlattr|urlize)\b|\bMarkup\b/, 'escapes nothing'],
    [/{%-?\s*autoescape\b/, 'switches escaping'],
    [/<(iframe|object|embed|base)\b/i, 'lets something else in'],
  ];
  return filesBelow(root, 'templates').filter((file) => file.endsWith('.html')).flatMap((file) => {
    const source = read(root, file).replace(/{#.*?#}/gs, '').replace(wordsOfPage, '');
    return rules.filter(([rule]) => rule.test(source)).map(([rule, why]) => `${file} ${why}: ${rule.exec(source)[0]}`);
  });
}

/** Styles that load what is not ours, or, but for the one list of neighbours, one file after another. */
export function dangerousStyles(root) {
  const list = 'static/css/app.css'; // the server serves in its place what it imports
  return filesBelow(root, 'static/css').filter((file) => file.endsWith('.css')).flatMap((file) => {
    const source = read(root, file).replace(/\/\*.*?\*\//gs, '');
    const addresses = [...source.matchAll(/url\(\s*['"]?([^'")]*)/gi)].map(([, address]) => address);
    return [
      ...(/@import\b/i.test(file === list ? source.replace(/^@import "[\w-]+\.css";$/gm, '') : source) ? [`${file} imports another`] : []),
      ...addresses.filter((address) => !/^(data:image\/|#)/.test(address) && !existsSync(path.join(root, path.dirname(file), address)))
        .map((address) => `${file} loads ${address}`),
    ];
  });
}

/** Texts that a module asks for and the words do not have. */
export function unknownWords(root) {
  const { scripts } = JSON.parse(read(root, 'templates/words/en.json'));
  return modules(root).flatMap((file) => [...plain(read(root, file)).matchAll(/(['"`])([a-z]+\.[a-z.-]+)\1/g)]
    .map(([, , name]) => name).filter((name) => !(name in scripts) && !/\.m?js$/.test(name))
    .map((name) => `${file} asks for ${name}, which there is not`));
}

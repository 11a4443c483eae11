// Browsers get our modules without their comments and needless white space. acorn finds in them what it finds in the
// modules as they are written, in the same lines.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'acorn';
import { root, serverForFile } from '../harness/server.mjs';

const latest = { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true };
const forOthers = /^\/[/*]!|^\/\/# |@license|@preserve/;

/**
 * A module as acorn reads it: its tokens, with their lines, and its comments. Two modules of the same
 * tokens in the same lines are the same programme, since lines tell where statements end by themselves.
 *
 * @param {string} source
 * @param {import('acorn').Options} [options]
 */
function read(source, options) {
  let tokens = '';
  const comments = [];
  parse(source, {
    ...latest,
    locations: true,
    onToken: ({ type, value, loc }) => { tokens += `${loc.start.line}-${loc.end.line} ${type.label} ${valueOf(value)}\n`; },
    onComment: (block, text) => comments.push(block ? `/*${text}*/` : `//${text}`),
    ...options,
  });
  return { tokens, comments };
}

const valueOf = (value) => (value instanceof Object ? JSON.stringify(value) : String(value));

/** Sources by name as the server's reader leaves them: {name: text}; a source that it cannot read is not there. */
function withoutComments(sources) {
  const answers = JSON.parse(execFileSync('go', ['run', './internal/web/modules/modulestest'], {
    cwd: root, input: JSON.stringify(sources), maxBuffer: 256 << 20, stdio: ['pipe', 'pipe', 'inherit'],
  }));
  return Object.fromEntries(Object.entries(answers).filter(([, { problem }]) => problem === undefined).map(([name, { lean }]) => [name, lean]));
}

/** Compares a module with what was left of it. */
function same(source, lean, name, options) {
  const was = read(source, options);
  const is = read(lean, options);
  assert.equal(is.tokens, was.tokens, name);
  // A line that begins with "#!" is a comment to acorn, but none that is ours to take.
  const hashbang = /^\ufeff?#!/.test(source) ? 1 : 0;
  assert.deepEqual(is.comments.slice(hashbang), was.comments.slice(hashbang).filter((comment) => forOthers.test(comment)), name);
}

/** The modules in folders of the checkout: {name: source}. */
function modulesIn(...folders) {
  return Object.fromEntries(folders.flatMap((folder) => readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.m?js$/.test(name)).map((name) => path.posix.join(folder, name)))
    .map((name) => [name, readFileSync(path.join(root, name), 'utf8')]));
}

// A reader has to tell these from comments, or they are held together or kept apart by comments.
const nasty = [
  'a /* \n */ b', 'a /* \r\n\r\n */ b', 'a /* \u2028 */ b', 'x = y / 2 // z', 'x = y / 2 /* z */ / 3', 'x = y /* 1 *// 2', 'x = y / /* 1 */ 2', 'x = a++ /* b */ / 2 // c',
  'x = /[/*]/ // z', 'x = /\\/*/ /* z */', "x = /'/.test(y) // it's", 'x = [/\\/\\//, /* a */ /a/]', 'if (a) /\\/*/.test(b) // c', 'for (const a of /\\/*/.exec(b)) c() // d', 'x = a ? /[/*]/ : /* b */ /\\/*/g',
  "x = 'http://a' // b", 'x = "/*" + /* " */ "*/"', "x = 'it\\'s // a' // b", "x = 'a\\\n// b' // c", "x = '\u2028//' // a",
  'x = `${ /* c */ a }`', 'x = `// ${ /* } ` */ a } /* ${ b // } `\n} */` // c', 'x = `${`${/* a */`/**/`}`}` // b', 'x = tag`/* a */`/* b */`// c`', 'x = `\\`// a` // b', 'x = `\\${// a}` // b',
  'function f() { return /*\n*/ 1 }', 'function f() { return /* */ 1 }', 'for (;;) { break /*\n*/ }', 'a /*\n*/ ++b', 'a /*\n*/ (b)', 'let a = 1 // b\n++a', 'a\n/* b */(c)', 'const f = async /* a */ () => {}',
  'a/**/in/**/b', 'typeof/**/a', 'a+/**/+b', 'a-/**/-b', 'a+/**/ +b // c', 'a </**/ b', 'a/**/==/**/b', 'a?/**/.5:1', 'a/**/?.b', '1/**/.toString()', '1./**/.toString()', 'x = 1/**//2', 'a/**//**/ / b',
  'a = b ? - c : +d + +e / 2', 'a ? .5 : b ?. c', 'a = b ? /c/ : - - d', 'a - -- b', 'a -- - b', 'a < ! -- b', 'a -- > b', 'x = 1 .toString()', 'x = a % b ** c', 'class A { static #b = 1; static async * [c] () {} }',
  "import * as a from './a.js'; export * from './b.js'", 'const $ = class $ {}; label : { }', 'x = a in b , typeof - c , ! d', 'a = function * () { yield * `c` ; yield /d/ }', 'x = \\u{61} + { \\u{62} : 1 }',
  'import/**/a/**/from/**/"./a.js"//b\nexport/**/{a}', '/**/import "./a.js"', '// a\nimport "./a.js"\n// b', '//', '/**/', '', '// a\r// b\rc', '\t// a\n\tb\t// c\n',
  '#!/usr/bin/env node // a /*\nb // c', '\ufeff// a\nb', 'class A { #a = 1; /** b */ static { /* c */ } /* d */ #b() {} // e\n}', 'class A { get /* a */ b() {} static /*\n*/ c }', 'label: /* a */ for (;;) /* b */ continue /* c */ label',
  '//#region\n/*! a */ b /* @license c */ // @preserve d\n//! e\n// f', 'a // b\n//# sourceMappingURL=a.js.map', '/** @type {A} */ (a).b = /** @type {B} */ (c)', 'f(/* a */)', 'f(a /* b */, /* c */ d)', 'x = { /* a */ }', 'x = {\n  a, // b\n  /* c */\n}', '/* /* */ a', '/***/ a /****/', '/* // */ a', '// /* \na // */',
  'x = y\n/* a */ / b / 2', 'x = (a) /* b */ / 2 /* c */', 'x = [a] /* b */ / 2 // c', '({}) /* a */ / 2 // b', 'x = {} /* a */ / 2 // b', '{} /* a */ /b/.c // d',
  'for (;;) { if (a) break\n/x\\/*y/.test(b) /* z */\n}', 'for (;;) { continue\n/x\\/*y/.test(b) /* z */ }', 'debugger\n/x\\/*y/.test(b) /* z */', 'for (;;) { break\n{} /* a */ /x\\/*y/.test(b) /* z */\n}',
  '() => {} // a\n/b/.c // d',
];

// "<!--" and "-->" begin comments in scripts, and are operators or mistakes in modules. Both stay.
const likeHTML = ['a <!-- b // c', 'a\n--> b /* c */', '/*\n*/ --> a // b', '/* a */ --> b'];

describe('modules without their comments', () => {
  test('are the same programmes, if they are ours', () => {
    const ours = modulesIn('static/js');
    assert.ok(Object.keys(ours).length > 40);
    const lean = withoutComments(ours);
    for (const [name, source] of Object.entries(ours)) {
      assert.ok(name in lean, `${name} cannot be read`);
      same(source, lean[name], name);
    }
  });

  test('and if others wrote them', () => {
    const packages = ['ws', 'socket.io-client', 'engine.io-client', 'lodash-es'].map((name) => `e2e/node_modules/${name}`);
    const others = modulesIn(...packages, 'static/vendor');
    const lean = withoutComments(others);
    const names = Object.keys(others).filter((name) => name in lean);
    assert.ok(names.length > 500);
    const script = { sourceType: 'script', allowReturnOutsideFunction: true };
    for (const name of names) same(others[name], lean[name], name, isModule(others[name]) ? undefined : script);
  });

  test('and whatever comments stand between', () => {
    const lean = withoutComments(Object.fromEntries(nasty.map((source) => [source, source])));
    for (const source of nasty) {
      assert.ok(source in lean, `${JSON.stringify(source)} cannot be read`);
      same(source, lean[source], JSON.stringify(source));
    }
  });

  test('also beside what would be a comment in a script', () => {
    const lean = withoutComments(Object.fromEntries(likeHTML.map((source) => [source, source])));
    assert.deepEqual(likeHTML.map((source) => lean[source]), ['a<!-- b', 'a\n-->b', '\n-->a', ' -->b']);
  });
});

/** Whether acorn can read a source as a module. */
function isModule(source) {
  try {
    parse(source, latest);
    return true;
  } catch {
    return false;
  }
}

describe('the server', () => {
  const server = serverForFile({ env: { TEMPLATES_DIR: undefined } });
  const changing = serverForFile({ env: { TEMPLATES_DIR: undefined, STATIC_DIR: path.join(root, 'static') } });

  const addressOf = (host, name) => `${host.url}/${name}`;
  const fetched = async (host, name, coding) => {
    const answer = await fetch(addressOf(host, name), { headers: { 'Accept-Encoding': coding } });
    assert.equal(answer.status, 200, name);
    return answer.text();
  };

  test('serves ours so, packed or not', async () => {
    for (const [name, source] of Object.entries(modulesIn('static/js'))) {
      const lean = await fetched(server, name, 'identity');
      same(source, lean, name);
      assert.equal(await fetched(server, name, 'gzip'), lean, name);
    }
  });

  test('and those of others, and a folder that changes, as they are written', async () => {
    for (const [name, source] of Object.entries(modulesIn('static/vendor'))) assert.equal(await fetched(server, name, 'gzip'), source, name);
    for (const [name, source] of Object.entries(modulesIn('static/js'))) assert.equal(await fetched(changing, name, 'gzip'), source, name);
  });
});

// The server reads by itself which modules a page's script needs. Its reader finds what
// es-module-lexer finds, and the pages name what it found.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { Person } from '../harness/person.mjs';
import { root, serverForFile } from '../harness/server.mjs';
import { imports, needs } from './imports.mjs';

/** The findings of the server's reader in sources by name: {name: {imports: [[specifier, line]], problem}}. */
function readByServer(sources) {
  const answers = JSON.parse(execFileSync('go', ['run', './internal/web/modules/modulestest'], {
    cwd: root, input: JSON.stringify(sources), maxBuffer: 64 << 20, stdio: ['pipe', 'pipe', 'inherit'],
  }));
  return Object.fromEntries(Object.entries(answers).map(([name, answer]) => [name, {
    imports: (answer.imports ?? []).map(({ Specifier, Line }) => [Specifier, Line]), problem: answer.problem,
  }]));
}

/** The same, as es-module-lexer finds it. */
function readByLexer(sources) {
  return Object.fromEntries(Object.entries(sources).map(([name, source]) => [name, {
    imports: imports(source, name).filter(({ late }) => !late).map(({ said, line }) => [said, line]), problem: undefined,
  }]));
}

// Each imports ./yes.js, and none of what else looks like an import.
const nasty = [
  "import './yes.js'", "import'./yes.js'", 'import "./yes.js";', "import\n\n'./yes.js'\n", "import\t/* one */ // two\n/* 'three' */ './yes.js'",
  "import a from './yes.js'", "import a, * as b from './yes.js'", "import a, { b, c as d, default as e } from './yes.js'", "import * as from from './yes.js'", "import from from './yes.js'",
  "import {} from './yes.js'", "import { from } from './yes.js'", "import { as as as } from './yes.js'", "import { 'a } from \"./no.js\"' as b } from './yes.js'",
  "import {\n  a, // } from './no.js'\n  b, /* from './no.js' */\n} /* x */ from // y\n './yes.js'", "import{a}from'./yes.js'", "import $ from './yes.js'", "import \\u0061b from './yes.js'", "import ünï from './yes.js'",
  "import a from './yes.js' with { type: 'javascript' }", "import './yes.js' with { 'type': './no.js' };",
  "export * from './yes.js'", "export*from'./yes.js'", "export * as a from './yes.js'", "export * as default from './yes.js'", "export * as 'a b' from './yes.js'",
  "export { a } from './yes.js'", "export {} from './yes.js'", "export { default } from './yes.js'", "export { default as a, from as b } from './yes.js'", "export {\n  a, // from './no.js'\n}\nfrom\n'./yes.js'",
  "export { a };\nimport './yes.js'", "const from = 1\nexport { from }\nimport './yes.js'", "export default class { import() { return './no.js' } }\nimport './yes.js'",
  "export default function () {} import './yes.js'", "export default { from: './no.js', import: 'x' }; import './yes.js'", "export const from = './no.js'; import './yes.js'",
  "import './yes.js'; import('./no.js'); import ( './no.js' ); const a = async () => (await import('./no.js')).import", "import.meta.url; import './yes.js'; import\n.meta",
  "a.import('./no.js'); a?.import('./no.js'); a.export; a\n.import; import './yes.js'", "({ import: './no.js', export: 1, get import() {}, import() {} }); import './yes.js'", "class A { import = './no.js'; static export = 1; #import() {} }\nimport './yes.js'",
  "// import './no.js'\n/* import './no.js'\n import './no.js' */ import './yes.js'", "//\\\nimport './yes.js'", "/* // */ import './yes.js'", "/**/import './yes.js'/**/",
  "a <!-- b\nimport './yes.js'", "\r\n\r\nimport './yes.js'\r\n", "a\rimport './yes.js'",
  "const a = \"import './no.js'\"; import './yes.js'", "const a = 'it\\'s import \"./no.js\"'; import './yes.js'", "const a = 'a\\\nimport \"./no.js\"'; import './yes.js'", "const a = 'a\\\r\nb'; import './yes.js'", "const a = '\\\\'; import './yes.js'", "const a = '//'; import './yes.js'", "const a = '/*'; import './yes.js'",
  "const a = `import './no.js'`; import './yes.js'", "const a = `\nimport './no.js'\n`\nimport './yes.js'", "const a = `\\`import './no.js'\\${`; import './yes.js'", "const a = `${`${'`'}`}import './no.js'`; import './yes.js'", "const a = `${{ b: { c: '}' } }.b.c}`; import './yes.js'",
  "const a = `$${b}$`; import './yes.js'", 'const a = `${/[`}]/.test("`")}`; import "./yes.js"', "const a = `${b /* } ` */}`; import './yes.js'", "const a = tag`${(() => { return `}` })()}`; import './yes.js'",
  "const a = /import '.\\/no.js'/; import './yes.js'", "const a = /['\"`]/g; import './yes.js'", "const a = /[/'\\]]/; import './yes.js'", "const a = /\\/'/u.test(b) / 2 / c; import './yes.js'", "a = b / c; import './yes.js'; d = e / f", "a = b / 'c' / d; import './yes.js'",
  "if (a) /'/.test(b); import './yes.js'", "while (a) /'/.test(b); import './yes.js'", "for (const a of b) /'/.test(a); import './yes.js'", "a.if(b) / 2; import './yes.js'; c / 'x'", "(a) / 2; import './yes.js'; c = '/'",
  "{ a } /'/.test(b); import './yes.js'", "function a() {} /'/.test(b); import './yes.js'", "const a = () => {}\n/'/.test(b); import './yes.js'", "const a = { b: 1 } / 2; import './yes.js'; c = '/'", "const a = ({ b: 1 }) / 2, c = [1] / 2; import './yes.js'; d = '/'",
  "a = typeof /'/; b = void /\"/; import './yes.js'", "function a() { return /'/ } import './yes.js'", "a = b ? /'/ : /\"/; import './yes.js'", "a = !/'/.test(b) && /'/.test(c) || [/'/, /'/]; import './yes.js'", "a = (b, /'/); import './yes.js'", "a = b => /'/; import './yes.js'", "a.return / 2; import './yes.js'; b = '/'",
  "a++ / 2; import './yes.js'; b = '/'", "a = 1 / 2 / .5 / 1e+5 / 0xe+1 / 1_000n / 0b1; import './yes.js'; b = '/'", "a = this / 2, b = super.c / 2; import './yes.js'; b = '/'", "a = b?.5:/'/; import './yes.js'", "a = b?.c / 2; import './yes.js'; d = '/'", "a = 1..toString() / 2; import './yes.js'; d = '/'",
  "a = `b` / 2; import './yes.js'; c = '/'", "a = /b/ / /'/; import './yes.js'", "a /= 2; b = /='/; import './yes.js'", "a = x\n/b/g; import './yes.js'", "do /'/.test(a); while (b) import './yes.js'", "if (a) {} else /'/.test(b)\nimport './yes.js'", "class A { static { /'/.test(a) } } import './yes.js'", "class A { #b; c(d) { return #b in d } } import './yes.js'",
  "@decorate('import \"./no.js\"') class A {} import './yes.js'", "label: for (;;) break label\nimport './yes.js'", "a = async function* () { yield /'/; await /'/ }; import './yes.js'", "[...a, .../'/.exec(b)]; import './yes.js'", "a = { ...{ b: 1 } / 2 }; import './yes.js'; c = '/'", "new.target / 2; import './yes.js'; b = '/'", "function a() { return { b: 1 } / 2 }\nimport './yes.js'",
  "let a = \\u{61}\\u0062 / 2; import './yes.js'; b = '/'", "a = 'ü' / 2; import './yes.js'; ü = '🦊'", "debugger\nimport './yes.js'", "import './yes.js'\n//# sourceMappingURL=no.js.map", "import './yes.js' /",
];

// The same, where es-module-lexer is mistaken and browsers are not.
const beyond = [
  "// a\u2028import './yes.js'",
  "#!/usr/bin/env node import './no.js'\nimport './yes.js'",
  "\ufeffimport './yes.js'",
  '\u00a0\u2003import\u3000"./yes.js"',
  "for await (const a of b) /'/.test(a)\nimport './yes.js'",
  "switch (a) { case 1: {} /'/.test(b) } import './yes.js'",
  "\ufeff#! /*\nimport './yes.js' /* */",
  "for (const a of /'/.exec(b)); import './yes.js'",
];

const ours = readdirSync(path.join(root, 'static/js'), { recursive: true }).map((name) => path.join('static/js', name)).filter((name) => /\.m?js$/.test(name));

describe("the server's reader of modules", () => {
  test('finds what es-module-lexer finds in all our modules', () => {
    const sources = Object.fromEntries(ours.map((name) => [name, readFileSync(path.join(root, name), 'utf8')]));
    const found = readByServer(sources);
    assert.ok(Object.values(found).flatMap((answer) => answer.imports).length > 50);
    assert.deepEqual(found, readByLexer(sources));
  });

  test('and in the modules of others', () => {
    const folders = ['e2e/node_modules/playwright-core', 'e2e/node_modules/ws', 'e2e/node_modules/socket.io-client', 'e2e/node_modules/engine.io-client', 'e2e/node_modules/axe-core', 'static/vendor'];
    const names = folders.flatMap((folder) => readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.m?js$/.test(entry.name)).map((entry) => path.join(entry.parentPath ?? entry.path, entry.name)));
    const sources = Object.fromEntries(names.map((name) => [name, readFileSync(name, 'utf8')]));
    assert.ok(names.length > 100);
    assert.deepEqual(readByServer(sources), readByLexer(sources));
  });

  test('and where something else looks like an import', () => {
    const named = (sources) => Object.fromEntries(sources.map((source) => [source, source]));
    const found = readByServer(named([...nasty, ...beyond]));
    for (const [source, { imports: names, problem }] of Object.entries(found)) {
      assert.deepEqual(names.map(([name]) => name), ['./yes.js'], `${source} (${problem})`);
    }
    for (const [source, answer] of Object.entries(readByLexer(named(nasty)))) assert.deepEqual(found[source], answer, source);
  });
});

describe('the pages name', { concurrency: 4 }, () => {
  const server = serverForFile({ env: { TEMPLATES_DIR: undefined } });
  const client = 'static/vendor/socket.io/socket.io.esm.min.js'; // imported when it is needed, to be able to say that it is missing

  /** The modules that a page has the browser fetch, in the checkout. */
  const preloads = (page) => [...page.matchAll(/<link rel="modulepreload" href="\/static\/build-[\da-f]{16}\/([^"]+)">/g)].map(([, file]) => `static/${file}`);

  /** The page of a new room, with the code as its digits are shown. */
  const chat = async (t) => (await new Person(server, { t }).create('Ana')).html;
  const pages = {
    'js/entry/index.js': async (t) => (await new Person(server, { t }).open('/')).html,
    'js/waiting/waiting.js': async (t) => {
      const code = [...(await chat(t)).matchAll(/<span class="digit">(\d)<\/span>/g)].map(([, digit]) => digit).join('');
      return (await new Person(server, { t }).join(code, 'Ben')).html;
    },
    'js/room/page.js': chat,
  };
  for (const [script, open] of Object.entries(pages)) {
    test(`all that ${script} needs, once, and nothing else`, async (t) => {
      const page = await open(t);
      assert.match(page, new RegExp(`<script type="module" src="/static/build-[\\da-f]{16}/${script}">`));
      assert.deepEqual(preloads(page).sort(), [...needs(root, `static/${script}`), client].sort());
    });
  }
});

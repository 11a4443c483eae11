// The modules of others: what static/vendor.mjs makes of the packages in static/node_modules,
// which `make vendor-js` installs.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { bundle } from '../../static/bundle.mjs';
import { root, temporaryFolder } from '../harness/server.mjs';
import { imports } from './imports.mjs';

const script = path.join(root, 'static', 'vendor.mjs');

/** The files below a folder and what is in them. */
function contents(folder) {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name)));
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(path.join(folder, name)).toString('latin1')]));
}

// eslint-disable-next-line no-unsanitized/method -- only what the tests have made, or a package has
const load = (address) => import(address);

/** Runs the script, and returns what it made. */
function make(cwd, env = {}) {
  const folder = temporaryFolder();
  execFileSync(process.execPath, [script, folder], { cwd, env: { ...process.env, ...env } });
  return contents(folder);
}

describe('the modules of others', () => {
  const made = make(root);

  test('are the same in each build', () => {
    assert.deepEqual(make(os.tmpdir(), { NODE_ENV: 'production', TZ: 'Pacific/Auckland' }), made);
    assert.deepEqual(Object.keys(made), [
      'lean-qr/nano.mjs', 'lean-qr/nano.mjs.LEGAL.txt',
      'socket.io/socket.io.esm.min.js', 'socket.io/socket.io.esm.min.js.map', 'socket.io/socket.io.min.js', 'socket.io/socket.io.min.js.map',
    ]);
  });

  test('have the official Socket.IO client among them, byte for byte', () => {
    const official = contents(path.join(root, 'static/node_modules/socket.io-client/dist'));
    for (const [name, text] of Object.entries(made).filter(([file]) => file.startsWith('socket.io/'))) {
      assert.ok(text === official[path.basename(name)], name);
    }
  });

  test('can draw a QR code, with nothing but themselves', async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'qr.mjs');
    const source = Buffer.from(made['lean-qr/nano.mjs'], 'latin1');
    writeFileSync(file, source);
    assert.deepEqual(imports(source.toString(), file), []);
    const dots = ({ generate }) => {
      const code = generate('https://chat.example/#123456');
      return Array.from({ length: code.size ** 2 }, (_, i) => code.get(i % code.size, Math.floor(i / code.size)));
    };
    const drawn = dots(await load(pathToFileURL(file)));
    assert.ok(drawn.length > 400);
    assert.deepEqual(drawn, dots(await load(pathToFileURL(path.join(root, 'static/node_modules/lean-qr/nano.mjs')))));
  });

  test('bring their licences', () => {
    const licence = readFileSync(path.join(root, 'static/node_modules/lean-qr/LICENSE'), 'utf8').trim();
    assert.equal(made['lean-qr/nano.mjs.LEGAL.txt'], `lean-qr 2.7.4\n\n${licence}\n`);
    assert.ok(made['lean-qr/nano.mjs'].startsWith('/*! lean-qr 2.7.4: nano.mjs.LEGAL.txt */\n'));
  });

  test('are not lost when something is wrong with the new ones', () => {
    const copy = path.join(temporaryFolder(), 'static');
    for (const name of ['vendor.mjs', 'bundle.mjs', 'package.json', 'node_modules/esbuild', 'node_modules/@esbuild']) {
      cpSync(path.join(root, 'static', name), path.join(copy, name), { recursive: true });
    }
    mkdirSync(path.join(copy, 'vendor', 'lean-qr'), { recursive: true });
    writeFileSync(path.join(copy, 'vendor', 'lean-qr', 'nano.mjs'), 'what there was');
    const { status, stderr } = spawnSync(process.execPath, [path.join(copy, 'vendor.mjs')], { encoding: 'utf8' });
    assert.notEqual(status, 0);
    assert.match(stderr, /lean-qr\/nano/);
    assert.deepEqual(contents(path.join(copy, 'vendor')), { 'lean-qr/nano.mjs': 'what there was' });
  });
});

describe('a bundle', () => {
  /** A folder with packages: {name: {file: text}}; each has a package.json, and a licence unless it says otherwise. */
  function packages(all) {
    const folder = realpathSync(temporaryFolder());
    for (const [name, files] of Object.entries(all)) {
      const own = { 'package.json': JSON.stringify({ name: name.split('node_modules/').at(-1), version: '1.2.3', type: 'module' }), LICENSE: `Licence of ${name}`, ...files };
      for (const [file, text] of Object.entries(own).filter(([, written]) => written !== null)) {
        mkdirSync(path.dirname(path.join(folder, 'node_modules', name, file)), { recursive: true });
        writeFileSync(path.join(folder, 'node_modules', name, file), text);
      }
    }
    return folder;
  }

  const several = {
    one: { 'index.js': "/*! A notice in one */\nimport { two } from '@scope/two';\nimport { part } from './deep/part.js';\nexport const all = [two(), part];\nexport const unused = 'nobody asks';", 'deep/part.js': "/** @license A notice in a part */\nexport const part = 'part';" },
    '@scope/two': { 'index.js': "import three from 'three';\nexport const two = () => `two ${three}`;", LICENSE: null, 'LICENCE.md': 'Licence of @scope/two' },
    '@scope/two/node_modules/three': { 'index.js': "export default 'three – drei';" },
    idle: { 'index.js': 'export const idle = 1;' },
  };
  const source = "export { all } from 'one';";

  test('is one module of packages that are many', async () => {
    const { text } = await bundle(source, packages(several));
    assert.deepEqual(imports(text, 'bundle'), []);
    const { all, ...rest } = await load(`data:text/javascript,${encodeURIComponent(text)}`);
    assert.deepEqual([all, rest], [['two three – drei', 'part'], {}]);
    assert.doesNotMatch(text, /nobody asks/);
  });

  test('comes with the licence of each package in it, and each notice', async () => {
    const { packages: names, licences } = await bundle(source, packages(several));
    assert.deepEqual(names, ['@scope/two 1.2.3', 'three 1.2.3', 'one 1.2.3']);
    for (const text of ['@scope/two 1.2.3\n\nLicence of @scope/two\n', 'three 1.2.3\n\nLicence of @scope/two/node_modules/three\n', 'one 1.2.3\n\nLicence of one\n']) {
      assert.ok(licences.includes(text), text);
    }
    assert.match(licences, /one\/index\.js:\n.*A notice in one/);
    assert.match(licences, /one\/deep\/part\.js:\n.*A notice in a part/);
    assert.doesNotMatch(licences, /idle/);
  });

  test('is the same wherever the packages lie', async () => {
    const folder = packages(several);
    const made = await bundle(source, folder);
    assert.deepEqual(await bundle(source, packages(several)), made);
    assert.ok(!JSON.stringify(made).includes(path.basename(folder)));
  });

  test('is not made of what is missing, needs Node or has no licence', async () => {
    await assert.rejects(bundle("export * from 'nothing';", packages({})), /Could not resolve "nothing"/);
    await assert.rejects(bundle("export * from 'one';", packages({ one: { 'index.js': "export { readFile } from 'node:fs';" } })), /node:fs/);
    await assert.rejects(bundle("export * from 'one';", packages({ one: { 'index.js': '', LICENSE: null } })), /one 1\.2\.3 has no file with its licence/);
  });
});

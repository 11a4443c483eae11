// Makes one module of packages that are made of many, and puts together the licences of all that is in it.
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';

const browsers = ['chrome120', 'edge120', 'firefox125', 'safari17']; // those that README.md promises

/**
 * Bundles a module and all that it imports from packages.
 *
 * @param {string} source The module: what it exports is what the bundle exports.
 * @param {string} folder Where its imports are looked for, an absolute path.
 * @returns {Promise<{text: string, packages: string[], licences: string}>} The bundle, the packages that are in it, each
 *   as name and version, and the text of their licences and of the notices in their files. All is the same for the
 *   same source and packages, wherever they lie.
 */
export async function bundle(source, folder) {
  const { outputFiles, metafile: { inputs }, warnings } = await build({
    stdin: { contents: source, resolveDir: folder },
    absWorkingDir: folder,
    bundle: true,
    charset: 'utf8',
    format: 'esm',
    legalComments: 'external', // visitors need not load them with each page
    logLevel: 'silent', // its errors are thrown, with all that it has to say
    metafile: true,
    minify: true,
    outfile: 'bundle.mjs',
    platform: 'browser',
    target: browsers,
    write: false,
  });
  if (warnings.length > 0) throw new Error(warnings.map(({ location, text: said }) => `${location?.file ?? source}: ${said}`).join('\n'));
  const folders = new Set(Object.keys(inputs).flatMap((file) => packageFolder(file) ?? []));
  const packages = await Promise.all([...folders].sort().map((name) => packageIn(path.join(folder, name))));
  /** @param {string} end */
  const textOf = (end) => outputFiles.find((file) => file.path.endsWith(end))?.text ?? '';
  return {
    text: textOf('.mjs'),
    packages: packages.map(({ name }) => name),
    licences: [...packages.map(({ name, licence }) => `${name}\n\n${licence}\n`), textOf('.LEGAL.txt')].filter(Boolean).join('\n'),
  };
}

/**
 * The folder of the package that a file belongs to; undefined for the source itself.
 *
 * @param {string} file
 */
function packageFolder(file) {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0];
}

/**
 * The name of a package with its version, and the text of its licence.
 *
 * @param {string} folder
 */
async function packageIn(folder) {
  const { name, version } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
  const file = (await readdir(folder)).sort().find((entry) => /^(un)?licen[cs]e(\.|-|$)|^copying(\.|$)/i.test(entry));
  if (!file) throw new Error(`${name} ${version} has no file with its licence, which has to come along`);
  return { name: `${name} ${version}`, licence: (await readFile(path.join(folder, file), 'utf8')).trim() };
}

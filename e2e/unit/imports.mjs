// Which module imports which, as es-module-lexer finds it: the server has a reader of its own,
// which modules.test.mjs holds against this one.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { init, parse } from 'es-module-lexer';

await init;

/** All imports in a source: [{said, late, line}]; `said` is undefined if only runs can tell, `late` true for import(). */
export function imports(source, name) {
  return parse(source, name)[0].filter(({ type }) => type !== 'import-meta').map(({ specifier, type, start }) => ({
    said: specifier,
    late: type.startsWith('dynamic'),
    line: source.slice(0, start).split(/\r\n|\n|\r/).length,
  }));
}

const placeOf = (file, said = '') => (/^\.\.?\//.test(said) ? path.join(path.dirname(file), said) : undefined);

/** The imports of a module of a checkout: [{from, said, to, late}]; `to` is a path from the checkout, or undefined if it cannot be one. */
export function importsOf(root, file) {
  return imports(readFileSync(path.join(root, file), 'utf8'), file).map(({ said, late }) => ({
    from: file,
    said,
    to: placeOf(file, said),
    late,
  }));
}

/**
 * The modules whose types the JSDoc of a module takes, by import('…') or `@import … from '…'`:
 * [{from, said, to}], with `to` as importsOf gives it.
 */
export function typeImportsOf(root, file) {
  const docs = readFileSync(path.join(root, file), 'utf8').match(/\/\*\*[\s\S]*?\*\//g) ?? [];
  return docs.flatMap((doc) => [...doc.matchAll(/\bimport\(\s*(['"`])(.*?)\1\s*\)|@import\b[^'"@]*(['"])(.*?)\3/g)])
    .map(([, , inline, , tagged]) => inline ?? tagged)
    .map((said) => ({ from: file, said, to: placeOf(file, said) }));
}

/** The modules of a checkout that one needs before it can run, without itself. */
export function needs(root, file, found = new Set([file])) {
  for (const { to, late } of importsOf(root, file)) {
    if (late || !to || found.has(to) || !existsSync(path.join(root, to))) continue;
    found.add(to);
    needs(root, to, found);
  }
  return [...found].slice(1);
}

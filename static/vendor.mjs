// Fills vendor/ with the modules of others that the pages load, so that the server can embed
// them. Run it by `npm run vendor`; `node vendor.mjs <folder>` writes them somewhere else.
import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bundle } from './bundle.mjs';

const here = import.meta.dirname;

// The modules made of packages, by their place, with their exports. Nothing else of a package
// gets in. Its licences go into a file beside the module.
const bundles = {
  'lean-qr/nano.mjs': "export { generate } from 'lean-qr/nano';",
};

// Files that stay as they are, byte for byte, by the folder that they go to.
const copies = {
  // The server has these at /socket.io/ as well, where every Socket.IO server has them.
  'socket.io': {
    from: 'socket.io-client/dist',
    files: ['socket.io.esm.min.js', 'socket.io.esm.min.js.map', 'socket.io.min.js', 'socket.io.min.js.map'],
  },
};

// All bundles are made before anything is written, so that a mistake leaves the old files.
const made = await Promise.all(Object.entries(bundles).map(async ([file, source]) => ({ file, ...await bundle(source, here) })));

const vendor = path.join(here, 'vendor');
const target = path.resolve(process.argv[2] ?? vendor);
if (target === vendor) {
  for (const name of await readdir(vendor)) {
    if (name !== '.gitkeep') await rm(path.join(vendor, name), { recursive: true });
  }
}
for (const { file, text, packages, licences } of made) {
  await mkdir(path.dirname(path.join(target, file)), { recursive: true });
  await writeFile(path.join(target, file), `/*! ${packages.join(', ')}: ${path.basename(file)}.LEGAL.txt */\n${text}`);
  await writeFile(path.join(target, `${file}.LEGAL.txt`), licences);
}
for (const [folder, { from, files }] of Object.entries(copies)) {
  await mkdir(path.join(target, folder), { recursive: true });
  for (const file of files) await copyFile(path.join(here, 'node_modules', from, file), path.join(target, folder, file));
}

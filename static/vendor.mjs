// Fills vendor/ with the browser builds that the packages of package-lock.json
// ship, so that the server can embed them. Run it by `npm run vendor`.
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';

const here = import.meta.dirname;

const builds = {
  'lean-qr': {
    from: 'lean-qr',
    files: ['nano.mjs'],
  },
  'socket.io': {
    from: 'socket.io-client/dist',
    files: ['socket.io.esm.min.js', 'socket.io.esm.min.js.map', 'socket.io.min.js', 'socket.io.min.js.map'],
  },
};

const vendor = path.join(here, 'vendor');
for (const name of await readdir(vendor)) {
  if (name !== '.gitkeep') await rm(path.join(vendor, name), { recursive: true });
}
for (const [folder, { from, files }] of Object.entries(builds)) {
  const target = path.join(vendor, folder);
  await mkdir(target, { recursive: true });
  for (const file of files) {
    await copyFile(path.join(here, 'node_modules', from, file), path.join(target, file));
  }
}

// Browsers take much from whoever starts them: settings, a language, a session's bus. Some do not start in
// a home that belongs to somebody else.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../harness/server.mjs';

/** An environment with an empty home, and with nothing of who runs the tests. */
export function bareEnvironment() {
  const home = temporaryFolder();
  const runtime = path.join(home, 'run');
  mkdirSync(runtime, { mode: 0o700 });
  return { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR, HOME: home, XDG_RUNTIME_DIR: runtime, DBUS_SESSION_BUS_ADDRESS: 'disabled:' };
}

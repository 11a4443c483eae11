// The embedded pages in WebKit, which is Safari's engine.
import { playMainPath } from './mainpath.mjs';
import { watched } from './watched.mjs';
import { openWebKit } from './webkit.mjs';

playMainPath({
  name: 'WebKit',
  open: (servers) => openWebKit(servers.map(({ relay }) => relay)),
  serve: watched,
});

// The encrypted generation: sealed strings, websocket first.
import { cdnFolder, fixture } from './harness.mjs';
import { playAll } from './scenarios.mjs';
import { EarlyTab } from './tabs.mjs';

playAll({
  name: 'encrypted pages',
  Tab: EarlyTab,
  env: { TEMPLATES_DIR: fixture('encrypted'), STATIC_DIR: cdnFolder() },
  partial: '1 of 2',
  encrypted: true,
});

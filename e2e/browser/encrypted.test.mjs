// The encrypted generation: sealed strings, websocket first.
import { cdnFolder, fixture } from './harness.mjs';
import { playAll } from './scenarios.mjs';
import { FixtureTab } from './tabs.mjs';

playAll({
  name: 'encrypted pages',
  Tab: FixtureTab,
  env: { TEMPLATES_DIR: fixture('encrypted'), STATIC_DIR: cdnFolder() },
  partial: '1 of 2',
  encrypted: true,
});

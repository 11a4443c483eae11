// The earliest generation of pages: forms without tokens, join on every connect, no name.
import { cdnFolder, fixture } from './harness.mjs';
import { playAll } from './scenarios.mjs';
import { FixtureTab } from './tabs.mjs';

playAll({
  name: 'early pages',
  Tab: FixtureTab,
  env: { TEMPLATES_DIR: fixture('early'), STATIC_DIR: cdnFolder() },
  partial: '1 of 2',
});

// The earliest generation of pages: forms without tokens, join on every connect, no name.
import { cdnFolder, fixture } from './harness.mjs';
import { playAll } from './scenarios.mjs';
import { EarlyTab } from './tabs.mjs';

playAll({
  name: 'early pages',
  Tab: EarlyTab,
  env: { TEMPLATES_DIR: fixture('early'), STATIC_DIR: cdnFolder() },
  partial: '1 of 2',
});

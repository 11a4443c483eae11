// The pages that the server brings along. They have a strict CSP and may not
// log a single error.
import { playAll } from './scenarios.mjs';
import { EmbeddedTab } from './tabs.mjs';

playAll({
  name: 'embedded pages',
  Tab: EmbeddedTab,
  env: {},
  notices: true,
  partial: 'Ana said yes.',
  leaves: true,
  typed: true,
});

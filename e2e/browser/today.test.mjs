// Today's generation: joins once, at load, and goes home on any error.
import { cdnFolder, fixture } from './harness.mjs';
import { playAll } from './scenarios.mjs';
import { TodayTab } from './tabs.mjs';

playAll({
  name: "today's pages",
  Tab: TodayTab,
  env: { TEMPLATES_DIR: fixture('today'), STATIC_DIR: cdnFolder() },
  notices: true,
});

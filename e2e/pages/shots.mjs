// Pictures of the embedded pages: node e2e/pages/shots.mjs [--language de] <folder> [state…]
// writes <state>-<width>x<height>-<light|dark|forced>.png for the states of states.mjs, or
// for those that are named. E2E_FONT=narrow or wide draws them with such a font alone.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openBrowser } from '../browser/harness.mjs';
import { startServer } from '../harness/server.mjs';
import { settled, states } from './states.mjs';
import { embedded, Visit } from './visit.mjs';

const sizes = [{ width: 390, height: 844 }, { width: 820, height: 1180 }, { width: 1440, height: 900 }];

const lights = {
  light: { colorScheme: 'light', forcedColors: 'none' },
  dark: { colorScheme: 'dark', forcedColors: 'none' },
  forced: { colorScheme: 'dark', forcedColors: 'active' },
};

const { values: { language }, positionals: [folder, ...named] } = parseArgs({
  allowPositionals: true,
  options: { language: { type: 'string', default: 'en' } },
});
const unknown = named.filter((name) => !(name in states));
if (!folder || unknown.length > 0) {
  console.error(`usage: node e2e/pages/shots.mjs [--language de] <folder> [state…]\nstates: ${Object.keys(states).join(' ')}`);
  process.exit(2);
}

async function shoot(browser, server, name) {
  const visit = new Visit(browser, server, { locale: language });
  try {
    const tab = await states[name](visit);
    for (const size of sizes) {
      await tab.page.setViewportSize(size);
      for (const [colours, media] of Object.entries(lights)) {
        await tab.page.emulateMedia(media);
        await settled(tab);
        await tab.page.screenshot({ path: path.join(folder, `${name}-${size.width}x${size.height}-${colours}.png`) });
      }
    }
  } finally {
    await visit.close();
  }
}

mkdirSync(folder, { recursive: true });
const server = await startServer(embedded);
const browser = await openBrowser();
try {
  for (const name of named.length > 0 ? named : Object.keys(states)) {
    await shoot(browser, server, name);
    console.log(name);
  }
} finally {
  await browser.close();
  await server.stop();
}

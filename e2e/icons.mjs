// Draws the icons that systems want as bitmaps from static/img/icon.svg: run it by
// `node icons.mjs` when that has changed.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openBrowser } from './browser/harness.mjs';
import { root } from './harness/server.mjs';

const folder = path.join(root, 'static', 'img');
const svg = readFileSync(path.join(folder, 'icon.svg'), 'utf8');

// On a ground of its own the mark is the other way round.
const [blue, white] = ['#0a66e8', '#fff'];
const reversed = svg.replaceAll(/#\w+(?=")/g, (colour) => (colour === blue ? white : blue));

// A system that cuts an icon into a shape of its own may take a fifth from each
// side, and shows black where there is nothing.
const icons = [
  { file: 'icon-192.png', size: 192, share: 1, drawn: svg, background: 'transparent' },
  { file: 'icon-512.png', size: 512, share: 1, drawn: svg, background: 'transparent' },
  { file: 'icon-maskable-512.png', size: 512, share: 0.58, drawn: reversed, background: blue },
  { file: 'icon-180.png', size: 180, share: 0.68, drawn: reversed, background: blue },
];

const browser = await openBrowser();
const page = await browser.newPage();
for (const { file, size, share, drawn, background } of icons) {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<body style="margin: 0; display: grid; place-items: center; height: 100vh; background: ${background}">
    <img width="${size * share}" height="${size * share}" src="data:image/svg+xml,${encodeURIComponent(drawn)}">`);
  writeFileSync(path.join(folder, file), await page.screenshot({ omitBackground: true }));
}
await browser.close();

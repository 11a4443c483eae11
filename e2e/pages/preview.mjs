// Draws static/img/preview.png, the picture that goes with a link to the start page: run it by
// `node pages/preview.mjs` when the mark, the name or the line about the chat has changed.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openBrowser } from '../browser/harness.mjs';
import { root } from '../harness/server.mjs';

const folder = path.join(root, 'static', 'img');
const { pages: words } = JSON.parse(readFileSync(path.join(root, 'templates', 'words', 'en.json'), 'utf8'));
const mark = `data:image/svg+xml,${encodeURIComponent(readFileSync(path.join(folder, 'icon.svg'), 'utf8'))}`;

// The size that all who show such pictures take. Some cut it to a square, so everything stands
// within its middle 630 pixels.
const browser = await openBrowser();
const page = await browser.newPage({ viewport: { width: 1200, height: 630 } });
await page.setContent(`<style>
  body { margin: 0; height: 100vh; display: grid; place-content: center; justify-items: center; background: #f2f2f5; color: #121317; font-family: Roboto, sans-serif; text-align: center; }
  h1 { margin: 28px 0 20px; font-size: 76px; font-weight: 700; letter-spacing: -0.02em; }
  p { margin: 0; width: 580px; font-size: 33px; line-height: 1.35; color: #5d6069; text-wrap: balance; }
</style><img width="180" height="180" alt="" src="${mark}"><h1></h1><p></p>`);
await page.evaluate(({ name, line }) => {
  document.querySelector('h1').textContent = name;
  document.querySelector('p').textContent = line;
}, { name: words.name, line: `${words['start.tagline']} ${words['start.tagline.rule']}` });
await page.evaluate(() => document.fonts.ready);
writeFileSync(path.join(folder, 'preview.png'), await page.screenshot());
await browser.close();

// Draws docs/img/room.png, the picture in README.md: run it by `node pages/readme.mjs` when the
// pages look different.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openBrowser } from '../browser/harness.mjs';
import { root, startServer } from '../harness/server.mjs';
import { settled } from './states.mjs';
import { embedded, Visit } from './visit.mjs';

const desk = { width: 1100, height: 760 };
const phone = { width: 390, height: 760 };

/** A room of three on a computer, and the fourth's phone while they decide: [desk, phone], as PNG. */
async function photograph(browser, server) {
  const visit = new Visit(browser, server, { viewport: desk, deviceScaleFactor: 2, colorScheme: 'light' });
  try {
    const tab = await visit.room('Ana');
    const ben = await visit.guest(tab, 'Ben');
    const cleo = await visit.guest(tab, 'Cleo', [ben]);
    const turns = [
      [ben, 'Train or boat on Saturday?'],
      [cleo, 'Boat! It leaves at ten, and it’s nicer.'],
      [tab, 'Boat it is. I’ll bring breakfast.'],
      [ben, 'Is Dora coming too?'],
      [tab, 'I’ve just sent her the link.'],
      [cleo, 'There she is already'],
    ];
    for (const [i, [who, what]] of turns.entries()) {
      await who.say(what);
      await tab.page.locator(tab.at.line).nth(i).waitFor({ state: 'attached' });
    }
    const dora = await visit.tab({ settings: { viewport: phone, colorScheme: 'dark' } });
    await dora.knock(await tab.code(), 'Dora');
    await tab.card('Dora').waitFor();
    await ben.accept('Dora');
    await tab.page.getByText('Ben', { exact: true }).first().waitFor();
    await tab.page.locator('#message-input').blur();
    for (const each of [tab, dora]) await settled(each);
    return [await tab.page.screenshot(), await dora.page.screenshot()];
  } finally {
    await visit.close();
  }
}

const server = await startServer(embedded);
const browser = await openBrowser();
try {
  const [room, waiting] = await photograph(browser, server);
  const address = (png) => `data:image/png;base64,${png.toString('base64')}`;
  const page = await browser.newPage({ viewport: { width: 1280, height: 820 } });
  await page.setContent(`<style>
    body { margin: 0; height: 100vh; background: #dfe5ee; position: relative; overflow: hidden; }
    img { position: absolute; box-shadow: 0 12px 40px rgb(18 24 40 / 28%); }
    #room { left: 40px; top: 40px; width: 1040px; border-radius: 14px; }
    #waiting { right: 40px; bottom: 32px; width: 270px; border-radius: 30px; border: 7px solid #16181d; }
  </style><img id="room" alt=""><img id="waiting" alt="">`);
  for (const [id, png] of [['room', room], ['waiting', waiting]]) {
    await page.locator(`#${id}`).evaluate((image, src) => { image.src = src; return image.decode(); }, address(png));
  }
  const folder = path.join(root, 'docs', 'img');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'room.png'), await page.screenshot());
} finally {
  await browser.close();
  await server.stop();
}

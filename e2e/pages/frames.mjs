// How smooth the chat page is in a room in which much has been said:
// node e2e/pages/frames.mjs
// prints what it costs to open it, to hear a thousand messages at once, and to scroll
// while twenty a second arrive; then the same on a machine made four times slower, as a
// phone is. The aim is that no frame takes more than 50 ms.
import { openBrowser } from '../browser/harness.mjs';
import { startServer } from '../harness/server.mjs';
import { effort } from './effort.mjs';
import { fingerOn } from './finger.mjs';
import { many, saysAtOnce, shows, speaksDuring } from './long-room.mjs';
import { embedded, Visit } from './visit.mjs';

const limit = 50; // milliseconds

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;

function print(what, { gaps, long, frames, layouts, styles, busy, scripts, layout, style }) {
  const sorted = gaps.toSorted((a, b) => a - b);
  const spread = [0.5, 0.95, 0.99, 1].map((q) => quantile(sorted, q).toFixed(0).padStart(4)).join(' ');
  console.log(`${what}
  frames          ${String(frames).padStart(5)}   every ${spread} ms (median, 95 %, 99 %, longest); ${gaps.filter((gap) => gap > limit).length} after more than ${limit} ms
  of the page's own work ${long.length} took more than ${limit} ms${long.length > 0 ? `, the longest ${Math.max(...long).toFixed(0)} ms` : ''}
  layouts         ${String(layouts).padStart(5)}   ${layout} ms
  style           ${String(styles).padStart(5)}   ${style} ms
  scripts                 ${scripts} ms
  main thread             ${busy} ms`);
}

async function measure(browser, server, slower) {
  const visit = new Visit(browser, server, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  try {
    const tab = await visit.room('Ana');
    const ben = await visit.guest(tab, 'Ben');
    const devtools = await tab.page.context().newCDPSession(tab.page);
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: slower });
    console.log(`\n=== ${slower === 1 ? 'this machine' : `a machine ${slower} times slower`}\n`);

    print(`${many} messages at once`, await effort(tab, () => saysAtOnce(tab, ben, many)));

    const start = performance.now();
    await tab.page.reload({ waitUntil: 'commit' });
    await shows(tab, `(${many})`);
    console.log(`a page that opens showed them ${Math.round(performance.now() - start)} ms after it was asked for`);

    let said;
    const finger = await fingerOn(tab);
    const scrolling = await effort(tab, async () => { said = await speaksDuring(tab, ben, 20, () => finger.scroll(10_000)); });
    print(`scrolling while ${said} more arrived, 20 a second`, scrolling);
  } finally {
    await visit.close();
  }
}

const server = await startServer(embedded);
const browser = await openBrowser();
try {
  for (const slower of [1, 4]) await measure(browser, server, slower);
} finally {
  await browser.close();
  await server.stop();
}

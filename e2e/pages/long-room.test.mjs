// A room of a thousand messages. What the page does is counted and not timed: how long it
// takes depends on what else the machine does, but a layout for each message where
// one for each frame would do is the page's own doing, on every machine. `node
// pages/frames.mjs` tells the milliseconds.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { browserForFile } from '../browser/harness.mjs';
import { serverForFile } from '../harness/server.mjs';
import { effort } from './effort.mjs';
import { fingerOn } from './finger.mjs';
import { many, saysAtOnce, speaksDuring } from './long-room.mjs';
import { unhurried, Visit } from './visit.mjs';

const perSecond = 20;
// The page does so much anyway, such as showing the seconds.
const besides = 30;
// A frame in which messages are shown: one layout to know where the conversation ends, and
// one to draw.
const perFrame = 2;
// While somebody scrolls each message may come in a frame of its own, and costs that one
// layout; the half is for what scrolling shows and hides.
const perMessage = 1.5;

const figures = ({ frames, layouts, styles, busy, scripts, layout, long }) => `${frames} frames, ${layouts} layouts in ${layout} ms, `
  + `${styles} recalculations of styles, ${scripts} ms of scripts, ${busy} ms in all, ${long.length} frames with more than 50 ms of work`;

describe('a room of a thousand messages', () => {
  const chromium = browserForFile();
  const server = serverForFile(unhurried);

  test('they come at once without a layout for each, and scrolling while more come is no more work', async (t) => {
    const visit = new Visit(chromium.browser, server, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
    t.after(() => visit.close());
    const tab = await visit.room('Ana');
    const ben = await visit.guest(tab, 'Ben');

    const atOnce = await effort(tab, () => saysAtOnce(tab, ben, many));
    t.diagnostic(`${many} messages at once: ${figures(atOnce)}`);

    let said;
    const finger = await fingerOn(tab);
    const scrolling = await effort(tab, async () => { said = await speaksDuring(tab, ben, perSecond, () => finger.scroll(5000)); });
    t.diagnostic(`scrolling while ${said} came: ${figures(scrolling)}`);
    assert.ok(said > perSecond, 'there was something to hear while the page was scrolled');

    for (const count of ['layouts', 'styles']) {
      const allowed = perFrame * atOnce.frames + besides;
      assert.ok(atOnce[count] <= allowed, `${many} messages at once: ${atOnce[count]} ${count} in ${atOnce.frames} frames`);
    }
    assert.ok(scrolling.layouts <= perMessage * said + besides, `${said} messages while scrolling: ${scrolling.layouts} layouts`);
    visit.assertClean();
  });
});

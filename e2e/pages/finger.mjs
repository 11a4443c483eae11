// A finger on the conversation. The browser makes scrolling of it as it does on a phone.

const step = 20; // pixels from one report of the finger to the next

/** A finger for a tab whose browser has a touchscreen. */
export async function fingerOn({ page, at }) {
  const devtools = await page.context().newCDPSession(page);
  const touch = (type, ...points) => devtools.send('Input.dispatchTouchEvent', { type, touchPoints: points });
  const { x, y, width, height } = await page.locator(at.log).boundingBox();
  const middle = Math.round(x + width / 2);
  const [top, bottom] = [Math.ceil(y + height * 0.1), Math.floor(y + height * 0.9)];

  /** Draws the finger down the whole conversation, which shows what was before; or up. */
  async function draw(down) {
    const [from, to] = down ? [top, bottom] : [bottom, top];
    await touch('touchStart', { x: middle, y: from });
    for (let way = step; way <= bottom - top; way += step) await touch('touchMove', { x: middle, y: from + Math.sign(to - from) * way });
    await touch('touchEnd');
  }

  return {
    draw,
    /** Scrolls back and forth for so many milliseconds. */
    async scroll(duration) {
      const end = Date.now() + duration;
      // Three times back and twice forth: most of the time away from the end.
      for (let i = 0; Date.now() < end; i++) await draw(i % 5 < 3);
    },
  };
}

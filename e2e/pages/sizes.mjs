// The windows that pages are looked at in.

/** Pixels that text has if nobody chose another size. */
export const standardText = 16;

/** Widths and heights in CSS pixels; `text` is the size that the person at the browser has chosen for text. */
export const sizes = {
  narrow: { title: '320 px wide', width: 320, height: 640 },
  phone: { title: 'on a phone', width: 390, height: 844 },
  tablet: { title: 'on a tablet', width: 820, height: 1180 },
  desktop: { title: 'on a desktop', width: 1440, height: 900 },
  // The page sees a window of 1440 × 900 in this size when everything is twice as large.
  zoomed: { title: 'at 200 % zoom', width: 720, height: 450, scale: 2 },
  // The same at 400 %.
  magnified: { title: 'at 400 % zoom', width: 320, height: 225, scale: 4 },
  keyboard: { title: 'on a phone with a keyboard on the screen', width: 390, height: 430 },
  largeText: { title: 'with text at 200 %', width: 390, height: 844, text: 2 * standardText },
};

/** A window of a desktop's width, so high that nothing is scrolled out of sight. */
export const endless = { title: 'on a desktop', width: 1440, height: 3000 };

/** Gives a page a window of this size, and waits until it has taken notice. */
export async function resize({ page }, { width, height, scale = 1, text = standardText }) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Page.setFontSizes', { fontSizes: { standard: text } });
  await devtools.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: scale, mobile: false });
  await page.evaluate(() => matchMedia('(scripting: none)').matches || new Promise((resolve) => {
    // Observers of sizes are told within the first frame, and what they change is there in the second.
    requestAnimationFrame(() => requestAnimationFrame(resolve));
  }));
}

/** The size of text that is neither large nor small, in pixels. */
export function textSize({ page }) {
  return page.evaluate(() => parseFloat(getComputedStyle(document.documentElement).fontSize));
}

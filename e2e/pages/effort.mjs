// The browser counts and measures what a page does while something happens.

// Seconds of the main thread, by what they went into, and how often it happened.
const metrics = ['TaskDuration', 'ScriptDuration', 'LayoutDuration', 'RecalcStyleDuration', 'LayoutCount', 'RecalcStyleCount'];

/**
 * Lets `act` happen and tells what the page did meanwhile:
 *
 * `frames`, `layouts`, `styles`: how many there were;
 * `busy`, `scripts`, `layout`, `style`: milliseconds of the main thread;
 * `gaps`: milliseconds between one frame and the next, whoever was to blame;
 * `long`: of each frame whose own work took more than 50 ms, how long it took.
 */
export async function effort({ page }, act) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');
  const read = async () => {
    const { metrics: all } = await devtools.send('Performance.getMetrics');
    return Object.fromEntries(all.filter(({ name }) => metrics.includes(name)).map(({ name, value }) => [name, value]));
  };
  await page.evaluate(watch);
  const before = await read();
  await act();
  const after = await read();
  const { gaps, long } = await page.evaluate(() => globalThis.endWatch());
  await devtools.detach();
  const [busy, scripts, layout, style, layouts, styles] = metrics.map((name) => after[name] - before[name]);
  const ms = (seconds) => Math.round(seconds * 1000);
  return {
    frames: gaps.length, layouts, styles, gaps, long, busy: ms(busy), scripts: ms(scripts), layout: ms(layout), style: ms(style),
  };
}

// Runs in the page.
function watch() {
  const gaps = [];
  const long = [];
  let last = performance.now();
  let watching = true;
  const observer = new PerformanceObserver((list) => { for (const { duration } of list.getEntries()) long.push(duration); });
  observer.observe({ type: 'long-animation-frame' });
  requestAnimationFrame(function frame(now) {
    gaps.push(now - last);
    last = now;
    if (watching) requestAnimationFrame(frame);
  });
  globalThis.endWatch = () => {
    watching = false;
    for (const { duration } of observer.takeRecords()) long.push(duration);
    observer.disconnect();
    return { gaps, long };
  };
}

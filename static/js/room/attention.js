// Whether somebody is looking at the page: it can be seen, and its window has the focus. A window
// that is seen behind or beside another one does not have it.

/** @type {(() => void)[]} */
const returns = [];
/** @type {(() => void)[]} */
const leaves = [];

/** Whether somebody is looking at the page now. */
export const isLooking = () => !document.hidden && document.hasFocus();

/**
 * Calls back each time somebody looks at the page again.
 *
 * @param {() => void} run
 */
export const onReturn = (run) => { returns.push(run); };

/**
 * Calls back each time nobody looks at the page any more.
 *
 * @param {() => void} run
 */
export const onLeave = (run) => { leaves.push(run); };

let looked = isLooking();

function compare() {
  const looks = isLooking();
  if (looks === looked) return;
  looked = looks;
  for (const run of looks ? returns : leaves) run();
}

document.addEventListener('visibilitychange', compare);
// Some browsers tell the window of its focus before hasFocus() does.
for (const change of ['focus', 'blur']) {
  addEventListener(change, () => {
    compare();
    setTimeout(compare);
  });
}
// Some tell of no focus after a dialog of their own, or after a page was taken out of their cache.
for (const sign of ['pageshow', 'pointerdown', 'keydown']) addEventListener(sign, compare, { passive: true });

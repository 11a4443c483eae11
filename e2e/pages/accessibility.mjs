// axe-core in the embedded pages. It is put in by the debugger, which the page's
// policy does not bind, so the policy need not be switched off for it.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const options = {
  runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] },
  rules: { 'target-size': { enabled: true } }, // the one of WCAG 2.2, which axe-core does not ask for by itself
  resultTypes: ['violations', 'incomplete'],
};

// A person has to decide what axe-core calls incomplete. Contrast is decided here, if the text
// is to be seen: it then lies on something that it should not lie on.
const decided = new Set(['color-contrast']);

/** The problems that axe-core finds with the page as it is now, one line each. */
export async function accessibilityProblems({ page }) {
  if (!await page.evaluate(() => 'axe' in globalThis)) await page.evaluate(source);
  const { violations, incomplete } = await page.evaluate(run, options);
  const unclear = incomplete.filter(({ id }) => decided.has(id))
    .map((result) => ({ ...result, nodes: result.nodes.filter((node) => node.inSight) }));
  return [...violations, ...unclear].flatMap(({ id, nodes }) => nodes
    .map(({ target, failureSummary, any }) => `${id}: ${target.join(' ')}: ${(any[0]?.message ?? failureSummary).replace(/\s+/g, ' ')}`));
}

// Runs in the page.
async function run(how) {
  // Where scripts are switched off the debugger's own still run, but no timer does, with
  // which axe-core gives way to others, and no task of queueMicrotask; what promises lead to does.
  if (matchMedia('(scripting: none)').matches) globalThis.setTimeout = (then) => { void Promise.resolve().then(then); };
  const results = await globalThis.axe.run(document, how);
  for (const node of results.incomplete.flatMap(({ nodes }) => nodes)) {
    const element = document.querySelector(node.target.at(-1));
    // The page has gone on meanwhile, or it is in the menu, which axe-core thinks to be below the page.
    if (!element || element.closest(':popover-open')) continue;
    const { left, top, right, bottom } = element.getBoundingClientRect();
    const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    node.inSight = Boolean(hit) && (element.contains(hit) || hit.contains(element));
  }
  return { violations: results.violations, incomplete: results.incomplete };
}

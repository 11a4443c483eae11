// These rules hold for the embedded pages in every state: nothing goes wrong in them
// and the policy refuses nothing, everything fits at every size, axe-core has
// nothing to say, in light and dark, and what matters has an edge in forced colours.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { browserForFile } from '../browser/harness.mjs';
import { serverForFile } from '../harness/server.mjs';
import { patience } from '../harness/wait.mjs';
import { accessibilityProblems } from './accessibility.mjs';
import { edgeProblems } from './edges.mjs';
import { layoutProblems } from './layout.mjs';
import { endless, resize, sizes, standardText, textSize } from './sizes.mjs';
import { settled, states } from './states.mjs';
import { unhurried, Visit } from './visit.mjs';

async function layoutAtEverySize(tab) {
  const problems = [];
  for (const size of Object.values(sizes)) {
    await resize(tab, size);
    await settled(tab);
    assert.equal(await textSize(tab), size.text ?? standardText, 'the page takes the size of its text from the browser');
    for (const problem of await layoutProblems(tab)) problems.push(`${size.title}: ${problem}`);
  }
  assert.deepEqual(problems, []);
}

async function accessibilityInEveryLight(tab) {
  const problems = [];
  for (const size of [sizes.phone, endless]) {
    await resize(tab, size);
    for (const colorScheme of ['light', 'dark']) {
      await tab.page.emulateMedia({ colorScheme });
      await settled(tab);
      for (const problem of await accessibilityProblems(tab)) problems.push(`${size.title}, ${colorScheme}: ${problem}`);
    }
  }
  assert.deepEqual(problems, []);
}

async function edgesInForcedColours(tab) {
  await resize(tab, sizes.phone);
  assert.deepEqual(await edgeProblems(tab), []);
}

// The markup is the same in all languages; the lengths of the words are not. Each state is laid out
// with a narrow font and with a wide one, which meets the longer words.
const languages = {
  en: { font: 'narrow', checks: [['fits at every size', layoutAtEverySize], ['is accessible', accessibilityInEveryLight], ['has edges where the system gives the colours', edgesInForcedColours]] },
  de: { font: 'wide', checks: [['fits at every size', layoutAtEverySize]] },
};

for (const [language, { font, checks }] of Object.entries(languages)) {
  // Two at a time: the pages wait for the server now and then.
  describe(`the pages in every state (${language}, a ${font} font)`, { concurrency: 2 }, () => {
    const chromium = browserForFile(process.env.E2E_FONT ?? font);
    const server = serverForFile(unhurried);

    for (const [name, reach] of Object.entries(states)) {
      test(`${name} (${language})`, { timeout: 10 * patience }, async (t) => {
        const visit = new Visit(chromium.browser, server, { locale: language });
        try {
          const tab = await reach(visit);
          await settled(tab);
          assert.equal(await tab.page.locator('html').getAttribute('lang'), language);
          await t.test('logs no error and breaks no policy', () => visit.assertClean());
          for (const [title, check] of checks) await t.test(title, () => check(tab));
        } finally {
          await visit.close();
        }
      });
    }
  });
}

// What holds for the embedded pages in every state: nothing goes wrong in them
// and the policy refuses nothing, everything fits at every size, and axe-core has
// nothing to say, in light and dark.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { browserForFile } from '../browser/harness.mjs';
import { serverForFile } from '../harness/server.mjs';
import { accessibilityProblems } from './accessibility.mjs';
import { layoutProblems } from './layout.mjs';
import { endless, resize, sizes, standardText, textSize } from './sizes.mjs';
import { settled, states } from './states.mjs';
import { embedded, Visit } from './visit.mjs';

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

const languages = {
  en: [['fits at every size', layoutAtEverySize], ['is accessible', accessibilityInEveryLight]],
  // The markup is the same in all of them; the lengths of the words are not.
  de: [['fits at every size', layoutAtEverySize]],
};

// Two at a time: the pages wait for the server now and then.
describe('the pages in every state', { concurrency: 2 }, () => {
  const chromium = browserForFile();
  const server = serverForFile(embedded);

  for (const [language, checks] of Object.entries(languages)) {
    for (const [name, reach] of Object.entries(states)) {
      test(`${name} (${language})`, { timeout: 120_000 }, async (t) => {
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
  }
});

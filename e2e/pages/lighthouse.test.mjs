// Lighthouse finds these things by looking and not by timing. How fast the pages are depends
// on what else the machine does: that is in ../long.
import assert from 'node:assert/strict';
import { lighthouseTests } from './lighthouse.mjs';

lighthouseTests('Lighthouse misses nothing', async (_, judge, name) => {
  const categories = ['accessibility', 'best-practices', ...(name === 'start' ? ['seo'] : [])]; // no other page is to be found
  const { scores, lacking } = await judge(categories);
  assert.deepEqual(scores, Object.fromEntries(categories.map((category) => [category, 1])), lacking.join('\n'));
});

// The style sheet is written in parts. Pages get the same rules in the same order, whether the
// server has joined them or the browser follows the list.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { browserForFile } from '../browser/harness.mjs';
import { root, serverForFile } from '../harness/server.mjs';

const sheets = path.join(root, 'static', 'css');
const parts = [...readFileSync(path.join(sheets, 'app.css'), 'utf8').matchAll(/^@import "([^"]+)";$/gm)]
  .map(([, name]) => readFileSync(path.join(sheets, name), 'utf8'));

describe('the style sheet', { concurrency: 2 }, () => {
  const chromium = browserForFile();
  const joined = serverForFile({ env: { TEMPLATES_DIR: undefined } });
  const changing = serverForFile({ env: { TEMPLATES_DIR: path.join(root, 'templates'), STATIC_DIR: path.join(root, 'static') } });

  /** The sheets of a server as a page has them: {asked: the sheets it asked for, rules, written: the rules of the parts, each read alone}. */
  async function look(t, server) {
    const context = await chromium.browser.newContext();
    t.after(() => context.close());
    const page = await context.newPage();
    const asked = [];
    page.on('request', (request) => { if (request.resourceType() === 'stylesheet') asked.push(path.basename(request.url())); });
    await page.goto(server.url);
    return { asked, ...await page.evaluate((sources) => {
      // A value with a variable is told as it was written, and the server leaves out white space.
      const told = (rule) => rule.cssText.replace(/\s+/g, ' ').replaceAll(', ', ',');
      const texts = (rules) => [...rules].flatMap((rule) => (rule instanceof CSSImportRule ? texts(rule.styleSheet.cssRules) : told(rule)));
      const alone = (source) => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(source);
        return texts(sheet.cssRules);
      };
      return { rules: [...document.styleSheets].flatMap((sheet) => texts(sheet.cssRules)), written: sources.flatMap(alone) };
    }, parts) };
  }

  test('that the server has joined has the rules of all its parts', async (t) => {
    const { asked, rules, written } = await look(t, joined);
    assert.deepEqual(asked, ['app.css']);
    assert.ok(written.length > 200);
    assert.deepEqual(rules, written);
  });

  test('that is a list, in a folder that changes, leads the browser to the same', async (t) => {
    const { asked, rules, written } = await look(t, changing);
    assert.equal(asked.length, 1 + parts.length);
    assert.deepEqual(rules, written);
  });
});

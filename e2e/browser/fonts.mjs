// The fonts that a browser under test has: one, and no other on the machine. What the pages look
// like must not depend on which.
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../harness/server.mjs';

/** Where Debian and Ubuntu put the fonts that scripts/test-deps.sh installs. */
const fonts = {
  narrow: { family: 'Roboto Condensed', file: '/usr/share/fonts/truetype/roboto/unhinted/RobotoCondensed-Regular.ttf' },
  wide: { family: 'DejaVu Sans', file: '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf' },
};

/**
 * The environment of a browser that has one font alone.
 *
 * @param {string} [width] 'narrow' or 'wide'; undefined: what the machine has
 * @returns {Record<string, string>}
 */
export function fontEnvironment(width = process.env.E2E_FONT) {
  if (!width) return {};
  const font = fonts[width];
  assert.ok(font, `E2E_FONT is ${width}: it has to be ${Object.keys(fonts).join(' or ')}`);
  assert.ok(existsSync(font.file), `${font.file} is missing: run scripts/test-deps.sh`);
  const folder = temporaryFolder();
  const file = path.join(folder, 'fonts.conf');
  writeFileSync(file, `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>${path.dirname(font.file)}</dir>
  <cachedir>${folder}</cachedir>
  <match target="pattern"><edit name="family" mode="assign" binding="strong"><string>${font.family}</string></edit></match>
</fontconfig>
`);
  return { FONTCONFIG_FILE: file };
}

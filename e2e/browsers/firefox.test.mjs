// The embedded pages in Firefox.
import { openFirefox } from './firefox.mjs';
import { playMainPath } from './mainpath.mjs';

playMainPath({ name: 'Firefox', open: openFirefox });

// Floating promises are lost errors; text that becomes markup is somebody else's script.
import noUnsanitized from 'eslint-plugin-no-unsanitized';
import tseslint from 'typescript-eslint';

// Node's test runner waits for what is registered with it.
const runner = ['test', 'it', 'describe', 'suite', 'before', 'after', 'beforeEach', 'afterEach'];

export default tseslint.config(
  { ignores: ['**/node_modules/', 'static/vendor/', 'e2e/fixtures/'] },
  {
    files: ['static/js/**/*.{js,mjs}'],
    languageOptions: { parser: tseslint.parser, parserOptions: { project: './lint/tsconfig.browser.json' } },
  },
  {
    files: ['static/sw.js', 'internal/web/farewell.js'],
    languageOptions: { parser: tseslint.parser, parserOptions: { project: './lint/tsconfig.worker.json' } },
  },
  {
    files: ['**/*.mjs'],
    ignores: ['static/js/**'],
    languageOptions: { parser: tseslint.parser, parserOptions: { project: './lint/tsconfig.node.json' } },
  },
  {
    files: ['static/js/**/*.js', 'static/sw.js', 'internal/web/farewell.js', '**/*.mjs'],
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { '@typescript-eslint': tseslint.plugin, 'no-unsanitized': noUnsanitized },
    rules: {
      '@typescript-eslint/no-floating-promises': ['error', {
        allowForKnownSafeCalls: [{ from: 'package', package: 'node:test', name: runner }],
      }],
      '@typescript-eslint/ban-ts-comment': 'error',
      'no-unsanitized/method': 'error',
      'no-unsanitized/property': 'error',
    },
  },
);

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { MAIN } from './installation.ts';

/** Names every module that is loaded, on standard error. */
const WATCH = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({
    load(url, context, next) {
      process.stderr.write('loaded ' + url + '\\n');
      return next(url, context);
    },
  });
`)}`;

function loadedBy(words: readonly string[]): string[] {
  const env = { ...process.env, EVENKEEL_URL: 'http://127.0.0.1:1', EVENKEEL_TOKEN: 'x' };
  const { stderr } = spawnSync(process.execPath, ['--import', WATCH, MAIN, ...words], { env, encoding: 'utf8' });
  return [...stderr.matchAll(/^loaded (.*)$/gm)].map(([, url]) => url);
}

// Each of these costs more than all the rest of a command's start.
for (const [words, unwanted] of [
  [['--help'], ['/packages/client/', '/packages/cli/src/actions/', '/yaml/', '/cli-table3/', '/typebox/']],
  [
    ['lb', 'list'],
    ['/yaml/', '/typebox/', '/packages/cli/src/start/supervisor'],
  ],
  [
    ['start', '--help'],
    ['/commander/', '/packages/cli/src/commands/'],
  ],
] as const) {
  test(`evenkeel ${words.join(' ')} loads what it needs`, () => {
    const loaded = loadedBy(words);
    assert.ok(loaded.some((url) => url.endsWith('/packages/cli/src/main.ts')));
    for (const part of unwanted)
      assert.deepEqual(
        loaded.filter((url) => url.includes(part)),
        [],
        part,
      );
  });
}

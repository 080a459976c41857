import { join } from 'node:path';
import { run } from 'node:test';
import { checksBelow, runCheck } from './checks.ts';
import { findTests } from './test-files.ts';
import { report, type Tally } from './test-report.ts';

/**
 * What `npm test` runs. Without arguments: the checks, then every test. With arguments (folders or files below the
 * root): the tests in there alone; `--checks` means the checks alone. The last line is `N passed, N failed` (`, N skipped`), checks included.
 */
const root = join(import.meta.dirname, '..');
const parts = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const checksOnly = process.argv.includes('--checks');
/** Longest time of one test, in milliseconds; the file's own bound is in test-watchdog.ts. */
const TEST_TIMEOUT = 180_000;
const WATCHDOG = ['--import', join(import.meta.dirname, 'test-watchdog.ts')];
const tally: Tally = { passed: 0, failed: 0, skipped: 0 };

if (parts.length === 0) await runChecks();
if (!checksOnly) await runTests();

process.exitCode = tally.failed === 0 && tally.passed > 0 ? 0 : 1;
const skipped = tally.skipped > 0 ? `, ${tally.skipped} skipped` : '';
console.log(`${tally.passed} passed, ${tally.failed} failed${skipped}`);

async function runChecks(): Promise<void> {
  // Two at a time: the machine that this has to run on has two cores.
  const waiting = checksBelow(root);
  const lane = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const { name, passed, output, milliseconds } = await runCheck(check, root);
      tally[passed ? 'passed' : 'failed'] += 1;
      console.log(`${passed ? '✔' : '✖'} ${name} (${(milliseconds / 1000).toFixed(1)} s)`);
      if (!passed) console.log(output.trimEnd().replace(/^/gm, '  '));
    }
  };
  await Promise.all([lane(), lane()]);
}

async function runTests(): Promise<void> {
  const files = findTests(root, parts);
  if (files.length === 0) {
    console.log(`no test files in ${parts.join(', ')}`);
    tally.failed += 1;
    return;
  }
  await report(run({ files, cwd: root, concurrency: 2, timeout: TEST_TIMEOUT, execArgv: WATCHDOG }), root, tally);
}

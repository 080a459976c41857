import { join, relative } from 'node:path';
import { run } from 'node:test';
import { checksBelow, runCheck } from './checks.ts';
import { filesToRunAgain } from './second-run.ts';
import { findTests } from './test-files.ts';
import { type FileOutcome, report } from './test-report.ts';

/**
 * What `npm test` runs. Without arguments: the checks, then every test. With arguments (folders or files below the
 * root): the tests in there alone; `--checks` means the checks alone. What failed is said again at the end. The last
 * line is `N passed, N failed` (`, N skipped`), checks included.
 */
const root = join(import.meta.dirname, '..');
const parts = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const checksOnly = process.argv.includes('--checks');
/** Longest time of one test, in milliseconds; the file's own bound is in test-watchdog.ts. */
const TEST_TIMEOUT = 180_000;
/** Each test file is a process of its own, and most load the same modules: they are compiled once. */
process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules', '.cache', 'tests');
const WATCHDOG = ['--import', join(import.meta.dirname, 'test-watchdog.ts')];

let passed = 0;
let failed = 0;
let skipped = 0;
const failures: string[] = [];
const passedAgain: string[] = [];

if (parts.length === 0) await runChecks();
if (!checksOnly) await runTests();

if (passedAgain.length > 0) console.log(`\nFailed, and passed when run again alone:\n${passedAgain.join('\n')}`);
if (failures.length > 0) console.log(`\nFailed:\n${failures.join('\n')}`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);

async function runChecks(): Promise<void> {
  // Two at a time: the machine that this has to run on has two cores.
  const waiting = checksBelow(root);
  const lane = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const result = await runCheck(check, root);
      console.log(`${result.passed ? '✔' : '✖'} ${result.name} (${(result.milliseconds / 1000).toFixed(1)} s)`);
      if (result.passed) {
        passed += 1;
        continue;
      }
      failed += 1;
      failures.push(`✖ ${result.name}\n${result.output.trimEnd().replace(/^/gm, '  ')}`);
      console.log(failures.at(-1));
    }
  };
  await Promise.all([lane(), lane()]);
}

async function runTests(): Promise<void> {
  const files = findTests(root, parts);
  if (files.length === 0) {
    console.log(`no test files in ${parts.join(', ')}`);
    failed += 1;
    return;
  }
  const { products, others } = inLanes(files);
  const outcomes = new Map((await Promise.all([runFiles(products, 1), runFiles(others, 3)])).flatMap((of) => [...of]));
  for (const file of filesToRunAgain(outcomes)) {
    console.log(`running ${file} again, alone`);
    const second = (await runFiles([join(root, file)], 1)).get(file);
    if (second === undefined || second.failed > 0) continue;
    passedAgain.push(...(outcomes.get(file)?.failures ?? []));
    outcomes.set(file, second);
  }
  for (const outcome of outcomes.values()) {
    passed += outcome.passed;
    failed += outcome.failed;
    skipped += outcome.skipped;
    failures.push(...outcome.failures);
  }
}

/**
 * What tries whole products (`test`) waits for most of its time, and the rest for some of it. So that neither wastes the
 * time of a machine with two cores, one of the former runs beside three of the latter.
 */
function inLanes(files: readonly string[]): { products: string[]; others: string[] } {
  const isProduct = (file: string) => relative(root, file).startsWith('test/');
  return { products: files.filter(isProduct), others: files.filter((file) => !isProduct(file)) };
}

function runFiles(files: string[], concurrency: number): Promise<Map<string, FileOutcome>> {
  if (files.length === 0) return Promise.resolve(new Map());
  return report(run({ files, cwd: root, concurrency, timeout: TEST_TIMEOUT, execArgv: WATCHDOG }), root);
}

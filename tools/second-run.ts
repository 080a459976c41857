/**
 * Tests in a `test` folder start processes, use the kernel's network and meet the clock, on a machine that others may
 * use. Unit tests (`src`) depend on nothing but the code and get no second run.
 */
const MEETS_THE_CLOCK = /(^|\/)test\//;
/** With more failed files than this, the machine is not to blame. */
const MOST_FILES = 4;

/**
 * The test files that are run a second time, alone, and then count by what they do there; that a test needed it is
 * always said. `outcomes` by the file's path below the root.
 */
export function filesToRunAgain(outcomes: ReadonlyMap<string, { readonly failed: number }>): string[] {
  const failed = [...outcomes].filter(([, outcome]) => outcome.failed > 0).map(([file]) => file);
  return failed.length > MOST_FILES ? [] : failed.filter((file) => MEETS_THE_CLOCK.test(file));
}

import { relative } from 'node:path';
import type { run } from 'node:test';
import { inspect } from 'node:util';

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

type Events = ReturnType<typeof run>;

/**
 * Prints one line for each test file when it is done, and each failure and skip with its reason at once; adds the
 * outcome to `tally`. A test inside a test counts by itself, a suite does not.
 */
export async function report(events: Events, root: string, tally: Tally): Promise<void> {
  for await (const { type, data } of events) {
    switch (type) {
      case 'test:pass':
        if (data.skip !== undefined)
          console.log(`- skipped: ${data.name}${typeof data.skip === 'string' ? ` (${data.skip})` : ''}`);
        break;
      case 'test:fail':
        // A suite or file fails because of a test in it, which has been printed.
        if (isOwnFailure(data.details.error)) printFailure(root, data.file, data.line, data.name, data.details.error);
        break;
      case 'test:stderr':
      case 'test:stdout':
        process.stdout.write(data.message);
        break;
      case 'test:summary': {
        const { counts, duration_ms, success, file } = data;
        if (file === undefined) {
          tally.passed += counts.passed;
          tally.failed += counts.failed + counts.cancelled;
          tally.skipped += counts.skipped + counts.todo;
          break;
        }
        console.log(
          `${success ? '✔' : '✖'} ${relative(root, file)} (${counts.tests}, ${(duration_ms / 1000).toFixed(1)} s)`,
        );
        break;
      }
      default:
        break;
    }
  }
}

function isOwnFailure(error: Error): boolean {
  return (error as Error & { failureType?: string }).failureType !== 'subtestsFailed';
}

function printFailure(
  root: string,
  file: string | undefined,
  line: number | undefined,
  name: string,
  error: Error,
): void {
  const place = file === undefined ? '' : ` (${relative(root, file)}:${line})`;
  console.log(`✖ ${name}${place}`);
  console.log(inspect(error.cause ?? error, { depth: 6 }).replace(/^/gm, '    '));
}

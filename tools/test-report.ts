import { relative } from 'node:path';
import type { run } from 'node:test';
import { inspect } from 'node:util';
import { BoundedText } from './bounded-text.ts';

/** What came of one test file. */
export class FileOutcome {
  passed = 0;
  skipped = 0;
  /** Each failed test as it is printed: its name, its place, the error. */
  readonly failures: string[] = [];
  /** Tests that failed; more than `failures` when a test failed only because of one inside it. */
  failed = 0;
  readonly output = new BoundedText(OUTPUT_KEPT);
}

type Events = ReturnType<typeof run>;

/** Characters of a file's own output that are kept, the last ones, to be printed if one of its tests fails. */
const OUTPUT_KEPT = 64 * 1024;

/**
 * Prints one line for each test file when it is done, each failure and skip with its reason, and what a file printed
 * only if it failed: logs of a thousand tests that passed hide the one that did not. A test inside a test counts by
 * itself, a suite does not.
 */
export async function report(events: Events, root: string): Promise<Map<string, FileOutcome>> {
  const outcomes = new Map<string, FileOutcome>();
  const of = (file: string | undefined): FileOutcome => {
    const name = file === undefined ? '(no file)' : relative(root, file);
    let outcome = outcomes.get(name);
    if (outcome === undefined) {
      outcome = new FileOutcome();
      outcomes.set(name, outcome);
    }
    return outcome;
  };
  for await (const { type, data } of events) {
    switch (type) {
      case 'test:pass':
        if (data.details.type === 'suite') break;
        if (data.skip === undefined && data.todo === undefined) {
          of(data.entryFile ?? data.file).passed += 1;
          break;
        }
        of(data.entryFile ?? data.file).skipped += 1;
        console.log(`- skipped: ${data.name}${typeof data.skip === 'string' ? ` (${data.skip})` : ''}`);
        break;
      case 'test:fail': {
        if (data.details.type === 'suite') break;
        const outcome = of(data.entryFile ?? data.file);
        outcome.failed += 1;
        // A test that fails because of one inside it says nothing that has not been said.
        if (!isOwnFailure(data.details.error)) break;
        const failure = describe(root, data.file, data.line, data.name, data.details.error);
        outcome.failures.push(failure);
        console.log(failure);
        break;
      }
      case 'test:stderr':
      case 'test:stdout':
        of(data.entryFile ?? data.file).output.append(data.message);
        break;
      case 'test:summary': {
        const { counts, duration_ms, success, file } = data;
        if (file === undefined) break;
        console.log(
          `${success ? '✔' : '✖'} ${relative(root, file)} (${counts.tests}, ${(duration_ms / 1000).toFixed(1)} s)`,
        );
        break;
      }
      default:
        break;
    }
  }
  for (const [file, { failed, output }] of outcomes) {
    if (failed > 0 && output.text !== '') console.log(`What ${file} printed:\n${output.text.trimEnd()}`);
  }
  return outcomes;
}

function isOwnFailure(error: Error): boolean {
  return (error as Error & { failureType?: string }).failureType !== 'subtestsFailed';
}

function describe(
  root: string,
  file: string | undefined,
  line: number | undefined,
  name: string,
  error: Error,
): string {
  const place = file === undefined ? '' : ` (${relative(root, file)}:${line})`;
  return `✖ ${name}${place}\n${inspect(error.cause ?? error, { depth: 6 }).replace(/^/gm, '    ')}`;
}

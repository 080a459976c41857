import type { PlannedFieldMatch } from '@evenkeel/model/plan/rules.ts';
import { PatternMatcher } from '@evenkeel/model/regex/matcher.ts';
import { compilePattern } from '@evenkeel/model/regex/program.ts';

/** Whether memory[start, end) is a value that is wanted. */
export type ValueTest = (memory: Uint8Array, start: number, end: number) => boolean;

/** The test of the values that a condition lists: one must fit. Values are UTF-8. `absent` is the caller's business. */
export function valueTest({ kind, values }: PlannedFieldMatch): ValueTest {
  switch (kind) {
    case 'present':
    case 'absent':
      return () => true;
    case 'regex':
      return anyOf(
        values.map((value) => {
          const matcher = new PatternMatcher(compilePattern(value, false));
          return (memory, start, end) => matcher.test(memory, start, end);
        }),
      );
    case 'exact':
      return anyOf(
        values.map((value) => {
          const bytes = Buffer.from(value);
          return (memory, start, end) => end - start === bytes.length && isAt(bytes, memory, start);
        }),
      );
    case 'prefix':
      return anyOf(
        values.map((value) => {
          const bytes = Buffer.from(value);
          return (memory, start, end) => end - start >= bytes.length && isAt(bytes, memory, start);
        }),
      );
    case 'contains':
      return anyOf(
        values.map((value) => {
          const bytes = Buffer.from(value);
          return (memory, start, end) => {
            for (let at = start; at <= end - bytes.length; at++) if (isAt(bytes, memory, at)) return true;
            return false;
          };
        }),
      );
  }
}

function anyOf(tests: readonly ValueTest[]): ValueTest {
  const [only] = tests;
  if (tests.length === 1 && only !== undefined) return only;
  return (memory, start, end) => tests.some((test) => test(memory, start, end));
}

/** Whether `bytes` stand at memory[at]; the caller has seen to the length. */
export function isAt(bytes: Uint8Array, memory: Uint8Array, at: number): boolean {
  for (let i = 0; i < bytes.length; i++) if (memory[at + i] !== bytes[i]) return false;
  return true;
}

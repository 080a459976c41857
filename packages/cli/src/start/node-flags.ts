import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Beside the main file of a program, so that each version brings its own: its Node may not know those of another. */
const FILE = 'node-flags';

/**
 * The flags that Node is to run the program with whose main file this is: one to a line of the file `node-flags` beside
 * it. None where there is no such file, or it cannot be read: a process without them is better than none.
 */
export function nodeFlagsOf(main: string): readonly string[] {
  try {
    return readFileSync(join(dirname(main), FILE), 'utf8')
      .split('\n')
      .filter(Boolean);
  } catch {
    return [];
  }
}

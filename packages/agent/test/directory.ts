import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An empty directory for one test; `remove` takes it away with all that is in it. */
export function temporaryDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'evenkeel-agent-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The version of the plan on the node's disk; 0 without one. A node writes it down a moment after it is in force. */
export function versionOnDisk(home: string): number {
  const path = join(home, 'agent', 'plan.jsonl');
  if (!existsSync(path)) return 0;
  // The header and the changes name a version, the entries between them do not; a line may be on its way.
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return Math.max(...lines.map((line) => (JSON.parse(line) as [string, { version?: number }])[1].version ?? 0));
}

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { killAll } from '../bench/process/children.ts';
import { SOAKS } from '../bench/soak/scenarios.ts';
import { missed } from '../bench/soak/soak.ts';

for (const reactor of ['uring', 'portable'] as const) {
  for (const scenario of SOAKS) {
    // No data plane takes part in it.
    if (scenario.name === 'kill-rounds' && reactor !== 'uring') continue;
    test(`soak, short: ${scenario.name} (${reactor})`, { skip: requiresReactor(reactor) }, async (t) => {
      const directory = mkdtempSync(join(tmpdir(), 'evenkeel-soak-'));
      t.after(() => {
        killAll();
        rmSync(directory, { recursive: true, force: true });
      });
      const findings = await scenario.run({ directory, short: true, reactor, say: (line) => t.diagnostic(line) });
      for (const { what, value, unit, detail } of findings) t.diagnostic(`${what}: ${value} ${unit} ${detail ?? ''}`);
      assert.deepEqual(findings.filter(missed), []);
    });
  }
}

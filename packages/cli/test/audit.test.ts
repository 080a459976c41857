import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cli } from './run.ts';
import { page, problem, ScriptedApi } from './scripted-api.ts';
import { withApi } from './scripted-balancer.ts';

const ANN = { id: 'usr-01m7y7pvpcamhyyt2b', name: 'ann' };
const ENTRY = {
  id: 'aud-01m7y7pvpcamhyyt2c',
  at: '2026-11-01T10:00:00.000Z',
  actorName: 'ann',
  source: '10.0.0.9',
  action: 'updateListener',
  outcome: 'done',
  code: null,
  resource: { kind: 'listener', id: 'lsn-1', name: 'http-80' },
  change: 'updated',
  before: { idleTimeout: 60, generation: 1, name: 'http-80' },
  after: { idleTimeout: 5, generation: 2, name: 'http-80' },
};
const DENIED = { ...ENTRY, outcome: 'denied', code: 'forbidden', change: null, before: null, after: null };

test('the log tells who changed which fields, and who was not let', async () => {
  await using api = await ScriptedApi.start({
    'GET /v1/users?name=ann': page(ANN),
    'GET /v1/audit': page(ENTRY, DENIED),
  });
  const { out } = await cli(['audit', 'list', '--actor', 'ann', '--from', '2026-11-01T00:00:00Z'], withApi(api));
  assert.match(out, /ann +10\.0\.0\.9 +updateListener +listener http-80 +updated +idleTimeout\n/);
  assert.match(out, /denied: forbidden/);
  const asked = new URL(api.asked.at(-1)!.call.slice(4), 'http://a').searchParams;
  assert.deepEqual(Object.fromEntries(asked), { actorId: ANN.id, from: '2026-11-01T00:00:00Z', limit: '20' });
  await cli(['audit', 'list', '--actor', 'admin', '--all-tenants'], withApi(api));
  assert.match(api.asked.at(-1)!.call, /actorId=admin&allTenants=true/);
});

test('an export goes to the output, or to a file of its own, line by line', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-cli-'));
  t.after(() => rmSync(folder, { recursive: true }));
  await using api = await ScriptedApi.start({ 'GET /v1/audit/export': { body: ENTRY } });
  const { out } = await cli(['audit', 'export', '--after', 'aud-01m7y7pvpcamhyyt2a'], withApi(api));
  assert.deepEqual(JSON.parse(out), ENTRY);
  assert.match(api.asked[0]!.call, /after=aud-01m7y7pvpcamhyyt2a$/);
  const file = join(folder, 'audit.jsonl');
  assert.equal((await cli(['audit', 'export', '--out', file], withApi(api))).exitCode, 0);
  assert.equal(readFileSync(file, 'utf8'), `${JSON.stringify(ENTRY)}\n`);
  const again = await cli(['audit', 'export', '-o', file], withApi(api));
  assert.deepEqual([again.exitCode, again.err], [1, `evenkeel: ${file} cannot be written: it is there already.\n`]);
});

test('what the API refuses is told as for any other call', async () => {
  await using api = await ScriptedApi.start({
    'GET /v1/audit/export': problem('forbidden', 'exportAudit takes the role admin'),
  });
  const { err, exitCode } = await cli(['audit', 'export'], withApi(api));
  assert.notEqual(exitCode, 0);
  assert.match(err, /takes the role admin/);
});

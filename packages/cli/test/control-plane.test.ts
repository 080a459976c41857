import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli } from './run.ts';
import { page, ScriptedApi } from './scripted-api.ts';
import { withApi } from './scripted-balancer.ts';

const plane = (address: string, leads: boolean, nextFingerprint: string | null) => ({
  ...{ address, leads, nextFingerprint, software: '0.1.0', fingerprint: '2F:9A' },
  lastSeenAt: '2026-01-01T00:00:00.000Z',
});

test('control planes are listed with the certificates that nodes know them by', async () => {
  await using api = await ScriptedApi.start({
    'GET /v1/control-planes': page(plane('https://a:7700', true, null), plane('https://b:7700', false, '5C:E3')),
  });
  const { out, exitCode } = await cli(['node', 'control-plane', 'list'], withApi(api));
  assert.equal(exitCode, 0);
  assert.deepEqual(
    out.split('\n').map((line) => line.split(/ {2,}/)),
    [
      ['ADDRESS', 'ROLE', 'SOFTWARE', 'LAST SEEN', 'FINGERPRINT', 'NEXT'],
      ['https://a:7700', 'leader', '0.1.0', '2026-01-01T00:00:00.000Z', '2F:9A', '–'],
      ['https://b:7700', 'follower', '0.1.0', '2026-01-01T00:00:00.000Z', '2F:9A', '5C:E3'],
      [''],
    ],
  );
  const quiet = await cli(['--quiet', 'node', 'control-plane', 'ls'], withApi(api));
  assert.equal(quiet.out, 'https://a:7700\nhttps://b:7700\n');
});
